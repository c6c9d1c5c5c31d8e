from __future__ import annotations

from proxy.pool.stats import BORROW_BOUNDS, Histogram, PoolStats


def test_bounds_are_inclusive_and_the_last_count_has_none() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (0.0, 1.0, 1.5, 2.0, 3.0):
        histogram.observe(value)
    assert histogram.counts == [2, 2, 1]
    assert histogram.sum == 7.5
    assert repr(histogram) == "<Histogram count=5 sum=7.500000>"


def test_borrow_bounds_reach_from_a_tenth_of_a_millisecond_to_ten_seconds() -> None:
    assert BORROW_BOUNDS[0] == 0.0001
    assert BORROW_BOUNDS[-1] == 10.0
    assert list(BORROW_BOUNDS) == sorted(BORROW_BOUNDS)


def test_borrows_served_at_once_have_waited_zero() -> None:
    stats = PoolStats()
    stats.lingering_hits, stats.same_state_hits, stats.other_hits = 5, 3, 2
    stats.refused, stats.handed_over = 1, 2
    stats.waits.observe(0.5)
    stats.waits.observe(0.5)
    assert stats.borrows == 9
    assert stats.at_once == 7
    latency = stats.borrow_latency()
    assert latency.counts[0] == 7
    assert latency.count == 9
    assert latency.sum == 1.0
    assert stats.waits.count == 2


def test_closed_connections_are_counted_by_reason() -> None:
    stats = PoolStats()
    for reason in ("lost", "lost", "idle_timeout"):
        stats.count_closed(reason)
    assert stats.closed == {"lost": 2, "idle_timeout": 1}
