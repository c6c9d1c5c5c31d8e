"""One ORM on one server: its application through Forebay and directly, on a fresh database each, and what differs.

Decides: the order of the steps, what is counted, what counts as a difference. Does not know: any ORM.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from tests.orms import crowd
from tests.orms.catalogue import Orm
from tests.orms.contents import contents
from tests.servers import APP, Server
from tests.whole.daemon import Daemon, running

SCHEMA = "orm_shop"
POOL = 2
# An ORM that pins lets two processes work at a time, so the last waits for all others: as long as the crowd may take.
CHANGES: dict[str, Any] = {"pool": {"max_connections": POOL, "borrow_timeout": f"{crowd.DEADLINE:.0f}s"}}


@dataclass(slots=True)
class Seen:
    """What the processes printed, what the database held in the end, how long the crowd took in seconds."""

    outcomes: crowd.Outcomes
    contents: dict[str, list[str]]
    seconds: float


@dataclass(slots=True)
class Figures:
    """What Forebay counted in one run; ``pins`` by reason, without those that never occurred."""

    clients: int
    statements: int
    opened: int
    syncs: int
    settles: int
    elided: int
    seconds: float = 0.0
    seconds_directly: float = 0.0
    pins: dict[str, int] = field(default_factory=dict)


def _fresh(server: Server) -> None:
    server.execute(f"DROP DATABASE IF EXISTS {SCHEMA}")
    server.execute(f"CREATE DATABASE {SCHEMA} CHARACTER SET utf8mb4")


def _run(orm: Orm, server: Server, port: int, groups: list[list[str]]) -> Seen:
    """The first migration alone; the rest together, with the second migration among them."""
    _fresh(server)
    url = f"mysql://{APP.name}:{APP.password}@127.0.0.1:{port}/{SCHEMA}"
    outcomes = crowd.run(orm, url, [["first"]])
    began = time.monotonic()
    outcomes |= crowd.run(orm, url, groups)
    return Seen(outcomes, contents(server, SCHEMA), time.monotonic() - began)


def _separate(processes: int) -> list[list[str]]:
    return [["second"], *([str(number)] for number in range(processes))]


def through(orm: Orm, server: Server, processes: int) -> tuple[Seen, Figures]:
    """All processes at once through a Forebay of their own with a pool of POOL."""
    with running(server.port, CHANGES) as daemon:
        seen = _run(orm, server, daemon.port, _separate(processes))
        return seen, _figures(daemon, seen)


def directly(orm: Orm, server: Server, processes: int) -> Seen:
    """The same on the server itself, by one process that takes all steps in turn, so that nothing disturbs it."""
    return _run(orm, server, server.port, [[step for steps in _separate(processes) for step in steps]])


def _figures(daemon: Daemon, seen: Seen) -> Figures:
    from proxy.session.pins import REASONS

    def count(name: str, **labels: str) -> int:
        return int(daemon.metric(f"forebay_{name}_total", **labels))

    pins = {reason: count("pins", reason=reason) for reason in REASONS}
    return Figures(
        clients=count("client_logins"),
        statements=count("queries"),
        opened=count("pool_opens", result="opened"),
        syncs=count("syncs"),
        settles=count("settles"),
        elided=count("elided_sets"),
        seconds=seen.seconds,
        pins={reason: number for reason, number in pins.items() if number},
    )


def failures(seen: Seen) -> list[str]:
    """The steps that failed, with their errors."""
    return [
        f"step {step}: {line['error']}\n{line['stderr']}"
        for step, line in sorted(seen.outcomes.items())
        if "error" in line
    ]


def differences(mine: Seen, theirs: Seen) -> list[str]:
    """What is not the same through Forebay (``mine``) and directly (``theirs``), a line or two for each."""
    found = []
    for step in sorted({*mine.outcomes, *theirs.outcomes}):
        left, right = (each.outcomes.get(step, {}) for each in (mine, theirs))
        for part in sorted({*_parts(left), *_parts(right)}):
            if (one := _parts(left).get(part)) != (other := _parts(right).get(part)):
                found.append(f"step {step}, {part}:\n  through  {one}\n  directly {other}")
    for table in sorted({*mine.contents, *theirs.contents}):
        one, other = mine.contents.get(table, []), theirs.contents.get(table, [])
        if one != other:
            found.append(f"table {table}: {len(one)} rows through, {len(other)} directly")
            found += [f"  only through:  {row}" for row in one if row not in other][:5]
            found += [f"  only directly: {row}" for row in other if row not in one][:5]
    return found


def _parts(line: dict[str, Any]) -> dict[str, Any]:
    """A step's result by its parts; an error is a part."""
    result = line.get("result")
    return {**(result if isinstance(result, dict) else {"result": result}), "error": line.get("error")}


def attempt(orm: Orm, server: Server, processes: int) -> tuple[Figures, list[str]]:
    """Both ways. Returns Forebay's figures, and every failure and difference as text."""
    mine, figures = through(orm, server, processes)
    theirs = directly(orm, server, processes)
    figures.seconds_directly = theirs.seconds
    wrong = [f"directly, {text}" for text in failures(theirs)]
    wrong += [f"through Forebay, {text}" for text in failures(mine)]
    return figures, wrong + differences(mine, theirs)
