"""The command under way as the server connection at hand is to get it.

Decides the bytes on the wire only: query attributes, for a server connection that looks for them. Inside Forebay a
command has none, so that its text is where it always is; what the client wrote is kept beside it. It does not know what
a command does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.net.server_connection import ServerConnection
from proxy.wire import attributes, executions
from proxy.wire.constants import COM_QUERY, COM_STMT_EXECUTE

if TYPE_CHECKING:
    from proxy.relay.client import Client


def packet(client: Client, server: ServerConnection) -> bytes:
    """The framed command. For a server connection that looks for no attributes it is ``client.packet``."""
    if not server.query_attributes:
        return client.packet
    if client.command == COM_QUERY:
        return client.attributed or attributes.with_none(client.packet)
    statement = client.statement
    if client.command != COM_STMT_EXECUTE or statement is None:
        return client.packet
    if client.attributed:
        return executions.with_id(client.attributed, executions.statement_id(client.packet))
    return attributes.execution_with_none(client.packet, statement.definition.parameters)


def take_query(client: Client) -> None:
    """Put the attributes of a COM_QUERY aside. Raises MalformedPacket."""
    client.attributed = client.packet
    client.packet = attributes.plain_query(client.packet)


def take_execution(client: Client, parameters: int) -> None:
    """The same for a COM_STMT_EXECUTE. Raises MalformedPacket or ServerRefused."""
    client.attributed = client.packet
    client.packet = attributes.plain_execution(client.packet, parameters)
