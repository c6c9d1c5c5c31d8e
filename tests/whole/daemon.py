"""The real daemon as a process: started with a configuration, awaited, observed, ended by its pid."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.servers.process import free_port, wait_for

START_DEADLINE = 20.0


def wait_until(condition: Callable[[], object], what: str, deadline: float = 10.0) -> None:
    """Fails unless ``condition()`` holds within ``deadline`` seconds."""
    assert wait_for(lambda: bool(condition()), deadline), f"not within {deadline} s: {what}"


class Daemon:
    """One Forebay process in front of ``target_port``. ``changes`` are merged into its configuration."""

    program: tuple[str, ...] = ("-m", "proxy")  # what Python runs

    def __init__(self, target_port: int, folder: Path, changes: dict[str, Any] | None = None) -> None:
        self.port = free_port()
        self.status_port = free_port()
        self.log_path = folder / "forebay.log"
        self.config_path = folder / "forebay.yaml"
        self.socket_path = folder / "forebay.sock"
        self.config: dict[str, Any] = {
            "listen": [f"127.0.0.1:{self.port}", f"unix:{self.socket_path}"],
            "target": {"address": f"127.0.0.1:{target_port}"},
            "users": [{"name": "app", "password": "app-password"}],
            "pool": {"max_connections": 2},
            "status": {"listen": f"127.0.0.1:{self.status_port}"},
        }
        merge(self.config, changes or {})
        self.write_config()
        self.process: subprocess.Popen[bytes] | None = None

    def arguments(self) -> list[str]:
        """Of ``forebay run``."""
        return ["-c", str(self.config_path)]

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def write_config(self) -> None:
        """JSON is YAML."""
        self.config_path.write_text(json.dumps(self.config, indent=1))

    def start(self, ready: bool = True) -> Daemon:
        """Start; wait until it listens, and with ``ready`` until the target answers."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "error", *self.program, "run", *self.arguments()],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        path = "/readyz" if ready else "/healthz"
        wait_until(lambda: self._alive() and self.get(path)[0] == 200, f"{path} of the daemon", START_DEADLINE)
        return self

    def _alive(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"the daemon ended with status {self.process.returncode}:\n{self.log()}")
        return True

    def get(self, path: str, method: str = "GET") -> tuple[int, str]:
        """Status and body of the web port's answer; status 0 when nobody answers."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.status_port}{path}", method=method)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples whose labels include ``labels``; 0.0 when there is none."""
        from prometheus_client.parser import text_string_to_metric_families

        total = 0.0
        for family in text_string_to_metric_families(self.get("/metrics")[1]):
            for sample in family.samples:
                if sample.name == name and labels.items() <= sample.labels.items():
                    total += sample.value
        return total

    def log(self) -> str:
        return self.log_path.read_text()

    def signal(self, number: int) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)

    def wait(self, deadline: float = 20.0) -> int:
        assert self.process is not None
        return self.process.wait(deadline)

    def stop(self) -> None:
        """End it; its log must show no traceback."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        assert "Traceback" not in self.log(), self.log()[-6000:]


def merge(base: dict[str, Any], changes: dict[str, Any]) -> None:
    """Put ``changes`` into ``base``, section by section."""
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merge(base[key], value)
        else:
            base[key] = value


@contextlib.contextmanager
def running(target_port: int, changes: dict[str, Any] | None = None, ready: bool = True) -> Iterator[Daemon]:
    """A daemon for the time of a ``with`` block."""
    with tempfile.TemporaryDirectory(prefix="forebay-daemon-") as folder:
        daemon = Daemon(target_port, Path(folder), changes)
        try:
            daemon.start(ready)
            yield daemon
        finally:
            daemon.stop()
