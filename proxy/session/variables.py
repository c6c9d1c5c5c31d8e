"""User variables: read out of one server connection, written into another, the same in every respect.

A variable has a type (integer, unsigned, double, decimal, text), a value or NULL, and for texts a
character set and a collation. What a server says about it in a result set, with HEX() for the bytes, is
enough to write an expression that gives it all back, whatever the sql_mode and the character sets.

On MySQL a number has a collation, too: the session's at the time when it was assigned. It shows once the number becomes
part of a text. On MariaDB a SET that fails may have given a variable the character set of what it was to become, in
which the bytes that it still has are no text.

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

_UTF8 = {"utf8": 0xFFFF, "utf8mb3": 0xFFFF, "utf8mb4": 0x10FFFF}  # and their last characters
_WORD = re.compile(r"[a-z0-9_]+\Z")
_NAME = re.compile(rb"[ -~]+\Z")

# A variable that is set to NULL keeps its type, sign and collation: it is given a value of these first.
_NULL_OF = "NULL OF "
NULL = _NULL_OF + "_binary X''"


# On MySQL: what follows is a number, to be assigned under this collation of the connection.
_UNDER = "UNDER "
# On MariaDB: what stands before is assigned as binary, and then gets the collation of what follows.
_LATER = " LATER "


def can_carry(name: bytes) -> bool:
    """Whether a name means the same in every character set that a client may have."""
    return _NAME.match(name) is not None


def quoted(name: bytes) -> str:
    """The variable as SQL."""
    return "@`" + name.decode("ascii").replace("`", "``") + "`"


def questions(names: list[bytes], collated: bool = False) -> list[str]:
    """The select items that tell all about these variables, COLUMNS for each. ``collated``: numbers are, too."""
    items = []
    for name in names:
        variable = quoted(name)
        text = f"CONCAT({variable})" if collated else variable
        items += [variable, f"HEX({variable})", f"CHARSET({text})", f"COLLATION({text})"]
    return items


def _never_set(column: Column, value: bytes | None) -> bool:
    """Whether this variable has never been given a value: NULL of another type or length than any SET leaves."""
    if value is not None or column.charset != COLLATION_BINARY:
        return False
    return column.type == MYSQL_TYPE_VAR_STRING or column.length == _NEVER_SET


def expression(column: Column, answer: list[bytes | None], collated: bool = False) -> str | None:
    """What a variable holds, from its column and its COLUMNS values; None if it was never set.

    That is an SQL expression, and around it what ``statements`` understands: a collation, or that it is NULL.
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
        written = _text(raw or b"", _word(charset), _word(collation), relabelled=not collated)
        collated = False
    if collated:
        written = f"{_UNDER}{_word(collation)} {written}"
    return written if value is not None else _NULL_OF + written


def _number(value: bytes | None) -> str:
    return "0" if value is None else value.decode("latin-1")


def _word(name: bytes | None) -> str:
    """A character set's or collation's name, which must be one: it becomes SQL."""
    text = "binary" if name is None else name.decode("latin-1")
    if not _WORD.match(text):
        raise ValueError(f"not a character set or collation: {text!r}")
    return text


def _text(raw: bytes, charset: str, collation: str, relabelled: bool) -> str:
    """``relabelled``: whether the server can give a value another character set later, as MariaDB can."""
    content = f" X'{raw.decode('ascii')}'"
    if charset == "binary":
        return "_binary" + content
    if _is_text(raw, charset) or not (relabelled or charset in _UTF8):
        return f"_{charset}{content} COLLATE {collation}"
    # Servers take no text that is none, though some statements make such ones.
    return "_binary" + content + (f"{_LATER}_{charset} X'' COLLATE {collation}" if relabelled else "")


def _is_text(raw: bytes, charset: str) -> bool:
    """Whether this is certainly text in the character set."""
    try:
        text = bytes.fromhex(raw.decode("ascii")).decode()
    except UnicodeDecodeError:
        return charset == "latin1"
    return charset == "latin1" or ord(max(text, default="\0")) <= _UTF8.get(charset, -1)


def statements(have: dict[bytes, str | None], want: dict[bytes, str | None], collation: str) -> list[str]:
    """The SETs that bring a server connection's variables from ``have`` to ``want``, in a session whose
    collation_connection is ``collation``."""
    assigned: dict[str, list[str]] = {collation: []}
    relabelled = []
    for name in sorted(have.keys() | want.keys()):
        value = want.get(name) if name in want else NULL
        if value is not None and (name not in want or have.get(name) != value):
            value, _, later = value.partition(_LATER)
            under, assignment = _assignment(name, value)
            assigned.setdefault(under or collation, []).append(assignment)
            if later:  # a branch that is not taken; but MariaDB has looked what it would assign
                relabelled.append(f"IF(0,{quoted(name)}:={later},0)")
    found = [f"SET {', '.join(here)}"] if (here := assigned.pop(collation)) else []
    if relabelled:
        found.append(f"DO {', '.join(relabelled)}")
    for under, there in assigned.items():
        found += [f"SET collation_connection={under}", f"SET {', '.join(there)}"]
    return [*found, f"SET collation_connection={collation}"] if assigned else found


def _assignment(name: bytes, value: str) -> tuple[str, str]:
    """The collation under which to assign, "" for any, and the assignment."""
    variable = quoted(name)
    is_null = value.startswith(_NULL_OF)
    value = value.removeprefix(_NULL_OF)
    under = ""
    if value.startswith(_UNDER):
        under, _, value = value.removeprefix(_UNDER).partition(" ")
    return under, f"{variable}={value}" + f", {variable}=NULL" * is_null
