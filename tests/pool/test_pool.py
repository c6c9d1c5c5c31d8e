from __future__ import annotations

import logging

import pytest

from proxy.errors import BorrowTimeout, ProxyError, ServerUnavailable, ShuttingDown
from proxy.pool import Limits, Pool
from tests.pool.world import Client, Conn, World, down, verify


def served(pool: Pool, world: World, count: int = 1) -> list[Client]:
    """So many clients that hold a connection each."""
    clients = [Client(f"holder {number}") for number in range(count)]
    for client in clients:
        client.borrow(pool)
    world.run()
    assert all(client.conn for client in clients)
    return clients


class TestBorrowing:
    def test_an_idle_connection_at_once(self) -> None:
        world = World()
        pool = world.pool()
        (client,) = served(pool, world)
        assert repr(pool) == "<Pool app idle=0 lent=1 opening=0 closing=0 waiting=0>"
        client.give_back(pool)
        timers = world.timers_made
        assert client.borrow(pool) is world.conns[0]
        assert world.timers_made == timers
        assert pool.stats.at_once == 1
        assert pool.stats.borrows == 2
        verify(world)

    def test_the_lingering_one_is_found_again(self) -> None:
        world = World(limit=5)
        pool = world.pool(max_connecting=5)
        clients = served(pool, world, 5)
        kept = [client.conn for client in clients]
        for client in clients:
            client.give_back(pool, linger=True)
        assert [client.borrow(pool) for client in clients] == kept
        assert pool.stats.lingering_hits == 5

    def test_anothers_lingering_one_rather_than_a_new_one(self) -> None:
        world = World(limit=5)
        pool = world.pool()
        (client,) = served(pool, world)
        client.give_back(pool, linger=True)
        assert Client(state="other").borrow(pool) is world.conns[0]
        assert world.conns[0].lingers_for is client
        assert len(world.conns) == 1

    def test_a_taker_waits_once_at_a_time(self) -> None:
        world = World()
        pool, client = world.pool(), Client()
        client.borrow(pool)
        with pytest.raises(RuntimeError, match=r"<Client client> waits already in <Pool app"):
            pool.borrow(client)

    def test_nobody_overtakes(self) -> None:
        world = World(limit=1)
        pool = world.pool()
        (holder,) = served(pool, world)
        queue = [Client(str(number)) for number in range(3)]
        for client in queue:
            client.borrow(pool)
        for client in queue:
            holder.give_back(pool)
            assert client.conn is world.conns[0]
            assert Client("late").borrow(pool) is None
            holder = client
        verify(world)

    def test_waits_are_observed(self) -> None:
        world = World(limit=1)
        pool, client = world.pool(), Client()
        (holder,) = served(pool, world)
        client.borrow(pool)
        world.advance(0.5)
        holder.give_back(pool)
        assert pool.stats.waits.sum == pytest.approx(0.5)
        assert pool.stats.handed_over == 2
        assert pool.stats.queued == 2

    def test_giving_back_what_has_left_or_is_idle_changes_nothing(self) -> None:
        world = World()
        pool = world.pool()
        (client,) = served(pool, world)
        conn = client.conn
        assert conn is not None
        assert pool.drop(conn, "lost")
        assert not pool.drop(conn, "lost")
        pool.give_back(conn)
        assert pool.size == 0
        (client,) = served(pool, world)
        client.give_back(pool)
        pool.give_back(world.conns[1])
        assert pool.counts().idle == 1
        verify(world)

    def test_a_taker_that_is_forgotten_is_passed_over(self) -> None:
        world = World(limit=1)
        pool = world.pool()
        (holder,) = served(pool, world)
        gone, next_one = Client(), Client()
        gone.borrow(pool)
        next_one.borrow(pool)
        assert pool.forget(gone)
        assert not pool.forget(gone)
        holder.give_back(pool)
        assert gone.conn is None
        assert next_one.conn is not None

    def test_forgetting_a_taker_does_not_touch_what_it_holds(self) -> None:
        world = World()
        pool = world.pool()
        (holder,) = served(pool, world)
        assert not pool.forget(holder)
        assert pool.counts().lent == 1

    def test_a_client_that_is_gone_no_longer_claims(self) -> None:
        world = World(limit=2)
        pool = world.pool()
        one, two = served(pool, world, 2)
        one.give_back(pool, linger=True)
        two.give_back(pool, linger=True)
        world.conns[0].lingers_for = None
        pool.unclaim(world.conns[0])
        assert Client(state="z").borrow(pool) is world.conns[0]


class TestRefusals:
    def test_the_next_one_gets_it(self) -> None:
        world = World(limit=1)
        pool = world.pool()
        (holder,) = served(pool, world)
        refusing, accepting = [Client(str(number)) for number in range(5)], Client()
        for client in refusing:
            client.on_granted = lambda conn: False
            client.borrow(pool)
        accepting.borrow(pool)
        holder.give_back(pool)
        assert accepting.conn is world.conns[0]
        assert pool.stats.refused == 5
        assert pool.stats.borrows == 2
        verify(world)

    def test_it_is_idle_when_all_refuse(self) -> None:
        world = World(limit=1)
        pool, client = world.pool(), Client()
        client.on_granted = lambda conn: False
        (holder,) = served(pool, world)
        client.borrow(pool)
        holder.give_back(pool)
        assert pool.counts() == (1, 0, 0, 0, 0)
        verify(world)

    def test_a_taker_that_crashes_costs_the_connection_and_nobody_else(self, caplog: pytest.LogCaptureFixture) -> None:
        world = World(limit=1)
        pool, bad, good = world.pool(), Client("bad"), Client("good")

        def crash(conn: Conn) -> bool:
            raise ZeroDivisionError

        bad.on_granted = crash
        (holder,) = served(pool, world)
        bad.borrow(pool)
        good.borrow(pool)
        with caplog.at_level(logging.ERROR):
            holder.give_back(pool)
        assert "<Client bad> failed to take a connection" in caplog.text
        world.run()
        assert pool.stats.closed == {"taker_failed": 1}
        assert good.conn is world.conns[1]
        verify(world)


class TestReentering:
    def test_a_long_chain_of_hand_overs_does_not_nest(self) -> None:
        world = World(limit=1)
        pool = world.pool()
        (holder,) = served(pool, world)
        order = []

        def pass_on(client: Client, conn: Conn) -> bool:
            order.append(client.name)
            pool.give_back(conn)
            return True

        for number in range(5000):
            client = Client(str(number))
            client.on_granted = lambda conn, client=client: pass_on(client, conn)
            client.borrow(pool)
        holder.give_back(pool)
        assert order == [str(number) for number in range(5000)]
        assert pool.counts().idle == 1
        verify(world)

    def test_give_back_borrow_again_and_refuse(self) -> None:
        world = World(limit=1)
        pool, odd, other = world.pool(), Client("odd"), Client("other")
        (holder,) = served(pool, world)

        def again(conn: Conn) -> bool:
            pool.give_back(conn)
            odd.conn = pool.borrow(odd)
            return False

        odd.on_granted = again
        odd.borrow(pool)
        holder.give_back(pool)
        assert odd.conn is world.conns[0]
        assert other.borrow(pool) is None
        assert pool.counts().lent == 1
        verify(world)

    @pytest.mark.parametrize("accepts", [True, False])
    def test_drop_within_granted(self, accepts: bool) -> None:
        world = World(limit=1)
        pool, client, other = world.pool(), Client(), Client("other")
        (holder,) = served(pool, world)

        def drop(conn: Conn) -> bool:
            pool.drop(conn, "lost")
            return accepts

        client.on_granted = drop
        client.borrow(pool)
        other.borrow(pool)
        holder.give_back(pool)
        world.run()
        assert other.conn is world.conns[1]
        verify(world)

    def test_forget_the_next_one_within_granted(self) -> None:
        world = World(limit=1)
        pool, first, second = world.pool(), Client(), Client()
        (holder,) = served(pool, world)

        def forget(conn: Conn) -> bool:
            return not pool.forget(second)

        first.on_granted = forget
        first.borrow(pool)
        second.borrow(pool)
        holder.give_back(pool)
        assert second.conn is None
        assert pool.counts() == (1, 0, 0, 0, 0)

    def test_pause_within_granted(self) -> None:
        world = World(limit=1)
        pool, first, second = world.pool(), Client(), Client()
        (holder,) = served(pool, world)

        def pause(conn: Conn) -> bool:
            pool.pause()
            return False

        first.on_granted = pause
        first.borrow(pool)
        second.borrow(pool)
        holder.give_back(pool)
        assert pool.counts() == (1, 0, 0, 0, 1)
        pool.resume()
        assert second.conn is not None
        verify(world)

    def test_borrow_again_when_denied(self) -> None:
        world = World(limit=1)
        pool, stubborn = world.pool(borrow_timeout=1.0), Client()
        (holder,) = served(pool, world)
        stubborn.on_denied = lambda error: stubborn.borrow(pool)
        stubborn.borrow(pool)
        world.advance(10.0)
        assert pool.stats.timeouts == 10
        holder.give_back(pool)
        assert stubborn.conn is not None
        verify(world)

    def test_a_taker_that_crashes_when_denied_harms_nobody(self, caplog: pytest.LogCaptureFixture) -> None:
        world = World(limit=1)
        pool, bad, good = world.pool(borrow_timeout=1.0), Client("bad"), Client("good")

        def crash(error: ProxyError) -> None:
            raise ZeroDivisionError

        served(pool, world)
        bad.on_denied = crash
        bad.borrow(pool)
        good.borrow(pool)
        with caplog.at_level(logging.ERROR):
            world.advance(1.0)
        assert isinstance(good.error, BorrowTimeout)
        assert "<Client bad> failed to be denied" in caplog.text

    def test_close_that_drops_and_a_close_that_fails(self, caplog: pytest.LogCaptureFixture) -> None:
        world = World()
        pool = world.pool()
        served(pool, world, 2)

        def drop_again(conn: Conn, reason: str) -> None:
            assert not pool.drop(conn, "again")

        pool._close = drop_again
        assert pool.drop(world.conns[0], "lost")

        def fail(conn: Conn, reason: str) -> None:
            raise ZeroDivisionError

        pool._close = fail
        with caplog.at_level(logging.ERROR):
            assert pool.drop(world.conns[1], "lost")
        assert "failed" in caplog.text
        assert pool.stats.closed == {"lost": 2}
        assert pool.size == 0

    def test_who_comes_within_granted_does_not_overtake(self) -> None:
        world = World(limit=1)
        pool, first, second, newcomer = world.pool(), Client(), Client(), Client()
        (holder,) = served(pool, world)

        def bring(conn: Conn) -> bool:
            pool.give_back(conn)
            assert newcomer.borrow(pool) is None
            return True

        first.on_granted = bring
        first.borrow(pool)
        second.borrow(pool)
        holder.give_back(pool)
        assert second.conn is world.conns[0]
        assert newcomer.conn is None
        verify(world)

    def test_a_spawn_that_runs_at_once_grants_nobody_from_within_borrow(self) -> None:
        world = World()
        world.eager = True
        pool, client = world.pool(), Client()
        assert pool.borrow(client) is None
        assert client.conn is None
        world.advance(0.01)
        assert client.conn is world.conns[0]
        verify(world)

    def test_a_spawn_that_runs_at_once_does_not_nest(self) -> None:
        world = World(limit=500)
        world.eager = True
        pool = world.pool(max_connecting=500)
        pool.pause()
        clients = [Client() for _ in range(500)]
        for client in clients:
            client.borrow(pool)
        pool.resume()
        assert all(client.conn for client in clients)
        verify(world)


class TestTimeouts:
    def test_denied_at_the_deadline_with_what_one_needs_to_know(self) -> None:
        world = World(limit=1)
        pool, client, later = world.pool(borrow_timeout=10.0), Client(), Client()
        served(pool, world)
        client.borrow(pool)
        world.advance(5.0)
        later.borrow(pool)
        world.advance(4.9)
        assert client.error is None
        world.advance(0.1)
        assert isinstance(client.error, BorrowTimeout)
        assert client.error.text == (
            "No server connection became free within 10.0 s (pool.borrow_timeout): 1 in use, 0 connecting, "
            "1 more waiting; 1 of at most 1 server connections exist (pool.max_connections). Everyone is busy."
        )
        assert later.error is None
        world.advance(5.0)
        assert isinstance(later.error, BorrowTimeout)
        assert pool.stats.timeouts == 2

    def test_one_timer_however_many_wait(self) -> None:
        world = World(limit=1)
        pool = world.pool(borrow_timeout=10.0)
        (holder,) = served(pool, world)
        for _ in range(100):
            client = Client()
            client.borrow(pool)
            world.advance(0.01)
            holder.give_back(pool)
            holder = client
        assert world.timers == 1
        assert world.timers_made == 1

    def test_says_that_the_server_cannot_be_reached(self) -> None:
        world = World()
        world.open_error = down("Can't connect: refused")
        pool, client = world.pool(borrow_timeout=2.0), Client()
        client.borrow(pool)
        world.advance(2.0)
        assert isinstance(client.error, ServerUnavailable)
        assert client.error.text == (
            "No connection to the server after 2.0 s. The last attempt to connect failed: Can't connect: refused"
        )

    def test_mentions_the_failure_when_there_are_connections(self) -> None:
        world = World()
        pool, client = world.pool(borrow_timeout=2.0), Client()
        served(pool, world)
        world.open_error = down("Can't connect: refused")
        client.borrow(pool)
        world.advance(2.0)
        assert isinstance(client.error, BorrowTimeout)
        assert client.error.text.endswith("The last attempt to connect failed: Can't connect: refused")

    def test_a_shorter_timeout_holds_for_who_waits_already(self) -> None:
        world = World(limit=1)
        pool, client, late = world.pool(borrow_timeout=100.0), Client(), Client()
        served(pool, world)
        client.borrow(pool)
        world.advance(5.0)
        pool.configure(Limits(borrow_timeout=6.0))
        late.borrow(pool)
        world.advance(1.0)
        assert client.error is not None
        assert late.error is None
        world.advance(5.0)
        assert late.error is not None

    def test_a_longer_timeout_too(self) -> None:
        world = World(limit=1)
        pool, client = world.pool(borrow_timeout=1.0), Client()
        served(pool, world)
        client.borrow(pool)
        pool.configure(Limits(borrow_timeout=5.0))
        world.advance(4.9)
        assert client.error is None
        world.advance(0.1)
        assert client.error is not None

    def test_no_timeout_means_for_ever(self) -> None:
        world = World(limit=1)
        pool, client = world.pool(borrow_timeout=0.0), Client()
        (holder,) = served(pool, world)
        client.borrow(pool)
        world.advance(1e6)
        assert client.error is None
        pool.configure(Limits(borrow_timeout=0.0))
        holder.give_back(pool)
        world.run()
        assert client.conn is not None

    def test_nobody_is_denied_for_an_alarm_that_is_out_of_date(self) -> None:
        world = World(limit=1)
        pool, client = world.pool(borrow_timeout=10.0), Client()
        (holder,) = served(pool, world)
        first = Client()
        first.borrow(pool)
        world.advance(9.0)
        holder.give_back(pool)
        client.borrow(pool)
        world.advance(9.0)
        assert client.error is None
        assert world.timers == 1
        world.advance(1.0)
        assert client.error is not None
        assert world.timers == 0


class TestDropping:
    def test_a_broken_one_frees_its_place_for_who_waits(self) -> None:
        world = World(limit=1)
        pool, client = world.pool(), Client()
        (holder,) = served(pool, world)
        client.borrow(pool)
        assert holder.conn is not None
        pool.drop(holder.conn, "lost")
        world.run()
        assert client.conn is world.conns[1]
        verify(world)

    def test_an_idle_one_is_not_lent_again(self) -> None:
        world = World(limit=1)
        pool = world.pool()
        (holder,) = served(pool, world)
        holder.give_back(pool)
        pool.drop(world.conns[0], "lost")
        assert Client().borrow(pool) is None
        assert world.conns[0].closed == "lost"

    def test_a_farewell_keeps_the_place_until_it_ends(self) -> None:
        world = World(limit=1)
        world.farewells = []
        pool, client = world.pool(), Client()
        (holder,) = served(pool, world)
        client.borrow(pool)
        assert holder.conn is not None
        pool.drop(holder.conn, "lost")
        world.run()
        assert pool.counts() == (0, 0, 0, 1, 1)
        world.farewells.pop().open()
        world.run()
        assert client.conn is world.conns[1]

    def test_a_farewell_that_fails_ends_too(self) -> None:
        world = World(limit=1)
        world.farewells = []
        pool = world.pool()
        (holder,) = served(pool, world)
        assert holder.conn is not None
        pool.drop(holder.conn, "lost")
        world.run()
        with pytest.raises(OSError, match="reset"):
            world.farewells.pop().open(OSError("reset"))
        assert pool.size == 0

    def test_close_idle_leaves_the_lent(self) -> None:
        world = World(limit=3)
        pool = world.pool(max_connecting=3)
        clients = served(pool, world, 3)
        clients[0].give_back(pool)
        clients[1].give_back(pool)
        assert pool.close_idle("reconnect") == 2
        assert pool.counts() == (0, 1, 0, 0, 0)
        assert pool.stats.closed == {"reconnect": 2}

    def test_close_if_idle(self) -> None:
        world = World(limit=3)
        pool = world.pool()
        (client,) = served(pool, world)
        assert not pool.close_if_idle(world.conns[0], "idle_timeout")
        client.give_back(pool)
        assert pool.close_if_idle(world.conns[0], "idle_timeout")

    def test_retire_replaces_every_connection(self) -> None:
        world = World(limit=2)
        pool = world.pool()
        idle, lent = served(pool, world, 2)
        idle.give_back(pool)
        pool.retire()
        assert [conn.closed for conn in world.conns] == ["retired", ""]
        lent.give_back(pool)
        assert [conn.closed for conn in world.conns] == ["retired", "retired"]
        served(pool, world)
        verify(world)

    def test_a_retired_one_is_not_handed_over(self) -> None:
        world = World(limit=1)
        pool, client = world.pool(), Client()
        (holder,) = served(pool, world)
        client.borrow(pool)
        pool.retire("reconnect")
        holder.give_back(pool)
        world.run()
        assert client.conn is world.conns[1]
        assert pool.stats.closed == {"reconnect": 1}


class TestPausing:
    def test_nothing_is_lent_until_resume(self) -> None:
        world = World(limit=2)
        pool, client, other = world.pool(), Client(), Client()
        (holder,) = served(pool, world)
        pool.pause()
        assert repr(pool).endswith(" paused>")
        client.borrow(pool)
        holder.give_back(pool)
        other.borrow(pool)
        world.advance(1.0)
        assert pool.counts() == (1, 0, 0, 0, 2)
        pool.resume()
        world.run()
        assert client.conn is world.conns[0]
        assert other.conn is world.conns[1]
        verify(world)

    def test_deadlines_hold_while_paused(self) -> None:
        world = World()
        pool, client = world.pool(borrow_timeout=1.0), Client()
        pool.pause()
        client.borrow(pool)
        world.advance(1.0)
        assert isinstance(client.error, BorrowTimeout)


class TestDraining:
    def test_the_waiting_are_denied_and_the_lent_closed_when_given_back(self) -> None:
        world, empty = World(limit=2), []
        pool, client = world.pool(), Client()
        idle, lent = served(pool, world, 2)
        client.borrow(pool)
        idle.give_back(pool)
        assert client.conn is world.conns[0]
        queue = [Client() for _ in range(3)]
        for waiting in queue:
            waiting.borrow(pool)
        pool.drain(lambda: empty.append(True))
        assert all(isinstance(waiting.error, ShuttingDown) for waiting in queue)
        client.give_back(pool)
        assert not empty
        assert repr(pool).endswith(" draining>")
        lent.give_back(pool)
        assert empty == [True]
        assert pool.stats.closed == {"drained": 2}
        assert pool not in list(world.budget)
        verify(world)

    def test_at_once_when_there_is_nothing(self) -> None:
        world, empty = World(), []
        pool = world.pool()
        pool.drain(lambda: empty.append(True))
        assert empty == [True]
        pool.drain()

    def test_who_comes_later_is_denied_but_not_from_within_borrow(self) -> None:
        world = World()
        pool, client = world.pool(), Client()
        pool.drain()
        pool.resume()
        assert client.borrow(pool) is None
        assert client.error is None
        world.advance(0.01)
        assert isinstance(client.error, ShuttingDown)
        assert world.timers == 0

    def test_who_borrows_again_when_denied_is_denied_again_later(self) -> None:
        world = World(limit=1)
        pool, stubborn = world.pool(), Client()
        served(pool, world)
        stubborn.on_denied = lambda error: stubborn.borrow(pool)
        stubborn.borrow(pool)
        pool.drain()
        world.advance(0.01)
        assert pool.counts().waiting == 1

    def test_what_is_being_opened_is_closed_on_arrival(self) -> None:
        world, empty = World(opens_at_once=False), []
        pool = world.pool()
        Client().borrow(pool)
        world.run()
        pool.drain(lambda: empty.append(True))
        assert not empty
        world.open_gate()
        assert world.conns[0].closed == "drained"
        assert empty == [True]

    def test_nothing_is_opened_ahead(self) -> None:
        world = World()
        pool = world.pool()
        pool.drain()
        pool.refill()
        world.run()
        assert pool.size == 0
