"""Which form of the hot modules is imported: compiled where it exists, the source when FOREBAY_PURE_PYTHON=1."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import proxy


def loaded_file(name: str, **environment: str) -> str:
    command = [sys.executable, "-c", f"import sys, {name}; print(sys.modules[{name!r}].__file__)"]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("name", proxy.COMPILED)
def test_pure_python_is_forced(name: str) -> None:
    assert loaded_file(name, FOREBAY_PURE_PYTHON="1") == str(proxy.source(name))


@pytest.mark.parametrize("name", proxy.COMPILED)
def test_compiled_form_is_preferred(name: str) -> None:
    (expected, *_) = [*proxy.extensions(name), proxy.source(name)]
    assert loaded_file(name, FOREBAY_PURE_PYTHON="0") == str(expected)


def declared(name: str) -> dict[str, set[str]]:
    """The attributes of each class, own and inherited, that the modules' .pxd files declare."""
    found: dict[str, set[str]] = {}
    for module in (*proxy.COMPILED, name):
        current: set[str] = set()
        for line in proxy.source(module).with_suffix(".pxd").read_text().splitlines():
            if begun := re.match(r"cdef class (\w+)(?:\((\w+)\))?:", line):
                current = found[begun[1]] = set(found.get(begun[2], ()))
            elif line.startswith("    cdef ") and "(" not in line:
                current.add(line.split()[-1].lstrip("*"))
    return found


@pytest.mark.parametrize("name", proxy.COMPILED)
def test_attributes_are_declared(name: str) -> None:
    """An attribute that the .pxd does not know is an error, but only when compiled."""
    classes = declared(name)
    for node in ast.parse(proxy.source(name).read_text()).body:
        if isinstance(node, ast.ClassDef) and node.name in classes:
            stores = (part for part in ast.walk(node) if isinstance(part, ast.Attribute))
            own = {
                part.attr for part in stores if isinstance(part.ctx, ast.Store) and ast.unparse(part.value) == "self"
            }
            assert own <= classes[node.name], proxy.source(name).with_suffix(".pxd")


def test_hot_modules_are_those_that_declare_types() -> None:
    root = Path(proxy.__file__).parent
    typed = (path.relative_to(root.parent).with_suffix("") for path in root.rglob("*.pxd"))
    assert sorted(proxy.COMPILED + proxy.INLINED) == sorted(".".join(path.parts) for path in typed)
