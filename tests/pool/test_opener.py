from __future__ import annotations

import logging

import pytest

from proxy.pool.backoff import FIRST_DELAY, LONGEST_WITH_WAITERS
from tests.pool.world import Client, World, down, verify


def test_so_many_logins_at_a_time() -> None:
    world = World(limit=10, opens_at_once=False)
    pool = world.pool(max_connecting=2)
    clients = [Client() for _ in range(5)]
    for client in clients:
        assert client.borrow(pool) is None
    world.run()
    assert pool.counts().opening == len(world.opens) == 2
    for done in range(1, 6):
        world.open_gate()
        assert pool.counts()[:3] == (0, done, min(2, 5 - done))
    assert all(client.conn for client in clients)
    assert pool.stats.opened == 5
    verify(world)


def test_no_more_are_opened_than_wait() -> None:
    world = World(limit=10, opens_at_once=False)
    pool = world.pool(max_connecting=5)
    clients = [Client() for _ in range(3)]
    for client in clients[:2]:
        client.borrow(pool)
    world.run()
    assert pool.counts().opening == 2
    assert pool.forget(clients[0])
    clients[2].borrow(pool)
    world.run()
    assert pool.counts().opening == 2
    world.open_gate()
    world.open_gate()
    assert pool.counts()[:2] == (0, 2)


def test_what_is_opened_for_nobody_any_more_is_idle() -> None:
    world = World(opens_at_once=False)
    pool, client = world.pool(), Client()
    client.borrow(pool)
    world.run()
    pool.forget(client)
    world.open_gate()
    assert client.conn is None
    assert pool.counts().idle == 1
    assert client.borrow(pool) is world.conns[0]


def test_a_failed_attempt_leaves_the_waiting_where_they_are() -> None:
    world = World()
    pool, client = world.pool(borrow_timeout=10.0), Client()
    world.open_error = down()
    client.borrow(pool)
    world.advance(5.0)
    assert client.error is None
    assert pool.counts().waiting == 1
    assert pool.last_error is world.open_error
    assert pool.stats.open_failures == pytest.approx(5.0 / (0.75 * LONGEST_WITH_WAITERS), abs=5)
    world.open_error = None
    world.advance(LONGEST_WITH_WAITERS)
    assert client.conn is not None
    verify(world)


def test_service_resumes_within_a_second_after_a_long_outage() -> None:
    world = World()
    pool = world.pool(borrow_timeout=2.0)
    world.open_error = down()
    for _ in range(100):
        Client().borrow(pool)
        world.advance(3.0)
    world.open_error = None
    client = Client()
    client.borrow(pool)
    world.advance(1.0)
    assert client.conn is not None


def test_who_comes_after_a_failure_that_nobody_waited_for_is_served_as_soon() -> None:
    world = World()
    pool, client = world.pool(), Client()
    world.open_error = down()
    for _ in range(50):
        pool.refill()
        world.advance(6.0)
    pool.refill()
    world.run()
    world.open_error = None
    client.borrow(pool)
    world.advance(LONGEST_WITH_WAITERS)
    assert client.conn is not None


def test_one_attempt_at_a_time_while_they_fail_but_one_that_hangs_does_not_block_the_rest() -> None:
    world = World(limit=10, opens_at_once=False)
    pool = world.pool(max_connecting=3)
    for _ in range(9):
        Client().borrow(pool)
    world.run()
    for _ in range(3):
        world.open_gate(down())
    openings = []
    for _ in range(5):
        openings.append(pool.counts().opening)
        world.advance(FIRST_DELAY * 4 * 0.75 + 0.001)  # three failures, and the jitter of this world
    assert openings == [0, 1, 2, 3, 3]
    timers = world.timers_made
    world.advance(5.0)
    assert world.timers_made - timers < 5
    world.open_gate()
    assert pool.counts()[:3] == (0, 1, 3)


def test_the_next_attempt_is_made_although_the_first_one_was_begun_for_a_place_of_another_pool() -> None:
    world = World(limit=2)
    pool, other = world.pool(borrow_timeout=100.0), world.pool("other", max_lifetime=0.0)
    world.failing.add("app")
    pool.refill()
    world.run()
    holders = [Client() for _ in range(2)]
    for holder in holders:
        holder.borrow(other)
    world.run()
    world.opens_at_once = False
    for _ in range(2):
        Client().borrow(pool)
    world.advance(50.0)
    assert pool.counts().opening == 0
    for conn in list(other.core.lent):
        other.drop(conn, "lost")
    world.run()
    assert pool.counts().opening == 1
    world.advance(FIRST_DELAY)
    assert pool.counts().opening == 2


def test_a_crash_counts_as_a_failure_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    world = World(opens_at_once=False)
    pool, client = world.pool(), Client()
    client.borrow(pool)
    world.run()
    with caplog.at_level(logging.ERROR):
        world.opens.pop(0).open(ZeroDivisionError("oops"))
    assert "opening a connection crashed" in caplog.text
    assert pool.stats.open_failures == 1
    assert pool.size == 0
    assert isinstance(pool.last_error, ZeroDivisionError)


def test_a_cancelled_attempt_gives_its_place_back() -> None:
    world = World(limit=1, opens_at_once=False)
    pool, client = world.pool(), Client()
    client.borrow(pool)
    world.run()
    with pytest.raises(GeneratorExit):
        world.opens.pop(0).open(GeneratorExit())
    world.run()
    assert len(world.opens) == 1
    world.open_gate()
    assert client.conn is not None


def test_what_was_begun_before_retire_is_closed_on_arrival() -> None:
    world = World(opens_at_once=False)
    pool, client = world.pool(), Client()
    client.borrow(pool)
    world.run()
    pool.retire()
    world.open_gate()
    assert world.conns[0].closed == "retired"
    assert client.conn is None
    world.run()
    world.open_gate()
    assert client.conn is world.conns[1]
    verify(world)
