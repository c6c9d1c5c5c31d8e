"""What a run tells at its end, and what it tells when it found a difference."""

from __future__ import annotations

from collections import Counter

from tests.oracle.case import Case
from tests.oracle.compare import Difference
from tests.oracle.steps import Reconnect
from tests.oracle.subjects import SUBJECTS


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
        found: Counter[str] = Counter()
        for row in SUBJECTS:
            if row.part:
                found[row.part] += self.subjects[row.name]
        return found

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
            "  statements by part of a session:",
        ]
        lines += [f"    {count:7} {part}" for part, count in self.parts().most_common()]
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
