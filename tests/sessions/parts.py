"""Which parts of a session are tried: what makes each, what shows it, what ends it.

A new part is a row here. The order is the page's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from proxy.wire import constants as c
from tests.whole.raw_client import RawClient

Step = Callable[[RawClient], object]

SCHEMA = "session_parts"
RESET = "reset"
SETUP = (
    f"DROP DATABASE IF EXISTS {SCHEMA}",
    f"CREATE DATABASE {SCHEMA}",
    f"CREATE TABLE {SCHEMA}.note (id INT AUTO_INCREMENT PRIMARY KEY, t VARCHAR(40))",
    f"CREATE PROCEDURE {SCHEMA}.sets() SET @hidden = 7",
    f"CREATE PROCEDURE {SCHEMA}.selects() SELECT 7 INTO @hidden",
)
ON_MARIADB = (f"CREATE SEQUENCE {SCHEMA}.counter",)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a session.

    ``begin`` makes it, ``shows`` looks at it: texts of statements, or functions of the client where a statement is not
    enough. ``end`` lets it go, and is called ``until``. ``only`` on one flavour. ``peers`` names the row of what the
    other proxies' manuals say. ``unseen``: no server tells that it happened, so it may be lost, but no more than that.
    """

    name: str
    peers: str
    begin: tuple[str | Step, ...]
    shows: tuple[str | Step, ...]
    end: tuple[str | Step, ...] = (RESET,)
    until: str = RESET
    only: str = ""
    unseen: bool = False


def prepare_binary(client: RawClient) -> None:
    client.statements = [client.prepare("SELECT ? + 1, DATABASE()")]


def execute_binary(client: RawClient) -> object:
    return client.execute(client.statements[0], 41)


def close_binary(client: RawClient) -> None:
    client.close_statement(client.statements.pop())
    client.simple(c.COM_PING)


def open_cursor(client: RawClient) -> None:
    client.statements = [client.prepare("SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3")]
    client.execute(client.statements[0], cursor=c.CURSOR_TYPE_READ_ONLY)


def fetch_two(client: RawClient) -> object:
    return client.fetch(client.statements[0], 2)


def send_long_data(client: RawClient) -> None:
    client.statements = [client.prepare("SELECT LENGTH(?)")]
    client.long_data(client.statements[0], 0, b"x" * 70000)
    client.simple(c.COM_PING)


def ping(client: RawClient) -> None:
    client.simple(c.COM_PING)


def use_long_data(client: RawClient) -> object:
    return client.execute(client.statements[0], ...)  # type: ignore[arg-type]


def init_db(client: RawClient) -> None:
    client.simple(c.COM_INIT_DB, b"mysql")


_INSERTS = "INSERT INTO note (t) VALUES ('a'), ('b'), ('c')"
_WARNS = "SELECT CAST('12x' AS SIGNED), 'ä' + 0"
_FLAVOURED_ISOLATION = "SHOW VARIABLES WHERE Variable_name IN ('transaction_isolation', 'tx_isolation')"

PARTS = (
    Part("default schema", "schema", ("USE mysql",), ("SELECT DATABASE()",)),
    Part("default schema, by `COM_INIT_DB`", "schema", (init_db,), ("SELECT DATABASE()",)),
    Part(
        "system variables: `sql_mode`, `time_zone`",
        "tracked variables",
        ("SET sql_mode = 'ANSI_QUOTES', time_zone = '+03:00'",),
        ("SELECT @@sql_mode, @@time_zone",),
    ),
    Part(
        "other system variables",
        "other variables",
        ("SET SESSION sort_buffer_size = 65536, foreign_key_checks = 0",),
        ("SELECT @@sort_buffer_size, @@foreign_key_checks",),
    ),
    Part(
        "`SET NAMES`, character sets, collation",
        "tracked variables",
        ("SET NAMES latin1 COLLATE latin1_german2_ci",),
        ("SELECT @@character_set_client, @@character_set_results, @@collation_connection, COLLATION('x')",),
    ),
    Part("autocommit", "tracked variables", ("SET autocommit = 0",), ("SELECT @@autocommit",)),
    Part(
        "isolation level",
        "tracked variables",
        ("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",),
        (_FLAVOURED_ISOLATION,),
    ),
    Part(
        "isolation and access mode of the next transaction",
        "next transaction",
        ("SET TRANSACTION READ ONLY",),
        ("BEGIN", _INSERTS, "ROLLBACK", "BEGIN", _INSERTS, "ROLLBACK"),
    ),
    Part(
        "`SET @@name`, without a scope",
        "other variables",
        ("SET @@net_read_timeout = 77",),
        ("SELECT @@net_read_timeout",),
    ),
    Part(
        "user variables: value, type, sign, collation",
        "user variables",
        ("SET @a = 18446744073709551615, @b = _latin1'x' COLLATE latin1_german2_ci, @c = NULL, @d = 1.50",),
        ("SELECT @a, @a + 0, @b, COLLATION(@b), @c, @d", "SELECT @`A`"),
    ),
    Part(
        "user variables, assigned in a `SELECT`",
        "user variables",
        ("SELECT @b := 5", "SELECT 'x', 2.5 INTO @y, @z"),
        ("SELECT @b, @y, @z",),
    ),
    Part("user variables that a procedure sets", "routines", ("CALL sets()",), ("SELECT @hidden",)),
    Part(
        "user variables that a procedure selects into",
        "routines",
        ("CALL selects()",),
        ("SELECT @hidden",),
        unseen=True,
    ),
    Part("`LAST_INSERT_ID()`", "insert id", (_INSERTS, "DELETE FROM note"), ("SELECT LAST_INSERT_ID()",)),
    Part("`ROW_COUNT()`", "counts", (_INSERTS,), ("SELECT ROW_COUNT()",)),
    Part(
        "`FOUND_ROWS()`, `SQL_CALC_FOUND_ROWS`",
        "found rows",
        ("SELECT SQL_CALC_FOUND_ROWS 1 UNION ALL SELECT 2 UNION ALL SELECT 3 LIMIT 1",),
        ("SELECT FOUND_ROWS()",),
    ),
    Part("`ROW_COUNT()` inside an expression", "counts", (_INSERTS,), ("SELECT ROW_COUNT() + 1",)),
    Part("`SHOW WARNINGS`, `@@warning_count`", "warnings", (_WARNS,), ("SHOW WARNINGS", "SHOW COUNT(*) WARNINGS")),
    Part(
        "`GET DIAGNOSTICS`",
        "diagnostics",
        (_WARNS,),
        ("GET DIAGNOSTICS @n = NUMBER", "SELECT @n"),
    ),
    Part(
        "open transaction", "transaction", ("BEGIN", _INSERTS), ("SELECT COUNT(*) FROM note",), ("ROLLBACK",), "its end"
    ),
    Part(
        "savepoint before the first table is touched, autocommit off",
        "savepoint",
        ("SET autocommit = 0", "SAVEPOINT s"),
        (_INSERTS, "ROLLBACK TO SAVEPOINT s"),
        ("ROLLBACK",),
        "`COMMIT`, `ROLLBACK`",
    ),
    Part("XA transaction", "xa", ("XA START 'x'",), (_INSERTS,), ("XA END 'x'", "XA ROLLBACK 'x'"), "its end"),
    Part(
        "temporary tables",
        "temporary tables",
        ("CREATE TEMPORARY TABLE own SELECT 1 AS n",),
        ("SELECT n FROM own",),
        ("DROP TEMPORARY TABLE own",),
        "the last is dropped",
    ),
    Part(
        "binary prepared statements",
        "binary prepared",
        (prepare_binary,),
        (execute_binary,),
        (close_binary,),
        "the statement is closed",
    ),
    Part("open cursors", "cursors", (open_cursor,), (fetch_two,), (fetch_two,), "the last row is read"),
    Part(
        "long data that was sent ahead",
        "long data",
        (send_long_data,),
        (ping,),
        (use_long_data,),
        "the statement is executed",
    ),
    Part(
        "`PREPARE` in SQL",
        "text prepare",
        ("PREPARE p FROM 'SELECT 1 + 1'",),
        ("EXECUTE p",),
        ("DEALLOCATE PREPARE p",),
        "`DEALLOCATE PREPARE`",
    ),
    Part(
        "`LOCK TABLES`", "table locks", ("LOCK TABLES note WRITE",), (_INSERTS,), ("UNLOCK TABLES",), "`UNLOCK TABLES`"
    ),
    Part(
        "`FLUSH TABLES ... WITH READ LOCK`",
        "table locks",
        ("FLUSH TABLES note WITH READ LOCK",),
        (_INSERTS,),
        ("UNLOCK TABLES",),
        "`UNLOCK TABLES`",
    ),
    Part(
        "`LOCK INSTANCE FOR BACKUP`",
        "nothing found",
        ("LOCK INSTANCE FOR BACKUP",),
        ("SELECT 1",),
        ("UNLOCK INSTANCE",),
        "`UNLOCK INSTANCE`",
        only="mysql",
    ),
    Part("`BACKUP LOCK`", "nothing found", ("BACKUP LOCK note",), ("SELECT 1",), only="mariadb"),
    Part(
        "`GET_LOCK()`",
        "named locks",
        ("SELECT GET_LOCK('l', 5)",),
        ("SELECT IS_USED_LOCK('l') IS NOT NULL",),
        ("SELECT RELEASE_LOCK('l')",),
        "`RELEASE_LOCK()`",
    ),
    Part(
        "`HANDLER`",
        "nothing found",
        ("HANDLER note OPEN",),
        ("HANDLER note READ FIRST",),
        ("HANDLER note CLOSE",),
        "`HANDLER ... CLOSE`",
    ),
    Part("`SET ROLE`", "nothing found", ("SET ROLE NONE",), ("SELECT CURRENT_ROLE()",)),
    Part("profiling", "other variables", ("SET profiling = 1",), ("SELECT @@profiling",)),
    Part(
        "`timestamp`, `insert_id`, `rand_seed1`",
        "other variables",
        ("SET timestamp = 12345",),
        ("SELECT NOW(), @@timestamp",),
    ),
    Part(
        "`LASTVAL()` of a sequence",
        "nothing found",
        ("SELECT NEXT VALUE FOR counter > 0",),
        ("SELECT LASTVAL(counter) > 0",),
        only="mariadb",
    ),
    Part("what the client's own trackers report", "nothing found", ("SET session_track_schema = ON",), ("SELECT 1",)),
    Part("anything that Forebay does not understand", "nothing found", ("FLUSH STATUS",), ("SELECT 1",)),
    Part(
        "`/* forebay: pin */`",
        "pin hint",
        ("SELECT 1 /* forebay: pin */",),
        ("SELECT 1",),
        ("SELECT 1 /* forebay: unpin */",),
        "`/* forebay: unpin */`",
    ),
)
