"""What a run tells at its end, and what it tells when it found a difference."""

from __future__ import annotations

from collections import Counter

from tests.oracle.case import Case
from tests.oracle.compare import Difference
from tests.oracle.steps import Reconnect
from tests.oracle.subjects import SUBJECTS

# The rows of the design's table "Part by part". A run of this length must have seen each of them so often.
PARTS = (
    "default schema",
    "system variables, autocommit, charset",
    "connection collation",
    "next-transaction characteristics",
    "SET with the value the client already has",
    "same SET text as one whose effect is known, literals only",
    "user variables `@x`",
    "`LAST_INSERT_ID()`",
    "`ROW_COUNT()`, `FOUND_ROWS()`, warnings, errors, `@@warning_count`",
    "binary prepared statements",
    "text `PREPARE`",
    "open transaction, XA",
    "temporary tables",
    "`LOCK TABLES`, `FTWRL`, `LOCK INSTANCE`, `HANDLER`",
    "`GET_LOCK`",
    "open cursor, unread long data",
    "`SET ROLE`, profiling, anything not understood",
)
LEAST, LONG_RUN = 100, 300.0  # statements, seconds


class Tally:
    """Counts of one server's run."""

    def __init__(self, flavour: str) -> None:
        self.flavour = flavour
        self.cases = 0
        self.scripts = 0
        self.statements = 0
        self.subjects: Counter[str] = Counter()

    def add(self, case: Case) -> None:
        self.cases += 1
        self.scripts += len(case.kinds) + sum(isinstance(turn.step, Reconnect) for turn in case.turns)
        self.statements += len(case.turns)
        self.subjects.update(turn.step.subject for turn in case.turns)

    def parts(self) -> Counter[str]:
        """How many statements proved each row of the design's table."""
        found = Counter(dict.fromkeys(PARTS, 0))
        for row in SUBJECTS:
            if row.part:
                found[row.part] += self.subjects[row.name]
        return found

    def rare(self) -> list[str]:
        """The rows of the design's table that were not seen often enough."""
        return [part for part, count in self.parts().items() if count < LEAST]

    def lines(self, metrics: dict[tuple[str, str], float]) -> list[str]:
        def total(name: str) -> int:
            return int(sum(value for (found, _), value in metrics.items() if found == name))

        pins = {reason: int(value) for (name, reason), value in metrics.items() if name == "forebay_pins_total"}
        told = ", ".join(f"{reason} {count}" for reason, count in sorted(pins.items()) if count) or "none"
        unpins = total("forebay_pin_duration_seconds_count")
        lines = [
            f"{self.flavour}: {self.cases} cases, {self.scripts} scripts, {self.statements} statements",
            f"  syncs {total('forebay_syncs_total')}, settles {total('forebay_settles_total')}, "
            f"SETs answered without a server {total('forebay_elided_sets_total')}, "
            f"prepared again {total('forebay_reprepares_total')}",
            f"  pins {sum(pins.values())} ({told}), unpins {unpins}",
            f"  statements by part of a session (* fewer than {LEAST}):",
        ]
        lines += [f"    {count:7}{' *'[count < LEAST]} {part}" for part, count in self.parts().items()]
        lines.append("  statements by subject:")
        lines += [f"    {count:7} {subject}" for subject, count in self.subjects.most_common()]
        return lines


def difference_lines(flavour: str, case: Case, difference: Difference) -> list[str]:
    """The smallest case that differs, how, and how to see it again."""
    return [
        f"DIFFERENCE on {flavour}, seed {case.seed}",
        *str(case).splitlines(),
        "",
        *str(difference).splitlines(),
        "",
        f"again: python -m tests.oracle --server {flavour} --seed {case.seed} --cases 1",
    ]
