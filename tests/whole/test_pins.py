"""What pins a client and for how long, and that nothing of a session ever reaches the next client of a pool of one."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from proxy.session import pins
from proxy.wire import constants as c
from tests.servers import Server
from tests.whole.daemon import Daemon, running, wait_until
from tests.whole.raw_client import MULTI, RawClient, Refused, direct

SETUP = """
DROP DATABASE IF EXISTS pins;
CREATE DATABASE pins;
CREATE TABLE pins.note (id INT AUTO_INCREMENT PRIMARY KEY, t VARCHAR(40));
CREATE PROCEDURE pins.hidden(t VARCHAR(40)) SET @hidden = t;
CREATE PROCEDURE pins.saves() SAVEPOINT s;
CREATE PROCEDURE pins.saves_and_fails() BEGIN SAVEPOINT s; SIGNAL SQLSTATE '45000'; END;
"""
LITERAL = "geheim"
UNTIL_RESET = ("",)
NO_SAVEPOINT = 1305


class Pin(NamedTuple):
    """A statement that pins, and those that end it."""

    reason: str
    begin: str
    end: tuple[str, ...] = UNTIL_RESET
    only: str = ""  # on one flavour


PINS = (
    Pin(pins.USER_VARIABLE, f"SET @`a\tb` = '{LITERAL}'"),
    Pin(pins.TEMPORARY_TABLE, f"CREATE TEMPORARY TABLE own SELECT '{LITERAL}' t", ("DROP TEMPORARY TABLE own",)),
    Pin(pins.TABLE_LOCK, "LOCK TABLES note WRITE", ("UNLOCK TABLES",)),
    Pin(pins.TABLE_LOCK, "FLUSH TABLES note WITH READ LOCK", ("UNLOCK TABLES",)),
    Pin(pins.INSTANCE_LOCK, "LOCK INSTANCE FOR BACKUP", ("UNLOCK INSTANCE",), only="mysql"),
    Pin(pins.INSTANCE_LOCK, "BACKUP LOCK note", only="mariadb"),
    Pin(pins.NAMED_LOCK, f"SELECT GET_LOCK('{LITERAL}', 5)", (f"SELECT RELEASE_LOCK('{LITERAL}')",)),
    Pin(pins.HANDLER, "HANDLER note OPEN AS h", ("HANDLER h CLOSE",)),
    Pin(pins.TEXT_PREPARE, f"PREPARE p FROM 'SELECT ''{LITERAL}'''", ("DEALLOCATE PREPARE p",)),
    Pin(pins.ROLE, "SET ROLE NONE"),
    Pin(pins.PROFILING, "SET profiling = 1"),
    Pin(pins.SEQUENCE, "SELECT NEXT VALUE FOR counter", only="mariadb"),
    Pin(pins.SESSION_TRACK, "SET session_track_schema = ON"),
    Pin(pins.SPECIAL_VARIABLE, "SET timestamp = 12345"),
    Pin(pins.HIDDEN_CHANGE, f"CALL hidden('{LITERAL}')"),
    Pin(pins.XA, f"XA START '{LITERAL}'", (f"XA END '{LITERAL}'", f"XA ROLLBACK '{LITERAL}'")),
    Pin(pins.UNSURE, "FLUSH STATUS"),
    Pin(pins.REQUESTED, f"SELECT '{LITERAL}' /* forebay: pin */", ("SELECT 1 /* forebay: unpin */",)),
)


@pytest.fixture(scope="module")
def prepared(server: Server) -> Server:
    counter = "CREATE SEQUENCE pins.counter" if server.flavour == "mariadb" else "DO 0"
    server.run_script(SETUP + counter)
    return server


@pytest.fixture(scope="module")
def daemon(prepared: Server) -> Iterator[Daemon]:
    with running(prepared.port, {"pool": {"max_connections": 1, "borrow_timeout": "20s"}}) as daemon:
        yield daemon


def is_free(daemon: Daemon) -> bool:
    """Whether no client holds a server connection."""
    return daemon.metric("forebay_pool_servers", state="lent") == 0


def pinned_lines(daemon: Daemon, start: int, reason: str) -> list[str]:
    """What the log says about a reason from ``start`` on."""
    return [line for line in daemon.log()[start:].splitlines() if f"reason={reason} " in line]


# Pins.


def test_every_reason_is_tried() -> None:
    elsewhere = {pins.KILL, pins.PREPARED_STATEMENT, pins.CURSOR, pins.LONG_DATA}  # test_commands, test_prepared
    elsewhere.add(pins.SAVEPOINT)  # below, with autocommit off
    assert {pin.reason for pin in PINS} | elsewhere == set(pins.REASONS)


def test_pins(prepared: Server, daemon: Daemon) -> None:
    for pin in PINS:
        if pin.only in ("", prepared.flavour):
            with RawClient(daemon, schema="pins") as client:
                pins_and_unpins(daemon, client, pin)


def pins_and_unpins(daemon: Daemon, client: RawClient, pin: Pin) -> None:
    log = len(daemon.log())
    before = daemon.metric("forebay_pins_total", reason=pin.reason)
    client.ask("DO 0")
    assert is_free(daemon), pin
    client.ask(pin.begin)
    client.one("SELECT 1")
    assert daemon.metric("forebay_servers_pinned", reason=pin.reason) == 1, pin
    assert daemon.metric("forebay_pool_servers", state="lent") == 1, pin
    for sql in pin.end:
        if sql:
            client.ask(sql)
        else:
            client.simple(c.COM_RESET_CONNECTION)
    wait_until(lambda: is_free(daemon), f"{pin} has ended")
    assert daemon.metric("forebay_servers_pinned") == 0, pin
    assert daemon.metric("forebay_pins_total", reason=pin.reason) == before + 1, pin
    (line,) = pinned_lines(daemon, log, pin.reason)
    assert "client is pinned" in line
    assert f"client={client.id} user=app" in line
    assert pin.begin.split()[0] in line
    assert LITERAL not in daemon.log()[log:], pin


def test_values_of_prepared_statements_stay_out_of_the_log(daemon: Daemon) -> None:
    log = len(daemon.log())
    with RawClient(daemon, schema="pins") as client:
        statement = client.prepare("CALL hidden(?)")
        client.execute(statement, f"SELECT {LITERAL} FROM {LITERAL}")
        assert client.one("SELECT @hidden") == f"SELECT {LITERAL} FROM {LITERAL}"
        assert daemon.metric("forebay_servers_pinned", reason=pins.HIDDEN_CHANGE) == 1
        assert len(pinned_lines(daemon, log, pins.HIDDEN_CHANGE)) == 1
    assert LITERAL not in daemon.log()[log:]


@pytest.fixture
def late(mysql: Server) -> Iterator[Daemon]:
    """To MySQL it is a change of the session when a connection reads a routine of another schema for the first time.
    After a preparation and after an error it reports that with the next answer."""
    mysql.run_script(SETUP)
    mysql.execute("CREATE FUNCTION pins.plain() RETURNS INT DETERMINISTIC RETURN 1")
    mysql.execute("CREATE VIEW pins.looks_plain AS SELECT pins.plain() AS n")
    with running(mysql.port, {"pool": {"max_connections": 1}}) as daemon:
        yield daemon


def test_a_preparation_pins_nobody(late: Daemon) -> None:
    with RawClient(late) as client, RawClient(late) as other:
        statement = client.prepare("SELECT n FROM pins.looks_plain")
        other.ask("SELECT 1")
        assert client.execute(statement) == [[1]]
        assert late.metric("forebay_pins_total") == 0


def test_an_error_pins_the_client_that_made_it(late: Daemon) -> None:
    with RawClient(late) as client, RawClient(late) as other:
        assert client.refused("SELECT missing FROM pins.looks_plain") == 1054
        wait_until(lambda: late.metric("forebay_servers_pinned", reason=pins.HIDDEN_CHANGE) == 1, "it is told")
        client.simple(c.COM_RESET_CONNECTION)
        other.ask("SELECT 1")
        assert late.metric("forebay_servers_pinned") == 0


def test_what_fails_does_not_pin(daemon: Daemon) -> None:
    with RawClient(daemon, schema="pins") as client:
        for sql, number in (
            ("CREATE TEMPORARY TABLE note_2 SELECT * FROM nowhere", 1146),
            ("HANDLER nowhere OPEN", 1146),
            ("PREPARE p FROM 'SELEC'", 1064),
            ("SELEC 1", 1064),
            ("LOCK TABLES nowhere WRITE", 1146),
        ):
            assert client.refused(sql) == number
        with pytest.raises(Refused):
            client.prepare("SELECT * FROM nowhere")
        client.simple(c.COM_RESET_CONNECTION)
        wait_until(lambda: is_free(daemon), "nothing is held")
        assert daemon.metric("forebay_servers_pinned") == 0


# A savepoint with autocommit off, of which the status flags say nothing before a table is touched.

SAVEPOINTS = {
    "a statement": ("SET autocommit = 0", "SAVEPOINT s"),
    "among several": ("SET autocommit = 0", "DO 1; SAVEPOINT s; DO 2"),
    "behind a COMMIT": ("SET autocommit = 0", "COMMIT; SAVEPOINT s"),
    "before an error": ("SET autocommit = 0", "SAVEPOINT s; SELECT * FROM nowhere"),
    "in a procedure": ("SET autocommit = 0", "CALL saves()"),
    "in a procedure that fails": ("SET autocommit = 0", "CALL saves_and_fails()"),
}
ENDS = ("COMMIT", "ROLLBACK", "SET autocommit = 1", "COMMIT AND NO CHAIN", "(reset)", "INSERT; CREATE")


@pytest.mark.parametrize("way", SAVEPOINTS)
def test_a_savepoint_waits_for_its_transaction(daemon: Daemon, way: str) -> None:
    with RawClient(daemon, schema="pins", capabilities=MULTI) as client, RawClient(daemon, schema="pins") as control:
        control.ask("DELETE FROM note")
        for sql in SAVEPOINTS[way]:
            with contextlib.suppress(Refused):
                client.results(c.COM_QUERY, sql.encode())
        client.one("SELECT 1")
        assert daemon.metric("forebay_servers_pinned", reason=pins.SAVEPOINT) == 1
        client.ask("ROLLBACK TO SAVEPOINT s")
        client.ask("SET @a = 1")
        client.ask("INSERT INTO note (t) VALUES ('undone')")
        client.ask("ROLLBACK TO s")
        client.ask("COMMIT")
        assert daemon.metric("forebay_servers_pinned") == 0
        assert control.ask("SELECT * FROM note") == []
        assert client.refused("ROLLBACK TO SAVEPOINT s") == NO_SAVEPOINT


@pytest.mark.parametrize("end", ENDS)
def test_a_savepoint_ends(daemon: Daemon, end: str) -> None:
    with RawClient(daemon, schema="pins") as client:
        client.ask("SET autocommit = 0")
        client.ask("SAVEPOINT s")
        client.one("SELECT 1")
        assert daemon.metric("forebay_servers_pinned", reason=pins.SAVEPOINT) == 1
        if end == "(reset)":
            client.simple(c.COM_RESET_CONNECTION)
        elif end == "INSERT; CREATE":
            client.ask("DELETE FROM note")
            client.ask("INSERT INTO note (t) VALUES ('undone')")
            client.ask("ROLLBACK TO SAVEPOINT s")
            client.ask("CREATE OR REPLACE VIEW seen AS SELECT 1")
        else:
            client.ask(end)
        wait_until(lambda: is_free(daemon), "nothing is held")
        assert daemon.metric("forebay_servers_pinned") == 0
        assert client.refused("ROLLBACK TO SAVEPOINT s") == NO_SAVEPOINT


def test_a_savepoint_is_nobody_elses(daemon: Daemon) -> None:
    for autocommit in (0, 1):
        with RawClient(daemon, schema="pins") as client:
            client.ask("SET autocommit = 0")
            client.ask("SAVEPOINT s")
        with RawClient(daemon, schema="pins") as following:
            following.ask(f"SET autocommit = {autocommit}")
            assert following.refused("ROLLBACK TO SAVEPOINT s") == NO_SAVEPOINT


def test_with_autocommit_a_savepoint_holds_nothing(daemon: Daemon) -> None:
    with RawClient(daemon, schema="pins") as client:
        client.ask("SAVEPOINT s")
        client.ask("CALL saves()")
        assert is_free(daemon)
        client.ask("BEGIN")
        client.ask("SAVEPOINT s")
        client.ask("ROLLBACK TO SAVEPOINT s")
        assert daemon.metric("forebay_servers_pinned") == 0
        client.ask("COMMIT")


# Nothing reaches the next client.


def left(client: RawClient) -> None:
    client.send(c.COM_QUIT)
    client.close()


def closed(client: RawClient) -> None:
    client.close()


def reset(client: RawClient) -> None:
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def in_mid_statement(client: RawClient) -> None:
    client.send(c.COM_QUERY, b"SELECT SLEEP(0.1)")
    client.close()


def in_mid_result(client: RawClient) -> None:
    client.send(c.COM_QUERY, b"SELECT REPEAT('x', 20000) FROM information_schema.COLLATIONS")
    client.read()
    reset(client)


def after_an_error(client: RawClient) -> None:
    client.send(c.COM_QUERY, b"INSERT INTO note SELECT * FROM nowhere")
    client.close()


def with_long_data(client: RawClient) -> None:
    client.long_data(client.prepare("SELECT ?"), 0, b"unread")
    client.close()


GOODBYES = (left, closed, reset, in_mid_statement, in_mid_result, after_an_error, with_long_data)

SESSIONS = {
    "state": ("USE mysql", "SET sql_mode = 'ANSI_QUOTES', time_zone = '+03:00', NAMES latin1", "SET autocommit = 0"),
    "values": ("INSERT INTO note (t) VALUES ('a')", "DELETE FROM note", "SET @mine = 'x', @hidden = 2", "DO 1 + 'x'"),
    "transaction": ("BEGIN", "INSERT INTO note (t) VALUES ('lost')", "SELECT CAST('x' AS SIGNED)"),
    "implicit transaction": ("SET autocommit = 0", "INSERT INTO note (t) VALUES ('lost')"),
    "temporary table": ("CREATE TEMPORARY TABLE own (n INT)", "INSERT INTO own VALUES (1), (2)"),
    "locks": ("SELECT GET_LOCK('pins', 5), GET_LOCK('pins', 5)", "LOCK TABLES note READ"),
    "prepared": ("PREPARE p FROM 'SELECT 1'", "HANDLER note OPEN AS h", "CALL hidden('x')"),
    "next transaction": ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",),
    "counts": ("INSERT INTO note (t) VALUES ('a'), ('b')", "DELETE FROM note", "SELECT 1 UNION SELECT 2"),
}

# The first two are about the statement before, of which there is none.
OBSERVATIONS = (
    "SHOW WARNINGS",
    "SELECT ROW_COUNT()",
    "SELECT LAST_INSERT_ID(), @mine, @hidden, DATABASE(), CURRENT_USER()",
    "SELECT @@autocommit, @@sql_mode, @@time_zone, @@character_set_client, @@collation_connection",
    "SELECT IS_FREE_LOCK('pins'), @@profiling",
    "SELECT COUNT(*) FROM pins.note",
    "SELECT * FROM pins.own",
    "SELECT * FROM own",
    "EXECUTE p",
    "HANDLER h READ FIRST",
    "INSERT INTO pins.note (t) VALUES ('mine')",
    "DELETE FROM pins.note",
)


def observe(client: RawClient) -> list[object]:
    """What a session shows of itself: rows, or the error's number."""
    seen: list[object] = []
    for sql in OBSERVATIONS:
        try:
            seen.append((sql, client.raw(sql)))
        except Refused as error:
            seen.append((sql, error.number))
    return seen


@pytest.fixture(scope="module")
def fresh(prepared: Server) -> list[object]:
    """What a session shows when it is alone and new."""
    with RawClient(direct(prepared)) as client:
        return observe(client)


@pytest.mark.parametrize("goodbye", GOODBYES, ids=lambda goodbye: goodbye.__name__)
def test_nothing_is_left_to_the_next_client(
    prepared: Server, daemon: Daemon, fresh: list[object], goodbye: Callable[[RawClient], None]
) -> None:
    with RawClient(daemon) as first:
        first.ask("SELECT 1")
    with prepared.connect() as control, control.cursor() as cursor:

        def logins() -> object:
            cursor.execute("SHOW GLOBAL STATUS LIKE 'Connections'")
            return cursor.fetchone()

        before = logins()
        for name, statements in SESSIONS.items():
            client = RawClient(daemon, schema="pins")
            for sql in statements:
                client.ask(sql)
            goodbye(client)
            with RawClient(daemon) as following:
                assert observe(following) == fresh, f"after {name}"
        assert logins() == before  # and the server connection is still the same
    wait_until(lambda: is_free(daemon), "nothing is held")
    assert daemon.metric("forebay_servers_pinned") == 0
    assert daemon.metric("forebay_servers_in_transaction") == 0


def test_two_sessions_on_one_server_connection(daemon: Daemon, fresh: list[object]) -> None:
    with RawClient(daemon, schema="pins") as client:
        for sql in SESSIONS["state"] + SESSIONS["values"]:
            client.ask(sql.replace("note", "pins.note"))
        client.ask("COMMIT")
        own = "SELECT LAST_INSERT_ID() > 0, @mine, @hidden, DATABASE(), @@autocommit, @@sql_mode, @@time_zone"
        seen = client.ask(own)
        for _ in range(2):
            client.ask("COMMIT")
            with RawClient(daemon) as following:
                assert observe(following) == fresh
            assert client.ask(own) == seen


def test_nothing_is_left_by_a_session_that_could_not_be_brought(daemon: Daemon, fresh: list[object]) -> None:
    """The schema is gone; what else went along with it has been given to the server connection nevertheless."""
    with RawClient(daemon) as owner, RawClient(daemon) as other:
        owner.ask("CREATE DATABASE pins_gone")
        with RawClient(daemon, schema="pins_gone") as client:
            client.ask("SET @mine = 'secret', time_zone = '+03:00'")
            client.ask("SELECT LAST_INSERT_ID(77)")
            other.ask("SET @other = 1")
            owner.ask("DROP DATABASE pins_gone")
            for _ in range(2):
                assert client.refused("SELECT @mine") == 1049
                assert other.ask("SELECT @mine, LAST_INSERT_ID(), @@time_zone") == [[None, "0", "SYSTEM"]]
                with RawClient(daemon) as following:
                    assert observe(following) == fresh
            owner.ask("CREATE DATABASE pins_gone")
            assert client.ask("SELECT @mine, LAST_INSERT_ID(), @@time_zone") == [["secret", "77", "+03:00"]]
        owner.ask("DROP DATABASE pins_gone")
