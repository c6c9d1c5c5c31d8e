"""Reading /proc: the fields of a stat line, processes with their children, connections."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from tests.bench.usage import PAGE, TICKS, Meter, connections, parse_stat, processes, usage

FIELDS = [*"S", *map(str, range(4, 53))]  # from the third on, each with its number as value


def test_stat_of_a_process_with_a_nasty_name() -> None:
    found = parse_stat(f"7 (a) b ( c) {' '.join(FIELDS)}\n")
    assert (found.user, found.system, found.resident) == (14 / TICKS, 15 / TICKS, 24 * PAGE)


def test_a_process_counts_with_its_children() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in processes(os.getpid())
        assert usage(os.getpid()).resident > usage(child.pid).resident
        child.communicate(b"\n")
    assert child.pid not in processes(os.getpid())


def test_connections_to_one_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert connections(os.getpid(), port) == 0
        with socket.create_connection(("127.0.0.1", port)):
            assert connections(os.getpid(), port) == 1
            assert connections(os.getpid(), port + 1) == 0


def test_without_a_process_there_is_no_cost() -> None:
    meter = Meter(0, 1)
    meter.start()
    meter.look()
    meter.stop()
    assert meter.figures(10) == {}
