"""Who takes part in a round: Forebay, itself in another role, no proxy at all, and the peers.

A new contender is a row in CONTENDERS. Forebay runs as people run it, with metrics, limits and carrying; only TLS to
the server is off, because the peers forward plain bytes here.
"""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from tests.bench import peers
from tests.bench.door import Door, Setting, ready
from tests.servers import certificates
from tests.whole.daemon import Daemon, merge

FOREBAY = "forebay"


@contextlib.contextmanager
def direct(setting: Setting) -> Iterator[Door]:
    """The server itself."""
    yield Door(setting.server.port, 0, setting.server.port)


@contextlib.contextmanager
def forebay(setting: Setting, program: tuple[str, ...] = Daemon.program) -> Iterator[Door]:
    """One Forebay process of this working copy."""
    configuration = {
        "target": {"tls": {"mode": "disabled"}},
        "pool": {"max_connections": setting.pool},
        "clients": {"max_connections": peers.MOST_CLIENTS},
    }
    merge(configuration, dict(setting.changes))
    if setting.tls:
        certificates.write(setting.folder)
        own = {"cert": setting.folder / certificates.CERTIFICATE, "key": setting.folder / certificates.KEY}
        merge(configuration, {"clients": {"tls": {name: str(path) for name, path in own.items()}}})
    daemon = Daemon(setting.server.port, setting.folder, configuration)
    daemon.program = program
    began = time.monotonic()
    try:
        daemon.start()
        assert daemon.process is not None
        yield ready(daemon.port, daemon.process.pid, setting, began)
    finally:
        daemon.stop()


@dataclass(frozen=True, slots=True)
class Contender:
    """``flavours`` of servers that it can have behind it. ``most_clients``: each costs a connection of the server's.

    ``options`` replace those of the load generator.
    """

    name: str
    open: Callable[[Setting], AbstractContextManager[Door]]
    flavours: tuple[str, ...] = ("mariadb",)
    most_clients: int = peers.MOST_CLIENTS
    options: Mapping[str, object] = field(default_factory=dict)


# Without sharing, more clients would measure the server's threads.
_UNSHARED = 1000

CONTENDERS = {
    contender.name: contender
    for contender in (
        Contender(FOREBAY, forebay, ("mariadb", "mysql")),
        Contender("one_state", forebay, options={"states": 1}),
        Contender("uncarried", functools.partial(forebay, program=("-m", "tests.bench.uncarried"))),
        Contender("direct", direct, most_clients=_UNSHARED),
        Contender("haproxy", peers.haproxy, most_clients=_UNSHARED),
        Contender("router", peers.router, ("mysql",)),
        Contender("proxysql", peers.proxysql),
    )
}


def absent() -> set[str]:
    """Contenders that this run was not given."""
    return set() if os.environ.get("PROXYSQL") else {"proxysql"}
