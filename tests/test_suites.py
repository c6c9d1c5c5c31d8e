"""The totals at the end of ``make test`` are those of pytest's reports."""

from __future__ import annotations

from pathlib import Path

from tests.suites import Totals, read

REPORT = '<testsuites><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" /></testsuites>'


def test_errors_count_as_failures(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(REPORT)
    assert read(tmp_path / "report.xml") == Totals(passed=4, failed=3, skipped=3)


def test_no_report(tmp_path: Path) -> None:
    assert read(tmp_path / "missing.xml") == Totals()


def test_closing_line() -> None:
    assert str(Totals(2, 0) + Totals(1, 1)) == "3 passed, 1 failed"
    assert str(Totals(2, 0, 1)) == "2 passed, 0 failed, 1 skipped"
