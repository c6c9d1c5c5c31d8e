"""Real database servers for tests, demo, bench and oracle.

Decides: how a MariaDB or MySQL server is obtained, started in a scratch folder on a free loopback port, and ended.
Does not know: pytest, Forebay, or what is asked of the servers.

    with servers.make("mysql", users=[User("app", "secret")]) as server:
        server.execute("CREATE DATABASE shop")
"""

from __future__ import annotations

from tests.servers.mariadb import MariaDB
from tests.servers.mysql import MySQL
from tests.servers.process import wait_for
from tests.servers.server import Server, ServerFailed, Unavailable, User

# The account that shared servers have.
APP = User("app", "app-password")
FLAVOURS: dict[str, type[Server]] = {"mariadb": MariaDB, "mysql": MySQL}


def make(flavour: str, **arguments: object) -> Server:
    """A server of this flavour ("mariadb" or "mysql"), not started yet; arguments as :class:`Server` takes them."""
    return FLAVOURS[flavour](**arguments)  # type: ignore[arg-type]


__all__ = ["APP", "FLAVOURS", "MariaDB", "MySQL", "Server", "ServerFailed", "Unavailable", "User", "make", "wait_for"]
