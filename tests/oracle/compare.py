"""Play a case both ways, and find the first step that was answered differently."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.oracle.case import Case
from tests.oracle.client import Answer
from tests.oracle.play import play
from tests.oracle.steps import Step
from tests.oracle.transcript import describe
from tests.oracle.world import World


@dataclass(frozen=True, slots=True)
class Difference:
    """``at`` counts the client's own steps from 0."""

    client: int
    at: int
    step: Step
    capabilities: int
    directly: Answer
    through: Answer

    def __str__(self) -> str:
        lines = [f"client {self.client}, its step {self.at}: {self.step}", "  directly:"]
        here, there = (describe(answer, self.capabilities) for answer in (self.directly, self.through))
        lines += _marked(here, there)
        lines.append("  through Forebay:")
        lines += _marked(there, here)
        if here == there:
            lines.append(f"  the bytes differ: {self.directly} and {self.through}")
        return "\n".join(lines)


_SHOWN = 30


def _marked(lines: list[str], others: list[str]) -> list[str]:
    """Lines, those marked that the other side does not have in the same place; of many the first ones."""
    marked = [f"    {' ' if others[at : at + 1] == [line] else '*'} {line[:1000]}" for at, line in enumerate(lines)]
    if len(marked) <= _SHOWN:
        return marked
    telling = [line for line in marked if line.startswith("    *")]
    return telling[:_SHOWN] or marked[:_SHOWN]


def differences(world: World, case: Case) -> list[Difference]:
    """The first difference of each client, in no order that means anything; empty where there is none."""
    world.reset(case.clients)
    with ThreadPoolExecutor(1) as threads:
        directly = threads.submit(
            play, case, lambda index: world.connect_directly(case.kinds[index], index), len(case.kinds)
        )
        through = play(case, lambda index: world.connect_through(case.kinds[index], index), case.window)
        expected = directly.result()
    found = []
    for client in case.clients:
        pairs = zip(case.script(client), expected[client], through[client], strict=False)
        for at, (step, here, there) in enumerate(pairs):
            if here != there:
                found.append(Difference(client, at, step, case.kinds[client].capabilities, here, there))
                break
    return found


def first(case: Case, found: list[Difference]) -> Difference:
    """The difference that comes first in the case's order."""

    def place(difference: Difference) -> int:
        own = [at for at, turn in enumerate(case.turns) if turn.client == difference.client]
        return own[difference.at]

    return min(found, key=place)
