from __future__ import annotations

import os

import pytest

from proxy.scheduling import BUSY, QUIET_LOOKS, Scheduling, choose_batch


class Machine:
    """Clocks that are set, and a policy that is chosen."""

    def __init__(self) -> None:
        self.passed = self.used = 0.0
        self.allowed = True
        self.chosen: list[bool] = []
        self.scheduling = Scheduling((lambda: self.passed, lambda: self.used), self.choose)

    def choose(self, batch: bool) -> bool:
        self.chosen.append(batch)
        return self.allowed

    def look(self, share: float, seconds: float = 1.0, times: int = 1, adaptive: bool = True) -> bool:
        """So much of a CPU was used since the last look; whether it is a batch process now."""
        for _ in range(times):
            self.passed += seconds
            self.used += share * seconds
            self.scheduling.look(adaptive)
        return self.scheduling.batch


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_a_quiet_process_is_left_alone(machine: Machine) -> None:
    assert not machine.look(BUSY / 2, times=3 * QUIET_LOOKS)
    assert machine.chosen == []


@pytest.mark.parametrize("seconds", [0.1, 1.0, 7.0])
def test_a_busy_one_becomes_a_batch_process_at_once_and_once(machine: Machine, seconds: float) -> None:
    assert machine.look(BUSY, seconds)
    assert machine.look(1.0, seconds, times=5)
    assert machine.chosen == [True]


def test_it_stays_one_through_pauses_and_ends_when_it_is_quiet_for_long(machine: Machine) -> None:
    machine.look(0.9)
    for _ in range(3):
        assert machine.look(0.0, times=QUIET_LOOKS - 1)
        assert machine.look(0.9)
    assert not machine.look(0.0, times=QUIET_LOOKS)
    assert machine.chosen == [True, False]
    assert machine.look(0.9)


def test_where_it_is_forbidden_nothing_changes(machine: Machine) -> None:
    machine.allowed = False
    assert not machine.look(0.9)
    assert not machine.look(0.9)
    machine.allowed = True
    assert machine.look(0.9)


def test_switched_off_it_ends_at_once_and_does_not_come_back(machine: Machine) -> None:
    machine.look(0.9)
    assert not machine.look(0.9, adaptive=False)
    assert not machine.look(0.9, adaptive=False)
    assert machine.chosen == [True, False]


def test_the_system_does_it_for_this_thread_and_takes_it_back() -> None:
    usual = os.sched_getscheduler(0)
    if usual != os.SCHED_OTHER:
        pytest.skip("this test runs under another policy")
    try:
        assert choose_batch(True)
        assert os.sched_getscheduler(0) == os.SCHED_BATCH
        assert choose_batch(False)
        assert os.sched_getscheduler(0) == usual
    finally:
        os.sched_setscheduler(0, usual, os.sched_param(0))


def test_a_system_without_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", forbidden)
    assert not choose_batch(True)
    monkeypatch.delattr(os, "sched_setscheduler")
    assert not choose_batch(True)
