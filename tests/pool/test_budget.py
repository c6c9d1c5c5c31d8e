from __future__ import annotations

import pytest

from proxy.pool import Budget, Pool
from proxy.pool.backoff import LONGEST
from proxy.pool.budget import PATIENCE
from tests.pool.world import Client, Conn, World, down, verify

HYSTERESIS = 0.1


def served(pool: Pool, world: World, count: int = 1) -> list[Client]:
    clients = [Client(f"{pool.name} {number}") for number in range(count)]
    for client in clients:
        client.borrow(pool)
    world.run()
    assert all(client.conn for client in clients)
    return clients


def waiting(pool: Pool, count: int = 1) -> list[Client]:
    clients = [Client(f"{pool.name} waiting {number}") for number in range(count)]
    for client in clients:
        assert client.borrow(pool) is None
    return clients


class TestTurningOver:
    def test_an_idle_connection_of_another_pool_makes_room(self) -> None:
        world = World(limit=1, hysteresis=HYSTERESIS)
        one, two = world.pool("one"), world.pool("two")
        served(one, world)[0].give_back(one)
        world.advance(HYSTERESIS)
        (client,) = waiting(two)
        world.run()
        assert client.conn is not None
        assert one.stats.closed == {"turned_over": 1}
        assert repr(world.budget) == "<Budget 1 of 1, 0 of 2 pools hungry>"
        verify(world)

    def test_the_one_that_is_idle_longest(self) -> None:
        world = World(limit=3)
        pools = [world.pool(name) for name in ("one", "two", "three")]
        holders = [served(pool, world)[0] for pool in pools]
        for number in (1, 0, 2):
            world.advance(1.0)
            holders[number].give_back(pools[number])
        new = world.pool("new")
        served(new, world)
        assert [pool.size for pool in pools] == [1, 0, 1]

    def test_no_more_than_are_wanted(self) -> None:
        world = World(limit=4, opens_at_once=True)
        rich, poor = world.pool("rich", max_connecting=4), world.pool("poor", max_connecting=4)
        for client in served(rich, world, 4):
            client.give_back(rich)
        world.advance(1.0)
        world.farewells = []
        clients = waiting(poor, 2)
        world.run()
        assert rich.counts() == (2, 0, 0, 2, 0)
        rich.tick()
        poor.tick()
        assert rich.counts() == (2, 0, 0, 2, 0)
        for farewell in list(world.farewells):
            farewell.open()
            world.run()
            verify(world)
        assert all(client.conn for client in clients)
        assert (rich.size, poor.size) == (2, 2)

    def test_a_connection_given_back_goes_to_the_pool_that_waits(self) -> None:
        world = World(limit=1)
        one, two = world.pool("one"), world.pool("two")
        (holder,) = served(one, world)
        (client,) = waiting(two)
        world.advance(1.0)
        assert client.conn is None
        holder.give_back(one)
        world.run()
        assert client.conn is not None
        verify(world)

    def test_a_dropped_connection_and_a_failed_open_make_room_too(self) -> None:
        world = World(limit=1, opens_at_once=False)
        one, two = world.pool("one"), world.pool("two")
        (first,) = waiting(one)
        (second,) = waiting(two)
        world.run()
        world.open_gate(down())
        world.open_gate()
        assert (first.conn, second.conn) == (None, world.conns[0])
        world.advance(1.0)
        two.drop(world.conns[0], "lost")
        world.run()
        world.open_gate()
        assert first.conn is world.conns[1]

    def test_not_at_every_statement(self) -> None:
        world = World(limit=1, hysteresis=HYSTERESIS)
        one, two = world.pool("one"), world.pool("two")
        busy = served(one, world)[0]
        (client,) = waiting(two)
        for _ in range(9):
            busy.give_back(one)
            assert busy.borrow(one) is not None
            world.advance(HYSTERESIS / 10)
            verify(world)
        assert client.conn is None
        world.advance(HYSTERESIS / 5)
        busy.give_back(one)
        world.run()
        assert client.conn is not None

    def test_looks_again_when_the_time_has_come_although_nothing_happens(self) -> None:
        world = World(limit=1, hysteresis=HYSTERESIS)
        one, two = world.pool("one"), world.pool("two")
        served(one, world)[0].give_back(one)
        (client,) = waiting(two)
        world.advance(HYSTERESIS * 0.9)
        assert client.conn is None
        world.advance(HYSTERESIS * 0.2)
        assert client.conn is not None

    @pytest.mark.parametrize("busy", [True, False])
    def test_a_pool_where_opening_fails_does_not_ruin_the_others(self, busy: bool) -> None:
        world = World(limit=2, hysteresis=HYSTERESIS)
        good, bad = world.pool("good", idle_timeout=0.0), world.pool("bad", borrow_timeout=0.0)
        world.failing.add("bad")
        waiting(bad)
        clients = [Client() for _ in range(2)]
        for _ in range(1200):
            for client in clients:
                if client.conn is None and good.core.waiting.find(client) is None:
                    client.borrow(good)
            world.advance(0.02)
            for client in clients:
                if client.conn is not None and busy:
                    client.give_back(good)
            world.advance(0.03)
            for client in clients:
                if client.conn is not None:
                    client.give_back(good)
        assert good.stats.closed["turned_over"] <= 60.0 / (LONGEST / 2) + 2
        assert good.stats.borrows > 2000
        verify(world)

    def test_a_pool_where_opening_fails_comes_last_and_takes_nothing(self) -> None:
        world = World(limit=2, hysteresis=HYSTERESIS)
        rich, bad, good = world.pool("rich"), world.pool("bad"), world.pool("good")
        world.failing.add("bad")
        waiting(bad)
        world.advance(5.0)
        holders = served(rich, world, 2)
        world.advance(1.0)
        assert bad.wants(world.now) == 1
        for holder in holders:
            holder.give_back(rich)
        assert rich.counts().idle == 2
        world.farewells = []
        failures = bad.stats.open_failures
        (client,) = waiting(good)
        world.run()
        assert rich.counts() == (1, 0, 0, 1, 0)
        world.farewells.pop().open()
        world.run()
        assert client.conn is not None
        assert bad.stats.open_failures == failures

    def test_a_place_that_becomes_free_is_enough_for_one(self) -> None:
        world = World(limit=2)
        world.farewells = []
        old, new = world.pool("old"), world.pool("new")
        holders = served(old, world, 2)
        (outsider,) = waiting(new)
        world.advance(1.0)
        (insider,) = waiting(old)
        for holder in holders:
            holder.give_back(old)
        assert insider.conn is not None
        assert old.counts() == (0, 1, 0, 1, 0)
        world.run()
        world.farewells.pop().open()
        world.run()
        assert outsider.conn is not None

    def test_a_pool_where_opening_works_again_gets_its_turn_although_nothing_happens(self) -> None:
        world = World(limit=1, hysteresis=HYSTERESIS)
        rich, bad = world.pool("rich"), world.pool("bad", borrow_timeout=100.0)
        world.failing.add("bad")
        (client,) = waiting(bad)
        world.advance(20.0)
        served(rich, world)[0].give_back(rich)
        assert rich.counts().idle == 1
        world.failing.clear()
        world.advance(LONGEST)
        assert client.conn is not None
        assert bad.stats.open_failures < 60

    def test_the_only_connection_of_a_pool_goes_at_once_to_a_pool_that_has_none(self) -> None:
        world = World(limit=1, hysteresis=HYSTERESIS)
        small, new = world.pool("small"), world.pool("new")
        (often,) = served(small, world)
        world.advance(HYSTERESIS)
        often.give_back(small)
        (client,) = waiting(new)
        world.run()
        assert client.conn is not None

    def test_one_of_several_goes_at_once_to_a_pool_that_has_some(self) -> None:
        world = World(limit=3, hysteresis=HYSTERESIS)
        rich, large = world.pool("rich"), world.pool("large")
        (often, _) = served(rich, world, 2)
        served(large, world)
        world.advance(HYSTERESIS)
        often.give_back(rich)
        (client,) = waiting(large)
        world.run()
        assert client.conn is not None

    def test_nobody_waits_for_ever_for_the_only_connection_of_a_pool_that_uses_it_all_the_time(self) -> None:
        """Those of the waiter's own pool may be held for good."""
        world = World(limit=2, hysteresis=HYSTERESIS)
        small, large = world.pool("small"), world.pool("large")
        (often,) = served(small, world)
        served(large, world)
        (client,) = waiting(large)
        for _ in range(2 * PATIENCE + 1):
            often.give_back(small)
            world.advance(HYSTERESIS / 2)
            if client.conn is not None:
                return
            assert often.borrow(small) is not None
        pytest.fail("it still waits")

    def test_the_only_connection_of_a_pool_is_spared_while_it_is_used_often(self) -> None:
        world = World(limit=2, hysteresis=HYSTERESIS)
        small, large = world.pool("small"), world.pool("large")
        (often,) = served(small, world)
        served(large, world)
        (client,) = waiting(large)
        for _ in range(PATIENCE):
            often.give_back(small)
            world.advance(HYSTERESIS / 2)
            assert often.borrow(small) is not None
        often.give_back(small)
        world.advance(HYSTERESIS * 0.9)
        assert client.conn is None
        world.advance(HYSTERESIS * 0.2)
        assert client.conn is not None

    def test_asks_anew_when_it_wants_more_than_it_wanted_last(self) -> None:
        world = World(limit=2)
        world.farewells = []
        rich, poor = world.pool("rich"), world.pool("poor")
        idle, lent = served(rich, world, 2)
        idle.give_back(rich)
        world.advance(1.0)
        clients = waiting(poor, 2)
        assert rich.counts() == (0, 1, 0, 1, 0)
        poor.forget(clients[0])
        lent.give_back(rich)
        assert rich.counts() == (1, 0, 0, 1, 0)
        waiting(poor)
        assert rich.counts() == (0, 0, 0, 2, 0)


class TestFairness:
    def test_the_pool_whose_waiter_waits_longest_is_served_first(self) -> None:
        world = World(limit=1)
        pools = [world.pool(name) for name in ("one", "two", "three")]
        (holder,) = served(pools[0], world)
        (third,) = waiting(pools[2])
        world.advance(0.1)
        (second,) = waiting(pools[1])
        world.advance(0.1)
        (first,) = waiting(pools[0])
        world.advance(0.1)
        holder.give_back(pools[0])
        world.run()
        assert (first.conn, second.conn, third.conn is not None) == (None, None, True)
        world.advance(0.1)
        third.give_back(pools[2])
        world.run()
        assert (first.conn, second.conn is not None) == (None, True)
        world.advance(0.1)
        second.give_back(pools[1])
        world.run()
        assert first.conn is not None

    def test_a_pool_with_waiters_keeps_its_last_connection_while_others_have_more(self) -> None:
        world = World(limit=3, hysteresis=HYSTERESIS)
        small, large, new = world.pool("small"), world.pool("large"), world.pool("new")
        (holder,) = served(small, world)
        large_ones = served(large, world, 2)
        world.advance(1.0)
        (outsider,) = waiting(new)
        world.advance(0.01)
        (insider,) = waiting(small)
        holder.give_back(small)
        assert insider.conn is not None
        large_ones[0].give_back(large)
        world.run()
        assert outsider.conn is not None
        verify(world)

    def test_a_waiter_of_the_own_pool_comes_first_if_it_came_first(self) -> None:
        world = World(limit=2)
        old, new = world.pool("old"), world.pool("new")
        holders = served(old, world, 2)
        world.advance(1.0)
        (insider,) = waiting(old)
        world.advance(1.0)
        (outsider,) = waiting(new)
        holders[0].give_back(old)
        assert insider.conn is not None
        holders[1].give_back(old)
        world.run()
        assert outsider.conn is not None

    def test_but_not_for_ever_when_the_others_are_stuck(self) -> None:
        world = World(limit=3, hysteresis=HYSTERESIS)
        small, stuck, new = world.pool("small"), world.pool("stuck"), world.pool("new", borrow_timeout=10.0)
        (holder,) = served(small, world)
        served(stuck, world, 2)
        (outsider,) = waiting(new)
        for _ in range(30):
            (insider,) = waiting(small)
            world.advance(0.05)
            holder.give_back(small)
            world.run()
            verify(world)
            holder = insider
            if outsider.conn is not None:
                break
        assert outsider.conn is not None

    def test_between_two_loaded_pools_a_place_moves_when_the_waits_differ_clearly(self) -> None:
        world = World(limit=4, hysteresis=HYSTERESIS)
        one, two = world.pool("one", max_connecting=4), world.pool("two")
        ones = served(one, world, 3)
        served(two, world)
        world.advance(1.0)
        (waits_longest,) = waiting(two)
        world.advance(HYSTERESIS / 2)
        waiting(one, 3)
        ones[0].give_back(one)
        assert one.size == 3
        world.advance(HYSTERESIS * 2)
        waiting(one, 3)
        one.forget(next(iter(one.core.waiting)))
        one.forget(next(iter(one.core.waiting)))
        ones[1].give_back(one)
        world.run()
        assert waits_longest.conn is not None
        assert (one.size, two.size) == (2, 2)
        verify(world)

    @pytest.mark.parametrize("pools", [2, 3])
    def test_nobody_starves_with_one_place(self, pools: int) -> None:
        """Each pool has three clients that borrow again as soon as they have given back."""
        world = World(limit=1, hysteresis=HYSTERESIS)
        world.open_takes = 0.005
        names = ["one", "two", "three"][:pools]
        served_times = dict.fromkeys(names, 0)

        def run(pool: Pool, client: Client) -> None:
            def granted(conn: Conn) -> bool:
                served_times[pool.name] += 1
                world.call_later(0.01, lambda: done(conn))
                return True

            def done(conn: Conn) -> None:
                pool.give_back(conn)
                world.call_later(0.001, ask)

            def ask() -> None:
                conn = pool.borrow(client)
                if conn is not None:
                    granted(conn)

            client.on_granted = granted
            client.on_denied = lambda error: pytest.fail(error.text)
            ask()

        for name in names:
            pool = world.pool(name, borrow_timeout=3.0)
            for number in range(3):
                run(pool, Client(f"{name} {number}"))
        seconds = 30.0
        world.advance(seconds)
        verify(world)
        fair = sum(served_times.values()) / pools
        assert all(0.7 * fair < times < 1.3 * fair for times in served_times.values()), served_times
        opened = sum(pool.stats.opened for pool in world.pools)
        assert opened <= seconds / HYSTERESIS + 1
        assert sum(served_times.values()) > 0.7 * seconds / 0.011


class TestResizing:
    def test_more_places_are_used_at_once(self) -> None:
        world = World(limit=1)
        pool = world.pool(max_connecting=5)
        served(pool, world)
        clients = waiting(pool, 3)
        world.budget.resize(3, world.now)
        world.run()
        assert [client.conn is not None for client in clients] == [True, True, False]
        verify(world)

    def test_fewer_places_close_the_idle_now_and_the_lent_when_given_back(self) -> None:
        world = World(limit=5)
        pool = world.pool(max_connecting=5)
        clients = served(pool, world, 5)
        clients[0].give_back(pool)
        world.budget.resize(2, world.now)
        assert pool.counts()[:2] == (0, 4)
        for client in clients[1:]:
            client.give_back(pool)
        assert pool.counts()[:2] == (2, 0)
        assert pool.stats.closed == {"budget_shrunk": 3}
        assert not pool.pressed
        verify(world)

    def test_the_pool_with_more_shrinks_before_the_last_one_of_a_pool_with_waiters(self) -> None:
        world = World(limit=4)
        small, large = world.pool("small"), world.pool("large", max_connecting=4)
        (holder,) = served(small, world)
        large_ones = served(large, world, 3)
        world.budget.resize(2, world.now)
        (client,) = waiting(small)
        holder.give_back(small)
        assert client.conn is not None
        large_ones[0].give_back(large)
        large_ones[1].give_back(large)
        assert (small.size, large.size) == (1, 1)
        verify(world)

    def test_what_is_being_opened_is_closed_when_given_back(self) -> None:
        world = World(limit=2, opens_at_once=False)
        pool = world.pool()
        clients = waiting(pool, 2)
        world.run()
        world.budget.resize(1, world.now)
        world.open_gate()
        world.open_gate()
        clients[0].give_back(pool)
        assert pool.size == 1
        verify(world)


def test_a_pool_without_rivals_is_never_pressed() -> None:
    world = World(limit=1)
    pool = world.pool()
    (holder,) = served(pool, world)
    waiting(pool, 3)
    assert not pool.pressed
    rival = world.pool("rival")
    assert rival.pressed
    holder.give_back(pool)


def test_spare_places_are_those_that_nobody_waits_for() -> None:
    world = World(limit=2)
    pool = world.pool()
    budget: Budget = world.budget
    assert budget.spare(world.now) == 2
    served(pool, world, 2)
    assert budget.spare(world.now) == 0
    budget.resize(1, world.now)
    assert budget.spare(world.now) == 0


def test_a_waiter_that_went_does_not_block_the_spare_places() -> None:
    world = World(limit=1)
    one, two = world.pool("one"), world.pool("two")
    (holder,) = served(one, world)
    (client,) = waiting(two)
    two.forget(client)
    assert holder.conn is not None
    one.drop(holder.conn, "lost")
    assert world.budget.spare(world.now) == 1
    assert not one.pressed
