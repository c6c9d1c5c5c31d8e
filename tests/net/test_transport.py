"""Transports on real sockets: nothing is lost or told twice, in any order of reading, pausing, closing and breaking."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvloop

from proxy.net.transport import SIZE, Protocol, Sink, Transport, buffer
from tests.net.pairs import attach, until

DEADLINE = 20.0


class Notes(Protocol):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.came = bytearray()
        self.chunks: list[int] = []
        self.told: list[str] = []
        self.error: Exception | None = None
        self.on_data: Callable[[bytes], None] = lambda data: None

    def data_received(self, data: bytes) -> None:
        assert "lost" not in self.told
        self.came += data
        self.chunks.append(len(data))
        self.on_data(data)

    def eof_received(self) -> None:
        self.told.append("eof")

    def connection_lost(self, exc: Exception | None) -> None:
        self.error = exc
        self.told.append("lost")

    def pause_writing(self) -> None:
        self.told.append("pause")

    def resume_writing(self) -> None:
        self.told.append("resume")


class Talk:
    """A transport and the other end of its connection."""

    def __init__(self) -> None:
        self.notes = Notes()
        self.transport, self.peer = attach(self.notes)

    async def lost(self) -> None:
        await until(lambda: "lost" in self.notes.told)

    async def receive(self, size: int) -> bytes:
        loop, data = asyncio.get_running_loop(), bytearray()
        while len(data) < size and (chunk := await loop.sock_recv(self.peer, 1 << 16)):
            data += chunk
        return bytes(data)

    def reset(self) -> None:
        """Break the connection as a crashing host does."""
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.peer.close()


def run(trial: Callable[[Talk], Awaitable[Any]]) -> Talk:
    async def whole() -> Talk:
        talk = Talk()
        try:
            await asyncio.wait_for(trial(talk), DEADLINE)
        finally:
            talk.peer.close()
            talk.transport.abort()
            await talk.lost()
        return talk

    return uvloop.run(whole())


def test_what_is_written_arrives() -> None:
    async def trial(talk: Talk) -> None:
        talk.transport.write(b"one")
        talk.transport.write(bytearray(b"two"))
        talk.transport.write_part(b"three and more", 5)
        assert await talk.receive(11) == b"onetwothree"
        assert talk.transport.unsent == 0

    run(trial)


def test_what_comes_is_told() -> None:
    async def trial(talk: Talk) -> None:
        talk.peer.send(b"hello")
        await until(lambda: talk.notes.came == b"hello")
        talk.peer.shutdown(socket.SHUT_WR)
        await talk.lost()

    talk = run(trial)
    assert talk.notes.told == ["eof", "lost"]
    assert talk.notes.error is None


def test_the_last_bytes_come_before_the_end() -> None:
    """Also when both have come before anybody looks, and fill the buffer exactly."""
    for size in (1, SIZE - 1, SIZE, SIZE + 1, 3 * SIZE):

        async def trial(talk: Talk, size: int = size) -> None:
            talk.peer.setblocking(True)
            await asyncio.to_thread(talk.peer.sendall, bytes(size))
            talk.peer.close()
            await talk.lost()

        talk = run(trial)
        assert len(talk.notes.came) == size
        assert talk.notes.told == ["eof", "lost"]


def test_a_slow_peer_pauses_the_protocol_and_gets_every_byte() -> None:
    sent = random.Random(1).randbytes(20_000_000)

    async def trial(talk: Talk) -> None:
        talk.transport.write(sent[:19_000_000])
        assert talk.notes.told == ["pause"]
        changing = bytearray(sent[19_000_000:])
        talk.transport.write_part(changing, len(changing))
        changing[:] = bytes(len(changing))  # what was written may change
        assert talk.transport.unsent > 0
        received = await talk.receive(len(sent))
        assert received == sent
        assert talk.notes.told == ["pause", "resume"]
        assert talk.transport.unsent == 0

    run(trial)


def test_for_a_slow_peer_the_kernel_takes_little() -> None:
    """From the first time on that there was no room for 20 ms."""
    sent = bytes(20_000_000)

    async def trial(talk: Talk) -> None:
        talk.transport.write(sent)
        await asyncio.sleep(0.1)
        received = await talk.receive(len(sent))
        assert len(received) == len(sent)
        with socket.fromfd(talk.transport.descriptor, socket.AF_INET, socket.SOCK_STREAM) as same:
            bound = same.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT)
        assert bound == 128 * 1024

    run(trial)


@pytest.mark.parametrize("size", [1, 20_000_000])
def test_close_sends_what_waits_and_reads_nothing_more(size: int) -> None:
    """What comes too late is thrown away, because a kernel that finds it unread resets the connection."""

    async def trial(talk: Talk) -> None:
        sent = bytes(size)
        talk.transport.write(sent)
        talk.transport.close()
        talk.transport.close()
        talk.peer.send(b"too late")
        received = await talk.receive(len(sent) + 1)
        assert received == sent
        await talk.lost()

    talk = run(trial)
    assert talk.notes.came == b""
    assert talk.notes.told.count("lost") == 1


def test_a_peer_that_sends_no_more_still_gets_what_waits() -> None:
    """A half-closed connection is no broken one."""
    sent = bytes(20_000_000)

    async def trial(talk: Talk) -> None:
        talk.transport.write(sent)
        talk.transport.close()
        talk.peer.shutdown(socket.SHUT_WR)
        received = await talk.receive(len(sent) + 1)
        assert received == sent

    run(trial)


def test_abort_drops_what_waits() -> None:
    async def trial(talk: Talk) -> None:
        talk.transport.write(bytes(20_000_000))
        talk.transport.abort()
        assert "lost" not in talk.notes.told  # nothing is told in the middle of a call
        await talk.lost()
        talk.transport.write(b"into the void")
        talk.transport.close()
        talk.transport.abort()

    talk = run(trial)
    assert talk.notes.told.count("lost") == 1
    assert talk.transport.descriptor == -1


@pytest.mark.parametrize("waits", [0, 20_000_000])
def test_a_broken_connection_is_told_with_its_error(waits: int) -> None:
    async def trial(talk: Talk) -> None:
        talk.transport.write(bytes(waits))
        talk.reset()
        await talk.lost()

    assert isinstance(run(trial).notes.error, ConnectionError)


def test_writing_to_a_broken_connection_is_told_later() -> None:
    async def trial(talk: Talk) -> None:
        talk.transport.pause_reading()
        talk.reset()
        while not talk.transport.closing:
            talk.transport.write(b"x")
        assert "lost" not in talk.notes.told
        await talk.lost()

    assert isinstance(run(trial).notes.error, OSError)


def test_a_closing_transport_ends_with_its_connection() -> None:
    async def trial(talk: Talk) -> None:
        talk.transport.write(bytes(20_000_000))
        talk.transport.close()
        talk.reset()
        await talk.lost()

    run(trial)


def test_pausing_leaves_it_in_the_kernel() -> None:
    async def trial(talk: Talk) -> None:
        talk.transport.pause_reading()
        talk.peer.send(b"early")
        for _ in range(50):
            await asyncio.sleep(0)
        assert talk.notes.came == b""
        talk.transport.resume_reading()
        assert talk.notes.came == b""  # not in the middle of a call
        await until(lambda: talk.notes.came == b"early")
        talk.transport.resume_reading()

    run(trial)


def test_the_end_of_a_paused_connection_is_told_when_it_is_resumed() -> None:
    async def trial(talk: Talk) -> None:
        talk.transport.pause_reading()
        talk.peer.send(b"last words")
        talk.peer.close()
        for _ in range(50):
            await asyncio.sleep(0)
        assert talk.notes.told == []
        talk.transport.resume_reading()
        await talk.lost()
        assert talk.notes.came == b"last words"

    run(trial)


def test_many_pauses_lose_nothing() -> None:
    """Every chunk pauses, and a task resumes at any time."""
    sent = random.Random(2).randbytes(2_000_000)

    async def trial(talk: Talk) -> None:
        talk.notes.on_data = lambda data: talk.transport.pause_reading()
        loop = asyncio.get_running_loop()
        sending = loop.create_task(loop.sock_sendall(talk.peer, sent))
        dice = random.Random(3)
        while len(talk.notes.came) < len(sent):
            if dice.random() < 0.5:
                talk.transport.resume_reading()
                if dice.random() < 0.3:
                    talk.transport.pause_reading()
            await asyncio.sleep(0)
        await sending
        assert talk.notes.came == sent
        assert max(talk.notes.chunks) <= SIZE

    run(trial)


def test_closing_in_the_middle_of_a_chunk_ends_it() -> None:
    async def trial(talk: Talk) -> None:
        talk.notes.on_data = lambda data: talk.transport.close()
        talk.peer.setblocking(True)
        await asyncio.to_thread(talk.peer.sendall, bytes(2 * SIZE))
        await talk.lost()

    assert len(run(trial).notes.chunks) == 1


def test_a_protocol_that_fails_loses_its_connection_only() -> None:
    async def trial(talk: Talk) -> None:
        told: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context))

        def fail(data: bytes) -> None:
            raise ValueError("a mistake")

        talk.notes.on_data = fail
        other = Notes()
        transport, peer = attach(other)
        talk.peer.send(b"x")
        await talk.lost()
        assert [str(context["exception"]) for context in told] == ["a mistake"]
        peer.send(b"still here")
        await until(lambda: other.came == b"still here")
        transport.abort()
        peer.close()
        await until(lambda: other.told == ["lost"])

    assert isinstance(run(trial).notes.error, ValueError)


class Half(Sink):
    """Takes what comes in pairs of bytes, and leaves an odd one over for the next time."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.pairs = bytearray()
        self.left = b""

    def head(self) -> int:
        buffer[: len(self.left)] = self.left
        return len(self.left)

    def take(self, size: int) -> None:
        size += len(self.left)
        even = size & ~1
        self.pairs += buffer[:even]
        self.left = bytes(buffer[even:size])


def test_a_sink_finds_the_bytes_in_the_buffer() -> None:
    sent = random.Random(4).randbytes(1_000_000)

    async def trial(talk: Talk) -> None:
        sink = Half(talk.transport)
        talk.transport.sink = sink
        loop = asyncio.get_running_loop()
        sending = loop.create_task(loop.sock_sendall(talk.peer, sent))
        await until(lambda: len(sink.pairs) == len(sent))
        await sending
        assert sink.pairs == sent
        assert talk.notes.came == b""
        talk.transport.sink = None
        talk.peer.send(b"again")
        await until(lambda: talk.notes.came == b"again")

    run(trial)


def test_a_descriptor_belongs_to_whoever_comes_next() -> None:
    """Many connections, most of them short: nobody is told what happens to another one."""

    async def trial(talk: Talk) -> None:
        dice = random.Random(5)
        alive: list[tuple[Notes, Transport, socket.socket, bytes]] = []
        for number in range(600):
            notes = Notes()
            transport, peer = attach(notes)
            word = b"%d;" % number
            peer.send(word)
            alive.append((notes, transport, peer, word))
            if dice.random() < 0.7:
                gone = alive.pop(dice.randrange(len(alive)))
                gone[1].abort() if dice.random() < 0.5 else gone[2].close()
                gone[2].close()
            if dice.random() < 0.3:
                await asyncio.sleep(0)
            assert all(word.startswith(bytes(notes.came)) for notes, *_, word in alive)
        await until(lambda: all(notes.came == word for notes, *_, word in alive))
        for _, transport, peer, _ in alive:
            transport.abort()
            peer.close()
        await until(lambda: all(notes.told[-1:] == ["lost"] for notes, *_ in alive))

    run(trial)
