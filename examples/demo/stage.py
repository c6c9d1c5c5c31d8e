"""Starts and stops what the demo needs: a scratch MariaDB, the shop's tables, the Node drivers, Forebay.

It ends only processes that it started, by their own ids. It measures nothing.
"""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import yaml

from examples.demo import scrape
from examples.demo.crowd import FUNCTIONS
from examples.demo.interrupts import Interrupts
from tests.servers.mariadb import MariaDB
from tests.servers.server import Server, User

ROOT = FUNCTIONS.parent.parent
SCHEMA = "shop"
USER = "app"
POOL_SIZE = 2
READY_DEADLINE = 15.0  # seconds
STOP_DEADLINE = 15.0


class StageFailed(Exception):
    """Something the demo needs cannot be had; the text says what and what would help."""


def start_database() -> tuple[Server, str]:
    """A running MariaDB with the shop in it, and the password of its user; the caller closes it."""
    password = secrets.token_urlsafe(9)
    server = MariaDB(users=[User(USER, password, grant=f"ALL PRIVILEGES ON {SCHEMA}.*")])
    try:
        server.start()
        with server.connect(unix_socket=server.socket) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {SCHEMA} CHARACTER SET utf8mb4")
            connection.select_db(SCHEMA)
            for statement in (FUNCTIONS / "schema.sql").read_text(encoding="utf-8").split(";\n"):
                if statement.strip():
                    cursor.execute(statement)
    except BaseException:
        server.close()
        raise
    return server, password


def install_drivers() -> bool:
    """``npm ci`` in ``examples/functions``, unless that has been done; returns whether it was needed."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise StageFailed(f"`{program}` is missing: the demo's functions need Node.js 18 or newer")
    marker = FUNCTIONS / "node_modules" / ".package-lock.json"
    if marker.exists() and marker.stat().st_mtime >= (FUNCTIONS / "package-lock.json").stat().st_mtime:
        return False
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=FUNCTIONS, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise StageFailed(f"`npm ci` failed in {FUNCTIONS}:\n{done.stderr.strip()[-2000:]}")
    marker.touch()
    return True


def dsn(port: int, password: str) -> str:
    return f"mysql://{USER}:{password}@127.0.0.1:{port}/{SCHEMA}"


def free_port(wanted: int) -> int:
    """``wanted`` when nobody listens there, else any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise StageFailed("no free port on 127.0.0.1")


def configuration(port: int, status: str, database_port: int, password: str) -> str:
    """Forebay's configuration file for the demo."""
    return yaml.safe_dump(
        {
            "listen": [f"127.0.0.1:{port}"],
            "target": {"address": f"127.0.0.1:{database_port}"},
            "users": [{"name": USER, "password": password}],
            "pool": {"max_connections": POOL_SIZE},
            "status": {"listen": status},
        },
        sort_keys=False,
    )


class Forebay:
    """The real daemon as a process of its own, with a scratch folder for its configuration and log."""

    __slots__ = ("_folder", "_interrupts", "_process", "log", "port", "status")

    def __init__(self, database_port: int, password: str, interrupts: Interrupts) -> None:
        self.port = free_port(6033)
        self.status = f"127.0.0.1:{free_port(9042)}"
        self._interrupts = interrupts
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="forebay-demo-"))
        self.log = self._folder / "forebay.log"
        self._config.touch(mode=0o600)
        self._config.write_text(configuration(self.port, self.status, database_port, password))

    @property
    def _config(self) -> Path:
        return self._folder / "forebay.yaml"

    def start(self) -> None:
        command = [sys.executable, "-m", "proxy", "run", "-c", str(self._config)]
        with self._interrupts.held(), self.log.open("wb") as log:
            # A session of its own: Ctrl-C at the terminal reaches the demo only, which then ends it.
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + READY_DEADLINE
        answer = "no answer"
        while True:
            with suppress(OSError):
                code, answer = scrape.fetch(self.status, "/readyz")
                if code == 200:
                    return
            if self._process.poll() is not None:
                raise StageFailed(f"Forebay ended with status {self._process.returncode}:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise StageFailed(f"Forebay is not ready after {READY_DEADLINE:.0f} s ({answer}):\n{self.log_tail()}")
            time.sleep(0.02)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> int | None:
        """SIGTERM, and after STOP_DEADLINE SIGKILL. Returns the exit status; None when it never ran."""
        if self._process is None:
            return None
        if self.running:
            self._process.terminate()
        try:
            return self._process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def log_tail(self) -> str:
        """The last lines that Forebay wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
