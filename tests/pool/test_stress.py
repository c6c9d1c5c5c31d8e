"""Thousands of takers on a real loop: they wait, lose patience, refuse, fail, and at the end nothing is missing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest
import uvloop

from proxy.errors import BorrowTimeout, ProxyError, ServerUnavailable
from proxy.pool import Budget, Keeper, Limits, Pool
from tests.pool.world import Conn

TAKERS = 2000
LIMIT = 6


class Refused(Exception):
    """The taker did not want what it was offered."""


class Guest:
    """A taker that waits on a future, as a coroutine would."""

    def __init__(self, state: object, refuses: bool) -> None:
        self.state = state
        self.lingering: Conn | None = None
        self.refuses = refuses
        self.answer: asyncio.Future[Conn] | None = None

    def granted(self, conn: Conn) -> bool:
        assert self.answer is not None
        if self.answer.done():
            return False
        if self.refuses:
            self.answer.set_exception(Refused())
            return False
        self.answer.set_result(conn)
        return True

    def denied(self, error: ProxyError) -> None:
        assert self.answer is not None
        if not self.answer.done():
            self.answer.set_exception(error)

    async def borrow(self, pool: Pool) -> Conn:
        conn = pool.borrow(self)
        if conn is not None:
            return conn
        self.answer = asyncio.get_running_loop().create_future()
        try:
            return await self.answer
        except asyncio.CancelledError:
            waits = pool.forget(self)
            if not waits and self.answer.done() and not self.answer.cancelled() and not self.answer.exception():
                pool.give_back(self.answer.result())
            raise
        finally:
            self.answer = None


class Stress:
    def __init__(self, seed: int) -> None:
        self.loop = asyncio.get_running_loop()
        self.random = random.Random(seed)
        self.budget = Budget(LIMIT, hysteresis=0.005)
        self.tasks: set[asyncio.Task[Any]] = set()
        self.conns: list[Conn] = []
        self.most = 0
        self.in_use: set[Conn] = set()
        self.outcomes: dict[str, int] = {}
        self.pools = [self.pool(name) for name in ("one", "two", "three")]

    def pool(self, name: str) -> Pool:
        async def open() -> Conn:
            await asyncio.sleep(self.random.random() * 0.002)
            if self.random.random() < 0.05:
                raise ServerUnavailable("refused")
            self.conns.append(Conn(len(self.conns), name))
            return self.conns[-1]

        return Pool(
            name,
            Limits(borrow_timeout=0.02, max_connecting=2, min_idle=0, max_lifetime=0.2, idle_timeout=0.05),
            self.budget,
            open=open,
            close=self.close,
            spawn=self.spawn,
            clock=self.loop.time,
            call_later=self.loop.call_later,
            chance=self.random.random,
        )

    def close(self, conn: Conn, reason: str) -> Coroutine[Any, Any, None] | None:
        assert not conn.closed
        conn.closed = reason
        return asyncio.sleep(0.001) if self.random.random() < 0.3 else None

    def spawn(self, name: str, coro: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(coro, name=name)
        self.tasks.add(task)
        task.add_done_callback(self.ended)

    def ended(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        task.result()

    async def live(self, pool: Pool) -> None:
        guest = Guest(self.random.choice("abc"), refuses=self.random.random() < 0.05)
        await asyncio.sleep(self.random.random())
        for _ in range(self.random.randint(1, 4)):
            try:
                conn = await guest.borrow(pool)
            except (BorrowTimeout, ServerUnavailable) as error:
                self.count(error.label)
            except Refused:
                self.count("refused")
            else:
                await self.use(guest, pool, conn)

    async def use(self, guest: Guest, pool: Pool, conn: Conn) -> None:
        assert conn not in self.in_use
        assert not conn.closed
        self.in_use.add(conn)
        self.most = max(self.most, self.budget.used)
        chance = self.random.random()
        try:
            if chance < 0.5:
                await asyncio.sleep(0.02 if chance < 0.02 else 0)
        finally:
            self.in_use.discard(conn)
            conn.state = guest.state
            conn.lingers_for = guest if chance < 0.3 else None
            guest.lingering = conn if chance < 0.3 else None
            self.count("used")
            if chance > 0.98:
                pool.drop(conn, "lost")
            else:
                pool.give_back(conn)

    def count(self, outcome: str) -> None:
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    def disturb(self, takers: list[asyncio.Task[None]]) -> None:
        """Every so often: a client goes, an idle connection breaks, a pool is ruled over, the budget changes."""
        if all(taker.done() for taker in takers):
            return
        for taker in self.random.sample(takers, 5):
            taker.cancel()
        pool = self.random.choice(self.pools)
        chance = self.random.random()
        if chance < 0.3:
            for conn in list(pool.core.idle)[:1]:
                pool.drop(conn, "lost")
        elif chance < 0.35:
            pool.retire()
        elif chance < 0.4:
            pool.pause()
            self.loop.call_later(0.002, pool.resume)
        elif chance < 0.45:
            self.budget.resize(self.random.randint(1, LIMIT), self.loop.time())
        self.loop.call_later(0.002, self.disturb, takers)

    async def run(self) -> None:
        keeper = self.loop.create_task(Keeper(lambda: self.pools, self.loop.time, asyncio.sleep, 0.01).run())
        takers = [self.loop.create_task(self.live(self.random.choice(self.pools))) for _ in range(TAKERS)]
        self.disturb(takers)
        results = await asyncio.gather(*takers, return_exceptions=True)
        keeper.cancel()
        assert not [error for error in results if error and not isinstance(error, asyncio.CancelledError)]
        await self.settle()

    async def settle(self) -> None:
        for pool in self.pools:
            pool.resume()
        while self.tasks:
            await asyncio.wait(self.tasks)
        assert not self.in_use
        assert self.most <= LIMIT
        for pool in self.pools:
            assert pool.counts()[1:] == (0, 0, 0, 0)
        alive = {conn for conn in self.conns if not conn.closed}
        assert alive == {conn for pool in self.pools for conn in pool.core.idle}
        empty = [self.loop.create_future() for _ in self.pools]
        for pool, future in zip(self.pools, empty, strict=True):
            pool.drain(partial(future.set_result, None))
        await asyncio.gather(*empty)
        assert self.budget.used == 0
        assert not list(self.budget)
        for pool in self.pools:
            assert pool.stats.opened == sum(pool.stats.closed.values())
        assert sum(pool.stats.borrows for pool in self.pools) >= self.outcomes["used"]
        assert set(self.outcomes) >= {"used", "refused"}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_nothing_is_lost(factory: Callable[[], asyncio.AbstractEventLoop], seed: int) -> None:
    async def main() -> None:
        await Stress(seed).run()

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())
