"""The PNG: connections open at MariaDB over time, through Forebay and directly. The only user of matplotlib."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from examples.demo.report import Phase, duration, percentile

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FOREBAY, DIRECT, INK, FAINT = "#0b7285", "#e8590c", "#212529", "#adb5bd"


def _draw(axes: Axes, phase: Phase, colour: str, top: int) -> None:
    timeline = phase.samples.timeline
    times = [at for at, _ in timeline]
    counts = [count for _, count in timeline]
    axes.fill_between(times, counts, step="post", color=colour, alpha=0.25, linewidth=0)
    axes.step(times, counts, where="post", color=colour, linewidth=1.6)
    axes.set_title(phase.name, loc="left", fontsize=12, fontweight="bold", color=colour)
    median = duration(percentile(phase.tally.latencies, 0.5))
    facts = (
        f"{phase.tally.done} invocations, {len(phase.tally.failures)} failed, median {median}\n"
        f"{phase.client_connections} client connections\n"
        f"{phase.samples.opened} server connections opened, at most {phase.samples.most} at once"
    )
    corner: dict[str, Any] = {"transform": axes.transAxes, "ha": "right", "va": "top"}
    axes.text(0.985, 0.94, facts, fontsize=9.5, color=INK, linespacing=1.5, **corner)
    axes.set_xlabel("seconds", color=INK)
    axes.set_ylim(0, top * 1.45)
    axes.grid(axis="y", color=FAINT, alpha=0.4, linewidth=0.7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK)


def save(proxied: Phase, direct: Phase, path: Path) -> None:
    """Write the plot to ``path``, making its folder."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import MaxNLocator

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12, 4.8), sharey=True, sharex=True, layout="constrained")
    top = max(1, proxied.samples.most, direct.samples.most)
    _draw(left, proxied, FOREBAY, top)
    _draw(right, direct, DIRECT, top)
    left.set_ylabel("connections open at MariaDB", color=INK)
    left.set_xlim(left=0)
    left.yaxis.set_major_locator(MaxNLocator(integer=True))
    figure.suptitle(
        f"{proxied.tally.total} function invocations, each its own process and connection",
        x=0.01, ha="left", fontsize=14, color=INK,
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
