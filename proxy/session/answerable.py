"""Texts that can be answered without a server, once one knows exactly what they ask.

Decides whether a text is exactly one of these; anything more in it, and it is not. It does not know the answers.

Sources: MySQL manual, "KILL Statement", "Information Functions"; MariaDB Knowledge Base, "KILL [CONNECTION | QUERY]".
"""

from __future__ import annotations

from proxy.session.alphabet import END, QUOTED, STRING, WORD
from proxy.session.grammar import literal_value
from proxy.session.tokens import Scanner

_LONGEST = 300  # bytes of one token: no name is longer
_CONNECTION_ID = [b"SELECT", b"CONNECTION_ID", b"(", b")"]


def _tokens(sql: bytes, mode: int, most: int) -> list[tuple[int, bytes, int, int]]:
    """Kind, text, start and end of each token but semicolons at the end; [] for a text of more, or a doubtful one."""
    scanner = Scanner(sql, mode)
    found: list[tuple[int, bytes, int, int]] = []
    while scanner.advance() != END:
        if len(found) > most or scanner.end - scanner.start > _LONGEST:
            return []
        found.append((scanner.kind, scanner.token(), scanner.start, scanner.end))
    while found and found[-1][1] == b";":
        found.pop()
    return [] if scanner.doubt or len(found) > most else found


def kill_target(sql: bytes, mode: int = 0) -> tuple[bool, int] | None:
    """For exactly ``KILL [HARD|SOFT] [CONNECTION|QUERY] n``: whether only the query is meant, and n. Else None."""
    texts = [text.upper() for _, text, _, _ in _tokens(sql, mode, 4)]
    if len(texts) < 2 or texts[0] != b"KILL" or not texts[-1].isdigit() or len(texts[-1]) > 20:
        return None
    between = texts[1:-1]
    if between and between[0] in (b"HARD", b"SOFT"):
        del between[0]
    if between not in ([], [b"CONNECTION"], [b"QUERY"]):
        return None
    return between == [b"QUERY"], int(texts[-1])


def connection_id_column(sql: bytes, mode: int = 0) -> bytes | None:
    """For exactly ``SELECT CONNECTION_ID() [[AS] alias]`` the name of its column, else None."""
    tokens = _tokens(sql, mode, 6)
    if [text.upper() for _, text, _, _ in tokens[:4]] != _CONNECTION_ID:
        return None
    if len(tokens) == 4:
        return sql[tokens[1][2] : tokens[3][3]]
    if len(tokens) == 6 and tokens[4][1].upper() != b"AS":
        return None
    kind, text, _, _ = tokens[-1]
    if kind == WORD:
        return None if text.upper() in (b"AS", b"FROM", b"INTO", b"LIMIT", b"UNION") else text
    return literal_value(text) if kind in (QUOTED, STRING) else None


def is_connection_id(sql: bytes, mode: int = 0) -> bool:
    """Whether the text is exactly ``SELECT CONNECTION_ID()``, with or without an alias."""
    return connection_id_column(sql, mode) is not None
