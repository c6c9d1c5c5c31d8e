"""Packets in and out of one blocking socket, whichever side of a connection it is."""

from __future__ import annotations

import socket

from proxy.wire.frames import frame


class PacketSocket:
    """What is written takes the number after the packet that was read or written last."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.sequence = 0

    def write(self, payload: bytes) -> None:
        self.socket.sendall(frame(payload, self.sequence))
        self.sequence += 1

    def read(self) -> bytes:
        head = self.exactly(4)
        self.sequence = head[3] + 1
        return self.exactly(int.from_bytes(head[:3], "little"))

    def exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise ConnectionError("the other side closed the connection")
            data += more
        return data

    def close(self) -> None:
        self.socket.close()
