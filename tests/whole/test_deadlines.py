"""Server connections that are held up: by a statement whose client has gone, by a server that does not answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.server import Server
from tests.whole.broken_network import Link, Network
from tests.whole.daemon import Daemon, running, wait_until
from tests.whole.raw_client import RawClient

ENDLESS = "SELECT id FROM held.note WHERE SLEEP(100)"
RUNNING = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT id FROM held.note%'"


@pytest.fixture(scope="module", params=("mariadb", "mysql"))
def target(request: pytest.FixtureRequest) -> Server:
    server: Server = request.getfixturevalue(request.param)
    for sql in ("DROP DATABASE IF EXISTS held", "CREATE DATABASE held", "CREATE TABLE held.note (id INT)"):
        server.execute(sql)
    server.execute("INSERT INTO held.note VALUES (1)")
    return server


def runs(target: Server) -> bool:
    return target.execute(RUNNING) != ((0,),)


def leave_behind(daemon: Daemon, target: Server) -> None:
    """A client sends a statement without an end, and goes."""
    with RawClient(daemon) as hasty:
        hasty.send(3, ENDLESS.encode())
        wait_until(lambda: runs(target), "the statement runs")


def test_an_abandoned_statement_ends_when_somebody_waits(target: Server) -> None:
    changes = {
        "clients": {"abandoned_query_timeout": "500ms"},
        "pool": {"max_connections": 1, "borrow_timeout": "60s"},
    }
    with running(target.port, changes) as daemon:
        leave_behind(daemon, target)
        with RawClient(daemon) as client:
            assert client.one("SELECT 1") == "1"
        assert not runs(target)
        wait_until(lambda: daemon.metric("forebay_pool_servers") == 1, "one server connection, as before")


def test_an_abandoned_statement_disturbs_nobody_who_need_not_wait(target: Server) -> None:
    changes = {"clients": {"abandoned_query_timeout": "50ms"}, "pool": {"max_connections": 2}}
    with running(target.port, changes) as daemon:
        leave_behind(daemon, target)
        with RawClient(daemon) as client:
            for _ in range(20):
                assert client.one("SELECT 1") == "1"
            assert runs(target)
            (connection,) = target.execute(RUNNING.replace("COUNT(*)", "id"))
            target.execute(f"KILL {connection[0]}")


@pytest.fixture
def far(target: Server) -> Iterator[Network]:
    with Network(target.port) as network:
        yield network


def test_a_sync_that_is_not_answered_is_given_up(far: Network, target: Server) -> None:
    stalled: list[Link] = []

    def stall(link: Link) -> None:
        link.stall()
        stalled.append(link)

    changes = {
        "target": {"tls": {"mode": "disabled"}},
        "pool": {"max_connections": 1, "borrow_timeout": "60s", "connect_timeout": "2s"},
    }
    with running(far.port, changes) as daemon, RawClient(daemon) as first, RawClient(daemon) as second:
        first.ask("SET time_zone = '+07:00'")
        assert second.one("SELECT 1") == "1"
        far.when(b"+07:00", stall)
        assert first.one("SELECT @@time_zone") == "+07:00"
        assert stalled
        assert "does not answer" in daemon.log()
        stalled[0].go_on()
