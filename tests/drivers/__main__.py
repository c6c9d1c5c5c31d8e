"""``python -m tests.drivers``: every driver on both servers. ``--write`` keeps docs/drivers.md.

Exit status 1 when anything differed or failed. What cannot run on this machine is named; with CI set, that is a
failure, too.
"""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor

from tests import servers
from tests.drivers import page
from tests.drivers.catalogue import BY_KEY, Driver
from tests.drivers.trial import OPTIONS, Outcome, attempt, company, configuration
from tests.servers import APP, FLAVOURS, Server
from tests.whole.daemon import Daemon, running


def _attempt(driver: Driver, server: Server, daemon: Daemon) -> Outcome:
    began = time.monotonic()
    if missing := driver.missing():
        print(f"{server.flavour:<8} {driver.key:<20} NOT TRIED, missing here: {missing}", flush=True)
        return Outcome(missing=missing)
    outcome = attempt(driver, server, daemon)
    cells = ", ".join(f"{trial} {cell}" for trial, cell in outcome.cells.items() if cell != "same")
    verdict = "same as directly" if not outcome.wrong else f"{len(outcome.wrong)} DIFFERENCES"
    took = time.monotonic() - began
    print(f"{server.flavour:<8} {driver.key:<20} {outcome.version:<10} {took:5.1f} s  {verdict}; {cells}", flush=True)
    for wrong in outcome.wrong:
        print(textwrap.indent(wrong, "    "), flush=True)
    return outcome


def _on(flavour: str, drivers: list[Driver]) -> dict[tuple[str, str], Outcome]:
    """One driver after the other: several trials hold two server connections, which is all that there are."""
    with (
        servers.make(flavour, users=[APP], options=OPTIONS) as server,
        running(server.port, configuration(server)) as daemon,
        company(daemon),
    ):
        return {(driver.key, flavour): _attempt(driver, server, daemon) for driver in drivers}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.drivers", description=__doc__.partition("\n")[0])
    parser.add_argument("driver", nargs="*", help=f"only these: {' '.join(BY_KEY)}")
    parser.add_argument("--server", choices=sorted(FLAVOURS), action="append", help="only this one")
    parser.add_argument("--write", action="store_true", help="write docs/drivers.md; needs all drivers and servers")
    arguments = parser.parse_args()
    if unknown := set(arguments.driver) - set(BY_KEY):
        parser.error(f"no such driver: {', '.join(sorted(unknown))}")
    drivers = [BY_KEY[key] for key in arguments.driver or BY_KEY]
    outcomes: dict[tuple[str, str], Outcome] = {}
    flavours = arguments.server or sorted(FLAVOURS)
    with ThreadPoolExecutor(len(flavours)) as threads:
        for found in threads.map(lambda flavour: _on(flavour, drivers), flavours):
            outcomes |= found
    failed = any(outcome.wrong for outcome in outcomes.values())
    missing = sorted({outcome.missing for outcome in outcomes.values() if outcome.missing})
    if missing:
        print(f"Not everything was tried. Missing here: {'; '.join(missing)}", flush=True)
        failed = failed or bool(os.environ.get("CI"))
    elif arguments.write and not failed and len(outcomes) == len(BY_KEY) * len(FLAVOURS):
        page.PAGE.write_text(page.text(outcomes))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
