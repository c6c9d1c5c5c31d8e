# cython: annotation_typing=False
"""The queue and the places in it: who waits, since when and until when. The one who waits can refuse what is offered.

Decides the order only: first come, first served, and whoever leaves from wherever in between. Knows no connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias

from proxy.errors import ProxyError


class Lendable(Protocol):
    """A connection as the pool sees it. Hashed by identity.

    ``state`` is what it holds of a session (hashable, equal states need no sync); it is read when the connection is
    given back. ``lingers_for`` is the taker whose session it still holds, set by whoever gives it back.
    """

    @property
    def state(self) -> object: ...
    @property
    def lingers_for(self) -> object | None: ...


# A Lendable of whatever class: what the pool lends is what it was given. Compiled classes cannot be generic.
Conn: TypeAlias = Any


class Taker(Protocol):
    """Who borrows. Hashed by identity. May call any function of the pool from within ``granted`` and ``denied``."""

    @property
    def state(self) -> object: ...
    @property
    def lingering(self) -> Conn | None: ...

    def granted(self, conn: Conn, /) -> bool:
        """The wait is over. False refuses: the pool keeps the connection and offers it to the next one."""

    def denied(self, error: ProxyError, /) -> None:
        """The wait is over and there is no connection."""


class Ticket:
    """``since`` and ``deadline`` are in seconds of the pool's clock; ``overtaken`` counts those served first.

    ``before`` and ``after`` are its neighbours in the queue.
    """

    __slots__ = ("after", "before", "deadline", "overtaken", "since", "taker")

    def __init__(self, taker: Taker, since: float, deadline: float) -> None:
        self.taker = taker
        self.since = since
        self.deadline = deadline
        self.overtaken = 0
        self.before: Ticket | None = None
        self.after: Ticket | None = None

    def __repr__(self) -> str:
        return f"<Ticket since={self.since:.3f} deadline={self.deadline:.3f} {self.taker!r}>"


def new_ticket(taker: Taker, since: float, deadline: float) -> Ticket:
    """A ticket, made without what a call of a class costs."""
    made = Ticket.__new__(Ticket)
    made.taker = taker
    made.since = since
    made.deadline = deadline
    made.overtaken = 0
    made.before = made.after = None
    return made


class Queue:
    """Tickets in the order in which they came, ``first`` to ``last``; iterating gives their takers.

    A list of neighbours, and a dict to find one by its taker: an OrderedDict is both, for six times the price.
    """

    __slots__ = ("_tickets", "first", "last")

    def __init__(self) -> None:
        self._tickets: dict[Taker, Ticket] = {}
        self.first: Ticket | None = None
        self.last: Ticket | None = None

    def __len__(self) -> int:
        return len(self._tickets)

    def __iter__(self) -> Iterator[Taker]:
        return iter([each.taker for each in self.tickets()])

    def tickets(self) -> list[Ticket]:
        """All of them, also when some leave meanwhile."""
        found = []
        each = self.first
        while each is not None:
            found.append(each)
            each = each.after
        return found

    def append(self, ticket: Ticket) -> bool:
        """To the end; False, and nothing happens, when its taker stands here already."""
        if self._tickets.setdefault(ticket.taker, ticket) is not ticket:
            return False
        ticket.before = self.last
        if self.last is None:
            self.first = ticket
        else:
            self.last.after = ticket
        self.last = ticket
        return True

    def remove(self, ticket: Ticket) -> Ticket:
        """One that stands here."""
        del self._tickets[ticket.taker]
        before, after = ticket.before, ticket.after
        if before is None:
            self.first = after
        else:
            before.after = after
        if after is None:
            self.last = before
        else:
            after.before = before
        ticket.before = ticket.after = None
        return ticket

    def find(self, taker: Taker) -> Ticket | None:
        """The ticket of a taker that waits."""
        return self._tickets.get(taker)
