"""What makers of statements write with: random choices, and the script so far."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from proxy.wire import constants as c
from tests.oracle import steps as s
from tests.oracle.case import schema
from tests.oracle.kinds import Kind


class Pen:
    """Writes one client's script. ``act`` lets another random maker write, for what happens inside a transaction."""

    def __init__(self, rng: random.Random, flavour: str, client: int, kind: Kind) -> None:
        self.rng = rng
        self.mariadb = flavour == "mariadb"
        self.kind = kind
        self.schema = schema(client)
        self.subject = ""
        self.steps: list[s.Step] = []
        self.inside = 0  # how deep acts are nested
        self.handles = 0
        self.act: Callable[[], None] = lambda: None

    @property
    def several(self) -> bool:
        """Whether the client may send several statements at once."""
        return bool(self.kind.capabilities & c.CLIENT_MULTI_STATEMENTS)

    def q(self, *texts: str | bytes) -> None:
        """Statements, one after the other; ``{s}`` is the client's schema."""
        for text in texts:
            raw = text.encode() if isinstance(text, str) else text
            self.steps.append(s.Query(self.subject, raw.replace(b"{s}", self.schema.encode())))

    def any(self, *texts: str) -> None:
        """One of these statements."""
        self.q(self.rng.choice(texts))

    def some(self, count: int, *texts: str) -> None:
        """Up to ``count`` of these, each at most once, in a random order."""
        self.q(*self.rng.sample(texts, min(len(texts), self.rng.randint(1, count))))

    def say(self, step: s.Step) -> None:
        self.steps.append(step)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def pick(self, *values: str) -> str:
        return self.rng.choice(values)

    def number(self, low: int = 1, high: int = 9) -> int:
        return self.rng.randint(low, high)

    def handle(self) -> str:
        self.handles += 1
        return f"h{self.handles}"


@dataclass(frozen=True, slots=True)
class Subject:
    """A row of the table of makers. ``part`` is the row of the design's table "Part by part" that it proves, or "".

    ``only`` names a flavour if the other one has no such thing.
    """

    name: str
    make: Callable[[Pen], None]
    part: str = ""
    weight: float = 1.0
    only: str = ""
