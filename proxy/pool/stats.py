# cython: annotation_typing=False
"""What a pool counts: plain integers, increased in place and read when somebody scrapes.

Decides nothing, and knows neither Prometheus nor the pool.
"""

from __future__ import annotations

_BUCKETS = 24
BORROW_BOUNDS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


class Histogram:
    """Counts of observed values by upper bound; the last count has no bound.

    ``bounds`` are inclusive and ascending, fewer than 24; ``counts`` are not cumulative and one longer than ``bounds``.
    """

    __slots__ = ("_bounds", "_counts", "bounds", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        # Of fixed length, because compiled they are arrays: most values are small, and going along is the quickest way
        # to their bucket.
        self._bounds = [*bounds, *[float("inf")] * (_BUCKETS - len(bounds))]
        counts = [0] * _BUCKETS
        self._counts = counts
        self.sum = 0.0

    @property
    def counts(self) -> list[int]:
        return [self._counts[at] for at in range(len(self.bounds) + 1)]

    @property
    def count(self) -> int:
        return sum(self.counts)

    def observe(self, value: float) -> None:
        at = 0
        while value > self._bounds[at]:
            at += 1
        self._counts[at] += 1
        self.sum += value

    def with_first(self, more: int) -> Histogram:
        """The same with so many observations more, of zero."""
        other = Histogram(self.bounds)
        for at in range(_BUCKETS):
            other._counts[at] = self._counts[at]
        other._counts[0] += more
        other.sum = self.sum
        return other

    def __repr__(self) -> str:
        return f"<Histogram count={self.count} sum={self.sum:.6f}>"


class PoolStats:
    """Counters of one pool, all of them only growing.

    The three hits say which server connection a borrower was offered: its own lingering one, one that held an
    equal state, or any other. ``refused`` of those offers came to nothing, so the sums below cannot disagree.
    """

    __slots__ = (
        "closed",
        "handed_over",
        "lingering_hits",
        "open_failures",
        "opened",
        "other_hits",
        "queued",
        "refused",
        "same_state_hits",
        "timeouts",
        "waits",
    )

    def __init__(self) -> None:
        self.lingering_hits = 0
        self.same_state_hits = 0
        self.other_hits = 0
        self.queued = 0
        self.handed_over = 0
        self.refused = 0
        self.timeouts = 0
        self.opened = 0
        self.open_failures = 0
        self.closed: dict[str, int] = {}
        self.waits = Histogram(BORROW_BOUNDS)

    @property
    def borrows(self) -> int:
        """How often a server connection was lent, at once or after a wait."""
        return self.lingering_hits + self.same_state_hits + self.other_hits - self.refused

    @property
    def at_once(self) -> int:
        """How many borrows did not wait."""
        return self.borrows - self.handed_over

    def borrow_latency(self) -> Histogram:
        """Every borrow's wait in seconds; the ones served at once count as zero."""
        return self.waits.with_first(self.at_once)

    def count_closed(self, reason: str) -> None:
        self.closed[reason] = self.closed.get(reason, 0) + 1
