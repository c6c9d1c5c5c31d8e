"""``python -m tests.sessions``: every part of a session on both servers. ``--write`` keeps the page.

Exit status 1 when an answer was neither the direct connection's nor an honest refusal.
"""

from __future__ import annotations

import argparse
import sys

from tests import servers
from tests.servers import APP, FLAVOURS
from tests.sessions import page
from tests.sessions.parts import PARTS
from tests.sessions.trial import POOL, Difference, attempt, set_up
from tests.whole.daemon import running


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sessions", description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="write docs/sessions.md")
    arguments = parser.parse_args()
    cells: dict[tuple[str, str], str] = {}
    failed = False
    for flavour in sorted(FLAVOURS):
        with servers.make(flavour, users=[APP]) as server, running(server.port, POOL) as daemon:
            set_up(server)
            for part in (each for each in PARTS if each.only in ("", flavour)):
                try:
                    said = cells[part.name, flavour] = page.cell(attempt(part, server, daemon))
                except Difference as difference:
                    failed = True
                    said = f"DIFFERENCE {difference}"
                print(f"{flavour:<8}{part.name:<52}{said}", flush=True)
    if arguments.write and not failed:
        page.PAGE.write_text(page.text(cells))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
