"""A world for pools: a clock that stands still until told, connections and takers that are plain objects.

Knows no event loop: a coroutine is stepped when its time comes, and awaits ``world.pause(seconds)`` or a ``Gate``.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Coroutine, Generator
from typing import Any, ClassVar

from proxy.errors import ProxyError, ServerUnavailable
from proxy.pool import Budget, Limits, Pool


class Conn:
    """A server connection; ``state`` and ``lingers_for`` are what a pool looks at."""

    def __init__(self, number: int, pool_name: str) -> None:
        self.number = number
        self.pool_name = pool_name
        self.state: object = "fresh"
        self.lingers_for: object | None = None
        self.closed = ""

    def __repr__(self) -> str:
        return f"<Conn {self.number} of {self.pool_name} {self.state}>"


class Client:
    """A taker that remembers what it was told. ``on_granted`` replaces plain acceptance."""

    def __init__(self, name: str = "client", state: object = "fresh") -> None:
        self.name = name
        self.state = state
        self.lingering: Conn | None = None
        self.conn: Conn | None = None
        self.error: ProxyError | None = None
        self.on_granted: Callable[[Conn], bool] | None = None
        self.on_denied: Callable[[ProxyError], object] | None = None

    def granted(self, conn: Conn) -> bool:
        if self.on_granted is not None:
            return self.on_granted(conn)
        self.conn = conn
        return True

    def denied(self, error: ProxyError) -> None:
        self.error = error
        if self.on_denied is not None:
            self.on_denied(error)

    def borrow(self, pool: Pool) -> Conn | None:
        self.conn = pool.borrow(self)
        return self.conn

    def give_back(self, pool: Pool, linger: bool = False) -> None:
        conn, self.conn = self.conn, None
        assert conn is not None
        conn.lingers_for = self if linger else None
        self.lingering = conn if linger else None
        pool.give_back(conn)

    def __repr__(self) -> str:
        return f"<Client {self.name}>"


class Gate:
    """What a coroutine waits for until the test opens it: ``answer`` is given, or raised when it is an exception."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._coro: Coroutine[Any, Any, Any] | None = None
        self.answer: object = None

    def __await__(self) -> Generator[Gate, None, object]:
        yield self
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    def hold(self, coro: Coroutine[Any, Any, Any]) -> None:
        self._coro = coro

    def open(self, answer: object = None) -> None:
        self.answer = answer
        assert self._coro is not None
        self._world.step(self._coro)


class Timer:
    def __init__(self, function: Callable[[], None]) -> None:
        self.function = function
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class World:
    """``opens`` are the gates of the attempts to open under way, in order, unless ``opens_at_once``.

    An ``eager`` world runs what is spawned before ``spawn`` returns, as an eager task factory does.
    """

    made: ClassVar[list[World]] = []

    def __init__(self, limit: int = 2, hysteresis: float = 0.1, opens_at_once: bool = True) -> None:
        self.made.append(self)
        self.ended = False
        self.now = 1000.0
        self.budget = Budget(limit, hysteresis)
        self.pools: list[Pool] = []
        self.opens_at_once = opens_at_once
        self.open_takes = 0.0
        self.open_error: ProxyError | None = None
        self.failing: set[str] = set()  # names of pools
        self.eager = False
        self.opens: list[Gate] = []
        self.conns: list[Conn] = []
        self.farewells: list[Gate] | None = None
        self.checks: list[Gate] = []
        self.checking: set[Conn] = set()
        self.spawned: list[str] = []
        self.timers_made = 0
        self._begun: set[Coroutine[Any, Any, Any]] = set()
        self._ready: list[Coroutine[Any, Any, Any]] = []
        self._timers: list[tuple[float, int, Timer]] = []

    def pool(self, name: str = "app", check: bool = False, **limits: Any) -> Pool:
        pool: Pool = Pool(
            name,
            Limits(**limits),
            self.budget,
            open=lambda: self._open(name),
            close=self._close,
            check=self._check if check else None,
            spawn=self._spawn,
            clock=lambda: self.now,
            call_later=self.call_later,
            describe=lambda: "Everyone is busy.",
            chance=lambda: 0.5,
        )
        self.pools.append(pool)
        return pool

    @property
    def alive(self) -> list[Conn]:
        return [conn for conn in self.conns if not conn.closed]

    # What is injected

    def call_later(self, delay: float, function: Callable[[], None]) -> Timer:
        self.timers_made += 1
        timer = Timer(function)
        heapq.heappush(self._timers, (self.now + delay, self.timers_made, timer))
        return timer

    def _spawn(self, name: str, coro: Coroutine[Any, Any, Any]) -> None:
        if self.ended:
            coro.close()
            return
        self.spawned.append(name)
        if self.eager:
            self.step(coro)
            return
        self._ready.append(coro)

    async def _open(self, name: str) -> Conn:
        if not self.opens_at_once:
            gate = Gate(self)
            self.opens.append(gate)
            await gate
        elif self.open_takes:
            await self.pause(self.open_takes)
        if self.open_error is not None:
            raise self.open_error
        if name in self.failing:
            raise down()
        self.conns.append(Conn(len(self.conns), name))
        return self.conns[-1]

    def _close(self, conn: Conn, reason: str) -> Coroutine[Any, Any, None] | None:
        assert not conn.closed, f"{conn} is closed twice"
        conn.closed = reason
        if self.farewells is None:
            return None
        gate = Gate(self)
        self.farewells.append(gate)
        return self._wait(gate)

    async def _check(self, conn: Conn) -> bool:
        gate = Gate(self)
        self.checks.append(gate)
        self.checking.add(conn)
        try:
            return bool(await gate)
        finally:
            self.checking.discard(conn)

    async def _wait(self, gate: Gate) -> None:
        await gate

    # Time

    def pause(self, seconds: float) -> Gate:
        gate = Gate(self)
        self.call_later(seconds, gate.open)
        return gate

    def step(self, coro: Coroutine[Any, Any, Any]) -> None:
        self._begun.add(coro)
        try:
            gate = coro.send(None)
        except StopIteration:
            self._begun.discard(coro)
            return
        gate.hold(coro)

    def end(self) -> None:
        """Close what is under way, and what that would begin."""
        self.run()
        self.ended = True
        for coro in [*self._ready, *self._begun]:
            coro.close()

    def run(self) -> None:
        """Let everything happen that can without time passing."""
        while self._ready:
            self.step(self._ready.pop(0))

    def advance(self, seconds: float) -> None:
        """Let time pass, timer after timer."""
        end = self.now + seconds
        self.run()
        while self._timers and self._timers[0][0] <= end:
            when, _, timer = heapq.heappop(self._timers)
            self.now = max(self.now, when)
            if not timer.cancelled:
                timer.function()
            self.run()
        self.now = end

    @property
    def timers(self) -> int:
        """How many timers are armed."""
        return sum(not timer.cancelled for _, _, timer in self._timers)

    def open_gate(self, error: ProxyError | None = None) -> None:
        """The oldest attempt to open succeeds, or fails."""
        self.opens.pop(0).open(error)
        self.run()


def down(text: str = "Connection refused") -> ProxyError:
    return ServerUnavailable(text)


def verify(world: World, may_exceed: bool = False) -> None:
    """Nothing is lost, nothing is in two places, nobody waits in vain."""
    held: list[Conn] = []
    for pool in world.pools:
        core = pool.core
        held += [*core.idle, *core.lent]
        assert not any(conn.closed for conn in (*core.idle, *core.lent))
        assert sorted(map(id, core.idle)) == sorted(id(conn) for bucket in core.alike.values() for conn in bucket)
        assert all(bucket for bucket in core.alike.values())
        assert set(core.unclaimed) <= set(core.idle)
        assert not (core.waiting and core.idle) or pool.paused
        deadlines = [ticket.deadline for ticket in core.waiting.tickets()]
        assert deadlines == sorted(deadlines)
    assert len(held) == len(set(held))
    assert set(held) == set(world.alive)
    assert may_exceed or world.budget.used <= world.budget.limit
