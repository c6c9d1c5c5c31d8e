"""A stream on one end of a real connection, and a plain socket on the other."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from proxy.net.poller import running
from proxy.net.stream import Stream
from proxy.net.transport import Protocol, Transport


def attach(protocol: Protocol) -> tuple[Transport, socket.socket]:
    """A transport for the protocol, and the other end of its connection, which does not block."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        peer = socket.create_connection(door.getsockname())
        accepted, _ = door.accept()
    accepted.setblocking(False)
    peer.setblocking(False)
    transport = Transport(accepted.detach(), protocol, running())
    transport.start()
    return transport, peer


async def connect(stream: Stream) -> socket.socket:
    """The other end of the stream, which does not block."""
    transport, peer = attach(stream)
    stream.connection_made(transport)
    return peer


async def until(condition: Callable[[], bool]) -> int:
    """Turns of the loop until ``condition()`` holds."""
    turns = 0
    while not condition():
        await asyncio.sleep(0)
        turns += 1
    return turns
