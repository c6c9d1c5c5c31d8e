"""Clients that take too long: to log in, idle, idle in a transaction, or with one statement.

One sweep over all clients now and then, instead of a timer for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.errors import IdleTimeout, LoginTimeout
from proxy.relay import kill
from proxy.relay.phases import BUSY, IDLE, LOGIN

if TYPE_CHECKING:
    from proxy.relay.client import Client
    from proxy.relay.hub import Hub

_SHORTEST, _LONGEST = 0.05, 5.0


def interval(hub: Hub) -> float:
    """Seconds between sweeps: a fraction of the shortest limit, within bounds."""
    limits = hub.settings.clients
    given = [limits.login_timeout, limits.idle_timeout, limits.idle_in_transaction_timeout, limits.query_timeout]
    shortest = min(limit for limit in given if limit > 0)
    return min(max(shortest / 10, _SHORTEST), _LONGEST)


def sweep(hub: Hub, now: float) -> None:
    """End what has lasted too long."""
    for client in list(hub.clients.values()):
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


def _idle(silent: float, where: str, setting: str) -> IdleTimeout:
    inside = f" {where}" if where else ""
    return IdleTimeout(f"The client was disconnected because it was silent for {silent:.0f} s{inside} ({setting})")
