"""``python -m tests.streaming``: one client reads a long result slowly, another one asks small questions meanwhile.

Prints the daemon's growth in resident memory and the other client's latency beside that of a quiet time; exit status 1
when the growth is 16 MB or more, the p99 more than twice the quiet one's, or a byte of the result is missing.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
import time
from types import SimpleNamespace

from proxy.wire import constants as c
from tests import servers
from tests.servers import APP
from tests.whole.daemon import Daemon, running
from tests.whole.raw_client import RawClient
from tests.whole.watching import memory

MOST_GROWTH = 16_000_000
MOST_TIMES = 2.0
ROW = 1000
_DIGITS = " UNION ALL ".join(["SELECT 0 d"] + [f"SELECT {digit}" for digit in range(1, 10)])


def query(megabytes: int) -> str:
    """So many rows of a thousand bytes, a thousand for each megabyte; no server has to keep them."""
    places = len(str(megabytes * 1000 - 1))
    tables = " CROSS JOIN ".join(f"({_DIGITS}) t{place}" for place in range(places))
    number = " + ".join(f"t{place}.d * {10**place}" for place in range(places))
    return f"SELECT REPEAT('x', {ROW}) FROM {tables} WHERE {number} < {megabytes * 1000}"


def read_slowly(where: SimpleNamespace, megabytes: int, rate: float, received: multiprocessing.Queue[int]) -> None:
    """Read the result at ``rate`` bytes a second, and tell how many bytes came."""
    with RawClient(where) as client:
        client.socket.settimeout(120)
        client.send(c.COM_QUERY, query(megabytes).encode())
        began, size, tail = time.monotonic(), 0, b""
        while size < megabytes * 1000 * (ROW + 7):
            data = client.socket.recv(1 << 17)
            if not data:
                break
            size, tail = size + len(data), (tail + data)[-2:]
            time.sleep(max(0.0, began + size / rate - time.monotonic()))
        received.put(size)


def latencies(client: RawClient, until: object) -> list[float]:
    """Seconds that each of many small questions took, while ``until()`` is not true."""
    taken = []
    while not until():  # type: ignore[operator]
        began = time.perf_counter()
        assert client.one("SELECT 1") == "1"
        taken.append(time.perf_counter() - began)
        time.sleep(0.002)
    return taken


def p99(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=100)[98]


def trial(daemon: Daemon, megabytes: int, rate: float) -> bool:
    """Whether all stayed within bounds; prints the figures."""
    where = SimpleNamespace(port=daemon.port, socket_path=daemon.socket_path)
    received: multiprocessing.Queue[int] = multiprocessing.Queue()
    reader = multiprocessing.Process(target=read_slowly, args=(where, megabytes, rate * 1e6, received))
    with RawClient(daemon) as other:
        end = time.monotonic() + 10
        quiet = latencies(other, lambda: time.monotonic() > end)
        before = peak = memory(daemon)
        reader.start()

        def ended() -> bool:
            nonlocal peak
            peak = max(peak, memory(daemon))
            return not received.empty()

        busy = latencies(other, ended)
    reader.join()
    size = received.get()
    whole = size > megabytes * 1000 * ROW
    growth, times = peak - before, p99(busy) / p99(quiet)
    print(
        f"  {size / 1e6:.0f} MB received; memory {before / 1e6:.1f} MB, grew by {growth / 1e6:.1f} MB; "
        f"p99 of {len(busy)} others {p99(busy) * 1e3:.2f} ms, quiet {p99(quiet) * 1e3:.2f} ms: {times:.2f} times",
        flush=True,
    )
    return whole and growth < MOST_GROWTH and times <= MOST_TIMES


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.streaming", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=10.0, help="megabytes a second that the slow client reads")
    parser.add_argument("--server", choices=("mariadb", "mysql"), action="append")
    arguments = parser.parse_args()
    fine = True
    for flavour in arguments.server or ("mariadb", "mysql"):
        print(f"{flavour}: {arguments.megabytes} MB at {arguments.rate:g} MB/s", flush=True)
        with servers.make(flavour, users=[APP]) as server, running(server.port) as daemon:
            fine &= trial(daemon, arguments.megabytes, arguments.rate)
    print("within bounds" if fine else "OUT OF BOUNDS", flush=True)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
