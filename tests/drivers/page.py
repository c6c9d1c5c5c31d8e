"""docs/drivers.md: the tables of drivers and trials, as a run found them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.drivers.catalogue import DRIVERS, DUMP_TRIALS, LOAD_TRIALS, TRIALS, Driver
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
([tests/drivers](../tests/drivers)), and `make drivers`, which CI runs, does it all again.

*{same}*: on MariaDB and on MySQL, every value, count, warning and error is the direct connection's. *{none}*: the
driver does not have it. *{fails}*: the driver itself cannot do it. *{works}*: there is nothing to compare with, because
the driver cannot log in to that server directly; through Forebay it can.

{drivers}

| trial | what is done |
|---|---|
{trials}

## Dumps

{dumps}

| trial | what is done |
|---|---|
{dump_trials}

## sysbench

The OLTP workloads: with one thread and a seed, after which counts and tables must be the same, and with eight threads.

{load}

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
    "cancel": "an endless statement, ended by `KILL QUERY`, Ctrl-C, or the driver's time-out",
    "tls": "with the certificate verified",
    "compression": "the compressed protocol",
}
_DUMP_TRIALS = {
    "dump": "a database with every type, views and routines, as one transaction",
    "locked": "with its tables locked, and without any lock",
    "part": "some rows; the tables without rows",
    "load": "loaded into another database, and dumped again",
    "errors": "a database and a table that are not there",
    "tls": "with the certificate verified",
    "compression": "the compressed protocol",
}


def text(outcomes: Table) -> str:
    """The whole page."""
    versions = ", ".join(
        f"{driver.name} {outcomes[driver.key, 'mariadb'].version}"
        for driver in DRIVERS
        if driver.key != "sysbench-text"
    )
    return _TEXT.format(
        pool=POOL,
        drivers=table(outcomes, [driver for driver in DRIVERS if driver.trials == TRIALS]),
        dumps=table(outcomes, [driver for driver in DRIVERS if driver.trials == DUMP_TRIALS]),
        load=table(outcomes, [driver for driver in DRIVERS if driver.trials == LOAD_TRIALS]),
        same=SAME,
        none=NONE,
        fails=FAILS,
        works=ONLY_THROUGH,
        trials=_rows(_TRIALS),
        dump_trials=_rows(_DUMP_TRIALS),
        notes="\n".join(note for driver in DRIVERS for note in _notes(driver)),
        versions=versions.replace("prepared statements", "sysbench"),
    )


def _rows(trials: Mapping[str, str]) -> str:
    return "\n".join(f"| {trial} | {what} |" for trial, what in trials.items())


def table(outcomes: Table, drivers: Sequence[Driver]) -> str:
    """Drivers that have the same trials, in Markdown."""
    trials = drivers[0].trials
    lines = [f"| | | {' | '.join(trials)} |", "|---|---|" + "---|" * len(trials)]
    for driver in drivers:
        both = [outcomes[driver.key, flavour].cells for flavour in SERVERS]
        cells = [_cell([cells.get(trial, NONE) for cells in both]) for trial in trials]
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
