from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy import web
from proxy.status import StatusServer

BODY = b"# some metrics\n" * 1000


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class World:
    """A web port over a proxy that the test plays."""

    def __init__(self, listen: str = "127.0.0.1:0") -> None:
        self.health = (True, "alive")
        self.readiness = (False, "no target answers")
        self.begun: list[str] = []
        self.server = StatusServer(
            listen,
            lambda: ("text/plain; version=0.0.4", BODY),
            lambda: self.health,
            lambda: self.readiness,
            lambda: self.begun.append("drain"),
            lambda: self.begun.append("quit"),
        )

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.server.listen.startswith("unix:"):
            return await asyncio.open_unix_connection(self.server.listen[5:])
        host, _, port = self.server.address.rpartition(":")
        return await asyncio.open_connection(host, int(port))

    async def send(self, request: bytes) -> bytes:
        """All that comes back until the server closes; a reset is an end too."""
        reader, writer = await self.connect()
        answer = b""
        with contextlib.suppress(ConnectionError):
            writer.write(request)
            while chunk := await reader.read(65536):
                answer += chunk
        writer.close()
        return answer

    async def ask(self, method: str, path: str, *headers: str) -> Reply:
        head = "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *headers, "", ""])
        return parse(await self.send(head.encode()))


def parse(answer: bytes) -> Reply:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return Reply(int(first.split(" ")[1]), headers, body)


def play(test: Callable[[World], Awaitable[None]], listen: str = "127.0.0.1:0") -> None:
    """Run ``test`` in a uvloop with a server that is stopped at the end."""

    @contextlib.asynccontextmanager
    async def started() -> AsyncIterator[World]:
        world = World(listen)
        await world.server.start()
        try:
            yield world
        finally:
            await world.server.stop()

    async def whole() -> None:
        async with started() as world:
            await test(world)

    uvloop.run(whole())


def test_what_machines_read() -> None:
    async def test(world: World) -> None:
        reply = await world.ask("GET", "/metrics")
        assert (reply.status, reply.body) == (200, BODY)
        assert reply.headers["content-type"] == "text/plain; version=0.0.4"
        assert (await world.ask("GET", "/metrics?name=x")).status == 200
        assert (await world.ask("GET", "/healthz"))[::2] == (200, b"alive\n")
        assert (await world.ask("GET", "/readyz"))[::2] == (503, b"no target answers\n")
        world.health, world.readiness = (False, "stuck"), (True, "ready")
        assert (await world.ask("GET", "/healthz"))[::2] == (503, b"stuck\n")
        assert (await world.ask("GET", "/readyz"))[::2] == (200, b"ready\n")

    play(test)


def test_head_has_the_headers_of_get_and_no_body() -> None:
    async def test(world: World) -> None:
        reply = await world.ask("HEAD", "/metrics")
        assert (reply.status, reply.body) == (200, b"")
        assert reply.headers["content-length"] == str(len(BODY))

    play(test)


def test_what_stops_us() -> None:
    async def test(world: World) -> None:
        assert (await world.ask("POST", "/drain"))[::2] == (202, b"begun\n")
        assert (await world.ask("POST", "/quitquitquit", "Content-Length: 0")).status == 202
        assert world.begun == ["drain", "quit"]

    play(test)


def test_wrong_methods_paths_and_browsers() -> None:
    async def test(world: World) -> None:
        reply = await world.ask("GET", "/drain")
        assert (reply.status, reply.headers["allow"]) == (405, "post")
        reply = await world.ask("POST", "/metrics")
        assert (reply.status, reply.headers["allow"]) == (405, "get, head")
        assert (await world.ask("OPTIONS", "/healthz")).status == 405
        reply = await world.ask("GET", "/")
        assert reply.status == 404
        assert b"/metrics /healthz /readyz /drain /quitquitquit" in reply.body
        for path in ("/metrics/", "//metrics", "/../metrics", "/%2e%2e/x", "/m%65tric", "/\u00ff"):
            assert (await world.ask("GET", path)).status in (400, 404)
        assert (await world.ask("POST", "/drain", "Origin: http://evil.example")).status == 403
        assert world.begun == []

    play(test)


def test_without_callbacks_those_paths_do_not_exist() -> None:
    server = StatusServer("127.0.0.1:0", lambda: ("", b""), lambda: (True, ""), lambda: (True, ""))
    assert list(server.routes) == ["/metrics", "/healthz", "/readyz"]


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /metrics\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 200_000,
        b"GET /" + b"a" * 200_000,
    ],
    ids=range(8),
)
def test_rubbish_is_refused_and_nobody_else_notices(request_bytes: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def test(world: World) -> None:
        answer = await world.send(request_bytes)
        # A peer that still sends when the connection is closed may see a reset instead.
        assert answer == b"" or parse(answer).status == 400
        assert (await world.ask("GET", "/healthz")).status == 200

    play(test)
    assert caplog.records == []


@given(st.binary(max_size=300))
@settings(max_examples=30)
def test_any_bytes_get_an_answer_or_a_close(request_bytes: bytes) -> None:
    async def test(world: World) -> None:
        reader, writer = await world.connect()
        with contextlib.suppress(ConnectionError):
            writer.write(request_bytes)
            writer.write_eof()
            await reader.read()
        writer.close()
        assert (await world.ask("GET", "/healthz")).status == 200

    play(test)


def test_clients_that_do_not_finish_are_cut_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "LONGEST_CONNECTION", 0.05)

    async def test(world: World) -> None:
        for start in (
            b"",
            b"GET /metrics HTTP/1.1\r\n",
            b"POST /drain HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
        ):
            reader, writer = await world.connect()
            writer.write(start)
            with contextlib.suppress(ConnectionError):
                await reader.read()
            writer.close()
        assert (await world.ask("GET", "/healthz")).status == 200

    play(test)


def test_more_connections_than_allowed_are_cut_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "MOST_CONNECTIONS", 3)

    async def test(world: World) -> None:
        kept = [await world.connect() for _ in range(3)]
        fourth = await world.connect()
        with contextlib.suppress(ConnectionError):
            assert await fourth[0].read() == b""
        fourth[1].close()
        for reader, writer in kept:
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert parse(await reader.read()).status == 200
            writer.close()

    play(test)


def test_an_upgrade_is_ignored() -> None:
    async def test(world: World) -> None:
        headers = ("Connection: upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: eA==", "Sec-WebSocket-Version: 13")
        assert (await world.ask("GET", "/healthz", *headers)).status == 200

    play(test)


def test_an_error_of_ours_is_a_500_and_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async def test(world: World) -> None:
        world.health = None  # type: ignore[assignment]
        assert (await world.ask("GET", "/healthz")).status == 500
        assert (await world.ask("GET", "/readyz")).status == 503

    play(test)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_it_leaves_the_signals_alone() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    async def test(world: World) -> None:
        assert (await world.ask("GET", "/healthz")).status == 200
        # uvloop.run itself watches SIGINT.
        assert signal.getsignal(signal.SIGTERM) == before[signal.SIGTERM]

    play(test)
    assert {number: signal.getsignal(number) for number in before} == before


def test_a_unix_socket(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        assert (await world.ask("GET", "/healthz")).status == 200
        assert world.server.address == f"unix:{tmp_path}/s"

    play(test, f"unix:{tmp_path}/s")


def test_an_address_that_is_taken_is_told() -> None:
    async def test(world: World) -> None:
        other = World(world.server.address)
        with pytest.raises(OSError, match="in use"):
            await other.server.start()
        await other.server.stop()

    play(test)


def test_stopped_means_nobody_listens_and_silent_connections_are_closed() -> None:
    async def test(world: World) -> None:
        reader, writer = await world.connect()
        writer.write(b"GET /healthz HTTP/1.1\r\n")
        # The server has accepted the connection for certain once it has answered a later one.
        assert (await world.ask("GET", "/healthz")).status == 200
        address = world.server.address.rpartition(":")
        await world.server.stop()
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(address[0], int(address[2]))

    play(test)
