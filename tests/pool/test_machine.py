"""Random lives of several pools on one budget. After every step: nothing lost, nothing twice, nobody waits in vain."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from proxy.errors import ProxyError, ShuttingDown
from proxy.pool import Keeper, Pool
from proxy.pool.alarm import SHORTEST
from proxy.pool.core import LOOK_AHEAD, MOST_OVERTAKEN
from tests.pool.world import Client, Conn, World, down, verify

POOLS = 3
LIMIT = 4
STATES = st.sampled_from(["fresh", "a", "b"])


class Guest(Client):
    """Keeps the model's queue: whoever is denied must be the first in it, and almost whoever is granted."""

    def __init__(self, machine: Machine, pool: Pool, state: object, refuses: bool, reacts: str) -> None:
        super().__init__(state=state)
        self.machine = machine
        self.pool = pool
        self.refuses = refuses
        self.reacts = reacts
        self.inside = False
        self.overtaken = 0

    def come(self) -> None:
        self.inside = True
        conn = self.pool.borrow(self)
        self.inside = False
        if conn is not None:
            assert not self.machine.queues[self.pool]
            self.machine.hold(self, conn)
        else:
            self.overtaken = 0
            self.machine.queues[self.pool].append(self)

    def granted(self, conn: Conn) -> bool:
        assert not self.inside, "granted from within borrow"
        queue = self.machine.queues[self.pool]
        place = queue.index(self)
        assert place == 0 or (place < LOOK_AHEAD and self.state == conn.state), "overtakes without need"
        for other in queue[:place]:
            other.overtaken += 1
            assert other.overtaken <= max(MOST_OVERTAKEN, len(self.pool.core.lent)), "overtaken too often"
            assert other.state != self.state, "overtaken by its equal"
        queue.remove(self)
        if self.refuses:
            return False
        self.machine.hold(self, conn)
        if self.reacts == "give back":
            self.machine.release(self)
            self.pool.give_back(conn)
        elif self.reacts == "drop":
            self.machine.release(self)
            self.pool.drop(conn, "lost")
        elif self.reacts == "give back and borrow":
            self.machine.release(self)
            self.pool.give_back(conn)
            self.reacts = ""
            self.come()
        elif self.reacts == "forget the next":
            for other in self.machine.queues[self.pool][:1]:
                self.machine.forget(other)
        return True

    def denied(self, error: ProxyError) -> None:
        assert not self.inside, "denied from within borrow"
        assert self.machine.queues[self.pool].pop(0) is self, "out of order"
        if self.reacts == "give back and borrow" and not isinstance(error, ShuttingDown):
            self.reacts = ""
            self.come()


class Machine(RuleBasedStateMachine):
    guests = Bundle("guests")

    def __init__(self) -> None:
        super().__init__()
        self.world = World(limit=LIMIT, opens_at_once=False)
        self.pools = [self.world.pool(name, check=True, borrow_timeout=2.0, max_connecting=2) for name in "abc"[:POOLS]]
        self.queues: dict[Pool, list[Guest]] = {pool: [] for pool in self.pools}
        self.held: dict[Conn, Guest] = {}
        self.keeper = Keeper(lambda: self.pools, lambda: self.world.now, self._never)

    async def _never(self, seconds: float) -> None:
        raise NotImplementedError

    def hold(self, guest: Guest, conn: Conn) -> None:
        assert conn not in self.held, "lent twice"
        assert not conn.closed
        self.held[conn] = guest
        guest.conn = conn

    def release(self, guest: Guest) -> Conn:
        conn, guest.conn = guest.conn, None
        assert conn is not None
        assert self.held.pop(conn) is guest
        return conn

    def forget(self, guest: Guest) -> None:
        waits = guest in self.queues[guest.pool]
        assert guest.pool.forget(guest) == waits
        if waits:
            self.queues[guest.pool].remove(guest)

    @rule(
        target=guests,
        number=st.integers(0, POOLS - 1),
        states=st.lists(STATES, min_size=1, max_size=4),
        refuses=st.booleans(),
        reacts=st.sampled_from(["", "", "give back", "drop", "give back and borrow", "forget the next"]),
    )
    def come(self, number: int, states: list[str], refuses: bool, reacts: str) -> object:
        guests = [Guest(self, self.pools[number], state, refuses, reacts) for state in states]
        for guest in guests:
            guest.come()
        return multiple(*guests)

    @rule(guest=guests)
    def come_again(self, guest: Guest) -> None:
        if guest.conn is None and guest not in self.queues[guest.pool]:
            guest.come()

    @rule(guest=guests, state=STATES, linger=st.booleans())
    def give_back(self, guest: Guest, state: str, linger: bool) -> None:
        if guest.conn is None:
            return
        conn = self.release(guest)
        conn.state = guest.state = state
        conn.lingers_for = guest if linger else None
        guest.lingering = conn if linger else None
        guest.pool.give_back(conn)

    @rule(guest=guests)
    def drop_lent(self, guest: Guest) -> None:
        if guest.conn is not None:
            assert guest.pool.drop(self.release(guest), "lost")

    @rule(number=st.integers(0, POOLS - 1))
    def drop_idle(self, number: int) -> None:
        for conn in list(self.pools[number].core.idle)[:1]:
            assert self.pools[number].drop(conn, "lost")

    @rule(guest=consumes(guests))
    def go(self, guest: Guest) -> None:
        self.forget(guest)
        if guest.conn is not None:
            conn = self.release(guest)
            conn.lingers_for = None
            guest.pool.give_back(conn)
        elif guest.lingering is not None and guest.lingering.lingers_for is guest:
            guest.lingering.lingers_for = None
            guest.pool.unclaim(guest.lingering)

    @rule(fails=st.booleans(), last=st.booleans())
    def opened(self, fails: bool, last: bool) -> None:
        self.world.run()
        if self.world.opens:
            gate = self.world.opens.pop(-1 if last else 0)
            gate.open(down() if fails else None)

    @rule(works=st.booleans())
    def checked(self, works: bool) -> None:
        self.world.run()
        if self.world.checks:
            self.world.checks.pop(0).open(works)

    @rule(polite=st.booleans())
    def close_takes_time(self, polite: bool) -> None:
        if polite:
            self.world.farewells = self.world.farewells or []
        elif not self.world.farewells:
            self.world.farewells = None

    @rule()
    def closed(self) -> None:
        self.world.run()
        if self.world.farewells:
            self.world.farewells.pop(0).open()

    @rule(seconds=st.sampled_from([0.0, 0.01, 0.1, 0.5, 2.0, 40.0, 400.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.advance(seconds)

    @rule()
    def sweep(self) -> None:
        self.keeper.sweep_all()
        self.world.run()

    @rule(number=st.integers(0, POOLS - 1), how=st.sampled_from(["retire", "close_idle", "pause", "resume", "resume"]))
    def rule_over(self, number: int, how: str) -> None:
        pool = self.pools[number]
        if how == "close_idle":
            pool.close_idle("reconnect")
        else:
            getattr(pool, how)()

    @rule(limit=st.integers(1, LIMIT))
    def resize(self, limit: int) -> None:
        self.world.budget.resize(limit, self.world.now)

    @invariant()
    def nothing_is_lost(self) -> None:
        verify(self.world, may_exceed=True)
        assert self.world.budget.used <= LIMIT
        assert set(self.held) | self.world.checking == {conn for pool in self.pools for conn in pool.core.lent}
        for pool in self.pools:
            assert list(pool.core.waiting) == self.queues[pool]

    @invariant()
    def nobody_waits_in_vain(self) -> None:
        """Nothing is idle where somebody waits, no place is free, and no other pool has an idle one to spare."""
        for pool in self.pools:
            if not pool.core.waiting or pool.paused:
                continue
            assert not pool.core.idle
            now, budget = self.world.now, self.world.budget
            if pool.wants(now) <= 0 or pool._alarm.when <= now + SHORTEST:
                continue
            assert budget.used >= budget.limit
            if now >= pool.moves_from and not any(other.closing for other in self.pools):
                assert not any(self.could_give(other, pool) for other in self.pools)

    def could_give(self, giver: Pool, taker: Pool) -> bool:
        oldest = giver.oldest_idle()
        if oldest is None or giver is taker:
            return False
        settled = min(oldest) if giver.size > 1 or not taker.size else max(oldest)
        return self.world.now >= settled + self.world.budget.hysteresis + SHORTEST and not taker.core.opening

    def teardown(self) -> None:
        """Everyone goes: every connection is idle, and every place can be used."""
        for pool in self.pools:
            pool.resume()
        for queue in list(self.queues.values()):
            for guest in list(queue):
                self.forget(guest)
        for conn, guest in list(self.held.items()):
            assert self.release(guest) is conn
            guest.pool.give_back(conn)
        self.world.run()
        while gates := [*self.world.opens, *self.world.checks, *(self.world.farewells or [])]:
            for kind in (self.world.opens, self.world.checks, self.world.farewells or []):
                kind.clear()
            for gate in gates:
                gate.open(True)
            self.world.run()
        verify(self.world)
        assert all(pool.counts()[1:] == (0, 0, 0, 0) for pool in self.pools)
        for pool in self.pools:
            pool.drain()
        self.world.run()
        while self.world.farewells:
            self.world.farewells.pop().open()
            self.world.run()
        assert self.world.budget.used == 0
        assert not self.world.alive
        self.world.end()


Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=60)
TestMachine = Machine.TestCase
