"""Cases that once differed, made small by hand: each is played on both servers through a pool of one.

A line is ``client> statement``; commands that are no statements stand in brackets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from proxy.wire import constants as c
from tests import servers
from tests.oracle import report
from tests.oracle import steps as s
from tests.oracle.case import Case, Turn
from tests.oracle.compare import differences, first
from tests.oracle.kinds import KINDS
from tests.oracle.world import World, open_world

CLIENTS = 2
_COMMANDS: dict[str, s.Step] = {
    "[ping]": s.Plain("", s.PING),
    "[reset]": s.Plain("", s.RESET_CONNECTION),
    "[multi on]": s.Plain("", s.MULTI_ON),
    "[change user]": s.ChangeUser("", "other", "orap_0_b"),
    "[again]": s.Reconnect(""),
    "[prepare]": s.Prepare("", "h", b"SELECT ?"),
    "[prepare rows]": s.Prepare("", "h", b"SELECT id, s FROM orap_0.t ORDER BY id"),
    "[open cursor]": s.Execute("", "h", cursor=True),
    "[close]": s.OnStatement("", c.COM_STMT_CLOSE, "h"),
    "[execute nothing]": s.Execute("", "unheard of"),
    "[reset nothing]": s.OnStatement("", c.COM_STMT_RESET, "unheard of"),
    "[fetch nothing]": s.Fetch("", "unheard of", 1),
    "[fetch]": s.Fetch("", "h", 1),
    "[reset statement]": s.OnStatement("", c.COM_STMT_RESET, "h"),
    "[execute]": s.Execute("", "h"),
    "[execute x]": s.Execute("", "h", (b"x",)),
    "[execute without types]": s.Execute("", "h", (b"y",), bound=False),
    "[prepare about last]": s.Prepare("", "h", b"SELECT ROW_COUNT(), FOUND_ROWS(), LAST_INSERT_ID()"),
    "[prepare about last, too]": s.Prepare("", "h", b"SELECT ROW_COUNT(), ?"),
    "[prepare warnings]": s.Prepare("", "h", b"SHOW WARNINGS"),
    "[prepare a SET]": s.Prepare("", "h", b"SET time_zone = '+06:00'"),
    "[prepare a mistake]": s.Prepare("", "h", b"SELEC 1"),
    "[prepare an INSERT]": s.Prepare("", "h", b"INSERT IGNORE INTO orap_0.t (id) VALUES (?)"),
    "[execute 1]": s.Execute("", "h", (9223372036854775807,)),
    "[prepare rows of t]": s.Prepare("", "h", b"SELECT * FROM t ORDER BY 1"),
    "[prepare an UPDATE]": s.Prepare("", "h", b"UPDATE orap_0.t SET n = ? WHERE id = ?"),
    "[prepare a CALL]": s.Prepare("", "h", b"CALL orap_0.p_set(?)"),
    "[execute 2]": s.Execute("", "h", (2,)),
    "[execute for none]": s.Execute("", "h", (None, 0)),
    "[prepare a USE]": s.Prepare("", "h", b"USE orap_0_b"),
    "[prepare a division]": s.Prepare("", "h", b"SELECT 1/3"),
    "[prepare @a]": s.Prepare("", "h", b"SET @a = ?"),
    "[fields]": s.FieldList("", b"t"),
    "[fields of nothing]": s.FieldList("", b"missing"),
    "[schema nowhere]": s.InitDb("", b"nowhere"),
    "[schema]": s.InitDb("", b"orap_0"),
}
_KINDS = {kind.name: kind for kind in KINDS}


class Found(NamedTuple):
    """``kind``: of client 0; client 1 is there to take the server connection away."""

    name: str
    text: str
    kind: str = "rich"
    only: str = ""


# When client 1 takes the server connection away: before, between and behind two statements of client 0.
_AWAY = [
    tuple("1> SELECT 1 UNION SELECT 2 UNION SELECT 3\n" * bool(places & place) for place in (1, 2, 4))
    for places in range(8)
]

FOUND = (
    Found(
        "GET DIAGNOSTICS of nothing where there is no room for conditions",
        "0> SET max_error_count = 0\n0> GET DIAGNOSTICS CONDITION 1 @t = MESSAGE_TEXT\n0> SHOW WARNINGS\n"
        "0> SELECT @@error_count",
    ),
    Found(
        "flags of one statement",
        "0> SELECT id FROM orap_0.t\n0> [ping]\n0> [prepare rows]\n0> [open cursor]\n0> [ping]",
    ),
    Found(
        "no flag of trackers",
        "0> BEGIN; SELECT 1; COMMIT\n0> [multi on]",
        "old",
    ),
    Found(
        "prepared under ANSI_QUOTES",
        "0> SET @@sql_mode = 4\n0> START TRANSACTION READ ONLY\n0> [prepare]",
        "old",
    ),
    Found(
        "unknown statements",
        "0> [execute nothing]\n0> [reset nothing]\n0> [fetch nothing]",
    ),
    Found(
        "the schema of a new session",
        "0> [change user]\n0> SELECT DATABASE()\n0> [again]\n0> SELECT DATABASE()",
    ),
    Found(
        "IGNORE_SPACE",
        "0> SELECT @@sql_mode\n0> [reset]\n0> SELECT @@sql_mode",
        "rich, IGNORE_SPACE",
    ),
    Found(
        "IGNORE_SPACE, new user",
        "0> [change user]\n0> SELECT @@sql_mode\n0> [reset]\n0> SELECT @@sql_mode",
        "rich, IGNORE_SPACE",
    ),
    Found(
        "a variable that was only read",
        "0> SET @x = @a + 1\n1> SELECT 1\n0> SELECT @a, @x",
    ),
    Found(
        "a SET that failed half-way",
        "0> SET @a = 1, sql_mode = 'NONSENSE', @b = 3\n1> SELECT 1\n0> SELECT @a, @b",
    ),
    Found(
        "NULL of every type",
        "0> SET @a = NULL, @b = 1, @c = 'x'\n0> SET @b = NULL, @c = NULL\n1> SELECT 1\n0> SELECT @a, @b, @c",
    ),
    Found(
        "NULL over a value of another type",
        "1> SET @a = 5, @b = _latin1 'x'\n"
        "0> SET @a = NULL, @b = NULL, @c = 1, @c = NULL\n"
        "1> SELECT @a, @b\n"
        "0> SELECT @a, @b, @c, CHARSET(@a)",
    ),
    Found(
        "an INSERT that failed",
        "0> INSERT INTO orap_0.t (n, k) VALUES (1, NULL), (2, 10)\n1> SELECT 1\n0> SELECT LAST_INSERT_ID()",
    ),
    Found(
        "the id of who was here before",
        "0> SELECT LAST_INSERT_ID(7)\n0> [again]\n0> SELECT CURRENT_USER()\n0> SELECT LAST_INSERT_ID()",
    ),
    Found(
        "a routine that failed",
        "0> CALL orap_0.p_fail(6)\n1> SELECT @before\n0> SELECT @before",
    ),
    Found(
        "SELECT INTO in a routine",
        "0> SET @p = 'old'\n0> CALL orap_0.p_into()\n1> SELECT @p, @q\n0> SELECT @p, @q",
    ),
    Found(
        "a routine of who has gone",
        "0> CALL orap_0.p_into()\n0> [again]\n1> SELECT @p, @q\n0> SELECT @p, @q",
    ),
    Found(
        "@@name in a routine",
        "0> CALL orap_0.p_unscoped()\n1> SELECT @@time_zone\n0> SELECT @@time_zone, @@div_precision_increment",
    ),
    Found(
        "SET and @@name in a routine",
        "0> SET time_zone = '+01:00'\n"
        "0> CALL orap_0.p_unscoped()\n"
        "1> SELECT 1\n"
        "0> SET div_precision_increment = 7\n"
        "1> SELECT 1\n"
        "0> SELECT @@time_zone, @@div_precision_increment",
    ),
    Found(
        "a function in a statement that failed",
        "0> SELECT orap_0.f_set(1), (SELECT 1 UNION SELECT 2)\n1> SELECT @f\n0> SELECT @f",
    ),
    Found(
        "a trigger in a statement that failed",
        "0> INSERT INTO orap_0.u (id) VALUES (1)\n1> SELECT @triggered",
        only="mysql",
    ),
    Found(
        "two settings of the next transaction",
        "0> SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY\n1> SELECT 1\n0> BEGIN\n0> SELECT 1; SELECT 2",
        "rich, one statement at a time",
    ),
    Found(
        "settings of a transaction that is not begun",
        "0> SET TRANSACTION READ ONLY\n0> SELECT @@version_comment\n1> SELECT 1\n0> BEGIN",
    ),
    Found(
        "settings of a transaction that began by itself and was ended by autocommit",
        "0> SET autocommit = 0\n0> SET TRANSACTION READ ONLY\n0> SELECT id FROM orap_0.t\n0> SET autocommit = 1\n"
        "1> SET autocommit = 0\n1> SELECT id FROM orap_1.t\n1> INSERT INTO orap_1.t (n) VALUES (1)\n1> ROLLBACK\n"
        "0> SET autocommit = 0\n0> SELECT id FROM orap_0.t\n0> INSERT INTO orap_0.t (n) VALUES (1)\n0> COMMIT\n"
        "1> SELECT 1\n0> INSERT INTO orap_0.t (n) VALUES (1)\n0> ROLLBACK",
    ),
    Found(
        "a session's access mode that was set back inside a transaction that autocommit ended",
        "0> SET autocommit = 0\n0> SET SESSION TRANSACTION READ ONLY\n0> SELECT id FROM orap_0.t\n"
        "0> SET SESSION TRANSACTION READ WRITE\n0> SET autocommit = 1\n"
        "1> SET autocommit = 0\n1> SELECT id FROM orap_1.t\n1> INSERT INTO orap_1.t (n) VALUES (1)\n1> ROLLBACK",
    ),
    Found(
        "settings of a transaction that failed",
        "0> SET TRANSACTION READ ONLY\n0> SELECT missing FROM orap_0.t\n1> SELECT 1\n0> BEGIN",
    ),
    Found(
        "a schema's character set",
        "1> SET @a = 1\n0> SET @b = 1\n1> SELECT 1\n0> SET CHARACTER SET latin1\n0> SELECT @@collation_connection",
    ),
    Found("COM_FIELD_LIST counts no rows", "0> [fields]\n1> SELECT 1\n0> SELECT ROW_COUNT()"),
    Found("MySQL warns of COM_FIELD_LIST", "0> [fields]\n1> SELECT 1\n0> SHOW WARNINGS\n0> SELECT @@warning_count"),
    Found(
        "conditions before COM_FIELD_LIST",
        "0> SELECT CAST('7x' AS SIGNED)\n1> SELECT 1\n0> [fields of nothing]\n0> [fields]\n1> SELECT 1\n"
        "0> SHOW WARNINGS\n0> [ping]\n0> SELECT @@warning_count, @@error_count",
    ),
    *(
        Found(
            f"conditions before {command}",
            f"0> [prepare]\n0> {cast}0> {command}\n0> [ping]\n1> SELECT 1\n0> SHOW WARNINGS",
        )
        for command in (
            "[execute nothing]",
            "[reset nothing]",
            "[fetch nothing]",
            "[fetch]",
            "[reset statement]",
            "[execute without types]",
            "[schema nowhere]",
        )
        for cast in ("SELECT CAST('7x' AS SIGNED)\n", "SELECT CAST('7x' AS SIGNED)\n1> SELECT 1\n")
    ),
    Found(
        "an error of Forebay's own behind one of the server's",
        "0> [prepare a mistake]\n0> [execute nothing]\n1> SELECT 1\n0> SHOW WARNINGS",
    ),
    Found(
        "MariaDB keeps a note over a statement",
        "0> DROP TABLE IF EXISTS orap_0.x; SELECT 1\n1> SELECT 1\n0> SHOW WARNINGS",
    ),
    Found(
        "a list shown is still there", "0> SELECT CAST('3x' AS SIGNED); SHOW WARNINGS\n1> SELECT 1\n0> SHOW WARNINGS"
    ),
    Found(
        "no list of several statements",
        "0> INSERT IGNORE INTO orap_0.t (id) VALUES (1); INSERT INTO orap_0.t (n) VALUES (1)\n1> SELECT 1\n"
        "0> SHOW WARNINGS",
    ),
    *(
        Found(
            f"an error before {prepared} under a named collation",
            f"0> {names}\n0> SELEC 1\n0> {prepared}\n0> [execute]\n0> SHOW WARNINGS",
        )
        for prepared in ("[prepare a SET]", "[prepare warnings]", "[prepare about last]")
        for names in ("SET NAMES latin1 COLLATE latin1_german1_ci", "DO 0; SET NAMES latin1 COLLATE latin1_german1_ci")
    ),
    Found(
        "a collation by its name",
        "0> set names 'LATIN1' collate LATIN1_BIN;\n1> SET NAMES utf8 COLLATE utf8_bin\n0> SELECT COLLATION('a')\n"
        "1> SELECT COLLATION('a')",
    ),
    Found(
        "FOUND_ROWS() of a cursor",
        "0> [prepare rows]\n0> [open cursor]\n0> [fetch]\n0> [reset statement]\n1> SELECT 1\n0> SELECT FOUND_ROWS()",
    ),
    Found(
        "a text that is none",
        "0> SET @a = 'ünïcödé 😀'\n1> SELECT 1\n0> SELECT @a, HEX(@a)",
        "tracking with EOF packets, utf8mb3",
    ),
    Found(
        "the collation of a number",
        "0> SET @b = 4, @c = 1.5, @d = 1e0, @e = 2, @e = NULL\n"
        "0> SET NAMES utf8mb4 COLLATE utf8mb4_bin\n0> SET @f = 7\n"
        "1> SELECT 1\n0> SELECT COLLATION(CONCAT(@b)), COLLATION(CONCAT(@c)), COLLATION(CONCAT(@d)), @e, @f\n"
        "0> SELECT COLLATION(CONCAT(@e)), COLLATION(CONCAT(@f)), @@collation_connection",
        "old, latin1",
    ),
    Found(
        "a list older than a table",
        "0> SELECT 1/0, 'x' + 1\n1> SELECT 1\n0> SHOW COLUMNS FROM orap_0.t\n0> [ping]\n0> USE orap_0\n1> SELECT 1\n"
        "0> SHOW WARNINGS",
    ),
    Found(
        "Forebay's own question warns",
        "1> CALL orap_1.p_into()\n0> SELECT 1\n1> CALL orap_1.p_into()\n0> CALL orap_0.p_found()\n0> SHOW WARNINGS",
    ),
    Found("prepared to be assigned", "0> [prepare @a]\n1> SELECT 1\n0> SELECT @a\n1> SELECT @a"),
    Found(
        "sql_select_limit and Forebay's own questions",
        "0> SET sql_select_limit = 0\n0> CALL orap_0.p_unscoped()\n0> CALL orap_0.p_into()\n0> SET @x = 5\n"
        "1> SELECT 1\n0> SELEC 1\n1> SELECT 1\n0> GET DIAGNOSTICS CONDITION 1 @t = MESSAGE_TEXT\n"
        "0> SET sql_select_limit = 5\n0> SELECT @p, @q, @@time_zone, @x, @t",
        only="mariadb",
    ),
    Found(
        "no file is offered",
        "0> LOAD DATA LOCAL INFILE 'rows' INTO TABLE orap_0.t (n, s)\n1> SELECT 1\n0> SHOW WARNINGS",
        "old",
    ),
    Found(
        "the id of a file's rows",
        "0> LOAD DATA LOCAL INFILE 'rows' INTO TABLE orap_0.t (n, s)\n1> SELECT 1\n0> SELECT LAST_INSERT_ID()",
    ),
    Found("a file", "0> LOAD DATA LOCAL INFILE 'doubtful' INTO TABLE orap_0.t (n, s)\n1> SELECT 1\n0> SHOW WARNINGS"),
    Found(
        "a SET that MariaDB tells in part, once more",
        "0> SET @@auto_increment_increment = 3, auto_increment_offset = 2\n0> [reset]\n"
        "0> SET @@auto_increment_increment = 3, auto_increment_offset = 2\n0> SHOW VARIABLES LIKE 'auto_inc%'",
    ),
    Found("FOUND_ROWS() after a reset", "0> CALL orap_0.p_two()\n0> [reset]\n1> SELECT 1\n0> SELECT FOUND_ROWS()"),
    Found(
        "FOUND_ROWS() of a transaction after a reset",
        "0> BEGIN\n0> SELECT SQL_CALC_FOUND_ROWS id FROM orap_0.t LIMIT 1\n0> [reset]\n0> SELECT FOUND_ROWS()",
    ),
    Found("FOUND_ROWS() after a new user", "0> SELECT 1 UNION SELECT 2\n0> [change user]\n0> SELECT FOUND_ROWS()"),
    Found("counted rows after a new user", "0> SELECT 1\n1> SELECT 1\n0> [change user]\n0> SELECT FOUND_ROWS()"),
    Found(
        "an execution asks for a count of before",
        "0> UPDATE orap_0.t SET n = n + 1\n1> SELECT 1\n0> [prepare about last]\n0> [execute]\n0> [execute]",
    ),
    Found(
        "an execution with parameters asks for a count of before",
        "0> UPDATE orap_0.t SET n = n + 1\n1> SELECT 1\n0> [prepare about last, too]\n0> [execute x]\n"
        "0> [execute without types]",
    ),
    Found(
        "an execution asks for warnings of before",
        "0> SELECT 1/0, 'x' + 1\n1> SELECT 1\n0> [prepare warnings]\n0> [execute]\n0> [execute]",
    ),
    Found(
        "the collation of a parameter",
        "0> SET NAMES latin1 COLLATE latin1_bin\n0> [prepare]\n0> SET NAMES latin1\n1> SELECT 1\n0> [execute x]",
    ),
    Found(
        "the collation of a parameter since the login",
        "0> [prepare]\n0> SET character_set_results = NULL\n1> SELECT 1\n0> [execute x]\n"
        "0> SET character_set_client = utf8mb4\n1> SELECT 1\n0> [execute x]",
        "no EOF packets, no tracking",
    ),
    Found(
        "a prepared statement whose schema the client has left for none",
        "0> [prepare]\n0> CREATE DATABASE orap_0_c\n0> USE orap_0_c\n0> DROP DATABASE orap_0_c\n0> [execute x]\n"
        "1> SELECT 1\n0> [execute x]\n0> SELECT DATABASE()",
    ),
    Found(
        "a schema's character set after a reset",
        "0> [reset]\n0> SELECT @@collation_database\n1> SELECT @@collation_database\n"
        "0> SHOW VARIABLES LIKE '%database'\n"
        "0> LOAD DATA LOCAL INFILE 'rows' INTO TABLE orap_0.t (n, s)\n0> SELECT HEX(s) FROM orap_0.t\n"
        "0> USE nowhere\n1> SELECT 1\n0> SELECT @@collation_database\n"
        "0> USE orap_0\n1> [reset]\n1> SELECT @@collation_database\n0> SELECT @@collation_database\n"
        "0> [reset]\n0> [schema]\n1> SELECT @@collation_database\n0> SELECT @@collation_database",
    ),
    Found(
        "an error of Forebay's own before several statements",
        "0> [execute nothing]\n0> BEGIN; DELETE FROM orap_0.t; ROLLBACK; SELECT COUNT(*) FROM orap_0.t\n"
        "0> SHOW WARNINGS",
    ),
    Found(
        "values for one statement",
        "0> [prepare rows]\n0> SET STATEMENT sql_mode = 'ANSI_QUOTES', group_concat_max_len = 9 FOR SELECT \"id\"\n"
        "0> [execute]\n0> SET STATEMENT sql_mode = 'ANSI_QUOTES' FOR SELECT \"id\"\n0> [ping]\n"
        "0> SET STATEMENT group_concat_max_len = 9 FOR SET sql_select_limit = 2\n1> SELECT 1\n"
        "0> SELECT @@sql_mode, @@group_concat_max_len, @@sql_select_limit\n"
        "0> SET STATEMENT sql_mode = '' FOR CALL orap_0.p_mode()\n1> SELECT 1\n0> SELECT @@sql_mode",
        only="mariadb",
    ),
    Found(
        "questions in another dialect",
        "0> SELECT CAST('7x' AS SIGNED)\n1> SELECT 1\n0> SET sql_mode = 'ORACLE'\n0> [again]\n"
        "0> SELECT CAST('7x' AS SIGNED)\n1> SELECT 1\n0> SET sql_mode = 'ORACLE'\n0> SHOW WARNINGS\n"
        "0> GET DIAGNOSTICS CONDITION 1 @t = MESSAGE_TEXT\n0> SELECT @t",
        only="mariadb",
    ),
    Found(
        "no room for conditions",
        "0> SET max_error_count = 0\n0> SELEC 1\n0> [ping]\n0> SELECT 1/0\n0> [execute nothing]\n0> [ping]\n"
        "0> SHOW WARNINGS\n0> SET max_error_count = 1\n0> SELECT 1/0, 2/0\n0> [execute nothing]\n0> [ping]\n"
        "0> SHOW WARNINGS\n0> SELECT 1/0, 2/0\n0> [execute nothing]\n1> SELECT 1\n"
        "0> SELECT @@warning_count, @@error_count",
    ),
    Found(
        "errors that are counted without a row",
        "0> SET max_error_count = 0\n0> SELEC 1\n1> SELECT 1\n0> SELECT @@warning_count, @@error_count\n"
        "0> SELECT ~0 + ~0, 1/0\n1> SELECT 1\n0> SELECT @@warning_count, @@error_count\n1> SELECT 1\n"
        "0> SELECT @@warning_count, @@error_count\n0> SET max_error_count = max_error_count\n1> SELECT 1\n"
        "0> SELECT @@warning_count, @@error_count\n1> SELECT 1\n0> SHOW ERRORS\n0> SET max_error_count = 1\n"
        "0> SELECT 1/0, 2/0, ~0 + ~0\n1> SELECT 1\n0> SELECT @@warning_count, @@error_count\n1> SELECT 1\n"
        "0> SHOW WARNINGS\n0> SELECT 1/0, 2/0, ~0 + ~0\n0> [execute nothing]\n1> SELECT 1\n0> SHOW COUNT(*) ERRORS\n"
        "1> SELECT 1\n0> SELECT FOUND_ROWS()",
    ),
    Found(
        "an execution with query attributes that asks for ROW_COUNT()",
        "0> INSERT INTO orap_0.t (n) VALUES (1)\n0> [prepare about last]\n0> [execute]",
        "rich, query attributes",
    ),
    Found(
        "a condition of an execution, and a SET that is answered here",
        "1> SET NAMES utf8mb4\n0> [prepare an INSERT]\n0> [execute 1]\n0> SET NAMES utf8mb4\n"
        "0> GET DIAGNOSTICS CONDITION 1 @state = RETURNED_SQLSTATE, @text = MESSAGE_TEXT, @number = MYSQL_ERRNO\n"
        "0> SELECT @state",
    ),
    Found(
        "a schema that is not there, after two errors",
        "0> SELECT 1\n0> [execute nothing]\n0> [execute nothing]\n0> [schema nowhere]\n0> SELECT @@error_count\n"
        "0> [execute nothing]\n0> [execute nothing]\n1> SELECT 1\n0> [schema nowhere]\n0> SHOW WARNINGS\n"
        "0> [execute nothing]\n0> [execute nothing]\n1> SELECT 1\n0> [fields of nothing]\n0> SELECT @@error_count",
    ),
    Found(
        "FOUND_ROWS() after an UPDATE of two tables",
        "0> UPDATE orap_0.t x STRAIGHT_JOIN orap_0.u y ON x.id = y.id SET x.n = 9\n0> SELECT FOUND_ROWS()\n"
        "0> UPDATE orap_0.t x STRAIGHT_JOIN orap_0.u y ON x.id = y.id SET x.n = 8\n1> SELECT 1\n0> SELECT FOUND_ROWS()",
    ),
    Found(
        "warnings of Forebay's own",
        "0> SELECT orap_0.f_id(55)\n1> SELECT 1\n0> SELECT orap_0.f_id(55)\n0> SET alter_algorithm = 'INPLACE'\n"
        "1> SELECT 1\n1> SHOW WARNINGS\n0> SHOW WARNINGS\n0> SELECT @@alter_algorithm, @@old_alter_table\n"
        "0> SET storage_engine = 'MyISAM'\n1> SELECT 1\n0> SELECT @@default_storage_engine\n"
        "0> SET default_storage_engine = 'Aria'\n1> SELECT 1\n1> SHOW WARNINGS\n0> SHOW WARNINGS\n"
        "0> SELECT @@storage_engine",
        only="mariadb",
    ),
    Found(
        "deprecated variables",
        "0> SET multi_range_count = 17\n1> SELECT 1\n0> SELECT 1\n1> SHOW WARNINGS\n0> SELECT 1\n0> SHOW WARNINGS",
        only="mariadb",
    ),
    Found(
        "a kept message in another character set",
        "0> SELECT @Ä + / 1\n0> SET NAMES latin1\n1> SELECT 1\n0> SHOW STATUS LIKE 'x'\n0> SET CHARSET utf8mb4\n"
        "1> SELECT 1\n0> SHOW WARNINGS",
        "old, latin1",
    ),
    Found(
        "an assignment that failed behind its character set",
        "0> SET @q = x'00FF', @r = 5, @s = 'text'\n0> SET @q = '', @r = '', @s = x'', sql_mode = 'NONSENSE'\n"
        "1> SELECT 1\n0> SELECT @q, HEX(@q), COLLATION(@q), @r, @s, COLLATION(@s)\n0> SET NAMES utf8mb4\n"
        "1> SET @q = _utf8mb4 'x' COLLATE utf8mb4_bin\n0> SELECT @q, COLLATION(@q)\n"
        "0> SET @q = '', sql_mode = 'NONSENSE'\n1> SELECT @q\n0> SELECT HEX(@q), COLLATION(@q), FOUND_ROWS()",
        "tracking with EOF packets, utf8mb3",
    ),
    Found(
        "a USE that was prepared without a schema",
        "0> [prepare a USE]\n0> [execute]\n0> SELECT DATABASE()\n0> USE orap_0\n0> [execute]\n1> SELECT 1\n"
        "0> SELECT DATABASE()\n0> [close]",
        "rich, no schema",
    ),
    Found(
        "counts of conditions in another dialect",
        "0> SET sql_mode = 'ORACLE'\n0> KILL QUERY 0\n0> SHOW COUNT(*) WARNINGS\n0> KILL QUERY 0\n"
        "0> SHOW VARIABLES LIKE '%\\_count'",
        only="mariadb",
    ),
    Found(
        "status flags that a routine leaves behind",
        "0> SET sql_mode = 'ANSI_QUOTES'\n0> CALL orap_0.p_mode()\n0> [prepare]\n0> SET sql_mode = ''\n"
        "0> CALL orap_0.p_mode()\n0> [execute x]\n0> [ping]\n1> SELECT 1\n0> SET STATEMENT sql_mode = '' FOR DO 0\n"
        "0> [ping]\n0> CALL orap_0.p_mode()\n0> SET time_zone = '+06:00'\n1> SELECT 1\n0> [execute x]\n0> [reset]\n"
        "0> CALL orap_0.p_mode()\n0> [again]\n0> [ping]",
        only="mariadb",
    ),
    Found(
        "a SET that no tracker tells, before a statement that was prepared under another value",
        "0> SET @@sql_mode = 'ANSI_QUOTES'\n0> [prepare]\n0> SET @@sql_mode = ''\n0> [execute x]\n"
        "0> SELECT @@sql_mode\n0> SELECT 1/0\n0> SET @@sql_mode = 'PIPES_AS_CONCAT'\n0> [execute x]\n"
        "0> SELECT @@sql_mode, 'a' || 'b', ROW_COUNT(), FOUND_ROWS()\n0> SELECT 1 / 0, 'x' + 1\n"
        "0> SET @@div_precision_increment = 2\n0> [prepare rows]\n0> SHOW WARNINGS\n0> [execute]\n"
        "1> SELECT @@sql_mode, @@div_precision_increment\n0> SELECT @@div_precision_increment",
    ),
    Found(
        "a prepared question about the last statement, behind a SET that no tracker tells",
        "0> [prepare warnings]\n0> SET @@collation_server = 'latin1_bin'\n0> SELECT missing FROM orap_0.t\n"
        "0> [execute]\n0> [execute]",
    ),
    Found(
        "a SET NAMES that failed while autocommit was off",
        "0> SET autocommit = 0\n0> INSERT INTO orap_0.t (n) VALUES (7)\n0> SET character_set_connection = 'utf8mb3'\n"
        "0> SET NAMES latin1 COLLATE utf8mb4_unicode_ci\n0> ROLLBACK\n1> SELECT 1\n0> SELECT COLLATION('a'), 'a'",
        "old, latin1",
    ),
    Found(
        "the schema that a routine's error leaves, told late",
        "0> CREATE TEMPORARY TABLE orap_0.t (a INT)\n0> CALL orap_0.p_two()\n0> SELECT 1\n0> CALL orap_0.p_two()\n"
        "0> USE orap_0_b\n0> CALL orap_0.p_two()\n0> [ping]\n0> CALL orap_0.p_two()\n0> SELEC 1\n0> SELECT 1\n"
        "0> CALL orap_0.p_two()\n0> SET time_zone = '+06:00'\n0> CALL orap_0.p_two()\n0> [reset]\n0> SELECT 1",
        "rich, no schema",
    ),
    Found(
        "the schema that the error of a routine leaves behind a result",
        "0> RENAME TABLE orap_0.t TO orap_0.renamed\n"
        + "".join(
            f"0> CALL orap_0.p_two()\n0> {then}\n0> SET time_zone = '+0{hour}:00'\n"
            for hour, then in enumerate(
                (
                    "SET @a = 1",
                    "SET div_precision_increment = 7",
                    "BEGIN; COMMIT",
                    "[ping]",
                    "USE orap_0_b",
                    "CALL orap_0.p_set(1)",
                    "SELECT 1; CALL orap_0.p_two()",
                )
            )
        )
        + "0> USE orap_0_b; CALL orap_0.p_two()\n0> [reset]\n1> SELECT 1\n0> SELECT DATABASE()\n1> USE orap_0\n"
        "0> CALL orap_0.p_two()\n0> [again]\n1> SELECT DATABASE()\n0> RENAME TABLE orap_0.renamed TO orap_0.t",
        "rich, no schema",
    ),
    Found(
        "questions about the statement before, which may be two statements, of who allows one",
        "".join(
            f"{before}0> {statement}\n{between}0> {question}; -- c\n"
            for statement in ("INSERT INTO orap_0.t (n) VALUES (1), (2)", "DO 0", "SELECT 1/0, 'x' + 1", "[ping]")
            for question in (
                "SELECT ROW_COUNT(), FOUND_ROWS()",
                "SHOW WARNINGS",
                "GET DIAGNOSTICS @r = ROW_COUNT, @n = NUMBER",
                "SELECT @r, @n, @@warning_count",
            )
            for before, between in (("", "1> SELECT 1; SELECT 2\n"), ("1> SELECT 1; SELECT 2\n", ""))
        )
        + "0> SET sql_mode = 'ORACLE'\n1> SELECT 1; SELECT 2\n0> SELECT ROW_COUNT()",
        "rich, one statement at a time",
    ),
    *(
        Found(
            f"what a routine has set unseen, and {what}",
            f"1> SELECT 1\n0> SELECT 1\n0> {before}\n0> CALL orap_0.p_unscoped()\n0> {then}\n"
            "0> SELECT @@time_zone, @@div_precision_increment\n1> SELECT @@time_zone\n"
            "0> SELECT @@time_zone, @@div_precision_increment",
        )
        for what, before, then in (
            (
                "a default schema that is dropped",
                "[prepare a SET]\n0> [execute]",
                "CREATE DATABASE orap_0_c\n0> USE orap_0_c\n0> DROP DATABASE orap_0_c",
            ),
            ("a statement that is prepared again", "[prepare]\n0> SET time_zone = '+05:00'", "[execute x]"),
            (
                "what others prepare",
                "DO 0\n1> USE orap_0",
                "[prepare a division]\n1> [prepare a division]\n1> [execute]",
            ),
        )
    ),
    Found(
        "a variable that a prepared SET has assigned, when the schema is dropped",
        "0> [prepare @a]\n0> [execute x]\n0> CREATE DATABASE orap_0_c\n0> USE orap_0_c\n0> DROP DATABASE orap_0_c\n"
        "0> SELECT @a, CHARSET(@a), COLLATION(@a)\n0> [execute x]\n1> SELECT 1\n0> SELECT @a, CHARSET(@a)",
    ),
    Found(
        "a CALL that was prepared without a schema, and the schema that was selected since is dropped",
        "0> [prepare a CALL]\n0> CREATE DATABASE orap_0_c\n0> USE orap_0_c\n0> DROP DATABASE orap_0_c\n0> [execute 2]\n"
        "1> SELECT 1\n0> SHOW WARNINGS",
        "rich, no schema",
    ),
    Found(
        "a SET behind one for a statement",
        "0> SET div_precision_increment = 2\n0> SET STATEMENT div_precision_increment = 3 FOR SELECT 1/3\n"
        "0> SET sql_select_limit = 77\n1> SET sql_select_limit = 77\n1> SELECT 1/3, @@div_precision_increment\n"
        "0> CALL orap_0.p_unscoped()\n0> SET STATEMENT div_precision_increment = 3 FOR SELECT 1/3\n"
        "0> SET sql_select_limit = 78\n1> SET sql_select_limit = 78\n1> SELECT 1/3, @@div_precision_increment",
        only="mariadb",
    ),
    Found(
        "a SET that was prepared under another schema, and the same as text",
        "0> [prepare a SET]\n0> USE orap_0_b\n0> [execute]\n1> SET time_zone = '+06:00'\n1> SELECT DATABASE()",
    ),
    Found(
        "the collation without a schema that was dropped",
        "0> SET collation_server = 'latin1_bin'\n0> CREATE DATABASE orap_0_c\n0> USE orap_0_c\n"
        "0> DROP DATABASE orap_0_c\n1> SELECT @@collation_database\n0> SELECT @@collation_database\n1> SELECT 1\n"
        "0> SET collation_server = 'latin1_german1_ci'\n0> SELECT @@collation_database, @@collation_server\n"
        "1> SELECT @@collation_database\n0> [schema]\n0> SELECT @@collation_database",
    ),
    *(
        Found(
            f"FOUND_ROWS() after {question}",
            f"1> DO 0\n0> SELECT 1 UNION SELECT 2\n1> SELECT 1 UNION SELECT 2 UNION SELECT 3\n0> {question}\n"
            "0> SELECT FOUND_ROWS()\n0> SELECT 1 UNION SELECT 2\n1> SELECT 1 UNION SELECT 2 UNION SELECT 3\n"
            f"0> {question}\n1> SELECT 1\n0> SELECT FOUND_ROWS()",
        )
        for question in (
            "SELECT id, orap_0.f_set(IF(id > 2, 2000000000, id)) FROM orap_0.t ORDER BY id",
            "SELECT ~0 + ~0",
            "SELECT (SELECT 1 UNION SELECT 2)",
            "SELECT missing FROM orap_0.t",
            "SELEC",
        )
    ),
    Found(
        "FOUND_ROWS() behind a function that failed",
        "0> [prepare an INSERT]\n0> [execute 1]\n"
        + "\n".join(
            f"0> CALL orap_0.p_two()\n{before}0> SELECT 1\n{between}0> SELECT orap_0.f_insert(5)\n"
            f"{behind}0> SELECT FOUND_ROWS()"
            for before, between, behind in _AWAY
        ),
    ),
    *(
        Found(
            f"FOUND_ROWS() and what counts late, {number}",
            "\n".join(
                f"0> SELECT 1 UNION SELECT 2\n{before}0> {counts}\n{between}0> {then}\n{behind}0> SELECT FOUND_ROWS()"
                for before, between, behind in _AWAY
                for then in (
                    "INSERT INTO orap_0.t (n) VALUES (1)",
                    "UPDATE orap_0.t SET n = 1 WHERE 0",
                    "CALL orap_0.p_insert(2)",
                    "DO 0",
                    "COMMIT",
                )
            ),
        )
        for number, counts in enumerate(
            (
                "UPDATE orap_0.t SET n = 1 + 10000000000 * (id > 2)",
                "UPDATE orap_0.t SET n = missing",
                "SET @a = (SELECT 1 FROM orap_0.t WHERE id = 99)",
                "CREATE TABLE orap_0.made_1 AS SELECT 1 a UNION SELECT 2 UNION SELECT 3; DROP TABLE orap_0.made_1",
            )
        )
    ),
    *(
        Found(
            f"FOUND_ROWS() and what counts late, behind {then}",
            "\n".join(
                "0> SELECT 1 UNION SELECT 2\n0> SET @a = 1 > ALL (SELECT 0 UNION ALL SELECT 2 UNION ALL SELECT 3)\n"
                f"{before}0> {then}\n{between}0> DROP TABLE IF EXISTS orap_0.made_1\n0> CALL orap_0.p_insert(2)\n"
                f"{behind}0> SELECT FOUND_ROWS()"
                for before, between, behind in _AWAY
            ),
        )
        for then in (
            "SHOW CREATE TABLE orap_0.t",
            "SHOW WARNINGS",
            "SHOW COUNT(*) WARNINGS",
            "CHECKSUM TABLE orap_0.t",
            "HELP 'nothing'",
            "EXPLAIN SELECT 1",
            "UPDATE orap_0.t SET n = 1 WHERE 0",
            "UPDATE orap_0.t SET n = 1 WHERE id = 1",
            "SELECT 1 UNION SELECT 2",
            "SELECT missing",
        )
    ),
    Found(
        "FOUND_ROWS() behind what counted late, when the insert id comes after",
        "0> USE orap_1\n0> INSERT INTO orap_0.t (n) VALUES (1)\n1> SELECT 1\n"
        "0> CREATE TABLE orap_0.made_1 AS SELECT 1 a UNION SELECT 2 UNION SELECT 3\n1> SELECT 1\n0> SELECT 1/0\n"
        "0> INSERT INTO orap_0.t (n) VALUES (1)\n0> SELECT FOUND_ROWS()",
        "rich, no schema",
    ),
    Found(
        "FOUND_ROWS() after an UPDATE that looked at nothing, behind somebody else who found nothing",
        "\n".join(
            f"0> SELECT 1\n1> SELECT 1 FROM DUAL WHERE 0\n{between}0> {update}\n{behind}0> SELECT FOUND_ROWS()"
            for between in ("", "1> [again]\n", "0> INSERT INTO orap_0.t (n) VALUES (1)\n")
            for behind in ("", "1> SELECT 1 UNION SELECT 2\n")
            for update in (
                "UPDATE orap_0.t SET n = 1 WHERE 0",
                "UPDATE orap_0.t SET n = 1 WHERE id = 2.5",
                "UPDATE orap_0.t SET n = 1 WHERE id = 777",
            )
        ),
    ),
    Found(
        "a prepared statement whose schema the client has left for none, with a pin",
        "0> SELECT orap_0.f_set(id) FROM orap_0.t\n0> [prepare an UPDATE]\n0> CREATE DATABASE orap_0_c\n"
        "0> USE orap_0_c\n0> DROP DATABASE orap_0_c\n0> [execute for none]\n1> SELECT 1\n0> [execute for none]\n"
        "0> SELECT DATABASE()",
    ),
    Found(
        "prepared statements that need the schema which the client has dropped",
        "0> [prepare rows of t]\n1> [prepare rows of t]\n0> SELECT orap_0.f_set(id) FROM orap_0.t\n"
        "0> CREATE DATABASE orap_0_c\n0> USE orap_0_c\n0> DROP DATABASE orap_0_c\n0> [execute]\n1> SELECT 1\n"
        "0> SELECT DATABASE()\n0> BEGIN\n"
        "0> [execute]\n0> COMMIT\n0> USE orap_0_b\n0> [execute]\n0> [close]\n1> SELECT 1\n0> SELECT DATABASE()",
    ),
    Found(
        "a collation that is not known, and conditions, when a schema is dropped",
        "0> [prepare rows of t]\n0> CREATE DATABASE orap_0_c\n0> SET CHARACTER SET latin1\n0> DROP DATABASE orap_0_c\n"
        "0> SELECT DATABASE()\n0> CREATE DATABASE orap_0_c\n0> USE orap_0_c\n0> SET CHARACTER SET latin1\n"
        "0> DROP DATABASE orap_0_c\n0> SELECT DATABASE()\n0> [execute]\n0> [close]\n0> USE orap_0\n"
        "0> [prepare rows of t]\n0> CREATE DATABASE orap_0_c\n0> USE orap_0_c\n0> SELECT 1/0\n"
        "0> DROP DATABASE orap_0_c\n0> SHOW WARNINGS",
    ),
    Found(
        "a SET that warned where no warning is given",
        "0> SET max_error_count = 0\n0> SET NAMES utf8mb3\n1> SET NAMES utf8mb3\n1> SHOW WARNINGS",
    ),
    Found(
        "a collation that several statements choose",
        "0> [prepare]\n0> SET NAMES latin1; SET NAMES utf8mb4 COLLATE utf8mb4_bin; SELECT COLLATION('a')\n"
        "0> [execute x]\n0> SELECT 'a'\n1> SELECT 1\n0> SELECT 'a'\n"
        "0> SET NAMES utf8mb4 COLLATE utf8mb4_bin; SET NAMES latin1\n0> [execute x]\n0> SELECT 'a'\n1> SELECT 1\n"
        "0> SELECT 'a'",
    ),
    Found(
        "warnings beside an error, told once more",
        "0> [fields of nothing]\n0> [ping]\n0> SET max_allowed_packet = 5\n0> [ping]\n0> SELECT 1/0, 2/0, ~0 + ~0\n"
        "1> SELECT 1\n0> [schema]\n"
        "0> SELECT 1/0, ~0 + ~0\n0> [schema]\n0> SELECT 1/0, ~0 + ~0\n0> [multi on]\n0> [ping]\n1> SELECT 1\n"
        "0> [ping]\n0> [schema nowhere]\n0> [ping]\n0> SHOW WARNINGS\n0> [ping]",
    ),
    Found(
        "warnings at the beginning of a session",
        "1> SET @a = 1\n0> [change user]\n0> SHOW WARNINGS",
        "tracking with EOF packets, utf8mb3",
    ),
    Found(
        "no room for conditions, which no tracker tells",
        "0> SET @@max_error_count = 0\n0> [execute nothing]\n0> SHOW WARNINGS",
    ),
    Found(
        "a list from before there was no room for conditions",
        "0> USE nowhere\n1> SELECT 1\n0> SELECT ROW_COUNT()\n1> SELECT 1\n0> SET max_error_count = 0\n0> DO 0\n"
        "1> SELECT 1\n0> SELECT @@warning_count, @@error_count\n1> SELECT 1\n0> SHOW WARNINGS\n0> SHOW WARNINGS\n"
        "0> INSERT INTO orap_0.t (n) VALUES (2)\n1> SELECT 1\n0> SHOW COUNT(*) WARNINGS",
    ),
    Found(
        "no room for what a SIGNAL gives",
        "0> SET max_error_count = 0\n0> SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'bad'\n1> SELECT 1\n"
        "0> SHOW COUNT(*) WARNINGS\n0> SELECT missing\n0> [ping]\n0> SELEC 1\n0> [ping]\n0> CALL orap_0.p_fail(1)\n"
        "0> [multi on]\n1> SELECT 1\n0> SHOW COUNT(*) ERRORS",
    ),
    Found(
        "a text that is none as a literal",
        "0> SET character_set_connection = 'utf8mb3'\n0> SET @b = 'ünïcödé 😀'\n1> SELECT 1\n"
        "0> SET character_set_results = 'latin1'\n0> SELECT @b",
    ),
    Found(
        "the number of several errors",
        "0> [execute nothing]\n0> [execute nothing]\n0> SHOW COUNT(*) ERRORS\n0> SELEC 1\n0> [execute nothing]\n"
        "1> SELECT 1\n0> SHOW COUNT(*) ERRORS\n0> show count(*) errors; SELECT FOUND_ROWS()\n0> SHOW WARNINGS",
    ),
)


@pytest.fixture(scope="module", params=("mariadb", "mysql"))
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    try:
        with open_world(request.param, CLIENTS) as world, world.forebay(1):
            yield world
    except servers.Unavailable as missing:
        pytest.skip(str(missing))


def case(found: Found) -> Case:
    turns = []
    for line in found.text.splitlines():
        client, _, text = line.partition("> ")
        turns.append(Turn(int(client), _COMMANDS.get(text) or s.Query("", text.encode())))
    return Case(0, (_KINDS[found.kind], _KINDS["rich"]), tuple(turns))


@pytest.mark.parametrize("found", FOUND, ids=[found.name for found in FOUND])
def test_it_is_the_same_now(world: World, found: Found) -> None:
    flavour = world.server.flavour
    if found.only not in ("", flavour):
        return
    small = case(found)
    different = differences(world, small)
    if different:
        pytest.fail("\n".join(report.difference_lines(flavour, small, first(small, different))), pytrace=False)
