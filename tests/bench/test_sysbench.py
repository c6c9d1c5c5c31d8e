"""What sysbench is asked and how its report is read."""

from __future__ import annotations

import pytest

from tests.bench.sysbench import LoadFailed, Report, command, parse

OUTPUT = """\
Threads started!

Latency histogram (values are in milliseconds)
       value  ------------- distribution ------------- count
       0.100 |****************************************  90
       0.500 |****                                      9
      12.000 |                                          1

SQL statistics:
    transactions:                        100    (50.00 per sec.)

General statistics:
    total time:                          2.0000s
    total number of events:              100
"""


def test_report() -> None:
    report = parse(OUTPUT.splitlines(keepends=True))
    assert report == Report(100, 2.0, ((0.1, 90), (0.5, 9), (12.0, 1)))
    assert report.figures() == {"ops_per_s": 50.0, "p50_ms": 0.1, "p95_ms": 0.5, "p99_ms": 0.5}
    assert report.percentile(100) == 12.0


@pytest.mark.parametrize("output", ["", "FATAL: no such host\n", OUTPUT.replace("100\n", "0\n")])
def test_no_report(output: str) -> None:
    with pytest.raises(LoadFailed):
        parse(output.splitlines(keepends=True))


def test_command() -> None:
    stock = command("oltp_insert", 3306, "shop", {"table_size": 7})
    assert stock[:2] == ["sysbench", "oltp_insert"]
    assert {"--mysql-port=3306", "--mysql-db=shop", "--table-size=7"} <= set(stock)
    assert command("storm", 3306, "shop", {})[1].endswith("lua/storm.lua")
