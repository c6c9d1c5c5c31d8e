"""How a client gets a server connection, how the session moves onto it, and how it is given back.

Borrowing is at once or by ``granted``. A server connection that lingers with the client needs nothing.
Another one is settled (what its last client left is read out for that client) and synced (brought to this
client's state), both in one round trip, before the command is sent.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import TYPE_CHECKING

from proxy.errors import ProxyError, ServerLost
from proxy.net.server_connection import ServerConnection
from proxy.net.tasks import spawn
from proxy.relay import learning
from proxy.session import statements
from proxy.session.conversations import (
    WARNINGS,
    check,
    clean_slate,
    query,
    rollback,
    settle_commands,
    settled,
)
from proxy.wire.answers import Answer
from proxy.wire.constants import COM_SET_OPTION, OPTION_MULTI_STATEMENTS_OFF, OPTION_MULTI_STATEMENTS_ON

if TYPE_CHECKING:
    from proxy.relay.client import Client

_log = logging.getLogger("forebay.pool")

_BUSY, _CLOSED = 2, 4

# Statements about the one before: only the server connection that ran it knows, or what was settled from it.
ABOUT_LAST = statements.DIAGNOSTICS | statements.ROW_COUNT | statements.FOUND_ROWS

# Statements that need more of the session than its state.
_NEEDS = statements.INSERT_ID | statements.CALLS | statements.FUNCTION | statements.TRACKERS
_MAY_BE_SEVERAL = statements.MULTI | statements.TAIL | statements.COMPOUND | statements.UNSURE


def borrow(client: Client) -> None:
    """Get the command under way to a server connection: the held one, an idle one, or a place in the queue."""
    client.phase = _BUSY
    server = client.server
    if server is not None:
        _go(client, server)
        return
    if client.settling:
        client.waits_for_settling = True
        return
    server = client.route.pool.borrow(client)
    if server is not None:
        lend(client, server)


def lend(client: Client, server: ServerConnection) -> None:
    """The pool has lent ``server``: bring the session onto it and send the command."""
    server.borrower = client
    client.server = server
    if server.lingers_for is client:
        client.lingering = None
        _go(client, server)
        return
    flags = client.traits.flags if client.traits is not None else 0
    if flags & ABOUT_LAST and client.on_lent is None and only_memory_knows(client, flags):
        client.server = server.borrower = None
        client.route.pool.give_back(server)
        client.answer_from_memory()
        return
    states = client.route.states
    assert states is not None
    if client.state is None:
        client.state = states.at_login(client.schema, client.collation, learning.ignores_space(client))
        client.read_again()
    if server.state is client.state and not server.residue and not flags & _NEEDS:
        if server.lingers_for is not None:
            server.lingers_for.lingering = None
            server.lingers_for = None
        _go(client, server)
        return
    _switch(client, server)


def only_memory_knows(client: Client, flags: int) -> bool:
    """Whether a statement about the last one is wrong on any server connection: without warnings, all say the same."""
    return flags & ABOUT_LAST != statements.DIAGNOSTICS or client.diagnostics is not None


def _go(client: Client, server: ServerConnection) -> None:
    """The session is here."""
    if client.on_lent is not None:
        client.on_lent(server)
        return
    several = client.traits is not None and client.traits.flags & _MAY_BE_SEVERAL
    if several and server.multi_statements is not client.multi_statements:
        server.converse(_set_option(server, client.multi_statements), lambda _, error: _moved(client, server, error))
        return
    client.send(server)


def _set_option(server: ServerConnection, on: bool) -> Generator[list[bytes], list[Answer], None]:
    """The server decides by its own grammar what a second statement is, for clients that allow none."""
    option = OPTION_MULTI_STATEMENTS_ON if on else OPTION_MULTI_STATEMENTS_OFF
    check((yield [bytes((COM_SET_OPTION, option, 0))]))
    server.multi_statements = on


def _switch(client: Client, server: ServerConnection) -> None:
    states = client.route.states
    assert states is not None
    assert server.state is not None
    assert client.state is not None
    if states.sync(server.state, client.state) is None:
        spawn(f"clean slate for client {client.id}", _clean_switch(client, server))
        return
    server.converse(_moving(client, server), lambda _, error: _moved(client, server, error))


def _moving(client: Client, server: ServerConnection) -> Generator[list[bytes], list[Answer], None]:
    """Settle and sync in one round trip."""
    states = client.route.states
    assert states is not None
    assert server.state is not None
    assert client.state is not None
    stats = client.hub.stats
    old, residue = server.lingers_for, server.residue
    questions = settle_commands(residue) if residue else []
    commands = states.sync(server.state, client.state) or []
    if client.traits is not None and client.traits.flags & _NEEDS:
        commands.append(query(f"SET @@SESSION.last_insert_id={client.insert_id}"))
    if questions or commands:
        stats.settles += bool(questions)
        stats.syncs += bool(commands)
        if old is not None:
            old.settling = bool(questions)
        try:
            answers = yield questions + commands
        finally:
            _part(old, server)
        server.residue = 0
        if questions and old is not None:
            learning.settle(old, settled(residue, answers[: len(questions)]))
            _settling_ended(old)
        learning.apply_trackers(states, server, answers[len(questions) :])
        check(answers[len(questions) :])
    else:
        _part(old, server)
    server.state = client.state


def _part(old: Client | None, server: ServerConnection) -> None:
    """The session of ``old`` lingers here no more."""
    if old is not None and old.lingering is server:
        old.lingering = None
    if server.lingers_for is old:
        server.lingers_for = None


def _settling_ended(old: Client) -> None:
    """What the session had left behind is known now: a command that waited for it can go on."""
    old.settling = False
    if old.waits_for_settling:
        old.waits_for_settling = False
        if old.phase == _BUSY:
            borrow(old)


def _moved(client: Client, server: ServerConnection, error: ProxyError | None) -> None:
    """The session has been brought over, or could not be."""
    if client.server is not server:
        orphaned(server, error)
    elif error is None:
        _go(client, server)
    elif isinstance(error, ServerLost) or server.closing:
        client.server_failed(server, error)
    else:
        client.server = server.borrower = None
        client.route.pool.give_back(server)
        failed(client, error)


async def _clean_switch(client: Client, server: ServerConnection) -> None:
    """The slow way, where no statement leads from one state to the other: a change of user in between."""
    route = client.route
    try:
        await server.ask(settling(server))
        await route.change_user(server)
        server.multi_statements = True
    except (ProxyError, TimeoutError) as error:
        server.abort()
        _log.warning("%s: no clean slate for server connection %d: %s", route.name, server.connection_id, error)
        if client.server is server:
            client.server_failed(server, error if isinstance(error, ProxyError) else ServerLost())
        return
    if client.server is not server:
        orphaned(server, None)
    else:
        server.converse(_moving(client, server), lambda _, error: _moved(client, server, error))


def settling(server: ServerConnection) -> Generator[list[bytes], list[Answer], None]:
    """Settle alone: what follows leaves nothing of the session."""
    old, residue = server.lingers_for, server.residue
    if old is not None and residue:
        old.settling = True
        try:
            answers = yield settle_commands(residue)
        finally:
            _part(old, server)
        learning.settle(old, settled(residue, answers))
        _settling_ended(old)
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


def give_back(client: Client, server: ServerConnection) -> None:
    """The client needs no server connection now; its session lingers on this one."""
    client.server = None
    server.borrower = None
    server.lingers_for = client
    client.lingering = server
    client.route.pool.give_back(server)


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


# A client has gone.


def abandon(client: Client) -> None:
    """The client is gone, or gives its session up: whatever it held or waited for goes back, clean."""
    client.route.pool.forget(client)
    lingering, client.lingering = client.lingering, None
    if lingering is not None and lingering.lingers_for is client:
        lingering.lingers_for = None
        lingering.residue = _of_nobody(lingering)
        client.route.pool.unclaim(lingering)
    server = client.server
    if server is None:
        return
    client.throttle(None)
    server.throttle(None)
    server.resume_reading()
    client.server = None
    server.borrower = None
    stats = client.hub.stats
    dirty = bool(client.pins)
    in_transaction, client.in_transaction = client.in_transaction, False
    if in_transaction:
        stats.in_transaction -= 1
        stats.rollbacks += 1
    learning.unpin_all(client)
    server.lingers_for = _Gone(client, dirty, in_transaction)
    if server.answering is client.answering:
        if server.reply.infile:
            client.route.pool.drop(server, "client_gone")
            return
        server.answering = lambda data: _drain(server, data)
    elif server.answering is None:
        orphaned(server, None)


class _Gone:
    """Stands for a client that went away while its server connection was at work."""

    __slots__ = ("client", "dirty", "in_transaction", "lingering")

    def __init__(self, client: Client, dirty: bool, in_transaction: bool) -> None:
        self.client = client
        self.dirty = dirty
        self.in_transaction = in_transaction
        self.lingering: ServerConnection | None = None

    def lingering_lost(self, connection: ServerConnection) -> None:
        connection.lingers_for = None


def _of_nobody(server: ServerConnection) -> int:
    """What of a dead client's residue still matters: MariaDB's warnings, until a statement with tables."""
    return server.residue & WARNINGS


def _drain(server: ServerConnection, data: bytes) -> None:
    """Read an answer that nobody waits for to its end."""
    try:
        server.reply.feed(data)
    except ProxyError:
        server.abort()
        return
    if server.reply.infile:
        server.abort()
    elif server.reply.done:
        gone = server.lingers_for
        server.answering = None
        learning.learn_orphan(gone.client, server)
        gone.in_transaction = gone.in_transaction or gone.client.in_transaction or server.reply.error is not None
        gone.dirty = gone.dirty or bool(gone.client.pins)
        orphaned(server, None)


def orphaned(server: ServerConnection, error: ProxyError | None) -> None:
    """Nobody has this server connection any more: clean it and give it back."""
    gone = server.lingers_for
    pool = gone.client.route.pool
    server.lingers_for = None
    states = gone.client.route.states
    if error is not None or server.closing or states is None or server.state is None:
        pool.drop(server, "client_gone")
        return
    server.residue = _of_nobody(server)
    if gone.dirty:
        init_query = gone.client.hub.settings.pool.init_query
        server.converse(
            clean_slate(states, init_query, server.state), lambda state, error: _cleaned(gone, server, state, error)
        )
    elif gone.in_transaction:
        server.converse(rollback(), lambda _, error: _cleaned(gone, server, server.state, error))
    else:
        pool.give_back(server)


def _cleaned(gone: _Gone, server: ServerConnection, state: object, error: ProxyError | None) -> None:
    pool = gone.client.route.pool
    if error is not None:
        pool.drop(server, "unclean")
        return
    server.state = state  # type: ignore[assignment]
    pool.give_back(server)
