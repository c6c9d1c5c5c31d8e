"""``python -m tests.oracle``: random sessions for some time; exit status 1 when anything differs."""

from __future__ import annotations

import argparse
import random
import sys
import time

from tests.oracle import report
from tests.oracle.compare import differences, first
from tests.oracle.generator import ACTS, generate, table
from tests.oracle.shrink import shrink
from tests.oracle.world import open_world


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.oracle", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long, shared between the servers")
    parser.add_argument("--seed", type=int, help="of the first case; the next ones count on")
    parser.add_argument("--cases", type=int, help="so many cases for each server, however long it takes")
    parser.add_argument("--server", choices=("mariadb", "mysql", "both"), default="both")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--pool", type=int, default=2)
    parser.add_argument("--acts", type=int, default=ACTS, help="the length of a script")
    parser.add_argument("--only", default="", help="subjects, separated by commas")
    parser.add_argument("--without", default="", help="subjects to leave out")
    parser.add_argument("--skip", default="", help="leave out statements in which this expression is found")
    parser.add_argument("--shrink-seconds", type=float, default=60.0)
    parser.add_argument("--all", action="store_true", help="go on after a difference")
    return parser.parse_args()


def _split(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def run(flavour: str, seed: int, seconds: float, arguments: argparse.Namespace) -> int:
    """How many cases differed, and how much a long run has not seen. Prints as it goes."""
    rows = table(flavour, _split(arguments.only), _split(arguments.without))
    tally = report.Tally(flavour)
    differing = 0
    with open_world(flavour, arguments.clients) as world, world.forebay(arguments.pool) as daemon:
        until = time.monotonic() + seconds
        while tally.cases < arguments.cases if arguments.cases else time.monotonic() < until:
            case = generate(seed + tally.cases, flavour, arguments.clients, rows, arguments.acts)
            if arguments.skip:
                case = case.without(arguments.skip)
            tally.add(case)
            found = differences(world, case)
            if found:
                differing += 1
                print(f"{flavour}: seed {case.seed} differs for {len(found)} clients, shrinking", flush=True)
                print(first(case, found), flush=True)
                small, difference = shrink(world, case, found, arguments.shrink_seconds)
                print("\n".join(report.difference_lines(flavour, small, difference)), flush=True)
                if not arguments.all:
                    break
        print("\n".join(tally.lines(daemon.metrics())), flush=True)
        if rare := tally.rare():
            print(f"{flavour}: seen too rarely: {'; '.join(rare)}", flush=True)
            differing += len(rare) if _is_long(arguments) else 0
    return differing


def _is_long(arguments: argparse.Namespace) -> bool:
    """Whether the run is one that must see every part of a session."""
    in_part = arguments.only or arguments.without or arguments.skip or arguments.cases
    return arguments.seconds >= report.LONG_RUN and not in_part


def main() -> int:
    arguments = _arguments()
    flavours = ("mariadb", "mysql") if arguments.server == "both" else (arguments.server,)
    seed = random.randrange(1 << 30) if arguments.seed is None else arguments.seed
    print(f"seed {seed}", flush=True)
    differing = sum(run(flavour, seed, arguments.seconds / len(flavours), arguments) for flavour in flavours)
    print(f"{differing} differences, or parts seen too rarely" if differing else "no difference", flush=True)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
