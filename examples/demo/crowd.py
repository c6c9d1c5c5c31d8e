"""Runs the example functions: each invocation is a process of its own, in bursts that start together.

A burst's processes load their function first and are invoked in the same moment. On a function platform
every instance loads on a machine of its own; here they would take turns at the same few cores, and come one by one.

It knows the commands of the runners in ``examples/functions`` and the JSON line they print; not who
answers at the DSN that they are given.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

FUNCTIONS = Path(__file__).resolve().parent.parent / "functions"
TICK = 0.1  # seconds between two looks at a running burst
TIMEOUT = 60.0  # seconds after which an invocation's process is ended

COMMANDS: dict[str, tuple[str, ...]] = {
    "node-mysql": ("node", "invoke.js", "node-mysql"),
    "node-mysql2": ("node", "invoke.js", "node-mysql2"),
    "python-pymysql": (sys.executable, "python-pymysql/invoke.py"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One invocation. ``seconds`` is what the function measured, None when it could not tell."""

    handler: str
    ok: bool
    seconds: float | None = None
    connection_id: int | None = None
    error: str = ""


@dataclass(slots=True)
class Tally:
    """A phase's invocations so far. ``seconds`` is how long the bursts took."""

    total: int
    running: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def done(self) -> int:
        return len(self.outcomes)

    @property
    def failures(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if not outcome.ok]

    @property
    def latencies(self) -> list[float]:
        return [outcome.seconds for outcome in self.outcomes if outcome.ok and outcome.seconds is not None]


# A burst is a function that scales out; in the last one two functions do.
BURSTS: tuple[tuple[str, ...], ...] = (
    ("python-pymysql",),
    ("node-mysql",),
    ("node-mysql2",),
    ("node-mysql", "node-mysql2"),
)


def burst(handlers: tuple[str, ...], size: int) -> list[tuple[str, dict[str, int]]]:
    """(handler, event) for each of ``size`` invocations: the handlers in turn, orders of every customer and product."""
    return [
        (handlers[n % len(handlers)], {"customer": n % 5 + 1, "product": n % 4 + 1, "quantity": n % 7 + 1})
        for n in range(size)
    ]


def read_outcome(handler: str, status: int, out: str, err: str) -> Outcome:
    """What a runner's exit status and output say."""
    lines = out.strip().splitlines()
    try:
        line = json.loads(lines[-1]) if lines else {}
    except json.JSONDecodeError:
        line = {}
    if status == 0 and line.get("ok"):
        return Outcome(handler, True, line["seconds"], line["connection_id"])
    tail = err.strip().splitlines()
    how = f"killed by signal {-status}" if status < 0 else f"exit status {status}"
    text = line.get("error") or (tail[-1] if tail else how)
    return Outcome(handler, False, line.get("seconds"), error=text)


class Crowd:
    """Runs bursts against one DSN. ``close`` ends what is still running, by its own process ids."""

    __slots__ = ("_closed", "_environment", "_loaded", "_processes", "_workers")

    def __init__(self, dsn: str, size: int) -> None:
        self._environment = {**os.environ, "DATABASE_URL": dsn}
        self._workers = ThreadPoolExecutor(size, thread_name_prefix="invocation")
        self._processes: set[subprocess.Popen[str]] = set()
        self._closed = False
        self._loaded = threading.Barrier(size)

    def run(self, invocations: list[tuple[str, dict[str, int]]], tally: Tally, tick: Callable[[], None]) -> None:
        """Run one burst to its end, calling ``tick`` a few times a second."""
        started = time.monotonic()
        already = tally.seconds
        self._loaded = threading.Barrier(len(invocations))
        waiting: set[Future[Outcome]] = {self._workers.submit(self._invoke, *item) for item in invocations}
        while waiting:
            done, waiting = wait(waiting, timeout=TICK)
            tally.outcomes.extend(future.result() for future in done)
            tally.running = len(waiting)
            tally.seconds = already + time.monotonic() - started
            tick()

    def close(self) -> None:
        self._closed = True
        self._workers.shutdown(wait=False, cancel_futures=True)
        for process in list(self._processes):
            process.kill()
        self._loaded.abort()
        self._workers.shutdown(wait=True)

    def _invoke(self, handler: str, event: dict[str, int]) -> Outcome:
        try:
            process = self._start(handler)
        except OSError as error:
            self._loaded.abort()
            return Outcome(handler, False, error=str(error))
        watchdog = threading.Timer(TIMEOUT, process.kill)
        watchdog.start()
        try:
            assert process.stdout is not None
            process.stdout.readline()  # {"ready": true}, or the end of a process that could not load its function
            self._wait_for_the_others()
            out, err = process.communicate(json.dumps(event) + "\n")
        finally:
            watchdog.cancel()
            self._processes.discard(process)
        return read_outcome(handler, process.returncode, out, err)

    def _start(self, handler: str) -> subprocess.Popen[str]:
        # A session of its own: Ctrl-C at the terminal reaches the demo only, which then ends it.
        process = subprocess.Popen(
            [*COMMANDS[handler], "-"],
            cwd=FUNCTIONS,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._processes.add(process)
        if self._closed:
            process.kill()
        return process

    def _wait_for_the_others(self) -> None:
        # An instance that could not be started, or is not there in time, does not keep the others waiting.
        with suppress(threading.BrokenBarrierError):
            self._loaded.wait(TIMEOUT / 2)
