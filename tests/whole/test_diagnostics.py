"""Questions about the last statement, when the server connection has gone to somebody else in between.

Each script is played on a direct connection and through a pool of one, where another client works after every step: the
answers must be the same, columns and all.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from proxy.wire import constants as c
from tests.servers import Server
from tests.whole.daemon import Daemon, running
from tests.whole.raw_client import MULTI, RawClient, Refused, direct

SCHEMA = "diagnostics"
WARNS = "SELECT CAST('7x' AS SIGNED), CAST('8x' AS SIGNED), CAST('9x' AS SIGNED)"
FAILS = "SELECT missing FROM diagnostics.t"
CHANGES = "UPDATE diagnostics.t SET n = n + 1"
FOUND = "SELECT n FROM diagnostics.t"
ITEMS = "RETURNED_SQLSTATE CLASS_ORIGIN SUBCLASS_ORIGIN MESSAGE_TEXT MYSQL_ERRNO TABLE_NAME CURSOR_NAME".split()
GET = "GET DIAGNOSTICS CONDITION 1 " + ", ".join(f"@{item} = {item}" for item in ITEMS)
GOT = "SELECT " + ", ".join(f"@{item}, COLLATION(@{item})" for item in ITEMS)
SIGNAL = "SIGNAL SQLSTATE '01234' SET MESSAGE_TEXT = 'mine', MYSQL_ERRNO = 1642, TABLE_NAME = 'tn'"
PING, INIT_DB = "(ping)", "(init db)"

SCRIPTS = {
    "ROW_COUNT() in an expression": (CHANGES, "SELECT ROW_COUNT() + 1, row_count() AS r, CONCAT('ROW_COUNT()')"),
    "ROW_COUNT() in a SET": (CHANGES, "SET @r = ROW_COUNT()", "SELECT @r", CHANGES, "DO ROW_COUNT()", CHANGES),
    "ROW_COUNT() beside rows": (CHANGES, "SELECT n FROM diagnostics.t WHERE ROW_COUNT() = 3 ORDER BY n"),
    "ROW_COUNT() that is wrong": (CHANGES, "SELECT ROW_COUNT(), missing", CHANGES, "SELECT n LIMIT ROW_COUNT()"),
    "ROW_COUNT() of several": (CHANGES, "SELECT ROW_COUNT(); SELECT ROW_COUNT()"),
    "ROW_COUNT() and the insert id": (
        "INSERT INTO diagnostics.u (n) VALUES (1), (2)",
        "SELECT LAST_INSERT_ID() > 0, ROW_COUNT()",
        "SELECT ROW_COUNT(), FOUND_ROWS()",
    ),
    "ROW_COUNT() is 0": ("SET @x = 1", "SELECT ROW_COUNT(), FOUND_ROWS()", PING, "SELECT ROW_COUNT() AS r"),
    "FOUND_ROWS() of LIMIT": ("SELECT SQL_CALC_FOUND_ROWS n FROM diagnostics.t LIMIT 1", "SELECT FOUND_ROWS() AS f, 1"),
    "FOUND_ROWS() of an offset": ("SELECT n FROM diagnostics.t LIMIT 1, 1", "SELECT FOUND_ROWS()"),
    "FOUND_ROWS() of a UNION": (f"{FOUND} UNION ALL {FOUND} LIMIT 2", "SELECT FOUND_ROWS()"),
    "FOUND_ROWS() over others": (FOUND, "SET @x = 1", "USE diagnostics", FAILS, "SELECT FOUND_ROWS()"),
    "FOUND_ROWS() over SHOW": (FOUND, "SHOW CREATE TABLE diagnostics.t", "SELECT FOUND_ROWS()"),
    "FOUND_ROWS() of SHOW": ("SHOW COLUMNS FROM diagnostics.t", "SELECT FOUND_ROWS()", "SELECT FOUND_ROWS()"),
    "FOUND_ROWS() of an UPDATE": (
        FOUND,
        CHANGES,
        "SELECT FOUND_ROWS()",
        f"{CHANGES} WHERE n > 99",
        "SELECT FOUND_ROWS()",
    ),
    "FOUND_ROWS() in a transaction": (FOUND, "BEGIN", "SELECT FOUND_ROWS() FROM diagnostics.t LIMIT 1", "COMMIT"),
    "FOUND_ROWS() of a procedure": ("CALL diagnostics.two()", "SELECT FOUND_ROWS()", "CALL diagnostics.none()"),
    "FOUND_ROWS() of very many": (
        "SELECT SQL_CALC_FOUND_ROWS 1 FROM diagnostics.many a JOIN diagnostics.many b JOIN diagnostics.many c LIMIT 1",
        "SHOW CREATE TABLE diagnostics.t",
        "SELECT FOUND_ROWS(), FOUND_ROWS() + 1",
    ),
    "SHOW WARNINGS": (WARNS, "SHOW WARNINGS", "SHOW WARNINGS LIMIT 1", "SHOW WARNINGS LIMIT 1, 5", "SHOW ERRORS"),
    "SHOW COUNT": (
        WARNS,
        "SHOW COUNT(*) WARNINGS",
        "SHOW COUNT(*) ERRORS",
        "SELECT FOUND_ROWS()",
        "SELECT ROW_COUNT()",
    ),
    "@@warning_count": (WARNS, "SELECT @@warning_count, @@error_count", "SELECT @@session.warning_count AS w"),
    "@@error_count": (FAILS, "SELECT @@error_count + 1 AS e", "SHOW ERRORS LIMIT 1"),
    "warnings over other statements": (
        WARNS,
        "SELECT 1",
        "SET @x = 1",
        "SHOW WARNINGS",
        "SELECT 1 FROM t",
        "SHOW WARNINGS",
    ),
    "warnings over a command": (
        WARNS,
        INIT_DB,
        PING,
        "SHOW WARNINGS LIMIT 2",
        INIT_DB,
        PING,
        FAILS,
        INIT_DB,
        "SHOW WARNINGS",
    ),
    "very many warnings": (
        "SELECT COUNT(CAST(CONCAT('x', a.n) AS SIGNED)) FROM diagnostics.many a JOIN diagnostics.many b",
        "SHOW COUNT(*) WARNINGS",
    ),
    "warnings and other character sets": (
        WARNS,
        "SET NAMES latin1",
        FAILS,
        "SHOW WARNINGS",
        "SET NAMES binary",
        "SHOW ERRORS",
    ),
    "two errors": ("CALL diagnostics.again()", "SELECT @@error_count", "SHOW ERRORS LIMIT 1, 1"),
    "an error of Forebay's own": ("KILL QUERY 0", "SHOW WARNINGS", "KILL QUERY 0", "SHOW COUNT(*) ERRORS", GET, GOT),
    "GET DIAGNOSTICS": (
        WARNS,
        "GET DIAGNOSTICS @n = NUMBER, @r = ROW_COUNT",
        "SELECT @n, @r",
        GET,
        GOT,
        "SHOW WARNINGS",
    ),
    "GET DIAGNOSTICS of rows": (CHANGES, "GET DIAGNOSTICS @r = ROW_COUNT", "SELECT @r", CHANGES, GET, "SHOW ERRORS"),
    "GET DIAGNOSTICS of an error": (FAILS, GET, GOT),
    "GET DIAGNOSTICS of a variable number": ("SET @i = 2", WARNS, GET.replace(" 1 ", " @i "), GOT),
    "GET DIAGNOSTICS of a number that there is not": (
        WARNS,
        GET.replace(" 1 ", " 9 "),
        "SHOW WARNINGS",
        "SELECT ROW_COUNT()",
    ),
    "GET DIAGNOSTICS of a SIGNAL": (SIGNAL, GET, GOT, "SHOW WARNINGS"),
    "GET DIAGNOSTICS of a SIGNAL's error": (SIGNAL.replace("01234", "45999").replace("1642", "1644"), GET, GOT),
}


@pytest.fixture(scope="module")
def target(server: Server) -> Server:
    server.execute(f"DROP DATABASE IF EXISTS {SCHEMA}")
    server.execute(f"CREATE DATABASE {SCHEMA}")
    for table in "t", "u":
        server.execute(f"CREATE TABLE {SCHEMA}.{table} (id INT AUTO_INCREMENT PRIMARY KEY, n INT)")
    server.execute(f"CREATE TABLE {SCHEMA}.many (n INT)")
    server.execute(f"INSERT INTO {SCHEMA}.t (n) VALUES (1), (2), (3)")
    server.execute(f"INSERT INTO {SCHEMA}.many VALUES {', '.join(f'({n})' for n in range(50))}")
    server.execute(f"CREATE PROCEDURE {SCHEMA}.two() SELECT 1 UNION SELECT 2")
    server.execute(f"CREATE PROCEDURE {SCHEMA}.none() SET @none = 1")
    server.execute(
        f"CREATE PROCEDURE {SCHEMA}.again() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION "
        "RESIGNAL SET MESSAGE_TEXT = 'again'; SIGNAL SQLSTATE '45000'; END"
    )
    return server


@pytest.fixture(scope="module")
def daemon(target: Server) -> Iterator[Daemon]:
    with running(target.port, {"pool": {"max_connections": 1}}) as daemon:
        yield daemon


def reset(target: Server) -> None:
    for index in (1, 2, 3):
        target.execute(f"UPDATE {SCHEMA}.t SET n = {index} WHERE id = {index}")
    target.execute(f"TRUNCATE TABLE {SCHEMA}.u")


def step(client: RawClient, text: str) -> object:
    """All that a client can see of an answer but trackers, and status flags that these bring."""
    try:
        if text in (PING, INIT_DB):
            ok = client.simple(c.COM_PING) if text == PING else client.simple(c.COM_INIT_DB, SCHEMA.encode())
            return ok.affected_rows, ok.warnings
        return [
            (one.columns, one.rows, one.ok.affected_rows, one.ok.warnings, one.ok.info)
            for one in client.results(c.COM_QUERY, text.encode())
        ]
    except Refused as error:
        return error.number, error.text


def disturb(daemon: Daemon) -> None:
    """Somebody else gives the only server connection other warnings, rows and counts."""
    with RawClient(daemon, schema=SCHEMA) as other:
        other.ask("SELECT SQL_CALC_FOUND_ROWS n FROM many LIMIT 1")
        other.ask("INSERT INTO u (n) VALUES (1), (2), (3), (4), (5)")
        other.ask("DROP TABLE IF EXISTS no_such_table")


@pytest.mark.parametrize("name", SCRIPTS)
def test_somebody_else_comes_between(target: Server, daemon: Daemon, name: str) -> None:
    answers = []
    for address in (direct(target), daemon):
        reset(target)
        with RawClient(address, capabilities=MULTI, schema=SCHEMA) as client:
            client.ask("SELECT 1")
            seen = []
            held = False
            for text in SCRIPTS[name]:
                if address is daemon and not held:
                    disturb(daemon)
                seen.append((text, step(client, text)))
                held = text == "BEGIN" or (held and text != "COMMIT")
            answers.append(seen)
    assert answers[1] == answers[0]


def test_a_long_list_of_columns_gets_its_names(target: Server, daemon: Daemon) -> None:
    """The answer's columns come in many chunks."""
    columns = ", ".join(f"ROW_COUNT() + {n}" for n in range(2000))
    answers = []
    for address in (direct(target), daemon):
        with RawClient(address, schema=SCHEMA) as client:
            client.ask("SELECT 1")
            client.ask("DELETE FROM u")
            client.ask("INSERT INTO u (n) VALUES (1), (2)")
            if address is daemon:
                disturb(daemon)
            answers.append(step(client, f"SELECT {columns}"))
    assert answers[1] == answers[0]


def test_who_leaves_while_the_columns_come_harms_nobody(daemon: Daemon) -> None:
    for _ in range(5):
        client = RawClient(daemon, schema=SCHEMA)
        client.ask("INSERT INTO u (n) VALUES (1), (2)")
        disturb(daemon)
        client.send(c.COM_QUERY, b"SELECT ROW_COUNT(), SLEEP(0.2)")
        client.close()
        with RawClient(daemon, schema=SCHEMA) as following:
            assert following.ask("SELECT 5, ROW_COUNT()") == [["5", "0"]]
