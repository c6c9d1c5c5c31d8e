"""Four hundred clients in mixed session states on two server connections see what they would see directly.

Every client runs a script of its own seed, through Forebay with all others at once, and later on a direct
connection, over equal data. Rows, counts, insert ids, warnings and errors must be equal.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import MySQLdb
import pymysql
import pytest

from tests import servers
from tests.servers import APP, Server
from tests.whole.daemon import running

EACH = 200
STATEMENTS = 50
SCHEMAS = ("crowd_a", "crowd_b")
MODES = ("", "ANSI_QUOTES", "TRADITIONAL", "NO_BACKSLASH_ESCAPES", "STRICT_TRANS_TABLES,PIPES_AS_CONCAT")
ZONES = ("+00:00", "+05:30", "-11:00", "SYSTEM")
CHARSETS = ("utf8mb4", "latin1", "utf8mb4 COLLATE utf8mb4_bin", "cp1250", "gbk")


def prepare(server: Server) -> None:
    for schema in SCHEMAS:
        server.execute(f"DROP DATABASE IF EXISTS {schema}")
        server.execute(f"CREATE DATABASE {schema} CHARACTER SET utf8mb4")
        server.execute(f"CREATE TABLE {schema}.place (name VARCHAR(40))")
        server.execute(f"INSERT INTO {schema}.place VALUES ('{schema}'), ('Zürich'), ('Łódź'), ('北京')")
        server.execute(f"CREATE TABLE {schema}.note (client INT, n INT, t VARCHAR(20), PRIMARY KEY (client, n))")
        server.execute(f"CREATE TABLE {schema}.ticket (id INT AUTO_INCREMENT PRIMARY KEY, client INT, KEY (client)) ")


def script(client: int) -> list[str]:
    """About STATEMENTS statements that set, use and show session state; transactions are short."""
    chance = random.Random(client)
    lines: list[str] = []
    number = 0

    def pick(*groups: list[str]) -> list[str]:
        return chance.choice(groups)

    while len(lines) < STATEMENTS:
        number += 1
        mine = f"client = {client}"
        lines += pick(
            [f"SET NAMES {chance.choice(CHARSETS)}", "SELECT @@character_set_client, @@collation_connection"],
            [f"USE {chance.choice(SCHEMAS)}", "SELECT DATABASE(), name FROM place LIMIT 1"],
            [f"SET sql_mode = '{chance.choice(MODES)}'", 'SELECT "name" FROM place', "SELECT 'a\\nb' || 'c'"],
            [f"SET time_zone = '{chance.choice(ZONES)}'", "SELECT @@time_zone, FROM_UNIXTIME(86400)"],
            ["SELECT @@sql_mode, @@autocommit, @@time_zone, @@transaction_isolation"],
            [f"SET autocommit = {chance.choice((0, 1))}", "SELECT @@autocommit"],
            [
                chance.choice(("BEGIN", "START TRANSACTION")),
                f"INSERT INTO note VALUES ({client}, {number}, 'x')",
                f"SELECT n, t FROM note WHERE {mine} ORDER BY n",
                chance.choice(("COMMIT", "ROLLBACK")),
            ],
            [f"INSERT INTO note VALUES ({client}, {number}, 'é')", f"SELECT t FROM note WHERE {mine}", "COMMIT"],
            [
                f"INSERT INTO ticket (client) VALUES ({client}), ({client})",
                f"SELECT LAST_INSERT_ID() + 1 = MAX(id) FROM ticket WHERE {mine}",
                "COMMIT",
            ],
            [f"UPDATE note SET t = 'y' WHERE {mine}", "SELECT ROW_COUNT()", "COMMIT"],
            ["SELECT CAST('12abc' AS SIGNED)", "SHOW WARNINGS"],
            ["SELECT nothing FROM nowhere", "SHOW WARNINGS", "COMMIT"],
            ["SELECT 1 UNION SELECT 2", "SELECT FOUND_ROWS()"],
            [f"SET SESSION TRANSACTION ISOLATION LEVEL {chance.choice(('READ COMMITTED', 'SERIALIZABLE'))}"],
            ["SELECT name, LENGTH(name), HEX(name) FROM place"],
        )
    return [*lines[:STATEMENTS], "COMMIT"]


def run_pymysql(where: dict[str, Any], lines: list[str], start: Callable[[], object]) -> list[Any]:
    connection = pymysql.connect(**where, charset="utf8mb4", autocommit=None)
    start()
    seen: list[Any] = []
    connection.use_unicode = False
    cursor = connection.cursor()
    for line in lines:
        try:
            cursor.execute(line)
            result = cursor._result
            seen.append((cursor.fetchall(), cursor.rowcount, result.warning_count, result.has_next))
        except pymysql.MySQLError as error:
            seen.append(error.args)
    connection.close()
    return seen


def run_mysqlclient(where: dict[str, Any], lines: list[str], start: Callable[[], object]) -> list[Any]:
    where = dict(where)
    connection = MySQLdb.connect(
        host=where["host"],
        port=where["port"],
        user=where["user"],
        password=where["password"],
        db=where["database"],
        use_unicode=False,
        charset="utf8mb4",
    )
    start()
    seen: list[Any] = []
    for line in lines:
        try:
            connection.query(line.encode())
            result = connection.store_result()
            rows = result.fetch_row(0) if result is not None else None
            seen.append((rows, connection.affected_rows(), connection.warning_count(), connection.info()))
        except MySQLdb.MySQLError as error:
            seen.append(error.args)
    connection.close()
    return seen


RUNNERS = [run_pymysql] * EACH + [run_mysqlclient] * EACH


def run_all(where: dict[str, Any], at_once: int) -> list[list[Any]]:
    """What every client saw; with ``at_once`` equal to their number all start together."""
    together = Barrier(len(RUNNERS)) if at_once >= len(RUNNERS) else None

    def start() -> None:
        if together is not None:
            together.wait(60)

    with ThreadPoolExecutor(at_once) as pool:
        jobs = [pool.submit(runner, where, script(i), start) for i, runner in enumerate(RUNNERS)]
        return [job.result() for job in jobs]


@pytest.fixture(params=sorted(servers.FLAVOURS))
def target(request: pytest.FixtureRequest) -> Iterator[Server]:
    with servers.make(request.param, users=[APP]) as server:
        yield server


@pytest.mark.timeout(300)
def test_four_hundred_clients_on_two_connections(target: Server) -> None:
    where = {"host": "127.0.0.1", "user": APP.name, "password": APP.password, "database": SCHEMAS[0]}
    prepare(target)
    before = int(target.execute("SHOW GLOBAL STATUS LIKE 'Connections'")[0][1])
    with running(target.port, {"pool": {"borrow_timeout": "120s"}}) as daemon:
        through = run_all({**where, "port": daemon.port}, len(RUNNERS))
        assert daemon.metric("forebay_client_logins_total") == len(RUNNERS)
    opened = int(target.execute("SHOW GLOBAL STATUS LIKE 'Connections'")[0][1]) - before
    assert opened < 40
    prepare(target)
    direct = run_all({**where, "port": target.port}, 4)
    for client, (seen, expected) in enumerate(zip(through, direct, strict=True)):
        for line, mine, theirs in zip(script(client), seen, expected, strict=True):
            assert mine == theirs, f"client {client}: {line}"
