"""From rounds to figures: medians, ratios within a round, and whether a target is met.

A ratio is the median of the rounds' ratios, not the ratio of the medians: what else the machine did in a round
concerns all who took part in it.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from tests.bench import targets
from tests.bench.contenders import FOREBAY
from tests.bench.rounds import Match


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of latest.json. ``peer`` "" is the figure by itself; ``ok`` is None where there is no target."""

    workload: str
    clients: int
    metric: str
    forebay: float
    peer: str
    peer_value: float | None
    ratio: float | None
    target: str | None
    ok: bool | None


def of(match: Match) -> list[Figure]:
    """Every metric of Forebay's, by itself and against each peer that has it too."""
    own = match.results.get(FOREBAY, [])
    found = []
    for metric in own[0] if own else ():
        mine = [round[metric] for round in own]
        found.append(_figure(match, metric, mine, "", None))
        for name, rounds in match.results.items():
            if name != FOREBAY and metric in rounds[0]:
                found.append(_figure(match, metric, mine, name, [round[metric] for round in rounds]))
    return found


def _figure(match: Match, metric: str, mine: list[float], peer: str, theirs: list[float] | None) -> Figure:
    workload, clients = match.workload.name, match.clients
    ratio = None
    if theirs is not None and all(theirs):
        ratio = statistics.median(one / other for one, other in zip(mine, theirs, strict=True))
    forebay = statistics.median(mine)
    target = targets.find(workload, clients, metric, peer)
    judged = ratio if peer else forebay
    ok = target.met(judged) if target is not None and judged is not None else None
    peer_value = None if theirs is None else statistics.median(theirs)
    return Figure(workload, clients, metric, forebay, peer, peer_value, ratio, str(target) if target else None, ok)
