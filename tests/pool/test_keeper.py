from __future__ import annotations

import asyncio

import pytest

from proxy.pool import Keeper, Limits
from proxy.pool.core import Core, Opening, Place
from proxy.pool.keeper import CHECK_AFTER, Sweep, decide
from proxy.pool.stats import PoolStats
from tests.pool.world import Client, Conn, World, down, verify


def keeper(world: World) -> Keeper:
    async def sleep(seconds: float) -> None:
        await world.pause(seconds)

    return Keeper(lambda: world.pools, lambda: world.now, sleep)


class TestDeciding:
    def make(self, *ages: float, lingering: bool = False) -> tuple[Core, list[Conn]]:
        core: Core = Core(PoolStats())
        conns = [Conn(number, "app") for number in range(len(ages))]
        for conn, age in zip(conns, ages, strict=True):
            conn.lingers_for = Client() if lingering else None
            core.stand_idle(conn, Place(1000 - age, 4600 - age), 1000 - age)
        return core, conns

    def test_idle_ones_above_min_idle_are_closed_oldest_first(self) -> None:
        core, conns = self.make(400, 350, 20)
        sweep = decide(core, Limits(min_idle=2), 1000)
        assert sweep == Sweep([(conns[0], "idle_timeout")], conns[1], 0)

    def test_none_is_closed_without_an_idle_timeout(self) -> None:
        core, _ = self.make(400, 350, 20)
        assert decide(core, Limits(min_idle=0, idle_timeout=0), 1000).close == []

    def test_expired_ones_are_closed_and_replaced_even_below_min_idle(self) -> None:
        core, conns = self.make(3600, 10)
        assert decide(core, Limits(min_idle=2), 1000) == Sweep([(conns[0], "max_lifetime")], None, 1)

    @pytest.mark.parametrize(("min_idle", "opening", "refill"), [(0, 0, 0), (1, 0, 1), (5, 0, 2), (5, 1, 1), (5, 2, 0)])
    def test_refills_as_many_at_a_time_as_may_connect(self, min_idle: int, opening: int, refill: int) -> None:
        core, _ = self.make()
        for _ in range(opening):
            core.begin_opening(Opening(0))
        assert decide(core, Limits(min_idle=min_idle), 1000) == Sweep([], None, refill)

    def test_checks_one_at_a_time_and_none_that_lingers(self) -> None:
        core, conns = self.make(CHECK_AFTER, CHECK_AFTER)
        assert decide(core, Limits(min_idle=2), 1000).check is conns[0]
        core.idle[conns[0]].checked = 999
        assert decide(core, Limits(min_idle=2), 1000).check is conns[1]
        core, _ = self.make(CHECK_AFTER, lingering=True)
        assert decide(core, Limits(min_idle=2), 1000).check is None


class TestKeeping:
    def test_refills_to_min_idle(self) -> None:
        world = World(limit=10)
        pool = world.pool(min_idle=3, max_connecting=2)
        for _ in range(3):
            keeper(world).sweep_all()
            world.run()
        assert pool.counts().idle == 3
        client = Client()
        client.borrow(pool)
        keeper(world).sweep_all()
        world.run()
        assert pool.counts()[:2] == (3, 1)
        verify(world)

    def test_does_not_refill_beyond_the_budget_nor_while_paused(self) -> None:
        world = World(limit=1)
        one, other = world.pool("one"), world.pool("other")
        one.pause()
        keeper(world).sweep_all()
        world.run()
        assert (one.size, other.size) == (0, 1)
        one.resume()
        keeper(world).sweep_all()
        world.run()
        assert (one.size, other.size) == (0, 1)

    def test_does_not_take_a_place_that_somebody_waits_for(self) -> None:
        world = World(limit=2, opens_at_once=False)
        hungry, rich = world.pool("hungry", max_connecting=2), world.pool("rich", min_idle=2)
        clients = [Client() for _ in range(3)]
        for client in clients[:2]:
            client.borrow(rich)
        world.run()
        world.open_gate()
        world.open_gate()
        clients[2].borrow(hungry)
        clients[0].give_back(rich)
        assert world.budget.spare(world.now) == 0
        keeper(world).sweep_all()
        assert rich.counts().opening == 0

    def test_waits_longer_between_refills_that_fail(self) -> None:
        world = World()
        world.open_error = down()
        pool = world.pool()
        for _ in range(60):
            keeper(world).sweep_all()
            world.advance(1.0)
        assert pool.counts().opening == 0
        assert 10 <= pool.stats.open_failures <= 30
        world.open_error = None
        world.advance(5.0)
        keeper(world).sweep_all()
        world.run()
        assert pool.counts().idle == 1

    def test_idle_ones_are_closed_after_idle_timeout_but_for_min_idle(self) -> None:
        world = World(limit=5)
        pool = world.pool(max_connecting=5)
        clients = [Client() for _ in range(5)]
        for client in clients:
            client.borrow(pool)
        world.run()
        for client in clients:
            client.give_back(pool)
        world.advance(299)
        keeper(world).sweep_all()
        assert pool.counts().idle == 5
        world.advance(1)
        keeper(world).sweep_all()
        assert pool.counts().idle == 1
        assert pool.stats.closed == {"idle_timeout": 4}
        verify(world)

    def test_lifetimes_differ_by_a_fifth_and_end_only_when_idle(self) -> None:
        world = World()
        pool = world.pool(min_idle=0, idle_timeout=0.0, max_lifetime=100.0)
        client = Client()
        client.borrow(pool)
        world.run()
        world.advance(100)
        keeper(world).sweep_all()
        assert pool.counts().lent == 1
        client.give_back(pool)
        assert pool.stats.closed == {"max_lifetime": 1}
        assert pool.size == 0
        for chance, lifetime in ((0.0, 80.0), (0.5, 100.0), (0.999999, 120.0)):
            pool._chance = iter([chance]).__next__
            client.borrow(pool)
            world.run()
            client.give_back(pool)
            world.advance(lifetime - 0.1)
            keeper(world).sweep_all()
            assert pool.counts().idle == 1
            world.advance(0.1)
            keeper(world).sweep_all()
            assert pool.size == 0

    def test_no_lifetime_means_for_ever(self) -> None:
        world = World()
        pool = world.pool(max_lifetime=0.0)
        keeper(world).sweep_all()
        world.advance(1e9)
        keeper(world).sweep_all()
        assert pool.counts().idle == 1

    def test_runs_until_it_is_cancelled(self) -> None:
        swept = []

        async def sleep(seconds: float) -> None:
            swept.append(seconds)
            if len(swept) == 3:
                raise asyncio.CancelledError

        world = World()
        world.pool()
        run = Keeper(lambda: world.pools, lambda: world.now, sleep, 0.25).run()
        with pytest.raises(asyncio.CancelledError):
            run.send(None)
        assert swept == [0.25] * 3
        world.run()
        assert world.pools[0].counts().idle == 1


class TestChecking:
    def make(self) -> World:
        world = World()
        world.pool(check=True, min_idle=1)
        keeper(world).sweep_all()
        world.run()
        world.advance(CHECK_AFTER)
        keeper(world).sweep_all()
        world.run()
        assert len(world.checks) == 1
        assert world.pools[0].counts()[:2] == (0, 1)
        return world

    def test_a_good_one_is_idle_again_and_no_younger(self) -> None:
        world = self.make()
        (place,) = world.pools[0].core.lent.values()
        idle_since = place.since
        world.checks.pop().open(True)
        assert place.since == idle_since
        keeper(world).sweep_all()
        world.run()
        assert not world.checks
        world.advance(CHECK_AFTER)
        keeper(world).sweep_all()
        world.run()
        assert len(world.checks) == 1
        world.checks.pop().open(True)
        verify(world)

    @pytest.mark.parametrize("answer", [False, OSError("reset"), down()])
    def test_a_bad_one_is_dropped(self, answer: object) -> None:
        world = self.make()
        world.checks.pop().open(answer)
        assert world.pools[0].stats.closed == {"check_failed": 1}
        assert world.pools[0].counts().idle == 0
        verify(world)

    def test_a_check_that_crashes_drops_it_too(self) -> None:
        world = self.make()
        with pytest.raises(ZeroDivisionError):
            world.checks.pop().open(ZeroDivisionError())
        verify(world)
        assert world.pools[0].stats.closed == {"check_failed": 1}

    def test_one_that_broke_meanwhile_is_gone(self) -> None:
        world = self.make()
        world.pools[0].drop(world.conns[0], "lost")
        world.checks.pop().open(True)
        verify(world)
        assert world.pools[0].stats.closed == {"lost": 1}

    def test_goes_to_who_waits(self) -> None:
        world = self.make()
        world.opens_at_once = False
        client = Client()
        client.borrow(world.pools[0])
        world.checks.pop().open(True)
        assert client.conn is world.conns[0]
        world.run()
        verify(world)
