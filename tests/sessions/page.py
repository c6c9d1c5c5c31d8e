"""docs/sessions.md: what happens to each part of a session, as a run found it, beside what other manuals say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.sessions.parts import PARTS, Part
from tests.sessions.peers import NAMES, ROWS, SOURCES
from tests.sessions.trial import CARRIED, HELD, LOST, PINNED, REFUSED, Outcome

PAGE = Path(__file__).parent.parent.parent / "docs" / "sessions.md"
SERVERS = {"mariadb": "MariaDB", "mysql": "MySQL"}

# By part and flavour what the cell says.
Cells = Mapping[tuple[str, str], str]
NOTHING = "-"  # this server has no such thing

_TEXT = """\
# What happens to each part of a session

Each cell under MariaDB and MySQL was decided by doing it: two clients share a Forebay whose pool has one server
connection. The first makes the part of a session, the second works in between with a session of its own, and the first
looks again. This page is made by `python -m tests.sessions --write` ([tests/sessions](../tests/sessions)), and
`make test` does it all again and compares.

- *{carried}*: the second client worked on the same server connection in between, and the first saw exactly what it sees
  on a direct connection.
- *{held}* and *{pinned}* until ...: the second client waited until then, and not longer; it saw nothing of the first.
  A pin is counted by its reason in `forebay_pins_total` and `forebay_servers_pinned`. *Reset* is
  `COM_RESET_CONNECTION`, `COM_CHANGE_USER`, or the end of the client's connection.
- *{refused}*: error 1235, once the server connection has gone to somebody else. Inside a transaction it works.
- *{lost}*: the first client finds it unset; the second has not seen it. No server tells a proxy that it happened. A
  user who needs it gets `dedicated: true`.

The other columns say what the manuals of other proxies say; nothing of it was tried here. *Pins for ever* is until the
end of the client's connection; *must not be used* is what a manual tells its readers to keep away from, because it is
not detected.

{table}

Sources, as of 2026:

{sources}
"""


def cell(outcome: Outcome) -> str:
    """How the table says it."""
    if outcome.what not in (HELD, PINNED):
        return outcome.what
    return f"{outcome.what} until {outcome.until}" + (f" (`{outcome.reason}`)" if outcome.reason else "")


def _line(part: Part, cells: Cells) -> str:
    row = [part.name, *(cells.get((part.name, flavour), NOTHING) for flavour in SERVERS), *ROWS[part.peers]]
    return f"| {' | '.join(row)} |"


def text(cells: Cells) -> str:
    """The whole page."""
    head = [f"| part of a session | {' | '.join((*SERVERS.values(), *NAMES))} |", "|" + "---|" * (3 + len(NAMES))]
    return _TEXT.format(
        carried=CARRIED,
        held=HELD,
        pinned=PINNED,
        refused=REFUSED,
        lost=LOST,
        table="\n".join([*head, *(_line(part, cells) for part in PARTS)]),
        sources="\n".join(f"- {name}: {source}" for name, source in zip(NAMES, SOURCES, strict=True)),
    )


def read() -> dict[tuple[str, str], str]:
    """The cells of the page that is kept."""
    found = {}
    for line in PAGE.read_text().splitlines():
        name, *cells = line.strip("| ").split(" | ")
        if line.startswith("| ") and len(cells) == len(SERVERS) + len(NAMES):
            found |= {(name, flavour): said for flavour, said in zip(SERVERS, cells, strict=False) if said != NOTHING}
    return found
