"""When to try again after failed attempts. Decides only when; time and chance are arguments."""

from __future__ import annotations

from collections.abc import Callable

FIRST_DELAY = 0.05
# While somebody waits, service has to resume within a second after the server answers again.
LONGEST_WITH_WAITERS = 0.5
# With nobody waiting, or at the cost of another pool's connection.
LONGEST = 5.0


class Backoff:
    """Doubling delays with jitter (the half to the whole of a delay), reset by a success."""

    __slots__ = ("_chance", "_jitter", "_since", "failures")

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._jitter = 1.0
        self._since = 0.0
        self.failures = 0

    def failed(self, now: float) -> None:
        self.failures += 1
        self.begun(now)

    def begun(self, now: float) -> None:
        """An attempt begins after failures: the next one keeps its distance even if this one hangs."""
        self._since = now
        self._jitter = 0.5 + self._chance() / 2

    def succeeded(self) -> None:
        self.failures = 0

    def ready_at(self, longest: float) -> float:
        """When the next attempt may begin, in seconds of the clock that ``failed`` was told."""
        if not self.failures:
            return float("-inf")
        delay = FIRST_DELAY * 2.0 ** min(self.failures - 1, 16)
        return self._since + min(delay, longest) * self._jitter
