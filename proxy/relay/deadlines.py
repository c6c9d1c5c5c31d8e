# cython: annotation_typing=False
"""Who takes too long: clients to log in, idle, idle in a transaction, or with one statement; servers to answer Forebay.

One sweep over all of them now and then, instead of a timer for each.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from proxy.errors import IdleTimeout, LoginTimeout
from proxy.net.server_connection import ServerConnection
from proxy.net.tasks import spawn
from proxy.relay import kill, leaving
from proxy.relay.phases import BUSY, IDLE, LOGIN

if TYPE_CHECKING:
    from proxy.relay.client import Client
    from proxy.relay.hub import Hub
    from proxy.relay.routes import Route

_log = logging.getLogger("forebay.pool")

_SHORTEST, _LONGEST = 0.05, 5.0
_NEVER = float("inf")


def interval(hub: Hub) -> float:
    """Seconds between sweeps: a fraction of the shortest limit, within bounds."""
    limits = hub.settings.clients
    given = [
        limits.login_timeout,
        limits.idle_timeout,
        limits.idle_in_transaction_timeout,
        limits.query_timeout,
        limits.abandoned_query_timeout,
        hub.settings.pool.connect_timeout,
    ]
    shortest = min(limit for limit in given if limit > 0)
    return min(max(shortest / 5, _SHORTEST), _LONGEST)


def sweep(hub: Hub, now: float) -> None:
    """End what has lasted too long."""
    _check_clients(hub, now)
    routes = hub.routes.by_key.values()
    counts = [route.pool.counts() for route in routes]
    somebody_waits = any(count.waiting > count.opening for count in counts)  # for one that is in use
    for route in routes:
        for server in list(route.connections):
            _check_server(route, server, somebody_waits, now)
    hub.routes.health.look(now)


def _check_clients(hub: Hub, now: float) -> None:
    """Most are idle, and nothing about them is looked at but since when."""
    limits = hub.settings.clients
    idle = limits.idle_timeout or _NEVER
    inside = limits.idle_in_transaction_timeout or _NEVER
    for client in list(hub.clients.values()):
        within = inside if client.in_transaction else idle
        if client.phase != IDLE or client.closing or now - client.active > within:
            _check(client, hub, now)


def _check(client: Client, hub: Hub, now: float) -> None:
    limits = hub.settings.clients
    silent = now - client.active
    if client.closing:
        if silent > limits.login_timeout:  # it does not read what was said at the end
            client.abort()
    elif client.phase == LOGIN:
        if silent > limits.login_timeout:
            client.fatal(LoginTimeout(f"The login took longer than {limits.login_timeout:g} s (clients.login_timeout)"))
    elif client.phase == BUSY:
        if 0 < limits.query_timeout < now - client.began and client.server is not None:
            kill.interrupt(client)
    elif client.phase == IDLE and client.in_transaction:
        if 0 < limits.idle_in_transaction_timeout < silent:
            client.answer_sequence = 0
            client.fatal(_idle(silent, "inside a transaction", "clients.idle_in_transaction_timeout"))
    elif client.phase == IDLE and 0 < limits.idle_timeout < silent:
        client.answer_sequence = 0
        client.fatal(_idle(silent, "", "clients.idle_timeout"))


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


def _idle(silent: float, where: str, setting: str) -> IdleTimeout:
    inside = f" {where}" if where else ""
    return IdleTimeout(f"The client was disconnected because it was silent for {silent:.0f} s{inside} ({setting})")
