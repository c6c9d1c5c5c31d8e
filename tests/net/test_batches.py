"""Writes to many sockets, as the interpreter has them; what the compiled form does is tested by the poller."""

from __future__ import annotations

import errno
import socket

from proxy.net import batches


def test_each_write_has_its_own_result() -> None:
    batch = batches.open_batch()
    try:
        with socket.socket() as lonely:
            ours, peer = socket.socketpair()
            with ours, peer:
                ours.setblocking(False)
                batches.add(batch, ours.fileno(), b"bytes")
                batches.add(batch, lonely.fileno(), b"nobody's")
                batches.add(batch, ours.fileno(), bytearray(b" and more"))
                batches.send(batch)
                assert [batches.taken(batch, number) for number in (0, 2)] == [5, 9]
                assert batches.taken(batch, 1) in (-errno.EPIPE, -errno.ENOTCONN)
                assert peer.recv(100) == b"bytes and more"
                batches.add(batch, ours.fileno(), b"again")
                batches.send(batch)
                assert batches.taken(batch, 0) == 5
                assert peer.recv(100) == b"again"
    finally:
        batches.close_batch(batch)
