"""What a client has prepared and what server connections have: sharing, eviction, and memory that adds up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from proxy.session.prepared import (
    FRESH,
    STATEMENT_COST,
    Cache,
    ClientStatements,
    Preparation,
    Preparations,
    Statement,
    depends_on_history,
    settle,
)
from proxy.session.state import State
from proxy.session.statements import Traits
from proxy.wire import constants as c

INT, UNSIGNED = bytes((c.MYSQL_TYPE_LONGLONG, 0)), bytes((c.MYSQL_TYPE_TINY, 0x80))
DOUBLE, DECIMAL = bytes((c.MYSQL_TYPE_DOUBLE, 0)), bytes((c.MYSQL_TYPE_NEWDECIMAL, 0))
STRING, BLOB = bytes((c.MYSQL_TYPE_VAR_STRING, 0)), bytes((c.MYSQL_TYPE_BLOB, 0))
DATE, TIME, MOMENT = (bytes((kind, 0)) for kind in (c.MYSQL_TYPE_DATE, c.MYSQL_TYPE_TIME, c.MYSQL_TYPE_DATETIME))
NULL = bytes((c.MYSQL_TYPE_NULL, 0))
KINDS = (INT, UNSIGNED, DOUBLE, DECIMAL, STRING, BLOB, DATE, TIME, MOMENT, NULL)

CONTEXT = State("s", (), "")
TRAITS = Traits(0, 1, b"SELECT")


# Labels.


@pytest.mark.parametrize(
    ("first", "then", "label"),
    [
        (INT, STRING, b"i"),
        (INT, UNSIGNED, b"u"),
        (INT, DOUBLE, b"f"),
        (DOUBLE, INT, b"f"),
        (DOUBLE, DECIMAL, b"f"),
        (DECIMAL, DOUBLE, b"f"),
        (DECIMAL, BLOB, b"d"),
        (STRING, INT, b"i"),
        (STRING, BLOB, b"s"),
        (MOMENT, TIME, b"t"),
        (TIME, DATE, b"a"),
        (DATE, TIME, b"m"),
        (INT, NULL, b"i"),
        (NULL, INT, b"i"),
        (NULL, NULL, b"-"),
    ],
)
def test_what_two_executions_settle(first: bytes, then: bytes, label: bytes) -> None:
    assert settle(settle(b"-", first, 0), then, 0) == label


rows = st.lists(st.tuples(st.sampled_from(KINDS), st.booleans()), min_size=1, max_size=6)


def executed(row: list[tuple[bytes, bool]]) -> tuple[bytes, int]:
    return b"".join(kind for kind, _ in row), sum(null << at for at, (_, null) in enumerate(row))


@given(rows, st.data())
def test_an_execution_settles_once(row: list[tuple[bytes, bool]], data: st.DataObject) -> None:
    label = bytes(data.draw(st.lists(st.sampled_from(b"-iufdstam"), min_size=len(row), max_size=len(row))))
    types, nulls = executed(row)
    settled = settle(label, types, nulls)
    assert settle(settled, types, nulls) == settled
    for before, after, (kind, null) in zip(label, settled, row, strict=True):
        if null or kind == NULL:
            assert after == before
    fresh = bytes((FRESH,)) * len(row)
    assert not depends_on_history(fresh, types, nulls)
    if not depends_on_history(label, types, nulls) and not nulls and NULL not in {kind for kind, _ in row}:
        assert settled == settle(fresh, types, nulls)


# Preparations of server connections, statements of clients.


class Model(RuleBasedStateMachine):
    """Random lives of clients and server connections; whatever happens, the books are right."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = SimpleNamespace(prepared_cached=0, prepared_evicted=0)
        self.cache = Cache(20_000, self.counts)
        self.homes = [Preparations(self.cache, index) for index in range(2)]
        self.clients: list[tuple[ClientStatements, list[Statement]]] = [(ClientStatements(), []) for _ in range(2)]
        self.owned: list[Preparation] = []
        self.number = 0

    @rule(client=st.integers(0, 1), text=st.integers(0, 4))
    def prepare(self, client: int, text: int) -> None:
        statements, listed = self.clients[client]
        definition = self.cache.use(b"text %d" % text, CONTEXT, TRAITS)
        listed.append(statements.add(self.cache, definition, False))
        self.cache.release(definition)
        assert statements.find(listed[-1].number) is listed[-1] is statements.latest

    @precondition(lambda self: any(listed for _, listed in self.clients))
    @rule(data=st.data(), home=st.integers(0, 1), label=st.sampled_from([b"", b"i", b"s"]))
    def execute(self, data: st.DataObject, home: int, label: bytes) -> None:
        statement = data.draw(st.sampled_from([each for _, listed in self.clients for each in listed]))
        key = (statement.definition, label, None)
        found = self.homes[home].find(key)
        if found is None:
            self.number += 1
            found = self.homes[home].add(key, self.number, 3)
        assert found.key == key
        assert self.homes[home].find(key) is found
        if data.draw(st.booleans()):
            self.homes[home].relabel(found, b"i")

    @precondition(lambda self: self.cache.order)
    @rule(data=st.data())
    def own(self, data: st.DataObject) -> None:
        preparation = data.draw(st.sampled_from(list(self.cache.order)))
        preparation.home.own(preparation)
        assert preparation.home.find(preparation.key) is not preparation
        self.owned.append(preparation)

    @precondition(lambda self: self.owned)
    @rule(back=st.booleans())
    def let_go(self, back: bool) -> None:
        preparation = self.owned.pop()
        if back:
            preparation.home.give_back(preparation)
        else:
            preparation.home.drop(preparation)

    @rule(cost=st.integers(0, 20_000))
    def make_room(self, cost: int) -> None:
        self.cache.make_room(cost)
        assert not self.cache.order or self.cache.bytes + cost <= self.cache.limit

    @rule(home=st.integers(0, 1))
    def evict_half(self, home: int) -> None:
        self.homes[home].evict_half()

    @rule(text=st.integers(0, 4), answer=st.binary(max_size=300))
    def remember(self, text: int, answer: bytes) -> None:
        definition = self.cache.find(b"text %d" % text, CONTEXT)
        if definition is not None:
            self.cache.remember(definition, answer, True)

    @precondition(lambda self: any(listed for _, listed in self.clients))
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        statements, listed = data.draw(st.sampled_from([each for each in self.clients if each[1]]))
        statement = listed.pop(data.draw(st.integers(0, len(listed) - 1)))
        statements.remove(self.cache, statement)
        assert statements.find(statement.number) is None

    @rule(client=st.integers(0, 1))
    def leave(self, client: int) -> None:
        statements, listed = self.clients[client]
        statements.clear(self.cache)
        listed.clear()

    @rule(home=st.integers(0, 1))
    def lose(self, home: int) -> None:
        self.homes[home].clear()
        self.owned = [each for each in self.owned if each.home is not self.homes[home]]
        assert not self.homes[home].closing

    @invariant()
    def books_are_right(self) -> None:
        prepared = sum(map(len, self.homes))
        listed = [each for _, statements in self.clients for each in statements]
        users: dict[Any, int] = {}
        for definition in [each.definition for each in listed] + [
            each.key[0] for each in [*self.cache.order, *self.owned]
        ]:
            users[definition] = users.get(definition, 0) + 1
        assert users == {each: each.users for each in self.cache.definitions.values()}
        assert prepared == self.counts.prepared_cached == len(self.cache.order) + len(self.owned)
        cost = sum(each.cost for each in users) + STATEMENT_COST * (prepared + len(listed))
        assert self.cache.bytes == cost
        assert all(len(home) <= 3 + len(self.owned) for home in self.homes)


Model.TestCase.settings = settings(max_examples=60, deadline=None)
TestModel = Model.TestCase


def test_ids_count_up_and_begin_anew_with_the_session() -> None:
    counts = SimpleNamespace(prepared_cached=0, prepared_evicted=0)
    cache, statements = Cache(1 << 20, counts), ClientStatements()
    definition = cache.use(b"SELECT 1", CONTEXT, TRAITS)
    assert [statements.add(cache, definition, False).number for _ in range(3)] == [1, 2, 3]
    statements.clear(cache)
    assert statements.latest is None
    assert statements.add(cache, definition, False).number == 1
