"""Questions about the last statement, as far as they can be answered by whoever has its conditions in memory.

Decides whether a text is one of these, and what it asks: SHOW WARNINGS and SHOW ERRORS, GET DIAGNOSTICS. For any other
statement it can write values in the place of what asks for them, CONNECTION_ID() too; SHOW COUNT(*) ERRORS becomes a
SELECT then. It does not know the answers.

Sources: MySQL manual, "SHOW WARNINGS Statement", "GET DIAGNOSTICS Statement", "Information Functions".
"""

from __future__ import annotations

from dataclasses import dataclass

from proxy.session.alphabet import (
    CLOSE,
    COMMA,
    DOT,
    END,
    EQUALS,
    NUMBER,
    OPEN,
    QUOTED,
    SEMICOLON,
    STRING,
    SYSTEM,
    UNREADABLE,
    VARIABLE,
    WORD,
)
from proxy.session.tokens import Scanner

_MOST = 400  # tokens of a question
_LONGEST = 300  # bytes of one of them
_UNSIGNED = frozenset({b"ERROR_COUNT", b"CONNECTION_ID"})
_EVALUATES = frozenset(b"SELECT WITH VALUES SET DO INSERT REPLACE UPDATE DELETE CALL SHOW".split())
# Where the server's own ids are: a CONNECTION_ID() beside them has to be the server's, too.
_SERVER_IDS = frozenset(
    b"""PROCESSLIST PROCESSLIST_ID TRX_MYSQL_THREAD_ID OWNER_THREAD_ID THREAD_ID CONN_ID IS_USED_LOCK PS_THREAD_ID
    METADATA_LOCK_INFO INNODB_TRX THREADS""".split()
)


@dataclass(frozen=True)
class Show:
    """SHOW WARNINGS, or ``errors_only``; ``most`` is None where nothing limits them."""

    errors_only: bool
    offset: int
    most: int | None


@dataclass(frozen=True)
class Get:
    """GET DIAGNOSTICS of the statement, or of the condition whose number ``condition`` is an expression for.

    ``targets``: user variables as they were written, and the names of items in capitals.
    """

    condition: bytes | None
    targets: tuple[tuple[bytes, str], ...]


Question = Show | Get


def question(sql: bytes, mode: int) -> Question | None:
    """What exactly this text asks, None for any other."""
    tokens = _tokens(sql, mode)
    words = [text.upper() for _, text in tokens[:3]]
    if words[:1] == [b"SHOW"]:
        return _show(tokens[1:])
    if words[:2] == [b"GET", b"DIAGNOSTICS"]:
        return _get(tokens[2:])
    return _get(tokens[3:]) if words == [b"GET", b"CURRENT", b"DIAGNOSTICS"] else None


def asks_for_list(sql: bytes, mode: int) -> bool:
    """Whether the first statement asks for what conditions say, in whatever form."""
    scanner = Scanner(sql, mode & ~UNREADABLE)
    words = []
    for _ in range(2):
        scanner.advance()
        words.append(scanner.token().upper())
    return words[0] == b"GET" or (words[0] == b"SHOW" and words[1] in (b"WARNINGS", b"ERRORS"))


def _tokens(sql: bytes, mode: int) -> list[tuple[int, bytes]]:
    """What a question consists of is the same in every dialect."""
    scanner = Scanner(sql, mode & ~UNREADABLE)
    found: list[tuple[int, bytes]] = []
    while scanner.advance() != END:
        if len(found) >= _MOST or scanner.end - scanner.start > _LONGEST:
            return []
        found.append((scanner.kind, scanner.token()))
    while found and found[-1][0] == SEMICOLON:
        found.pop()
    return [] if scanner.doubt else found


def _show(tokens: list[tuple[int, bytes]]) -> Show | None:
    words = [text.upper() for _, text in tokens]
    if words[:1] not in ([b"WARNINGS"], [b"ERRORS"]):
        return None
    errors_only = words[0] == b"ERRORS"
    if len(words) == 1:
        return Show(errors_only, 0, None)
    if words[1] != b"LIMIT" or not all(word.isdigit() for word in words[2::2]):
        return None
    numbers = [int(word) for word in words[2::2]]
    if len(words) == 3:
        return Show(errors_only, 0, numbers[0])
    if len(words) != 5 or words[3] not in (b",", b"OFFSET"):
        return None
    offset, most = numbers if words[3] == b"," else reversed(numbers)
    return Show(errors_only, offset, most)


def _get(tokens: list[tuple[int, bytes]]) -> Get | None:
    condition = None
    if len(tokens) > 1 and tokens[0][1].upper() == b"CONDITION":
        kind, condition = tokens[1]
        if kind not in (NUMBER, STRING, VARIABLE) and condition.upper() != b"NULL":
            return None
        tokens = tokens[2:]
    targets = []
    for at in range(0, len(tokens), 4):
        kinds = [kind for kind, _ in tokens[at : at + 4]]
        if kinds not in ([VARIABLE, EQUALS, WORD, COMMA], [VARIABLE, EQUALS, WORD]):
            return None
        if (len(kinds) == 3) is not (at + 4 > len(tokens)):
            return None
        targets.append((tokens[at][1], tokens[at + 2][1].upper().decode("latin-1")))
    return Get(condition, tuple(targets)) if targets and len(tokens) % 4 == 3 else None


def with_values(sql: bytes, mode: int, values: dict[bytes, int]) -> tuple[bytes, dict[bytes, bytes]] | None:
    """The text with the ROW_COUNT(), FOUND_ROWS(), CONNECTION_ID() and @@error_count of its first statement replaced.

    ``values``: which of them, and by what. A CONNECTION_ID() stays that is compared with the server's ids. Also what
    was written in place of what, because names of columns show it. An expression keeps what it stands for, so that
    it has its type, and what it does to the statement. None where that is not possible.
    """
    scanner = Scanner(sql, mode)
    scanner.advance()
    while scanner.kind == OPEN:
        scanner.advance()
    verb = scanner.token().upper()
    if verb not in _EVALUATES:
        return None
    if verb == b"SHOW" and b"ERROR_COUNT" in values and (select := _counts_errors(scanner)):
        return with_values(select, mode, values)
    places = _places(scanner, values, verb == b"SET")
    if scanner.doubt:
        return None
    pieces, names, at = [], {}, 0
    for start, end, name in places:
        original = sql[start:end]
        number = b"CAST(%d AS UNSIGNED)" if name in _UNSIGNED else b"%d"
        instead = b"IF(1,%b,%b)" % (number % values[name], original)
        names[instead] = original
        pieces += [sql[at:start], instead]
        at = end
    return b"".join(pieces) + sql[at:], names


def _counts_errors(scanner: Scanner) -> bytes:
    """A text that begins with SHOW COUNT(*) ERRORS with the SELECT that servers make of it; b"" for any other SHOW."""
    sql, start = scanner.sql, scanner.start
    for word in (b"COUNT", b"(", b"*", b")", b"ERRORS"):
        scanner.advance()
        if scanner.token().upper() != word:
            return b""
    return sql[:start] + b"SELECT @@session.error_count" + sql[scanner.end :]


def _places(scanner: Scanner, values: dict[bytes, int], sets: bool) -> list[tuple[int, int, bytes]]:
    """Where the first statement asks for one of the values: start, end and name. ``scanner`` stands at its verb."""
    found = []
    depth = 0
    names_ids = False
    assigned = sets  # the next token is what SET assigns to
    while scanner.advance() not in (END, SEMICOLON):
        kind, start, target = scanner.kind, scanner.start, assigned
        assigned = sets and kind == COMMA and depth == 0
        if kind == OPEN:
            depth += 1
        elif kind == CLOSE:
            depth -= 1
        elif kind in (WORD, QUOTED) and scanner.token().strip(b'`"').upper() in _SERVER_IDS:
            names_ids = True
        elif kind == WORD and not scanner.named:
            name = scanner.token().upper()
            if name in values and name != b"ERROR_COUNT" and _empty_call(scanner):
                found.append((start, scanner.end, name))
        elif kind == SYSTEM:
            name = _variable(scanner)
            if name in values and not target:
                found.append((start, scanner.end, name))
    return [place for place in found if not (names_ids and place[2] == b"CONNECTION_ID")]


def _empty_call(scanner: Scanner) -> bool:
    return scanner.advance() == OPEN and scanner.advance() == CLOSE


def _variable(scanner: Scanner) -> bytes:
    """The name behind @@ and a scope, in capitals. Leaves the scanner at its last token."""
    name = b""
    for _ in range(3):
        kind = scanner.advance()
        if kind in (WORD, QUOTED):
            name = scanner.token().strip(b"`").upper()
            if name not in (b"SESSION", b"LOCAL", b"GLOBAL"):
                return name
        elif kind != DOT:
            return b""
    return b""
