"""Make a case that differs small: whoever reads it should see what matters and nothing else.

Delta debugging, within a time: first everything after the difference goes, then whole clients, then runs of
turns, halved each time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from tests.oracle.case import Case, Turn
from tests.oracle.compare import Difference, differences, first
from tests.oracle.world import World

Try = Callable[[Case], Difference | None]


def shrink(world: World, case: Case, found: list[Difference], seconds: float) -> tuple[Case, Difference]:
    """The smallest case found in that time, and how it differs.

    Each try begins with new server connections, unless the difference needs what earlier cases left in the old ones.
    """
    until = time.monotonic() + seconds

    def try_case(smaller: Case) -> Difference | None:
        if anew:
            world.refresh()
        again = differences(world, smaller)
        return first(smaller, again) if again else None

    anew = True
    difference = try_case(case)
    if difference is None:
        anew = False
        difference = first(case, found)
    return minimise(case, difference, try_case, until)


def minimise(case: Case, difference: Difference, try_case: Try, until: float) -> tuple[Case, Difference]:
    """``try_case`` tells how a case differs; ``until`` is a time of ``time.monotonic``."""
    search = _Search(case, difference, try_case, until)
    search.cut_behind()
    if search.case.window != 1:
        search.attempt(replace(search.case, window=1))
    search.keep_two_clients()
    for client in search.case.clients:
        if client != search.difference.client:
            search.attempt(_without(search.case, lambda turn, gone=client: turn.client == gone))
    size = max(len(search.case.turns) // 2, 1)
    while True:
        removed = search.remove_runs(size)
        if size == 1 and not removed:
            return search.case, search.difference
        size = max(size // 2, 1)


class _Search:
    """The smallest case so far."""

    def __init__(self, case: Case, difference: Difference, try_case: Try, until: float) -> None:
        self.case = case
        self.difference = difference
        self.try_case = try_case
        self.until = until

    def attempt(self, smaller: Case) -> bool:
        """Take the smaller case if it differs, too."""
        if not smaller.turns or time.monotonic() > self.until:
            return False
        difference = self.try_case(smaller)
        if difference is None:
            return False
        self.case, self.difference = smaller, difference
        self.cut_behind()
        return True

    def cut_behind(self) -> None:
        """Turns after the difference: usually they play no part. Not tried where it is the last."""
        own = [at for at, turn in enumerate(self.case.turns) if turn.client == self.difference.client]
        end = own[self.difference.at] + 1
        if end < len(self.case.turns):
            self.attempt(replace(self.case, turns=self.case.turns[:end]))

    def keep_two_clients(self) -> None:
        """Often one other client is enough, or none."""
        for other in reversed(self.case.clients):
            kept = {self.difference.client, other}
            smaller = _without(self.case, lambda turn, kept=kept: turn.client not in kept)
            if len(smaller.turns) < len(self.case.turns) and self.attempt(smaller):
                return

    def remove_runs(self, size: int) -> bool:
        """Try to do without each run of so many turns, the last ones first. Whether any could go."""
        removed = False
        at = len(self.case.turns)
        while at > 0 and time.monotonic() < self.until:
            at = min(at, len(self.case.turns))
            start = max(at - size, 0)
            removed |= self.attempt(replace(self.case, turns=self.case.turns[:start] + self.case.turns[at:]))
            at = start
        return removed


def _without(case: Case, goes: Callable[[Turn], bool]) -> Case:
    return replace(case, turns=tuple(turn for turn in case.turns if not goes(turn)))
