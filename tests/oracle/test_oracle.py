"""A few seeds of the oracle, the same ones each time; ``make oracle`` runs as many as there is time for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import servers
from tests.oracle import report
from tests.oracle.case import Case
from tests.oracle.compare import differences
from tests.oracle.generator import generate, table
from tests.oracle.report import LEAST, PARTS, Tally
from tests.oracle.shrink import shrink
from tests.oracle.subjects import SUBJECTS
from tests.oracle.world import World, open_world

CLIENTS, POOL, ACTS = 6, 2, 8
SEEDS = range(4)


@pytest.fixture(scope="module", params=("mariadb", "mysql"))
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    try:
        with open_world(request.param, CLIENTS) as world, world.forebay(POOL):
            yield world
    except servers.Unavailable as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("seed", SEEDS)
def test_clients_cannot_tell_that_they_share(world: World, seed: int) -> None:
    flavour = world.server.flavour
    case = generate(seed, flavour, CLIENTS, table(flavour), ACTS)
    found = differences(world, case)
    if found:
        small, difference = shrink(world, case, found, 10)
        pytest.fail("\n".join(report.difference_lines(flavour, small, difference)), pytrace=False)


def test_a_seed_gives_one_case() -> None:
    rows = table("mysql")
    assert generate(7, "mysql", 4, rows) == generate(7, "mysql", 4, rows)
    assert generate(7, "mysql", 4, rows) != generate(8, "mysql", 4, rows)


def test_every_subject_has_a_name_of_its_own() -> None:
    assert len({row.name for row in SUBJECTS}) == len(SUBJECTS)


def test_every_part_of_a_session_has_its_subjects() -> None:
    assert {row.part for row in SUBJECTS} - {""} == set(PARTS)


def test_parts_are_counted() -> None:
    tally = Tally("mysql")
    assert tally.rare() == list(PARTS)
    rows = [row for row in table("mysql") if row.part == "`GET_LOCK`"]
    while tally.statements < 3 * LEAST:
        tally.add(generate(tally.cases, "mysql", 4, rows))
    assert "`GET_LOCK`" not in tally.rare()
    assert len(tally.rare()) == len(PARTS) - 1


def test_statements_can_be_left_out() -> None:
    case: Case = generate(1, "mysql", 2, table("mysql"))
    assert any("SELECT" in str(turn.step) for turn in case.turns)
    assert not any("select" in str(turn.step).lower() for turn in case.without("select").turns)
