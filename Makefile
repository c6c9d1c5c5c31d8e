# Each target sets up what it needs first; what is there already costs a moment only.

SHELL := /bin/bash
SECONDS ?=
# The modules that are compiled: those that declare their types beside them.
HOT := $(wildcard proxy/*/*.pxd proxy/*/*/*.pxd)
NODE := $(addsuffix /node_modules/.package-lock.json,examples/functions tests/orms tests/drivers/programs/node)

.PHONY: help setup demo test lint bench drivers oracle packages servers clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '  make %-8s %s\n' "$$name" "$$text"; done

# Byte code, as an installation has it: where PYTHONDONTWRITEBYTECODE is set, every start would compile all anew.
setup: .venv/compiled servers $(NODE) ## everything that the other targets need
	@.venv/bin/python -m compileall -q proxy examples/demo

demo: setup ## a story of many functions and few connections (SECONDS=20)
	.venv/bin/python -m examples.demo --seconds "$(SECONDS)"

test: setup ## every test, compiled and interpreted, against real servers
	.venv/bin/python -m tests.suites

lint: .venv/installed ## ruff, format, mypy --strict
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

bench: setup ## Forebay beside its peers, in one run (ONLY=point_select ROUNDS=3 SECONDS=3 PROXYSQL=/path)
	@tests/setup.sh bench
	.venv/bin/python -m tests.bench $(if $(ONLY),--only "$(ONLY)") $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SECONDS),--seconds $(SECONDS))

drivers: setup ## every driver's trials, directly and through Forebay
	@tests/setup.sh drivers
	.venv/bin/python -m tests.drivers

oracle: setup ## random sessions through Forebay and directly, compared (SECONDS=600 for a long run)
	.venv/bin/python -m tests.oracle --seconds $(or $(SECONDS),60)

clean: ## everything that was made here; the cache folder outside stays
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis {examples/functions,tests/orms,tests/drivers/programs/node}/node_modules
	find proxy -name '*.so' -delete
	find . -name __pycache__ -prune -exec rm -rf {} +

packages:
	@tests/setup.sh packages

servers: .venv/installed
	@tests/setup.sh servers

.venv/installed: pyproject.toml setup.py tests/setup.sh | packages
	@tests/setup.sh venv
	@touch $@ .venv/compiled

# Compiled again when a hot module changed; without a compiler this says so and goes on.
.venv/compiled: $(HOT) $(HOT:.pxd=.py) | .venv/installed
	@echo '[setup] compiling the hot modules'
	@.venv/bin/python setup.py --quiet build_ext --inplace
	@touch $@

$(NODE): %/node_modules/.package-lock.json: %/package.json %/package-lock.json | packages
	@tests/setup.sh node
	@test ! -d $(@D) || touch $@
