"""A stream on a real loop and real sockets: how much it takes at once."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest
import uvloop

from proxy.net.stream import Stream
from proxy.wire.compression import Compression, algorithm
from tests.net.pairs import connect

PIECE = 65536
PILE = 2_000_000


class Counting(Stream):
    """Notes what came in which turn of the loop."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = 0
        self.came: dict[int, int] = {}

    def received(self, data: bytes) -> None:
        self.came[self.turn] = self.came.get(self.turn, 0) + len(data)

    def lost(self, exc: Exception | None) -> None:
        pass

    async def all_of(self, size: int) -> None:
        """Read on until so many bytes have come."""
        self.resume_reading()
        while sum(self.came.values()) < size:
            await asyncio.sleep(0)
            self.turn += 1


def pile_up(peer: socket.socket, stream: Stream) -> int:
    """Fill the kernel's buffers; how many bytes that took."""
    stream.pause_reading()
    size = 0
    peer.setblocking(False)
    while size < PILE:
        try:
            size += peer.send(bytes(65536))
        except BlockingIOError:
            break
    return size


async def ended(peer: socket.socket, stream: Counting) -> None:
    stream.abort()
    peer.close()
    await asyncio.sleep(0)


def test_a_pile_is_read_in_turns() -> None:
    """Else everybody waits while one stream's megabytes are read."""

    async def trial() -> Counting:
        stream = Counting()
        peer = await connect(stream)
        size = pile_up(peer, stream)
        assert size > 8 * PIECE
        await asyncio.wait_for(stream.all_of(size), 20)
        await ended(peer, stream)
        return stream

    # What is counted as one turn may be the end of one and the beginning of the next.
    assert max(uvloop.run(trial()).came.values()) <= 2 * PIECE


def test_what_has_to_be_unpacked_is_taken_in_pieces() -> None:
    """Decrypting and unpacking a full buffer takes several times as long as reading it."""
    packet = (16000).to_bytes(3, "little") + b"\0\0\0\0" + bytes(16000)

    async def trial() -> Counting:
        stream = Counting()
        peer = await connect(stream)
        stream.start_compression(Compression(algorithm("zlib"), asks=True))
        stream.pause_reading()
        peer.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            sent = 0
            while sent < PILE:
                sent += peer.send((packet * 100)[sent % len(packet) :])
        await asyncio.wait_for(stream.all_of(sent // len(packet) * 16000), 20)
        await ended(peer, stream)
        return stream

    assert max(uvloop.run(trial()).came.values()) <= 2 * PIECE + 16000


@pytest.mark.parametrize("resumes_first", [True, False])
def test_a_stream_that_waits_for_its_turn_is_paused_and_resumed(resumes_first: bool) -> None:
    """Whoever pauses it while more waits for its next turn finds it paused; it reads on once it is resumed."""

    class Pausing(Counting):
        def received(self, data: bytes) -> None:
            is_first = not self.came
            super().received(data)
            if is_first:
                self.pause_reading()
                if resumes_first:
                    self.resume_reading()

    async def trial() -> None:
        stream = Pausing()
        peer = await connect(stream)
        size = pile_up(peer, stream)
        await asyncio.wait_for(stream.all_of(1), 20)
        if not resumes_first:
            before = sum(stream.came.values())
            for _ in range(20):
                await asyncio.sleep(0)
            assert sum(stream.came.values()) == before
            await asyncio.wait_for(stream.all_of(size), 20)
        await ended(peer, stream)

    uvloop.run(trial())
