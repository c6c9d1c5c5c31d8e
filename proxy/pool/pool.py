# cython: annotation_typing=False
"""The server connections of one login identity to one target, lent out for a statement or a transaction at a time.

Decides when a connection is lent, handed over, opened and closed. Knows no MySQL and no socket: opening, closing,
checking and running coroutines are functions given to it, and so are the clock and the timer. Which connection is
lent is ``core``'s decision, how many may exist is ``budget``'s, how long an idle one lives is ``keeper``'s.

Callbacks, not coroutines: ``borrow`` answers at once or queues, and whoever queued is granted or denied later, never
from within its own ``borrow``. Every function may be called from within ``granted``, ``denied`` and ``close``: while
one hand-over is under way, what is given back becomes idle and the running hand-over goes on with it, so that
hand-overs never nest.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from proxy.errors import BorrowTimeout, ProxyError, ServerUnavailable, ShuttingDown
from proxy.pool.alarm import Alarm, CallLater
from proxy.pool.budget import Budget
from proxy.pool.core import Core, Counts, Place
from proxy.pool.limits import PoolLimits
from proxy.pool.opener import Opener, Spawn
from proxy.pool.stats import PoolStats
from proxy.pool.ticket import Conn, Taker, Ticket, new_ticket

logger = logging.getLogger(__name__)

INFINITE = float("inf")
UNREAD = float("-inf")  # a time that nobody has read from the clock
_UNREAD = UNREAD


class Pool:
    """Lends what ``open`` opens.

    ``open()`` is a coroutine function that gives a connection or raises. ``close(conn, reason)`` is called once for
    every connection that leaves; if it returns a coroutine, the connection keeps its place in the budget until that
    has run. ``check(conn)`` is a coroutine function that says, within a time of its own, whether a connection still
    works; without it none is checked. ``spawn(name, coroutine)`` runs a coroutine in the background. ``clock()`` gives
    seconds and may be coarse. ``call_later(delay, function)`` gives a handle with ``cancel``. ``describe()`` says who
    holds the connections, for the text of a borrow timeout.
    """

    def __init__(
        self,
        name: str,
        limits: PoolLimits,
        budget: Budget,
        *,
        open: Callable[[], Awaitable[Conn]],
        close: Callable[[Conn, str], Coroutine[Any, Any, None] | None],
        check: Callable[[Conn], Awaitable[bool]] | None = None,
        spawn: Spawn,
        clock: Callable[[], float],
        call_later: CallLater,
        describe: Callable[[], str] = str,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.limits = limits
        self._patience = limits.borrow_timeout or INFINITE
        self._most_connecting = limits.max_connecting
        self.budget = budget
        self.stats = PoolStats()
        self.core: Core = Core(self.stats)
        self.paused = False
        self.draining = False
        self.pressed = False
        self.asked = 0
        self._close = close
        self._check = check
        self._spawn = spawn
        self._clock = clock
        self._describe = describe
        self._chance = chance
        self._alarm = Alarm(call_later, self.tick)
        self._opener = Opener(
            name,
            self.core,
            open=open,
            spawn=spawn,
            clock=clock,
            chance=chance,
            arrived=self._arrived,
            ended=self._changed,
        )
        self._handing = False
        self._when_empty: Callable[[], None] | None = None
        budget.join(self)

    # Borrowing

    def borrow(self, taker: Taker, now: float = UNREAD) -> Conn | None:
        """A connection at once, or None: then the taker is queued, and granted or denied later.

        A taker waits at most once at a time; RuntimeError when it waits already. ``now`` is for callers that have just
        read the clock.
        """
        core = self.core
        if not core.idle or core.waiting.first is not None or self.paused:
            self._queue(taker, self._clock() if now == _UNREAD else now)
            return None
        return core.lend(taker)

    def forget(self, taker: Taker) -> bool:
        """The taker no longer waits. False when it did not wait; a connection that it has is not touched."""
        return self.core.unqueue(taker) is not None

    def give_back(self, conn: Conn, now: float = UNREAD) -> None:
        """A healthy connection is no longer needed. One that has left the pool meanwhile is ignored.

        ``now`` as in ``borrow``.
        """
        core = self.core
        place = core.lent.get(conn)
        if place is None:
            return
        if now == _UNREAD:
            now = self._clock()
        if now >= place.expires or self.pressed:
            self._give_back_under_pressure(conn, place, now)
            return
        if core.waiting.first is not None and not self._handing and not self.paused:
            self._hand_over(now, core.pass_on(conn, place), conn)
        else:
            core.rest(conn, place, now)

    def drop(self, conn: Conn, reason: str) -> bool:
        """A connection is broken or unwanted, idle or lent: it is closed. False when it had left already.

        ``reason`` is one of a few words; closed connections are counted by it.
        """
        if not self._leave(conn, reason):
            return False
        self._changed()
        return True

    def unclaim(self, conn: Conn) -> None:
        """Nobody's session lingers on it any more (``lingers_for`` is None now): if idle, it is lent before others."""
        self.core.unclaim(conn)

    def counts(self) -> Counts:
        return self.core.counts()

    @property
    def failing(self) -> bool:
        """Whether the last attempt to open a connection failed."""
        return self._opener.failing

    @property
    def last_error(self) -> Exception | None:
        """Why the last failed attempt to open a connection failed."""
        return self._opener.last_error

    # Ruling

    def pause(self) -> None:
        """Lend nothing until ``resume``. Who borrows is queued and has its deadline as always."""
        self.paused = True

    def resume(self) -> None:
        """Lend again, first to who has waited. A draining pool stays as it is."""
        self.paused = self.draining
        self._changed()

    def drain(self, when_empty: Callable[[], None] | None = None) -> None:
        """Lend and open nothing ever again: deny the waiting, close the idle, close the lent when given back.

        ``when_empty`` is called once when the last connection has gone, perhaps at once.
        """
        self.draining = self.paused = True
        self._when_empty = when_empty
        self._deny_all()
        self.retire("drained")

    def close_idle(self, reason: str) -> int:
        """Close the connections that are idle now. Gives their number."""
        closed = sum(self._leave(conn, reason) for conn in list(self.core.idle))
        self._changed()
        return closed

    def close_if_idle(self, conn: Conn, reason: str) -> bool:
        """Close one connection unless it is in use. Gives whether it was closed."""
        return conn in self.core.idle and self.drop(conn, reason)

    def retire(self, reason: str = "retired") -> None:
        """Replace every present connection: the idle and the just opening are closed, the lent when given back."""
        self._opener.outdate()
        for place in self.core.lent.values():
            place.condemn(reason)
        self.close_idle(reason)

    def configure(self, limits: PoolLimits) -> None:
        """Take other limits, also for who waits already. Lifetimes that have begun stay."""
        self.limits = limits
        self._patience = limits.borrow_timeout or INFINITE
        self._most_connecting = limits.max_connecting
        self.core.change_deadlines(self._patience)
        self.tick()

    def refill(self) -> None:
        """Begin to open a connection that nobody waits for, if there is a place to spare."""
        now = self._clock()
        if self.budget.spare(now) and not self.paused and now >= self._opener.patient_retry_at:
            self._opener.begin(now)

    def check(self, conn: Conn) -> None:
        """Take an idle connection aside and check it: it is idle again afterwards, or dropped. It counts as lent."""
        if self._check is not None and conn in self.core.idle:
            place = self.core.take_aside(conn)
            self._spawn(f"check {self.name}", self._run_check(self._check, conn, place))

    def tick(self) -> None:
        """Look at the deadlines and at what may be opened. The alarm and the keeper call it."""
        now = self._clock()
        if self.draining:
            self._deny_all()
        self._deny_expired(now)
        self._after_change(now)
        if (head := self.core.head()) is not None:
            self._alarm.at(head.deadline, now)

    # Waiting

    def _queue(self, taker: Taker, now: float) -> None:
        core = self.core
        deadline = now + self._patience
        if not core.queue(new_ticket(taker, now, deadline)):
            raise RuntimeError(f"{taker!r} waits already in {self!r}")
        self.stats.queued += 1
        if self.draining or deadline < self._alarm.when:
            self._alarm.at(now if self.draining else deadline, now)
        if self.asked >= self._most_connecting and not self._opener.failing and not core.idle:
            return  # the budget knows that this pool wants as many as it may open at a time
        outer, self._handing = self._handing, True  # a spawn that runs at once must not grant from within borrow
        try:
            self._ask(now)
        finally:
            self._handing = outer
        if core.idle and not outer and not self.paused:
            self._alarm.at(now, now)

    def _hand_over(self, now: float, ticket: Ticket | None = None, conn: Conn | None = None) -> None:
        """Give idle connections to who waits, in order, until there are no more of one or the other.

        First the one that is lent on a ticket already, if given.
        """
        if self._handing:
            return
        self._handing = True
        try:
            if ticket is not None and conn is not None:
                self._offer(ticket, conn, now)
            core = self.core
            while core.waiting.first is not None and core.idle and not self.paused:
                ticket, conn = core.match()
                self._offer(ticket, conn, now)
        finally:
            self._handing = False

    def _offer(self, ticket: Ticket, conn: Conn, now: float) -> None:
        try:
            accepted = ticket.taker.granted(conn)
        except Exception:
            logger.exception("%r failed to take a connection", ticket.taker)
            self.stats.refused += 1
            if self.core.held_by(ticket, conn):
                self.drop(conn, "taker_failed")
            return
        if accepted:
            self.stats.handed_over += 1
            self.stats.waits.observe(now - ticket.since)
        else:
            self.stats.refused += 1
            if self.core.held_by(ticket, conn):
                self.give_back(conn)

    def _deny_expired(self, now: float) -> None:
        held = None
        while (ticket := self.core.next_expired(now)) is not None:
            held = self._describe() if held is None else held
            self.stats.timeouts += 1
            self._deny(ticket, self._timeout_error(now - ticket.since, held))

    def _deny_all(self) -> None:
        for ticket in self.core.waiting.tickets():  # who queues again when denied is denied the next time
            if self.core.unqueue(ticket.taker) is not None:
                self._deny(ticket, ShuttingDown())

    def _deny(self, ticket: Ticket, error: ProxyError) -> None:
        try:
            ticket.taker.denied(error)
        except Exception:
            logger.exception("%r failed to be denied", ticket.taker)

    def _timeout_error(self, waited: float, held: str) -> ProxyError:
        counts = self.core.counts()
        failure = f" The last attempt to connect failed: {self.last_error}" if self._opener.failing else ""
        if failure and not counts.idle and not counts.lent:
            return ServerUnavailable(f"No connection to the server after {waited:.1f} s.{failure}")
        text = (
            f"No server connection became free within {waited:.1f} s (pool.borrow_timeout): "
            f"{counts.lent} in use, {counts.opening} connecting, {counts.waiting} more waiting; "
            f"{self.budget.used} of at most {self.budget.limit} server connections exist (pool.max_connections)."
        )
        return BorrowTimeout(text + (f" {held}" if held else "") + failure)

    # Arriving and leaving

    def _arrived(self, conn: Conn, current: bool) -> None:
        now = self._clock()
        lifetime = self.limits.max_lifetime * (0.8 + 0.4 * self._chance())
        self.core.stand_idle(conn, Place(now, now + (lifetime or INFINITE)), now)
        if not current:
            self._leave(conn, "drained" if self.draining else "retired")
        self._after_change(now)

    async def _run_check(self, check: Callable[[Conn], Awaitable[bool]], conn: Conn, place: Place) -> None:
        works = False
        try:
            works = await check(conn)
        except (ProxyError, OSError):
            works = False
        finally:
            place.checked = self._clock()
            if works:
                idle_since = place.since
                self.give_back(conn)
                place.since = idle_since  # being checked is not being used
            else:
                self.drop(conn, "check_failed")

    def _give_back_under_pressure(self, conn: Conn, place: Place, now: float) -> None:
        reason = place.doom if now >= place.expires else self.budget.claim(self, place.opened, now)
        if reason:
            self._leave(conn, reason)
        else:
            self.core.rest(conn, place, now)
        self._after_change(now)

    def _leave(self, conn: Conn, reason: str) -> bool:
        if not self.core.leave(conn):
            return False
        self.stats.count_closed(reason)
        try:
            farewell = self._close(conn, reason)
        except Exception:
            logger.exception("%s: closing %r failed", self.name, conn)
            farewell = None
        if farewell is None:
            self.core.gone(conn)
        else:
            self._spawn(f"close {self.name}", self._run_farewell(conn, farewell))
        return True

    async def _run_farewell(self, conn: Conn, farewell: Coroutine[Any, Any, None]) -> None:
        try:
            await farewell
        finally:
            self.core.gone(conn)
            self._changed()

    def _changed(self) -> None:
        self._after_change(self._clock())

    def _after_change(self, now: float) -> None:
        """A connection became idle or a place free: serve who waits, here and in the pools of the same budget."""
        self._hand_over(now)
        self._ask(now)
        self.budget.look(now)
        if self.draining and not self.core.size:
            self.budget.part(self, now)
            when_empty, self._when_empty = self._when_empty, None
            if when_empty is not None:
                when_empty()

    def _ask(self, now: float) -> None:
        wanted = self.wants(now)
        if wanted > 0:
            self.budget.ask(self, wanted, now)
        if self._opener.failing and self.core.waiting and self._opener.retry_at > now:
            self._alarm.at(self._opener.retry_at, now)

    # What the budget asks and tells

    @property
    def size(self) -> int:
        return self.core.size

    @property
    def closing(self) -> int:
        return len(self.core.closing)

    @property
    def waits_since(self) -> float:
        head = self.core.head()
        return INFINITE if head is None else head.since

    @property
    def moves_from(self) -> float:
        return self._opener.patient_retry_at

    def wants(self, now: float) -> int:
        core = self.core
        wanted = min(len(core.waiting) - len(core.idle), self.limits.max_connecting) - len(core.opening)
        if wanted <= 0 or self.paused:
            return 0
        return self._opener.cautious(now) if self._opener.failing else wanted

    def oldest_idle(self) -> tuple[float, float] | None:
        for place in self.core.idle.values():
            return place.since, place.opened
        return None

    def open_one(self, now: float) -> None:
        self._opener.begin(now)
        if self._opener.failing:
            self._alarm.at(self._opener.retry_at, now)

    def close_oldest(self, reason: str) -> None:
        for conn in self.core.idle:
            self._leave(conn, reason)
            return

    def wake_at(self, when: float, now: float) -> None:
        self._alarm.at(when, now)

    def __repr__(self) -> str:
        counts = " ".join(f"{name}={count}" for name, count in self.counts()._asdict().items())
        flags = " draining" if self.draining else " paused" if self.paused else ""
        return f"<Pool {self.name} {counts}{flags}>"
