"""What a SET statement did once, it does again: texts whose effect is known need no server.

Remembered are single SET statements of literals, by text and by how texts are read at that time; the
effect is what the server's trackers reported. A text whose effect may vary is never remembered.
Bounded by number and by length.
"""

from __future__ import annotations

from dataclasses import dataclass

from proxy.session import statements
from proxy.session.statements import Traits

LIMIT = 512
LONGEST = 512

_NEEDED = statements.SETS | statements.SET_LITERAL
_MUST_NOT = (
    statements.SET_VARIES
    | statements.SET_GLOBAL
    | statements.SET_PASSWORD
    | statements.NEXT_TRANSACTION
    | statements.SPECIAL_VARIABLE
    | statements.TRACKERS
    | statements.ROLE
    | statements.PROFILING
    | statements.USER_VARIABLE
    | statements.INSERT_ID
    | statements.FUNCTION
    | statements.MULTI
    | statements.TAIL
    | statements.UNSURE
    | statements.PIN_HINT
    | statements.UNPIN_HINT
)


def may_remember(traits: Traits) -> bool:
    """Whether the same text always has the same effect."""
    return traits.flags & _NEEDED == _NEEDED and not traits.flags & _MUST_NOT


@dataclass(frozen=True)
class Effect:
    """``trackers``: the raw block that the server reported. ``naming``: see ``States.after``."""

    trackers: bytes
    naming: int


class Effects:
    """The effects by text and reading mode; the oldest goes when there are too many."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, int], Effect] = {}

    def get(self, sql: bytes, mode: int) -> Effect | None:
        return self._known.get((sql, mode))

    def learn(self, sql: bytes, mode: int, effect: Effect) -> None:
        if len(sql) > LONGEST:
            return
        if len(self._known) >= LIMIT:
            self._known.pop(next(iter(self._known)))
        self._known[(sql, mode)] = effect

    def __len__(self) -> int:
        return len(self._known)
