"""Plain work: rows, tables, several statements in one packet."""

from __future__ import annotations

from proxy.wire import constants as c
from tests.oracle import steps as s
from tests.oracle.pen import Pen, Subject

_DML = (
    "INSERT INTO {s}.t (n, s) VALUES (5, 'fünf'), (6, NULL)",
    "INSERT INTO {s}.u (d, b, m) VALUES (3.14159, 'pi', NULL)",
    "UPDATE {s}.t SET s = CONCAT(COALESCE(s, ''), '!') WHERE id <= 2",
    "UPDATE {s}.t x FORCE INDEX (PRIMARY) STRAIGHT_JOIN {s}.u y FORCE INDEX (PRIMARY) ON x.id = y.id SET x.n = 9 "
    "WHERE x.id <= 2",
    "DELETE FROM {s}.t ORDER BY id DESC LIMIT 1",
    "DELETE FROM {s}.u WHERE id = 2",
    "SELECT * FROM {s}.t ORDER BY id",
    "SELECT * FROM {s}.u ORDER BY id",
    # Without the hints column definitions and flags would depend on the plan, hence on statistics.
    "SELECT t.id, u.d, u.m FROM {s}.t FORCE INDEX (PRIMARY) LEFT JOIN {s}.u FORCE INDEX (PRIMARY) ON t.id = u.id "
    "ORDER BY t.id",
    "SELECT COUNT(*), SUM(n), AVG(n), MAX(s) FROM {s}.t",
    "SELECT n, COUNT(*) FROM {s}.t GROUP BY n WITH ROLLUP",
    "SELECT * FROM {s}.v ORDER BY id",
    "SELECT id FROM {s}.t WHERE id = 1 FOR UPDATE",
    "SELECT * FROM {s}_b.t ORDER BY id",
    "INSERT INTO {s}_b.t (n, w) VALUES (3, 'trois')",
    "WITH RECURSIVE r (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r WHERE x < 4) SELECT x FROM r",
    "SHOW COLUMNS FROM {s}.t",
    "SHOW TABLE STATUS FROM {s} LIKE 'nothing'",
    "/*! SELECT 1 */",
    "/*!50000 SELECT 2 */",
    "SELECT 1 -- and a comment",
    "# only a comment",
    "-- nothing",
    "SELECT 1;",
    "(SELECT 1)",
    "VALUES ROW(1, 2)",
)


def rows(pen: Pen) -> None:
    pen.some(3, *_DML)


def tables(pen: Pen) -> None:
    name = pen.pick("{s}.made_1", "{s}.made_2")
    pen.any(
        f"CREATE TABLE {name} (a INT PRIMARY KEY, b TEXT)",
        f"CREATE TABLE {name} AS SELECT id, n FROM {{s}}.t",
        f"CREATE TABLE {name} LIKE {{s}}.t",
    )
    pen.some(
        3,
        f"ALTER TABLE {name} ADD COLUMN z INT DEFAULT 4",
        f"INSERT INTO {name} VALUES (1, 2)",
        f"SELECT * FROM {name}",
        f"CREATE INDEX i ON {name} (z)",
        f"RENAME TABLE {name} TO {{s}}.renamed",
        f"SHOW CREATE TABLE {name}",
        f"TRUNCATE TABLE {name}",
        f"ALTER TABLE {name} DROP COLUMN nothing",
    )
    pen.q(f"DROP TABLE IF EXISTS {name}, {{s}}.renamed")


_SEVERAL = (
    "SELECT 1; SELECT 2",
    "SELECT 1; SELECT missing; SELECT 3",
    "SET @m = 1; SELECT @m; SET @m = @m + 1; SELECT @m",
    "INSERT INTO {s}.t (n) VALUES (1); SELECT LAST_INSERT_ID(); UPDATE {s}.t SET n = 2 WHERE id = 1",
    "BEGIN; UPDATE {s}.t SET n = 50 WHERE id = 1; COMMIT",
    "BEGIN; DELETE FROM {s}.t; ROLLBACK; SELECT COUNT(*) FROM {s}.t",
    "SET sql_mode = 'ANSI_QUOTES'; SELECT \"id\" FROM {s}.t LIMIT 1; SET sql_mode = DEFAULT",
    "USE {s}_b; SELECT COUNT(*) FROM t; USE {s}",
    "SELECT CAST('3x' AS SIGNED); SHOW WARNINGS",
    "SET NAMES latin1; SET NAMES utf8mb4 COLLATE utf8mb4_bin; SELECT COLLATION('a')",
    "SELECT ';'; SELECT 'a''; b'; SELECT \"c;\" /* ; */ -- ;",
    "CALL {s}.p_two(); SELECT ROW_COUNT()",
    "SET time_zone = '+02:00'; SELEC 1",
    "SELECT 1;;",
    ";SELECT 1",
    "DROP TABLE IF EXISTS {s}.missing; SELECT 1",
    "SET @m = 5; INSERT INTO {s}.t (n) VALUES (@m); SELECT ROW_COUNT(), @m",
)


def several(pen: Pen) -> None:
    pen.any(*_SEVERAL)
    pen.any(
        "SELECT LAST_INSERT_ID(), @m",
        "SELECT COUNT(*) FROM {s}.t",
        "SHOW WARNINGS",
        "SELECT ROW_COUNT()",
        "SELECT DATABASE(), @@time_zone",
        "SELECT COLLATION('a'), @@sql_mode",
    )
    if pen.chance(0.15):
        pen.say(s.Plain(pen.subject, s.MULTI_OFF))
        pen.any(*_SEVERAL)
        pen.say(s.Plain(pen.subject, s.MULTI_ON))
        pen.any(*_SEVERAL)
        if not pen.several:
            pen.say(s.Plain(pen.subject, s.MULTI_OFF))


def commands(pen: Pen) -> None:
    """Commands that are no statements."""
    pen.say(s.Plain(pen.subject, s.PING))
    pen.q("USE {s}")
    pen.say(s.FieldList(pen.subject, b"t"))
    pen.any("SELECT ROW_COUNT()", "SHOW WARNINGS", "SELECT FOUND_ROWS()", "SELECT 1")
    if pen.chance(0.3):
        pen.say(s.FieldList(pen.subject, b"missing"))


def local_files(pen: Pen) -> None:
    """Files of the client's, under the names that ``client`` knows; not every kind of client offers any."""
    ignore = pen.pick("", "IGNORE ", "REPLACE ")
    name = pen.pick("rows", "doubtful", "empty", "nowhere")
    texts = [
        f"LOAD DATA LOCAL INFILE '{name}' {ignore}INTO TABLE {{s}}.t (n, s)",
        f"LOAD DATA LOCAL INFILE '{name}' {ignore}INTO TABLE {{s}}.t (n, s)",
        f"LOAD DATA LOCAL INFILE 'twice' {ignore}INTO TABLE {{s}}.t (id)",
        f"load /* c */ data local infile '{name}' into table {{s}}.t (n, @s) SET s = CONCAT(@s, '?')",
        f"LOAD DATA LOCAL INFILE '{name}' INTO TABLE {{s}}.missing",
    ]
    # To a client without files the server refuses this statement when it comes to it, and Forebay all that it was sent:
    # its own server connections have offered files, so the server would ask for one.
    if pen.kind.capabilities & c.CLIENT_LOCAL_FILES:
        texts.append(f"SELECT 1; LOAD DATA LOCAL INFILE '{name}' INTO TABLE {{s}}.t (n, s); SELECT ROW_COUNT()")
    pen.any(*texts)
    pen.some(
        3,
        "SHOW WARNINGS",
        "SELECT ROW_COUNT()",
        "SELECT LAST_INSERT_ID()",
        "SELECT @@warning_count",
        "SELECT @s",
        "SELECT id, n, s FROM {s}.t ORDER BY id",
    )


SUBJECTS = (
    Subject("rows", rows, weight=2.0),
    Subject("tables", tables, weight=0.7),
    Subject("several statements at once", several, weight=1.5),
    Subject("commands", commands, weight=0.5),
    Subject("LOCAL INFILE", local_files, weight=0.7),
)
