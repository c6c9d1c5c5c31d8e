# cython: annotation_typing=False
"""Who takes too long: clients to log in, idle, idle in a transaction, or with one statement; servers to answer Forebay.

One sweep over all of them now and then, instead of a timer for each. To look at a client costs a cache miss or two, and
there may be ten thousand that do nothing, so they are left alone until the first of them can be due.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from proxy.errors import IdleTimeout, LoginTimeout
from proxy.net.server_connection import ServerConnection
from proxy.net.tasks import spawn
from proxy.relay import kill, leaving
from proxy.relay.phases import BUSY, LOGIN

if TYPE_CHECKING:
    from proxy.relay.client import Client
    from proxy.relay.hub import Hub
    from proxy.relay.routes import Route
    from proxy.settings import Settings

_log = logging.getLogger("forebay.pool")

_SHORTEST, _LONGEST = 0.05, 5.0
_NEVER = float("inf")


class Deadlines:
    """Those of all clients and server connections of a hub; ``sweep(now)`` every ``interval()`` seconds."""

    __slots__ = ("_hub", "_idle", "_inside", "_login", "_next", "_query", "_settings")

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._take(hub.settings)

    def _take(self, settings: Settings) -> None:
        limits = settings.clients
        self._settings = settings
        self._login = limits.login_timeout
        self._idle = limits.idle_timeout or _NEVER
        self._inside = limits.idle_in_transaction_timeout or _NEVER
        self._query = limits.query_timeout or _NEVER
        self._next = 0.0  # before that, no client can be due

    def interval(self) -> float:
        """Seconds between sweeps: a fraction of the shortest limit, within bounds."""
        settings = self._hub.settings
        limits = settings.clients
        given = [
            limits.login_timeout,
            limits.idle_timeout,
            limits.idle_in_transaction_timeout,
            limits.query_timeout,
            limits.abandoned_query_timeout,
            settings.pool.connect_timeout,
        ]
        shortest = min(limit for limit in given if limit > 0)
        return min(max(shortest / 5, _SHORTEST), _LONGEST)

    def sweep(self, now: float) -> None:
        """End what has lasted too long."""
        hub = self._hub
        if hub.settings is not self._settings:
            self._take(hub.settings)
        if now >= self._next:
            self._check_clients(now)
        routes = hub.routes.by_key.values()
        counts = [route.pool.counts() for route in routes]
        somebody_waits = any(count.waiting > count.opening for count in counts)  # for one that is in use
        for route in routes:
            for server in list(route.connections):
                _check_server(route, server, somebody_waits, now)
        hub.routes.health.look(now)

    def _check_clients(self, now: float) -> None:
        """Whoever comes, or does something, from now on has the whole of a limit before him."""
        first = now + min(self._login, self._idle, self._inside, self._query)
        for client in list(self._hub.clients.values()):
            due = self._due(client)
            if now > due:
                _end(client, now)
            first = min(first, due)
        self._next = first

    def _due(self, client: Client) -> float:
        if client.closing or client.phase == LOGIN:  # a closing one should read what was said at the end
            return client.active + self._login
        if client.phase == BUSY:
            return client.began + self._query
        return client.active + (self._inside if client.in_transaction else self._idle)


def _end(client: Client, now: float) -> None:
    limits = client.hub.settings.clients
    if client.closing:
        client.abort()
    elif client.phase == LOGIN:
        client.fatal(LoginTimeout(f"The login took longer than {limits.login_timeout:g} s (clients.login_timeout)"))
    elif client.phase == BUSY:
        if client.server is not None:
            kill.interrupt(client)
    else:
        client.answer_sequence = 0
        client.fatal(_idle(client, now - client.active))


def _check_server(route: Route, server: ServerConnection, somebody_waits: bool, now: float) -> None:
    settings = route.hub.settings
    if server.closing:
        return
    if server.conversing:
        if now - server.asked_at > settings.pool.connect_timeout:
            _log.warning("%s: server connection %d does not answer, giving it up", route.name, server.connection_id)
            server.abort()
        return
    since = leaving.abandoned_at(server)
    if since is not None and somebody_waits and 0 < settings.clients.abandoned_query_timeout < now - since:
        _log.info("%s: ending server connection %d: its client has gone", route.name, server.connection_id)
        leaving.give_up(server)
        spawn(f"end server connection {server.connection_id}", kill.end(route, server))


def _idle(client: Client, silent: float) -> IdleTimeout:
    inside, setting = "", "idle_timeout"
    if client.in_transaction:
        inside, setting = " inside a transaction", "idle_in_transaction_timeout"
    told = f"The client was disconnected because it was silent for {silent:.0f} s{inside} (clients.{setting})"
    return IdleTimeout(told)
