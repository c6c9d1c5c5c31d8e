"""Matches: one workload with one number of clients, run by turns against contenders that have an equal server behind.

Decides: who meets whom, in which order, and what becomes of one that fails: it leaves the match, with the reason.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.contenders import CONTENDERS, FOREBAY, Contender
from tests.bench.door import Door, Setting
from tests.bench.stage import Stage
from tests.bench.sysbench import LoadFailed
from tests.bench.workloads import WORKLOADS, Figures, Workload
from tests.servers import FLAVOURS, ServerFailed, Unavailable

WARM_UP = 1.0  # seconds

# What a contender may raise without ending the run; AssertionError comes from a Forebay that did not become ready.
_FAILURES = (LoadFailed, ServerFailed, Unavailable, AssertionError, OSError)


@dataclass(slots=True)
class Match:
    """``results``: a contender's figures, one for each round. ``failed``: who left, and why."""

    workload: Workload
    clients: int
    flavour: str
    contenders: list[Contender]
    results: dict[str, list[Figures]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        crowd = f", {self.clients:,} client{'s' * (self.clients > 1)}" if self.clients else ""
        return f"{self.workload.name}{crowd}, {self.flavour}"


@dataclass(frozen=True, slots=True)
class Run:
    """How a run goes: rounds, seconds of load in each, server connections, and who hears of progress."""

    stage: Stage
    rounds: int
    seconds: float
    pool: int
    say: Callable[[str], None]


def matches(only: Collection[str], clients: Collection[int], without: Collection[str]) -> Iterator[Match]:
    """All that is to be played: the workloads named ``only``, with these numbers of ``clients``; empty means all."""
    for workload in WORKLOADS:
        if only and workload.name not in only:
            continue
        for count in workload.clients:
            if not clients or count in clients:
                yield from _by_flavour(workload, count, without)


def _by_flavour(workload: Workload, clients: int, without: Collection[str]) -> Iterator[Match]:
    for flavour in FLAVOURS:
        found = [CONTENDERS[name] for name in workload.peers if name not in without]
        peers = [each for each in found if flavour in each.flavours]
        if peers or (flavour == "mariadb" and not found):
            yield Match(workload, clients, flavour, [CONTENDERS[FOREBAY], *peers])


def play(match: Match, run: Run) -> None:
    """Fill the match's results."""
    with contextlib.ExitStack() as opened:
        doors: dict[str, Door] = {}
        if not match.workload.fresh:
            for contender in match.contenders:
                opened.enter_context(_failing(match, contender, run))  # also of what shows when it stops
                with _failing(match, contender, run):
                    doors[contender.name] = opened.enter_context(_open(match, contender, run))
                    run.say(f"{match}: {contender.name} warms up")
                    match.workload.measure(doors[contender.name], contender, match.clients, WARM_UP)
        for number in range(run.rounds):
            turn = match.contenders if number % 2 == 0 else match.contenders[::-1]
            for contender in turn:
                if contender.name not in match.failed:
                    _turn(match, contender, run, doors.get(contender.name), f"round {number + 1} of {run.rounds}")


def _turn(match: Match, contender: Contender, run: Run, door: Door | None, which: str) -> None:
    with _failing(match, contender, run), contextlib.ExitStack() as opened:
        if door is None:
            door = opened.enter_context(_open(match, contender, run))
        figures = match.workload.measure(door, contender, match.clients, run.seconds)
        match.results.setdefault(contender.name, []).append(figures)
        told = ", ".join(f"{name} {value:,.4g}" for name, value in list(figures.items())[:4])
        run.say(f"{match}: {which}, {contender.name}: {told}")


@contextlib.contextmanager
def _failing(match: Match, contender: Contender, run: Run) -> Iterator[None]:
    try:
        yield
    except _FAILURES as failure:
        match.failed[contender.name] = str(failure).strip()
        match.results.pop(contender.name, None)
        run.say(f"{match}: {contender.name} leaves: {match.failed[contender.name]}")


@contextlib.contextmanager
def _open(match: Match, contender: Contender, run: Run) -> Iterator[Door]:
    with tempfile.TemporaryDirectory(prefix="forebay-bench-") as folder:
        server = run.stage.server(match.flavour)
        with contender.open(
            Setting(server, Path(folder), run.pool, match.workload.changes, match.workload.tls)
        ) as door:
            yield door
