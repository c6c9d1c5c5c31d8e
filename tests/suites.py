"""``python -m tests.suites``: every suite one after the other, whatever fails, and one line of totals at the end.

Decides: which tests run compiled, which run again in the interpreter, and which need whole servers.
Does not know: any test.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

# Files stay together, because a file's tests often share one daemon or one server.
PYTEST = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile"]
WITH_SERVERS = ("tests/orms", "tests/servers", "tests/sessions", "tests/whole")
ORACLE = "tests/oracle"


@dataclass(frozen=True, slots=True)
class Suite:
    name: str
    arguments: tuple[str, ...]
    pure_python: bool = False


SUITES = (
    Suite("rooms", ("tests", *(f"--ignore={folder}" for folder in (*WITH_SERVERS, ORACLE)))),
    Suite("rooms, hot modules in the interpreter", ("tests/wire", "tests/session"), pure_python=True),
    Suite("real servers", WITH_SERVERS),
    Suite("oracle", (ORACLE,)),
)


@dataclass(slots=True)
class Totals:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Totals) -> Totals:
        return Totals(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")


def run(suite: Suite) -> Totals:
    """Run one suite, its output going where ours goes. A run that breaks without a failing test counts as a failure."""
    environment = {**os.environ, "FOREBAY_PURE_PYTHON": str(int(suite.pure_python))}
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.xml")
        done = subprocess.run([*PYTEST, f"--junit-xml={report}", *suite.arguments], env=environment)
        totals = read(report)
    if done.returncode and not totals.failed:
        totals.failed = 1
    return totals


def read(report: Path) -> Totals:
    """The totals of a JUnit report; zeros when pytest did not get as far as writing one."""
    if not report.exists():
        return Totals()
    totals = Totals()
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        tests, failed, skipped = (int(suite.get(name, 0)) for name in ("tests", "failures", "skipped"))
        failed += int(suite.get("errors", 0))
        totals += Totals(max(tests - failed - skipped, 0), failed, skipped)
    return totals


def main() -> int:
    lines = []
    all_of_it = Totals()
    for suite in SUITES:
        print(f"\n=== {suite.name}", flush=True)
        began = time.monotonic()
        totals = run(suite)
        all_of_it += totals
        lines.append(f"{suite.name:<42}{totals!s:<34}{time.monotonic() - began:5.0f} s")
    print("\n" + "\n".join(lines) + f"\n\n{all_of_it}", flush=True)
    return 1 if all_of_it.failed else 0


if __name__ == "__main__":
    sys.exit(main())
