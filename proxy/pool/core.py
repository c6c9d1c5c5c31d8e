# cython: annotation_typing=False
"""Where every connection and every ticket of one pool is: a state is a collection, a move is one function.

Decides which idle connection a taker gets. Does not wait, open, close or read a clock; time is an argument and
counts are lengths. The order of lending: the taker's own lingering connection, one that holds an equal state, one
that nobody's session lingers on, the most recently used one.

No move costs more in a larger pool. Idle connections stand in a dict in the order of their use, from whose end
``popitem`` takes the most recent; waiting tickets know their neighbours.
"""

from __future__ import annotations

from typing import NamedTuple

from proxy.pool.stats import PoolStats
from proxy.pool.ticket import Conn, Queue, Taker, Ticket

# A sync costs more than a short wait: so many places of the queue are looked at for a taker whose state is at hand, but
# nobody is overtaken more often than this, or than there are connections at work: while each of them serves one other,
# the time of one statement goes by, which is what a sync takes, too.
LOOK_AHEAD = 16
MOST_OVERTAKEN = 4
_LOOK_AHEAD, _MOST_OVERTAKEN = LOOK_AHEAD, MOST_OVERTAKEN


class Counts(NamedTuple):
    """How many of each there are."""

    idle: int
    lent: int
    opening: int
    closing: int
    waiting: int


class Place:
    """What the pool remembers of a connection as long as it has it.

    ``state`` is the one under which it stands among the idle, ``since`` when it became idle. From ``expires`` on it
    is closed instead of lent again, and ``doom`` is the reason. ``ticket`` is the one that it was handed to, if any.
    """

    __slots__ = ("checked", "doom", "expires", "opened", "since", "state", "ticket")

    def __init__(self, opened: float, expires: float) -> None:
        self.opened = opened
        self.checked = opened
        self.expires = expires
        self.doom = "max_lifetime"
        self.since = opened
        self.state: object = None
        self.ticket: Ticket | None = None

    def condemn(self, reason: str) -> None:
        """Close it as soon as it is given back."""
        self.expires = float("-inf")
        self.doom = reason


class Opening:
    """One attempt to open a connection, begun under this generation of the pool."""

    __slots__ = ("generation",)

    def __init__(self, generation: int) -> None:
        self.generation = generation


class Core:
    """The collections of one pool and the moves between them."""

    __slots__ = ("alike", "closing", "idle", "lent", "opening", "stats", "unclaimed", "waiting")

    def __init__(self, stats: PoolStats) -> None:
        self.stats = stats
        self.idle: dict[Conn, Place] = {}  # least recently used first
        self.alike: dict[object, dict[Conn, None]] = {}  # the idle ones by state
        self.unclaimed: dict[Conn, None] = {}  # the idle ones that linger for nobody
        self.lent: dict[Conn, Place] = {}
        self.closing: dict[Conn, None] = {}
        self.opening: dict[Opening, None] = {}
        self.waiting = Queue()

    # Counting

    @property
    def size(self) -> int:
        """How many places of the budget are taken."""
        return len(self.idle) + len(self.lent) + len(self.opening) + len(self.closing)

    def counts(self) -> Counts:
        return Counts(len(self.idle), len(self.lent), len(self.opening), len(self.closing), len(self.waiting))

    # Idle and lent

    def lend(self, taker: Taker, ticket: Ticket | None = None) -> Conn:
        """Idle to lent: the best connection for this taker. There must be an idle one."""
        idle = self.idle
        conn = taker.lingering
        if conn is not None and conn in idle and conn.lingers_for is taker:
            self.stats.lingering_hits += 1
            place = idle.pop(conn)
            bucket = self.alike[place.state]
            del bucket[conn]
        elif (same := self.alike.get(taker.state)) is not None:
            self.stats.same_state_hits += 1
            bucket = same
            conn = bucket.popitem()[0]
            place = idle.pop(conn)
        else:
            self.stats.other_hits += 1
            if self.unclaimed:
                conn = self.unclaimed.popitem()[0]
                place = idle.pop(conn)
            else:
                conn, place = idle.popitem()
            bucket = self.alike[place.state]
            del bucket[conn]
        if not bucket:
            del self.alike[place.state]
        if self.unclaimed:
            self.unclaimed.pop(conn, None)
        place.ticket = ticket
        self.lent[conn] = place
        return conn

    def take_aside(self, conn: Conn) -> Place:
        """Idle to lent: this very connection, to nobody. It must be idle."""
        place = self._no_longer_idle(conn)
        place.ticket = None
        self.lent[conn] = place
        return place

    def _no_longer_idle(self, conn: Conn) -> Place:
        place = self.idle.pop(conn)
        bucket = self.alike[place.state]
        del bucket[conn]
        if not bucket:
            del self.alike[place.state]
        self.unclaimed.pop(conn, None)
        return place

    def rest(self, conn: Conn, place: Place, now: float) -> None:
        """Lent to idle, as the most recently used one."""
        del self.lent[conn]
        self.stand_idle(conn, place, now)

    def stand_idle(self, conn: Conn, place: Place, now: float) -> None:
        """A connection that is in no collection becomes idle."""
        place.since = now
        place.state = state = conn.state
        self.idle[conn] = place
        bucket = self.alike.get(state)
        if bucket is None:
            self.alike[state] = {conn: None}
        else:
            bucket[conn] = None
        if conn.lingers_for is None:
            self.unclaimed[conn] = None

    def unclaim(self, conn: Conn) -> None:
        """Nobody's session lingers on this connection any more; if it is idle, it is lent before those of others."""
        if conn in self.idle:
            self.unclaimed[conn] = None

    # Coming and going

    def begin_opening(self, opening: Opening) -> None:
        self.opening[opening] = None

    def end_opening(self, opening: Opening) -> None:
        del self.opening[opening]

    def leave(self, conn: Conn) -> bool:
        """Idle or lent to closing; False when it is neither."""
        if conn in self.idle:
            self._no_longer_idle(conn)
        elif self.lent.pop(conn, None) is None:
            return False
        self.closing[conn] = None
        return True

    def gone(self, conn: Conn) -> None:
        """Closing to nowhere: its place is free."""
        del self.closing[conn]

    # The queue

    def queue(self, ticket: Ticket) -> bool:
        """To the end; False when its taker waits already."""
        return self.waiting.append(ticket)

    def unqueue(self, taker: Taker) -> Ticket | None:
        ticket = self.waiting.find(taker)
        return None if ticket is None else self.waiting.remove(ticket)

    def head(self) -> Ticket | None:
        """Who has waited longest."""
        return self.waiting.first

    def match(self) -> tuple[Ticket, Conn]:
        """Waiting to nowhere and idle to lent: the first ticket and the best connection for it."""
        first = self.waiting.first
        assert first is not None
        ticket = self.waiting.remove(first)
        return ticket, self.lend(ticket.taker, ticket)

    def pass_on(self, conn: Conn, place: Place) -> Ticket:
        """Waiting to nowhere, and lent stays lent: straight from one taker to the next one."""
        queue = self.waiting
        alike = self._nearest_alike(conn.state)
        first = queue.first
        assert first is not None
        ticket = queue.remove(first if alike is None else alike)
        place.ticket = ticket
        if conn.lingers_for is ticket.taker:
            self.stats.lingering_hits += 1
        elif alike is not None:
            self.stats.same_state_hits += 1
        else:
            self.stats.other_hits += 1
        return ticket

    def _nearest_alike(self, state: object) -> Ticket | None:
        """Whoever needs no sync for a connection in this state, if he waits in front or close behind; that is noted in
        those whom he overtakes."""
        ticket = self.waiting.first
        passed = 0
        patience = max(_MOST_OVERTAKEN, len(self.lent))
        while ticket is not None and passed < _LOOK_AHEAD:
            wanted = ticket.taker.state
            if wanted is state or wanted == state:
                other = ticket.before
                while other is not None:
                    other.overtaken += 1
                    other = other.before
                return ticket
            if ticket.overtaken >= patience:
                break
            passed += 1
            ticket = ticket.after
        return None

    def held_by(self, ticket: Ticket, conn: Conn) -> bool:
        """Whether the connection is still lent on this ticket, and not given back, dropped or lent anew since."""
        place = self.lent.get(conn)
        return place is not None and place.ticket is ticket

    def next_expired(self, now: float) -> Ticket | None:
        """Waiting to nowhere: the first ticket, if its deadline has come."""
        ticket = self.head()
        if ticket is None or ticket.deadline > now:
            return None
        return self.waiting.remove(ticket)

    def change_deadlines(self, timeout: float) -> None:
        """Deadlines stay in the order of the queue, so that looking at the first one is enough."""
        for ticket in self.waiting.tickets():
            ticket.deadline = ticket.since + timeout
