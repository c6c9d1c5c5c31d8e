"""The conditions that a statement left: warnings, notes and errors, kept while no server connection has them.

Decides how they are asked for, what GET DIAGNOSTICS would tell of them, and what stands in for them: a statement that
gives a server connection as many warnings and errors, so that the server counts them, keeps them and clears them as it
would the true ones. It does not know whose they are.

Sources: MySQL manual, "Diagnostics Area Information Items", "SHOW WARNINGS Statement".
"""

from __future__ import annotations

from dataclasses import dataclass, field

from proxy.session.questions import Get, Show
from proxy.session.sqlstates import sqlstate
from proxy.wire.constants import COM_QUERY

Row = list[bytes | None]

AS_LISTED = -1  # after an ERR packet, which does not say how many conditions there are beside the error

_MARK = "forebay stands in"
_CASTS = 100  # a stand-in of more warnings takes them from a table
_INSERT_ID = "SET @@SESSION.last_insert_id=LAST_INSERT_ID()"  # has no effect; without a table, FOUND_ROWS() stays

# What a SIGNAL may choose; servers leave all but the first four of their own conditions empty.
ITEMS = (
    "RETURNED_SQLSTATE",
    "CLASS_ORIGIN",
    "SUBCLASS_ORIGIN",
    "MESSAGE_TEXT",
    "CONSTRAINT_CATALOG",
    "CONSTRAINT_SCHEMA",
    "CONSTRAINT_NAME",
    "CATALOG_NAME",
    "SCHEMA_NAME",
    "TABLE_NAME",
    "COLUMN_NAME",
    "CURSOR_NAME",
)
DETAILED = 4  # so many conditions are read in detail where a SIGNAL may have made them
_INVALID_NUMBER: Row = [b"Error", b"1758", b"Invalid condition number"]

_DEPRECATED_FIELDS: Row = [
    b"Warning",
    b"1287",
    b"'COM_FIELD_LIST' is deprecated and will be removed in a future release. "
    b"Please use SHOW COLUMNS FROM statement instead",
]


@dataclass
class Conditions:
    """``rows`` are those of SHOW WARNINGS, their texts in ``charset``; ``total`` may be more than there are rows.

    ``state``: the SQLSTATE of the error that ended the statement. ``details``: ITEMS of the first conditions, as the
    server told them in hexadecimal UTF-8. ``latest``: Forebay made them, after all that a server connection has.
    ``unlisted``: how many errors were counted that max_error_count left no row for.
    """

    rows: list[Row]
    total: int
    charset: str = ""
    state: str = ""
    details: list[list[bytes | None]] = field(default_factory=list)
    latest: bool = False
    unlisted: int = 0

    @property
    def errors(self) -> int:
        return sum(row[0] == b"Error" for row in self.rows) + self.unlisted

    @property
    def is_large(self) -> bool:
        """Whether what stands in for this may change FOUND_ROWS()."""
        return self.total > _CASTS

    @property
    def stands_in(self) -> bool:
        """Whether this is what ``stand_in`` left."""
        return bool(self.rows) and _MARK.encode() in (self.rows[0][2] or b"")

    def shown(self, show: Show) -> list[Row]:
        """The rows that a SHOW WARNINGS or SHOW ERRORS gives."""
        rows = [row for row in self.rows if row[0] == b"Error"] if show.errors_only else self.rows
        return rows[show.offset : None if show.most is None else show.offset + show.most]

    def without_number(self, most: int) -> Conditions:
        """The same, and the error of a GET DIAGNOSTICS that asked for a condition which there is not, if ``most`` rows
        leave room for it."""
        full = len(self.rows) >= most
        rows = self.rows if full else [*self.rows, _INVALID_NUMBER]
        return Conditions(rows, self.total + 1, self.charset, "", self.details, True, self.unlisted + full)

    def with_error(self, number: int, state: str, text: str, most: int) -> Conditions:
        """The same, and behind them the error of a command that is no statement, if ``most`` rows leave room for it."""
        row: Row = [b"Error", str(number).encode(), text.encode()]
        rows, full = self.rows, len(self.rows) >= most
        if not full:
            rows = [*rows, row]
        charset, unlisted = self.charset or "utf8mb4", self.unlisted + full
        return Conditions(rows, self.total + 1, charset, state, self.details, unlisted=unlisted)

    def with_deprecated_fields(self) -> Conditions:
        """The same, and the warning that MySQL gives of every COM_FIELD_LIST."""
        return Conditions([*self.rows, _DEPRECATED_FIELDS], self.total + 1, self.charset, self.state, self.details)

    def assignments(self, get: Get, number: int, row_count: int, mariadb: bool) -> list[bytes] | None:
        """What SET must assign in the place of a GET DIAGNOSTICS; None for a condition which there is not."""
        if get.condition is None:
            values = {"NUMBER": _unsigned(len(self.rows)), "ROW_COUNT": str(row_count)}
        elif 0 < number <= len(self.rows):
            values = self._items(number - 1, mariadb)
        else:
            return None
        return [target + b"=" + values[item].encode() for target, item in get.targets]

    def _items(self, at: int, mariadb: bool) -> dict[str, str]:
        """SQL expressions for all that there is to know of one condition."""
        _, code, message = self.rows[at]
        number = int(code or 0)
        values = {"MYSQL_ERRNO": _unsigned(number), "ROW_NUMBER": _unsigned(0)}
        if at < len(self.details):
            return values | {item: _text(value or b"") for item, value in zip(ITEMS, self.details[at], strict=True)}
        is_last_error = self.state and at == max(
            (i for i, row in enumerate(self.rows) if row[0] == b"Error"), default=-1
        )
        state = self.state if is_last_error else sqlstate(number, mariadb)
        origin = b"" if mariadb else (b"ISO 9075" if state[0] in "01234ABCDEFGH" else b"MySQL")
        values |= {item: _text(b"") for item in ITEMS}
        values |= {item: _text(origin.hex().encode()) for item in ("CLASS_ORIGIN", "SUBCLASS_ORIGIN")}
        values["RETURNED_SQLSTATE"] = _text(state.encode().hex().encode())
        values["MESSAGE_TEXT"] = _text((message or b"").hex().encode(), self.charset)
        return values


def _unsigned(number: int) -> str:
    return f"CAST({number} AS UNSIGNED)"


def _text(content: bytes, charset: str = "") -> str:
    """A text as GET DIAGNOSTICS gives it, from its bytes in hexadecimal."""
    literal = f"X'{content.decode('ascii')}'"
    if charset in ("", "binary", "utf8", "utf8mb3"):
        return f"_utf8mb3 {literal} COLLATE utf8mb3_general_ci"
    return f"CONVERT(_{charset} {literal} USING utf8mb3) COLLATE utf8mb3_general_ci"


def _query(sql: str) -> bytes:
    return bytes((COM_QUERY,)) + sql.encode()


def _variables(at: int) -> list[str]:
    return [f"@`forebay {at} {item}`" for item in ITEMS]


# The names of the user variables that the questions below use.
SCRATCH = frozenset(name[2:-1].encode().lower() for at in range(DETAILED) for name in _variables(at))


def detail_commands() -> list[bytes]:
    """What brings ITEMS of the first conditions into SCRATCH, and adds an error where there are not so many."""
    commands = []
    for at in range(DETAILED):
        pairs = ", ".join(f"{name} = {item}" for name, item in zip(_variables(at), ITEMS, strict=True))
        commands.append(_query(f"GET DIAGNOSTICS CONDITION {at + 1} {pairs}"))
    return commands


def detail_questions() -> list[str]:
    """The select items that read SCRATCH."""
    return [f"HEX(CONVERT({name} USING utf8mb4))" for at in range(DETAILED) for name in _variables(at)]


def details(row: list[bytes | None], count: int) -> list[list[bytes | None]]:
    """``Conditions.details`` from what ``detail_questions`` gave."""
    size = len(ITEMS)
    return [row[at * size : (at + 1) * size] for at in range(min(count, DETAILED))]


def stand_in(conditions: Conditions | None) -> bytes:
    """A statement after which a server connection has as many warnings, and an error if there is any."""
    total = 0 if conditions is None else conditions.total
    failing = conditions is not None and conditions.errors > 0
    if total == 1 and failing:
        return _query(f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT='{_MARK}'")
    warnings = total - failing
    if not warnings:
        return _query(_INSERT_ID)
    cast = f"CAST('{_MARK}' AS SIGNED)"
    if warnings <= _CASTS:
        casts = "+".join([cast] * warnings)
    else:
        digits = "(SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6"
        digits += " UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)"
        places = range(len(str(warnings - 1)))
        tables = " CROSS JOIN ".join(f"{digits} t{place}" for place in places)
        number = "+".join(f"t{place}.d*{10**place}" for place in places)
        casts = f"(SELECT COUNT(CAST(CONCAT('{_MARK}',t0.d) AS SIGNED)) FROM {tables} WHERE {number}<{warnings})"
    return _query(f"{_INSERT_ID}+0*({casts})" + ("+~0+~0" if failing else ""))
