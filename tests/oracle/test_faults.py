"""The oracle finds planted faults, in cases in which Forebay without the fault does not differ."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import servers
from tests.oracle.case import Case
from tests.oracle.compare import differences
from tests.oracle.faulty import FAULTS
from tests.oracle.generator import generate, table
from tests.oracle.world import World, open_world

CLIENTS, POOL, ACTS, CASES = 3, 1, 6, 24


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    try:
        with open_world("mariadb", CLIENTS) as world:
            yield world
    except servers.Unavailable as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def clean(world: World) -> list[Case]:
    """Ordinary cases of all subjects: nobody tells the oracle what to look for. Those that differ anyway prove nothing."""
    cases = [generate(seed, "mariadb", CLIENTS, table("mariadb"), ACTS) for seed in range(CASES)]
    with world.forebay(POOL):
        return [case for case in cases if not differences(world, case)]


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_is_found(world: World, clean: list[Case], fault: str) -> None:
    assert clean, "every case differs without any fault"
    with world.forebay(POOL, fault):
        assert any(differences(world, case) for case in clean)
