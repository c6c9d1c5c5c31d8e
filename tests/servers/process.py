"""Processes and ports of scratch servers.

Decides: that a process never outlives the program that started it, and which ports are safe to take.
Does not know: what kind of process it is.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

# The kernel ends a child with the *thread* that started it, so one thread starts all and lives as long as the program.
_starter = ThreadPoolExecutor(1, thread_name_prefix="process-starter")


def spawn(command: list[str], log: BinaryIO) -> subprocess.Popen[bytes]:
    """Start a process that the kernel kills when this program ends, however it ends; its output goes to ``log``."""
    return _starter.submit(_start, command, log).result()


def _start(command: list[str], log: BinaryIO) -> subprocess.Popen[bytes]:
    if setpriv := shutil.which("setpriv"):
        command = [setpriv, "--pdeathsig", "KILL", *command]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask until ``condition()`` holds (True) or ``seconds`` have passed (False)."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def free_port() -> int:
    """A port below those that the kernel gives to outgoing connections: nobody takes it while the server restarts."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def listens(address: str, port: int | None = None) -> bool:
    """Whether somebody accepts at this unix socket, or at this host and port."""
    family = socket.AF_UNIX if port is None else socket.AF_INET
    with socket.socket(family) as probe:
        return probe.connect_ex(address if port is None else (address, port)) == 0
