"""Fixtures that every room's tests may ask for, and the rule that CI skips nothing.

A session (each worker of pytest-xdist is one) shares one server of each flavour. A test that stops, pauses or
reconfigures its server starts one of its own with ``servers.make``.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator

import hypothesis
import pytest

import proxy
from tests import servers
from tests.servers import APP, Server

IN_CI = bool(os.environ.get("CI"))
_skipped: list[str] = []

# No example is too slow on a busy machine, and CI repeats the same ones.
hypothesis.settings.register_profile(
    "forebay", deadline=None, derandomize=IN_CI, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("forebay")


def _outdated() -> list[str]:
    """The hot modules whose compiled form is older than what it was made from."""

    def is_older(name: str) -> bool:
        sources = [path for path in (proxy.source(name), proxy.source(name).with_suffix(".pxd")) if path.exists()]
        newest = max((path.stat().st_mtime for path in sources), default=0.0)
        return any(path.stat().st_mtime < newest for path in proxy.extensions(name))

    return [name for name in proxy.COMPILED if is_older(name)]


# Nobody tests yesterday's code by accident: unless a form is asked for, outdated compiled modules are passed over.
if "FOREBAY_PURE_PYTHON" not in os.environ and _outdated():
    os.environ["FOREBAY_PURE_PYTHON"] = "1"
    importlib.reload(proxy)


def pytest_report_header() -> str:
    pure = os.environ.get("FOREBAY_PURE_PYTHON") == "1"
    compiled = [name for name in proxy.COMPILED if proxy.extensions(name) and not pure]
    return f"compiled modules: {', '.join(compiled) or 'none'}"


def pytest_configure() -> None:
    if os.environ.get("FOREBAY_PURE_PYTHON") != "1" and _outdated():
        raise pytest.UsageError(f"compiled from an older source: {', '.join(_outdated())}; run `make setup`")


def _shared(flavour: str) -> Iterator[Server]:
    try:
        server = servers.make(flavour, users=[APP])
        server.start()
    except servers.Unavailable as unavailable:
        pytest.skip(str(unavailable))
    yield server
    server.close()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Server]:
    """The session's MariaDB server, with the account APP."""
    yield from _shared("mariadb")


@pytest.fixture(scope="session")
def mysql() -> Iterator[Server]:
    """The session's MySQL server, with the account APP."""
    yield from _shared("mysql")


@pytest.fixture(scope="session", params=sorted(servers.FLAVOURS))
def server(request: pytest.FixtureRequest) -> Server:
    """Both of them, one after the other."""
    chosen: Server = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture(params=sorted(servers.FLAVOURS))
def flavour(request: pytest.FixtureRequest) -> str:
    """Both names, for a test that starts a server of its own."""
    name: str = request.param
    return name


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _note_if_skipped(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    _note_if_skipped(report)


def _note_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        _skipped.append(f"{report.nodeid}: {reason}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI a test that did not run is a failure: nobody is there to read the reason."""
    if IN_CI and _skipped and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if IN_CI and _skipped:
        terminalreporter.section("skipped, which fails in CI", red=True)
        for line in _skipped:
            terminalreporter.line(line)
