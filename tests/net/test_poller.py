"""Whose turn it is: told of what happens to others meanwhile, after a mistake, and when a connection ends."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Awaitable, Callable

import pytest
import uvloop

from proxy.net import batches, sockets
from proxy.net.poller import Poller, Watched, running
from tests.net.pairs import until

DEADLINE = 20.0


class Notes(Watched):
    """Writes down what is called."""

    def __init__(self, poller: Poller, descriptor: int) -> None:
        super().__init__(descriptor)
        self.poller = poller
        self.told: list[str] = []
        self.on_read: Callable[[], None] = lambda: None
        self.writes: bytes | None = None

    def happened(self, mask: int) -> None:
        self.told.append("happened")
        sockets.receive(self.descriptor, bytearray(100), 0, 100)
        self.on_read()

    def read_on(self) -> None:
        self.told.append("read on")
        self.on_read()

    def outgoing(self) -> bytes | None:
        self.told.append("outgoing")
        return self.writes

    def sent(self, data: bytes | bytearray, taken: int) -> None:
        self.told.append(f"sent {taken} of {len(data)}")

    def bury(self) -> None:
        self.told.append("bury")
        self.poller.close(self)

    def crashed(self, error: Exception) -> None:
        self.told.append(f"crashed: {error}")


class World:
    """Two that are watched, and their peers."""

    def __init__(self) -> None:
        self.poller = running()
        pairs = [socket.socketpair() for _ in range(2)]
        self.peers = [peer for _, peer in pairs]
        self.watched = []
        for ours, _ in pairs:
            ours.setblocking(False)
            watched = Notes(self.poller, ours.detach())
            self.poller.add(watched, sockets.READABLE | sockets.ON_CHANGE)
            self.watched.append(watched)

    def close(self) -> None:
        for watched, peer in zip(self.watched, self.peers, strict=True):
            self.poller.close(watched)
            peer.close()


def run(trial: Callable[[World], Awaitable[None]]) -> None:
    async def whole() -> None:
        world = World()
        try:
            await asyncio.wait_for(trial(world), DEADLINE)
        finally:
            world.close()

    uvloop.run(whole())


def test_one_poller_for_each_loop() -> None:
    async def mine() -> Poller:
        assert running() is running()
        return running()

    assert uvloop.run(mine()) is not uvloop.run(mine())


def test_who_wants_more_waits_for_the_others() -> None:
    async def trial(world: World) -> None:
        greedy, modest = world.watched
        order: list[str] = []

        def want_more() -> None:
            order.append("greedy")
            if len(order) < 10:
                world.poller.again(greedy)

        greedy.on_read = want_more
        modest.on_read = lambda: order.append("modest")
        for peer in world.peers:
            peer.send(b"x")
        await until(lambda: len(order) >= 10)
        assert order.index("modest") <= 2

    run(trial)


@pytest.mark.parametrize("first_to_happen", [0, 1])
def test_some_come_last_in_a_turn(first_to_happen: int) -> None:
    async def trial(world: World) -> None:
        one, other = world.watched
        one.last = True
        order: list[str] = []
        one.on_read = lambda: order.append("last")
        other.on_read = lambda: order.append("first")
        world.peers[first_to_happen].send(b"x")
        world.peers[1 - first_to_happen].send(b"x")
        await until(lambda: len(order) == 2)
        assert order == ["first", "last"]

    run(trial)


def test_what_is_written_in_a_turn_is_sent_at_its_end() -> None:
    async def trial(world: World) -> None:
        one, other = world.watched
        one.writes, other.writes = b"from one", b"from the other"
        assert not world.poller.turning

        def write() -> None:
            assert world.poller.turning
            world.poller.wrote(one)
            world.poller.wrote(other)

        one.on_read = write
        world.peers[0].send(b"x")
        await until(lambda: len(other.told) == 2)
        assert one.told == ["happened", "outgoing", "sent 8 of 8"]
        assert [peer.recv(100) for peer in world.peers] == [b"from one", b"from the other"]

    run(trial)


def test_who_has_nothing_to_send_is_told_nothing_more() -> None:
    async def trial(world: World) -> None:
        one, other = world.watched
        other.writes = b"x"

        def write() -> None:
            world.poller.wrote(one)
            world.poller.wrote(other)

        one.on_read = write
        world.peers[0].send(b"x")
        await until(lambda: len(other.told) == 2)
        assert one.told == ["happened", "outgoing"]
        assert other.told == ["outgoing", "sent 1 of 1"]

    run(trial)


def test_everybody_is_told_what_became_of_his_own() -> None:
    """More than a batch; some of the peers are gone, some take nothing more."""

    async def trial(world: World) -> None:
        many = [Crowded(world.poller, number) for number in range(3 * batches.MOST + 1)]
        try:

            def write() -> None:
                for one in many:
                    world.poller.wrote(one)

            world.watched[0].on_read = write
            world.peers[0].send(b"x")
            await until(lambda: all(one.told for one in many))
            for one in many:
                one.check()
        finally:
            for one in many:
                one.end()

    run(trial)


class Crowded(Notes):
    """One of three kinds, by its number: its peer reads, is gone, or has more than it can take."""

    def __init__(self, poller: Poller, number: int) -> None:
        ours, self.peer = socket.socketpair()
        ours.setblocking(False)
        self.kind = ("reads", "gone", "full")[number % 3]
        if self.kind == "gone":
            self.peer.close()
        elif self.kind == "full":
            fill(ours)
        super().__init__(poller, ours.detach())
        self.writes = f"number {number}".encode()

    def check(self) -> None:
        size = len(self.writes or b"")
        taken = {"reads": size, "gone": -errno.EPIPE, "full": -errno.EAGAIN}[self.kind]
        assert self.told == ["outgoing", f"sent {taken} of {size}"]
        if self.kind == "reads":
            assert self.peer.recv(100) == self.writes

    def end(self) -> None:
        sockets.close(self.descriptor)
        self.peer.close()


def fill(writer: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        while True:
            writer.send(bytes(65536))
    with contextlib.suppress(BlockingIOError):
        while True:
            writer.send(b"x")


def test_nobody_is_buried_in_the_middle_of_a_call() -> None:
    async def trial(world: World) -> None:
        one, _ = world.watched

        def die() -> None:
            world.poller.wrote(one)
            world.poller.dies(one)
            assert one.told == ["happened"]

        one.on_read = die
        world.peers[0].send(b"x")
        await until(lambda: "bury" in one.told)
        assert one.told == ["happened", "outgoing", "bury"]
        assert one.descriptor == -1

    run(trial)


def test_a_mistake_is_told_to_whose_it_is() -> None:
    async def trial(world: World) -> None:
        one, other = world.watched

        def fail() -> None:
            raise ValueError("oh")

        one.on_read = fail
        for peer in world.peers:
            peer.send(b"x")
        await until(lambda: bool(other.told) and len(one.told) == 2)
        assert one.told == ["happened", "crashed: oh"]
        assert other.told == ["happened"]

    run(trial)


def test_a_mistake_at_the_end_of_a_connection_keeps_nobody_from_theirs(caplog: pytest.LogCaptureFixture) -> None:
    class Clumsy(Notes):
        def bury(self) -> None:
            super().bury()
            raise ValueError("oh")

    async def trial(world: World) -> None:
        one, other = world.watched
        clumsy = Clumsy(world.poller, one.descriptor)
        world.poller.dies(other)
        world.poller.dies(clumsy)
        await until(lambda: "bury" in other.told)
        assert [record.message for record in caplog.records] == ["a connection's end was not taken well"]
        one.descriptor = -1

    run(trial)


def test_what_cannot_be_watched_is_an_error() -> None:
    async def trial(world: World) -> None:
        with pytest.raises(OSError, match="cannot be watched"):
            world.poller.add(Notes(world.poller, 1 << 10), sockets.READABLE)

    run(trial)
