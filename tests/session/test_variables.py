"""User variables as SQL: every type, names of any kind, and nothing that a server says becomes SQL unquoted."""

from __future__ import annotations

import pytest

from proxy.session import variables
from proxy.wire.constants import (
    FLAG_UNSIGNED,
    MYSQL_TYPE_DOUBLE,
    MYSQL_TYPE_LONGLONG,
    MYSQL_TYPE_NEWDECIMAL,
    MYSQL_TYPE_VAR_STRING,
)
from proxy.wire.packets import Column

BINARY = (b"binary", b"binary")


@pytest.mark.parametrize(
    ("kind", "flags", "answer", "written"),
    [
        (MYSQL_TYPE_LONGLONG, 0, (b"-5", b"", *BINARY), "CAST('-5' AS SIGNED)"),
        (MYSQL_TYPE_LONGLONG, FLAG_UNSIGNED, (b"5", b"5", *BINARY), "CAST('5' AS UNSIGNED)"),
        (MYSQL_TYPE_LONGLONG, 0, (None, None, *BINARY), "NULL OF CAST('0' AS SIGNED)"),
        (MYSQL_TYPE_NEWDECIMAL, 0, (b"1.50", b"2", *BINARY), "CAST('1.50' AS DECIMAL(65,2))"),
        (MYSQL_TYPE_NEWDECIMAL, 0, (b"5", b"5", *BINARY), "CAST('5' AS DECIMAL(65,0))"),
        (MYSQL_TYPE_DOUBLE, 0, (b"1.5", b"2", *BINARY), "1.5e0"),
        (MYSQL_TYPE_DOUBLE, 0, (b"-1e100", b"", *BINARY), "-1e100"),
        (MYSQL_TYPE_DOUBLE, 0, (None, None, *BINARY), "NULL OF 0e0"),
        (MYSQL_TYPE_VAR_STRING, 0, (b"x'", b"7827", b"latin1", b"latin1_bin"), "_latin1 X'7827' COLLATE latin1_bin"),
        (MYSQL_TYPE_VAR_STRING, 0, (b"", b"", b"utf8mb4", b"utf8mb4_bin"), "_utf8mb4 X'' COLLATE utf8mb4_bin"),
        (MYSQL_TYPE_VAR_STRING, 0, (b"\x00", b"00", *BINARY), "_binary X'00'"),
        (
            MYSQL_TYPE_VAR_STRING,
            0,
            (b"x", b"78", b"latin2", b"latin2_bin"),
            "_binary X'78' LATER _latin2 X'' COLLATE latin2_bin",
        ),
        (MYSQL_TYPE_VAR_STRING, 0, (None, None, *BINARY), "NULL OF _binary X''"),
        (MYSQL_TYPE_VAR_STRING, 0, (None, None, b"latin1", b"latin1_bin"), "NULL OF _latin1 X'' COLLATE latin1_bin"),
    ],
)
def test_expressions(kind: int, flags: int, answer: tuple[bytes | None, ...], written: str) -> None:
    column = Column("@v", type=kind, flags=flags)
    assert variables.expression(column, list(answer)) == written


def test_a_character_set_is_a_word() -> None:
    with pytest.raises(ValueError, match="not a character set"):
        variables.expression(Column("@v"), [b"x", b"78", b"latin1 X'' + sleep(9)", b"binary"])


def test_names() -> None:
    assert variables.quoted(b"a`b c") == "@`a``b c`"
    assert variables.can_carry(b"a.b$c")
    assert not variables.can_carry("é".encode())
    assert not variables.can_carry(b"")
    assert len(variables.questions([b"a", b"b"])) == 2 * variables.COLUMNS


NO_TEXTS = [(b"00E9", b"utf8mb4", b"utf8mb4_bin"), (b"F09F9880", b"utf8mb3", b"utf8mb3_bin")]


@pytest.mark.parametrize("answer", NO_TEXTS)
def test_bytes_that_are_no_text_in_their_character_set(answer: tuple[bytes, ...]) -> None:
    column = Column("@v", type=MYSQL_TYPE_VAR_STRING)
    raw, charset, collation = (part.decode() for part in answer)
    value = variables.expression(column, [b"", *answer])
    assert variables.statements({}, {b"a": value, b"b": "1e0"}, "latin1_bin") == [
        f"SET @`a`=_binary X'{raw}', @`b`=1e0",
        f"DO IF(0,@`a`:=_{charset} X'' COLLATE {collation},0)",
    ]
    on_mysql = variables.expression(column, [b"", *answer], collated=True)
    assert variables.statements({}, {b"a": on_mysql}, "latin1_bin") == [f"SET @`a`=_binary X'{raw}'"]


def test_statements() -> None:
    have = {b"gone": "1e0", b"same": "2e0", b"other": "3e0", b"unread": None}
    want = {b"same": "2e0", b"other": "4e0", b"new": "5e0", b"unread": "6e0"}
    assert variables.statements(have, want, "latin1_bin") == [
        "SET @`gone`=_binary X'', @`gone`=NULL, @`new`=5e0, @`other`=4e0, @`unread`=6e0"
    ]
    assert variables.statements(want, want, "latin1_bin") == []


def test_numbers_are_assigned_under_their_collation() -> None:
    column = Column("@v", type=MYSQL_TYPE_LONGLONG)
    five = variables.expression(column, [b"5", b"5", b"latin1", b"latin1_bin"], collated=True)
    none = variables.expression(column, [None, None, b"latin1", b"latin1_bin"], collated=True)
    assert variables.statements({}, {b"a": five, b"b": "1e0", b"c": none}, "utf8mb4_bin") == [
        "SET @`b`=1e0",
        "SET collation_connection=latin1_bin",
        "SET @`a`=CAST('5' AS SIGNED), @`c`=CAST('0' AS SIGNED), @`c`=NULL",
        "SET collation_connection=utf8mb4_bin",
    ]
    assert variables.statements({}, {b"a": five}, "latin1_bin") == ["SET @`a`=CAST('5' AS SIGNED)"]
    assert variables.statements({b"a": five}, {b"a": five}, "utf8mb4_bin") == []
