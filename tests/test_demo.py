"""The demo's own parts: numbers, plans and texts. What it does as a whole is shown by ``make demo``."""

from __future__ import annotations

import io
import json
import math
import signal
from pathlib import Path

import pytest

from examples.demo import crowd, report, scrape, stage, story
from examples.demo.__main__ import seconds
from examples.demo.interrupts import Interrupted, Interrupts
from examples.demo.screen import Screen
from proxy import config, metrics

EXPOSITION = """\
# TYPE forebay_clients gauge
forebay_clients 3.0
# TYPE forebay_wait_seconds histogram
forebay_wait_seconds_bucket{le="0.1",pool="a"} 1
forebay_wait_seconds_bucket{le="1.0",pool="a"} 2
forebay_wait_seconds_bucket{le="+Inf",pool="a"} 2
forebay_wait_seconds_count{pool="a"} 2
forebay_wait_seconds_sum{pool="a"} 0.7
forebay_wait_seconds_bucket{le="0.1",pool="b"} 1
forebay_wait_seconds_bucket{le="1.0",pool="b"} 1
forebay_wait_seconds_bucket{le="+Inf",pool="b"} 2
forebay_wait_seconds_count{pool="b"} 2
forebay_wait_seconds_sum{pool="b"} 9.3
"""


def outcome(ok: bool = True) -> crowd.Outcome:
    return crowd.Outcome("node-mysql", ok, 0.01, error="" if ok else "no")


def phase(name: str, *, opened: int, peak: int, ok: bool = True) -> report.Phase:
    tally = crowd.Tally(2, outcomes=[outcome(), outcome(ok)], seconds=1.0)
    found = report.Phase(name, tally, client_connections=2, client_connections_max=2, orders_stored=2)
    found.samples.opened, found.samples.peak, found.samples.points = opened, peak, [(0.0, 0), (0.5, peak), (1.0, 0)]
    return found


def test_pools_are_added_up_in_a_scrape() -> None:
    found = scrape.Metrics(EXPOSITION)
    assert found.value("forebay_clients") == 3
    histogram = found.histogram("forebay_wait_seconds")
    assert histogram.buckets == ((0.1, 2), (1.0, 3), (math.inf, 4))
    assert histogram.mean == pytest.approx(2.5)


def test_quantiles_are_those_of_prometheus() -> None:
    histogram = scrape.Metrics(EXPOSITION).histogram("forebay_wait_seconds")
    assert histogram.quantile(0.25) == pytest.approx(0.05)  # half way in the first bucket
    assert histogram.quantile(0.5) == pytest.approx(0.1)
    assert histogram.quantile(0.99) == 1.0  # beyond the last finite bound
    assert scrape.Metrics("").histogram("forebay_wait_seconds").quantile(0.5) is None


def test_the_metrics_that_the_demo_reads_exist() -> None:
    kinds = {row.exposed: row.kind for row in (*metrics.PROCESS_ROWS, *metrics.POOL_ROWS)}
    assert kinds[story.CLIENTS_NOW] == metrics.GAUGE
    assert kinds[story.CLIENTS_TOTAL] == metrics.COUNTER
    assert {kinds[name] for name in (story.BORROW_WAIT, story.QUERY, story.SERVER_RESPONSE)} == {metrics.HISTOGRAM}


def test_percentiles() -> None:
    values = [0.4, 0.1, 0.3, 0.2]
    assert [report.percentile(values, q) for q in (0.0, 0.25, 0.5, 0.95, 1.0)] == [0.1, 0.1, 0.2, 0.4, 0.4]
    assert report.percentile([], 0.5) is None


@pytest.mark.parametrize(("value", "text"), [(None, "-"), (0.00005, "50 us"), (0.0123, "12.3 ms"), (2.5, "2.50 s")])
def test_durations(value: float | None, text: str) -> None:
    assert report.duration(value) == text


def test_four_bursts_of_twenty_with_every_driver() -> None:
    found = [crowd.burst(handlers, story.BURST) for handlers in crowd.BURSTS]
    assert [len(burst) for burst in found] == [20, 20, 20, 20]
    assert {handler for burst in found for handler, _ in burst} == set(crowd.COMMANDS)
    assert {event["customer"] for _, event in found[0]} == {1, 2, 3, 4, 5}


def test_an_outcome_is_what_the_runner_says() -> None:
    said = '{"ready": true}\n{"ok": true, "connection_id": 7, "rows": 1, "seconds": 0.5}\n'
    assert crowd.read_outcome("h", 0, said, "") == crowd.Outcome("h", True, 0.5, 7)


@pytest.mark.parametrize(
    ("status", "out", "err", "error"),
    [
        (1, '{"ok": false, "error": "refused"}', "", "refused"),
        (1, "", "Trace\nModuleNotFoundError: pymysql\n", "ModuleNotFoundError: pymysql"),
        (-9, "", "", "killed by signal 9"),
        (0, "no json", "", "exit status 0"),
    ],
)
def test_an_outcome_of_a_failure_says_why(status: int, out: str, err: str, error: str) -> None:
    found = crowd.read_outcome("h", status, out, err)
    assert (found.ok, found.error) == (False, error)


def test_the_result_has_the_promised_fields() -> None:
    proxied, direct = phase("through Forebay", opened=3, peak=2), phase("directly", opened=2, peak=2)
    assert report.shortcomings(proxied, direct) == []
    found = json.loads(json.dumps(report.result(proxied, direct)))
    assert found["invocations"] == 2
    assert found["failed"] == 0
    assert (found["server_connections_max"], found["server_connections_opened"]) == (2, 3)
    assert (found["direct_connections_max"], found["direct_connections_opened"]) == (2, 2)
    assert found["latency_seconds"]["direct"]["invocation"]["p50"] == 0.01


def test_shortcomings_are_named() -> None:
    proxied, direct = phase("through Forebay", opened=5, peak=3, ok=False), phase("directly", opened=1, peak=1)
    assert report.shortcomings(proxied, direct) == [
        "1 invocations failed through Forebay",
        "3 server connections were open at the same time",
        "5 server connections were opened",
        "MariaDB counted 1 direct connections",
    ]


def test_the_table_has_a_column_for_each_phase() -> None:
    lines = report.table([phase("through Forebay", opened=3, peak=2), phase("directly", opened=80, peak=20)])
    assert lines[0].split() == ["through", "Forebay", "directly"]
    assert any(line.split() == ["server", "connections", "opened", "3", "80"] for line in lines)


def test_the_plot_has_the_height_of_its_counts() -> None:
    lines = report.plot([(0.0, 4), (1.0, 2)], 2.0, 4, width=4, rows=2, ascii_only=True)
    assert lines == ["    4 |#", "    2 |##", "    0 +----"]


@pytest.mark.parametrize("points", [[], [(0.0, 1)], [(0.0, 0), (3.0, 2)]])
def test_the_plot_takes_any_number_of_points(points: list[tuple[float, int]]) -> None:
    assert len(report.plot(points, 3.0, 2, rows=3)) == 4


def test_a_file_gets_a_live_line_each_second_only() -> None:
    out, now = io.StringIO(), [0.0]
    screen = Screen(out, lambda: now[0])
    for now[0] in (0.0, 0.5, 1.0, 1.9):
        screen.live(f"at {now[0]}")
    assert out.getvalue() == "at 0.0\nat 1.0\n"


def test_a_signal_waits_for_the_end_of_a_held_block() -> None:
    interrupts, reached = Interrupts(), []

    def start() -> None:
        with interrupts.held():
            interrupts.receive(signal.SIGINT, None)
            reached.append(True)

    with pytest.raises(Interrupted):
        start()
    assert reached
    interrupts.receive(signal.SIGINT, None)  # the second one does not disturb the stopping


def test_no_signal_disturbs_the_stopping() -> None:
    interrupts = Interrupts()
    interrupts.ignore()
    interrupts.receive(signal.SIGTERM, None)
    assert not interrupts.came


def test_forebay_takes_the_configuration_of_the_demo(tmp_path: Path) -> None:
    file = tmp_path / "forebay.yaml"
    file.write_text(stage.configuration(6033, "127.0.0.1:9042", 3306, "se'c: ret"))
    settings = config.load(str(file), {})
    assert settings.pool.max_connections == stage.POOL_SIZE
    assert settings.users[0].password is not None
    assert settings.users[0].password.reveal() == "se'c: ret"


def test_seconds_may_be_left_empty() -> None:
    assert seconds("") is None
    assert seconds("2.5") == 2.5
    with pytest.raises(ValueError):
        seconds("-1")
