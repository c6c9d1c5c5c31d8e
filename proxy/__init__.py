"""Forebay, a MySQL connection proxy for serverless functions.

Decides: the version, which modules are compiled where a C compiler is at hand, and which of the two forms is imported.
Does not know: anything that the rooms do; it imports none of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType

__version__ = "0.1.0"

# The hot modules: ordinary .py files typed by a sibling .pxd. setup.py compiles them; uncompiled they run as they are.
COMPILED = (
    "proxy.net.bulk",
    "proxy.net.doorway",
    "proxy.net.poller",
    "proxy.net.server_connection",
    "proxy.net.stream",
    "proxy.net.transport",
    "proxy.pool.alarm",
    "proxy.pool.core",
    "proxy.pool.opener",
    "proxy.pool.pool",
    "proxy.pool.stats",
    "proxy.pool.ticket",
    "proxy.relay.asking",
    "proxy.relay.client",
    "proxy.relay.commands",
    "proxy.relay.deadlines",
    "proxy.relay.doors",
    "proxy.relay.executed",
    "proxy.relay.executing",
    "proxy.relay.hub",
    "proxy.relay.learning",
    "proxy.relay.leaving",
    "proxy.relay.lending",
    "proxy.relay.linked",
    "proxy.relay.links",
    "proxy.relay.login",
    "proxy.relay.outgoing",
    "proxy.relay.routes",
    "proxy.relay.stats",
    "proxy.relay.transfer",
    "proxy.session.prepared",
    "proxy.session.statements",
    "proxy.session.tokens",
    "proxy.wire.answers",
    "proxy.wire.attributes",
    "proxy.wire.auth.accept",
    "proxy.wire.executions",
    "proxy.wire.frames",
    "proxy.wire.lengths",
    "proxy.wire.packets.login",
    "proxy.wire.primitives",
    "proxy.wire.replies",
    "proxy.wire.short",
    "proxy.wire.translation",
)
# Not compiled, but become part of the compiled modules that name them.
INLINED = ("proxy.native", "proxy.net.batches", "proxy.net.sockets")


def source(name: str) -> Path:
    """The .py file of the module ``name``, a dotted name inside this package."""
    return Path(__file__).parent.joinpath(*name.split(".")[1:]).with_suffix(".py")


def extensions(name: str) -> list[Path]:
    """The compiled files of this interpreter's kind that lie beside ``source(name)``: one, or none."""
    beside = (source(name).with_suffix(suffix) for suffix in EXTENSION_SUFFIXES)
    return [path for path in beside if path.exists()]


class _SourceOnly:
    """Finds the .py of the hot modules where the ordinary search would prefer the compiled file beside it.

    By its method a MetaPathFinder; that class would bring modules that no start needs.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in COMPILED:
            return None
        from importlib.util import spec_from_file_location

        location = str(source(fullname))
        return spec_from_file_location(fullname, location, loader=SourceFileLoader(fullname, location))


if os.environ.get("FOREBAY_PURE_PYTHON") == "1":
    sys.meta_path.insert(0, _SourceOnly())
