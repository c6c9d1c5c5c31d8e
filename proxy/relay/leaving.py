# cython: annotation_typing=False
"""A client has gone, or gives its session up: whatever it held goes back to the pool, clean.

Decides what has to happen to a server connection before somebody else may have it: an answer read to its
end, a rollback, a clean slate, or its end. Does not know how a server connection is lent.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from proxy.errors import ProxyError
from proxy.net.server_connection import ServerConnection
from proxy.relay import learning
from proxy.relay.renaming import Renaming
from proxy.session import pins
from proxy.session.conversations import HIDDEN, INSERT_ID, WARNINGS, clean_slate, rollback
from proxy.wire.constants import STATUS_CURSOR_EXISTS

if TYPE_CHECKING:
    from proxy.relay.client import Client


def abandon(client: Client) -> None:
    """The client is gone, or gives its session up: whatever it held or waited for goes back, clean."""
    client.route.pool.forget(client)
    client.prepared.clear(client.hub.prepared)
    client.settling = None
    client.waits_for_settling = False
    lingering, client.lingering = client.lingering, None
    if lingering is not None and lingering.lingers_for is client:
        lingering.lingers_for = None
        _disown(lingering)
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
    dirty, killed = bool(client.pins), pins.KILL in client.pins
    in_transaction, client.in_transaction = client.in_transaction, False
    if in_transaction:
        stats.in_transaction -= 1
        stats.rollbacks += 1
    learning.unpin_all(client)
    if killed:  # the KILL QUERY on its way must not hit somebody else
        server.lingers_for = None
        client.route.pool.drop(server, "killed")
        return
    server.lingers_for = _Gone(client, dirty, in_transaction)
    if server.answering is client.answering:
        if server.reply.infile:
            client.route.pool.drop(server, "client_gone")
            return
        server.answering = partial(_drain, server)
    elif isinstance(server.answering, Renaming):
        server.answering.answering = partial(_drain, server)
    elif server.answering is None and not server.switching:
        orphaned(server, None)


class _Gone:
    """Stands for a client that went away, or to another ``route``, while its server connection was at work."""

    __slots__ = ("client", "dirty", "in_transaction", "lingering", "route", "since")

    def __init__(self, client: Client, dirty: bool, in_transaction: bool) -> None:
        self.client = client
        self.route = client.route
        self.dirty = dirty
        self.in_transaction = in_transaction
        self.lingering: ServerConnection | None = None
        self.since = time.monotonic()

    def lingering_lost(self, connection: ServerConnection) -> None:
        connection.lingers_for = None


def abandoned_at(server: ServerConnection) -> float | None:
    """When the client went whose statement this server connection still runs; None: it is at work for somebody."""
    gone = server.lingers_for
    return gone.since if server.answering is not None and isinstance(gone, _Gone) else None


def give_up(server: ServerConnection) -> None:
    """Nobody reads the rest of this answer; the server connection stays lent until it is closed."""
    server.lingers_for = None
    server.answering = _unheard


def _unheard(data: bytes) -> None:
    """What a server connection says that is about to be killed."""


def _disown(server: ServerConnection) -> None:
    """Nobody wants to know the residue any more: what of it still matters is MariaDB's warnings, until a statement
    with tables, and what may be there unseen."""
    if server.residue & INSERT_ID:
        server.insert_id = None
    if server.residue & HIDDEN:
        server.doubt()
    server.residue &= WARNINGS
    server.found_none = True


def _drain(server: ServerConnection, data: bytes) -> None:
    """Read an answer that nobody waits for to its end."""
    try:
        server.reply.feed(data)
    except ProxyError:
        server.abort()
        return
    if server.reply.infile or (server.reply.error is not None and server.reply.trackers is not None):
        server.abort()  # nobody gives the file, or asks whether a routine that failed has left the schema it told of
    elif server.reply.done:
        gone = server.lingers_for
        server.answering = None
        learning.learn_orphan(gone.client, server)
        gone.in_transaction = gone.in_transaction or gone.client.in_transaction or server.reply.error is not None
        gone.dirty = gone.dirty or bool(gone.client.pins or server.reply.status & STATUS_CURSOR_EXISTS)
        learning.unpin_all(gone.client)
        orphaned(server, None)


def orphaned(server: ServerConnection, error: ProxyError | None) -> None:
    """Nobody has this server connection any more: clean it and give it back."""
    gone = server.lingers_for
    pool = gone.route.pool
    server.lingers_for = None
    states = gone.route.states
    if error is not None or server.closing or states is None or server.state is None:
        pool.drop(server, "client_gone")
        return
    _disown(server)
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
    pool = gone.route.pool
    if error is not None:
        pool.drop(server, "unclean")
        return
    server.state = state  # type: ignore[assignment]
    if gone.dirty:
        server.forget_session()
    pool.give_back(server)
