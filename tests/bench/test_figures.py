"""From rounds to figures, targets and the table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench import figures, report, rounds, targets, workloads
from tests.bench.contenders import CONTENDERS, FOREBAY
from tests.bench.rounds import Match

POINT = next(each for each in workloads.WORKLOADS if each.name == "point_select")


def match(**cpu: list[float]) -> Match:
    results = {name: [{"cpu_us": value} for value in values] for name, values in cpu.items()}
    return Match(POINT, 16, "mariadb", [CONTENDERS[name] for name in cpu], results)


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    by_itself, against = figures.of(match(forebay=[10, 40, 30], haproxy=[10, 20, 30]))
    assert (by_itself.forebay, by_itself.peer, by_itself.ratio, by_itself.target) == (30, "", None, None)
    assert (against.peer, against.peer_value, against.ratio, against.target, against.ok) == (
        "haproxy",
        20,
        1.0,
        "<= 1.25x",
        True,
    )


def test_a_miss_and_what_was_not_measured() -> None:
    played = match(forebay=[30.0], haproxy=[20.0])
    told = list(report.verdicts(figures.of(played), [played]))
    assert any("MISS" in line and "cpu_us against haproxy: 1.5" in line for line in told)
    assert any("----" in line and "router" in line for line in told)
    assert not any("storm" in line for line in told)


def test_without_forebay_there_are_no_figures() -> None:
    assert figures.of(match(haproxy=[20.0])) == []


def test_table_and_file(tmp_path: Path) -> None:
    played = match(forebay=[30.0], haproxy=[0.0])
    played.failed["router"] = "not\nhere"
    found = figures.of(played)
    assert list(report.table(played, found))[-2:] == ["router took no part: not here", ""]
    written = json.loads(report.write(found, tmp_path).read_text())
    assert [each["peer"] for each in written] == ["", "haproxy"]
    assert written[1]["ratio"] is None
    assert set(written[0]) == set("workload clients metric forebay peer peer_value ratio target ok".split())


def test_peers_meet_forebay_on_an_equal_server() -> None:
    found = list(rounds.matches(["point_select"], [16], {"proxysql"}))
    names = {each.flavour: [contender.name for contender in each.contenders] for each in found}
    assert names == {"mariadb": [FOREBAY, "haproxy", "direct"], "mysql": [FOREBAY, "router"]}


@pytest.mark.parametrize("target", targets.TARGETS, ids=str)
def test_targets_name_what_is_measured(target: targets.Target) -> None:
    workload = next(each for each in workloads.WORKLOADS if each.name == target.workload)
    assert target.clients in workload.clients
    assert target.metric in report.METRICS
    assert target.peer in ("", *workload.peers)
