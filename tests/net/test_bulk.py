"""Rows in bulk, on a real loop and real sockets: they arrive whole, in bounds of memory and time, and the way back."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest
import uvloop

from proxy.net import bulk
from proxy.net.server_connection import ServerConnection
from proxy.net.stream import Stream
from proxy.wire import replies
from proxy.wire.frames import frame_all
from tests.net.pairs import connect, until

DEADLINE = 30.0
MOST = 131_072  # bytes that may wait for a client
AT_ONCE = 2 * 65_536  # bytes of one answer in what is counted as one turn: the end of one and the beginning of the next
HEAD = [b"\x01", b"\x03def"]
ROWS = [b"%d" % number + b"x" * (number % 700) for number in range(6_000)]
LONG = [b"\xfd" + bytes(300_000), *ROWS[:100]]
OK = b"\xfe\x00\x00\x02\x00\x00\x00"
EOF = b"\xfe\x00\x00\x02\x00"
ERR = b"\xff\x28\x04#42000no such thing"


class Client(Stream):
    """Says nothing."""

    def received(self, data: bytes) -> None:
        raise AssertionError(data)

    def lost(self, exc: Exception | None) -> None:
        pass


class Talk:
    """Both connections, and the other ends of them."""

    def __init__(self) -> None:
        self.server = ServerConnection()
        self.server.read_answers()
        self.client = Client()
        self.began = 0  # how often rows have passed in bulk
        self.done = asyncio.Event()

    async def connect(self) -> None:
        self.from_server = await connect(self.server)
        self.to_client = await connect(self.client)

    def ask(self, old: bool) -> None:
        self.done.clear()
        self.server.reply.status = 2
        self.server.reply.begin(replies.QUERY, old, None)
        self.server.answering = self.answered
        self.client.throttle(self.server)

    def answered(self, data: bytes) -> None:
        reply = self.server.reply
        self.client.write(reply.feed(data))
        if reply.done:
            self.server.answering = None
            self.client.throttle(None)
            self.done.set()
        elif self.server.transport.sink is None:
            bulk.begin(self.server, self.client)
            self.began += self.server.transport.sink is not None

    def close(self) -> None:
        self.server.on_lost = None
        for stream in (self.server, self.client):
            stream.abort()
        self.from_server.close()
        self.to_client.close()


async def receive(peer: socket.socket, size: int, pause: float = 0) -> bytes:
    loop = asyncio.get_running_loop()
    data = bytearray()
    while len(data) < size:
        chunk = await loop.sock_recv(peer, 1 << 16)
        assert chunk
        data += chunk
        await asyncio.sleep(pause)
    return bytes(data)


def run(trial: Callable[[Talk], Awaitable[None]]) -> None:
    async def whole() -> None:
        talk = Talk()
        await talk.connect()
        try:
            await asyncio.wait_for(trial(talk), DEADLINE)
        finally:
            talk.close()
            await asyncio.sleep(0)

    uvloop.run(whole())


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("rows", [ROWS, LONG])
@pytest.mark.parametrize("end", [OK, ERR])
def test_answers_arrive_whole(old: bool, rows: list[bytes], end: bytes) -> None:
    """One after the other, so that the first does not change the way of the second."""
    stream = frame_all([*HEAD, *rows, end], 1)
    last = EOF if old and end == OK else end
    expected = frame_all([*HEAD, EOF, *rows, last] if old else [*HEAD, *rows, end], 1)

    async def trial(talk: Talk) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(2):
            talk.ask(old)
            sending = loop.create_task(loop.sock_sendall(talk.from_server, stream))
            whole = await receive(talk.to_client, len(expected)) == expected
            assert whole
            await sending
            await talk.done.wait()
            assert talk.server.reply.rows == len(rows)
            assert (talk.server.reply.error is not None) == (end == ERR)
            assert talk.server.transport.sink is None
        assert talk.began >= 2
        assert talk.client.sent_bytes == 2 * len(expected)
        assert talk.server.received_bytes == 2 * len(stream)

    run(trial)


@pytest.mark.parametrize("old", [False, True])
def test_a_slow_client_stops_the_server(old: bool) -> None:
    """What it has not taken waits in bounded memory, and it gets every byte."""
    rows = ROWS * 6
    stream = frame_all([*HEAD, *rows, OK], 1)
    expected = frame_all([*HEAD, EOF, *rows, EOF] if old else [*HEAD, *rows, OK], 1)

    async def trial(talk: Talk) -> None:
        loop = asyncio.get_running_loop()
        for stalled, size in ((talk.to_client, socket.SO_RCVBUF), (talk.from_server, socket.SO_SNDBUF)):
            stalled.setsockopt(socket.SOL_SOCKET, size, 1 << 14)
        talk.ask(old)
        sending = loop.create_task(loop.sock_sendall(talk.from_server, stream))
        await until(lambda: talk.client.write_paused)
        for _ in range(100):
            await asyncio.sleep(0)
            assert talk.client.buffered() < MOST
        assert not sending.done()
        whole = await receive(talk.to_client, len(expected)) == expected
        assert whole
        await sending
        await talk.done.wait()

    run(trial)


def test_one_stream_leaves_turns_to_others() -> None:
    """At most a buffer of what has piled up is passed on in one turn of the loop."""
    pile = frame_all([*HEAD, *ROWS], 1)

    async def trial(talk: Talk) -> None:
        loop = asyncio.get_running_loop()
        talk.ask(False)
        reading = loop.create_task(receive(talk.to_client, len(pile)))
        await loop.sock_sendall(talk.from_server, pile[:1000])
        await until(lambda: talk.began > 0)
        talk.server.pause_reading()
        sending = loop.create_task(loop.sock_sendall(talk.from_server, pile[1000:]))
        for _ in range(100):
            await asyncio.sleep(0)
        talk.server.resume_reading()
        most, before = 0, talk.server.received_bytes
        while before < len(pile):
            await asyncio.sleep(0)
            most = max(most, talk.server.received_bytes - before)
            before = talk.server.received_bytes
        assert most <= AT_ONCE
        await sending
        await reading

    run(trial)


def test_a_client_that_goes_leaves_the_rest_to_others() -> None:
    """Not a byte is lost for who reads the answer to its end."""
    stream = frame_all([*HEAD, *ROWS, OK], 1)

    async def trial(talk: Talk) -> None:
        loop = asyncio.get_running_loop()
        talk.ask(True)
        sending = loop.create_task(loop.sock_sendall(talk.from_server, stream[:500_000]))
        await receive(talk.to_client, 100_000)
        assert talk.began

        def drain(data: bytes) -> None:
            talk.server.reply.feed(data)
            if talk.server.reply.done:
                talk.done.set()

        talk.client.throttle(None)
        talk.server.resume_reading()
        talk.server.answering = drain
        talk.client.abort()
        await sending
        await loop.sock_sendall(talk.from_server, stream[500_000:])
        await talk.done.wait()
        assert talk.server.transport.sink is None
        assert talk.server.reply.rows == len(ROWS)

    run(trial)


def test_a_server_that_is_lost() -> None:
    async def trial(talk: Talk) -> None:
        loop = asyncio.get_running_loop()
        lost = asyncio.Event()
        talk.server.on_lost = lambda _: lost.set()
        talk.ask(True)
        await loop.sock_sendall(talk.from_server, frame_all([*HEAD, *ROWS[:3000]], 1))
        await receive(talk.to_client, 100_000)
        assert talk.began
        talk.from_server.close()
        await lost.wait()
        assert talk.server.closing

    run(trial)


def test_only_plain_rows_go_in_bulk() -> None:
    async def trial(talk: Talk) -> None:
        talk.ask(True)
        bulk.begin(talk.server, talk.client)  # no row has come yet
        assert talk.server.transport.sink is None

    run(trial)
