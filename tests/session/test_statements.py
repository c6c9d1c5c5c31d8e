"""Rows of text and the traits it must have, all of them and no other."""

from __future__ import annotations

import pytest

from proxy.session import statements, words
from proxy.session.statements import INTERESTING, READ_ONLY, Traits, mode_of, traits

PLAIN = mode_of("", "utf8mb4", False)
MARIA = mode_of("", "utf8mb4", True)
ANSI = mode_of("ANSI_QUOTES", "utf8mb4", False)


def flags(found: Traits) -> str:
    """The flags by name, but for RECOUNTS, which has a test of its own."""
    return " ".join(words.names(found.flags & ~words.RECOUNTS))


QUESTIONS = [
    "SELECT 1",
    "select c from t where id = 1",
    "SELECT c FROM sbtest1 WHERE id=5041;",
    "SELECT t.temporary, t.lock, t.into FROM t",
    "SELECT `update`, `into` FROM `lock`",
    "SELECT COUNT(*), SUM(a), IFNULL(b, 0) FROM t GROUP BY c HAVING COUNT(*) > 1",
    "SELECT * FROM t WHERE a IN (1,2,3) AND (b) AND NOT (c) OR EXISTS (SELECT 1 FROM u)",
    "SELECT 'SET @x = 1; SELECT GET_LOCK(1)'",
    'SELECT "@x := 1"',
    "SELECT 1 -- @x := 1",
    "SELECT 1 # @x := 1",
    "SELECT /* @x := 1 */ 1",
    "SELECT 5--1",
    "(SELECT 1)",
    "((SELECT 1) UNION (SELECT 2))",
    "WITH c AS (SELECT 1) SELECT * FROM c",
    "VALUES ROW(1), ROW(2)",
    "TABLE t",
    "SHOW TABLES",
    "SHOW GLOBAL VARIABLES LIKE 'x'",
    "SHOW CREATE TABLE t",
    "SHOW STATUS",
    "EXPLAIN SELECT 1",
    "DESC t",
    "DESCRIBE t c",
    "SELECT NOW(), CURRENT_TIMESTAMP(6), DATE_ADD(a, INTERVAL 1 DAY)",
    "SELECT @@version_comment LIMIT 1",
    "SELECT @@session.auto_increment_increment AS a, @@character_set_client AS b",
    "SELECT a.identity, warning_count FROM a",
    "SELECT last_insert_id2, get_lock FROM t",
    "SELECT N'@x', _utf8'@x', x'40', b'1', 0x40, 1e5, .5, 1.5e-3",
    "SELECT 'a' 'b', 'it''s', 'it\\'s', \"\"\"@x\"",
    "SELECT value, next, previous FROM t",
    "SELECT JSON_EXTRACT(a, '$.b') FROM t WHERE c->>'$.d' = 'x'",
    "SELECT CAST(a AS DECIMAL(10,2)), CONVERT(b USING utf8mb4) FROM t PARTITION (p0) USE INDEX (i)",
    "SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) FROM t",
    "SELECT a.`b`.c FROM `a`.b",
    "  \n\t SELECT 1 ;; ; ",
    "/* traceparent='00-abc' */ SELECT 1",
    "/*! SELECT */ 1",
    "/*!40101 SELECT 1 */",
    "SELECT /*!40001 SQL_NO_CACHE */ * FROM t",
    "SELECT /*+ MAX_EXECUTION_TIME(1000) INDEX(`t` `i`) */ 1",
    "SELECT /*+ QB_NAME(`it's`) */ 1",
]

WRITES = [
    "INSERT INTO t (a, b) VALUES (1, 'x'), (2, NOW())",
    "INSERT INTO s.t(a,b) VALUES (1,2) ON DUPLICATE KEY UPDATE a=VALUES(a)",
    "INSERT INTO t SELECT * FROM u",
    "REPLACE INTO t (a) VALUES (1)",
    "UPDATE t SET a = 1 WHERE b IN (1,2)",
    "DELETE FROM t WHERE a = 'b'",
    "SELECT * FROM t FOR UPDATE",
    "SELECT * FROM t FOR SHARE",
    "SELECT * FROM t LOCK IN SHARE MODE",
    "SELECT * INTO OUTFILE '/tmp/x' FROM t",
    "SELECT SLEEP(1)",
    "WITH c AS (SELECT 1) DELETE FROM t",
    "WITH c AS (SELECT 1) UPDATE t SET a = 1",
    "CREATE TABLE t (a INT, KEY k (a), b VARCHAR(10) DEFAULT (UUID()))",
    "CREATE INDEX i ON t (a)",
    "ALTER TABLE t ADD INDEX i (a)",
    "TRUNCATE TABLE t",
    "OPTIMIZE TABLE t",
    "EXPLAIN ANALYZE SELECT 1",
    "EXPLAIN DELETE FROM t",
    "GRANT SELECT (a), INSERT ON s.* TO 'u'@'%'",
    "CREATE USER 'a'@'b' IDENTIFIED BY 'c@d'",
    "CREATE USER `a`@`b`",
    "DROP VIEW v",
    "FLUSH PRIVILEGES",
    "ANALYZE TABLE t",
    "PURGE BINARY LOGS BEFORE NOW()",
    "CACHE INDEX t (k) IN c",
    "SET STATEMENT max_statement_time = 1 FOR SELECT 1",
    "START REPLICA",
    "DO 1",
    "SIGNAL SQLSTATE '45000'",
    "",
    "  ",
    "/* nothing */",
    ";",
]

TRAITS = [
    # user variables
    ("SELECT @x", "USER_VARIABLE"),
    ("SELECT @x, @X, @`x`, @'x', @\"x\"", "USER_VARIABLE"),
    ("SELECT @x:=1", "USER_VARIABLE ASSIGNS_VARIABLE"),
    ("SELECT @x /* */ := 1", "USER_VARIABLE ASSIGNS_VARIABLE"),
    ("SELECT 1 INTO @x", "USER_VARIABLE ASSIGNS_VARIABLE"),
    ("SELECT 1.5INTO@x", "USER_VARIABLE ASSIGNS_VARIABLE"),
    ("SELECT 1e5INTO @x", "USER_VARIABLE ASSIGNS_VARIABLE"),
    ("SELECT a, b INTO @x, @y FROM t", "USER_VARIABLE ASSIGNS_VARIABLE"),
    ("UPDATE t SET a = @x", "USER_VARIABLE"),
    ("UPDATE t SET a = @x := a + 1", "USER_VARIABLE ASSIGNS_VARIABLE"),
    ("SET @x = 1", "USER_VARIABLE ASSIGNS_VARIABLE SETS"),
    ("SET a = @x", "USER_VARIABLE SETS"),
    ("SET @x = 1, autocommit = 1", "USER_VARIABLE ASSIGNS_VARIABLE SETS"),
    ("CALL p(@x)", "USER_VARIABLE ASSIGNS_VARIABLE CALLS"),
    ("SELECT f(@x)", "USER_VARIABLE ASSIGNS_VARIABLE FUNCTION"),
    ("LOAD DATA INFILE 'f' INTO TABLE t (@x)", "USER_VARIABLE ASSIGNS_VARIABLE INSERT_ID"),
    ("LOAD DATA INFILE 'f' INTO TABLE t (a, b)", "INSERT_ID"),
    ("GET DIAGNOSTICS @x = NUMBER", "USER_VARIABLE ASSIGNS_VARIABLE DIAGNOSTICS"),
    ("EXPLAIN FORMAT=JSON INTO @x SELECT 1", "USER_VARIABLE ASSIGNS_VARIABLE"),
    ("CREATE TABLE t SELECT @x", "USER_VARIABLE ASSIGNS_VARIABLE DEFINES"),
    # what the last statement left
    ("SELECT LAST_INSERT_ID()", "INSERT_ID"),
    ("SELECT last_insert_id ( )", "INSERT_ID"),
    ("SELECT LAST_INSERT_ID/**/(5)", "INSERT_ID"),
    ("SELECT `last_insert_id`()", "INSERT_ID FUNCTION"),
    ("INSERT INTO t (a) VALUES (LAST_INSERT_ID())", "INSERT_ID"),
    ("SELECT @@identity", "INSERT_ID"),
    ("SELECT @@`identity`", "INSERT_ID"),
    ("SELECT @@session.last_insert_id", "INSERT_ID"),
    ("SELECT @@session . `insert_id`", "INSERT_ID"),
    ("SHOW VARIABLES", "INSERT_ID"),
    ("SHOW SESSION VARIABLES LIKE 'x'", "INSERT_ID"),
    ("SELECT FOUND_ROWS()", "FOUND_ROWS"),
    ("SELECT ROW_COUNT ()", "ROW_COUNT"),
    ("SELECT SQL_CALC_FOUND_ROWS * FROM t", "CALC_FOUND_ROWS"),
    ("SHOW WARNINGS LIMIT 1", "DIAGNOSTICS"),
    ("SHOW ERRORS", "DIAGNOSTICS"),
    ("SHOW COUNT(*) WARNINGS", "DIAGNOSTICS"),
    ("SELECT @@warning_count", "DIAGNOSTICS"),
    ("SELECT @@local.error_count", "DIAGNOSTICS"),
    # tables
    ("CREATE TEMPORARY TABLE t (a INT)", "TEMPORARY DEFINES"),
    ("DROP TEMPORARY TABLE t", "TEMPORARY DROPS_TABLE DEFINES"),
    ("DROP TABLE t", "DROPS_TABLE DEFINES"),
    ("ALTER TABLE t RENAME TO u", "RENAMES_TABLE DEFINES"),
    ("RENAME TABLE t TO u", "RENAMES_TABLE DEFINES"),
    ("LOCK TABLES t READ", "TABLE_LOCK"),
    ("LOCK TABLE t WRITE", "TABLE_LOCK"),
    ("UNLOCK TABLES", "TABLE_LOCK UNLOCKS_TABLES"),
    ("UNLOCK TABLES;", "TABLE_LOCK UNLOCKS_TABLES"),
    ("/* a */ unlock /* b */ table -- c", "TABLE_LOCK UNLOCKS_TABLES"),
    ("UNLOCK TABLES t", "TABLE_LOCK"),
    ("UNLOCK", "TABLE_LOCK"),
    ("LOCK INSTANCE FOR BACKUP", "TABLE_LOCK INSTANCE_LOCK"),
    ("UNLOCK INSTANCE", "TABLE_LOCK INSTANCE_LOCK UNLOCKS_INSTANCE"),
    ("BACKUP STAGE START", "TABLE_LOCK INSTANCE_LOCK"),
    ("FLUSH TABLES WITH READ LOCK", "TABLE_LOCK"),
    ("FLUSH TABLES t FOR EXPORT", "TABLE_LOCK"),
    ("FLUSH STATUS", "UNSURE"),
    # named locks
    ("SELECT GET_LOCK('a', 10)", "NAMED_LOCK TAKES_LOCK"),
    ("DO GET_LOCK('a', -1)", "NAMED_LOCK TAKES_LOCK"),
    ("SELECT GET_LOCK(a, 1) FROM t", "NAMED_LOCK TAKES_LOCK UNNAMED_LOCK"),
    ("SELECT GET_LOCK('a', 1) FROM t", "NAMED_LOCK TAKES_LOCK UNNAMED_LOCK"),
    ("SELECT GET_LOCK(?, 1)", "NAMED_LOCK TAKES_LOCK UNNAMED_LOCK"),
    ("SELECT s.GET_LOCK('a', 1)", "NAMED_LOCK TAKES_LOCK UNNAMED_LOCK FUNCTION"),
    ("SELECT `get_lock`('a', 1)", "NAMED_LOCK TAKES_LOCK UNNAMED_LOCK FUNCTION"),
    ("SELECT RELEASE_LOCK('a')", "NAMED_LOCK FREES_LOCK"),
    ("SELECT RELEASE_LOCK('a') FROM t", "NAMED_LOCK"),
    ("SELECT IF(0, RELEASE_LOCK('a'), 1)", "NAMED_LOCK"),
    ("SELECT RELEASE_LOCK('a') WHERE 0", "NAMED_LOCK"),
    ("SELECT RELEASE_LOCK('a'); SELECT 1", "NAMED_LOCK MULTI"),
    ("DO RELEASE_ALL_LOCKS()", "NAMED_LOCK FREES_ALL_LOCKS"),
    ("SELECT RELEASE_ALL_LOCKS() AS n", "NAMED_LOCK FREES_ALL_LOCKS"),
    ("SELECT RELEASE_ALL_LOCKS() UNION SELECT 1", "NAMED_LOCK"),
    ("SELECT GET_LOCK('a', 1), RELEASE_ALL_LOCKS()", "NAMED_LOCK TAKES_LOCK"),
    ("SELECT IS_USED_LOCK('a'), IS_FREE_LOCK('b')", "NAMED_LOCK"),
    # handlers, prepared statements
    ("HANDLER t OPEN", "HANDLER"),
    ("HANDLER t READ NEXT", "HANDLER"),
    ("PREPARE s FROM 'SELECT 1'", "TEXT_PREPARE"),
    ("PREPARE s FROM @x", "USER_VARIABLE TEXT_PREPARE"),
    ("EXECUTE s", "TEXT_PREPARE CALLS"),
    ("EXECUTE s USING @a", "USER_VARIABLE ASSIGNS_VARIABLE TEXT_PREPARE CALLS"),
    ("EXECUTE IMMEDIATE 'SELECT 1'", "TEXT_PREPARE CALLS UNSURE"),
    ("DEALLOCATE PREPARE s", "TEXT_PREPARE"),
    ("DROP PREPARE s", "TEXT_PREPARE DEFINES"),
    # SET
    ("SET autocommit = 1", "SETS SET_LITERAL"),
    ("SET SESSION sql_mode = 'ANSI', @@wait_timeout := -5, LOCAL a = ON", "SETS SET_LITERAL"),
    ("SET @@session.sql_mode = ''", "SETS SET_LITERAL"),
    ("SET `sql_mode` = ''", "SETS SET_LITERAL"),
    ("SET a = 1 + 1", "SETS"),
    ("SET a = (SELECT 1)", "SETS"),
    ("SET a = CONCAT('a', 'b'), b = 1", "SETS"),
    ("SET a = @@b", "SETS"),
    ("SET a = ?", "SETS"),
    ("SET a = f()", "SETS FUNCTION"),
    ("SET a = DEFAULT", "SETS SET_LITERAL SET_VARIES"),
    ("SET optimizer_switch = 'mrr=on'", "SETS SET_LITERAL SET_VARIES"),
    ("SET NAMES utf8mb4", "SETS SET_NAMES SET_LITERAL"),
    ("SET NAMES 'utf8mb4', autocommit = 1", "SETS SET_NAMES SET_LITERAL"),
    ("SET autocommit = 1, NAMES utf8mb4", "SETS SET_NAMES SET_LITERAL"),
    ("SET NAMES utf8mb4 COLLATE utf8mb4_bin", "SETS SET_NAMES COLLATES SET_LITERAL"),
    ("SET NAMES DEFAULT", "SETS SET_NAMES SET_LITERAL SET_VARIES"),
    ("SET CHARACTER SET latin1", "SETS SET_NAMES SET_LITERAL SET_VARIES"),
    ("SET CHARSET latin1", "SETS SET_NAMES SET_LITERAL SET_VARIES"),
    ("SET GLOBAL a = 1", "SETS SET_LITERAL SET_GLOBAL"),
    ("SET PERSIST a = 1", "SETS SET_LITERAL SET_GLOBAL"),
    ("SET @@persist_only.a = 1", "SETS SET_LITERAL SET_GLOBAL"),
    ("SET PASSWORD = 'x'", "SETS SET_PASSWORD"),
    ("SET PASSWORD FOR 'a'@'b' = 'x'", "SETS SET_PASSWORD"),
    ("SET ROLE r", "SETS ROLE"),
    ("SET ROLE ALL EXCEPT r, s", "SETS ROLE"),
    ("SET DEFAULT ROLE r TO 'u'@'h'", "SETS ROLE"),
    ("SET profiling = 1", "SETS SET_LITERAL PROFILING"),
    ("SHOW PROFILE", "PROFILING"),
    ("SHOW PROFILES", "PROFILING"),
    ("SET session_track_schema = OFF", "SETS SET_LITERAL TRACKERS"),
    ("SELECT @@session_track_gtids", "TRACKERS"),
    ("SET timestamp = 5", "SETS SET_LITERAL SPECIAL_VARIABLE"),
    ("SET @@local.rand_seed1 = 5", "SETS SET_LITERAL SPECIAL_VARIABLE"),
    ("SET `timestamp` = 5", "SETS SET_LITERAL SPECIAL_VARIABLE"),
    ("SET sql_log_bin = 0", "SETS SET_LITERAL SPECIAL_VARIABLE"),
    ("SET gtid_next = 'AUTOMATIC'", "SETS SET_LITERAL SPECIAL_VARIABLE"),
    ("SET insert_id = 5", "INSERT_ID SETS SET_LITERAL SPECIAL_VARIABLE"),
    ("SET last_insert_id = 5", "INSERT_ID SETS SET_LITERAL"),
    ("SET identity = 5", "INSERT_ID SETS SET_LITERAL"),
    ("SET pseudo_thread_id = 5", "SETS SET_LITERAL SPECIAL_VARIABLE CONNECTION_ID"),
    ("SET SQL_AUTO_IS_NULL = 0", "SETS SET_LITERAL"),
    ("SET sql_auto_is_null = 1", "SETS SET_LITERAL SPECIAL_VARIABLE"),
    ("SET RESOURCE GROUP g", "SETS SPECIAL_VARIABLE"),
    ("SET a.b = 1", "SETS SET_LITERAL SPECIAL_VARIABLE"),
    ("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY", "SETS SET_LITERAL"),
    ("SET TRANSACTION READ ONLY", "SETS NEXT_TRANSACTION"),
    ("SET @@transaction_isolation = 'SERIALIZABLE'", "SETS NEXT_TRANSACTION"),
    ("SET transaction_isolation = 'SERIALIZABLE'", "SETS SET_LITERAL"),
    ("SET @@session.tx_read_only = 1", "SETS SET_LITERAL"),
    ("SET GLOBAL TRANSACTION READ ONLY", "SETS SET_LITERAL SET_GLOBAL"),
    ("SET a", "SETS UNSURE"),
    ("SET", "SETS UNSURE"),
    # transactions, calls and the rest
    ("BEGIN", "TRANSACTION"),
    ("BEGIN WORK", "TRANSACTION"),
    ("START TRANSACTION READ ONLY", "TRANSACTION"),
    ("COMMIT AND NO CHAIN NO RELEASE", "TRANSACTION"),
    ("ROLLBACK RELEASE", "TRANSACTION HANGS_UP"),
    ("COMMIT AND NO CHAIN RELEASE", "TRANSACTION HANGS_UP"),
    ("SAVEPOINT a", "TRANSACTION"),
    ("RELEASE SAVEPOINT a", "TRANSACTION"),
    ("XA START 'a'", "TRANSACTION"),
    ("CALL p()", "CALLS"),
    ("BEGIN NOT ATOMIC SELECT 1; END", "CALLS TRANSACTION MULTI COMPOUND UNSURE"),
    ("IF 1 THEN SET @x = 1; END IF", "USER_VARIABLE ASSIGNS_VARIABLE CALLS MULTI COMPOUND UNSURE"),
    ("SELECT f()", "FUNCTION"),
    ("SELECT s.count(1)", "FUNCTION"),
    ("SELECT COUNT (1)", "FUNCTION"),
    ("INSERT INTO t (a) VALUES (f(1))", "FUNCTION"),
    ("KILL 5", "KILLS"),
    ("SELECT CONNECTION_ID()", "CONNECTION_ID"),
    ("SHOW FULL PROCESSLIST", "CONNECTION_ID"),
    ("SELECT * FROM information_schema.processlist", "CONNECTION_ID"),
    ("SELECT * FROM `information_schema`.`PROCESSLIST`", "CONNECTION_ID"),
    ("EXPLAIN FOR CONNECTION 5", "CONNECTION_ID"),
    ("LOAD DATA LOCAL INFILE 'f' INTO TABLE t", "LOCAL_INFILE INSERT_ID"),
    ("LOAD XML LOCAL INFILE 'f' INTO TABLE t", "LOCAL_INFILE INSERT_ID"),
    ("USE s", "USES"),
    ("SELECT 1; SELECT 2", "MULTI"),
    ("SELECT 1; -- x", "TAIL"),
    ("SELECT 1; /* x */", "TAIL"),
    ("SELECT 1 /* x */;", "READ_ONLY"),
    ("SET sql_mode = 'ANSI_QUOTES'; SELECT 1", "SETS MULTI UNSURE"),
    ("SET NAMES gbk; SELECT 1", "SETS SET_NAMES MULTI UNSURE"),
    ("SET autocommit = 1; SELECT 1", "SETS MULTI"),
    ("CALL p(@x); SELECT @x", "USER_VARIABLE ASSIGNS_VARIABLE CALLS MULTI"),
    ("CREATE PROCEDURE p() SELECT 1", "COMPOUND DEFINES"),
    ("CREATE DEFINER=`a`@`b` PROCEDURE p() BEGIN SELECT 1; END", "MULTI COMPOUND DEFINES"),
    ("SET STATEMENT max_statement_time = 1 FOR SET @x = 1", "USER_VARIABLE ASSIGNS_VARIABLE SETS"),
    ("/* forebay: pin */ SELECT 1", "PIN_HINT"),
    ("SELECT 1 /*forebay:UNPIN*/", "UNPIN_HINT"),
    ("SELECT '/* forebay: pin */'", "READ_ONLY"),
    ("/* forebay: pin me */ SELECT 1", "READ_ONLY"),
    ("SELCT 1", "UNKNOWN_VERB UNSURE"),
    ("1", "UNKNOWN_VERB UNSURE"),
    ("BINLOG 'abc'", "UNSURE"),
    # what cannot be followed
    ("SELECT 'a", "UNSURE"),
    ('SELECT "a', "UNSURE"),
    ("SELECT `a", "UNSURE"),
    ("SELECT 1 /* a", "UNSURE"),
    ("SELECT 1 /*! a", "UNSURE"),
    ("SELECT 'a\\", "UNSURE"),
    ("SELECT 1 \0 + 1", "UNSURE"),
    ("SELECT 1 -- a\0b", "UNSURE"),
    ("SELECT /*!99999 1, */ 2", "UNSURE"),
    ("SELECT /*!50700 1, */ 2", "UNSURE"),
    ("SELECT /*!080000 1, */ 2", "UNSURE"),
    ("SELECT 1 /*! , /*! 2 */ */", "UNSURE"),
    ("SELECT 1 /*! ; SELECT 2 */", "MULTI UNSURE"),
    ("SELECT $$a$$", "UNSURE"),
    ("SELECT $a$ @x := 1 $a$", "USER_VARIABLE ASSIGNS_VARIABLE UNSURE"),
    ("SELECT 1.e", "UNSURE"),
    ("SELECT @é", "USER_VARIABLE UNSURE"),
    ("SELECT @`a `", "USER_VARIABLE UNSURE"),
    ("SELECT @'a\\'b'", "USER_VARIABLE UNSURE"),
    ("SELECT é()", "FUNCTION UNSURE"),
    ("SELECT @@é", "UNSURE"),
    ("SELECT /*+ QB_NAME(`a*/b`) */ 1", "UNSURE"),
]
MARIADB_TRAITS = [
    ("SELECT NEXT VALUE FOR s", "SEQUENCE_NEXT"),
    ("SELECT NEXTVAL(s)", "SEQUENCE_NEXT"),
    ("SELECT PREVIOUS VALUE FOR s", "SEQUENCE_LAST"),
    ("SELECT LASTVAL(s)", "SEQUENCE_LAST"),
    ("SELECT value, next, previous FROM t", "READ_ONLY"),
    ("SELECT /*M! @x := */ 1", "USER_VARIABLE ASSIGNS_VARIABLE"),
    ("SELECT /*M!100000 @x := */ 1", "USER_VARIABLE ASSIGNS_VARIABLE"),
    ("SELECT /*M!100100 1 */", "UNSURE"),
    ("CREATE PROCEDURE p() BEGIN SELECT 1; END", "CALLS MULTI COMPOUND UNSURE DEFINES"),
    ("SELECT \\N", "READ_ONLY"),
]


@pytest.mark.parametrize("sql", QUESTIONS)
def test_a_plain_question_can_be_asked_again(sql):
    found = traits(sql.encode(), PLAIN)
    assert flags(found) == "READ_ONLY"
    assert not found.flags & INTERESTING


@pytest.mark.parametrize("sql", WRITES)
def test_a_statement_that_leaves_nothing_in_the_session(sql):
    assert flags(traits(sql.encode(), PLAIN)) in ("", "DEFINES")


@pytest.mark.parametrize(("sql", "expected"), TRAITS)
def test_exactly_these_traits(sql, expected):
    assert flags(traits(sql.encode(), PLAIN)) == " ".join(words.names(flag_bits(expected)))


@pytest.mark.parametrize(("sql", "expected"), MARIADB_TRAITS)
def test_exactly_these_traits_on_mariadb(sql, expected):
    assert flags(traits(sql.encode(), MARIA)) == " ".join(words.names(flag_bits(expected)))


def flag_bits(expected: str) -> int:
    return sum(getattr(statements, name) for name in expected.split())


RECOUNTING = [
    "SELECT SQL_CALC_FOUND_ROWS a FROM t LIMIT 1",
    "SELECT a FROM t LIMIT 1, 2",
    "SELECT a FROM t LIMIT 1 OFFSET 2",
    "SELECT a FROM t UNION SELECT b FROM t LIMIT 1",
    "SELECT a INTO @a FROM t",
    "WITH c AS (SELECT 1) UPDATE t SET a = 1",
    "SELECT f(a) FROM t JOIN u USING (a) FOR UPDATE",
    "VALUES (1), (2)",
    "DO 1",
    "SHOW GRANTS",
    "EXPLAIN SELECT 1",
    "CALL p()",
    "EXECUTE p",
    "XA RECOVER",
    "INSERT INTO t SELECT * FROM u",
    "INSERT INTO t (a) VALUES (f())",
    "INSERT INTO t (a) VALUES (1) RETURNING a",
    "UPDATE t, u SET t.a = u.a",
    "UPDATE t JOIN u USING (a) SET t.a = u.a",
    "UPDATE t SET a = 1 ORDER BY a LIMIT 1",
    "DELETE t FROM t JOIN u USING (a)",
    "SET @x = (SELECT MAX(a) FROM t)",
    "SELECT 1; SELECT 2",
]
NOT_RECOUNTING = [
    "SELECT a FROM t ORDER BY a LIMIT 3",
    "SELECT a FROM t JOIN u USING (a) FOR UPDATE",
    "(SELECT 1)",
    "WITH c AS (SELECT 1) SELECT * FROM c",
    "INSERT INTO t (a, b) VALUES (1, 2) ON DUPLICATE KEY UPDATE a = VALUES(a)",
    "UPDATE t SET a = 1, b = 2 WHERE c = 3 LIMIT 1",
    "DELETE FROM t WHERE a IN (1, 2)",
    "SET autocommit = 1",
    "BEGIN",
    "COMMIT",
    "USE s",
    "SHOW WARNINGS LIMIT 1",
    "SHOW COUNT(*) ERRORS",
    "GET DIAGNOSTICS @n = NUMBER",
]


@pytest.mark.parametrize("sql", RECOUNTING)
def test_found_rows_has_to_be_asked_for_afterwards(sql):
    assert traits(sql.encode(), PLAIN).flags & words.RECOUNTS


@pytest.mark.parametrize("sql", NOT_RECOUNTING)
def test_found_rows_is_known_afterwards(sql):
    assert not traits(sql.encode(), PLAIN).flags & words.RECOUNTS


def test_a_mariadb_comment_is_a_comment_elsewhere():
    assert flags(traits(b"SELECT /*M! @x := */ 1", PLAIN)) == "READ_ONLY"


@pytest.mark.parametrize(
    ("sql", "verb", "count"),
    [
        (b"select 1", b"SELECT", 1),
        (b"/* a */ (  (\nWith a as (select 1) select 1))", b"WITH", 1),
        (b"/*!40101 set names utf8 */;", b"SET", 1),
        (b"set statement a=1 for select 2", b"SET", 1),
        (b"select 1; select 2;; update t set a=1;", b"SELECT", 3),
        (b"", b"", 0),
        (b" ; ;", b"", 0),
        (b"/* a */", b"", 0),
        (b"UNLOCK; SELECT 1", b"UNLOCK", 2),
        (b"PREPARE; EXECUTE; XA; LOCK; DROP; CREATE; SET; SHOW; BEGIN; HANDLER; DEALLOCATE; KILL", b"PREPARE", 12),
        (b"; select 1", b"SELECT", 1),
        (b"'a'", b"", 1),
    ],
)
def test_the_verb_and_the_number_of_statements(sql, verb, count):
    found = traits(sql, PLAIN)
    assert (found.verb, found.statements) == (verb, count)


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        (b"SELECT @a, @B, @a.b, @`c d`, @'e''f', @\"g\", @$h_1", {b"a", b"b", b"a.b", b"c d", b"e'f", b"g", b"$h_1"}),
        (b"SELECT @a, @A, @`a`", {b"a"}),
        (b"SELECT @", {b""}),
        (b"SELECT @ a", {b""}),
        (b"SELECT @@a, @@`b`, @@session.c", set()),
        (b"SELECT '@a', `@b`, \"@c\" /* @d */ -- @e", set()),
        (b"GRANT SELECT ON *.* TO 'a'@'b', `c`@'d', 'e'@f", set()),
        (b"SELECT 'a', @'b'", {b"b"}),
    ],
)
def test_names_of_user_variables(sql, names):
    assert set(traits(sql, PLAIN).user_variables) == names


@pytest.mark.parametrize(
    ("sql", "mode", "taken", "freed"),
    [
        (b"SELECT GET_LOCK('A b', 10)", PLAIN, (b"a b",), ()),
        (b"SELECT GET_LOCK('A b', 10)", MARIA, (b"A b",), ()),
        (b"DO GET_LOCK('a', 1.5), GET_LOCK(\"a\", 0)", PLAIN, (b"a", b"a"), ()),
        (b"SELECT RELEASE_LOCK('a') AS x, release_lock('b') y;", PLAIN, (), (b"a", b"b")),
        (b"SELECT GET_LOCK('a', 1), RELEASE_LOCK('b')", PLAIN, (b"a",), (b"b",)),
        (b"SELECT GET_LOCK('it''s', 1)", PLAIN, (b"it's",), ()),
        (b"SELECT GET_LOCK('it\\'s', 1)", PLAIN, (), ()),
        (b"SELECT GET_LOCK('a ', 1)", PLAIN, (), ()),
        (b"SELECT GET_LOCK('a' 'b', 1)", PLAIN, (), ()),
        (b"SELECT GET_LOCK('\xc3\xa9', 1)", PLAIN, (), ()),
        (b"SELECT GET_LOCK('a', 1) + 1", PLAIN, (), ()),
        (b'SELECT RELEASE_LOCK("a")', ANSI, (), ()),
        (b"(SELECT RELEASE_LOCK('a'))", PLAIN, (), ()),
        (b"SELECT RELEASE_LOCK('a'), 1", PLAIN, (), ()),
        (b"SELECT RELEASE_LOCK('a'), RELEASE_ALL_LOCKS()", PLAIN, (), ()),
        (b"SELECT GET_LOCK('a', SLEEP(1))", PLAIN, (), ()),
    ],
)
def test_names_of_locks(sql, mode, taken, freed):
    found = traits(sql, mode)
    assert (found.locks_taken, found.locks_freed) == (taken, freed)
    assert bool(found.flags & statements.UNNAMED_LOCK) == (b"GET_LOCK" in sql and not taken)


@pytest.mark.parametrize(
    ("sql", "created", "dropped"),
    [
        (b"CREATE TEMPORARY TABLE t (a INT)", (b"t",), ()),
        (b"create or replace temporary table `t` (a int)", (b"t",), ()),
        (b"CREATE TEMPORARY TABLE IF NOT EXISTS s . `T``1` LIKE u", (b"s.T`1",), ()),
        (b"CREATE TEMPORARY TABLE `a.b` (a INT)", (), ()),
        (b"CREATE TABLE t (a INT)", (), ()),
        (b"CREATE TEMPORARY SEQUENCE q", (), ()),
        (b"DROP TABLE t", (), (b"t",)),
        (b"DROP TEMPORARY TABLE IF EXISTS s.t, `u`, `v.w` RESTRICT", (), (b"s.t", b"u")),
        (b"DROP TABLES t , u;", (), (b"t", b"u")),
        (b"DROP TABLE t; SELECT 1", (), ()),
        (b"CREATE TEMPORARY TABLE t (a INT); SELECT 1", (b"t",), ()),
        (b"DROP VIEW t", (), ()),
    ],
)
def test_names_of_tables(sql, created, dropped):
    found = traits(sql, PLAIN)
    assert (found.tables_created, found.tables_dropped) == (created, dropped)


@pytest.mark.parametrize(
    ("sql", "field", "value"),
    [
        (b"PREPARE S FROM 'SELECT 1'", "prepared", b"s"),
        (b"PREPARE `S t` FROM @x", "prepared", b"s t"),
        (b"PREPARE s FROM 'SELECT ''a'''", "prepared_text", b"SELECT 'a'"),
        (b"PREPARE s FROM 'SELECT \\'a\\''", "prepared_text", None),
        (b"PREPARE s FROM 'SELECT' ' 1'", "prepared_text", None),
        (b"PREPARE s FROM @x", "prepared_text", None),
        (b"PREPARE s FROM CONCAT('a', 'b')", "prepared_text", None),
        (b"EXECUTE S", "executed", b"s"),
        (b"EXECUTE s USING @a", "executed", b"s"),
        (b"DEALLOCATE PREPARE `S`", "deallocated", b"s"),
        (b"DROP PREPARE S;", "deallocated", b"s"),
        (b"DROP PREPARE s; SELECT 1", "deallocated", b""),
        (b"HANDLER t OPEN", "handler_opened", b"t"),
        (b"HANDLER s.t OPEN", "handler_opened", b"t"),
        (b"HANDLER s.t OPEN AS h", "handler_opened", b"h"),
        (b"HANDLER `t` OPEN `h`", "handler_opened", b"h"),
        (b"HANDLER h CLOSE", "handler_closed", b"h"),
        (b"HANDLER h READ NEXT", "handler_closed", b""),
        (b"XA START 'x'", "second", b"START"),
        (b"drop database if exists x", "second", b"DATABASE"),
        (b"xa commit 'x' one phase", "second", b"COMMIT"),
    ],
)
def test_other_names(sql, field, value):
    assert getattr(traits(sql, PLAIN), field) == value


def test_the_traits_of_a_question_cost_no_names():
    found = traits(b"SELECT 1", PLAIN)
    assert repr(found) == "<Traits SELECT READ_ONLY>"
    assert found.user_variables is traits(b"SELECT 2", PLAIN).user_variables


def test_every_flag_has_its_own_bit():
    bits = [flag for name, flag in vars(words).items() if name.isupper() and isinstance(flag, int) and flag > 2**8]
    single = [flag for flag in bits if flag.bit_count() == 1]
    assert len(set(single)) == len(single)
    assert INTERESTING & READ_ONLY == 0
    assert max(single) < 2**63
