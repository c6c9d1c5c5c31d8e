"""Prepared statements, binary and in text."""

from __future__ import annotations

from proxy.wire import constants as c
from tests.oracle import steps as s
from tests.oracle.parameters import LONG
from tests.oracle.pen import Pen, Subject
from tests.oracle.steps import Parameter

_TEXTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("SELECT ? + 1, ?", ("shown number", "shown text")),
    ("SELECT id, n, s FROM {s}.t WHERE id >= ? ORDER BY id", ("number",)),
    ("INSERT INTO {s}.t (n, s) VALUES (?, ?)", ("number", "text")),
    ("UPDATE {s}.t SET n = ? WHERE id = ?", ("number", "number")),
    ("DELETE FROM {s}.t WHERE id = ?", ("number",)),
    ("SELECT * FROM t ORDER BY 1", ()),
    ("SELECT DATABASE(), @@sql_mode, @@time_zone, COLLATION('a')", ()),
    ("SELECT ?, CHARSET(?), 'lit', @a", ("shown text", "shown text")),
    ("SET @a = ?", ("shown text",)),
    ("SET time_zone = '+06:00'", ()),
    ("CALL {s}.p_two()", ()),
    ("CALL {s}.p_set(?)", ("small",)),
    ("CALL {s}.p_out(?, ?, ?)", ("small", "small", "small")),
    ("SELECT LAST_INSERT_ID(), ROW_COUNT(), FOUND_ROWS()", ()),
    ("SELECT FOUND_ROWS() + ?", ("number",)),
    ("SELECT SQL_CALC_FOUND_ROWS id FROM {s}.t ORDER BY id LIMIT 1", ()),
    ("BEGIN", ()),
    ("COMMIT", ()),
    ("SELECT CAST(? AS SIGNED)", ("text",)),
    ("SELECT missing FROM {s}.t", ()),
    ('SELECT "id" FROM {s}.t ORDER BY 1 LIMIT 1', ()),
    ("SELECT ?", ("shown number",)),
    ("DO ?", ("number",)),
    ("SHOW WARNINGS", ()),
    ("USE {s}_b", ()),
    ("SELECT 1; SELECT 2", ()),
    ("INSERT IGNORE INTO {s}.t (id) VALUES (?)", ("number",)),
    ("SELECT s FROM {s}.t WHERE s = ?", ("text",)),
)
_STRINGS: tuple[Parameter, ...] = (b"7x", b"", "grün".encode(), b"it's", None, b"\xff\x00", b"+01:00")
_NUMBERS: tuple[Parameter, ...] = (1, 2, 0, -5, 9223372036854775807, 2.5, None, 99)
# MariaDB names a row in the error of a routine's argument by what it counted in some statement before.
_SMALL: tuple[Parameter, ...] = (1, 2, 0, -5, None, 99)
_VALUES = {
    "text": _STRINGS,
    "number": _NUMBERS,
    "small": _SMALL,
    # What was given in earlier executions decides on the type that a column shows, on MariaDB that of a NULL.
    "shown number": tuple(number for number in _NUMBERS if isinstance(number, int)),
    "shown text": tuple(string for string in _STRINGS if string is not None),
}


def _values(pen: Pen, kinds: tuple[str, ...]) -> tuple[Parameter, ...]:
    return tuple(pen.rng.choice(_VALUES[kind]) for kind in kinds)


def _prepare(pen: Pen) -> tuple[str, tuple[str, ...]]:
    text, kinds = pen.rng.choice(_TEXTS)
    handle = pen.handle()
    pen.say(s.Prepare(pen.subject, handle, text.replace("{s}", pen.schema).encode()))
    return handle, kinds


def binary(pen: Pen) -> None:
    handle, kinds = _prepare(pen)
    bound = True
    for _ in range(pen.number(1, 4)):
        values = _values(pen, kinds)
        pen.say(s.Execute(pen.subject, handle, values, bound=bound))
        # A bare NULL leaves no type to go by; MariaDB reads OUT parameters by the types of the routine's own.
        bound = not kinds or None in values or "small" in kinds or pen.chance(0.6)
        if pen.chance(0.4):
            pen.any(
                "SELECT LAST_INSERT_ID(), ROW_COUNT()",
                "SHOW WARNINGS",
                "SET sql_mode = 'ANSI_QUOTES'",
                "SET NAMES latin1",
                "USE {s}_b",
                "USE {s}",
                "SELECT @a",
                "SET NAMES utf8mb4",
                "SET sql_mode = DEFAULT",
            )
            bound = True  # MySQL reads parameters by the character set that the session had when they were bound
    if pen.chance(0.2):
        pen.say(s.OnStatement(pen.subject, c.COM_STMT_RESET, handle))
    if pen.chance(0.7):
        pen.say(s.OnStatement(pen.subject, c.COM_STMT_CLOSE, handle))
        if pen.chance(0.1):
            pen.say(s.Execute(pen.subject, handle, _values(pen, kinds)))


def several_at_once(pen: Pen) -> None:
    """Statements that live side by side for a while."""
    pairs = [_prepare(pen) for _ in range(pen.number(2, 4))]
    for _ in range(pen.number(2, 5)):
        handle, kinds = pen.rng.choice(pairs)
        pen.say(s.Execute(pen.subject, handle, _values(pen, kinds)))
        if pen.chance(0.2):
            pen.act()
    for handle, _ in pairs:
        pen.say(s.OnStatement(pen.subject, c.COM_STMT_CLOSE, handle))


def cursor(pen: Pen) -> None:
    handle = pen.handle()
    pen.say(s.Prepare(pen.subject, handle, f"SELECT id, s FROM {pen.schema}.t ORDER BY id".encode()))
    pen.say(s.Execute(pen.subject, handle, cursor=True))
    for _ in range(pen.number(1, 3)):
        pen.say(s.Fetch(pen.subject, handle, pen.number(1, 3)))
        if pen.chance(0.3):
            pen.any("SELECT 1", "SELECT @a", "SELECT COUNT(*) FROM {s}.t")
    command = pen.rng.choice((c.COM_STMT_CLOSE, c.COM_STMT_RESET))
    pen.say(s.OnStatement(pen.subject, command, handle))
    if command == c.COM_STMT_RESET:
        pen.say(s.Fetch(pen.subject, handle, 1))
        pen.say(s.OnStatement(pen.subject, c.COM_STMT_CLOSE, handle))


def long_data(pen: Pen) -> None:
    handle = pen.handle()
    pen.say(s.Prepare(pen.subject, handle, f"INSERT INTO {pen.schema}.t (n, s) VALUES (?, ?)".encode()))
    for _ in range(pen.number(1, 2)):
        pen.say(s.LongData(pen.subject, handle, 1, b"piece "))
        if pen.chance(0.3):
            pen.any("SELECT 1", "SELECT @a")
        pen.say(s.LongData(pen.subject, handle, 1, b"by piece"))
        if pen.chance(0.2):
            pen.say(s.OnStatement(pen.subject, c.COM_STMT_RESET, handle))
        pen.say(s.Execute(pen.subject, handle, (pen.number(), LONG)))
    pen.say(s.OnStatement(pen.subject, c.COM_STMT_CLOSE, handle))
    pen.q("SELECT s FROM {s}.t ORDER BY id DESC LIMIT 1")


def text(pen: Pen) -> None:
    name = pen.pick("p1", "p2", "`p 3`")
    pen.any(
        f"PREPARE {name} FROM 'SELECT ? + 1'",
        f"PREPARE {name} FROM 'SELECT id FROM {{s}}.t WHERE id = ?'",
        f"PREPARE {name} FROM 'SELEC 1'",
        f"PREPARE {name} FROM 'INSERT INTO {{s}}.t (n) VALUES (?)'",
        f"PREPARE {name} FROM 'SET @a = ?'",
    )
    pen.q("SET @v = 3")
    for _ in range(pen.number(1, 3)):
        pen.any(
            f"EXECUTE {name} USING @v",
            f"EXECUTE {name} USING @v",
            f"EXECUTE {name}",
            "SELECT @v, @a",
            "EXECUTE unheard_of",
        )
    pen.any(f"DEALLOCATE PREPARE {name}", f"DROP PREPARE {name}")
    if pen.chance(0.3):
        pen.any(f"EXECUTE {name} USING @v", "SELECT 1")


_ATTRIBUTE = "mysql_query_attribute_string('x')"


def query_attributes(pen: Pen) -> None:
    """What a client has written beside its statement, or, of most kinds of clients, nothing."""
    for _ in range(pen.number(1, 3)):
        pen.any(
            f"SELECT {_ATTRIBUTE}",
            f"SELECT {_ATTRIBUTE} AS x, mysql_query_attribute_string('n'), 1",
            f"INSERT INTO {{s}}.t (n, s) VALUES (3, {_ATTRIBUTE})",
            f"SET @a = {_ATTRIBUTE}",
            f"SELECT ROW_COUNT(), {_ATTRIBUTE}",
        )
    handle = pen.handle()
    pen.say(s.Prepare(pen.subject, handle, f"SELECT ? + 1, {_ATTRIBUTE}".encode()))
    pen.say(s.Execute(pen.subject, handle, (pen.number(),)))
    pen.say(s.Execute(pen.subject, handle, (pen.number(),), bound=pen.chance(0.7)))


SUBJECTS = (
    Subject("binary prepared statements", binary, "binary prepared statements", 2.0),
    Subject("several prepared statements", several_at_once, "binary prepared statements", 0.7),
    Subject("cursors", cursor, "open cursor, unread long data", 0.5),
    Subject("long data", long_data, "open cursor, unread long data", 0.5),
    Subject("text PREPARE", text, "text `PREPARE`"),
    Subject("query attributes", query_attributes, weight=0.7, only="mysql"),
)
