"""Which user-level locks a statement takes and lets go, where its text says so for certain.

Decides whether a statement is nothing but a list of GET_LOCK, RELEASE_LOCK and RELEASE_ALL_LOCKS with literal
names. In any other one a call may run for no row or for many, so that its text tells no number.

It does not know which locks a session holds, nor whether the server granted one.

Sources: MySQL manual and MariaDB Knowledge Base, "Locking Functions", "GET_LOCK".
"""

from __future__ import annotations

from proxy.session.alphabet import CLOSE, COMMA, END, MARIADB, NUMBER, OPEN, QUOTED, SEMICOLON, STRING, WORD
from proxy.session.grammar import literal_value
from proxy.session.tokens import Scanner

ALL = b""  # stands for RELEASE_ALL_LOCKS() among the names
_MINUS = 45


def locks_of(sql: bytes, mode: int) -> tuple[tuple[bytes, ...], tuple[bytes, ...]] | None:
    """The names taken and the names freed, one for each call, of a text that is one such list; else None."""
    taken: list[bytes] = []
    freed: list[bytes] = []
    scanner = Scanner(sql, mode)
    scanner.advance()
    if scanner.token().upper() not in (b"SELECT", b"DO"):
        return None
    while _call(scanner, mode, taken, freed):
        if scanner.advance() == WORD and scanner.token().upper() == b"AS":
            scanner.advance()
        if scanner.kind in (WORD, QUOTED, STRING):  # an alias
            scanner.advance()
        if scanner.kind != COMMA:
            return (tuple(taken), tuple(freed)) if scanner.kind in (END, SEMICOLON) else None
    return None


def _call(scanner: Scanner, mode: int, taken: list[bytes], freed: list[bytes]) -> bool:
    """One call up to its closing parenthesis; whether it is one of the three."""
    scanner.advance()
    function = scanner.token().upper()
    if scanner.advance() != OPEN:
        return False
    if function == b"RELEASE_ALL_LOCKS":
        freed.append(ALL)
        return scanner.advance() == CLOSE
    name = literal_value(scanner.token()) if scanner.advance() == STRING else None
    if not name or not name.isascii() or name.endswith(b" "):
        return False
    if not mode & MARIADB:
        name = name.lower()  # MySQL takes no notice of case, MariaDB does
    scanner.advance()
    if function == b"GET_LOCK" and scanner.kind == COMMA:
        if scanner.advance() == _MINUS:
            scanner.advance()
        taken.append(name)
        return scanner.kind == NUMBER and scanner.advance() == CLOSE
    freed.append(name)
    return function == b"RELEASE_LOCK" and scanner.kind == CLOSE
