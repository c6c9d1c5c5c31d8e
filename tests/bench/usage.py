"""What a process and its children use, read from /proc: CPU time, resident memory, connections to one port.

Decides: what counts as one contender's cost. Does not know what the processes do.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Usage:
    """``user`` and ``system`` CPU in seconds since the start, ``resident`` in bytes; the sum over the processes."""

    user: float
    system: float
    resident: int


def processes(pid: int) -> list[int]:
    """``pid`` and all that descend from it."""
    found = [pid]
    for parent in found:
        for thread in (PROC / str(parent) / "task").iterdir():
            found += map(int, (thread / "children").read_text().split())
    return found


def parse_stat(line: str) -> Usage:
    """A line of /proc/PID/stat; proc(5) counts its fields from 1, and the name in the second may hold anything."""
    fields = line.rpartition(")")[2].split()
    user, system, resident = (int(fields[number - 3]) for number in (14, 15, 24))
    return Usage(user / TICKS, system / TICKS, resident * PAGE)


def usage(pid: int) -> Usage:
    """Of ``pid`` with its children."""
    each = [parse_stat((PROC / str(one) / "stat").read_text()) for one in processes(pid)]
    return Usage(sum(one.user for one in each), sum(one.system for one in each), sum(one.resident for one in each))


def connections(pid: int, port: int) -> int:
    """How many TCP connections ``pid`` holds to ``port`` on this machine."""
    own = set()
    for descriptor in (PROC / str(pid) / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed in the meantime
            own.add(os.readlink(descriptor))
    rows = [line.split() for line in (PROC / str(pid) / "net/tcp").read_text().splitlines()[1:]]
    return sum(int(row[2].rpartition(":")[2], 16) == port and f"socket:[{row[9]}]" in own for row in rows)


class Meter:
    """The cost of a stretch of time. ``pid`` 0 has none: every figure is left out."""

    def __init__(self, pid: int, server_port: int) -> None:
        self._pid = pid
        self._server_port = server_port
        self._before = self._after = Usage(0, 0, 0)
        self._connections = 0

    def start(self) -> None:
        if self._pid:
            self._before = usage(self._pid)

    def look(self) -> None:
        """Count the server connections, which are the most while all clients are at work."""
        if self._pid:
            self._connections = connections(self._pid, self._server_port)

    def stop(self) -> None:
        if self._pid:
            self._after = usage(self._pid)

    @property
    def cpu(self) -> float:
        """Seconds, user and system."""
        return self._after.user - self._before.user + self._after.system - self._before.system

    @property
    def growth(self) -> int:
        """Bytes of resident memory."""
        return self._after.resident - self._before.resident

    def figures(self, operations: int) -> dict[str, float]:
        """CPU microseconds for each of ``operations``, resident MB, server connections."""
        if not self._pid or not operations:
            return {}
        return {
            "cpu_us": self.cpu / operations * 1e6,
            "cpu_user_us": (self._after.user - self._before.user) / operations * 1e6,
            "cpu_system_us": (self._after.system - self._before.system) / operations * 1e6,
            "resident_mb": self._after.resident / 1e6,
            "server_connections": self._connections,
        }
