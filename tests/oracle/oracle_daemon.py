"""The Forebay under test: the real daemon, a pool that is too small, the oracle's users; or one with a fault in it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.whole.daemon import Daemon


def configuration(pool: int) -> dict[str, Any]:
    """What differs from the tests' usual configuration. A client may wait long for a server connection."""
    password = "app-password"
    return {
        "users": [{"name": "app", "password": password}, {"name": "other", "password": password}],
        "pool": {"max_connections": pool, "borrow_timeout": "60s"},
        "log": {"level": "warning"},
    }


class OracleDaemon(Daemon):
    @staticmethod
    @contextlib.contextmanager
    def running(target_port: int, pool: int, fault: str = "") -> Iterator[OracleDaemon]:
        with tempfile.TemporaryDirectory(prefix="forebay-oracle-") as folder:
            daemon = OracleDaemon(target_port, Path(folder), configuration(pool))
            if fault:
                daemon.program = ("-m", "tests.oracle.faulty", fault)
            try:
                daemon.start()
                yield daemon
            finally:
                daemon.stop()

    def metrics(self) -> dict[tuple[str, str], float]:
        """Every sample by name and by its one label that matters here, ``reason``."""
        from prometheus_client.parser import text_string_to_metric_families

        found: dict[tuple[str, str], float] = {}
        for family in text_string_to_metric_families(self.get("/metrics")[1]):
            for sample in family.samples:
                key = (sample.name, sample.labels.get("reason", ""))
                found[key] = found.get(key, 0.0) + sample.value
        return found
