"""Listening on real addresses: who comes in is told from where, and what happens where nobody can."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import uvloop

from proxy.net.listener import Listener
from proxy.net.stream import Stream
from proxy.net.transport import Transport
from tests.net.pairs import until

DEADLINE = 20.0


class Guest(Stream):
    """Says hello."""

    def __init__(self, guests: list[Guest], is_unix: bool) -> None:
        super().__init__()
        self.is_unix = is_unix
        self.guests = guests

    def connection_made(self, transport: Transport) -> None:
        super().connection_made(transport)
        self.guests.append(self)
        self.write(b"hello")

    def received(self, data: bytes) -> None:
        self.write(data)

    def lost(self, exc: Exception | None) -> None:
        self.guests.remove(self)


@contextlib.contextmanager
def few_descriptors(more: int) -> Iterator[None]:
    """Room for so many more descriptors than the next one's number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as probe:
        next_one = probe.fileno()
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_one + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def run(address: str, trial: Callable[[Listener, list[Guest]], Awaitable[None]]) -> None:
    async def whole() -> None:
        guests: list[Guest] = []
        listener = Listener(address, lambda is_unix: Guest(guests, is_unix))
        await listener.start()
        try:
            await asyncio.wait_for(trial(listener, guests), DEADLINE)
        finally:
            listener.close()
            for guest in list(guests):
                guest.abort()
            await until(lambda: not guests)

    uvloop.run(whole())


async def hello(family: int, where: object) -> socket.socket:
    loop = asyncio.get_running_loop()
    peer = socket.socket(family)
    peer.setblocking(False)
    try:
        await loop.sock_connect(peer, where)
        assert await loop.sock_recv(peer, 100) == b"hello"
    except BaseException:
        peer.close()
        raise
    return peer


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", socket.AF_INET), ("[::1]", socket.AF_INET6)])
def test_a_client_is_let_in_and_its_host_known(host: str, family: int) -> None:
    async def trial(listener: Listener, guests: list[Guest]) -> None:
        bare = host.strip("[]")
        port = int(listener.address.rpartition(":")[2])
        assert listener.address == f"{host}:{port}"
        with await hello(family, (bare, port)):
            assert [(guest.transport.host, guest.is_unix) for guest in guests] == [(bare, False)]
            descriptor = socket.fromfd(guests[0].transport.descriptor, family, socket.SOCK_STREAM)
            with descriptor:
                assert descriptor.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    run(f"{host}:0", trial)


def test_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "forebay.sock"
    with socket.socket(socket.AF_UNIX) as stale:  # one that outlived its process
        stale.bind(str(path))

    async def trial(listener: Listener, guests: list[Guest]) -> None:
        assert path.stat().st_mode & 0o777 == 0o666
        with await hello(socket.AF_UNIX, str(path)):
            assert [(guest.transport.host, guest.is_unix) for guest in guests] == [("", True)]

    run(f"unix:{path}", trial)
    assert not path.exists()


def test_an_address_that_is_taken() -> None:
    async def trial(listener: Listener, guests: list[Guest]) -> None:
        with pytest.raises(OSError, match="in use"):
            await Listener(listener.address, lambda is_unix: Guest(guests, is_unix)).start()

    run("127.0.0.1:0", trial)


def test_closing_keeps_who_is_in() -> None:
    async def trial(listener: Listener, guests: list[Guest]) -> None:
        port = int(listener.address.rpartition(":")[2])
        with await hello(socket.AF_INET, ("127.0.0.1", port)) as peer:
            listener.close()
            with pytest.raises(ConnectionRefusedError):
                await hello(socket.AF_INET, ("127.0.0.1", port))
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(peer, b"still")
            assert await loop.sock_recv(peer, 100) == b"still"

    run("127.0.0.1:0", trial)


def test_without_descriptors_the_door_stays_shut_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    """The loop does not spin, those inside are served, and who waited comes in later."""

    async def trial(listener: Listener, guests: list[Guest]) -> None:
        loop = asyncio.get_running_loop()
        port = int(listener.address.rpartition(":")[2])
        with await hello(socket.AF_INET, ("127.0.0.1", port)) as inside, socket.socket() as outside:
            with few_descriptors(0):
                outside.setblocking(False)
                await loop.sock_connect(outside, ("127.0.0.1", port))
                await until(lambda: bool(caplog.records))
                await loop.sock_sendall(inside, b"served")
                assert await loop.sock_recv(inside, 100) == b"served"
                assert len(caplog.records) == 1
            assert await loop.sock_recv(outside, 100) == b"hello"

    run("127.0.0.1:0", trial)


def test_a_stream_that_fails_at_the_door_is_closed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Guest.connection_made

    def fail(guest: Guest, transport: Transport) -> None:
        made(guest, transport)
        raise ValueError("a mistake")

    async def trial(listener: Listener, guests: list[Guest]) -> None:
        loop = asyncio.get_running_loop()
        told: list[str] = []
        loop.set_exception_handler(lambda _, context: told.append(str(context["exception"])))
        where = ("127.0.0.1", int(listener.address.rpartition(":")[2]))
        with monkeypatch.context() as patched:
            patched.setattr(Guest, "connection_made", fail)
            with socket.socket() as first:
                first.setblocking(False)
                await loop.sock_connect(first, where)
                assert await loop.sock_recv(first, 100) == b""
        assert told == ["a mistake"]
        with await hello(socket.AF_INET, where):
            assert len(guests) == 1

    run("127.0.0.1:0", trial)
