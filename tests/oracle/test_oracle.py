"""A few seeds of the oracle, the same ones each time; ``make oracle`` runs as many as there is time for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import servers
from tests.oracle import report
from tests.oracle.compare import differences
from tests.oracle.generator import generate, table
from tests.oracle.shrink import shrink
from tests.oracle.subjects import SUBJECTS
from tests.oracle.world import World, open_world

CLIENTS, POOL, ACTS = 6, 2, 8
SEEDS = range(4)


@pytest.fixture(scope="module", params=("mariadb", "mysql"))
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    try:
        opened = open_world(request.param, CLIENTS)
        with opened as world, world.forebay(POOL):
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
