from __future__ import annotations

from proxy.pool.alarm import Alarm
from tests.pool.world import World


def test_goes_off_at_the_earliest_moment_and_then_rests() -> None:
    world, rings = World(), []
    alarm = Alarm(world.call_later, lambda: rings.append(world.now))
    start = world.now
    for when in (5.0, 9.0, 3.0, 7.0):
        alarm.at(start + when, world.now)
    assert world.timers == 1
    world.advance(20)
    assert rings == [start + 3.0]
    assert world.timers == 0


def test_a_later_moment_costs_no_timer() -> None:
    world = World()
    alarm = Alarm(world.call_later, lambda: None)
    for later in range(1000):
        alarm.at(world.now + 10 + later, world.now)
    assert world.timers_made == 1


def test_the_infinite_asks_for_nothing_and_the_past_for_soon() -> None:
    world, rings = World(), []
    alarm = Alarm(world.call_later, lambda: rings.append(world.now))
    alarm.at(float("inf"), world.now)
    assert world.timers_made == 0
    alarm.at(world.now - 5, world.now)
    world.advance(0.01)
    assert len(rings) == 1


def test_can_be_set_again_when_it_goes_off_and_cancelled() -> None:
    world, rings = World(), []

    def ring() -> None:
        rings.append(world.now)
        if len(rings) < 3:
            alarm.at(world.now + 1, world.now)

    alarm = Alarm(world.call_later, ring)
    alarm.at(world.now + 1, world.now)
    world.advance(10)
    assert len(rings) == 3
    alarm.at(world.now + 1, world.now)
    alarm.cancel()
    alarm.cancel()
    world.advance(10)
    assert len(rings) == 3
    alarm.at(world.now + 1, world.now)
    world.advance(10)
    assert len(rings) == 4
