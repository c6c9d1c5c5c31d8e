"""What was measured, side by side: the table, the terminal plot, the line of JSON. Text only; it measures nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from examples.demo.crowd import Tally
from examples.demo.scrape import Histogram
from examples.demo.witness import Samples

MAX_SERVER_CONNECTIONS = 2  # open at the same time, through Forebay
MAX_SERVER_OPENED = 4  # two drivers set CLIENT_FOUND_ROWS and one does not: a connection may be turned over

EIGHTHS = " ▁▂▃▄▅▆▇█"
ASCII_EIGHTHS = "    ####"  # the same for an output that has only ASCII

Points = Sequence[tuple[float, int]]


@dataclass(slots=True)
class Phase:
    """One run of the invocations. The histograms are Forebay's own, so empty without Forebay."""

    name: str
    tally: Tally
    samples: Samples = field(default_factory=Samples)
    client_connections: int = 0
    client_connections_max: int = 0
    orders_stored: int = 0
    borrow_wait: Histogram = field(default_factory=Histogram)
    query: Histogram = field(default_factory=Histogram)
    server_response: Histogram = field(default_factory=Histogram)


def percentile(values: Iterable[float], q: float) -> float | None:
    """The smallest value that at least ``q`` of all values do not exceed; None without values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(q * len(ordered)) - 1)] if ordered else None


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} us"
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _rows(phase: Phase) -> list[tuple[str, str]]:
    latencies = phase.tally.latencies
    return [
        ("invocations", str(phase.tally.done)),
        ("failed", str(len(phase.tally.failures))),
        ("orders stored", str(phase.orders_stored)),
        ("client connections", str(phase.client_connections)),
        ("  open at the same time, sampled", str(phase.client_connections_max)),
        ("server connections opened", str(phase.samples.opened)),
        ("  open at the same time", str(phase.samples.most)),
        ("  high-water mark of MariaDB", str(phase.samples.peak)),
        ("invocation, median", duration(percentile(latencies, 0.5))),
        ("invocation, 95th percentile", duration(percentile(latencies, 0.95))),
        ("wait for a server connection, median", duration(phase.borrow_wait.quantile(0.5))),
        ("wait for a server connection, 95th", duration(phase.borrow_wait.quantile(0.95))),
        ("query at Forebay, median", duration(phase.query.quantile(0.5))),
        ("query at Forebay, 95th percentile", duration(phase.query.quantile(0.95))),
        ("  of which MariaDB's answer, median", duration(phase.server_response.quantile(0.5))),
        ("  of which MariaDB's answer, 95th", duration(phase.server_response.quantile(0.95))),
        ("all bursts together", duration(phase.tally.seconds)),
    ]


def table(phases: Sequence[Phase]) -> list[str]:
    """The lines of the comparison, one column for each phase."""
    columns = [_rows(phase) for phase in phases]
    label_width = max(len(label) for label, _ in columns[0])
    width = max(16, *(len(phase.name) + 2 for phase in phases))
    head = " " * label_width + "".join(phase.name.rjust(width) for phase in phases)
    body = [
        row[0][0].ljust(label_width) + "".join(value.rjust(width) for _, value in row)
        for row in zip(*columns, strict=True)
    ]
    return [head, "-" * len(head), *body]


def columns_of(points: Points, seconds: float, width: int) -> list[int]:
    """The highest count in each of ``width`` equal slices of ``seconds``; a slice without a sample takes the last."""
    highest: list[int | None] = [None] * width
    for at, count in points:
        slot = min(width - 1, int(at / seconds * width)) if seconds else 0
        highest[slot] = max(count, highest[slot] or 0)
    filled: list[int] = []
    for value in highest:
        filled.append(value if value is not None else (filled[-1] if filled else 0))
    return filled


def plot(
    points: Points, seconds: float, top: int, *, width: int = 60, rows: int = 6, ascii_only: bool = False
) -> list[str]:
    """Connections over time as text: ``rows`` lines, the highest stands for ``top``.

    The width stands for ``seconds``; what comes after the last point stays empty.
    """
    steps = ASCII_EIGHTHS if ascii_only else EIGHTHS[:8]
    full = "#" if ascii_only else EIGHTHS[8]
    end = points[-1][0] if points else 0.0
    used = max(1, min(width, math.ceil(end / seconds * width))) if seconds else 1
    counts = columns_of(points, end, used) + [0] * (width - used)
    lines = []
    for row in range(rows, 0, -1):
        base, unit = (row - 1) * top / rows, top / rows
        cells = (min(1.0, max(0.0, (count - base) / unit)) for count in counts)
        bars = "".join(full if cell == 1.0 else steps[math.ceil(cell * 7)] for cell in cells)
        label = f"{row * top / rows:5.0f}" if row in (rows, (rows + 1) // 2) else " " * 5
        lines.append(f"{label} |{bars}".rstrip())
    lines.append("    0 +" + "-" * width)
    return lines


def plots(phases: Sequence[Phase], *, ascii_only: bool = False) -> list[str]:
    """Every phase on the same two scales."""
    top = max(1, *(phase.samples.most for phase in phases))
    timelines = [phase.samples.timeline for phase in phases]
    seconds = max(timeline[-1][0] if timeline else 0.0 for timeline in timelines)
    lines: list[str] = []
    for phase, timeline in zip(phases, timelines, strict=True):
        lines.append(f"      connections open at MariaDB, {phase.name}")
        lines += plot(timeline, seconds, top, ascii_only=ascii_only)
    lines.append("      0 s" + f"{seconds:.1f} s".rjust(58))
    return lines


def shortcomings(proxied: Phase, direct: Phase) -> list[str]:
    """Why the demo did not show what it promises; empty when it did."""
    checks = [
        (not proxied.tally.failures, f"{len(proxied.tally.failures)} invocations failed through Forebay"),
        (not direct.tally.failures, f"{len(direct.tally.failures)} invocations failed directly"),
        (proxied.tally.done == proxied.tally.total, "not all invocations ran through Forebay"),
        (direct.tally.done == direct.tally.total, "not all invocations ran directly"),
        (proxied.orders_stored == proxied.tally.done, f"{proxied.orders_stored} orders stored through Forebay"),
        (direct.orders_stored == direct.tally.done, f"{direct.orders_stored} orders stored directly"),
        (
            proxied.samples.most <= MAX_SERVER_CONNECTIONS,
            f"{proxied.samples.most} server connections were open at the same time",
        ),
        (proxied.samples.opened <= MAX_SERVER_OPENED, f"{proxied.samples.opened} server connections were opened"),
        (direct.samples.opened >= direct.tally.total, f"MariaDB counted {direct.samples.opened} direct connections"),
    ]
    return [text for fine, text in checks if not fine]


def _latencies(phase: Phase) -> dict[str, Any]:
    def rounded(seconds: float | None) -> float | None:
        return None if seconds is None else round(seconds, 6)

    values = phase.tally.latencies
    found: dict[str, Any] = {"invocation": {f"p{q}": rounded(percentile(values, q / 100)) for q in (50, 95, 99)}}
    histograms = {"borrow_wait": phase.borrow_wait, "query": phase.query, "server_response": phase.server_response}
    for name, histogram in histograms.items():
        if histogram.count:
            found[name] = {f"p{q}": rounded(histogram.quantile(q / 100)) for q in (50, 95, 99)}
            found[name]["mean"] = rounded(histogram.mean)
    return found


def result(proxied: Phase, direct: Phase) -> dict[str, Any]:
    """The fields of the last line; latencies in seconds."""
    return {
        "invocations": proxied.tally.done,
        "failed": len(proxied.tally.failures),
        "orders_stored": proxied.orders_stored,
        "client_connections": proxied.client_connections,
        "client_connections_max": proxied.client_connections_max,
        "server_connections_opened": proxied.samples.opened,
        "server_connections_max": proxied.samples.most,
        "server_connections_peak": proxied.samples.peak,
        "seconds": round(proxied.tally.seconds, 3),
        "direct_invocations": direct.tally.done,
        "direct_failed": len(direct.tally.failures),
        "direct_orders_stored": direct.orders_stored,
        "direct_connections_opened": direct.samples.opened,
        "direct_connections_max": direct.samples.most,
        "direct_connections_peak": direct.samples.peak,
        "direct_seconds": round(direct.tally.seconds, 3),
        "latency_seconds": {"forebay": _latencies(proxied), "direct": _latencies(direct)},
    }
