"""Binary prepared statements: the commands of a client, brought to preparations that all clients share.

A statement's preparation is made where it is needed: on the server connection that runs it, once, for everybody. The
answer to COM_STMT_PREPARE comes from memory while it is known to be exact. What of a statement lives on one server
connection only (an open cursor, long data, types that its executions have settled, the outcome of the statement before)
pins; see ``executed``.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from proxy.errors import ProxyError, ServerLost, ServerRefused
from proxy.net.server_connection import ServerConnection
from proxy.relay import asking, executed, learning, leaving, lending, readout, transfer
from proxy.session import prepared, statements
from proxy.session.conversations import COLLATION, ROUTINE, UNSEEN, WARNINGS, check, query
from proxy.session.hidden import unearth
from proxy.session.prepared import Definition, Key, Preparation, Statement
from proxy.session.state import COLLATION as COLLATION_CONNECTION
from proxy.session.state import NO_NAMES
from proxy.session.statements import Traits
from proxy.wire import executions, packets, replies
from proxy.wire.answers import Answer
from proxy.wire.constants import (
    COM_STMT_CLOSE,
    COM_STMT_PREPARE,
    COM_STMT_SEND_LONG_DATA,
)
from proxy.wire.frames import HEADER, frame
from proxy.wire.replies import Reply

if TYPE_CHECKING:
    from proxy.relay.client import Client

_TOO_MANY = 1461  # ER_MAX_PREPARED_STMT_COUNT_REACHED

# What these ask about is on the server connection that ran the statement before.
_ABOUT_LAST = asking.ASKS


def _is_private(client: Client, traits: Traits, text: bytes) -> bool:
    """Whether a preparation would differ elsewhere, however it is made.

    MySQL settles the types of user variables at the preparation; a statement that only assigns one is none the wiser.
    Without a default schema DATABASE() stays NULL for good, and a USE lasts only while there is none (MariaDB); but a
    schema cannot be taken away.
    """
    flags = traits.flags
    if flags & (_ABOUT_LAST | statements.SEQUENCE_LAST):
        return True
    if flags & statements.USER_VARIABLE and not is_mariadb(client):
        return traits.verb != b"SET" or text.count(b"@") > 1
    no_schema = client.state is None or client.state.schema is None
    return no_schema and (traits.verb == b"USE" or _asks_for_schema(text))


def _asks_for_schema(text: bytes) -> bool:
    """Whether a text may call DATABASE() or SCHEMA()."""
    small = text.lower()
    return b"database" in small or b"schema" in small


def is_mariadb(client: Client) -> bool:
    states = client.route.states
    return states is not None and states.baseline.mariadb


# COM_STMT_PREPARE.


def prepare(client: Client, traits: Traits) -> None:
    """Answer from memory, or prepare on a server connection."""
    client.shape = replies.PREPARE
    client.traits = traits
    client.statement = None
    client.prepared.latest = None
    if _answer_from_memory(client, traits):
        return
    client.lightly = False
    client.on_lent = client.prepare_on
    lending.borrow(client)


def _answer_from_memory(client: Client, traits: Traits) -> bool:
    """Answer if that is exact: nothing but the text and its context decides, and no effect is due either."""
    state, states = client.state, client.route.states
    if state is None or states is None or not state.known or client.pins or client.settling:
        return False
    cache = client.hub.prepared
    text = executions.text(client.packet)
    definition = cache.find(text, states.context(state))
    if definition is None or definition.epoch != cache.epoch:
        return False
    here = client.server or client.lingering
    if client.diagnostics is not None or (here is not None and here.residue & WARNINGS):
        return False  # a preparation clears them, or does not: the server knows
    if traits.flags & statements.USER_VARIABLE or _is_private(client, traits, text):
        return False
    if (refusal := _full(client)) is not None:
        client.refuse(refusal)
        return True
    _answer_prepared(client, client.prepared.add(cache, definition, not states.baseline.mariadb))
    client.ready()
    return True


def _full(client: Client) -> ProxyError | None:
    """Why the client gets no further statement."""
    states = client.route.states
    limit = int(states.baseline.variables.get("max_prepared_stmt_count", "16382")) if states is not None else 16382
    cache = client.hub.prepared
    cost = len(client.packet) + prepared.DEFINITION_COST + prepared.STATEMENT_COST
    for home in cache.make_room(cost):
        tell(home.server)
    count = len(client.prepared)
    if count < limit and cache.bytes + cost <= cache.limit:
        return None
    text = f"Can't create more than max_prepared_stmt_count statements (current value: {min(count, limit)})"
    return ServerRefused(_TOO_MANY, "42000", text)


def _answer_prepared(client: Client, statement: Statement) -> None:
    """The answer to COM_STMT_PREPARE, with the client's own number for the statement."""
    reply = Reply()
    reply.status = client.status
    metadata = client.hub.extended_metadata - client.extended_metadata
    reply.begin(replies.PREPARE, client.old_eof, client.wanted, metadata)
    client.write(reply.feed(executions.with_id(statement.definition.answer, statement.number)))


def prepare_on(client: Client, server: ServerConnection) -> None:
    """A server connection is here: prepare, whether or not it has the statement, and tell the client."""
    assert client.state is not None
    states = client.route.states
    assert states is not None
    if finds_out(client, server):
        return
    if (refusal := _full(client)) is not None:
        lending.release(client, server)
        client.refuse(refusal)
        return
    client.sent_at = time.monotonic()
    traits, cache = client.traits, client.hub.prepared
    assert traits is not None
    definition = cache.use(executions.text(client.packet), states.context(client.state), traits)
    prepare_for(client, server, (definition, b"", None), _prepared)
    cache.release(definition)


def _prepared(client: Client, server: ServerConnection, preparation: Preparation) -> None:
    """The server has prepared what the client asked for."""
    definition, traits = preparation.key[0], client.traits
    assert traits is not None
    statement = client.prepared.add(client.hub.prepared, definition, not server.mariadb)
    preparation.home.relabel(preparation, statement.label)
    learning.learn_prepared(client, server, packets.parse_prepare_ok(definition.answer[HEADER:]).warnings)
    if _is_private(client, traits, definition.text):
        statement.private = statement.kept = True
        own(client, statement, preparation)
    _answer_prepared(client, statement)
    now = client.active = time.monotonic()
    client.hub.stats.server_latency.observe(now - client.sent_at)
    client.hub.stats.query_latency.observe(now - client.began)
    lending.release(client, server)
    client.ready()


def own(client: Client, statement: Statement, preparation: Preparation) -> None:
    preparation.home.own(preparation)
    statement.owned = preparation
    executed.settle_pins(client)


# Preparing on a server connection.


def prepare_for(
    client: Client, server: ServerConnection, key: Key, then: Callable[[Client, ServerConnection, Preparation], None]
) -> None:
    """Prepare under the key's context, and go on with ``then`` if the client is still there.

    A client that has lost its default schema since gets its execution under that of the statement, which a server takes
    for it anyhow: nothing leads back. Where the server connection is to be kept, the statement is prepared without any,
    which a server refuses if it needs one.
    """
    definition, states, cache = key[0], client.route.states, client.hub.prepared
    assert states is not None
    assert client.state is not None
    there = states.under(definition.context, client.state)
    before, after = states.sync(client.state, there), states.sync(there, client.state)
    stays = after is None and not (client.in_transaction or client.pins or client.dedicated)
    if before is not None and after is None and not stays and not _asks_for_schema(definition.text):
        there = states.with_schema(there, None)
        before, after = states.sync(client.state, there), states.sync(there, client.state)
    if before is None or (after is None and not stays):
        error = ServerRefused(1049, "42000", f"Unknown database '{definition.context.schema}'")
        goes_on(client, server, error)
        return
    cache.use(definition.text, definition.context, definition.traits)  # the client may leave meanwhile

    def finished(preparation: Preparation | None, error: ProxyError | None) -> None:
        if goes_on(client, server, error):
            assert preparation is not None
            if stays:
                server.state = there
            then(client, server, preparation)
        cache.release(definition)

    server.converse(_preparing(client, server, key, before, after or []), finished)


def _preparing(
    client: Client, server: ServerConnection, key: Key, before: list[bytes], after: list[bytes]
) -> Generator[list[bytes], list[Answer], Preparation]:
    """``before`` leads to the statement's context, ``after`` back to the client's state, all in one round trip.

    To MySQL it is a change of the session when a routine of another schema is read for the first time. After a
    preparation it reports that with the next answer: here, lest it be taken for what the next client has done.
    Where the server has too many statements, older ones make room.
    """
    definition, home, hub = key[0], server.prepared, client.hub
    assert home is not None
    prepare = bytes((COM_STMT_PREPARE,)) + definition.text
    while True:
        tell(server)
        hub.stats.prepares += 1
        answers = yield [*before, prepare, *after, *asking.nothing(client, server)]
        answer = answers[len(before)]
        if answer.error is None or answer.error.number != _TOO_MANY or not _make_way(client, server):
            break
    number = executions.statement_id(answer.raw) if answer.error is None else 0
    try:
        check(answers)
    except ServerRefused:
        states = client.route.states
        assert states is not None
        readout.apply_trackers(states, server, [other for other in answers if other is not answer])
        if number:
            home.closing.append(number)
        raise
    prepared_ok = packets.parse_prepare_ok(answer.raw[HEADER:])
    definition.parameters, definition.columns = prepared_ok.parameters, prepared_ok.columns
    hub.prepared.remember(definition, answer.raw, exact=not answer.warnings)
    return home.add(key, number, hub.settings.pool.max_prepared_statements)


# A default schema that is dropped.


def keep_over_drop(client: Client, traits: Traits) -> None:
    """Before the client drops its default schema, its statements come to the server connection, where they stay.

    Afterwards nothing could be prepared there under the schemas of these statements: nothing leads back to none.
    """
    if traits.verb != b"DROP" or traits.second not in (b"DATABASE", b"SCHEMA") or not len(client.prepared):
        return
    schema = client.state.schema if client.state is not None else None
    if schema is None:
        return
    named = rb"(?<![\w$])" + re.escape(schema.encode()) + rb"(?![\w$])"
    if re.search(named, executions.text(client.packet), re.IGNORECASE):
        client.on_lent = lambda server: _keep_on(client, server)


def _keep_on(client: Client, server: ServerConnection) -> None:
    if finds_out(client, server):
        return

    def kept(_: object, error: ProxyError | None) -> None:
        if goes_on(client, server, error):
            executed.settle_pins(client)
            transfer.send(client, server)

    server.converse(_keeping(client, server), kept)


def _keeping(client: Client, server: ServerConnection) -> Generator[list[bytes], list[Answer], None]:
    """Have each of the client's statements prepared for it alone; one that cannot be gives its error when executed."""
    states, cache = client.route.states, client.hub.prepared
    assert states is not None
    yield from asking.recall(client, server)  # a preparation clears the conditions
    for statement in list(client.prepared):
        state, definition = client.state, statement.definition
        if client.server is not server or state is None:
            return
        there = states.under(definition.context, state)
        before, after = states.sync(state, there), states.sync(there, state)
        if statement.owned is not None or before is None or after is None or _can_wait(definition):
            continue
        assert server.prepared is not None
        key = (definition, statement.label, executed.present(client, statement))
        preparation = server.prepared.find(key)
        if preparation is None:
            cache.use(definition.text, definition.context, definition.traits)  # the client may leave meanwhile
            with contextlib.suppress(ServerRefused):
                preparation = yield from _preparing(client, server, key, before, after)
            cache.release(definition)
        if preparation is not None and client.server is server:
            preparation.home.own(preparation)
            statement.owned, statement.private, statement.kept = preparation, True, True
    if client.server is server and asking.lacks(client):
        yield from asking.bring(client, server)


def _can_wait(definition: Definition) -> bool:
    """Whether the statement needs no default schema: it was prepared without one, or only assigns a variable, which a
    preparation on MariaDB gives another character set."""
    traits = definition.traits
    return definition.context.schema is None or (
        traits.verb == b"SET" and bool(traits.flags & statements.ASSIGNS_VARIABLE) and b"(" not in definition.text
    )


def _make_way(client: Client, server: ServerConnection) -> bool:
    """The server has as many statements as it allows: close some of ours. False where there are none."""
    cache = client.hub.prepared
    assert server.prepared is not None
    if server.prepared.evict_half():
        return True
    if not cache.order:
        return False
    tell(cache.evict_oldest().server)
    return True


def tell(server: ServerConnection) -> None:
    """Close on the server what was evicted; that has no answer, so it goes before whatever comes next."""
    home = server.prepared
    if home is None or not home.closing or server.closing or server.switching or server.reply.infile:
        return
    server.write(b"".join([frame(bytes((COM_STMT_CLOSE,)) + number.to_bytes(4, "little")) for number in home.closing]))
    home.closing.clear()


def goes_on(client: Client, server: ServerConnection, error: ProxyError | None) -> bool:
    """Whether the command goes on after a conversation; where not, the error has been dealt with."""
    if client.server is not server:
        leaving.orphaned(server, error)
        return False
    if error is None:
        return True
    if isinstance(error, ServerLost) or server.closing or error.number in lending.FAREWELLS:
        client.server_failed(server, error)
    elif client.command == COM_STMT_SEND_LONG_DATA:
        lending.release(client, server)
        client.refuse(error)
    else:
        payload = packets.build_err(error.number, error.sqlstate, error.text)
        client.write(frame(payload, client.answer_sequence))
        client.traits = None  # nothing of it was done
        transfer.finish_error(client, server, payload)
    return False


def finds_out(client: Client, server: ServerConnection) -> bool:
    """Whether a part of the client's state is not known: then it is asked for, and the command goes on later."""
    if client.state is not None and not client.state.known:
        _find_collation(client, server)
    elif server.residue & (UNSEEN | ROUTINE):
        _find_unseen(client, server)
    else:
        return False
    return True


def _find_unseen(client: Client, server: ServerConnection) -> None:
    """Ask for the system variables that a SET or a routine has changed unseen: who leaves this state must come back
    to it, and what is prepared in it is not for those who have another."""

    def finding() -> Generator[list[bytes], list[Answer], None]:
        states = client.route.states
        assert states is not None
        assert server.state is not None
        yield from asking.recall(client, server)
        hidden = yield from unearth(states, server.state, client.route.hidden)
        client.state = server.state = states.after(
            server.state, packets.Changes(variables=hidden.changed), client.in_transaction, NO_NAMES
        )
        client.ahead = client.counted_elsewhere = server.found_none = True
        server.residue &= ~(UNSEEN | ROUTINE)
        if asking.lacks(client):
            yield from asking.bring(client, server)

    converse(client, server, finding())


def _find_collation(client: Client, server: ServerConnection) -> None:
    """Make the collation of the client's session."""

    def finding() -> Generator[list[bytes], list[Answer], None]:
        states = client.route.states
        assert states is not None
        assert client.state is not None
        if not server.mariadb:  # a SET clears the conditions; MariaDB keeps them
            yield from asking.recall(client, server)
        answers = yield [query("SET @@SESSION.collation_connection=@@SESSION.collation_connection")]
        check(answers)
        reported = [pair for block in answers[0].trackers or () for pair in packets.parse_trackers(block).variables]
        collation = dict(reported).get(COLLATION_CONNECTION)
        if collation is None:  # the client has trackers of its own
            yield from asking.recall(client, server)
            answers = yield [query("SELECT @@SESSION.collation_connection LIMIT 1")]
            check(answers)
            collation = answers[0].first_value().decode()
            client.counted_elsewhere = True
        client.state = server.state = states.with_collation(client.state, collation)
        client.ahead = True
        server.residue &= ~COLLATION
        if asking.lacks(client):
            yield from asking.bring(client, server)

    converse(client, server, finding())


def converse(client: Client, server: ServerConnection, talk: Generator[list[bytes], list[Answer], None]) -> None:
    """Say this first, and then go on with the command, unless that has answered it."""

    def finished(_: object, error: ProxyError | None) -> None:
        if goes_on(client, server, error):
            lending.brought(client, server)

    server.converse(talk, finished)
