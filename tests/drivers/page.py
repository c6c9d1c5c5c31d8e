"""docs/drivers.md: the table of drivers and trials, as a run found it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.drivers.catalogue import DRIVERS, TRIALS, Driver
from tests.drivers.trial import FAILS, NONE, ONLY_THROUGH, POOL, SAME, Outcome

PAGE = Path(__file__).parent.parent.parent / "docs" / "drivers.md"
SERVERS = {"mariadb": "MariaDB", "mysql": "MySQL"}

# By driver and flavour.
Table = Mapping[tuple[str, str], Outcome]

_TEXT = """\
# Drivers

Each driver does the same trials directly on the server and through a Forebay whose pool has {pool} server connections,
while another client with a session of its own uses the same pool. What it shows, values with their types, errors with
number, SQLSTATE and text, must be equal. This page is made by `python -m tests.drivers --write`
([tests/drivers](../tests/drivers)), and `make drivers` does it all again.

{table}

*{same}*: on MariaDB and on MySQL, every value, count, warning and error is the direct connection's. *{none}*: the
driver does not have it. *{fails}*: the driver itself cannot do it. *{works}*: there is nothing to compare with, because
the driver cannot log in to that server directly; through Forebay it can.

| trial | what is done |
|---|---|
{trials}

{notes}

Measured with {versions}.
"""

_TRIALS = {
    "types": "every column type at its limits, and computed columns; what the driver says of the columns",
    "prepared": "the same as binary prepared statements",
    "parameters": "integers of every size, floats, decimals, texts, bytes, times, NULL, as the driver sends them",
    "nulls": "NULL as parameter and in every type",
    "unicode": "in values, names of columns, and parameters",
    "blobs": "up to 17 MB both ways, so more than one packet",
    "transactions": "commit, rollback, savepoints, read only, as another connection sees them; closing with one open",
    "warnings": "counts and `SHOW WARNINGS`",
    "errors": "of the parser, the schema, constraints, routines; then go on",
    "results": "several results of procedures and of several statements in one text; OUT parameters",
    "cursors": "rows as they come, and cursors of the server",
    "session": "variables, `LAST_INSERT_ID()`, temporary tables, `FOUND_ROWS()`, ping, change of user",
    "cancel": "an endless statement, ended from another connection with `KILL QUERY` or by the driver",
    "tls": "with the certificate verified",
    "compression": "the compressed protocol",
}


def table(outcomes: Table) -> str:
    """The table in Markdown, in the catalogue's order."""
    trials = [trial for trial in TRIALS if any(trial in outcome.cells for outcome in outcomes.values())]
    lines = [f"| language | driver | {' | '.join(trials)} |", "|---|---|" + "---|" * len(trials)]
    for driver in DRIVERS:
        cells = [_cell([outcomes[driver.key, flavour].cells[trial] for flavour in SERVERS]) for trial in trials]
        lines.append(f"| {driver.language} | {driver.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(both: list[str]) -> str:
    """One word for both servers where it is the same."""
    if len(set(both)) == 1:
        return both[0]
    return "; ".join(f"{name}: {cell}" for name, cell in zip(SERVERS.values(), both, strict=True))


def _notes(driver: Driver) -> list[str]:
    notes = [f"- {driver.name}, {trial}: {why}." for trial, why in driver.broken.items()]
    if driver.no_login:
        servers = " and ".join(SERVERS[flavour] for flavour in driver.no_login)
        notes.append(f"- {driver.name} knows no authentication that {servers} still has.")
    return notes


def text(outcomes: Table) -> str:
    """The whole page."""
    versions = ", ".join(f"{driver.name} {outcomes[driver.key, 'mariadb'].version}" for driver in DRIVERS)
    return _TEXT.format(
        pool=POOL,
        table=table(outcomes),
        same=SAME,
        none=NONE,
        fails=FAILS,
        works=ONLY_THROUGH,
        trials="\n".join(f"| {trial} | {_TRIALS[trial]} |" for trial in TRIALS),
        notes="\n".join(note for driver in DRIVERS for note in _notes(driver)),
        versions=versions,
    )
