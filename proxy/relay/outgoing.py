# cython: annotation_typing=False
"""The command under way as the server connection at hand is to get it.

Decides the bytes on the wire only: query attributes, for a server connection that looks for them, and the comment that
says whose statement it is. Inside Forebay a command has neither, so that its text is where it always is; what the
client wrote is kept beside it. It does not know what a command does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from proxy.net.server_connection import ServerConnection
from proxy.wire import attributes, executions
from proxy.wire.constants import COM_QUERY, COM_STMT_EXECUTE
from proxy.wire.frames import frame

if TYPE_CHECKING:
    from proxy.relay.client import Client

_PROGRAM_NAMES = ("program_name", "_program_name")  # most drivers; MySQL Connector/J
_LONGEST_NAME = 64
_LONGEST_COMMENTED = 1 << 20  # a comment is not worth a copy of more, or an error for being too long
_UNSAFE = re.compile(r"[^\w.:@-]", re.ASCII)
_BEGIN = bytes((COM_QUERY,))


def packet(client: Client, server: ServerConnection) -> bytes:
    """The framed command; ``client.packet`` where nothing is to be added."""
    if client.comment and client.command == COM_QUERY and _takes_comment(client):
        return _commented(client, server)
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


def _takes_comment(client: Client) -> bool:
    """A text without a statement is refused; with a comment it would be none."""
    return len(client.packet) < _LONGEST_COMMENTED and client.traits is not None and client.traits.verb != b""


def _commented(client: Client, server: ServerConnection) -> bytes:
    commented = frame(_BEGIN + client.comment + executions.text(client.packet))
    if not server.query_attributes:
        return commented
    if client.attributed:
        return attributes.with_those_of(client.attributed, commented)
    return attributes.with_none(commented)


def comment(client: Client) -> bytes:
    """What the server's lists and logs are to tell of a client: its number, user, address and program.

    What a client says about itself cannot end the comment: letters, digits and a few signs are left of it.
    """
    told = dict(client.attributes)
    program = next((told[name] for name in _PROGRAM_NAMES if name in told), "")
    names = [_UNSAFE.sub("_", name[:_LONGEST_NAME]) for name in (client.user, client.peer, program)]
    return f"/* client {client.id} {names[0]}@{names[1]}{' ' if program else ''}{names[2]} */ ".encode()


def take_query(client: Client) -> None:
    """Put the attributes of a COM_QUERY aside. Raises MalformedPacket."""
    client.attributed = client.packet
    client.packet = attributes.plain_query(client.packet)


def take_execution(client: Client, parameters: int) -> None:
    """The same for a COM_STMT_EXECUTE. Raises MalformedPacket or ServerRefused."""
    client.attributed = client.packet
    client.packet = attributes.plain_execution(client.packet, parameters)
