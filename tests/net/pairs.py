"""A stream on one end of a real connection, and a plain socket on the other."""

from __future__ import annotations

import asyncio
import socket

from proxy.net.stream import Stream


async def connect(stream: Stream) -> socket.socket:
    """The other end of the stream, which does not block."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as door:
        peer = socket.create_connection(door.getsockname())
        accepted, _ = door.accept()
    accepted.setblocking(False)
    peer.setblocking(False)
    await loop.connect_accepted_socket(lambda: stream, accepted)  # type: ignore[arg-type, return-value]
    return peer
