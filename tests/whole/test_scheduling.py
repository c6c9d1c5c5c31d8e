"""A busy daemon is a batch process to Linux, and says so; a reload puts an end to it."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from proxy.wire import constants as c
from proxy.wire.frames import frame
from tests.servers import Server
from tests.whole.daemon import Daemon, running, wait_until
from tests.whole.raw_client import RawClient

# Forebay answers this itself: it works, while the server sleeps and the client hardly does anything.
QUESTION = frame(bytes((c.COM_QUERY,)) + b"SELECT CONNECTION_ID()")
AT_ONCE = 1000
SECONDS = 60  # to get a fifth of a CPU on a machine that does much else


@contextmanager
def busy(daemon: Daemon) -> Iterator[None]:
    """Many small questions all the time."""
    stop = threading.Event()

    def ask() -> None:
        with RawClient(daemon) as client:
            size = AT_ONCE * answer_size(client.socket)
            while not stop.is_set():
                client.socket.sendall(QUESTION * AT_ONCE)
                take(client.socket, size)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def answer_size(peer: socket.socket) -> int:
    """Of an answer to the question, in bytes."""
    peer.sendall(QUESTION)
    return len(peer.recv(65536))


def take(peer: socket.socket, size: int) -> None:
    while size:
        data = peer.recv(min(size, 1 << 20))
        assert data, "Forebay goes on"
        size -= len(data)


def scheduled_as(daemon: Daemon, policy: int) -> bool:
    """By the kernel and by the metric."""
    assert daemon.process is not None
    told = daemon.metric("forebay_batch_scheduling")
    return os.sched_getscheduler(daemon.process.pid) == policy and told == (policy == os.SCHED_BATCH)


def test_a_busy_daemon_is_a_batch_process(server: Server) -> None:
    with running(server.port) as daemon:
        assert scheduled_as(daemon, os.SCHED_OTHER)
        with busy(daemon):
            wait_until(lambda: scheduled_as(daemon, os.SCHED_BATCH), "a batch process", SECONDS)
            daemon.config["scheduling"] = "normal"
            daemon.write_config()
            daemon.signal(signal.SIGHUP)
            wait_until(lambda: scheduled_as(daemon, os.SCHED_OTHER), "as any other", SECONDS)
