"""System calls by descriptor, as the interpreter has them; what the compiled form does is tested by its users."""

from __future__ import annotations

import errno
import socket

import pytest

from proxy.net import sockets


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"), (socket.AF_UNIX, "")]
)
def test_who_has_come_is_in_the_address(family: int, host: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    address = bytearray(sockets.ADDRESS)
    with socket.socket(family) as door, socket.socket(family) as peer:
        where = str(tmp_path_factory.mktemp("door") / "s") if family == socket.AF_UNIX else (host, 0)
        door.bind(where)
        door.listen()
        door.setblocking(False)
        assert sockets.accept(door.fileno(), address) == -errno.EAGAIN
        peer.connect(door.getsockname())
        accepted = sockets.accept(door.fileno(), address)
        try:
            assert accepted >= 0
            assert sockets.host(bytes(address)) == host
            assert sockets.receive(accepted, bytearray(10), 0, 10) == -errno.EAGAIN
        finally:
            sockets.close(accepted)


def test_an_error_is_a_number() -> None:
    with socket.socket() as lonely:
        descriptor = lonely.fileno()
        assert sockets.receive(descriptor, bytearray(10), 0, 10) == -errno.ENOTCONN
        assert sockets.send(descriptor, b"abc", 0, 3) in (-errno.EPIPE, -errno.ENOTCONN)
        assert sockets.accept(descriptor, bytearray(sockets.ADDRESS)) == -errno.EINVAL
    sockets.close(descriptor)
    assert sockets.receive(descriptor, bytearray(10), 0, 10) == -errno.EBADF


def test_what_happens_is_told_once() -> None:
    events = bytearray(4 * sockets.EVENT)
    epoll = sockets.open_epoll()
    ours, peer = socket.socketpair()
    try:
        with ours, peer:
            ours.setblocking(False)
            mask = sockets.READABLE | sockets.HALF_CLOSED | sockets.ON_CHANGE
            assert sockets.watch(epoll, sockets.ADD, ours.fileno(), mask) == 0
            assert sockets.watch(epoll, sockets.ADD, ours.fileno(), mask) == -errno.EEXIST
            assert sockets.wait(epoll, events, 4) == 0
            peer.send(b"hello")
            assert sockets.wait(epoll, events, 4) == 1
            assert sockets.happened_to(events, 0) == ours.fileno()
            assert sockets.happened(events, 0) == sockets.READABLE
            assert sockets.wait(epoll, events, 4) == 0
            buffer = bytearray(8)
            assert sockets.receive(ours.fileno(), buffer, 2, 6) == 5
            assert buffer == b"\0\0hello\0"
            peer.close()
            assert sockets.wait(epoll, events, 4) == 1
            assert sockets.happened(events, 0) & sockets.HALF_CLOSED
            assert sockets.receive(ours.fileno(), buffer, 0, 8) == 0
    finally:
        sockets.close_epoll(epoll)
