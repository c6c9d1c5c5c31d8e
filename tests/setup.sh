#!/usr/bin/env bash
# What tests, demo and bench need on this machine. Each argument is a step; each can be repeated, and is quick then:
#
#   packages   Debian packages: MariaDB, its C headers, a C compiler, Python's venv and headers, Node.js
#   venv       .venv with Forebay (editable, hot modules compiled) and everything in its extras
#   node       node modules of the example functions, of the Node ORMs and of the Node drivers
#   servers    MySQL from Debian unstable into the cache folder, and the prepared data directories
#   drivers    Debian packages that only the driver trials need: PHP, Perl, Go and Java with their drivers, tools
#   bench      Debian packages that only the bench needs: sysbench and HAProxy
#
# It lies with the tests because nothing of it is needed to run Forebay itself. As root it installs what is missing with
# apt-get; otherwise it says what somebody should install, and goes on.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '[setup] %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }

# The first Python that pyproject.toml accepts.
python() {
  local candidate
  for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

# Debian's names of what is missing, by what is really there: programs may have come from elsewhere.
missing_packages() {
  local python
  python=$(python)
  if [ -z "$python" ]; then
    echo python3 python3-venv python3-dev
  else
    "$python" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    [ -e "$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" ] || echo python3-dev
  fi
  have mariadbd || echo mariadb-server
  have mariadb || echo mariadb-client
  have mariadb_config || echo libmariadb-dev
  have pkg-config || echo pkg-config
  have cc || echo gcc libc6-dev
  have node || echo nodejs
  have npm || echo npm
}

install_missing() {
  local wanted=$*
  if [ -z "$wanted" ]; then return; fi
  if ! have apt-get || [ "$(id -u)" -ne 0 ]; then
    say "missing, and not mine to install; as root: apt-get install $wanted"
    return
  fi
  say "installing Debian packages: $wanted"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q update
  # shellcheck disable=SC2086  # a list of words
  apt-get -q -y --no-install-recommends install $wanted
}

step_packages() {
  # shellcheck disable=SC2046  # a list of words
  install_missing $(missing_packages)
}

step_drivers() {
  # shellcheck disable=SC2046  # a list of words
  install_missing $(.venv/bin/python -m tests.drivers.needs)
}

step_bench() {
  # shellcheck disable=SC2046  # a list of words
  install_missing $(have sysbench || echo sysbench) $(have haproxy || echo haproxy)
}

step_venv() {
  local python
  python=$(python)
  if [ -z "$python" ]; then
    say "no Python 3.11, 3.12 or 3.13 here (PYTHON=... names one)"
    exit 1
  fi
  if [ ! -x .venv/bin/python ]; then
    say "making .venv with $("$python" --version)"
    "$python" -m venv .venv
  fi
  say "installing Forebay and its extras into .venv"
  .venv/bin/python -m pip install --quiet --upgrade "pip>=24"
  .venv/bin/python -m pip install --progress-bar off --editable ".[test,demo,bench]"
  .venv/bin/python - <<'PYTHON' >&2
import proxy
for name in proxy.COMPILED:
    print(f"[setup] {name}: {'compiled' if proxy.extensions(name) else 'not compiled, runs in the interpreter'}")
PYTHON
}

step_node() {
  node_modules examples/functions
  node_modules tests/orms
  node_modules tests/drivers/programs/node
}

node_modules() {
  local folder=$1
  if [ ! -e $folder/package.json ]; then return; fi
  if [ $folder/node_modules/.package-lock.json -nt $folder/package.json ]; then return; fi
  say "installing node modules of $folder"
  if [ -e $folder/package-lock.json ]; then
    npm --prefix $folder ci --no-audit --no-fund
  else
    npm --prefix $folder install --no-audit --no-fund
  fi
}

# A server that cannot be had stops nothing here: its tests say so themselves.
step_servers() {
  .venv/bin/python -m tests.servers.run mariadb --prepare || true
  .venv/bin/python -m tests.servers.run mysql --prepare || true
}

for step in "$@"; do "step_$step"; done
