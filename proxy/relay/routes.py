# cython: annotation_typing=False
"""Which pool serves a login: one pool for each user and for each client flag that changes a statement's meaning.

A ``Route`` is such a pool with what belongs to it: how to log in, the states over its baseline, and the
schemas known to exist. ``Routes`` makes them when first asked for, all on one budget.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
import weakref
from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from proxy.errors import ProxyError, ServerUnavailable
from proxy.net.connect import ServerLogin, change_user, open_server_connection
from proxy.net.server_connection import ServerConnection
from proxy.net.tasks import spawn
from proxy.pool.budget import Budget
from proxy.pool.pool import Pool
from proxy.relay import lending
from proxy.relay.health import Health
from proxy.relay.hub import Hub
from proxy.session import hidden
from proxy.session.conversations import introduce, normalise, ping
from proxy.session.effects import Effects
from proxy.session.prepared import Preparations
from proxy.session.state import States
from proxy.wire.auth import Credentials

if TYPE_CHECKING:
    from proxy.relay.login import WayIn

_log = logging.getLogger("forebay.pool")

_FAREWELL = 1.0  # seconds that reading out a session and the server's closing may take


class Route:
    """The pool of one login identity, and what its clients need to know of the server."""

    def __init__(self, name: str, hub: Hub, login: ServerLogin, context: ssl.SSLContext | None, budget: Budget) -> None:
        self.name = name
        self.hub = hub
        self.login = login
        self.states: States | None = None
        self.hidden = hidden.Memory()
        self.known_schemas: set[str] = set()
        self.ways_in: dict[tuple[str | None, int, int, int], WayIn] = {}
        self.effects = Effects()
        self.context = context
        self.connections: weakref.WeakSet[ServerConnection] = weakref.WeakSet()  # all that were opened and still exist
        self.pool: Pool = Pool(
            name,
            hub.settings.pool,
            budget,
            open=self._open,
            close=_close,
            check=self._check,
            spawn=spawn,
            clock=time.monotonic,
            call_later=asyncio.get_running_loop().call_later,
            describe=self._describe,
        )

    async def _open(self) -> ServerConnection:
        """Open one server connection and bring it to the baseline."""
        settings = self.hub.settings
        try:
            async with asyncio.timeout(settings.pool.connect_timeout):
                connection = await open_server_connection(settings.target, self.login, self.context)
                try:
                    await self.introduce(connection)
                except BaseException:
                    connection.abort()
                    raise
        except TimeoutError:
            text = f"Connecting to the server at {settings.target.address} took too long (pool.connect_timeout)"
            raise ServerUnavailable(text) from None
        connection.on_lost = self._lost
        connection.prepared = Preparations(self.hub.prepared, connection)
        self.connections.add(connection)
        self.hub.version = connection.version
        self.hub.extended_metadata = connection.extended_metadata
        self.hub.query_attributes = connection.query_attributes
        stats = self.hub.stats
        if connection.tls is not None:
            stats.server_logins_tls += 1
        else:
            stats.server_logins_plain += 1
        _log.debug("%s: opened server connection %d", self.name, connection.connection_id)
        return connection

    async def introduce(self, connection: ServerConnection) -> None:
        """Trackers, baseline, and the state that the connection then has."""
        found = await connection.ask(introduce(connection.mariadb, self.hub.settings.pool.init_query))
        if self.states is None:
            self.states = States(found)
        connection.state = await connection.ask(normalise(self.states, found))

    async def change_user(self, connection: ServerConnection) -> None:
        """Make the connection as good as new, without a default schema where the target names none."""
        async with asyncio.timeout(self.hub.settings.pool.connect_timeout):
            await change_user(connection, self.hub.settings.target, self.login)
            await self.introduce(connection)
        connection.forget_session()

    def take_login(self, credentials: Credentials) -> None:
        """Log in with these credentials from now on."""
        self.login = replace(self.login, credentials=credentials)

    async def _check(self, connection: ServerConnection) -> bool:
        """Whether an idle connection still answers."""
        try:
            async with asyncio.timeout(self.hub.settings.pool.connect_timeout):
                await connection.ask(ping())
        except (ProxyError, TimeoutError):
            return False
        return True

    def _lost(self, connection: ServerConnection) -> None:
        if connection.borrower is not None:
            connection.borrower.server_lost(connection)
        if (client := connection.lingers_for) is not None:
            client.lingering_lost(connection)
        self.pool.drop(connection, "lost")

    def _describe(self) -> str:
        """Who holds the server connections, for the text of a borrow timeout."""
        transactions = pinned = 0
        reasons: dict[str, int] = {}
        oldest = 0.0
        now = time.monotonic()
        for client in self.hub.clients.values():
            if client.route is not self or client.server is None:
                continue
            if client.in_transaction:
                transactions += 1
                oldest = max(oldest, now - client.active)
            if client.pins:
                pinned += 1
                for reason in client.pins:
                    reasons[reason] = reasons.get(reason, 0) + 1
        text = f"{transactions} in transactions, the longest silent for {oldest:.1f} s; {pinned} pinned"
        if reasons:
            text += " (" + ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items())) + ")"
        return text + "."


def _close(connection: ServerConnection, reason: str) -> Coroutine[Any, Any, None] | None:
    """Close one that leaves the pool; it keeps its place in the budget until the server has let go of it."""
    _log.debug("closing server connection %d: %s", connection.connection_id, reason)
    client = connection.lingers_for
    if not connection.closing and connection.answering is None:
        if client is not None and connection.residue:
            client.settling = connection
        return _leave(connection)
    connection.abort()
    if client is not None:
        client.lingering_lost(connection)
    return None


async def _leave(connection: ServerConnection) -> None:
    """What a living client's session left in the connection is read out before the goodbye."""
    client = connection.lingers_for
    try:
        async with asyncio.timeout(_FAREWELL):
            if client is not None:
                await connection.ask(lending.settling(connection))
            await connection.leave()
    except (ProxyError, TimeoutError):
        connection.abort()
    if connection.lingers_for is not None:
        client.lingering_lost(connection)


class Routes:
    """The routes by user and found-rows flag."""

    def __init__(self, hub: Hub, context: ssl.SSLContext | None) -> None:
        self.hub = hub
        self.context = context
        self.budget = Budget(hub.settings.pool.max_connections)
        self.health = Health(hub)
        self.by_key: dict[tuple[str, bool], Route] = {}

    def route(self, user: str, found_rows: bool) -> Route:
        """The route for a user of the configuration."""
        key = (user, found_rows)
        route = self.by_key.get(key)
        if route is None:
            login = ServerLogin(self.server_credentials(user), found_rows, (("program_name", "forebay"),))
            name = f"{user}+found_rows" if found_rows else user
            route = self.by_key[key] = Route(name, self.hub, login, self.context, self.budget)
        return route

    def server_credentials(self, user: str) -> Credentials:
        """What this user logs in to the server with: its own credentials unless others are configured."""
        own = self.hub.users[user]
        configured = self.hub.configured[user]
        if not configured.server_user and configured.server_password is None:
            return own
        name = configured.server_user or user
        if configured.server_password is None:
            return Credentials(name, own.password, own.native_hash, own.sha2_hash)
        return Credentials.from_password(name, configured.server_password.reveal().encode())

    def ready(self) -> tuple[bool, str]:
        """Whether a server connection exists and the target answers, and why not."""
        if self.health.trouble:
            return False, self.health.trouble
        for route in self.by_key.values():
            counts = route.pool.counts()
            if counts.idle or counts.lent:
                return True, "ready"
        for route in self.by_key.values():
            if route.pool.failing and isinstance(error := route.pool.last_error, ProxyError):
                return False, error.text
        if any(route.states is not None for route in self.by_key.values()):
            return True, "ready"  # the target has answered, and nobody needs a server connection now
        return False, "no server connection yet"
