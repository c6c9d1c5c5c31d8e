"""All trials of one driver, directly and through Forebay, and what differs.

Decides: how the programs are run and compared. Does not know: any driver.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pymysql

from proxy.wire import constants as c
from tests.drivers.catalogue import MATERIAL, Driver
from tests.servers import APP, Server, certificates
from tests.whole.daemon import Daemon
from tests.whole.raw_client import RawClient

DEADLINE = 120.0
OPTIONS = ("--max-allowed-packet=64M",)
POOL = 2

# What a trial came to.
SAME, FAILS, ONLY_THROUGH, NONE = "same", "fails directly too", "works", "-"


def configuration(server: Server) -> dict[str, Any]:
    """A small pool, and the server's own certificate, so that drivers can verify both alike."""
    tls = {"cert": str(server.data / certificates.CERTIFICATE), "key": str(server.data / certificates.KEY)}
    return {"pool": {"max_connections": POOL, "borrow_timeout": "60s"}, "clients": {"tls": tls}}


@contextlib.contextmanager
def company(daemon: Daemon) -> Iterator[None]:
    """Another client with a session of its own, which leaves the pool alone only for moments."""
    over = threading.Event()

    def keep_asking() -> None:
        with RawClient(daemon) as client:
            client.socket.settimeout(120)
            client.ask("SET sql_mode = 'ANSI', time_zone = '+01:00', @mine = 'theirs', @m = 1")
            while not over.wait(0.3):
                client.ask("SELECT SQL_CALC_FOUND_ROWS 'x' + 1 UNION SELECT 2 LIMIT 1")

    with ThreadPoolExecutor(1) as thread:
        asking = thread.submit(keep_asking)
        try:
            yield
        finally:
            over.set()
        asking.result()


@dataclass(slots=True)
class Outcome:
    """What each trial came to, the driver's version, and as text what is wrong, or missing on this machine."""

    version: str = ""
    missing: str = ""
    cells: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def attempt(driver: Driver, server: Server, daemon: Daemon) -> Outcome:
    """Directly first, then through Forebay, each on a fresh database of the same name."""
    with RawClient(daemon) as client:
        compresses = bool(client.greeting.capabilities & c.CLIENT_COMPRESS)
    trials = [trial for trial in driver.trials if compresses or trial != "compression"]
    directly: dict[str, Any] = {}
    if server.flavour not in driver.no_login:
        directly = _run(driver, server, server.port, trials)
    through = _run(driver, server, daemon.port, trials)
    outcome = Outcome(through.get("version", ""))
    for trial in trials:
        compare(driver, trial, directly, through, outcome)
    return outcome


def compare(driver: Driver, trial: str, directly: dict[str, Any], through: dict[str, Any], outcome: Outcome) -> None:
    mine, theirs = through.get(trial), directly.get(trial)
    cell = SAME if directly else ONLY_THROUGH
    if mine is None and theirs is None:
        cell = NONE
    elif trial in driver.broken and _failed(mine) and (_failed(theirs) or not directly):
        cell = FAILS
    elif _failed(mine) or _failed(theirs):
        outcome.wrong.append(f"{driver.key}, {trial}: directly {_short(theirs)}\n  through {_short(mine)}")
    elif directly and mine != theirs:
        outcome.wrong.append(f"{driver.key}, {trial}:{_difference(mine, theirs)}")
    outcome.cells[trial] = cell


def _failed(result: Any) -> bool:
    return isinstance(result, dict) and "failed" in result


def _short(result: Any) -> str:
    return f"failed: {result['failed'][-1500:]}" if _failed(result) else "did not fail"


def _difference(mine: Any, theirs: Any) -> str:
    if not isinstance(mine, list) or not isinstance(theirs, list) or len(mine) != len(theirs):
        return f"\n  through  {str(mine)[:1000]}\n  directly {str(theirs)[:1000]}"
    parts = [(one, other) for one, other in zip(mine, theirs, strict=True) if one != other]
    return "".join(f"\n  through  {str(one)[:1000]}\n  directly {str(other)[:1000]}" for one, other in parts)


def fresh(server: Server, schema: str) -> None:
    """An empty database with the trials' tables and routines, of which nothing of an earlier trial is in the way."""
    running = "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = %s AND COMMAND <> 'Sleep'"
    for (number,) in server.execute(running, (schema,)):
        with contextlib.suppress(pymysql.err.OperationalError):  # it may have ended by itself
            server.execute(f"KILL QUERY {number}")
    server.execute(f"DROP DATABASE IF EXISTS `{schema}`")
    server.execute(f"CREATE DATABASE `{schema}` CHARACTER SET utf8mb4")
    with server.connect(database=schema, charset="utf8mb4") as connection, connection.cursor() as cursor:
        for sql in json.loads(MATERIAL.read_text())["tables"]:
            cursor.execute(sql)


def _run(driver: Driver, server: Server, port: int, trials: list[str]) -> dict[str, Any]:
    """What the program printed; every trial failed if it printed nothing."""
    schema = f"driver_{driver.key.replace('-', '_')}"
    fresh(server, schema)
    how = {
        "host": server.host,
        "port": port,
        "user": APP.name,
        "password": APP.password,
        "database": schema,
        "ca": str(server.ca),
        "material": str(MATERIAL),
        "only": trials,
    }
    environment = {
        **os.environ,
        "DRIVER_TRIAL": json.dumps(how),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "PYTHONHASHSEED": "0",
    }
    try:
        done = subprocess.run(
            driver.command(),
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=DEADLINE,
            encoding="utf-8",
            errors="backslashreplace",
        )
        printed, errors = done.stdout, done.stderr
    except subprocess.TimeoutExpired as late:
        printed, errors = "", f"not done in {DEADLINE} s: {late.stderr!r}"
    lines = printed.strip().splitlines()
    try:
        found: dict[str, Any] = json.loads(lines[-1])
    except (IndexError, json.JSONDecodeError):
        return {trial: {"failed": f"{printed[-500:]}{errors[-3000:]}"} for trial in trials}
    return found
