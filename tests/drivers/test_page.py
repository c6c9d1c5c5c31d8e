"""docs/drivers.md: it knows the drivers and trials that there are."""

from __future__ import annotations

import pytest

from tests.drivers import page
from tests.drivers.catalogue import DRIVERS, DUMP_TRIALS, LOAD_TRIALS, TRIALS, Driver


@pytest.mark.parametrize("driver", DRIVERS, ids=lambda driver: driver.key)
def test_it_lists_every_driver(driver: Driver) -> None:
    assert f"| {driver.language} | {driver.name} |" in page.PAGE.read_text()


@pytest.mark.parametrize("trials", [TRIALS, DUMP_TRIALS, LOAD_TRIALS])
def test_it_lists_every_trial(trials: tuple[str, ...]) -> None:
    assert f"| {' | '.join(trials)} |" in page.PAGE.read_text()
