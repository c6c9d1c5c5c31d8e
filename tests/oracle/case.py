"""What one seed gives: clients of some kinds, and the order of their steps."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tests.oracle.kinds import Kind
from tests.oracle.steps import Step


@dataclass(frozen=True, slots=True)
class Turn:
    """``client`` is an index into the case's kinds."""

    client: int
    step: Step


@dataclass(frozen=True, slots=True)
class Case:
    """``window``: how many commands are under way at once in the shared run; 1 is strictly one after the other."""

    seed: int
    kinds: tuple[Kind, ...]
    turns: tuple[Turn, ...]
    window: int = 1

    @property
    def clients(self) -> list[int]:
        """The indexes of the clients that have something to do."""
        return sorted({turn.client for turn in self.turns})

    def script(self, client: int) -> list[Step]:
        return [turn.step for turn in self.turns if turn.client == client]

    def without(self, pattern: str) -> Case:
        """The case without the statements in which the regular expression is found, in any case of letters."""
        skipped = re.compile(pattern, re.IGNORECASE)
        return replace(self, turns=tuple(turn for turn in self.turns if not skipped.search(str(turn.step))))

    def __str__(self) -> str:
        lines = [f"client {client}: {self.kinds[client]}" for client in self.clients]
        lines += [f"{turn.client}> {turn.step}" for turn in self.turns]
        return "\n".join(lines)


def schema(client: int) -> str:
    """A client's own schema, as the texts name it."""
    return f"orap_{client}"
