# cython: annotation_typing=False
"""A place in the queue: who waits, since when and until when. The one who waits can refuse what is offered.

Knows nothing of the queue that it stands in.
"""

from __future__ import annotations

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
    """``since`` and ``deadline`` are in seconds of the pool's clock; ``overtaken`` counts those served first."""

    __slots__ = ("deadline", "overtaken", "since", "taker")

    def __init__(self, taker: Taker, since: float, deadline: float) -> None:
        self.taker = taker
        self.since = since
        self.deadline = deadline
        self.overtaken = 0

    def __repr__(self) -> str:
        return f"<Ticket since={self.since:.3f} deadline={self.deadline:.3f} {self.taker!r}>"
