# cython: annotation_typing=False
"""Binary prepared statements: what a client has, what each server connection has, and which of them belong together.

A client's statement is a text under the context in which it was prepared, and the types of its parameters. Server
connections keep preparations of their own, which all clients share, the least recently used first to go. Memory is
bounded for the whole process.

Which preparation fits: MySQL settles the types of parameters by the executions that a statement has seen (since
8.0.22): where it has once seen a number, a later string becomes a number. So a preparation is labelled with the types
that it has settled on, one letter for each parameter, and is shared among clients who would have settled on the same.
MariaDB looks at each execution alone; there the label stays empty. Both keep the schema of the preparation, MariaDB
the sql_mode too, hence the context; a client whose present context is another one has preparations apart.

It knows no client and no socket.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Protocol, TypeAlias

from proxy.errors import ProxyError
from proxy.session.state import State
from proxy.session.statements import Traits
from proxy.wire import constants as c

# What one costs beside its text, in bytes, roughly.
DEFINITION_COST = 1000
STATEMENT_COST = 500

FRESH = ord("-")
_NEVER = -1
_KINDS: dict[int, int] = {
    **dict.fromkeys((c.MYSQL_TYPE_TINY, c.MYSQL_TYPE_SHORT, c.MYSQL_TYPE_INT24, c.MYSQL_TYPE_LONG), ord("i")),
    **dict.fromkeys((c.MYSQL_TYPE_LONGLONG, c.MYSQL_TYPE_YEAR), ord("i")),
    **dict.fromkeys((c.MYSQL_TYPE_FLOAT, c.MYSQL_TYPE_DOUBLE), ord("f")),
    **dict.fromkeys((c.MYSQL_TYPE_DECIMAL, c.MYSQL_TYPE_NEWDECIMAL), ord("d")),
    **dict.fromkeys((c.MYSQL_TYPE_DATETIME, c.MYSQL_TYPE_TIMESTAMP), ord("t")),
    c.MYSQL_TYPE_DATE: ord("a"),
    c.MYSQL_TYPE_TIME: ord("m"),
}
_STRING = ord("s")
_UNSIGNED = 0x80
# Measured on MySQL 9.7: where a parameter has settled on the kind on the left, these kinds do not unsettle it.
_SETTLED: dict[int, bytes] = {
    FRESH: b"",
    ord("i"): b"s",
    ord("u"): b"s",
    ord("f"): b"iuds",
    ord("d"): b"ius",
    ord("t"): b"iufdsam",
    ord("m"): b"iufdst",
    ord("a"): b"iufds",
    _STRING: b"",
}


def settle(label: bytes, types: bytes, nulls: int) -> bytes:
    """The label of a preparation after an execution with these types; a parameter that is NULL changes nothing."""
    settled = bytearray(label)
    for at, before in enumerate(label):
        kind = _KINDS.get(types[2 * at], _STRING)
        if types[2 * at] == c.MYSQL_TYPE_NULL or nulls >> at & 1:
            continue
        if kind == ord("i") and types[2 * at + 1] & _UNSIGNED:
            kind = ord("u")
        if kind not in _SETTLED[before]:
            settled[at] = kind
    return bytes(settled)


def depends_on_history(label: bytes, types: bytes, nulls: int) -> bool:
    """Whether a preparation settled as ``label`` takes these types otherwise than a fresh one would."""
    fresh = settle(bytes((FRESH,)) * len(label), types, nulls)
    return any(kind not in (FRESH, before) for before, kind in zip(settle(label, types, nulls), fresh, strict=True))


class Counts(Protocol):
    """Where the numbers go."""

    prepared_cached: int
    prepared_evicted: int


class Definition:
    """A text under one context, shared by all who have prepared it. ``users`` are statements on either side.

    ``answer`` is what a server answered to its preparation, as it came, and ``epoch`` when; see ``Cache.epoch``.
    """

    __slots__ = ("answer", "columns", "context", "epoch", "parameters", "text", "traits", "users")

    def __init__(self, text: bytes, context: State, traits: Traits) -> None:
        self.text = text
        self.context = context
        self.traits = traits
        self.parameters = 0
        self.columns = 0
        self.answer = b""
        self.epoch = _NEVER
        self.users = 0

    def doubt(self) -> None:
        """A server may answer otherwise now."""
        self.epoch = _NEVER

    @property
    def cost(self) -> int:
        return len(self.text) + len(self.answer) + DEFINITION_COST


Key: TypeAlias = tuple[Definition, bytes, State | None]


class Statement:
    """A client's. ``types`` are those it sent last, None before the first time; ``label`` what they have settled on.

    ``owned`` is a preparation that nobody else may use now, because it has an open cursor (``cursor``), long data
    (``long_data``), or must not be shared at all (``private``). ``kept``: it must stay on its server connection, where
    its past is known. ``used`` is the one that was executed last. ``failure``
    is why long data was lost. ``steady`` are types that leave the label as it is.
    """

    __slots__ = (
        "cursor",
        "definition",
        "failure",
        "kept",
        "label",
        "long_data",
        "number",
        "owned",
        "private",
        "steady",
        "types",
        "used",
    )

    def __init__(self, number: int, definition: Definition, labelled: bool) -> None:
        self.number = number
        self.definition = definition
        self.types: bytes | None = None
        self.label = bytes((FRESH,)) * definition.parameters if labelled else b""
        self.steady: bytes | None = None
        self.owned: Preparation | None = None
        self.used: Preparation | None = None
        self.cursor = False
        self.long_data = False
        self.private = False
        self.kept = False
        self.failure: ProxyError | None = None


class Preparation:
    """A server connection's. ``number`` is the server's id, ``types`` those that were sent with it last.

    ``unsettled``: it is being executed for the first time, so its label is not sure until that has succeeded.
    """

    __slots__ = ("home", "key", "number", "types", "unsettled")

    def __init__(self, home: Preparations, key: Key, number: int) -> None:
        self.home = home
        self.key = key
        self.number = number
        self.types: bytes | None = None
        self.unsettled = False


class Cache:
    """All of the process. ``limit`` bounds the bytes; ``epoch`` counts the changes of schemas that were seen.

    ``answer`` of a definition is exact while no table has changed since: an older epoch is not.
    """

    def __init__(self, limit: int, counts: Counts) -> None:
        self.limit = limit
        self.counts = counts
        self.bytes = 0
        self.epoch = 0
        self.definitions: dict[tuple[bytes, State], Definition] = {}
        self.order: OrderedDict[Preparation, None] = OrderedDict()
        self.latest: Preparation | None = None  # the last of ``order``, where that is known

    def find(self, text: bytes, context: State) -> Definition | None:
        return self.definitions.get((text, context))

    def use(self, text: bytes, context: State, traits: Traits) -> Definition:
        """The definition with one more user."""
        definition = self.definitions.get((text, context))
        if definition is None:
            definition = self.definitions[(text, context)] = Definition(text, context, traits)
            self.bytes += definition.cost
        definition.users += 1
        return definition

    def release(self, definition: Definition) -> None:
        """One user less; the last one takes it along."""
        definition.users -= 1
        if not definition.users:
            del self.definitions[(definition.text, definition.context)]
            self.bytes -= definition.cost

    def remember(self, definition: Definition, answer: bytes, exact: bool) -> None:
        """This is what a server has answered; ``exact``: and would answer to anybody now."""
        self.bytes += len(answer) - len(definition.answer)
        definition.answer = answer
        definition.epoch = self.epoch if exact else _NEVER

    def make_room(self, cost: int) -> list[Preparations]:
        """Evict as long as ``cost`` more bytes would be too many; returns where something is to be closed now."""
        homes = []
        while self.order and self.bytes + cost > self.limit:
            homes.append(self.evict_oldest())
        return homes

    def evict_oldest(self) -> Preparations:
        """Evict the preparation that nobody has used for longest; there must be one."""
        oldest = next(iter(self.order))
        oldest.home.evict(oldest)
        return oldest.home


class Preparations:
    """Those of one server connection, ``server``. ``closing`` lists ids that the server is still to be told of."""

    def __init__(self, cache: Cache, server: Any) -> None:
        self.cache = cache
        self.server = server
        self.closing: list[int] = []
        self._shared: OrderedDict[Key, Preparation] = OrderedDict()
        self._owned: set[Preparation] = set()
        self._latest: Preparation | None = None  # the last of the shared ones, where that is known

    def __len__(self) -> int:
        return len(self._shared) + len(self._owned)

    def find(self, key: Key) -> Preparation | None:
        """A shared one; it is the last to be evicted then."""
        found = self._latest
        if found is None or found.key[0] is not key[0] or found.key[2] is not key[2] or found.key[1] != key[1]:
            found = self._shared.get(key)
            if found is None:
                return None
            self._shared.move_to_end(key)
            self._latest = found
        if found is not self.cache.latest:
            self.cache.order.move_to_end(found)
            self.cache.latest = found
        return found

    def add(self, key: Key, number: int, limit: int) -> Preparation:
        """The server has prepared it. Another one under the same key, and the oldest above ``limit``, are evicted."""
        preparation = Preparation(self, key, number)
        cache = self.cache
        cache.use(key[0].text, key[0].context, key[0].traits)
        cache.bytes += STATEMENT_COST
        cache.counts.prepared_cached += 1
        self._share(preparation)
        while len(self._shared) > max(limit, 1):
            self.evict(next(iter(self._shared.values())))
        return preparation

    def _share(self, preparation: Preparation) -> None:
        other = self._shared.get(preparation.key)
        if other is not None:
            self.drop(other)
        self._shared[preparation.key] = preparation
        self.cache.order[preparation] = None
        self._latest = self.cache.latest = preparation

    def relabel(self, preparation: Preparation, label: bytes) -> None:
        """It has settled on other types."""
        definition, _, present = preparation.key
        key = (definition, label, present)
        if key == preparation.key:
            return
        if preparation in self._owned:
            preparation.key = key
            return
        self._unshare(preparation)
        preparation.key = key
        self._share(preparation)

    def own(self, preparation: Preparation) -> None:
        """From now on only one client may use it."""
        self._unshare(preparation)
        self._owned.add(preparation)

    def give_back(self, preparation: Preparation) -> None:
        """All may use it again."""
        self._owned.remove(preparation)
        self._share(preparation)

    def _unshare(self, preparation: Preparation) -> None:
        del self._shared[preparation.key]
        del self.cache.order[preparation]
        self._latest = self.cache.latest = None

    def evict(self, preparation: Preparation) -> None:
        """Make room."""
        self.cache.counts.prepared_evicted += 1
        self.drop(preparation)

    def evict_half(self) -> bool:
        """Evict the older half of the shared ones; False where there are none."""
        victims = list(self._shared.values())[: (len(self._shared) + 1) // 2]
        for preparation in victims:
            self.evict(preparation)
        return bool(victims)

    def shares(self, preparation: Preparation) -> bool:
        """Whether it is here, and not one client's own."""
        return self._shared.get(preparation.key) is preparation

    def drop_unsettled(self, preparation: Preparation) -> None:
        """Its first execution has failed: nobody knows on which types it has settled."""
        if self.shares(preparation):
            self.drop(preparation)

    def drop(self, preparation: Preparation) -> None:
        """It is to be closed on the server."""
        if preparation in self._owned:
            self._owned.remove(preparation)
        else:
            self._unshare(preparation)
        self.closing.append(preparation.number)
        self._forget(preparation)

    def _forget(self, preparation: Preparation) -> None:
        cache = self.cache
        cache.bytes -= STATEMENT_COST
        cache.counts.prepared_cached -= 1
        cache.release(preparation.key[0])

    def clear(self) -> None:
        """The server has none of them any more: a clean slate, or the end."""
        for preparation in [*self._shared.values(), *self._owned]:
            self.cache.order.pop(preparation, None)
            self._forget(preparation)
        self._shared.clear()
        self._owned.clear()
        self._latest = self.cache.latest = None
        self.closing.clear()


class ClientStatements:
    """Those of one client, by its ids. ``latest`` is the one prepared last, if that went well."""

    __slots__ = ("_last_number", "_statements", "latest")

    def __init__(self) -> None:
        self._statements: dict[int, Statement] = {}
        self._last_number = 0
        self.latest: Statement | None = None

    def __len__(self) -> int:
        return len(self._statements)

    def __iter__(self) -> Any:
        return iter(self._statements.values())

    def find(self, number: int) -> Statement | None:
        return self._statements.get(number)

    def add(self, cache: Cache, definition: Definition, labelled: bool) -> Statement:
        """A new statement; ids count up as a server's do."""
        self._last_number = self._last_number % 0x7FFFFFFF + 1
        while self._last_number in self._statements:
            self._last_number = self._last_number % 0x7FFFFFFF + 1
        cache.use(definition.text, definition.context, definition.traits)
        cache.bytes += STATEMENT_COST
        statement = Statement(self._last_number, definition, labelled)
        self._statements[statement.number] = self.latest = statement
        return statement

    def remove(self, cache: Cache, statement: Statement) -> None:
        """The client has closed it."""
        del self._statements[statement.number]
        cache.bytes -= STATEMENT_COST
        cache.release(statement.definition)
        if self.latest is statement:
            self.latest = None

    def clear(self, cache: Cache) -> None:
        """The session has ended; the ids begin anew."""
        for statement in list(self._statements.values()):
            self.remove(cache, statement)
        self._last_number = 0

    def lose_server(self) -> None:
        """The server connection that held what was not shared is gone."""
        for statement in self._statements.values():
            statement.owned = None
            statement.cursor = statement.long_data = statement.private = statement.kept = False
