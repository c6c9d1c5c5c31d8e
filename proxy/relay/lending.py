# cython: annotation_typing=False
"""How a client gets a server connection, how the session moves onto it, and how it is given back.

Borrowing is at once or by ``granted``. A server connection that lingers with the client needs nothing.
Another one is settled (what its last client left is read out for that client) and synced (brought to this
client's state), both in one round trip, before the command is sent.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING

from proxy.errors import ProxyError, ServerLost
from proxy.net.server_connection import UNSEEN, ServerConnection
from proxy.net.tasks import spawn
from proxy.pool.pool import UNREAD
from proxy.relay import asking, learning, outgoing, readout
from proxy.relay.leaving import orphaned
from proxy.relay.phases import BUSY
from proxy.session import statements, variables
from proxy.session.conditions import Conditions
from proxy.session.conversations import (
    COLLATED,
    HIDDEN,
    INSERT_ID,
    NO_WARNINGS,
    VARIABLES,
    Settled,
    check,
    clean_slate,
    exchange_insert_ids,
    query,
    set_option,
    settle_commands,
    settled,
)
from proxy.session.hidden import unearth
from proxy.session.state import COLLATION
from proxy.wire.answers import Answer
from proxy.wire.constants import (
    STATUS_AUTOCOMMIT,
)

if TYPE_CHECKING:
    from proxy.relay.client import Client

_log = logging.getLogger("forebay.pool")

# Errors after which the server closes the connection: shut down, killed, idle for too long, or a packet that it could
# not read or write (1153 and 1156 to 1161).
FAREWELLS = frozenset({1053, 1080, 1152, 1153, 1156, 1157, 1158, 1159, 1160, 1161, 1927, 3169, 4031})

_READ_ONLY = statements.READ_ONLY
_MAY_BE_SEVERAL = statements.MULTI | statements.TAIL | statements.COMPOUND | statements.UNSURE


def borrow(client: Client, now: float = UNREAD) -> None:
    """Get the command under way to a server connection: the held one, an idle one, or a place in the queue.

    ``now`` is for callers that have just read the clock.
    """
    client.phase = BUSY
    server = client.server
    if server is not None:
        if asking.lacks(client):
            _bring(client, server, asking.bring(client, server))
        elif _has_other_insert_id(client, server):
            _bring(client, server, _own_insert_id(client, server))
        else:
            _go(client, server)
        return
    if client.settling:
        client.waits_for_settling = True
        return
    server = client.route.pool.borrow(client, now)
    if server is not None:
        lend(client, server)


def lend(client: Client, server: ServerConnection) -> None:
    """The pool has lent ``server``: bring the session onto it and send the command."""
    server.borrower = client
    client.server = server
    if server.lingers_for is client:
        client.lingering = None
        if server.state is client.state and not (asking.lacks(client) or _has_other_insert_id(client, server)):
            _go(client, server)
        else:
            _switch(client, server)
        return
    if not client.counted_elsewhere:
        client.late_rows = -1
    client.counted_elsewhere = client.ahead = True
    states = client.route.states
    assert states is not None
    if client.state is None:
        client.state = states.at_login(client.schema, client.collation, learning.ignores_space(client))
        client.read_again()
    plain = client.diagnostics is None and not asking.wanted(client)
    if server.state is client.state and plain and _same_variables(client, server):
        residue = server.residue
        if not residue and (server.insert_id == client.insert_id or _ignores_insert_id(client)):
            old = server.lingers_for
            if old is not None:
                old.lingering = None
                server.lingers_for = None
            _go(client, server)
            return
        several = client.traits is not None and client.traits.flags & _MAY_BE_SEVERAL
        if residue in (0, INSERT_ID) and client.on_lent is None and not several:
            _bring(client, server, _exchange_insert_ids(client, server), behind=outgoing.packet(client, server))
            return
    _switch(client, server)


def _same_variables(client: Client, server: ServerConnection) -> bool:
    """Most have none."""
    return not (client.variables or server.variables) or client.variables == server.variables


def _ignores_insert_id(client: Client) -> bool:
    """Whether the statement can neither see the insert id nor begin a transaction in which another one could."""
    traits = client.traits
    if traits is None or not client.status & STATUS_AUTOCOMMIT or client.dedicated:
        return False
    if client.on_lent is not None and not client.lightly:
        return False
    return bool(traits.flags & _READ_ONLY) and traits.verb != b"SHOW"


def _has_other_insert_id(client: Client, server: ServerConnection) -> bool:
    """Whether the lingering server connection came without this client's insert id, and now it matters."""
    if server.insert_id == client.insert_id or server.residue & INSERT_ID:
        return False
    return not _ignores_insert_id(client)


def _own_insert_id(client: Client, server: ServerConnection) -> Generator[list[bytes], list[Answer], None]:
    """For a client that came without its insert id, and was then held by what that statement did."""
    yield from asking.recall(client, server)  # a SET follows
    check((yield [query(f"SET @@SESSION.last_insert_id={client.insert_id}")]))
    server.insert_id = client.insert_id
    if asking.lacks(client):
        yield from asking.bring(client, server)


def _go(client: Client, server: ServerConnection) -> None:
    """The session is here."""
    several = client.traits is not None and client.traits.flags & _MAY_BE_SEVERAL
    if several and server.multi_statements is not client.multi_statements:
        _bring(client, server, _set_option(client, server))
    elif client.on_lent is not None:
        client.on_lent(server)
    else:
        client.send(server)


def _set_option(client: Client, server: ServerConnection) -> Generator[list[bytes], list[Answer], None]:
    """The server decides by its own grammar what a second statement is, for clients that allow none.

    It makes ROW_COUNT() -1: what the command asks for is brought behind it, perhaps once more.
    """
    asks = asking.wanted(client) & asking.ASKS
    if asks and not client.ahead:
        yield from asking.recall(client, server)
    on = client.multi_statements
    check((yield [set_option(on)]))
    server.multi_statements = on
    if asks:
        yield from asking.restore(client, server, is_own=True)


def _switch(client: Client, server: ServerConnection) -> None:
    states = client.route.states
    assert states is not None
    assert server.state is not None
    assert client.state is not None
    if states.sync(server.state, client.state) is None:
        server.switching = True
        server.converse(settling(server), lambda _, error: _settled(client, server, error))
        return
    _bring(client, server, _moving(client, server))


def _bring(
    client: Client, server: ServerConnection, talk: Generator[list[bytes], list[Answer], None], behind: bytes = b""
) -> None:
    """What brings the session, or a part of it, onto the server connection."""
    server.converse(talk, partial(_moved, client, server), behind)


def _exchange_insert_ids(client: Client, server: ServerConnection) -> Generator[list[bytes], list[Answer], None]:
    """Where sessions differ in the insert id only: settle and sync by one question, sent together with the command.

    The server knows of no reason to refuse the question. Where it does so nevertheless, the command has run as if the
    last client's insert id were this one's, and nobody gets to see its answer: ``_moved``.
    """
    old = server.lingers_for
    _begin_exchange(client, server, old)
    try:
        answers = yield [exchange_insert_ids(client.insert_id)]
        _end_exchange(server, old, answers)
    finally:
        _part(old, server)
        _settling_failed(old, server)
    server.residue = 0
    server.insert_id = client.insert_id


def _begin_exchange(client: Client, server: ServerConnection, old: Client | None) -> None:
    stats = client.hub.stats
    residue = server.residue
    if residue:
        stats.settles += 1
    stats.syncs += 1
    server.insert_id = None
    if residue and old is not None:
        old.settling = server


def _end_exchange(server: ServerConnection, old: Client | None, answers: list[Answer]) -> None:
    _part(old, server)
    check(answers)
    if old is not None and old.settling is server:
        old.insert_id = int(answers[0].first_value())
        _settling_ended(old)


def _moving(client: Client, server: ServerConnection) -> Generator[list[bytes], list[Answer], None]:
    """Settle and sync in one round trip.

    A server connection with user variables that this client never set is reset in between: only that
    unsets them, and one that was never set differs from one that is NULL.
    """
    states = client.route.states
    assert states is not None
    assert server.state is not None
    assert client.state is not None
    stats = client.hub.stats
    is_own = server.lingers_for is client
    old = None if is_own else server.lingers_for
    if old is not None and server.residue & HIDDEN:  # decides what there is to sync
        yield from settling(server)
        old = None
    residue = 0 if is_own else server.residue
    names = _unread(server) if old is not None and residue & VARIABLES else []
    questions = settle_commands(residue, names) if residue else []
    if residue & INSERT_ID:
        server.insert_id = None
    readout.scratched(server, residue)
    commands = []
    if not is_own and not server.variables_seen <= client.variables.keys():
        clean = clean_slate(states, client.hub.settings.pool.init_query, server.state)
        commands = next(clean)
        server.state = states.cleaned(server.state)
        server.forget_session()
    if is_own and _has_other_insert_id(client, server):
        yield from asking.recall(client, server)  # a SET follows
    commands += _sync(client, server, is_own)
    if questions or commands:
        stats.settles += bool(questions)
        stats.syncs += bool(commands)
        known = old.diagnostics if old is not None else None
        if questions and old is not None:
            old.settling = server
        answers: list[Answer] = []
        try:
            answers = yield questions + commands
            _part(old, server)
            if old is not None and questions:
                _settle(old, server, settled(residue, names, answers[: len(questions)]), known)
            server.residue = 0 if questions else server.residue
            check(answers[len(questions) :])
            keeps = server.mariadb or client.login is not None  # over the statements that follow, or for the first one
            if keeps and any(answer.warnings for answer in answers[len(questions) :]):
                check((yield [NO_WARNINGS]))
                client.counted_elsewhere = True
        except Exception:  # what stands before and behind the refused command has been done
            readout.brought_in_part(states, server, answers[len(questions) :])
            raise
        finally:
            _part(old, server)
            _settling_failed(old, server)
    elif not is_own:
        _part(old, server)
    server.state = client.state
    if not is_own or not server.residue & INSERT_ID:
        server.insert_id = client.insert_id
    if not is_own:
        server.variables = dict(client.variables)
        server.variables_seen.update(client.variables)
        yield from asking.restore(client, server)
    elif asking.lacks(client):
        yield from asking.bring(client, server)


def _sync(client: Client, server: ServerConnection, is_own: bool) -> list[bytes]:
    """The commands that bring this client's session onto the server connection."""
    states = client.route.states
    assert states is not None
    assert server.state is not None
    assert client.state is not None
    commands = states.sync(server.state, client.state) or []
    if is_own:
        if _has_other_insert_id(client, server):
            commands.append(query(f"SET @@SESSION.last_insert_id={client.insert_id}"))
        return commands
    commands = asking.counted(client, server) + commands
    if server.variables != client.variables:
        collation = states.value(client.state, COLLATION) or ""
        commands += map(query, variables.statements(server.variables, client.variables, collation))
    if server.insert_id != client.insert_id:
        commands.append(query(f"SET @@SESSION.last_insert_id={client.insert_id}"))
    return commands


def _unread(server: ServerConnection) -> list[bytes]:
    """The user variables whose values nobody knows yet: a routine may have given new ones to all of them."""
    if server.residue & HIDDEN:
        return [name for name in server.variables if name != UNSEEN]
    return [name for name, value in server.variables.items() if value is None]


def _part(old: Client | None, server: ServerConnection) -> None:
    """The session of ``old`` lingers here no more."""
    if old is not None and old.lingering is server:
        old.lingering = None
    if server.lingers_for is old:
        server.lingers_for = None


def _settle(old: Client, server: ServerConnection, found: Settled, known: Conditions | None) -> None:
    """``old`` learns what it had left here, unless it has given that session up meanwhile."""
    if old.settling is server:
        readout.settle(old, found, known)
        _settling_ended(old)


def _unearthed(
    old: Client, server: ServerConnection, names: list[bytes], found: Settled
) -> Generator[list[bytes], list[Answer], None]:
    """What routines have done unseen. ``names`` have been read; what else there is, is ``found``, too."""
    states = old.route.states
    assert states is not None
    assert server.state is not None
    hidden = yield from unearth(states, server.state, old.route.hidden)
    server.found_none = True
    readout.settle_system_variables(old, server, hidden.changed)
    if hidden.names is None:
        server.doubt()
        return
    new = [name for name in hidden.names if name not in names]
    if not all(map(variables.can_carry, new)):
        server.doubt()
    server.variables_seen.update(new)
    new = [name for name in new if variables.can_carry(name)]
    if new:
        residue = server.residue & COLLATED
        found.variables |= settled(residue, new, (yield settle_commands(residue, new))).variables


def _settling_failed(old: Client | None, server: ServerConnection) -> None:
    """The server connection was lost, or did not say what ``old`` had left there."""
    if old is not None and old.settling is server:
        residue_lost(old, server)


def _settling_ended(old: Client) -> None:
    """What the session had left behind is known now: a command that waited for it can go on."""
    old.settling = None
    if old.waits_for_settling:
        old.waits_for_settling = False
        if old.phase == BUSY:
            borrow(old)


def _moved(client: Client, server: ServerConnection, result: None, error: ProxyError | None) -> None:
    """The session has been brought over, or could not be."""
    if client.server is not server:
        if server.behind:  # a command is under way, for nobody
            server.abort()
            error = error or ServerLost()
        orphaned(server, error)
    elif error is None:
        brought(client, server)
    elif server.behind:  # the command has been sent, to a session that is not its own
        server.abort()
        client.server_failed(server, ServerLost())
    elif isinstance(error, ServerLost) or server.closing or error.number in FAREWELLS:
        _lost_before_sent(client, server, error)
    else:
        if not (client.in_transaction or client.pins or client.dedicated):
            client.server = server.borrower = None
            client.route.pool.give_back(server)
        failed(client, error)


def brought(client: Client, server: ServerConnection) -> None:
    """What the command needs is here, or it has been answered on the way."""
    told, client.told = client.told, None
    if told is None:
        _go(client, server)
    else:
        release(client, server)
        client.answer(told)


def _lost_before_sent(client: Client, server: ServerConnection, error: ProxyError) -> None:
    """The server connection broke before it got the command: unless it held the session, another one will do."""
    patience = client.hub.settings.pool.borrow_timeout
    if client.in_transaction or client.pins or 0 < patience < time.monotonic() - client.began:
        client.server_failed(server, error)
        return
    drop(client, server, "lost")
    borrow(client)


def _settled(client: Client, server: ServerConnection, error: ProxyError | None) -> None:
    """What the last session left has been read out, for a switch the slow way."""
    spawn(f"clean slate for client {client.id}", _clean_switch(client, server, error))


async def _clean_switch(client: Client, server: ServerConnection, trouble: ProxyError | None) -> None:
    """The slow way, where no statement leads from one state to the other: a change of user in between.

    Until its end nobody else may have the server connection, also when the client leaves: ``switching``.
    """
    route = client.route
    try:
        if trouble is not None:
            raise trouble
        await route.change_user(server)
    except (ProxyError, TimeoutError) as error:
        server.abort()
        _log.warning("%s: no clean slate for server connection %d: %s", route.name, server.connection_id, error)
        if client.server is server:
            _lost_before_sent(client, server, error if isinstance(error, ProxyError) else ServerLost())
        return
    finally:
        server.switching = False
    if client.server is not server:
        orphaned(server, None)
    else:
        _bring(client, server, _moving(client, server))


def settling(server: ServerConnection) -> Generator[list[bytes], list[Answer], None]:
    """Settle alone: what follows leaves nothing of the session."""
    old, residue = server.lingers_for, server.residue
    if old is not None and residue:
        names = _unread(server) if residue & (VARIABLES | HIDDEN) else []
        known = old.diagnostics
        readout.scratched(server, residue)
        old.settling = server
        old.hub.stats.settles += 1
        if residue & INSERT_ID:
            server.insert_id = None
        try:
            answers = yield settle_commands(residue, names)
            found = settled(residue, names, answers)
            if residue & HIDDEN:
                yield from _unearthed(old, server, names, found)
            _part(old, server)
            _settle(old, server, found, known)
        finally:
            _part(old, server)
            _settling_failed(old, server)
    _part(old, server)
    server.residue = 0


def denied(client: Client, error: ProxyError) -> None:
    """The wait for a server connection was in vain."""
    failed(client, error)


def failed(client: Client, error: ProxyError) -> None:
    """The command cannot be sent: the login decides for itself, any other gets the error."""
    if client.login is not None:
        client.login.lending_failed(client, error)
    else:
        client.refuse(error)


def release(client: Client, server: ServerConnection, now: float = UNREAD) -> None:
    """Give the server connection back unless something holds the client. ``now`` as in ``borrow``."""
    if not (client.in_transaction or client.pins or client.dedicated):
        give_back(client, server, now)


def give_back(client: Client, server: ServerConnection, now: float = UNREAD) -> None:
    """The client needs no server connection now; its session lingers on this one."""
    client.server = None
    server.borrower = None
    server.lingers_for = client
    client.lingering = server
    client.route.pool.give_back(server, now)


def drop(client: Client, server: ServerConnection, reason: str) -> None:
    """The server connection is of no use any more, and what of the session lived there is gone."""
    client.throttle(None)
    server.throttle(None)
    client.server = None
    server.borrower = None
    if server.lingers_for is client:
        server.lingers_for = None
    if client.in_transaction:
        client.in_transaction = False
        client.hub.stats.in_transaction -= 1
    learning.unpin_all(client)
    residue_lost(client, server)
    client.route.pool.drop(server, reason)


def residue_lost(client: Client, server: ServerConnection) -> None:
    """What could only be read from ``server`` cannot be read any more: the likeliest value stands in."""
    states = client.route.states
    if states is not None and client.state is not None and not client.state.known:
        client.state = states.with_default_collation(client.state)
    server.residue = 0
    if client.settling:
        _settling_ended(client)
