"""The rooms import one way, and ``wire`` knows no I/O: read from the sources, so that nothing needs to be imported.

A room is a folder or module directly below ``proxy``. The table says which rooms each may import; who is not in it
stands on top and may import all. ``from proxy import __version__`` is open to everyone: the package imports none.
"""

from __future__ import annotations

import ast
import graphlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "proxy"

BESIDE = {"errors", "native", "settings"}
MAY_IMPORT = {
    "__init__": set(),
    "errors": set(),
    "native": set(),
    "settings": set(),
    "wire": {"errors", "native"},
    "session": {"wire", *BESIDE},
    "pool": {*BESIDE},
    "net": {"wire", "session", *BESIDE},
    "relay": {"wire", "session", "pool", "net", *BESIDE},
}
# Modules from outside that a room must do without.
BARRED = {
    "wire": {"asyncio", "socket", "ssl", "time", "logging", "uvloop"},
    "session": {"asyncio", "socket", "ssl", "uvloop"},
}
# Modules from outside that exactly one room may use.
RESERVED = {"prometheus_client": "metrics"}
CIMPORT = re.compile(r"^\s*(?:from\s+(proxy[\w.]*)\s+cimport\b|cimport\s+(proxy[\w.]*))", re.MULTILINE)


def module_name(path: Path, root: Path) -> str:
    """``proxy.wire.frames`` of the file; a package has the name of its folder."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join((root.name, *(parts[:-1] if parts[-1] == "__init__" else parts)))


def nodes(tree: ast.AST, at_run_time: bool) -> Iterator[ast.AST]:
    """Every node of the tree; ``at_run_time`` leaves out what only type checkers read."""
    for node in ast.iter_child_nodes(tree):
        if not (at_run_time and isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")):
            yield node
            yield from nodes(node, at_run_time)


def imports(path: Path, root: Path, at_run_time: bool = False) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything that the file imports, wherever in it.

    What a .pxd names for its types only is there in time, see ``proxy/relay/__init__.py``; ``tests/test_init.py``
    begins with each of the compiled modules once.
    """
    package = module_name(path, root).split(".")
    if path.name != "__init__.py":
        package.pop()
    for node in nodes(ast.parse(path.read_text()), at_run_time):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)
    if path.with_suffix(".pxd").exists() and not at_run_time:
        for found in CIMPORT.finditer(path.with_suffix(".pxd").read_text()):
            yield 0, found[1] or found[2]


def violations(root: Path = ROOT) -> list[str]:
    """One line for each import that goes the wrong way."""
    rooms = {path.stem for path in root.iterdir() if path.suffix in ("", ".py")}
    found = []
    for path in sorted(root.rglob("*.py")):
        room = path.relative_to(root).parts[0].removesuffix(".py")
        for line, name in imports(path, root):
            outside, _, inside = name.partition(".")
            target = inside.partition(".")[0]
            ours = outside == root.name and target in rooms and target not in ("__init__", room)
            if (
                (ours and target not in MAY_IMPORT.get(room, rooms))
                or outside in BARRED.get(room, ())
                or RESERVED.get(outside, room) != room
            ):
                found.append(f"{path.relative_to(root.parent)}:{line}: {room} must not import {name}")
    return found


def cycle(root: Path = ROOT) -> list[str]:
    """The modules of one import cycle, or nothing. Names needed for types only make no cycle."""
    files = {module_name(path, root): path for path in root.rglob("*.py")}
    graph: dict[str, set[str]] = {}
    for module, path in files.items():
        wanted = {
            name if name in files else name.rpartition(".")[0] for _, name in imports(path, root, at_run_time=True)
        }
        graph[module] = (wanted & files.keys()) - {module}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        members: list[str] = error.args[1]
        return members
    return []


def test_rooms_import_one_way() -> None:
    assert violations() == []


def test_no_module_imports_itself_in_a_circle() -> None:
    assert cycle() == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small tree in which everything is in order."""
    root = tmp_path / "proxy"
    files = {
        "__init__.py": "__version__ = '0'",
        "errors.py": "import logging",
        "settings.py": "",
        "server.py": "from proxy.relay import client",
        "metrics.py": "import prometheus_client",
        "wire/__init__.py": "",
        "wire/frames.py": "from proxy import __version__, errors\nfrom . import primitives",
        "wire/primitives.py": "",
        "session/state.py": "import proxy.wire.frames",
        "pool/core.py": "import time\nfrom proxy import errors",
        "net/stream.py": "import asyncio\nfrom ..wire import frames",
        "relay/client.py": "from proxy.pool import core\nfrom proxy.net.stream import Stream",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_tree_in_order_passes(tree: Path) -> None:
    assert violations(tree) == []
    assert cycle(tree) == []


@pytest.mark.parametrize(
    ("file", "line", "name"),
    [
        ("wire/frames.py", "from proxy.session.state import State", "proxy.session.state.State"),
        ("wire/frames.py", "from proxy import settings", "proxy.settings"),
        ("wire/frames.py", "from .. import net", "proxy.net"),
        ("wire/frames.py", "import asyncio.streams", "asyncio.streams"),
        ("wire/frames.py", "from time import monotonic", "time.monotonic"),
        ("wire/new.py", "import ssl", "ssl"),
        ("session/state.py", "from proxy.pool.core import Core", "proxy.pool.core.Core"),
        ("pool/core.py", "import proxy.wire.primitives", "proxy.wire.primitives"),
        ("pool/core.py", "def late():\n    from proxy.net import stream", "proxy.net.stream"),
        ("net/stream.py", "from ..pool.core import Core", "proxy.pool.core.Core"),
        ("relay/client.py", "from proxy.server import Server", "proxy.server.Server"),
        ("errors.py", "from proxy.wire import frames", "proxy.wire.frames"),
        ("__init__.py", "from proxy import server", "proxy.server"),
        ("server.py", "from prometheus_client import Counter", "prometheus_client.Counter"),
    ],
)
def test_a_planted_violation_is_found(tree: Path, file: str, line: str, name: str) -> None:
    with (tree / file).open("a") as planted:
        planted.write(f"\n{line}\n")
    assert [found.rpartition(" ")[2] for found in violations(tree)] == [name]


def test_a_planted_cimport_is_found(tree: Path) -> None:
    (tree / "wire/frames.pxd").write_text("cimport cython\nfrom proxy.session.state cimport State\n")
    assert [found.rpartition(" ")[2] for found in violations(tree)] == ["proxy.session.state"]


def test_a_planted_cycle_is_found(tree: Path) -> None:
    back = "from proxy.wire.frames import Frame"
    (tree / "wire/primitives.py").write_text(f"if TYPE_CHECKING:\n    {back}")
    assert cycle(tree) == []
    (tree / "wire/primitives.py").write_text(f"def late():\n    {back}")
    assert set(cycle(tree)) == {"proxy.wire.frames", "proxy.wire.primitives"}
