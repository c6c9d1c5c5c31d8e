"""``python -m tests.bench``: play the matches, tell the figures. Exit status 1 when Forebay could not be measured."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable

import proxy
from proxy import about
from tests.bench import contenders, figures, plots, report, rounds
from tests.bench.contenders import CONTENDERS, FOREBAY
from tests.bench.stage import Stage, raise_file_limit
from tests.bench.workloads import WORKLOADS


def _words(allowed: list[str]) -> Callable[[str], list[str]]:
    def words(text: str) -> list[str]:
        found = text.replace(",", " ").split()
        if unknown := [word for word in found if word not in allowed]:
            raise argparse.ArgumentTypeError(f"{unknown[0]} is none of {', '.join(allowed)}")
        return found

    return words


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Forebay beside its peers.")
    names = [workload.name for workload in WORKLOADS]
    numbers = [str(count) for workload in WORKLOADS for count in workload.clients]
    parser.add_argument("--only", type=_words(names), default=[], help=f"of {', '.join(names)}")
    parser.add_argument("--clients", type=_words(numbers), default=[], help="only with these numbers of clients")
    parser.add_argument("--without", type=_words([*CONTENDERS]), default=[], help="contenders to leave out")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="of load in each round")
    parser.add_argument("--pool", type=int, default=8, help="server connections that sharing proxies may keep")
    return parser.parse_args()


def _outdated() -> list[str]:
    """Modules whose compiled form is older than what it was made from: their figures would be yesterday's."""
    return [
        name
        for name in proxy.COMPILED
        for compiled in proxy.extensions(name)
        for source in (proxy.source(name), proxy.source(name).with_suffix(".pxd"))
        if source.exists() and source.stat().st_mtime > compiled.stat().st_mtime
    ]


def _say(text: str) -> None:
    print(f"[bench] {time.strftime('%H:%M:%S')} {text}", flush=True)


def main() -> int:
    given = _arguments()
    if (stale := _outdated()) and os.environ.get("FOREBAY_PURE_PYTHON") != "1":
        print(f"compiled from an older source: {', '.join(sorted(set(stale)))}; run `make setup`", file=sys.stderr)
        return 2
    _say(f"{os.cpu_count()} CPUs, {raise_file_limit():,} files; " + ", ".join(map(" ".join, about.modules().items())))
    without = contenders.absent() | set(given.without)
    played = list(rounds.matches(given.only, [int(count) for count in given.clients], without))
    found = []
    with Stage() as stage:
        run = rounds.Run(stage, given.rounds, given.seconds, given.pool, _say)
        for number, match in enumerate(played, 1):
            _say(f"{match} ({number} of {len(played)})")
            rounds.play(match, run)
            found += figures.of(match)
    print()
    for match in played:
        print("\n".join(report.table(match, figures.of(match))))
    print("\n".join(["Targets", *report.verdicts(found, played), ""]))
    print(f"figures in {report.write(found)}; plots: {', '.join(map(str, plots.draw(found)))}")
    return 1 if any(FOREBAY in match.failed for match in played) else 0


if __name__ == "__main__":
    sys.exit(main())
