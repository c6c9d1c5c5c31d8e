"""Which form of the hot modules is imported: compiled where it exists, the source when FOREBAY_PURE_PYTHON=1."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import proxy


def loaded_file(name: str, **environment: str) -> str:
    command = [sys.executable, "-c", f"import {name} as module; print(module.__file__)"]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("name", proxy.COMPILED)
def test_pure_python_is_forced(name: str) -> None:
    assert loaded_file(name, FOREBAY_PURE_PYTHON="1") == str(proxy.source(name))


@pytest.mark.parametrize("name", proxy.COMPILED)
def test_compiled_form_is_preferred(name: str) -> None:
    (expected, *_) = [*proxy.extensions(name), proxy.source(name)]
    assert loaded_file(name, FOREBAY_PURE_PYTHON="0") == str(expected)


def test_hot_modules_are_those_that_declare_types() -> None:
    root = Path(proxy.__file__).parent
    typed = (path.relative_to(root.parent).with_suffix("") for path in root.rglob("*.pxd"))
    assert sorted(proxy.COMPILED) == sorted(".".join(path.parts) for path in typed)
