"""What lives on one server connection, and what ends a session."""

from __future__ import annotations

from tests.oracle import steps as s
from tests.oracle.pen import Pen, Subject


def temporary(pen: Pen) -> None:
    name = pen.pick("x_1", "x_2", "t")
    pen.any(
        f"CREATE TEMPORARY TABLE {{s}}.{name} (a INT, b VARCHAR(10))",
        f"CREATE TEMPORARY TABLE {{s}}.{name} AS SELECT id AS a, s AS b FROM {{s}}.t",
        f"create /* c */ temporary table if not exists {{s}}.{name} (a INT, b INT)",
    )
    for _ in range(pen.number(1, 3)):
        pen.any(
            f"INSERT INTO {{s}}.{name} (a) VALUES (1), (2)",
            f"SELECT * FROM {{s}}.{name} ORDER BY 1",
            f"UPDATE {{s}}.{name} SET a = 4",
            f"ALTER TABLE {{s}}.{name} ADD COLUMN z INT",
            "SELECT COUNT(*) FROM {s}.u",
        )
    if pen.chance(0.3):
        pen.act()
    pen.any(f"DROP TEMPORARY TABLE IF EXISTS {{s}}.{name}", f"DROP TEMPORARY TABLE {{s}}.{name}")
    pen.q("SELECT COUNT(*) FROM {s}.t")


def locked(pen: Pen) -> None:
    pen.any(
        "LOCK TABLES {s}.t WRITE",
        "LOCK TABLES {s}.t READ, {s}.u WRITE",
        "LOCK TABLE {s}.t AS x READ",
        "FLUSH TABLES {s}.t WITH READ LOCK",
    )
    for _ in range(pen.number(1, 2)):
        pen.any(
            "SELECT COUNT(*) FROM {s}.t",
            "INSERT INTO {s}.t (n) VALUES (31)",
            "SELECT COUNT(*) FROM {s}.u",
            "SELECT COUNT(*) FROM {s}.t AS x",
        )
    pen.any("UNLOCK TABLES", "UNLOCK TABLES", "UNLOCK TABLE")
    pen.any("SELECT COUNT(*) FROM {s}.u", "INSERT INTO {s}.t (n) VALUES (32)")


def instance_lock(pen: Pen) -> None:
    if pen.mariadb:
        pen.q("BACKUP LOCK {s}.t", "SELECT COUNT(*) FROM {s}.t", "BACKUP UNLOCK")
    else:
        pen.q("LOCK INSTANCE FOR BACKUP", "INSERT INTO {s}.t (n) VALUES (33)", "UNLOCK INSTANCE")


def handler(pen: Pen) -> None:
    pen.any("HANDLER {s}.t OPEN", "HANDLER {s}.t OPEN AS h")
    pen.some(
        3,
        "HANDLER t READ FIRST",
        "HANDLER h READ FIRST",
        "HANDLER t READ NEXT",
        "HANDLER h READ `PRIMARY` = (2)",
        "SELECT COUNT(*) FROM {s}.t",
    )
    pen.q("HANDLER t CLOSE", "HANDLER h CLOSE")


def named_lock(pen: Pen) -> None:
    lock, other = f"'{pen.schema}'", f"'{pen.schema}_2'"
    pen.any(
        f"SELECT GET_LOCK({lock}, 0)", f"SELECT GET_LOCK({lock}, 1), GET_LOCK({other}, 0)", f"DO GET_LOCK({lock}, 0)"
    )
    pen.some(
        3,
        f"SELECT IS_FREE_LOCK({lock})",
        f"SELECT IS_USED_LOCK({lock}) IS NULL",
        "SELECT COUNT(*) FROM {s}.t",
        "SELECT ROW_COUNT()",
        f"SELECT IS_FREE_LOCK({other})",
        f"SELECT GET_LOCK({lock}, 0)",
    )
    pen.any(
        f"SELECT RELEASE_LOCK({lock})",
        f"DO RELEASE_LOCK({lock})",
        "SELECT RELEASE_ALL_LOCKS()",
        "DO RELEASE_ALL_LOCKS()",
    )
    pen.any(f"SELECT IS_FREE_LOCK({lock})", f"SELECT RELEASE_LOCK({lock})", "SELECT RELEASE_ALL_LOCKS()")


def role(pen: Pen) -> None:
    pen.any(
        "SET ROLE NONE",
        "SET ROLE 'nobody'",
        "SELECT CURRENT_ROLE()",
        "SET ROLE ALL" if not pen.mariadb else "SET ROLE NONE",
    )
    pen.any("SELECT CURRENT_ROLE()", "SELECT CURRENT_USER()")


def profiling(pen: Pen) -> None:
    pen.q("SET profiling = 1", "SELECT 1 + 1")
    pen.q("SELECT @@profiling", "SET profiling = 0")


def reset(pen: Pen) -> None:
    pen.some(
        2,
        "SET @a = 'before'",
        "SET time_zone = '+09:00'",
        "SELECT LAST_INSERT_ID(5)",
        "SELECT CAST('9x' AS SIGNED)",
        "BEGIN",
        "CREATE TEMPORARY TABLE {s}.x_1 (a INT)",
        f"SELECT GET_LOCK('{pen.schema}', 0)",
        "SET NAMES latin1 COLLATE latin1_bin",
    )
    pen.say(s.Plain(pen.subject, s.RESET_CONNECTION))
    _all_gone(pen)


def change_user(pen: Pen) -> None:
    pen.some(
        2,
        "SET @a = 'before'",
        "SET sql_mode = 'ANSI'",
        "SELECT LAST_INSERT_ID(6)",
        "INSERT INTO {s}.t (n) VALUES (61)",
        "BEGIN",
        "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci",
    )
    pen.say(s.ChangeUser(pen.subject, pen.pick("app", "other"), pen.rng.choice((None, pen.schema, f"{pen.schema}_b"))))
    _all_gone(pen)


def goodbye(pen: Pen) -> None:
    """A new client in the same place knows nothing of the one before."""
    pen.some(
        2,
        "SET @a = 'before'",
        "SET sql_mode = 'ANSI'",
        "SELECT LAST_INSERT_ID(7)",
        "SELECT CAST('9x' AS SIGNED)",
        "SET NAMES latin1",
        f"SELECT GET_LOCK('{pen.schema}_gone', 0)",
        "SET autocommit = 0",
    )
    pen.q("ROLLBACK")
    pen.say(s.Reconnect(pen.subject))
    _all_gone(pen)


def _all_gone(pen: Pen) -> None:
    pen.some(
        4,
        "SELECT @a",
        "SELECT @@time_zone, @@sql_mode, @@autocommit",
        "SELECT LAST_INSERT_ID()",
        "SHOW WARNINGS",
        "SELECT ROW_COUNT()",
        "SELECT FOUND_ROWS()",
        "SELECT COLLATION('a'), @@character_set_client",
        "SELECT * FROM {s}.x_1",
        "SELECT DATABASE()",
        f"SELECT IS_FREE_LOCK('{pen.schema}')",
        "SELECT CURRENT_USER()",
    )


SUBJECTS = (
    Subject("temporary tables", temporary, "temporary tables"),
    Subject("table locks", locked, "`LOCK TABLES`, `FTWRL`, `LOCK INSTANCE`, `HANDLER`", 0.7),
    Subject("instance locks", instance_lock, "`LOCK TABLES`, `FTWRL`, `LOCK INSTANCE`, `HANDLER`", 0.2),
    Subject("HANDLER", handler, "`LOCK TABLES`, `FTWRL`, `LOCK INSTANCE`, `HANDLER`", 0.7),
    Subject("named locks", named_lock, "`GET_LOCK`"),
    Subject("roles", role, "`SET ROLE`, profiling, anything not understood", 0.5),
    Subject("profiling", profiling, "`SET ROLE`, profiling, anything not understood", 0.2),
    Subject("COM_RESET_CONNECTION", reset, "", 0.8),
    Subject("COM_CHANGE_USER", change_user, "", 0.5),
    Subject("a client leaves", goodbye, "", 0.5),
)
