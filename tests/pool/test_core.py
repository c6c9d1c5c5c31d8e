from __future__ import annotations

import pytest

from proxy.pool.core import LOOK_AHEAD, MOST_OVERTAKEN, Core, Counts, Opening, Place
from proxy.pool.stats import PoolStats
from proxy.pool.ticket import Ticket
from tests.pool.world import Client, Conn


@pytest.fixture
def core() -> Core:
    return Core(PoolStats())


def arrive(core: Core, number: int, state: object = "fresh", now: float = 0.0) -> Conn:
    conn = Conn(number, "app")
    conn.state = state
    core.stand_idle(conn, Place(now, now + 3600), now)
    return conn


def rest(core: Core, conn: Conn, now: float = 0.0, lingers_for: object | None = None) -> None:
    conn.lingers_for = lingers_for
    core.rest(conn, core.lent[conn], now)


class TestWhichOneIsLent:
    def test_the_takers_own_lingering_one_first(self, core: Core) -> None:
        taker = Client(state="b")
        own = arrive(core, 0, "a")
        arrive(core, 1, "b")
        core.leave(own)
        own.lingers_for = taker.lingering = None
        mine = arrive(core, 2, "a")
        assert core.lend(Client(state="a")) is mine
        taker.lingering = mine
        rest(core, mine, lingers_for=taker)
        assert core.lend(taker) is mine
        assert core.stats.lingering_hits == 1

    def test_not_when_it_lingers_for_somebody_else_since(self, core: Core) -> None:
        taker, other = Client(state="b"), Client()
        conn = arrive(core, 0, "a")
        equal = arrive(core, 1, "b")
        taker.lingering = conn
        conn.lingers_for = other
        assert core.lend(taker) is equal
        assert core.stats.same_state_hits == 1

    def test_not_when_it_is_lent(self, core: Core) -> None:
        taker = Client()
        first, second = arrive(core, 0), arrive(core, 1)
        assert core.lend(Client()) is second
        taker.lingering, second.lingers_for = second, taker
        assert core.lend(taker) is first

    def test_then_the_most_recently_used_of_an_equal_state(self, core: Core) -> None:
        arrive(core, 0, "a")
        second = arrive(core, 1, "a")
        arrive(core, 2, "b")
        assert core.lend(Client(state="a")) is second

    def test_also_one_that_lingers_for_a_live_client(self, core: Core) -> None:
        conn = arrive(core, 0, "a")
        core.lend(Client())
        rest(core, conn, lingers_for=Client())
        assert core.lend(Client(state="z")) is conn
        assert core.stats.other_hits == 2

    def test_then_one_that_nobody_claims_rather_than_the_most_recently_used(self, core: Core) -> None:
        free, claimed = arrive(core, 0, "a"), arrive(core, 1, "b")
        assert core.lend(Client(state="b")) is claimed
        rest(core, claimed, lingers_for=Client())
        assert core.lend(Client(state="c")) is free
        assert core.lend(Client(state="c")) is claimed

    def test_a_client_that_is_gone_no_longer_claims(self, core: Core) -> None:
        conns = [arrive(core, number, "a") for number in range(2)]
        for _ in conns:
            core.lend(Client())
        for conn in conns:
            rest(core, conn, lingers_for=Client())
        conns[0].lingers_for = None
        core.unclaim(conns[0])
        assert core.lend(Client(state="z")) is conns[0]
        core.unclaim(conns[0])
        assert not core.unclaimed

    def test_the_state_counts_that_it_was_given_back_with(self, core: Core) -> None:
        conn = arrive(core, 0, "a")
        conn.state = "changed"
        assert core.lend(Client(state="a")) is conn
        assert not core.alike
        rest(core, conn)
        assert list(core.alike) == ["changed"]

    def test_the_rest_age(self, core: Core) -> None:
        conns = [arrive(core, number, now=float(number)) for number in range(3)]
        for now in range(10, 20):
            lent = core.lend(Client(state="z"))
            assert lent is conns[2]
            rest(core, lent, float(now))
        assert [place.since for place in core.idle.values()] == [0.0, 1.0, 19.0]


class TestMoves:
    def test_leave_from_idle_from_lent_and_from_nowhere(self, core: Core) -> None:
        idle, lent = arrive(core, 0), arrive(core, 1)
        assert core.lend(Client()) is lent
        assert core.leave(idle)
        assert core.leave(lent)
        assert not core.leave(lent)
        assert core.counts() == Counts(idle=0, lent=0, opening=0, closing=2, waiting=0)
        assert not core.alike
        assert not core.unclaimed
        core.gone(idle)
        core.gone(lent)
        assert core.size == 0

    def test_every_place_counts(self, core: Core) -> None:
        opening = Opening(0)
        core.begin_opening(opening)
        arrive(core, 0)
        core.lend(Client())
        core.leave(arrive(core, 1))
        arrive(core, 2)
        assert core.counts() == Counts(idle=1, lent=1, opening=1, closing=1, waiting=0)
        assert core.size == 4
        core.end_opening(opening)
        assert core.size == 3

    def test_taken_aside_is_lent_to_nobody(self, core: Core) -> None:
        first, second = arrive(core, 0), arrive(core, 1)
        core.queue(Ticket(Client(), 0.0, 10.0))
        ticket, conn = core.match()
        assert conn is second
        rest(core, second)
        core.take_aside(second)
        assert not core.held_by(ticket, second)
        assert list(core.idle) == [first]
        assert list(core.lent) == [second]

    def test_condemned_places_expire_at_once(self) -> None:
        place: Place = Place(10.0, 3610.0)
        assert place.doom == "max_lifetime"
        place.condemn("retired")
        assert place.expires < 0
        assert place.doom == "retired"


class TestQueue:
    def test_first_come_first_served(self, core: Core) -> None:
        clients = [Client(str(number)) for number in range(3)]
        for client in clients:
            core.queue(Ticket(client, 0.0, 10.0))
        assert core.unqueue(clients[1]) is not None
        assert core.unqueue(clients[1]) is None
        conn = arrive(core, 0)
        ticket, offered = core.match()
        assert (ticket.taker, offered) == (clients[0], conn)
        assert core.held_by(ticket, conn)
        second = core.pass_on(conn, core.lent[conn])
        assert second.taker is clients[2]
        assert core.held_by(second, conn)
        assert not core.held_by(ticket, conn)
        assert core.head() is None

    @pytest.mark.parametrize(("many", "served"), [(1, MOST_OVERTAKEN), (2 * MOST_OVERTAKEN, 2 * MOST_OVERTAKEN)])
    def test_an_equal_state_goes_first_but_not_for_long(self, core: Core, many: int, served: int) -> None:
        """Where many connections are at work, once for each."""
        conns = [arrive(core, number, "a") for number in range(many)]
        for _ in conns:
            core.lend(Client(state="a"))
        patient = Client("patient", state="b")
        core.queue(Ticket(patient, 0.0, 10.0))
        order: list[object] = []
        while not order or order[-1] is not patient:
            core.queue(Ticket(Client(state="a"), 0.0, 10.0))
            order.append(core.pass_on(conns[0], core.lent[conns[0]]).taker)
        assert len(order) == served + 1

    def test_nobody_looks_far(self, core: Core) -> None:
        conn = arrive(core, 0, "a")
        core.lend(Client(state="a"))
        clients = [Client(state="b") for _ in range(LOOK_AHEAD)] + [Client(state="a")]
        for client in clients:
            core.queue(Ticket(client, 0.0, 10.0))
        assert core.pass_on(conn, core.lent[conn]).taker is clients[0]
        assert core.pass_on(conn, core.lent[conn]).taker is clients[-1]

    def test_a_ticket_holds_nothing_once_it_was_given_back(self, core: Core) -> None:
        client = Client()
        core.queue(Ticket(client, 0.0, 10.0))
        conn = arrive(core, 0)
        ticket, _ = core.match()
        rest(core, conn)
        assert not core.held_by(ticket, conn)
        assert core.lend(client) is conn
        assert not core.held_by(ticket, conn)

    def test_hits_are_told_apart_when_passed_on(self, core: Core) -> None:
        lingering, equal, other = Client(state="z"), Client(state="a"), Client(state="b")
        conn = arrive(core, 0, "a")
        core.lend(Client(state="a"))
        conn.lingers_for = lingering
        for client in (lingering, equal, other):
            core.queue(Ticket(client, 0.0, 10.0))
            core.pass_on(conn, core.lent[conn])
        stats = core.stats
        assert (stats.lingering_hits, stats.same_state_hits, stats.other_hits) == (1, 2, 1)

    def test_expires_from_the_head_on(self, core: Core) -> None:
        for number in range(3):
            core.queue(Ticket(Client(str(number)), float(number), number + 10.0))
        assert core.next_expired(9.9) is None
        ticket = core.next_expired(11.0)
        assert ticket is not None
        assert repr(ticket) == "<Ticket since=0.000 deadline=10.000 <Client 0>>"
        assert core.next_expired(11.0) is not None
        assert core.next_expired(11.0) is None
        assert len(core.waiting) == 1

    def test_another_timeout_counts_from_the_beginning(self, core: Core) -> None:
        for number in range(3):
            core.queue(Ticket(Client(str(number)), float(number), number + 10.0))
        core.change_deadlines(1.0)
        assert [ticket.deadline for ticket in core.waiting.tickets()] == [1.0, 2.0, 3.0]
