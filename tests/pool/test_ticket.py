from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proxy.pool.ticket import Queue, new_ticket
from tests.pool.world import Client


def test_first_come_first_and_from_the_middle() -> None:
    queue = Queue()
    clients = [Client(name) for name in "abc"]
    tickets = [new_ticket(client, 0.0, 1.0) for client in clients]
    for ticket in tickets:
        queue.append(ticket)
    assert list(queue) == clients
    assert queue.find(clients[1]) is queue.remove(tickets[1])
    assert clients[1] not in queue
    assert (queue.first, queue.last) == (tickets[0], tickets[2])
    queue.append(tickets[1])
    assert queue.tickets() == [tickets[0], tickets[2], tickets[1]]
    assert len(queue) == 3


@given(st.lists(st.integers(0, 4), max_size=30))
def test_like_a_list(moves: list[int]) -> None:
    """Each number stands for a client that comes, or leaves if it is here."""
    queue = Queue()
    clients = [Client(str(number)) for number in range(5)]
    expected: list[Client] = []
    for number in moves:
        client = clients[number]
        if client in expected:
            expected.remove(client)
            ticket = queue.find(client)
            assert ticket is not None
            assert queue.remove(ticket) is ticket
            assert ticket.before is ticket.after is None
        else:
            expected.append(client)
            queue.append(new_ticket(client, 0.0, 1.0))
        assert list(queue) == expected
        assert len(queue) == len(expected)
        assert (queue.first is None) == (queue.last is None) == (not expected)
