"""User variables: read out of one server connection, written into another, the same in every respect.

A variable has a type (integer, unsigned, double, decimal, text), a value or NULL, and for texts a
character set and a collation. What a server says about it in a result set, with HEX() for the bytes, is
enough to write an expression that gives it all back, whatever the sql_mode and the character sets.

It knows names and values; it does not know sessions or when to move them.

Source: MySQL manual, "User-Defined Variables"; the types are those of the column definition.
"""

from __future__ import annotations

import re

from proxy.wire.constants import (
    COLLATION_BINARY,
    FLAG_UNSIGNED,
    MYSQL_TYPE_DECIMAL,
    MYSQL_TYPE_DOUBLE,
    MYSQL_TYPE_FLOAT,
    MYSQL_TYPE_INT24,
    MYSQL_TYPE_LONG,
    MYSQL_TYPE_LONGLONG,
    MYSQL_TYPE_NEWDECIMAL,
    MYSQL_TYPE_SHORT,
    MYSQL_TYPE_TINY,
    MYSQL_TYPE_VAR_STRING,
)
from proxy.wire.packets import Column

COLUMNS = 4  # of a result set for each variable
_NEVER_SET = 1 << 24  # MariaDB's length of a variable that does not exist; MySQL has another type

_INTEGERS = frozenset({MYSQL_TYPE_TINY, MYSQL_TYPE_SHORT, MYSQL_TYPE_INT24, MYSQL_TYPE_LONG, MYSQL_TYPE_LONGLONG})
_DECIMALS = frozenset({MYSQL_TYPE_DECIMAL, MYSQL_TYPE_NEWDECIMAL})
_DOUBLES = frozenset({MYSQL_TYPE_FLOAT, MYSQL_TYPE_DOUBLE})

_WORD = re.compile(r"[a-z0-9_]+\Z")
_NAME = re.compile(rb"[ -~]+\Z")

# A variable that is set to NULL keeps its type, sign and collation: it is given a value of these first.
_NULL_OF = "NULL OF "
NULL = _NULL_OF + "_binary X''"


def can_carry(name: bytes) -> bool:
    """Whether a name means the same in every character set that a client may have."""
    return _NAME.match(name) is not None


def quoted(name: bytes) -> str:
    """The variable as SQL."""
    return "@`" + name.decode("ascii").replace("`", "``") + "`"


def questions(names: list[bytes]) -> list[str]:
    """The select items that tell all about these variables, COLUMNS for each."""
    items = []
    for name in names:
        variable = quoted(name)
        items += [variable, f"HEX({variable})", f"CHARSET({variable})", f"COLLATION({variable})"]
    return items


def _never_set(column: Column, value: bytes | None) -> bool:
    """Whether this variable has never been given a value: NULL of another type or length than any SET leaves."""
    if value is not None or column.charset != COLLATION_BINARY:
        return False
    return column.type == MYSQL_TYPE_VAR_STRING or column.length == _NEVER_SET


def expression(column: Column, answer: list[bytes | None]) -> str | None:
    """What a variable holds, from its column and its COLUMNS values; None if it was never set.

    That is an SQL expression, or for NULL what ``difference`` turns into two assignments.
    """
    value, raw, charset, collation = answer
    if _never_set(column, value):
        return None
    if column.type in _INTEGERS:
        kind = "UNSIGNED" if column.flags & FLAG_UNSIGNED else "SIGNED"
        written = f"CAST('{_number(value)}' AS {kind})"
    elif column.type in _DECIMALS:
        scale = len(_number(value).partition(".")[2])
        written = f"CAST('{_number(value)}' AS DECIMAL(65,{scale}))"
    elif column.type in _DOUBLES:
        written = _number(value) if "e" in _number(value) else f"{_number(value)}e0"
    else:
        written = _text(raw or b"", _word(charset), _word(collation))
    return written if value is not None else _NULL_OF + written


def _number(value: bytes | None) -> str:
    return "0" if value is None else value.decode("latin-1")


def _word(name: bytes | None) -> str:
    """A character set's or collation's name, which must be one: it becomes SQL."""
    text = "binary" if name is None else name.decode("latin-1")
    if not _WORD.match(text):
        raise ValueError(f"not a character set or collation: {text!r}")
    return text


def _text(raw: bytes, charset: str, collation: str) -> str:
    content = f"_{charset} X'{raw.decode('ascii')}'"
    return content if charset == "binary" else f"{content} COLLATE {collation}"


def _assignment(name: bytes, value: str) -> str:
    variable = quoted(name)
    if value.startswith(_NULL_OF):
        return f"{variable}={value.removeprefix(_NULL_OF)}, {variable}=NULL"
    return f"{variable}={value}"


def difference(have: dict[bytes, str | None], want: dict[bytes, str | None]) -> list[str]:
    """The assignments that bring a server connection's variables from ``have`` to ``want``."""
    assignments = []
    for name in sorted(have.keys() | want.keys()):
        value = want.get(name)
        if name not in want:
            assignments.append(_assignment(name, NULL))
        elif value is not None and have.get(name) != value:
            assignments.append(_assignment(name, value))
    return assignments
