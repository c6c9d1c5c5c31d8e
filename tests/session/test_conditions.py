"""Conditions of the last statement: what is shown of them, what GET DIAGNOSTICS gives, what stands in."""

from __future__ import annotations

import pytest

from proxy.session.conditions import (
    DETAILED,
    ITEMS,
    SCRATCH,
    Conditions,
    detail_commands,
    detail_questions,
    details,
    stand_in,
)
from proxy.session.questions import Get, Show
from proxy.session.sqlstates import sqlstate

NOTE = [b"Note", b"1051", b"Unknown table"]
WARNING = [b"Warning", b"1292", b"Truncated"]
ERROR = [b"Error", b"1062", b"Duplicate"]
ALL = Conditions([NOTE, WARNING, ERROR], 3, "latin1", "23000")


def text(content: str) -> bytes:
    return f"_utf8mb3 X'{content.encode().hex()}' COLLATE utf8mb3_general_ci".encode()


@pytest.mark.parametrize(
    ("show", "rows"),
    [
        (Show(False, 0, None), [NOTE, WARNING, ERROR]),
        (Show(True, 0, None), [ERROR]),
        (Show(False, 1, 1), [WARNING]),
        (Show(False, 0, 0), []),
        (Show(False, 5, 1 << 64), []),
        (Show(True, 1, 5), []),
    ],
)
def test_what_is_shown(show, rows):
    assert ALL.shown(show) == rows
    assert ALL.errors == 1


def test_numbers_of_a_statement():
    get = Get(None, ((b"@n", "NUMBER"), (b"@r", "ROW_COUNT")))
    assert ALL.assignments(get, 0, -1, True) == [b"@n=CAST(3 AS UNSIGNED)", b"@r=-1"]


def test_items_of_a_condition():
    get = Get(
        b"1", ((b"@s", "RETURNED_SQLSTATE"), (b"@c", "CLASS_ORIGIN"), (b"@e", "MYSQL_ERRNO"), (b"@t", "TABLE_NAME"))
    )
    assert ALL.assignments(get, 1, 0, False) == [
        b"@s=" + text("42S02"),
        b"@c=" + text("ISO 9075"),
        b"@e=CAST(1051 AS UNSIGNED)",
        b"@t=" + text(""),
    ]
    assert ALL.assignments(get, 1, 0, True)[1] == b"@c=" + text("")
    message = Get(b"1", ((b"@m", "MESSAGE_TEXT"),))
    expected = b"@m=CONVERT(_latin1 X'5472756e6361746564' USING utf8mb3) COLLATE utf8mb3_general_ci"
    assert ALL.assignments(message, 2, 0, True) == [expected]


def test_the_state_of_the_error_packet_is_the_last_errors():
    get = Get(b"1", ((b"@s", "RETURNED_SQLSTATE"),))
    signalled = Conditions([WARNING, [b"Error", b"1644", b"mine"]], 2, "", "45678")
    assert signalled.assignments(get, 1, 0, True) == [b"@s=" + text("22007")]
    assert signalled.assignments(get, 2, 0, True) == [b"@s=" + text("45678")]
    assert Conditions([WARNING], 2, "", "45678").assignments(get, 1, 0, True) == [b"@s=" + text("22007")]


def test_details_win():
    row = [b"%02x" % (65 + n) for n in range(len(ITEMS))]
    conditions = Conditions([WARNING, ERROR], 2, details=details([*row, *row, None], 1))
    get = Get(b"1", tuple((b"@a", item) for item in ITEMS))
    assert conditions.assignments(get, 1, 0, True) == [b"@a=" + text(chr(65 + n)) for n in range(len(ITEMS))]


@pytest.mark.parametrize("number", [0, -1, 4])
def test_a_condition_that_there_is_not(number):
    assert ALL.assignments(Get(b"?", ((b"@a", "MYSQL_ERRNO"),)), number, 0, True) is None
    after = ALL.without_number(64)
    assert after.rows == [*ALL.rows, [b"Error", b"1758", b"Invalid condition number"]]
    assert after.total == 4


def test_an_item_that_there_is_not():
    with pytest.raises(KeyError):
        ALL.assignments(Get(None, ((b"@a", "NONSENSE"),)), 0, 0, True)


def test_details_are_asked_for_by_name():
    assert len(detail_commands()) == DETAILED
    assert len(detail_questions()) == DETAILED * len(ITEMS) == len(SCRATCH)


def test_what_stands_in():
    assert stand_in(None) == stand_in(Conditions([], 0)) == b"\x03SET @@SESSION.last_insert_id=LAST_INSERT_ID()"
    assert stand_in(Conditions([ERROR], 1)).startswith(b"\x03SIGNAL SQLSTATE '45000'")
    assert stand_in(Conditions([WARNING] * 3, 3)).count(b"CAST(") == 3
    assert stand_in(ALL).count(b"CAST(") == 2
    assert stand_in(ALL).endswith(b"+~0+~0")
    assert len(stand_in(Conditions([WARNING], 60_000))) < 1000
    assert not ALL.is_large
    assert Conditions([WARNING], 60_000).is_large


def test_what_stands_in_is_recognised():
    assert not ALL.stands_in
    assert not Conditions([], 0).stands_in
    assert Conditions([[b"Warning", b"1292", b"Truncated incorrect INTEGER value: 'forebay stands in'"]], 1).stands_in


def test_sqlstates():
    assert [sqlstate(number, False) for number in (1062, 1146, 1366, 3948, 1)] == [
        "23000",
        "42S02",
        "HY000",
        "42000",
        "HY000",
    ]
    assert [sqlstate(number, True) for number in (1062, 1366, 3948, 4025)] == ["23000", "22007", "HY000", "23000"]
