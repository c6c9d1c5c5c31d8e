"""What of a session lives on one server connection only and has a name: it holds the client until it is let go.

Temporary tables until the last is dropped, named locks until the last is released, handlers until closed,
text-prepared statements until deallocated. Names are those of the text; what has no plain name there stays
until the session is reset, under the name ANY.

It knows traits and schemas; it does not know server connections. A statement that failed takes nothing
away, but may have taken a lock before it failed.
"""

from __future__ import annotations

from proxy.session import pins, statements
from proxy.session.statements import Traits

ANY = b"?"

# Statements that may do more than their text names.
_MORE = statements.CALLS | statements.MULTI | statements.COMPOUND | statements.UNSURE

HOLDING = statements.TEMPORARY | statements.DROPS_TABLE | statements.NAMED_LOCK | statements.HANDLER
HOLDING |= statements.TEXT_PREPARE | statements.RENAMES_TABLE


class Holdings:
    """One client's. ``locks`` may hold a name several times: a lock taken twice is released twice."""

    __slots__ = ("handlers", "locks", "prepared", "temporary")

    def __init__(self) -> None:
        self.temporary: set[bytes] = set()
        self.locks: list[bytes] = []
        self.handlers: set[bytes] = set()
        self.prepared: set[bytes] = set()

    def learn(self, traits: Traits, schema: str | None, failed: bool) -> None:
        """A statement with one of the HOLDING traits has ended."""
        flags = traits.flags
        if flags & statements.NAMED_LOCK:
            self._learn_locks(traits, failed)
        if failed and not flags & _MORE:
            return
        if flags & statements.RENAMES_TABLE and self.temporary:
            self.temporary.add(ANY)
        if flags & (statements.TEMPORARY | statements.DROPS_TABLE):
            self._learn_tables(traits, schema)
        if flags & statements.HANDLER:
            self._learn_handlers(traits)
        if flags & statements.TEXT_PREPARE:
            self._learn_prepared(traits)

    def _learn_tables(self, traits: Traits, schema: str | None) -> None:
        default = (schema or "").encode()

        def full(name: bytes) -> bytes:
            return name if b"." in name else default + b"." + name

        if traits.flags & statements.TEMPORARY:
            self.temporary.update(map(full, traits.tables_created))
            named = traits.tables_created or traits.tables_dropped
            if not named or traits.flags & _MORE:
                self.temporary.add(ANY)
        if not traits.flags & _MORE:
            self.temporary.difference_update(map(full, traits.tables_dropped))

    def _learn_locks(self, traits: Traits, failed: bool) -> None:
        flags = traits.flags
        if flags & statements.TAKES_LOCK:
            self.locks += traits.locks_taken
            if flags & (statements.UNNAMED_LOCK | _MORE):
                self.locks.append(ANY)
        if failed:
            return
        if flags & statements.FREES_ALL_LOCKS:
            self.locks.clear()
        elif flags & statements.FREES_LOCK:
            for name in traits.locks_freed:
                if name in self.locks:
                    self.locks.remove(name)

    def _learn_handlers(self, traits: Traits) -> None:
        if traits.flags & _MORE:
            self.handlers.add(ANY)
        if traits.handler_opened:
            self.handlers.add(traits.handler_opened)
        self.handlers.discard(traits.handler_closed)

    def _learn_prepared(self, traits: Traits) -> None:
        if traits.flags & (statements.MULTI | statements.COMPOUND | statements.UNSURE):
            self.prepared.add(ANY)
        if traits.prepared:
            self.prepared.add(traits.prepared)
        self.prepared.discard(traits.deallocated)

    def reasons(self) -> dict[str, bool]:
        """Each reason to pin that this room knows, and whether it holds now."""
        return {
            pins.TEMPORARY_TABLE: bool(self.temporary),
            pins.NAMED_LOCK: bool(self.locks),
            pins.HANDLER: bool(self.handlers),
            pins.TEXT_PREPARE: bool(self.prepared),
        }

    def clear(self) -> None:
        """The session is reset."""
        self.temporary.clear()
        self.locks.clear()
        self.handlers.clear()
        self.prepared.clear()
