"""``python -m tests.bench.page``: puts the last run's tables and plots into docs/performance.md, between its two marks.

Decides how figures look on the page; everything around them is written by hand.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.bench import targets
from tests.bench.figures import Figure
from tests.bench.report import METRICS, RESULTS

DOCS = Path(__file__).parents[2] / "docs"
PAGE, PICTURES = DOCS / "performance.md", DOCS / "performance"
BEGIN, END = "<!-- figures of a run: begin -->", "<!-- figures of a run: end -->"

_TOLD = ("cpu_us", "cpu_user_us", "ops_per_s", "p50_ms", "p99_ms", "resident_mb")


def tables(figures: list[Figure]) -> Iterator[str]:
    """The targets with pass or miss, then the most telling metrics of every workload."""
    yield "| target | measured | bound | |"
    yield "|---|---|---|---|"
    found = {(each.workload, each.clients, each.metric, each.peer): each for each in figures if each.target}
    for target in targets.TARGETS:
        figure = found.get((target.workload, target.clients, target.metric, target.peer))
        name = f"{_crowd(target.workload, target.clients)}: {METRICS[target.metric].strip()}"
        name += f" / {target.peer}" if target.peer else ""
        if figure is None or figure.ok is None:
            yield f"| {name} | not measured | {target} | |"
        else:
            value = figure.ratio if target.peer else figure.forebay
            yield f"| {name} | {value:.3g} | {target} | {'pass' if figure.ok else '**MISS**'} |"
    yield ""
    yield "| workload | " + " | ".join(METRICS[metric].strip() for metric in _TOLD) + " |"
    yield "|---|" + "---|" * len(_TOLD)
    rows: dict[tuple[str, int, str], dict[str, float]] = {}
    for each in figures:
        value = each.forebay if not each.peer else each.peer_value
        if each.metric in _TOLD and value is not None:
            label = each.peer or "Forebay"
            rows.setdefault((each.workload, each.clients, label), {}).setdefault(each.metric, value)
    for (workload, clients, label), row in rows.items():
        cells = " | ".join(_number(row[metric]) if metric in row else "" for metric in _TOLD)
        yield f"| {_crowd(workload, clients)}, {label} | {cells} |"


def _crowd(workload: str, clients: int) -> str:
    return f"{workload} {clients:,}" if clients else workload


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def main() -> None:
    figures = [Figure(**each) for each in json.loads((RESULTS / "latest.json").read_text())]
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    PICTURES.mkdir(exist_ok=True)
    pictures = sorted(RESULTS.glob("*.png"))
    shown = [f"![{path.stem.replace('_', ' ')}](performance/{path.name})" for path in pictures]
    for path in pictures:
        shutil.copy(path, PICTURES)
    PAGE.write_text("\n".join([before + BEGIN, "", *tables(figures), "", *shown, "", END + after]))


if __name__ == "__main__":
    main()
