"""A busy daemon is a batch process to Linux, and says so; a reload puts an end to it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers import Server
from tests.whole.daemon import Daemon, running, wait_until
from tests.whole.raw_client import RawClient

ANSWER = "SELECT REPEAT('x', 4000000)"


@contextmanager
def busy(daemon: Daemon) -> Iterator[None]:
    """Large answers all the time."""
    stop = threading.Event()

    def ask() -> None:
        with RawClient(daemon) as client:
            while not stop.is_set():
                client.ask(ANSWER)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def scheduled_as(daemon: Daemon, policy: int) -> bool:
    """By the kernel and by the metric."""
    assert daemon.process is not None
    told = daemon.metric("forebay_batch_scheduling")
    return os.sched_getscheduler(daemon.process.pid) == policy and told == (policy == os.SCHED_BATCH)


def test_a_busy_daemon_is_a_batch_process(server: Server) -> None:
    with running(server.port) as daemon:
        assert scheduled_as(daemon, os.SCHED_OTHER)
        with busy(daemon):
            wait_until(lambda: scheduled_as(daemon, os.SCHED_BATCH), "a batch process")
            daemon.config["scheduling"] = "normal"
            daemon.write_config()
            daemon.signal(signal.SIGHUP)
            wait_until(lambda: scheduled_as(daemon, os.SCHED_OTHER), "as any other")
