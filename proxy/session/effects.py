"""What a SET statement did once, it does again: texts whose effect is known need no server.

Remembered are single SET statements of literals, by text and by how texts are read at that time; the
effect is what the server's trackers reported. A text whose effect may vary is never remembered.
Bounded by number and by length.
"""

from __future__ import annotations

from dataclasses import dataclass

from proxy.session import statements
from proxy.session.state import NO_NAMES, State, States
from proxy.session.statements import Traits
from proxy.wire.packets import Changes

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

# How the variables begin that statements mean without naming them.
_CHARSETS = ("character_set_", "collation_")
_TRANSACTIONS = ("tx_", "transaction_")


def may_remember(traits: Traits) -> bool:
    """Whether the same text always has the same effect."""
    return traits.flags & _NEEDED == _NEEDED and not traits.flags & _MUST_NOT


@dataclass(frozen=True)
class Effect:
    """``trackers``: the raw block that the server reported. ``naming``: see ``States.after``."""

    trackers: bytes
    naming: int


def is_silent(states: States, state: State) -> bool:
    """Whether warnings may be missing in this state: a deprecated value would give one elsewhere."""
    return states.value(state, "max_error_count") == "0" or states.value(state, "sql_notes") == "OFF"


def tells_more(states: States, before: State, changes: Changes, sql: bytes, naming: int) -> bool:
    """Whether trackers report variables that the SET neither names nor changes, in a session that was ``before``.

    Which values are back after a SET STATEMENT, MariaDB reports with the next answer only.
    """
    text = sql.lower()
    meant = _CHARSETS if naming != NO_NAMES else _TRANSACTIONS if b"transaction" in text else ()
    return any(
        states.value(before, name) == value and name.encode() not in text
        for name, value in changes.variables
        if not name.startswith(meant)
    )


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
