from __future__ import annotations

import pytest

from proxy.pool.backoff import FIRST_DELAY, LONGEST, LONGEST_WITH_WAITERS, Backoff


def test_ready_at_once_before_any_failure_and_after_a_success() -> None:
    backoff = Backoff(lambda: 0.0)
    assert backoff.ready_at(LONGEST) < 0
    backoff.failed(100.0)
    backoff.succeeded()
    assert backoff.ready_at(LONGEST) < 0


def test_delays_double_up_to_the_longest() -> None:
    backoff = Backoff(lambda: 1.0)
    delays = []
    for _ in range(9):
        backoff.failed(100.0)
        delays.append(backoff.ready_at(LONGEST) - 100.0)
    assert delays == pytest.approx([FIRST_DELAY * 2**n for n in range(7)] + [LONGEST] * 2)
    assert backoff.ready_at(LONGEST_WITH_WAITERS) == pytest.approx(100.0 + LONGEST_WITH_WAITERS)


@pytest.mark.parametrize("chance", [0.0, 0.3, 1.0])
def test_jitter_only_shortens_and_by_half_at_most(chance: float) -> None:
    backoff = Backoff(lambda: chance)
    for _ in range(10_000):
        backoff.failed(0.0)
    assert LONGEST_WITH_WAITERS / 2 <= backoff.ready_at(LONGEST_WITH_WAITERS) <= LONGEST_WITH_WAITERS


def test_an_attempt_that_hangs_keeps_the_next_one_at_a_distance() -> None:
    backoff = Backoff(lambda: 1.0)
    backoff.failed(0.0)
    backoff.begun(10.0)
    assert backoff.failures == 1
    assert backoff.ready_at(LONGEST) == pytest.approx(10.0 + FIRST_DELAY)
