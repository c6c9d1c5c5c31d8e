# cython: annotation_typing=False
"""What a client's class calls in modules that name the class itself: dispatching, lending, sending, executing.

Decides nothing. A client knows this class, ``linked`` has the one that knows those modules; so what is called with
every query is a C call where all of them are compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxy.net.server_connection import ServerConnection
    from proxy.relay.client import Client


class Links:
    """See the module."""

    __slots__ = ()

    def dispatch(self, client: Client, packet: bytes, command: int) -> None:
        """``commands.dispatch``"""
        raise NotImplementedError

    def lend(self, client: Client, server: ServerConnection) -> None:
        """``lending.lend``"""
        raise NotImplementedError

    def send(self, client: Client, server: ServerConnection) -> None:
        """``transfer.send``"""
        raise NotImplementedError

    def execute_on(self, client: Client, server: ServerConnection) -> None:
        """``executing.execute_on``"""
        raise NotImplementedError
