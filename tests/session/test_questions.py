"""Questions about the last statement: which texts are one, and values written in their place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.session.alphabet import mode_of
from proxy.session.questions import Get, Show, asks_for_list, question, with_values

QUESTIONS = [
    ("SHOW WARNINGS", Show(False, 0, None)),
    ("show /* all */ warnings;; ", Show(False, 0, None)),
    ("SHOW ERRORS LIMIT 3", Show(True, 0, 3)),
    ("SHOW WARNINGS LIMIT 1, 2", Show(False, 1, 2)),
    ("SHOW WARNINGS LIMIT 2 OFFSET 1", Show(False, 1, 2)),
    ("GET DIAGNOSTICS @n = NUMBER", Get(None, ((b"@n", "NUMBER"),))),
    ("get current diagnostics @`a b`=row_count, @n = NUMBER", Get(None, ((b"@`a b`", "ROW_COUNT"), (b"@n", "NUMBER")))),
    ("GET DIAGNOSTICS CONDITION 1 @a = MYSQL_ERRNO;", Get(b"1", ((b"@a", "MYSQL_ERRNO"),))),
    ("GET DIAGNOSTICS CONDITION @i @a = MESSAGE_TEXT", Get(b"@i", ((b"@a", "MESSAGE_TEXT"),))),
    ("GET DIAGNOSTICS CONDITION NULL @a = MESSAGE_TEXT", Get(b"NULL", ((b"@a", "MESSAGE_TEXT"),))),
]
OTHERS = [
    "SELECT 1",
    "SHOW COUNT(*) WARNINGS",
    "SHOW TABLES",
    "SHOW WARNINGS LIMIT",
    "SHOW WARNINGS LIMIT @a",
    "SHOW WARNINGS LIMIT 1, 2, 3",
    "SHOW WARNINGS LIKE 'x'",
    "SHOW WARNINGS; SELECT 1",
    "GET STACKED DIAGNOSTICS @n = NUMBER",
    "GET DIAGNOSTICS",
    "GET DIAGNOSTICS @n = NUMBER,",
    "GET DIAGNOSTICS @n = NUMBER @m = NUMBER",
    "GET DIAGNOSTICS n = NUMBER",
    "GET DIAGNOSTICS CONDITION 1+1 @a = MYSQL_ERRNO",
    "GET DIAGNOSTICS CONDITION",
    "",
]


@pytest.mark.parametrize(("sql", "asked"), QUESTIONS)
def test_a_question(sql, asked):
    assert question(sql.encode(), 0) == asked


@pytest.mark.parametrize("sql", OTHERS)
def test_no_question(sql):
    assert question(sql.encode(), 0) is None


def test_what_asks_for_a_list():
    oracle = mode_of("ORACLE", "utf8mb4", True)
    for sql in ("SHOW WARNINGS; SELECT 1", "show errors limit @a", "GET STACKED DIAGNOSTICS @n = NUMBER"):
        assert asks_for_list(sql.encode(), 0)
        assert asks_for_list(sql.encode(), oracle)
    for sql in ("SHOW COUNT(*) WARNINGS", "SHOW VARIABLES LIKE '%_count'", "SELECT @@warning_count", ""):
        assert not asks_for_list(sql.encode(), 0)
        assert not asks_for_list(sql.encode(), oracle)


def test_a_very_long_text_is_no_question():
    assert question(b"SHOW WARNINGS LIMIT " + b"1" * 1000, 0) is None
    assert question(b"GET DIAGNOSTICS " + b",".join([b"@n = NUMBER"] * 1000), 0) is None


@given(st.binary())
def test_never_raises(sql):
    question(sql, 0)
    with_values(sql, 0, {b"ROW_COUNT": 3})


VALUES = {b"ROW_COUNT": 5, b"FOUND_ROWS": -7, b"ERROR_COUNT": 2}
WRITTEN = [
    ("SELECT ROW_COUNT()", "SELECT IF(1,5,ROW_COUNT())"),
    ("(select row_count( )+1)", "(select IF(1,5,row_count( ))+1)"),
    ("SELECT found_rows(), 'ROW_COUNT()', `ROW_COUNT`", "SELECT IF(1,-7,found_rows()), 'ROW_COUNT()', `ROW_COUNT`"),
    ("SELECT @@error_count, @@warning_count", "SELECT IF(1,CAST(2 AS UNSIGNED),@@error_count), @@warning_count"),
    ("SELECT @@session.`error_count`", "SELECT IF(1,CAST(2 AS UNSIGNED),@@session.`error_count`)"),
    ("SHOW COUNT(*) WARNINGS", "SHOW COUNT(*) WARNINGS"),
    ("SET @a = ROW_COUNT(), @b = 1", "SET @a = IF(1,5,ROW_COUNT()), @b = 1"),
    (
        "SET @@error_count = 1, @a = @@error_count",
        "SET @@error_count = 1, @a = IF(1,CAST(2 AS UNSIGNED),@@error_count)",
    ),
    (
        "SET @a = IF(1, @@error_count, 2), @@local.error_count = 1",
        "SET @a = IF(1, IF(1,CAST(2 AS UNSIGNED),@@error_count), 2), @@local.error_count = 1",
    ),
    ("INSERT INTO t VALUES (ROW_COUNT())", "INSERT INTO t VALUES (IF(1,5,ROW_COUNT()))"),
    ("SELECT ROW_COUNT(); SELECT ROW_COUNT()", "SELECT IF(1,5,ROW_COUNT()); SELECT ROW_COUNT()"),
    ("SELECT t.ROW_COUNT(), ROW_COUNT(1), ROW_COUNT", "SELECT t.ROW_COUNT(), ROW_COUNT(1), ROW_COUNT"),
]


def test_a_count_of_errors_becomes_a_select():
    counted = b"IF(1,CAST(2 AS UNSIGNED),@@session.error_count)"
    names = {counted: b"@@session.error_count"}
    assert with_values(b"SHOW COUNT(*) ERRORS", 0, VALUES) == (b"SELECT " + counted, names)
    with_more = with_values(b"/* c */ show count( * ) errors; SELECT 1", 0, VALUES)
    assert with_more == (b"/* c */ SELECT " + counted + b"; SELECT 1", names)


@pytest.mark.parametrize(("sql", "written"), WRITTEN)
def test_values_in_the_place_of_questions(sql, written):
    found = with_values(sql.encode(), 0, VALUES)
    assert found is not None
    text, names = found
    assert text == written.encode()
    for instead, original in names.items():
        text = text.replace(instead, original)
    assert text == sql.encode()


def test_only_values_that_are_given_are_written():
    assert with_values(b"SELECT ROW_COUNT(), FOUND_ROWS()", 0, {b"FOUND_ROWS": 1}) == (
        b"SELECT ROW_COUNT(), IF(1,1,FOUND_ROWS())",
        {b"IF(1,1,FOUND_ROWS())": b"FOUND_ROWS()"},
    )


def test_an_id_among_the_servers_own_stays():
    mine = {b"CONNECTION_ID": 7}
    found = with_values(b"SELECT connection_id(), t.CONNECTION_ID() FROM t WHERE id = CONNECTION_ID()", 0, mine)
    assert found is not None
    written = b"IF(1,CAST(7 AS UNSIGNED),%b)"
    assert found[0] == b"SELECT %b, t.CONNECTION_ID() FROM t WHERE id = %b" % (
        written % b"connection_id()",
        written % b"CONNECTION_ID()",
    )
    for sql in (
        b"SELECT command FROM information_schema.processlist WHERE id = CONNECTION_ID()",
        b"SELECT CONNECTION_ID() = `PROCESSLIST_ID` FROM t",
        b"SELECT IS_USED_LOCK('l') = CONNECTION_ID()",
    ):
        assert with_values(sql, 0, mine) == (sql, {})


@pytest.mark.parametrize(
    "sql", ["CREATE TABLE t SELECT ROW_COUNT()", "EXPLAIN SELECT ROW_COUNT()", "SELECT ROW_COUNT() 'x"]
)
def test_no_values_where_the_text_stays_or_is_in_doubt(sql):
    assert with_values(sql.encode(), 0, VALUES) is None
