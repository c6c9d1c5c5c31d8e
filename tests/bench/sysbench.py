"""sysbench as load generator: its command line, the moments between which it loads, and what it reports.

Decides: how its output is read. Does not know what is behind the port.
"""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench.usage import Meter
from tests.servers import APP

LUA = Path(__file__).parent / "lua"
PATIENCE = 60.0  # seconds that a run may take beyond its time

_BUCKET = re.compile(r"\s*([\d.]+) \|\**\s+(\d+)\s*$")
_EVENTS = re.compile(r"\s*total number of events:\s+(\d+)")
_TIME = re.compile(r"\s*total time:\s+([\d.]+)s")


class LoadFailed(Exception):
    """The load could not be run to its end; the text is what the generator said."""


@dataclass(frozen=True, slots=True)
class Report:
    """``latencies``: pairs of milliseconds and how many operations took about as long, ascending. ``served``: how often
    each client was, where the script tells it."""

    operations: int
    seconds: float
    latencies: tuple[tuple[float, int], ...]
    served: tuple[int, ...] = ()

    def percentile(self, percent: float) -> float:
        """Milliseconds within which so many of the operations were done."""
        wanted = self.operations * percent / 100
        for latency, count in self.latencies:
            wanted -= count
            if wanted <= 0:
                return latency
        return self.latencies[-1][0]

    def figures(self) -> dict[str, float]:
        return {
            "ops_per_s": self.operations / self.seconds,
            **{f"p{percent}_ms": self.percentile(percent) for percent in (50, 95, 99)},
        }


def parse(lines: list[str]) -> Report:
    """The report of a run with ``--histogram``. Raises LoadFailed when there is none."""
    text = "".join(lines)
    events, seconds = _EVENTS.search(text), _TIME.search(text)
    if events is None or seconds is None or not int(events[1]):
        raise LoadFailed(text.strip() or "sysbench said nothing")
    buckets = tuple((float(found[1]), int(found[2])) for line in lines if (found := _BUCKET.match(line)))
    served = tuple(int(line.split()[1]) for line in lines if line.startswith("served "))
    return Report(int(events[1]), float(seconds[1]), buckets, served)


def command(script: str, port: int, schema: str, options: Mapping[str, object]) -> list[str]:
    """``script`` is one of sysbench's own, or the name of a file in the folder lua."""
    own = LUA / f"{script}.lua"
    login = {"host": "127.0.0.1", "port": port, "user": APP.name, "password": APP.password, "db": schema}
    given = {**{f"mysql_{name}": value for name, value in login.items()}, **options}
    words = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
    return ["sysbench", str(own) if own.exists() else script, *words]


def prepare(port: int, schema: str, rows: int) -> None:
    """Fill the table that the scripts use."""
    words = [*command("oltp_point_select", port, schema, {"table_size": rows}), "prepare"]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise LoadFailed(done.stdout + done.stderr)


def run(words: list[str], seconds: float, meter: Meter, folder: Path | None = None) -> Report:
    """Load for ``seconds``; ``meter`` runs from when all clients are connected until the last operation.

    With ``--mysql-ssl=on`` sysbench looks for its certificates in the ``folder`` that it runs in.
    """
    with subprocess.Popen(
        ["timeout", str(seconds + PATIENCE), *words, f"--time={seconds:.0f}", "--histogram=on", "run"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
    ) as process:
        assert process.stdout is not None
        lines = list(_metered(process.stdout, meter, seconds))
    if process.returncode:
        raise LoadFailed("".join([line for line in lines if "FATAL" in line][:2] or lines))
    return parse(lines)


def arrive(words: list[str]) -> float:
    """Seconds until all clients are connected and logged in."""
    began = time.monotonic()
    with subprocess.Popen(
        ["timeout", str(PATIENCE), *words, "--time=1", "run"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        told, arrived = [], 0.0
        for line in process.stdout:
            told.append(line)
            if line.startswith("Threads started!"):
                arrived = time.monotonic() - began
    if process.returncode or not arrived:
        raise LoadFailed("".join([line for line in told if "FATAL" in line][:2] or told))
    return arrived


def _metered(output: Iterator[str], meter: Meter, seconds: float) -> Iterator[str]:
    """The lines as they come; sysbench says when its clients are connected, and reports when they are done."""
    look = threading.Timer(seconds / 2, meter.look)
    for line in output:
        if line.startswith("Threads started!"):
            meter.start()
            look.start()
        elif line.startswith("Latency histogram"):
            meter.stop()
        yield line
    look.cancel()
