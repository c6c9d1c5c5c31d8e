"""Shrinking, without any server: a made-up fault says which cases differ."""

from __future__ import annotations

import time

from tests.oracle.case import Case, Turn
from tests.oracle.compare import Difference
from tests.oracle.kinds import KINDS
from tests.oracle.shrink import minimise
from tests.oracle.steps import Query

FOREVER = time.monotonic() + 1e6


def turn(client: int, number: int) -> Turn:
    return Turn(client, Query("", b"%d" % number))


def needs(*numbers: int):
    """Differs at the last of these numbers if all of them are there, in this order."""

    def try_case(case: Case) -> Difference | None:
        found = [turn for turn in case.turns if int(str(turn.step)) in numbers]
        if [int(str(turn.step)) for turn in found] != list(numbers):
            return None
        last = found[-1]
        at = case.script(last.client).index(last.step)
        return Difference(last.client, at, last.step, 0, (), (b"",))

    return try_case


def a_case(size: int) -> Case:
    return Case(1, KINDS[:4], tuple(turn(number % 4, number) for number in range(size)), window=4)


def shrunk(case: Case, *numbers: int, until: float = FOREVER) -> list[int]:
    try_case = needs(*numbers)
    difference = try_case(case)
    assert difference is not None
    small, difference = minimise(case, difference, try_case, until)
    assert difference.step == small.turns[-1].step or until != FOREVER
    return [int(str(turn.step)) for turn in small.turns]


def test_only_what_matters_is_left() -> None:
    assert shrunk(a_case(100), 3, 58, 77) == [3, 58, 77]
    assert shrunk(a_case(100), 99) == [99]
    assert shrunk(a_case(100), 0, 1, 2, 3) == [0, 1, 2, 3]


def test_one_statement_stays() -> None:
    assert shrunk(a_case(1), 0) == [0]


def test_out_of_time_the_case_stays() -> None:
    assert shrunk(a_case(20), 3, 5, until=0.0) == list(range(20))


def test_a_shrunk_case_runs_one_after_the_other() -> None:
    try_case = needs(5)
    case = a_case(20)
    difference = try_case(case)
    assert difference is not None
    assert minimise(case, difference, try_case, FOREVER)[0].window == 1
