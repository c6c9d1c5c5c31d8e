"""A TCP relay that a test can break: cut, reset, half-close, stall, delay, drip, split and merge, either way.

Decides: when and in which pieces bytes travel, and how a connection ends. Does not know what the bytes mean.

    with Network(server.port) as network:
        ...  # somebody connects to network.port
        link = network.links[-1]
        link.down.after(1000, link.cut)
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, cast

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER that makes a close a reset


@dataclass(frozen=True, slots=True)
class Shape:
    """How bytes travel one way: in pieces of at most ``piece`` bytes (0: as they come), and ``delay`` seconds late.

    What comes while a chunk is delayed goes on together with it.
    """

    piece: int = 0
    delay: float = 0.0


PLAIN = Shape()
DRIP = Shape(piece=1)


class Network:
    """Relays every connection to ``port`` on to ``target_port``, between entry and exit.

    ``up`` is the way to the target, ``down`` the way back; ``links`` holds every connection in the order of arrival,
    also those that have ended. All methods, here and below, may be called from the test's thread and from actions.
    """

    def __init__(self, target_port: int, up: Shape = PLAIN, down: Shape = PLAIN) -> None:
        self.target_port = target_port
        self.port = 0
        self.links: list[Link] = []
        self._shapes = (up, down)
        self._watched: list[tuple[bytes, Callable[[Link], None]]] = []
        self._failures: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda _, context: self._failures.append(str(context)))
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Network:
        self._thread.start()
        self.call(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        self.call(self._end_all)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
        assert not self._failures, self._failures

    @property
    def alive(self) -> list[Link]:
        """The links that have not ended."""
        return [link for link in self.links if link.alive]

    def shape(self, up: Shape = PLAIN, down: Shape = PLAIN) -> None:
        """From now on, in the links that exist and in those to come."""
        self._shapes = (up, down)
        for link in self.links:
            link.up.shape, link.down.shape = self._shapes

    def when(self, marker: bytes, action: Callable[[Link], None]) -> None:
        """Call ``action(link)`` once, just before the chunk that holds ``marker`` travels up on a link."""
        self.call(lambda: self._watched.append((marker, action)))

    def cut_all(self) -> None:
        """Cut every link that is alive."""
        for link in self.alive:
            link.cut()

    def call(self, function: Callable[[], Any]) -> Any:
        """Run ``function`` in the relay's thread; if it gives a coroutine, run that as well."""
        if threading.current_thread() is self._thread:
            return function()
        done: Future[Any] = asyncio.run_coroutine_threadsafe(self._run(function), self._loop)
        return done.result(20)

    async def _run(self, function: Callable[[], Any]) -> Any:
        result = function()
        return await result if asyncio.iscoroutine(result) else result

    async def _listen(self) -> None:
        self._server = await self._loop.create_server(self._accept, "127.0.0.1", 0, backlog=1000)
        self.port = self._server.sockets[0].getsockname()[1]

    def _accept(self) -> asyncio.Protocol:
        link = Link(self, *self._shapes)
        self.links.append(link)
        return link.near

    async def _end_all(self) -> None:
        self._server.close()
        for link in self.links:
            link.reset()
        pending = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*pending, return_exceptions=True)
        await asyncio.sleep(0)  # a transport closes its socket one turn after its abort

    def see(self, link: Link, data: bytes) -> None:
        """Something is about to travel up."""
        for watched in list(self._watched):
            if watched[0] in data:
                self._watched.remove(watched)
                watched[1](link)


class Link:
    """One connection: ``near`` is who connected, ``far`` the target, which sees it come from ``port``."""

    def __init__(self, network: Network, up: Shape, down: Shape) -> None:
        self.network = network
        self.alive = True
        self.port = 0
        self.up = Direction(self, up)
        self.down = Direction(self, down)
        self.near = _End(self, self.up, self._connect)
        self.far = _End(self, self.down, self._connected)
        self.up.source = self.down.destination = self.near
        self.down.source = self.up.destination = self.far

    def _connect(self) -> None:
        self.near.pause(True)
        where = ("127.0.0.1", self.network.target_port)
        task = asyncio.get_running_loop().create_task(self._reach(where))
        task.add_done_callback(lambda done: done.exception() and self.reset())

    def _connected(self) -> None:
        self.near.pause(False)

    async def _reach(self, where: tuple[str, int]) -> None:
        transport, _ = await asyncio.get_running_loop().create_connection(lambda: self.far, *where)
        self.port = transport.get_extra_info("sockname")[1]
        if not self.alive:
            self.far.end(_RESET)

    def cut(self) -> None:
        """End both sides as a close does; what has not travelled yet is lost."""
        self.network.call(lambda: self._end(None))

    def reset(self) -> None:
        """End both sides by a reset."""
        self.network.call(lambda: self._end(_RESET))

    def stall(self) -> None:
        """Stall both ways."""
        self.up.stall()
        self.down.stall()

    def go_on(self) -> None:
        """End a stall of both ways."""
        self.up.go_on()
        self.down.go_on()

    def _end(self, linger: bytes | None) -> None:
        self.alive = False
        self.near.end(linger)
        self.far.end(linger)

    def ended(self) -> None:
        """A direction is at its end."""
        if self.up.closed and self.down.closed:
            self._end(None)


class Direction:
    """One way of a link. ``passed`` counts the bytes that have travelled."""

    source: _End
    destination: _End

    def __init__(self, link: Link, shape: Shape) -> None:
        self.shape = shape
        self.passed = 0
        self.closed = False
        self._link = link
        self._held = bytearray()
        self._stalled = False
        self._full = False
        self._source_ended = False
        self._limit: tuple[int, Callable[[], object]] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def stall(self) -> None:
        """Nothing travels until ``go_on``; the sender's own buffers fill up."""
        self._link.network.call(lambda: self._stall(True))

    def go_on(self) -> None:
        self._link.network.call(lambda: self._stall(False))

    def half_close(self) -> None:
        """Tell the receiver that nothing more comes, and drop what does."""
        self._link.network.call(self._close)

    def after(self, count: int, action: Callable[[], object]) -> None:
        """Call ``action`` when ``count`` more bytes have travelled, before the next one does."""
        self._link.network.call(lambda: self._set_limit(count, action))

    # In the relay's thread.

    def take(self, data: bytes) -> None:
        if self.closed:
            return
        if self is self._link.up:
            self._link.network.see(self._link, data)
        self._held += data
        if not self.shape.delay:
            self._flow()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self.shape.delay, self._flow)

    def end(self) -> None:
        """The sender sends no more."""
        self._source_ended = True
        if self._timer is None:
            self._flow()

    def full(self, is_full: bool) -> None:
        """The receiver takes no more now, or takes again."""
        self._full = is_full
        self._throttle()

    def _stall(self, on: bool) -> None:
        self._stalled = on
        self._throttle()
        if not on:
            self._flow()

    def _set_limit(self, count: int, action: Callable[[], object]) -> None:
        self._limit = (self.passed + count, action)
        self._flow()

    def _throttle(self) -> None:
        self.source.pause(self._stalled or self._full)

    def _flow(self) -> None:
        self._timer = None
        while self._link.alive and not self._stalled and not self.closed:
            if self._limit is not None and self.passed >= self._limit[0]:
                action = self._limit[1]
                self._limit = None
                action()
                continue
            if not self._held:
                if self._source_ended:
                    self._close()
                return
            size = min(len(self._held), self.shape.piece or len(self._held))
            if self._limit is not None:
                size = min(size, self._limit[0] - self.passed)
            self.passed += size
            self.destination.write(bytes(self._held[:size]))
            del self._held[:size]

    def _close(self) -> None:
        if not self.closed:
            self.closed = True
            self._held.clear()
            self.destination.write_eof()
            self._link.ended()


class _End(asyncio.Protocol):
    """One of a link's two sockets; what it receives travels in ``outward``."""

    def __init__(self, link: Link, outward: Direction, connected: Callable[[], None]) -> None:
        self._link = link
        self._outward = outward
        self._connected = connected
        self._transport: asyncio.Transport | None = None
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        # Pieces stay pieces, as far as TCP keeps them.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connected()

    def data_received(self, data: bytes) -> None:
        self._outward.take(data)

    def eof_received(self) -> bool:
        self._outward.end()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._link.alive:
            self._link.reset()

    def pause_writing(self) -> None:
        self._inward.full(True)

    def resume_writing(self) -> None:
        self._inward.full(False)

    @property
    def _inward(self) -> Direction:
        return self._link.down if self is self._link.near else self._link.up

    def pause(self, on: bool) -> None:
        """Stop or go on receiving."""
        if self._transport is None or self._transport.is_closing() or self._paused is on:
            return
        self._paused = on
        if on:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def write_eof(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            with contextlib.suppress(OSError):  # the peer has reset already; the transport will say so
                self._transport.write_eof()

    def end(self, linger: bytes | None) -> None:
        if self._transport is None:
            return
        if linger is None:
            self._transport.close()
        else:
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._transport.abort()
