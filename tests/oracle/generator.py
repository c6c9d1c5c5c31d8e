"""From a seed to a case: kinds of clients, a script for each, and the order in which they take turns."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.oracle.case import Case, Turn
from tests.oracle.kinds import KINDS, Kind
from tests.oracle.pen import Pen, Subject
from tests.oracle.steps import Step
from tests.oracle.subjects import SUBJECTS, diagnostics, identity, system, variables

ACTS = 14  # of one script
_DEEPEST = 2


def table(flavour: str, only: Sequence[str] = (), without: Sequence[str] = ()) -> list[Subject]:
    """The rows that a flavour has, all or some of them by name."""
    rows = [row for row in SUBJECTS if row.only in ("", flavour) and row.name not in without]
    return [row for row in rows if not only or row.name in only]


def generate(seed: int, flavour: str, clients: int, rows: Sequence[Subject], acts: int = ACTS) -> Case:
    """The same arguments give the same case, in every process."""
    rng = random.Random(f"{seed} {flavour} {clients}")
    window = rng.choice((1, 1, 1, 2, clients))
    # CLIENT_FOUND_ROWS has a pool of its own, so most cases do without.
    mixed = rng.random() < 0.3
    kinds = tuple(rng.choice(KINDS if mixed else KINDS[:-2]) for _ in range(clients))
    scripts = [_script(rng, flavour, index, kind, rows, acts) for index, kind in enumerate(kinds)]
    return Case(seed, kinds, tuple(_interleaved(rng, scripts)), window)


def _script(
    rng: random.Random, flavour: str, client: int, kind: Kind, rows: Sequence[Subject], acts: int
) -> list[Step]:
    pen = Pen(rng, flavour, client, kind)
    weights = [row.weight for row in rows]

    def act() -> None:
        if pen.inside >= _DEEPEST:
            return
        outer, pen.inside = pen.subject, pen.inside + 1
        row = rng.choices(rows, weights)[0]
        pen.subject = row.name
        row.make(pen)
        if rng.random() < 0.3:
            _look_around(pen)
        pen.subject, pen.inside = outer, pen.inside - 1

    pen.act = act
    for _ in range(acts):
        act()
    pen.subject = "the end"
    pen.q(
        system.ALL_VARIABLES, "SELECT @a, @b, @c, @i, LAST_INSERT_ID(), DATABASE()", "SELECT * FROM {s}.t ORDER BY id"
    )
    return pen.steps


def _look_around(pen: Pen) -> None:
    """Ask for something that an earlier act may have left."""
    pen.rng.choice(
        (variables.ask, identity.ask, diagnostics.ask, lambda pen: pen.any(system.CHARSETS, system.ALL_VARIABLES))
    )(pen)


def _interleaved(rng: random.Random, scripts: list[list[Step]]) -> list[Turn]:
    """Any order that keeps each script's own; sometimes somebody says a few things in a row."""
    left = {client: list(reversed(script)) for client, script in enumerate(scripts) if script}
    turns = []
    while left:
        client = rng.choice(list(left))
        for _ in range(rng.choice((1, 1, 1, 2, 5))):
            turns.append(Turn(client, left[client].pop()))
            if not left[client]:
                del left[client]
                break
    return turns
