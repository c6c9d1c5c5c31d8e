"""Looks after idle connections: which have lived or idled too long or are due for a check, and how many to open ahead.

``decide`` is a pure function of a pool's collections and the time; the loop has the pool do what it says.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

from proxy.pool.core import Core
from proxy.pool.limits import PoolLimits
from proxy.pool.pool import Pool
from proxy.pool.ticket import Conn

INTERVAL = 1.0
CHECK_AFTER = 30.0


class Sweep(NamedTuple):
    """Idle connections to close, with the reason; one to check; how many to open that nobody waits for."""

    close: list[tuple[Conn, str]]
    check: Conn | None
    refill: int


def decide(core: Core, limits: PoolLimits, now: float) -> Sweep:
    """What to do in one pool now.

    One connection at a time is checked, so that the others can be lent, and none that lingers: it may be asked for
    by the client whose session it holds.
    """
    close: list[tuple[Conn, str]] = []
    check = None
    spare = len(core.idle) - limits.min_idle
    for conn, place in core.idle.items():
        if now >= place.expires:
            close.append((conn, place.doom))
        elif limits.idle_timeout and now - place.since >= limits.idle_timeout and len(close) < spare:
            close.append((conn, "idle_timeout"))
        elif check is None and conn.lingers_for is None and now - max(place.since, place.checked) >= CHECK_AFTER:
            check = conn
    ready = len(core.idle) - len(close) + len(core.opening)
    refill = min(limits.min_idle - ready, limits.max_connecting - len(core.opening))
    return Sweep(close, check, max(0, refill))


class Keeper:
    """One loop for many pools: ``await run()`` sweeps them every ``interval`` seconds until it is cancelled."""

    def __init__(
        self,
        pools: Callable[[], Iterable[Pool]],
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        interval: float = INTERVAL,
    ) -> None:
        self._pools = pools
        self._clock = clock
        self._sleep = sleep
        self._interval = interval

    async def run(self) -> None:
        while True:
            self.sweep_all()
            await self._sleep(self._interval)

    def sweep_all(self) -> None:
        for pool in list(self._pools()):
            self.sweep(pool)

    def sweep(self, pool: Pool) -> None:
        """Expire tickets, close, check and refill in one pool."""
        pool.tick()
        todo = decide(pool.core, pool.limits, self._clock())
        for conn, reason in todo.close:
            pool.close_if_idle(conn, reason)
        if todo.check is not None:
            pool.check(todo.check)
        for _ in range(todo.refill):
            pool.refill()
