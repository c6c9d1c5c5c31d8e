"""Every command of the protocol through a pool of one server connection, against real servers.

Two clients share that connection statement by statement, so what one leaves behind the other would see.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from proxy.errors import ServerRefused
from proxy.wire import constants as c
from proxy.wire import packets as p
from proxy.wire.auth import Credentials
from tests.servers import APP, Server, User
from tests.whole.daemon import Daemon, running, wait_until
from tests.whole.plain_client import POOR, RICH
from tests.whole.raw_client import MULTI, RawClient, Refused, direct

OTHER = User("commands_other", "other-password")
GUARDED = User("commands_guarded", "guarded-password")
SETUP = """
DROP DATABASE IF EXISTS commands;
CREATE DATABASE commands;
CREATE TABLE commands.single SELECT 1 AS one;
CREATE TABLE commands.note (id INT AUTO_INCREMENT PRIMARY KEY, t VARCHAR(40));
CREATE PROCEDURE commands.two() BEGIN SELECT 1 AS a; SELECT 2 AS b, 3 AS c; END;
CREATE PROCEDURE commands.twice(INOUT n INT) SET n = n * 2;
"""
# MySQL lets an interrupted SLEEP() that is the whole statement return 1.
ENDLESS = "SELECT one FROM commands.single WHERE SLEEP(100)"
EXAMPLES = Path(__file__).parents[2] / "examples" / "functions"


@pytest.fixture(scope="module")
def prepared(server: Server) -> Server:
    server.run_script(SETUP)
    for user in (OTHER, GUARDED):
        server.execute("DROP USER IF EXISTS %s@%s", (user.name, user.host))
        server.create_user(user)
    return server


@pytest.fixture(scope="module")
def daemon(prepared: Server) -> Iterator[Daemon]:
    users = [{"name": user.name, "password": user.password} for user in (APP, OTHER, GUARDED)]
    users[2]["tls_required"] = True  # type: ignore[assignment]
    with running(prepared.port, {"users": users, "pool": {"max_connections": 1, "borrow_timeout": "30s"}}) as daemon:
        yield daemon


@pytest.fixture
def client(daemon: Daemon) -> Iterator[RawClient]:
    with RawClient(daemon, schema="commands") as client:
        yield client


@pytest.fixture
def other(daemon: Daemon) -> Iterator[RawClient]:
    """Another client of the same user."""
    with RawClient(daemon) as client:
        yield client


def is_free(daemon: Daemon) -> bool:
    """Whether no client holds a server connection."""
    return daemon.metric("forebay_pool_servers", state="lent") == 0


# Small ones.


def test_ping_and_statistics(daemon: Daemon, client: RawClient) -> None:
    assert client.simple(c.COM_PING).status == c.STATUS_AUTOCOMMIT
    client.send(c.COM_STATISTICS)
    words = client.read().decode().split("  ")
    assert [word.partition(": ")[0] for word in words] == ["Uptime", "Threads", "Questions"]
    assert all(word.partition(": ")[2].isdigit() for word in words)


def test_what_is_not_for_clients(client: RawClient) -> None:
    commands = (
        c.COM_SHUTDOWN,
        c.COM_BINLOG_DUMP,
        c.COM_REGISTER_SLAVE,
        c.COM_PROCESS_INFO,
        c.COM_DEBUG,
        c.COM_CREATE_DB,
    )
    for command in commands:
        with pytest.raises(Refused) as refused:
            client.simple(command, b"x")
        assert refused.value.number == 1235
    for command in (0xF0, 0x7F):
        with pytest.raises(Refused) as refused:
            client.simple(command)
        assert refused.value.number == 1047
    assert client.one("SELECT 1") == "1"


def test_init_db(client: RawClient, other: RawClient) -> None:
    client.simple(c.COM_INIT_DB, b"mysql")
    other.simple(c.COM_INIT_DB, b"commands")
    assert client.one("SELECT DATABASE()") == "mysql"
    with pytest.raises(Refused) as refused:
        client.simple(c.COM_INIT_DB, b"nowhere")
    assert refused.value.number == 1049
    assert other.one("SELECT DATABASE()") == "commands"
    assert client.one("SELECT DATABASE()") == "mysql"


def test_field_list(prepared: Server, daemon: Daemon) -> None:
    for capabilities in (RICH, POOR):
        seen = []
        for place in (daemon, direct(prepared)):
            with RawClient(place, capabilities=capabilities, schema="commands") as client:
                try:
                    seen.append((client.fields("note"), client.ok.status))
                except Refused as error:
                    seen.append((error.number, 0))
                assert client.one("SELECT 1") == "1"
        assert seen[0] == seen[1]


def test_set_option(daemon: Daemon, client: RawClient) -> None:
    with RawClient(daemon, capabilities=MULTI) as several:
        for _ in range(2):
            assert client.refused("SELECT 1; SELECT 2") == 1064
            assert several.ask("SELECT 1; SELECT 2") == [["2"]]
        several.simple(c.COM_SET_OPTION, bytes((c.OPTION_MULTI_STATEMENTS_OFF, 0)))
        client.simple(c.COM_SET_OPTION, bytes((c.OPTION_MULTI_STATEMENTS_ON, 0)))
        for _ in range(2):
            assert several.refused("SELECT 1; SELECT 2") == 1064
            assert len(client.results(c.COM_QUERY, b"SELECT 1; SELECT 2; DO 0")) == 3
    with pytest.raises(Refused):
        client.simple(c.COM_SET_OPTION, b"\x07\x00")
    with pytest.raises(Refused):
        client.simple(c.COM_SET_OPTION, b"\x00")


def test_connection_id(client: RawClient, other: RawClient) -> None:
    for each in (client, other, client):
        assert each.one("SELECT CONNECTION_ID()") == str(each.id)
        assert each.one("select connection_id() as `me`;") == str(each.id)
    assert client.id != other.id


def test_connection_id_among_others(prepared: Server, client: RawClient, other: RawClient) -> None:
    """It is the client's own in any text and in any protocol, with the column that the server gives."""
    sql = "SELECT CONNECTION_ID(), CONNECTION_ID() + 1 AS next, 'CONNECTION_ID()', ? FROM commands.single WHERE ? <> 0"
    with RawClient(direct(prepared), schema="commands") as alone:
        text = b"SELECT connection_id(), 1"
        (expected,), (got,) = alone.results(c.COM_QUERY, text), client.results(c.COM_QUERY, text)
        assert got.columns == expected.columns
        statement = alone.prepare(sql)
        (columns,) = alone.results_of(statement, 5, 1)
        assert columns.columns == client.results_of(client.prepare(sql), 5, 1)[0].columns
    for each in (client, other, client):
        statement = each.prepare(sql)
        for value in (3, 4):
            assert each.ask("SELECT CONNECTION_ID(), 1") == [[str(each.id), "1"]]
            assert each.execute(statement, value, 1) == [[each.id, each.id + 1, "CONNECTION_ID()", value]]
    client.ask("SET @id = CONNECTION_ID()")
    client.ask(f"INSERT INTO note (t) VALUES (CONNECTION_ID()), (IF(@id = {client.id}, ROW_COUNT(), 'another'))")
    assert client.ask("SELECT ROW_COUNT(), CONNECTION_ID()") == [["2", str(client.id)]]
    assert other.ask("SELECT CONNECTION_ID(), t FROM commands.note ORDER BY id") == [
        [str(other.id), str(client.id)],
        [str(other.id), "0"],
    ]
    client.ask("DELETE FROM note")
    assert client.one("SELECT COUNT(*) FROM information_schema.processlist WHERE id = CONNECTION_ID()") == "1"
    assert client.one("SELECT GET_LOCK('mine', 0)") == "1"
    assert client.one("SELECT IS_USED_LOCK('mine') = CONNECTION_ID()") == "1"
    assert client.one("SELECT RELEASE_LOCK('mine')") == "1"


def test_multi_results(prepared: Server, daemon: Daemon) -> None:
    for capabilities in (MULTI, POOR | c.CLIENT_MULTI_STATEMENTS):
        seen = []
        for place in (daemon, direct(prepared)):
            with RawClient(place, capabilities=capabilities, schema="commands") as client:
                seen.append([])
                for sql in (
                    b"CALL two()",
                    b"SELECT 7; CALL two(); SELECT 8",
                    b"SELECT 1; SELECT * FROM nowhere; SELECT 2",
                ):
                    try:
                        for result in client.results(c.COM_QUERY, sql):
                            names = [column.name for column in result.columns]
                            seen[-1].append((names, result.rows, result.ok.status, result.ok.affected_rows))
                    except Refused as error:
                        seen[-1].append(error.args)
        assert seen[0] == seen[1]


# A new session.


def fill_session(client: RawClient) -> int:
    """Leave something of every kind; returns a prepared statement."""
    for sql in (
        "USE mysql",
        "SET @mine = 'x', sql_mode = 'ANSI_QUOTES', time_zone = '+03:00'",
        "SET NAMES latin1",
        "CREATE TEMPORARY TABLE commands.own (n INT)",
        "SELECT GET_LOCK('commands', 5)",
        "PREPARE p FROM 'SELECT 1'",
        "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "BEGIN",
        "INSERT INTO commands.note (t) VALUES ('uncommitted')",
    ):
        client.ask(sql)
    return client.prepare("SELECT 5")


def is_new(client: RawClient, fresh: RawClient) -> None:
    """The session has nothing that a fresh one has not."""
    for sql in (
        "SELECT @mine, LAST_INSERT_ID(), @@autocommit, @@time_zone, @@sql_mode",
        "SELECT @@character_set_client, @@character_set_results",
        "SELECT @@transaction_isolation",
        "SELECT IS_FREE_LOCK('commands')",
        "SELECT COUNT(*) FROM commands.note WHERE t = 'uncommitted'",
        "SHOW WARNINGS",
    ):
        if "isolation" in sql and client.greeting.is_mariadb:
            sql = "SELECT @@tx_isolation"
        assert client.ask(sql) == fresh.ask(sql), sql
    assert client.refused("SELECT * FROM commands.own") == 1146
    assert client.refused("EXECUTE p") == 1243


def test_reset_connection(daemon: Daemon, client: RawClient, other: RawClient) -> None:
    statement = fill_session(client)
    client.simple(c.COM_RESET_CONNECTION)
    assert other.one("SELECT 1") == "1"
    is_new(client, other)
    with pytest.raises(Refused) as refused:
        client.execute(statement)
    assert refused.value.number == 1243
    assert client.one("SELECT DATABASE()") == "mysql"
    assert client.one("SELECT CONNECTION_ID()") == str(client.id)
    wait_until(lambda: is_free(daemon), "nothing is held")


def test_reset_connection_without_a_server_connection(client: RawClient, other: RawClient) -> None:
    client.ask("SET @mine = 1, time_zone = '+01:00'")
    other.ask("BEGIN")  # it holds the only server connection
    client.simple(c.COM_RESET_CONNECTION)
    other.ask("COMMIT")
    is_new(client, other)


def test_change_user(daemon: Daemon, client: RawClient, other: RawClient) -> None:
    fill_session(client)
    client.change_user(Credentials.from_password(APP.name, APP.password.encode()))
    is_new(client, other)
    assert client.one("SELECT DATABASE()") is None
    assert client.one("SELECT CURRENT_USER()") == f"{APP.name}@%"
    fill_session(client)
    client.change_user(Credentials.from_password(OTHER.name, OTHER.password.encode()))
    assert client.one("SELECT CURRENT_USER()") == f"{OTHER.name}@%"
    assert other.one("SELECT CURRENT_USER()") == f"{APP.name}@%"
    assert client.one("SELECT CONNECTION_ID()") == str(client.id)
    is_new(client, other)


def test_ignore_space_lasts_as_long_as_the_servers(prepared: Server, daemon: Daemon, other: RawClient) -> None:
    def modes(client: RawClient) -> Iterator[set[str]]:
        for begin_anew in (
            lambda: None,
            lambda: client.simple(c.COM_RESET_CONNECTION),
            lambda: client.change_user(Credentials.from_password(APP.name, APP.password.encode())),
            lambda: client.simple(c.COM_RESET_CONNECTION),
        ):
            begin_anew()
            other.ask("SET sql_mode = 'ANSI'")
            yield set(str(client.one("SELECT @@sql_mode")).split(","))

    capabilities = RICH | c.CLIENT_IGNORE_SPACE
    with RawClient(direct(prepared), capabilities=capabilities) as client:
        expected = list(modes(client))
    with RawClient(daemon, capabilities=capabilities) as client:
        assert list(modes(client)) == expected


def test_change_user_refused(daemon: Daemon, other: RawClient) -> None:
    other.ask("SELECT 1")
    logged_in = daemon.metric("forebay_clients_logged_in")
    for user, password, number in (
        (OTHER.name, "wrong", "1045"),
        ("nobody", OTHER.password, "1045"),
        (GUARDED.name, GUARDED.password, "3159"),
    ):
        with RawClient(daemon) as client:
            client.ask("BEGIN")
            with pytest.raises(ServerRefused) as refused:
                client.change_user(Credentials.from_password(user, password.encode()))
            assert str(refused.value.number) == number
            with pytest.raises((ConnectionError, BrokenPipeError)):
                client.ask("SELECT 1")
    assert other.one("SELECT 1") == "1"
    wait_until(lambda: daemon.metric("forebay_clients_logged_in") == logged_in, "they are counted out")


def test_change_user_of_mysqlclient(daemon: Daemon) -> None:
    import MySQLdb

    connection = MySQLdb.connect(
        host="127.0.0.1", port=daemon.port, user=APP.name, password=APP.password, autocommit=True
    )
    with contextlib.closing(connection):
        connection.query("SET @mine = 1")
        connection.change_user(OTHER.name, OTHER.password, "commands")
        connection.query("SELECT CURRENT_USER(), @mine, DATABASE()")
        assert connection.store_result().fetch_row() == ((f"{OTHER.name}@%", None, "commands"),)


# Kill.


@pytest.fixture
def background() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def endless(client: RawClient, server: Server, background: ThreadPoolExecutor) -> Future[int]:
    """Start a long statement; returns when the server is at it. The future has the error's number."""
    future = background.submit(client.refused, ENDLESS)
    running = "SELECT COUNT(*) FROM information_schema.processlist WHERE info = %s"
    with server.connect() as connection, connection.cursor() as cursor:

        def is_running() -> bool:
            cursor.execute(running, (ENDLESS,))
            return cursor.fetchall() == ((1,),)

        wait_until(is_running, ENDLESS)
    return future


def is_closed(client: RawClient) -> bool:
    try:
        return not client.socket.recv(4096)
    except ConnectionError:
        return True


def test_kill_query(
    prepared: Server, daemon: Daemon, client: RawClient, other: RawClient, background: ThreadPoolExecutor
) -> None:
    client.ask("BEGIN")
    client.ask("INSERT INTO note (t) VALUES ('before')")
    future = endless(client, prepared, background)
    other.ask(f"KILL QUERY {client.id}")
    assert future.result(20) == 1317
    client.ask("COMMIT")
    assert client.one("SELECT COUNT(*) FROM note WHERE t = 'before'") == "1"
    client.ask("DELETE FROM note")
    wait_until(lambda: is_free(daemon), "nothing is held")


@pytest.mark.parametrize("by_command", [False, True], ids=["KILL", "COM_PROCESS_KILL"])
def test_kill(
    prepared: Server,
    daemon: Daemon,
    client: RawClient,
    other: RawClient,
    background: ThreadPoolExecutor,
    by_command: bool,
) -> None:
    client.ask("BEGIN")
    client.ask("INSERT INTO note (t) VALUES ('lost')")
    future = endless(client, prepared, background)
    if by_command:
        other.simple(c.COM_PROCESS_KILL, client.id.to_bytes(4, "little"))
    else:
        other.ask(f"KILL {client.id}")
    assert future.result(20) == 1317
    assert is_closed(client)
    assert other.one("SELECT COUNT(*) FROM commands.note") == "0"


def test_kill_of_who_is_idle_or_waits(daemon: Daemon, client: RawClient, background: ThreadPoolExecutor) -> None:
    with RawClient(daemon) as idle, RawClient(daemon) as waiting:
        idle.ask("SET @mine = 1")
        client.ask("BEGIN")
        client.ask("SELECT * FROM note FOR UPDATE")
        future = background.submit(waiting.refused, "SELECT 2")
        wait_until(lambda: daemon.metric("forebay_pool_waiting") == 1, "one waits")
        client.ask(f"KILL QUERY {waiting.id}")
        assert future.result(20) == 1317
        client.ask(f"KILL CONNECTION {idle.id}")
        assert is_closed(idle)
        client.ask("ROLLBACK")
        assert waiting.one("SELECT 3") == "3"
    client.ask(f"KILL QUERY {client.id}")
    assert client.one("SELECT 4") == "4"


def test_kill_refused(daemon: Daemon, client: RawClient) -> None:
    with RawClient(daemon, OTHER.name, OTHER.password) as theirs:
        for sql in (f"KILL {theirs.id}", f"KILL QUERY {theirs.id}"):
            assert client.refused(sql) == 1095
        assert client.refused("KILL 4000000000") == 1094
        assert client.refused("KILL QUERY 4000000000") == 1094
        assert client.refused(f"KILL {theirs.id} + 0") == 1235
        with pytest.raises(Refused) as refused:
            client.simple(c.COM_PROCESS_KILL, theirs.id.to_bytes(4, "little"))
        assert refused.value.number == 1095
        assert theirs.one("SELECT 1") == "1"


# Prepared statements.


@pytest.mark.parametrize("capabilities", [RICH, POOR], ids=["rich", "poor"])
def test_prepared_statements(daemon: Daemon, other: RawClient, capabilities: int) -> None:
    with RawClient(daemon, capabilities=capabilities, schema="commands") as client:
        add = client.prepare("SELECT CAST(? AS SIGNED) + CAST(? AS SIGNED) AS total, ? AS word")
        plain = client.prepare("SELECT 'x' AS x UNION ALL SELECT NULL")
        insert = client.prepare("INSERT INTO note (t) VALUES (?)")
        with pytest.raises(Refused) as refused:
            client.prepare("SELECT * FROM nowhere")
        assert refused.value.number == 1146
        for n in (1, 2**40):
            assert client.execute(add, n, 5, "z") == [[n + 5, "z"]]
        assert client.execute(plain) == [["x"], [None]]
        client.long_data(insert, 0, b"long ")
        client.long_data(insert, 0, b"data")
        assert client.results_of(insert, ...)[0].ok.affected_rows == 1
        client.long_data(insert, 0, b"forgotten")
        client.simple(c.COM_STMT_RESET, insert.to_bytes(4, "little"))
        client.execute(insert, "short")
        assert client.ask("SELECT t FROM note ORDER BY id") == [["long data"], ["short"]]
        client.execute(plain, cursor=c.CURSOR_TYPE_READ_ONLY)
        assert client.fetch(plain, 1) == [["x"]]
        assert client.fetch(plain, 5) == [[None]]
        with pytest.raises(Refused) as refused:
            client.execute(4711)
        assert refused.value.number == 1243
        for statement in (add, plain, insert):
            client.close_statement(statement)
        assert other.one("SELECT 1") == "1"
        assert daemon.metric("forebay_servers_pinned") == 0
        with pytest.raises(Refused) as refused:
            client.execute(add, 1, 2, "z")
        assert refused.value.number == 1243
        client.ask("DELETE FROM note")


def test_prepared_call(prepared: Server, daemon: Daemon) -> None:
    seen = []
    for place in (daemon, direct(prepared)):
        with RawClient(place, capabilities=MULTI, schema="commands") as client:
            two, twice = client.prepare("CALL two()"), client.prepare("CALL twice(?)")
            results = client.results_of(two)
            seen.append([(result.rows, result.ok.status) for result in results + client.results_of(twice, 21)])
    assert seen[0] == seen[1]


MYSQL2 = """
const mysql = require('mysql2/promise');
(async () => {
  const [port, user, password] = process.argv.slice(1);
  const connection = await mysql.createConnection({host: '127.0.0.1', port, user, password, database: 'commands'});
  const seen = [];
  for (const n of [1, 2, 3]) {
    const [rows] = await connection.execute('SELECT ? AS n, ? AS t, ? AS nothing', [n, 'é' + n, null]);
    seen.push(rows[0]);
  }
  const [done] = await connection.execute('INSERT INTO note (t) VALUES (?)', ['node']);
  seen.push(done.affectedRows);
  const [rows] = await connection.execute('SELECT t FROM note WHERE id = ?', [done.insertId]);
  seen.push(rows);
  connection.unprepare('SELECT ? AS n, ? AS t, ? AS nothing');
  connection.unprepare('INSERT INTO note (t) VALUES (?)');
  connection.unprepare('SELECT t FROM note WHERE id = ?');
  await connection.query('DELETE FROM note');
  console.log(JSON.stringify(seen));
  await connection.end();
})();
"""


def test_prepared_statements_of_node(prepared: Server, daemon: Daemon) -> None:
    outputs = []
    for port in (daemon.port, prepared.port):
        command = ["node", "-e", MYSQL2, str(port), APP.name, APP.password]
        done = subprocess.run(command, cwd=EXAMPLES, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout)
    assert outputs[0] == outputs[1]
    wait_until(lambda: is_free(daemon), "nothing is held")


# Limits.


def said(client: RawClient) -> int:
    """The number of the error that Forebay sends by itself before it closes."""
    error = p.parse_err(client.read(), client.capabilities)
    assert is_closed(client)
    return error.number


def test_limits(prepared: Server) -> None:
    limits = {"idle_timeout": "3s", "idle_in_transaction_timeout": "1s", "query_timeout": "1s"}
    with running(prepared.port, {"clients": limits, "pool": {"max_connections": 1}}) as daemon:
        with RawClient(daemon) as slow:
            assert slow.refused(ENDLESS) == 1317
        with RawClient(daemon, schema="commands") as open_transaction:
            open_transaction.ask("BEGIN")
            open_transaction.ask("INSERT INTO note (t) VALUES ('lost')")
            with RawClient(daemon) as idle, RawClient(daemon, schema="commands") as pinned:
                assert pinned.one("SELECT COUNT(*) FROM note") == "0"  # waits for the rollback
                assert said(open_transaction) == 4031
                pinned.ask("CREATE TEMPORARY TABLE own (n INT)")
                assert said(idle) == 4031
                assert said(pinned) == 4031
        with RawClient(daemon) as following:
            assert following.refused("SELECT * FROM commands.own") == 1146
        assert daemon.metric("forebay_rollbacks_total") == 1
        assert daemon.metric("forebay_errors_total", error="idle_timeout") == 3
