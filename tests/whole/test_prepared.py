"""Binary prepared statements that clients share: one preparation for each server connection, and each gets its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from proxy.session import pins
from proxy.wire import constants as c
from proxy.wire.auth import Credentials
from tests.servers import APP, Server
from tests.whole.daemon import Daemon, running, wait_until
from tests.whole.plain_client import POOR, RICH
from tests.whole.raw_client import RawClient, Refused, direct

SETUP = """
DROP DATABASE IF EXISTS prep;
DROP DATABASE IF EXISTS prep_b;
CREATE DATABASE prep;
CREATE DATABASE prep_b;
CREATE TABLE prep.t (id INT AUTO_INCREMENT PRIMARY KEY, n INT, s VARCHAR(40));
INSERT INTO prep.t (n, s) VALUES (1, 'one'), (2, 'two'), (3, 'three');
CREATE TABLE prep_b.t (id INT, b VARCHAR(10));
INSERT INTO prep_b.t VALUES (7, 'seven');
CREATE PROCEDURE prep.two() BEGIN SELECT 1; SELECT id FROM prep.t ORDER BY id LIMIT 2; END
"""


@pytest.fixture(scope="module")
def prepared(server: Server) -> Server:
    server.run_script(SETUP)
    return server


@pytest.fixture(scope="module")
def daemon(prepared: Server) -> Iterator[Daemon]:
    """With one server connection, so that every client takes the others' place."""
    with running(prepared.port, {"pool": {"max_connections": 1, "borrow_timeout": "20s"}}) as daemon:
        yield daemon


@pytest.fixture
def one(daemon: Daemon) -> Iterator[RawClient]:
    with RawClient(daemon, schema="prep") as client:
        yield client


@pytest.fixture
def two(daemon: Daemon) -> Iterator[RawClient]:
    with RawClient(daemon, schema="prep") as client:
        yield client


def status(server: Server, name: str) -> int:
    """A counter of the server."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"SHOW GLOBAL STATUS LIKE '{name}'")
        row: Any = cursor.fetchone()
        return int(row[1])


def run(server: Server, *statements: str) -> None:
    """As somebody whom Forebay does not see."""
    with server.connect() as connection, connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


def is_free(daemon: Daemon) -> bool:
    return daemon.metric("forebay_pool_servers", state="lent") == 0


# Sharing.


def test_a_thousand_clients_need_one_preparation_for_each_server_connection(prepared: Server) -> None:
    sql = "SELECT n, s FROM prep.t WHERE id = ?"
    with running(prepared.port, {"pool": {"max_connections": 4, "borrow_timeout": "60s"}}) as daemon:
        before = status(prepared, "Com_stmt_prepare")
        clients = []
        try:
            for _ in range(1000):
                client = RawClient(daemon)
                clients.append((client, client.prepare(sql)))
            for client, statement in clients:  # all at once
                client.send(c.COM_STMT_EXECUTE, _one_number(statement, 2))
            for client, _ in clients:
                assert [row[-4:] for row in client._result().rows] == [b"\3two"]
            for client, statement in clients[:50]:
                assert client.execute(statement, 3) == [[3, "three"]]
        finally:
            for client, _ in clients:
                client.close()
        assert status(prepared, "Com_stmt_prepare") - before <= 4
        assert daemon.metric("forebay_prepares_total") <= 4
        wait_until(lambda: is_free(daemon), "nobody holds a server connection")
        assert daemon.metric("forebay_prepared_statements") <= 4


def _one_number(statement: int, value: int) -> bytes:
    """The body of COM_STMT_EXECUTE with one number."""
    head = statement.to_bytes(4, "little") + b"\0" + (1).to_bytes(4, "little") + b"\0\1"
    return head + bytes((c.MYSQL_TYPE_LONGLONG, 0)) + value.to_bytes(8, "little")


@pytest.mark.parametrize("capabilities", [RICH, POOR], ids=["rich", "poor"])
def test_two_clients_with_one_text_and_different_types(daemon: Daemon, capabilities: int) -> None:
    clients = [RawClient(daemon, capabilities=capabilities) for _ in range(2)]
    statements = [client.prepare("SELECT ? AS a, ? AS b") for client in clients]
    values: list[tuple[Any, ...]] = [(5, "five"), ("text", 6)]
    for client, statement, row in list(zip(clients, statements, values, strict=True)) * 3:
        assert client.execute(statement, *row) == [list(row)]
        without_types = statement.to_bytes(4, "little") + b"\0" + (1).to_bytes(4, "little") + b"\3\0"
        assert client.results(c.COM_STMT_EXECUTE, without_types)[0].rows == [b"\0\x0c"]
    for client in clients:
        client.close()


def test_types_that_the_client_left_out_are_sent_again(one: RawClient, two: RawClient) -> None:
    first, second = (client.prepare("SELECT CONCAT(?, '!')") for client in (one, two))
    assert one.execute(first, 258) == [["258!"]]
    assert two.execute(second, "aaaaaaaa") == [["aaaaaaaa!"]]
    value = (258).to_bytes(8, "little")
    without_types = first.to_bytes(4, "little") + b"\0" + (1).to_bytes(4, "little") + b"\0\0" + value
    assert one.results(c.COM_STMT_EXECUTE, without_types)[0].rows == [b"\0\0\x04258!"]


def test_an_execution_needs_types_once(prepared: Server, daemon: Daemon) -> None:
    errors = []
    for place in (daemon, direct(prepared)):
        with RawClient(place) as client, RawClient(place) as other:
            assert other.execute(other.prepare("SELECT ?"), 1) == [[1]]
            statement = client.prepare("SELECT ?")
            with pytest.raises(Refused) as refused:
                client.results(c.COM_STMT_EXECUTE, statement.to_bytes(4, "little") + b"\0\1\0\0\0\0\0" + bytes(8))
            errors.append(refused.value.args)
    assert errors[0] == errors[1]


def test_what_executions_have_settled_stays_with_the_client(prepared: Server, daemon: Daemon) -> None:
    """MySQL goes on taking for a number what was one at first; other clients' numbers do not count."""
    seen = []
    for place in (daemon, direct(prepared)):
        with RawClient(place) as one, RawClient(place) as two:
            first, second = one.prepare("SELECT ?"), two.prepare("SELECT ?")
            rows = [two.execute(second, 5)]
            rows += [one.execute(first, value) for value in ("text", 7, None, "8 pears", "text", 9)]
            if place is daemon:
                pinned = daemon.metric("forebay_servers_pinned", reason=pins.PREPARED_STATEMENT)
                assert pinned == (prepared.flavour == "mysql")
            one.close_statement(first)
            seen.append(rows + [two.execute(second, value) for value in ("12 apples", 8)])
    assert seen[0] == seen[1]
    wait_until(lambda: daemon.metric("forebay_servers_pinned") == 0, "nothing is pinned")


# Eviction.


def test_the_least_recently_used_makes_room(prepared: Server) -> None:
    with (
        running(prepared.port, {"pool": {"max_connections": 1, "max_prepared_statements": 3}}) as daemon,
        RawClient(daemon) as client,
    ):
        before = status(prepared, "Prepared_stmt_count")
        statements = [client.prepare(f"SELECT {n}, s FROM prep.t WHERE id = ?") for n in range(10)]
        for _ in range(2):
            for n, statement in enumerate(statements):
                assert client.execute(statement, 1) == [[n, "one"]]
        assert daemon.metric("forebay_prepared_statements") == 3
        assert daemon.metric("forebay_prepared_evictions_total") >= 17
        client.ask("DO 0")
        assert status(prepared, "Prepared_stmt_count") - before <= 3


def test_the_memory_for_statements_is_bounded(prepared: Server) -> None:
    changes = {"pool": {"max_connections": 1, "prepared_statements_memory": "64KiB"}}
    with running(prepared.port, changes) as daemon, RawClient(daemon) as client, RawClient(daemon) as other:
        statements = []
        refused = None
        while refused is None:
            try:
                statements.append(client.prepare(f"SELECT {len(statements)}"))
            except Refused as error:
                refused = error
        assert refused.number == 1461
        assert 10 < len(statements) < 100
        for n, statement in enumerate(statements):
            assert client.execute(statement) == [[n]]
        client.close_statement(statements[0])
        client.close_statement(statements[1])
        assert client.execute(client.prepare("SELECT 'again'")) == [["again"]]
        client.simple(c.COM_RESET_CONNECTION)
        assert other.execute(other.prepare("SELECT 'other'")) == [["other"]]


def test_the_servers_own_limit_evicts(prepared: Server, daemon: Daemon) -> None:
    with RawClient(daemon) as client, prepared.connect() as control, control.cursor() as cursor:
        statements = [client.prepare(f"SELECT {n} + 100") for n in range(8)]
        cursor.execute("SET GLOBAL max_prepared_stmt_count = 4")
        try:
            for _ in range(2):
                for n, statement in enumerate(statements):
                    assert client.execute(statement) == [[n + 100]]
            assert client.execute(client.prepare("SELECT 'one more'")) == [["one more"]]
        finally:
            cursor.execute("SET GLOBAL max_prepared_stmt_count = 16382")


# Contexts.


def test_unqualified_names_are_of_the_schema_at_the_preparation(one: RawClient, two: RawClient) -> None:
    here = one.prepare("SELECT * FROM t WHERE id = ?")
    two.ask("USE prep_b")
    there = two.prepare("SELECT * FROM t WHERE id = ?")
    one.ask("USE prep_b")
    two.ask("USE prep")
    for _ in range(2):
        assert one.execute(here, 1) == [[1, 1, "one"]]
        assert two.execute(there, 7) == [[7, "seven"]]
    assert one.one("SELECT DATABASE()") == "prep_b"
    assert two.one("SELECT DATABASE()") == "prep"


def test_a_text_means_what_it_meant_at_the_preparation(one: RawClient, two: RawClient) -> None:
    quoted = one.prepare('SELECT "n" FROM t WHERE id = 2')
    two.ask("SET sql_mode = 'ANSI_QUOTES'")
    named = two.prepare('SELECT "n" FROM t WHERE id = 2')
    one.ask("SET sql_mode = 'ANSI_QUOTES'")
    two.ask("SET sql_mode = ''")
    for _ in range(2):
        assert one.execute(quoted) == [["n"]]
        assert two.execute(named) == [[2]]
    assert one.one("SELECT @@sql_mode") == "ANSI_QUOTES"
    assert two.one("SELECT @@sql_mode") == ""


def test_without_a_default_schema(daemon: Daemon) -> None:
    with RawClient(daemon) as client, RawClient(daemon, schema="prep") as other:
        statement, where = client.prepare("SELECT s FROM prep.t WHERE id = ?"), client.prepare("SELECT DATABASE()")
        client.ask("USE prep_b")
        assert client.execute(where) == [[None]]
        client.close_statement(where)
        assert other.one("SELECT 1") == "1"
        assert client.execute(statement, 1) == [["one"]]


def test_what_changes_a_tables_columns_is_seen(prepared: Server, daemon: Daemon) -> None:
    with RawClient(daemon, schema="prep") as one, RawClient(daemon, schema="prep") as two:
        one.ask("CREATE TABLE changing (a INT)")
        one.ask("INSERT INTO changing VALUES (1)")
        first = one.prepare("SELECT * FROM changing")
        assert one.execute(first) == [[1]]
        two.ask("ALTER TABLE changing ADD b INT DEFAULT 2")
        assert columns(two, "SELECT * FROM changing") == 2
        assert one.execute(first) == [[1, 2]]
        run(prepared, "ALTER TABLE prep.changing ADD c INT DEFAULT 3")
        assert one.execute(first) == [[1, 2, 3]]
        assert columns(two, "SELECT * FROM changing") == 3
        run(prepared, "DROP TABLE prep.changing")
        with pytest.raises(Refused) as refused:
            one.execute(first)
        assert refused.value.number == 1146
        with pytest.raises(Refused) as refused:
            two.prepare("SELECT * FROM changing")
        assert refused.value.number == 1146


def columns(client: RawClient, sql: str) -> int:
    """How many columns the answer to a preparation describes."""
    client.send(c.COM_STMT_PREPARE, sql.encode())
    first = client.read()
    count = int.from_bytes(first[5:7], "little")
    for _ in range(count):
        client.read()
    client.close_statement(int.from_bytes(first[1:5], "little"))
    return count


def test_a_table_that_goes_before_another_server_connection_prepares(prepared: Server, daemon: Daemon) -> None:
    run(prepared, "CREATE TABLE prep.gone (a INT)")
    with RawClient(daemon, schema="prep") as client:
        statement = client.prepare("SELECT a FROM gone")
        client.ask("CREATE TEMPORARY TABLE own (a INT)")
        client.simple(c.COM_RESET_CONNECTION)
        statement = client.prepare("SELECT a FROM gone")
        with RawClient(daemon) as other:
            other.ask("SET @mine = 1")  # resets the server connection when it moves on
        client.ask("SELECT 1")
        run(prepared, "DROP TABLE prep.gone")
        with pytest.raises(Refused) as refused:
            client.execute(statement)
        assert refused.value.number == 1146
        assert client.one("SHOW WARNINGS") == "Error"


# What holds a client.


def test_cursors_pin_until_they_are_read(daemon: Daemon, one: RawClient, two: RawClient) -> None:
    statement = one.prepare("SELECT id FROM t ORDER BY id")
    again = one.prepare("SELECT id FROM t ORDER BY id")
    one.execute(statement, cursor=c.CURSOR_TYPE_READ_ONLY)
    assert daemon.metric("forebay_servers_pinned", reason=pins.CURSOR) == 1
    assert one.fetch(statement, 1) == [[1]]
    assert one.execute(again) == [[1], [2], [3]]
    assert one.fetch(statement, 1) == [[2]]
    assert one.fetch(statement, 5) == [[3]]
    wait_until(lambda: is_free(daemon), "the cursor has been read")
    assert two.execute(two.prepare("SELECT id FROM t ORDER BY id")) == [[1], [2], [3]]
    for end in (c.COM_STMT_RESET, c.COM_STMT_CLOSE):
        one.execute(statement, cursor=c.CURSOR_TYPE_READ_ONLY)
        assert one.fetch(statement, 1) == [[1]]
        if end == c.COM_STMT_RESET:
            one.simple(end, statement.to_bytes(4, "little"))
        else:
            one.close_statement(statement)
        wait_until(lambda: is_free(daemon), "the cursor is closed")
        statement = one.prepare("SELECT id FROM t ORDER BY id")
    one.execute(statement, cursor=c.CURSOR_TYPE_READ_ONLY)
    assert one.execute(statement) == [[1], [2], [3]]
    wait_until(lambda: is_free(daemon), "the cursor is closed")
    assert daemon.metric("forebay_servers_pinned") == 0


def test_fetching_without_a_cursor(prepared: Server, daemon: Daemon) -> None:
    texts = []
    for place in (daemon, direct(prepared)):
        with RawClient(place) as client:
            statement = client.prepare("SELECT 1")
            for number in (statement, 4711):
                with pytest.raises(Refused) as refused:
                    client.fetch(number, 1)
                texts.append((refused.value.number, refused.value.text.replace(f"({statement})", "(N)")))
    assert texts[:2] == texts[2:]


def test_long_data_is_one_clients_own(daemon: Daemon, one: RawClient, two: RawClient) -> None:
    first, second = (client.prepare("SELECT ?") for client in (one, two))
    one.long_data(first, 0, b"piece ")
    wait_until(lambda: daemon.metric("forebay_servers_pinned", reason=pins.LONG_DATA) == 1, "the client is pinned")
    one.long_data(first, 0, b"by piece")
    assert one.one("SELECT 1") == "1"
    assert one.execute(first, ...) == [["piece by piece"]]  # type: ignore[arg-type]
    assert two.execute(second, "whole") == [["whole"]]
    two.long_data(second, 0, b"forgotten")
    two.simple(c.COM_STMT_RESET, second.to_bytes(4, "little"))
    assert one.execute(first, "one") == [["one"]]
    assert two.execute(second, "two") == [["two"]]
    two.long_data(second, 0, b"left behind")
    two.close()
    assert one.execute(first, "three") == [["three"]]
    assert daemon.metric("forebay_servers_pinned") == 0


def test_long_data_of_which_nothing_can_be_made(prepared: Server, daemon: Daemon) -> None:
    errors = []
    for place in (daemon, direct(prepared)):
        with RawClient(place) as client:
            statement = client.prepare("SELECT ?")
            client.long_data(statement, 9, b"no such parameter")
            for _ in range(2):
                with pytest.raises(Refused) as refused:
                    client.execute(statement, "x")
                errors.append(refused.value.args)
            client.simple(c.COM_STMT_RESET, statement.to_bytes(4, "little"))
            assert client.execute(statement, "x") == [["x"]]
    assert errors[:2] == errors[2:]


def test_effects_are_those_of_the_text(daemon: Daemon, one: RawClient, two: RawClient) -> None:
    one.execute(one.prepare("SET @mine = ?"), "carried")
    one.execute(one.prepare("INSERT INTO t (n, s) VALUES (?, 'new')"), 4)
    assert two.one("SELECT 1") == "1"
    assert daemon.metric("forebay_servers_pinned") == 0
    assert one.one("SELECT @mine") == "carried"
    assert one.one("SELECT s FROM t WHERE id = LAST_INSERT_ID()") == "new"
    one.ask("DELETE FROM t WHERE s = 'new'")
    one.execute(one.prepare("CREATE TEMPORARY TABLE own (a INT)"))
    assert daemon.metric("forebay_servers_pinned", reason=pins.TEMPORARY_TABLE) == 1
    one.execute(one.prepare("DROP TEMPORARY TABLE own"))
    assert daemon.metric("forebay_servers_pinned") == 0
    one.execute(one.prepare("SELECT GET_LOCK(?, 1)"), "lock")
    assert daemon.metric("forebay_servers_pinned", reason=pins.NAMED_LOCK) == 1
    one.execute(one.prepare("SELECT RELEASE_LOCK(?)"), "lock")
    assert daemon.metric("forebay_servers_pinned", reason=pins.NAMED_LOCK) == 1
    one.execute(one.prepare("DO RELEASE_ALL_LOCKS()"))
    assert daemon.metric("forebay_servers_pinned") == 0


def test_a_question_about_the_statement_before_keeps_the_server_connection(one: RawClient, daemon: Daemon) -> None:
    statement = one.prepare("SELECT ROW_COUNT()")
    one.ask("INSERT INTO t (n) VALUES (8), (9)")
    assert one.execute(statement) == [[2]]
    assert daemon.metric("forebay_servers_pinned", reason=pins.PREPARED_STATEMENT) == 1
    one.close_statement(statement)
    one.ask("DELETE FROM t WHERE n > 7")
    wait_until(lambda: is_free(daemon), "the statement is closed")


# The end of a session.


def test_a_new_session_has_no_statements(daemon: Daemon, one: RawClient, two: RawClient) -> None:
    def renewed() -> None:
        one.simple(c.COM_RESET_CONNECTION)

    def changed() -> None:
        one.change_user(Credentials.from_password(APP.name, APP.password.encode()))

    for end in (renewed, changed):
        statement = one.prepare("SELECT 1")
        assert two.execute(two.prepare("SELECT 1")) == [[1]]
        end()
        with pytest.raises(Refused) as refused:
            one.execute(statement)
        assert refused.value.number == 1243
        assert one.execute(one.prepare("SELECT 2")) == [[2]]
    assert daemon.metric("forebay_servers_pinned") == 0


def test_several_results(prepared: Server, daemon: Daemon) -> None:
    seen = []
    for place in (daemon, direct(prepared)):
        capabilities = RICH | c.CLIENT_MULTI_STATEMENTS | c.CLIENT_PS_MULTI_RESULTS
        with RawClient(place, capabilities=capabilities) as client:
            statement = client.prepare("CALL prep.two()")
            seen.append([[result.rows for result in client.results_of(statement)] for _ in range(2)])
    assert seen[0] == seen[1]


def test_mariadbs_number_for_the_latest_statement(mariadb: Server) -> None:
    with running(mariadb.port) as daemon, RawClient(daemon) as client:
        client.prepare("SELECT 5")
        assert client.execute(0xFFFFFFFF) == [[5]]
        with pytest.raises(Refused):
            client.prepare("SELECT nowhere")
        with pytest.raises(Refused) as refused:
            client.execute(0xFFFFFFFF)
        assert refused.value.number == 1243


def test_a_preparation_with_warnings(mysql: Server) -> None:
    seen = []
    with running(mysql.port) as daemon:
        for place in (daemon, direct(mysql)):
            with RawClient(place) as client:
                for _ in range(2):
                    statement = client.prepare("SELECT SQL_CALC_FOUND_ROWS 1")
                    seen.append((client.ask("SHOW WARNINGS"), client.execute(statement)))
    assert seen[:2] == seen[2:]
    assert seen[0][0]


def test_executions_count_as_queries(daemon: Daemon, one: RawClient) -> None:
    statement = one.prepare("SELECT 1")
    before = daemon.metric("forebay_queries_total")
    for _ in range(3):
        one.execute(statement)
    assert daemon.metric("forebay_queries_total") == before + 3
