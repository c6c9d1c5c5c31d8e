# cython: annotation_typing=False
"""Opens the connections of one pool: how many logins are under way, and when to try again after one failed.

Decides nothing about who gets what is opened, nor how many may exist: the pool and the budget do.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from proxy.errors import ProxyError
from proxy.pool.backoff import LONGEST, LONGEST_WITH_WAITERS, Backoff
from proxy.pool.core import Core, Opening
from proxy.pool.ticket import Conn

logger = logging.getLogger(__name__)

Spawn = Callable[[str, Coroutine[Any, Any, None]], object]


class Opener:
    """``arrived(conn, current)`` is told each new connection, and whether it is of the current generation.

    ``ended()`` is told when an attempt has ended without one; either way the attempt is no longer counted.
    """

    def __init__(
        self,
        name: str,
        core: Core,
        *,
        open: Callable[[], Awaitable[Conn]],
        spawn: Spawn,
        clock: Callable[[], float],
        chance: Callable[[], float],
        arrived: Callable[[Conn, bool], None],
        ended: Callable[[], None],
    ) -> None:
        self.failing = False  # whether the last attempt that ended has failed
        self.last_error: Exception | None = None
        self._name = name
        self._core = core
        self._open = open
        self._spawn = spawn
        self._clock = clock
        self._arrived = arrived
        self._ended = ended
        self._backoff = Backoff(chance)
        self._generation = 0

    @property
    def retry_at(self) -> float:
        """When the next attempt may begin while somebody waits; in the past when none has failed."""
        return self._backoff.ready_at(LONGEST_WITH_WAITERS)

    @property
    def patient_retry_at(self) -> float:
        """The same for an attempt that nobody waits for, or one that costs another pool a connection."""
        return self._backoff.ready_at(LONGEST)

    def cautious(self, now: float) -> int:
        """How many attempts may begin now while opening fails: one at a time, at a distance."""
        return 1 if now >= self.retry_at else 0

    def begin(self, now: float) -> None:
        """Begin an attempt; the opening is counted from here on."""
        if self.failing:
            self._backoff.begun(now)
        opening = Opening(self._generation)
        self._core.begin_opening(opening)
        self._spawn(f"open {self._name}", self._run(opening))

    def outdate(self) -> None:
        """What is being opened now belongs to the past when it arrives."""
        self._generation += 1

    async def _run(self, opening: Opening) -> None:
        conn = None
        try:
            conn = await self._open()
        except (ProxyError, OSError) as error:
            self._failed(error)
        except Exception as error:
            logger.exception("%s: opening a connection crashed", self._name)
            self._failed(error)
        finally:
            self._core.end_opening(opening)
            if conn is None:
                self._ended()
        if conn is not None:
            self._core.stats.opened += 1
            self._backoff.succeeded()
            self.failing = False
            self._arrived(conn, opening.generation == self._generation)

    def _failed(self, error: Exception) -> None:
        self._core.stats.open_failures += 1
        self._backoff.failed(self._clock())
        self.failing = True
        self.last_error = error
