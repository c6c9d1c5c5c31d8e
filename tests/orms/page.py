"""docs/orms.md: the table of ORM, server and pins, as a run found it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.orms.catalogue import ORMS, ROOT, Orm
from tests.orms.trial import POOL, Figures

PAGE = ROOT / "docs" / "orms.md"
SERVERS = {"mariadb": "MariaDB", "mysql": "MySQL"}
COLUMNS = ("ORM", "server", "pins", "statements", "clients", "server connections", "syncs", "settles", "SETs answered")

Table = Mapping[tuple[str, str], Figures]

_TEXT = """\
# ORMs

Each ORM runs a small shop, written as its own manual does it and with its default settings: migrations, creating and
reading rows one by one and in bulk, transactions with savepoints and rollbacks, relations, locked rows, upserts, pages
with totals, streams; with Unicode, NULL, decimals, dates, JSON and bytes. {processes} processes of it work at once
through a Forebay whose pool has {pool} server connections, while another migrates the database further. Then the same
is done directly on the server, by a process alone. Both must have seen the same, and the databases must hold the same.

This page is made by `python -m tests.orms --write` ([tests/orms](../tests/orms)); `make test` repeats it with
fewer processes, each ORM on one of the servers.

{table}

*Pins* are by reason. *Server connections* were opened
during the whole run. *Syncs* brought one to the state of the client that it was lent to, *settles* read a session back
before it was lent to another, *SETs answered* needed no server connection. Transactions are not pins.

## What the ORMs send

Most send complete statements, their values written into the text by the driver. Sequelize binds what it inserts and
updates, and Drizzle's migrator asks so what was applied: by mysql2's `execute()`, which prepares a statement and keeps
it until the connection ends. Clients share such preparations.
{pins}

Measured with {versions}.
"""


def table(figures: Table) -> str:
    """The table in Markdown, in the catalogue's order."""
    lines = [f"| {' | '.join(COLUMNS)} |", "|---|---|---" + "|---:" * (len(COLUMNS) - 3) + "|"]
    for (key, flavour), each in sorted(figures.items(), key=lambda item: _place(*item[0])):
        pins = ", ".join(f"{number} `{reason}`" for reason, number in sorted(each.pins.items())) or "none"
        numbers = (each.statements, each.clients, each.opened, each.syncs, each.settles, each.elided)
        names = (_orm(key).name, SERVERS[flavour], pins)
        lines.append(f"| {' | '.join([*names, *map(str, numbers)])} |")
    return "\n".join(lines)


def _orm(key: str) -> Orm:
    return next(orm for orm in ORMS if orm.key == key)


def _place(key: str, flavour: str) -> tuple[int, int]:
    return ORMS.index(_orm(key)), list(SERVERS).index(flavour)


def text(figures: Table, processes: int) -> str:
    """The whole page."""
    return _TEXT.format(
        processes=processes,
        pool=POOL,
        table=table(figures),
        pins="\n".join(f"\n- {orm.name}, `{reason}`: {why}" for orm in ORMS for reason, why in orm.pins.items()),
        versions=", ".join(f"{orm.name} {orm.version(orm.package)} on {orm.driver}" for orm in ORMS),
    )


def write(figures: Table, processes: int, path: Path = PAGE) -> None:
    path.write_text(text(figures, processes))
