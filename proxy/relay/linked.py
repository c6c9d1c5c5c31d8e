# cython: annotation_typing=False
"""The one kind of ``Links`` there is; a module of its own because these modules name Client and Client names Links.

Decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.net.server_connection import ServerConnection
from proxy.relay import commands, executing, lending, transfer
from proxy.relay.links import Links

if TYPE_CHECKING:
    from proxy.relay.client import Client


class Linked(Links):
    """See ``Links``."""

    __slots__ = ()

    def dispatch(self, client: Client, packet: bytes, command: int) -> None:
        commands.dispatch(client, packet, command)

    def lend(self, client: Client, server: ServerConnection) -> None:
        lending.lend(client, server)

    def send(self, client: Client, server: ServerConnection) -> None:
        transfer.send(client, server)

    def execute_on(self, client: Client, server: ServerConnection) -> None:
        executing.execute_on(client, server)
