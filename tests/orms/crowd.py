"""Processes of one application that start together: all load first, then all go.

Decides: how they are started, awaited and ended. Does not know: what their steps do.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.orms.catalogue import ROOT, Orm

DEADLINE = 240.0

# What a step printed, {"step": ..., "result": ...} or {"step": ..., "error": ...}, by its name.
Outcomes = dict[str, dict[str, Any]]


class ProcessFailed(Exception):
    """A process did not load; the text has its standard error."""


def _start(orm: Orm, url: str, steps: Sequence[str]) -> subprocess.Popen[str]:
    # Decimals, dates and JSON print alike everywhere; nothing in the caller's environment chooses a database.
    environment = {**os.environ, "DATABASE_URL": url, "TZ": "UTC", "PYTHONIOENCODING": "utf-8"}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [*orm.command, *steps], cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, encoding="utf-8"
    )


def _finish(process: subprocess.Popen[str], steps: Sequence[str]) -> Outcomes:
    try:
        output, errors = process.communicate("\n", timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        errors += f"\nnot done within {DEADLINE} s"
    lines = [json.loads(line) for line in output.splitlines()]
    outcomes = {step: {"error": "did not get there"} for step in steps} | {line["step"]: line for line in lines}
    return {step: {**line, "stderr": errors[-4000:]} if "error" in line else line for step, line in outcomes.items()}


def run(orm: Orm, url: str, groups: Iterable[Sequence[str]]) -> Outcomes:
    """A process for each group of steps, all at once, with the database at ``url``. Raises ProcessFailed."""
    groups = list(groups)
    processes = [_start(orm, url, steps) for steps in groups]
    try:
        for process in processes:
            assert process.stdout is not None
            if "ready" not in process.stdout.readline():
                _, errors = process.communicate()
                raise ProcessFailed(f"{process.args} did not load:\n{errors[-4000:]}")
        with ThreadPoolExecutor(len(groups)) as threads:
            parts = list(threads.map(_finish, processes, groups))
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    return {step: line for part in parts for step, line in part.items()}
