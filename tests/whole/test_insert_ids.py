"""LAST_INSERT_ID() goes along with its session, by a question that travels together with the next client's command."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import Server
from tests.whole.broken_network import Link, Network
from tests.whole.daemon import Daemon, running, wait_until
from tests.whole.raw_client import RawClient, Refused, direct

SETUP = """
DROP DATABASE IF EXISTS ids;
CREATE DATABASE ids;
CREATE TABLE ids.note (id INT AUTO_INCREMENT PRIMARY KEY, t VARCHAR(40));
"""
ONE = {"target": {"tls": {"mode": "disabled"}}, "pool": {"max_connections": 1, "borrow_timeout": "20s"}}
EXPLICIT = "INSERT INTO ids.note (id, t) VALUES ({0}, 'explicit {0}')"
GENERATED = "INSERT INTO ids.note (t) VALUES ('{}')"


@pytest.fixture(scope="module")
def prepared(server: Server) -> Server:
    server.run_script(SETUP)
    server.execute("CREATE FUNCTION ids.remember() RETURNS INT DETERMINISTIC BEGIN SET @hidden = 1; RETURN 1; END")
    server.execute("CREATE VIEW ids.looks_plain AS SELECT ids.remember() AS n")
    return server


@pytest.fixture(scope="module")
def daemon(prepared: Server) -> Iterator[Daemon]:
    with running(prepared.port, ONE) as daemon:
        yield daemon


def test_each_session_sees_its_own(daemon: Daemon) -> None:
    with RawClient(daemon) as one, RawClient(daemon) as two:
        for step in range(3):
            one.ask(GENERATED.format(f"one {step}"))
            two.ask(GENERATED.format(f"two {step}"))
            mine = one.one(f"SELECT id FROM ids.note WHERE t = 'one {step}'")
            theirs = two.one(f"SELECT id FROM ids.note WHERE t = 'two {step}'")
            explicit = 1000 + 10 * step
            one.ask(EXPLICIT.format(explicit))  # its OK packet tells this id, which is not LAST_INSERT_ID()
            two.ask(f"INSERT INTO ids.note (t) SELECT CONCAT('{step} saw ', LAST_INSERT_ID())")
            assert two.one("SELECT t FROM ids.note WHERE id = LAST_INSERT_ID()") == f"{step} saw {theirs}"
            assert one.one("SELECT LAST_INSERT_ID()") == mine


def test_no_session_setting_hides_it(daemon: Daemon) -> None:
    with RawClient(daemon) as one, RawClient(daemon) as two:
        for client in (one, two):
            client.ask("SET sql_select_limit = 0")
        one.ask(GENERATED.format("hidden"))
        two.ask(GENERATED.format("other"))
        one.ask("SET sql_select_limit = DEFAULT")
        assert one.one("SELECT LAST_INSERT_ID()") == one.one("SELECT id FROM ids.note WHERE t = 'hidden'")


def test_a_transaction_begins_with_the_right_one(daemon: Daemon) -> None:
    with RawClient(daemon) as one, RawClient(daemon) as two:
        one.ask(GENERATED.format("before"))
        two.ask(GENERATED.format("between"))
        one.ask("BEGIN")
        assert one.one("SELECT LAST_INSERT_ID()") == one.one("SELECT id FROM ids.note WHERE t = 'before'")
        one.ask("ROLLBACK")


def test_a_client_that_came_without_it_and_is_held_sees_its_own(daemon: Daemon) -> None:
    """A plain question needs no insert id; what it does out of sight may pin, and then comes one that needs it."""
    with RawClient(daemon) as one, RawClient(daemon) as two:
        one.ask(GENERATED.format("mine"))
        mine = one.one("SELECT id FROM ids.note WHERE t = 'mine'")
        two.ask("SELECT 1")  # brings the id of this client's, 0, and leaves nothing that would be read out
        one.ask("SELECT n FROM ids.looks_plain")
        assert one.one("SELECT LAST_INSERT_ID()") == mine


def test_the_client_goes_while_its_command_is_on_the_way(prepared: Server) -> None:
    stalled: list[Link] = []
    with Network(prepared.port) as far, running(far.port, ONE) as daemon, RawClient(daemon) as one:
        hasty = RawClient(daemon)
        one.ask(GENERATED.format("waits"))
        far.when(b"'hasty'", lambda link: (link.stall(), stalled.append(link)))  # type: ignore[func-returns-value]
        hasty.send(3, GENERATED.format("hasty").encode())
        wait_until(lambda: stalled, "the stall")
        hasty.close()
        wait_until(lambda: daemon.metric("forebay_clients") == 1, "it is gone")
        stalled[0].go_on()
        assert one.one("SELECT 1") == "1"
        assert one.one("SELECT t FROM ids.note WHERE t = 'waits'") == "waits"


def test_nothing_is_sent_twice(prepared: Server) -> None:
    with (
        Network(prepared.port) as far,
        running(far.port, ONE) as daemon,
        RawClient(daemon) as one,
        RawClient(daemon) as two,
    ):
        one.ask(GENERATED.format("waits"))
        far.when(b"'cut'", lambda link: link.cut())
        with pytest.raises(Refused):
            two.ask(GENERATED.format("cut"))
        two.ask(GENERATED.format("goes on"))
        assert two.one("SELECT LAST_INSERT_ID()") == two.one("SELECT id FROM ids.note WHERE t = 'goes on'")
    with RawClient(direct(prepared)) as witness:
        assert int(str(witness.one("SELECT COUNT(*) FROM ids.note WHERE t = 'cut'"))) <= 1


class Counting(Network):
    """Counts the chunks that travel up: each is a round trip, because Forebay writes once and waits for the answer."""

    chunks = 0

    def see(self, link: Link, data: bytes) -> None:
        self.chunks += 1
        super().see(link, data)


def test_no_switch_costs_more_than_one_round_trip(prepared: Server) -> None:
    with (
        Counting(prepared.port) as far,
        running(far.port, ONE) as daemon,
        RawClient(daemon) as one,
        RawClient(daemon) as two,
    ):

        def round_trips(client: RawClient, sql: str) -> int:
            before = far.chunks
            client.ask(sql)
            return far.chunks - before

        one.ask("SET time_zone = '+03:00', @mine = 1")
        two.ask("SET time_zone = '+05:00', sql_mode = 'ANSI', @mine = 2")
        for client in (one, two):
            assert round_trips(client, "SELECT 1") == 2
            assert round_trips(client, "SELECT 1") == 1
        for client in (one, two):
            assert round_trips(client, GENERATED.format("switched")) == 2
        with RawClient(daemon) as three, RawClient(daemon) as four:
            three.ask(GENERATED.format("equal"))
            for client in (four, three, four):  # nothing but the insert id differs: it travels with the command
                assert round_trips(client, GENERATED.format("equal")) == 1
