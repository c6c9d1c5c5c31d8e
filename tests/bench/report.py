"""How a run is told: a table for each match, the targets with pass or miss, and latest.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from tests.bench import targets
from tests.bench.contenders import FOREBAY
from tests.bench.figures import Figure
from tests.bench.rounds import Match

RESULTS = Path(__file__).parents[2] / "bench/results"

METRICS = {
    "cpu_us": "CPU, us each",
    "cpu_user_us": "  of it user",
    "cpu_system_us": "  of it system",
    "ops_per_s": "each second",
    "p50_ms": "p50, ms",
    "p95_ms": "p95, ms",
    "p99_ms": "p99, ms",
    "resident_mb": "resident, MB",
    "server_connections": "server connections",
    "p99_to_p50": "p99 compared with p50",
    "unfair_percent": "furthest from the mean, %",
    "arrived_s": "all logged in after, s",
    "few_p50_ms": "p50 among 10 clients, ms",
    "p50_to_few": "p50 compared with that",
    "client_kb": "memory of a client, kB",
    "few_cpu_percent": "CPU while 10 are silent, %",
    "idle_cpu_percent": "CPU of the others, %",
    "ready_s": "ready after, s",
    "baseline_mb": "resident at first, MB",
}
_FIRST, _WIDTH = 28, 20


def table(match: Match, figures: list[Figure]) -> Iterator[str]:
    """The lines of one match: a metric each, Forebay first, with its ratio to each peer."""
    peers = [name for name in match.results if name != FOREBAY]
    yield f"{match}: each {match.workload.operation}"
    yield " " * _FIRST + "".join(f"{name:>{_WIDTH}}" for name in (FOREBAY, *peers)).rstrip()
    by_metric = {figure.metric: figure.forebay for figure in figures}
    against = {(figure.metric, figure.peer): figure for figure in figures}
    for metric in sorted(by_metric, key=list(METRICS).index):
        cells = [f"{METRICS[metric]:<{_FIRST}}{_number(by_metric[metric]):>{_WIDTH}}"]
        cells += [_cell(against.get((metric, peer))) for peer in peers]
        yield "".join(cells).rstrip()
    yield from (f"{name} took no part: {' '.join(reason.split())}" for name, reason in match.failed.items())
    yield ""


def _cell(figure: Figure | None) -> str:
    if figure is None or figure.peer_value is None:
        return " " * _WIDTH
    ratio = "" if figure.ratio is None else f" {figure.ratio:.2f}x"
    return f"{_number(figure.peer_value) + ratio:>{_WIDTH}}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def verdicts(figures: Iterable[Figure], played: Iterable[Match]) -> Iterator[str]:
    """A line for each target of what was played: pass, miss, or not measured."""
    judged = {(each.workload, each.clients, each.metric, each.peer): each for each in figures if each.target}
    present = {(match.workload.name, match.clients) for match in played}
    for target in targets.TARGETS:
        if (target.workload, target.clients) not in present:
            continue
        figure = judged.get((target.workload, target.clients, target.metric, target.peer))
        what = f"{target.workload} {target.clients or ''} {target.metric}".replace("  ", " ")
        against = f" against {target.peer}" if target.peer else ""
        if figure is None or figure.ok is None:
            yield f"  ----  {what}{against}: not measured, target {target}"
            continue
        value = figure.ratio if target.peer else figure.forebay
        yield f"  {'pass' if figure.ok else 'MISS'}  {what}{against}: {value:.3g}, target {target}"


def write(figures: list[Figure], folder: Path = RESULTS) -> Path:
    """One object for each figure."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "latest.json"
    path.write_text("[\n" + ",\n".join(f"  {json.dumps(asdict(figure))}" for figure in figures) + "\n]\n")
    return path
