"""What a load generator meets: a port, and the process behind it whose cost counts.

Decides: how a contender's process is started and when it is ready. Does not know which contender it is.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.usage import usage
from tests.servers import Server, ServerFailed, certificates, wait_for
from tests.servers.process import listens, spawn

START_DEADLINE = 20.0


@dataclass(frozen=True, slots=True)
class Setting:
    """What a contender is started for: the server behind it, a folder for its files, how many server connections it
    may keep, and Forebay's ``changes`` to its configuration. ``tls``: with a certificate that
    clients can verify."""

    server: Server
    folder: Path
    pool: int
    changes: Mapping[str, Any]
    tls: bool = False


@dataclass(frozen=True, slots=True)
class Door:
    """``pid`` 0: no process in between. ``ready_s`` from start to ready, ``baseline_mb`` resident before load."""

    port: int
    pid: int
    server_port: int
    ready_s: float = 0.0
    baseline_mb: float = 0.0
    host: str = "127.0.0.1"
    authority: Path = Path()  # of the certificate that it shows, if any


@contextlib.contextmanager
def listening(command: list[str], port: int, setting: Setting) -> Iterator[Door]:
    """Start ``command``, which listens on ``port``, for the time of a ``with`` block. Raises ServerFailed."""
    log = setting.folder / f"{port}.log"
    began = time.monotonic()
    with log.open("ab") as output:
        process = spawn(command, output)
    try:
        wait_for(lambda: process.poll() is not None or listens("127.0.0.1", port), START_DEADLINE)
        if process.poll() is not None or not listens("127.0.0.1", port):
            raise ServerFailed(f"{Path(command[-1]).name}: does not listen:\n{log.read_text()[-1000:]}")
        yield ready(port, process.pid, setting, began)
    finally:
        process.kill()
        process.wait()


def ready(port: int, pid: int, setting: Setting, began: float) -> Door:
    """A door that can be used from now on; ``began`` is when its process was started."""
    took = time.monotonic() - began
    return Door(
        port, pid, setting.server.port, took, usage(pid).resident / 1e6, authority=setting.folder / certificates.CA
    )
