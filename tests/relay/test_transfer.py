"""What the server is asked behind an error, when the client has gone before it answers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from proxy.errors import ServerLost
from proxy.relay import transfer


def test_a_connection_that_was_dropped_while_it_was_asked_is_left_alone() -> None:
    """Its client's KILL QUERY was on its way, so that nobody is to have it; then its talk ends with its end."""
    client: Any = SimpleNamespace(server=None)
    server: Any = SimpleNamespace(lingers_for=None)
    transfer._status_known(client, server, None, ServerLost())
    assert server.lingers_for is None
