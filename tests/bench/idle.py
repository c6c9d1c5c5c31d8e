"""Many clients that have logged in, asked once, and do nothing: what they cost, and whether others feel them.

Decides: how they come and what is asked. Each holds a socket here, so the limit of open files is a limit of theirs.
"""

from __future__ import annotations

import contextlib
import statistics
import time

from proxy.wire.auth import Credentials
from tests.bench.door import Door
from tests.bench.sysbench import LoadFailed
from tests.bench.usage import Meter
from tests.servers import APP
from tests.whole.plain_client import PlainClient

FEW = 10
QUESTIONS = 5000
SILENCE = 10.0  # seconds at least: there is little to measure
SQL = "SELECT 1"


def measure(door: Door, clients: int, seconds: float) -> dict[str, float]:
    """Memory of each client, CPU of all while they are silent, and the time that one question takes among them.

    A process that wakes up once a second finds every cache cold, on some machines for milliseconds. Few clients cost
    that too, so what counts is what many cost beyond.
    """
    credentials = Credentials.from_password(APP.name, APP.password.encode())
    arriving = Meter(door.pid, door.server_port)
    silence = max(seconds, SILENCE)
    with contextlib.ExitStack() as connected:
        here: list[PlainClient] = []

        def come(until: int) -> None:
            while len(here) < until:
                here.append(connected.enter_context(PlainClient(door, credentials)))  # type: ignore[arg-type]
                here[-1].query(SQL)

        try:
            come(1)
            arriving.start()
            come(FEW)
            _asked(here[0])
            among_few = _asked(here[0])
            few_cpu = _silent(door, silence)
            come(clients)
            arriving.stop()
            many_cpu = _silent(door, silence)
            among_many = _asked(here[0])
        except OSError as error:
            raise LoadFailed(f"the client after {len(here)} others: {error}") from error
    figures = {"p50_ms": among_many, "few_p50_ms": among_few, "p50_to_few": among_many / among_few}
    if door.pid:
        figures["client_kb"] = arriving.growth / (clients - 1) / 1000
        figures["few_cpu_percent"] = few_cpu
        figures["idle_cpu_percent"] = max(0.0, many_cpu - few_cpu)
    return figures


def _silent(door: Door, seconds: float) -> float:
    """CPU while nobody asks, in percent."""
    meter = Meter(door.pid, door.server_port)
    meter.start()
    time.sleep(seconds)
    meter.stop()
    return meter.cpu / seconds * 100


def _asked(client: PlainClient) -> float:
    """The median time of one question in milliseconds."""
    times = []
    for _ in range(QUESTIONS):
        began = time.perf_counter()
        client.query(SQL)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000
