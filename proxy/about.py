"""What runs: versions, and which modules are compiled. For ``forebay version`` and the build metric."""

from __future__ import annotations

import importlib
import platform
from importlib import metadata

import proxy


def versions() -> dict[str, str]:
    """Forebay, Python and the event loop."""
    return {"forebay": proxy.__version__, "python": platform.python_version(), "uvloop": metadata.version("uvloop")}


def modules() -> dict[str, str]:
    """``compiled`` or ``pure`` for each module that can be both, as it is loaded in this process."""
    found = {}
    for name in proxy.COMPILED:
        file = str(importlib.import_module(name).__file__)
        found[name.removeprefix("proxy.")] = "pure" if file.endswith(".py") else "compiled"
    return found


def labels() -> dict[str, str]:
    """The build metric's labels: version, python, uvloop, and compiled: yes, no or partly."""
    found = versions()
    kinds = set(modules().values())
    compiled = "partly" if len(kinds) > 1 else "yes" if "compiled" in kinds else "no"
    return {"version": found["forebay"], "python": found["python"], "uvloop": found["uvloop"], "compiled": compiled}
