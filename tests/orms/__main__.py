"""``python -m tests.orms``: every ORM with 20 processes on both servers, and what pinned. ``--write`` keeps the table.

Exit status 1 when anything differed or failed.
"""

from __future__ import annotations

import argparse
import sys
import textwrap

from tests import servers
from tests.orms import page
from tests.orms.catalogue import BY_KEY
from tests.orms.trial import Figures, attempt
from tests.servers import APP

# How much of what differs is printed: how many differences, how many characters of a line.
SHOWN, WIDTH = 8, 500


def _say(name: str, flavour: str, figures: Figures, wrong: list[str]) -> None:
    verdict = "same as directly" if not wrong else f"{len(wrong)} DIFFERENCES"
    times = f"{figures.seconds:5.1f} s, directly {figures.seconds_directly:5.1f} s"
    counts = f"{figures.statements:6} statements {figures.syncs:6} syncs {figures.settles:5} settles"
    pins = ", ".join(f"{number} {reason}" for reason, number in figures.pins.items()) or "no pins"
    print(f"{name:<11}{flavour:<8} {times} {counts} {figures.elided:5} SETs answered  {pins}; {verdict}", flush=True)
    for line in wrong[:SHOWN]:
        print(textwrap.indent("\n".join(each[:WIDTH] for each in line.splitlines()), "    "), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.orms", description=__doc__.partition("\n")[0])
    parser.add_argument("orm", nargs="*", help=f"only these: {' '.join(BY_KEY)}")
    parser.add_argument("--processes", type=int, default=20)
    parser.add_argument("--server", choices=sorted(servers.FLAVOURS), action="append", help="only this one")
    parser.add_argument("--write", action="store_true", help="write docs/orms.md; needs all ORMs and servers")
    arguments = parser.parse_args()
    flavours = arguments.server or sorted(servers.FLAVOURS)
    keys = arguments.orm or list(BY_KEY)
    if unknown := set(keys) - set(BY_KEY):
        parser.error(f"no such ORM: {', '.join(sorted(unknown))}")
    table: dict[tuple[str, str], Figures] = {}
    failed = False
    for flavour in flavours:
        with servers.make(flavour, users=[APP]) as server:
            for key in keys:
                figures, wrong = attempt(BY_KEY[key], server, arguments.processes)
                _say(key, flavour, figures, wrong)
                table[key, flavour] = figures
                failed = failed or bool(wrong)
    if arguments.write and not failed and len(table) == len(BY_KEY) * len(servers.FLAVOURS):
        page.write(table, arguments.processes)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
