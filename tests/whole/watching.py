"""What a test sees of a daemon from outside: one look at all its metrics, and its memory."""

from __future__ import annotations

from tests.whole.daemon import Daemon


class Scrape:
    """The metrics at one moment; called with a sample's name, gives the sum of those that have these labels."""

    def __init__(self, daemon: Daemon) -> None:
        self._lines = daemon.get("/metrics")[1].splitlines()

    def __call__(self, name: str, **labels: str) -> float:
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        total = 0.0
        for line in self._lines:
            if line.startswith((name + " ", name + "{")) and all(label in line for label in wanted):
                total += float(line.rpartition(" ")[2])
        return total


def memory(daemon: Daemon) -> int:
    """Resident bytes of the daemon."""
    assert daemon.process is not None
    with open(f"/proc/{daemon.process.pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))
