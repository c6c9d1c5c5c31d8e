"""Statements for logs and people: what is asked, never with which values.

Decides how a text is shortened. It knows nothing of logs.
"""

from __future__ import annotations

from proxy.session.alphabet import COMMA, END, NUMBER, STRING
from proxy.session.tokens import Scanner

LONGEST = 1024  # bytes of a digest


def digest(sql: bytes, mode: int) -> bytes:
    """The text without literals (each is ``?``), comments and needless space; at most 1024 bytes.

    Further literals of a list become one ``...``. A text that cannot be read for certain is its first word only, since
    what looks like a name may then be part of a literal.
    """
    scanner = Scanner(sql, mode)
    parts: list[bytes] = []
    size = 0
    listed = False  # the last two parts are a literal and a comma
    while scanner.advance() != END and size <= LONGEST:
        literal = scanner.kind in (STRING, NUMBER)
        if literal and listed and parts[-2] == b"...":
            size -= len(parts.pop()) + 1
            listed = False
            continue
        part = (b"..." if listed else b"?") if literal else scanner.token()[: LONGEST + 1]
        listed = scanner.kind == COMMA and parts[-1:] in ([b"?"], [b"..."])
        parts.append(part)
        size += len(part) + 1
    while scanner.kind != END and not scanner.doubt:
        scanner.advance()
    if scanner.doubt:
        return (parts[0][:32].upper() if parts and parts[0].isalpha() else b"?") + b" ..."
    return b" ".join(parts)[:LONGEST]
