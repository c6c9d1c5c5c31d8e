"""How many server connections the pools of one target may have in all, and which pool gets the next one.

Decides who may open, who has to give a place up, and when. Does not open, close or queue: the pools do, when told.
This is the one place where "how many may exist" is asked; several processes would share a budget here.

A pool whose waiters could use a connection that the budget does not have is hungry. The hungry pool whose first
waiter has waited longest is served first: with a free place, with an idle connection of another pool, with the next
connection that another pool's client gives back. Opening costs a login, so

- a place stays where it is for ``hysteresis`` seconds at least;
- the only connection of a pool goes to a pool that has some only after it was idle for as long, or when somebody there
  has waited very long (those that it has may be held), and to a pool that has none only if waiting is its turn, and
  rather not while others have more than one;
- between two pools that both have waiters and connections a place moves only if the waits differ clearly;
- no place moves for a pool where opening keeps failing, except now and then.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

NEVER = float("inf")
# For so many times the hysteresis a pool without a connection waits for one of a pool that has more than one,
# before it takes the only one of a pool that has waiters; and a pool that has connections, before it takes the only
# one of a pool that uses it all the time.
PATIENCE = 10


class Member(Protocol):
    """What the budget asks of a pool and tells it. All times are seconds of one clock.

    ``pressed`` is for the budget to set: what is given back to this pool may have to go to another one, so the
    budget has to be asked. Without pressure it need not be, which keeps lending and handing over inside a pool cheap.
    So does ``asked``: how many connections the budget knows that the pool would open. Asking for no more is in vain.
    """

    pressed: bool
    asked: int

    @property
    def size(self) -> int:
        """Places taken: idle, lent, opening and closing connections."""

    @property
    def closing(self) -> int:
        """Places that are about to become free."""

    @property
    def waits_since(self) -> float:
        """Since when its first waiter waits; infinite when nobody does."""

    @property
    def moves_from(self) -> float:
        """From when on another pool's connection may be closed for it; later than now when opening keeps failing."""

    def wants(self, now: float) -> int:
        """How many connections it would begin to open at once."""

    def oldest_idle(self) -> tuple[float, float] | None:
        """Of the least recently used idle connection: since when idle, when opened."""

    def open_one(self, now: float) -> None: ...

    def close_oldest(self, reason: str) -> None:
        """Close the least recently used idle connection."""

    def wake_at(self, when: float, now: float) -> None:
        """Look again at that time."""


class Budget:
    """``limit`` places, shared by the pools that joined."""

    def __init__(self, limit: int, hysteresis: float = 0.1) -> None:
        self.limit = limit
        self.hysteresis = hysteresis
        self._pools: dict[Member, None] = {}
        self._hungry: dict[Member, int] = {}  # how many it wanted when there were none
        self._looking = False
        self._look_again = False

    @property
    def used(self) -> int:
        return sum(pool.size for pool in self._pools)

    def spare(self, now: float) -> int:
        """Places that nobody waits for."""
        return 0 if self._by_turn(now) else max(0, self.limit - self.used)

    def join(self, pool: Member) -> None:
        self._pools[pool] = None
        self._press()

    def part(self, pool: Member, now: float) -> None:
        """The pool has no connection and will have none."""
        self._pools.pop(pool, None)
        self._hungry.pop(pool, None)
        self.look(now)

    def resize(self, limit: int, now: float) -> None:
        """Take another limit: idle connections beyond it are closed now, lent ones when they are given back."""
        self.limit = limit
        self.look(now)

    def ask(self, pool: Member, wanted: int, now: float) -> None:
        """The pool would open so many connections: it is told to as soon as it may.

        Whoever asked for as many in vain need not ask again: whatever could change the answer is looked at.
        """
        if self._hungry.get(pool, 0) < wanted:
            self._hungry[pool] = pool.asked = wanted
            self.look(now)

    def look(self, now: float) -> None:
        """A place became free, a connection idle or a pool hungry: tell the pools what they now may."""
        self._look_again = True
        if self._looking:  # who is told something calls in turn
            return
        self._looking = True
        try:
            while self._look_again:
                self._look_again = False
                self._shrink()
                while self._feed_one(now):
                    pass
        finally:
            self._looking = False
            self._press()

    def claim(self, giver: Member, opened: float, now: float) -> str:
        """Why a connection that is given back to a pool has to be closed; empty when the pool keeps it."""
        if self._excess() > 0:
            return "" if _is_needed(giver) and self._others_have_more(giver) else "budget_shrunk"
        if now - opened < self.hysteresis:
            return ""
        taker = next((pool for pool in self._by_turn(now) if pool is not giver), None)
        if taker is None or self._missing(now, but=giver) <= 0:
            return ""
        return "turned_over" if self._may_take(taker, giver, now) else ""

    # Deciding

    def _excess(self) -> int:
        """How many more connections there are than the limit, but for the ones being closed. Mostly negative."""
        return sum(pool.size - pool.closing for pool in self._pools) - self.limit

    def _missing(self, now: float, but: Member | None = None) -> int:
        """How many connections are wanted beyond the places that are free or becoming free.

        Not counting those for which no place moves.
        """
        wanted = sum(pool.wants(now) for pool in self._hungry if pool is not but and now >= pool.moves_from)
        return wanted + self._excess()

    def _by_turn(self, now: float) -> list[Member]:
        """The hungry pools, longest wait first, but last those where opening fails.

        The ones that want nothing any more are forgotten.
        """
        for pool in list(self._hungry):
            self._hungry[pool] = pool.asked = pool.wants(now)
            if self._hungry[pool] <= 0:
                del self._hungry[pool]
        return sorted(self._hungry, key=lambda pool: (now < pool.moves_from, pool.waits_since))

    def _others_have_more(self, pool: Member) -> bool:
        return any(other.size > 1 for other in self._pools if other is not pool)

    def _may_take(self, taker: Member, giver: Member, now: float) -> bool:
        """Whether a connection that the giver's client just gave back goes to the taker, not to the giver's queue."""
        own, other = giver.waits_since, taker.waits_since
        is_patient = now - other < PATIENCE * self.hysteresis
        if taker.size:
            return (giver.size > 1 or not is_patient) and other + self.hysteresis < own
        if _is_needed(giver) and self._others_have_more(giver) and is_patient:
            return False
        return other < own

    def _movable_at(self, giver: Member, taker: Member) -> tuple[float, float]:
        """From when on the giver's oldest idle connection may be closed for the taker, and since when it is idle."""
        oldest = giver.oldest_idle()
        if oldest is None or giver is taker:
            return NEVER, NEVER
        since, opened = oldest
        movable_at = opened + self.hysteresis
        if giver.size == 1 and taker.size > 0:
            impatient_at = taker.waits_since + PATIENCE * self.hysteresis
            movable_at = max(movable_at, min(since + self.hysteresis, impatient_at))
        return movable_at, since

    # Telling

    def _press(self) -> None:
        shrinking = self._excess() > 0
        for pool in self._pools:
            pool.pressed = shrinking or len(self._hungry) > (pool in self._hungry)

    def _shrink(self) -> None:
        while self._excess() > 0:
            idle = [(oldest[0], pool) for pool in self._pools if (oldest := pool.oldest_idle()) is not None]
            if not idle:
                return
            _longest_idle(idle).close_oldest("budget_shrunk")

    def _feed_one(self, now: float) -> bool:
        """One step towards a connection for a hungry pool. False when there is none to make now."""
        for pool in self._by_turn(now):
            if self.used < self.limit:
                pool.open_one(now)
                return True
            if now < pool.moves_from:
                pool.wake_at(pool.moves_from, now)
            elif self._missing(now) > 0 and self._turn_over(pool, now):
                return True
        return False

    def _turn_over(self, taker: Member, now: float) -> bool:
        """Close the longest idle connection of another pool. False when there is none, or it is too early."""
        ready, soonest = [], NEVER
        for pool in self._pools:
            movable_at, since = self._movable_at(pool, taker)
            if movable_at <= now:
                ready.append((since, pool))
            else:
                soonest = min(soonest, movable_at)
        if not ready:
            taker.wake_at(soonest, now)
            return False
        _longest_idle(ready).close_oldest("turned_over")
        return True

    def __iter__(self) -> Iterator[Member]:
        return iter(self._pools)

    def __repr__(self) -> str:
        return f"<Budget {self.used} of {self.limit}, {len(self._hungry)} of {len(self._pools)} pools hungry>"


def _is_needed(pool: Member) -> bool:
    """The pool has waiters and just one connection."""
    return pool.size == 1 and pool.waits_since != NEVER


def _longest_idle(pools: list[tuple[float, Member]]) -> Member:
    return min(pools, key=lambda pair: pair[0])[1]
