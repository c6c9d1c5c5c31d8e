"""The figures as PNG files: how cost grows with clients, how far each target is. The only user of matplotlib here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.contenders import FOREBAY
from tests.bench.figures import Figure
from tests.bench.report import RESULTS
from tests.bench.targets import Target, find

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GROWING = ("point_select", "prepared_point_select")
_PASS, _MISS = "#2a7f62", "#c0392b"
_INCH = 0.32  # height of a bar's row


def draw(figures: Sequence[Figure], folder: Path = RESULTS) -> list[Path]:
    """Write what there is data for; gives the files."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for workload in GROWING:
        lines = _by_clients([figure for figure in figures if figure.workload == workload])
        if any(len(points) > 1 for points in lines.values()):
            picture, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
            _grow(axes, workload, lines)
            drawn.append(folder / f"{workload}.png")
            picture.savefig(drawn[-1], dpi=110)
            pyplot.close(picture)
    judged = [figure for figure in figures if figure.ok is not None]
    if judged:
        picture, axes = pyplot.subplots(figsize=(9, 1.2 + _INCH * len(judged)), layout="constrained")
        _compare(axes, judged)
        drawn.append(folder / "targets.png")
        picture.savefig(drawn[-1], dpi=110)
        pyplot.close(picture)
    return drawn


def _by_clients(figures: Sequence[Figure]) -> dict[str, list[tuple[int, float]]]:
    """CPU of each contender by number of clients."""
    lines: dict[str, list[tuple[int, float]]] = {}
    for figure in figures:
        if figure.metric == "cpu_us":
            value = figure.forebay if not figure.peer else figure.peer_value
            points = lines.setdefault(figure.peer or FOREBAY, [])
            if value is not None and figure.clients not in dict(points):
                points.append((figure.clients, value))
    return lines


def _grow(axes: Axes, workload: str, lines: dict[str, list[tuple[int, float]]]) -> None:
    for name, points in lines.items():
        points.sort()
        axes.plot(*zip(*points, strict=True), marker="o", label=name, linewidth=2.5 if name == FOREBAY else 1.2)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    ticks = sorted({clients for points in lines.values() for clients, _ in points})
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.set_xlabel("clients")
    axes.set_ylabel("CPU of the proxy, us each")
    axes.set_title(workload.replace("_", " "))
    axes.legend(frameon=False)


def _compare(axes: Axes, judged: Sequence[Figure]) -> None:
    """How much of its bound each figure uses: up to 1 is within it."""
    names, uses = [], []
    for figure in judged:
        target = find(figure.workload, figure.clients, figure.metric, figure.peer)
        value = figure.ratio if figure.peer else figure.forebay
        assert target is not None
        assert value is not None
        against = f" / {figure.peer}" if figure.peer else ""
        crowd = f" {figure.clients:,}" if figure.clients else ""
        names.append(f"{figure.workload}{crowd}: {figure.metric}{against}  ({value:.3g}, {target})")
        uses.append(_used(target, value))
    colours = [_PASS if figure.ok else _MISS for figure in judged]
    axes.barh(names, uses, color=colours)
    axes.invert_yaxis()
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xlabel("of the target's bound; up to 1 is a pass")


def _used(target: Target, value: float) -> float:
    if target.at_most is not None:
        return value / target.at_most
    return (target.at_least or 0.0) / value if value else 0.0
