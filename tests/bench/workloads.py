"""What is measured: a row for each workload. A new one is a row here, and a script in lua/ if sysbench has none.

Decides: what an operation is and who takes part. Does not know what a good figure is; ``targets`` does.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench import idle, sysbench
from tests.bench.contenders import Contender
from tests.bench.door import Door
from tests.bench.usage import Meter
from tests.servers import certificates

# Schemas with the same table: one is only read, so that results do not grow with what others write.
READ, WRITTEN = "sbtest", "sbtest_written"
ROWS = 10_000
CROWD_SECONDS = 20.0

Figures = dict[str, float]
# Loads a door as so many clients for some seconds.
Measure = Callable[[Door, Contender, int, float], Figures]

ALL = ("haproxy", "router", "proxysql", "direct")
ON_MARIADB = ("haproxy", "proxysql", "direct")
NATIVE: Mapping[str, Any] = {"clients": {"default_auth": "mysql_native_password"}}


@dataclass(frozen=True, slots=True)
class Workload:
    """``operation``: what is counted. ``changes``: to Forebay's configuration. ``fresh``: a new process each round.
    ``tls``: with a certificate that clients can verify."""

    name: str
    operation: str
    clients: tuple[int, ...]
    measure: Measure
    peers: tuple[str, ...] = ALL
    changes: Mapping[str, Any] = field(default_factory=dict)
    fresh: bool = False
    tls: bool = False


def _sysbench(script: str, schema: str = READ, **options: object) -> Measure:
    def measure(door: Door, contender: Contender, clients: int, seconds: float) -> Figures:
        given = {"threads": clients, **options, **contender.options}
        meter = Meter(door.pid, door.server_port)
        report = sysbench.run(sysbench.command(script, door.port, schema, given), seconds, meter)
        return {**meter.figures(report.operations), **report.figures()}

    return measure


def _crowd(door: Door, contender: Contender, clients: int, seconds: float) -> Figures:
    """Long enough for each of many to be served often. How far the one served least or most is from the mean."""
    meter = Meter(door.pid, door.server_port)
    given = {"threads": clients, **TABLE}
    report = sysbench.run(sysbench.command("crowd", door.port, READ, given), max(seconds, CROWD_SECONDS), meter)
    figures = {**meter.figures(report.operations), **report.figures()}
    mean = statistics.mean(report.served)
    figures["unfair_percent"] = max(abs(count - mean) for count in report.served) / mean * 100
    figures["p99_to_p50"] = figures["p99_ms"] / figures["p50_ms"]
    return figures


def _arrive(door: Door, contender: Contender, clients: int, seconds: float) -> Figures:
    """All at once."""
    meter = Meter(door.pid, door.server_port)
    meter.start()
    words = sysbench.command("oltp_point_select", door.port, READ, {"threads": clients, **TEXT, **contender.options})
    arrived = sysbench.arrive(words)
    meter.stop()
    return {"arrived_s": arrived, **meter.figures(clients)}


def _tls_storm(door: Door, contender: Contender, clients: int, seconds: float) -> Figures:
    with tempfile.TemporaryDirectory(prefix="forebay-bench-") as name:
        folder = Path(name)
        certificates.write(folder)
        shutil.copy(door.authority, folder / "cacert.pem")
        (folder / certificates.CERTIFICATE).rename(folder / "client-cert.pem")
        (folder / certificates.KEY).rename(folder / "client-key.pem")
        meter = Meter(door.pid, door.server_port)
        words = sysbench.command("storm", door.port, READ, {"threads": clients, "mysql_ssl": "on", **TABLE})
        report = sysbench.run(words, seconds, meter, folder)
        return {**meter.figures(report.operations), **report.figures()}


def _idle(door: Door, contender: Contender, clients: int, seconds: float) -> Figures:
    return idle.measure(door, min(clients, contender.most_clients), seconds)


def _start(door: Door, contender: Contender, clients: int, seconds: float) -> Figures:
    return {"ready_s": door.ready_s, "baseline_mb": door.baseline_mb}


TABLE = {"table_size": ROWS}
TEXT = {**TABLE, "db_ps_mode": "disable"}
BINARY = {**TABLE, "db_ps_mode": "auto"}

WORKLOADS = (
    Workload("point_select", "query", (1, 16, 64, 1000), _sysbench("oltp_point_select", **TEXT)),
    Workload("prepared_point_select", "execution", (1, 16, 64, 1000), _sysbench("oltp_point_select", **BINARY)),
    Workload("read_write", "transaction of 20 statements", (16,), _sysbench("oltp_read_write", WRITTEN, **TEXT)),
    Workload("insert", "statement", (16,), _sysbench("oltp_insert", WRITTEN, **TEXT)),
    Workload("storm", "connection", (16, 64), _sysbench("storm", **TABLE), ON_MARIADB, NATIVE),
    Workload("storm_sha2", "connection", (16,), _sysbench("storm", **TABLE), ("router",)),
    Workload("storm_tls", "connection", (16,), _tls_storm, ("router",), tls=True),
    Workload("result_2mb", "result", (1, 16), _sysbench("rows", rows=ROWS)),
    Workload(
        "result_200mb", "result", (1,), _sysbench("rows", rows=ROWS, times=100), ("haproxy", "proxysql", "direct")
    ),
    Workload("crowd", "query", (1000,), _crowd, ("haproxy", "proxysql")),
    Workload("arrive", "client", (2000,), _arrive, ("proxysql",), fresh=True),
    Workload("carrying", "query", (16,), _sysbench("oltp_point_select", **TEXT), ("uncarried",)),
    Workload("states_mixed", "query", (16,), _sysbench("states", states=4, **TABLE), ("one_state", "proxysql")),
    Workload("idle", "client", (10_000,), _idle, ("haproxy", "proxysql"), fresh=True),
    Workload("start", "process", (0,), _start, ("haproxy", "proxysql"), fresh=True),
)
