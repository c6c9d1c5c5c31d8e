"""What a trial comes to: nothing passes for equal that is not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.drivers.catalogue import Driver
from tests.drivers.trial import FAILS, NONE, ONLY_THROUGH, SAME, Outcome, compare

FAILED = {"failed": "Traceback"}
ROWS = [["int 1"], ["str 'x'"]]
DRIVER = Driver("some", "Some", "Python", lambda: (), broken={"broken": "it cannot"})


def came_to(trial: str, directly: dict[str, Any], through: dict[str, Any]) -> Outcome:
    outcome = Outcome()
    compare(DRIVER, trial, directly, through, outcome)
    return outcome


@pytest.mark.parametrize(
    ("trial", "directly", "through", "cell"),
    [
        ("types", {"types": ROWS}, {"types": ROWS}, SAME),
        ("types", {"version": "1"}, {"version": "1"}, NONE),
        ("types", {}, {"types": ROWS}, ONLY_THROUGH),
        ("broken", {"broken": FAILED}, {"broken": FAILED}, FAILS),
    ],
)
def test_nothing_wrong(trial: str, directly: dict[str, Any], through: dict[str, Any], cell: str) -> None:
    outcome = came_to(trial, directly, through)
    assert (outcome.wrong, outcome.cells) == ([], {trial: cell})


@pytest.mark.parametrize(
    ("trial", "directly", "through"),
    [
        ("types", {"types": ROWS}, {"types": ROWS[:1]}),
        ("types", {"types": ROWS}, {"types": [["int 1"], ["str 'y'"]]}),
        ("types", {"types": ROWS}, {"types": FAILED}),
        ("types", {"types": ROWS}, {"version": "1"}),
        ("types", {"types": FAILED}, {"types": FAILED}),  # the same mistake twice proves nothing
        ("types", {}, {"types": FAILED}),
        ("broken", {"broken": ROWS}, {"broken": FAILED}),
        ("broken", {"broken": FAILED}, {"broken": ROWS}),
    ],
)
def test_something_wrong(trial: str, directly: dict[str, Any], through: dict[str, Any]) -> None:
    assert came_to(trial, directly, through).wrong
