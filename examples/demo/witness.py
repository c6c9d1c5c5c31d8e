"""What MariaDB itself says about its connections, through one control connection.

``opened``: the status variable ``Connections``, which counts every attempt to connect.
``most``: the most that were open in any sample of ``information_schema.processlist``, a hundred times a second.
``peak``: ``Max_used_connections``, the server's high-water mark, set back by FLUSH STATUS. It misses no moment, and
counts a closed connection until its thread is gone: so one that replaces another may count beside it.
Status variables: MariaDB's and MySQL's manual page "Server Status Variables".

The control connection is older than the first count and is left out of every number.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import pymysql
from pymysql.cursors import Cursor

INTERVAL = 0.01  # seconds between samples

# Also a connection that has not logged in yet counts. The server's own threads do not, nor does one whose client
# has said goodbye already (COM_QUIT) and that the server is taking down.
OPEN_NOW = """SELECT COUNT(*) FROM information_schema.processlist
 WHERE id <> CONNECTION_ID() AND command NOT IN ('Daemon', 'Quit') AND user NOT IN ('system user', 'event_scheduler')"""


@dataclass(slots=True)
class Samples:
    """One phase as the server saw it. ``points`` are (seconds since the phase began, connections open).

    ``zero`` is where the picture begins; what was before counts all the same.
    """

    points: list[tuple[float, int]] = field(default_factory=list)
    zero: float = 0.0
    opened: int = 0
    peak: int = 0

    @property
    def most(self) -> int:
        return max((count for _, count in self.points), default=0)

    @property
    def timeline(self) -> list[tuple[float, int]]:
        return [(at - self.zero, count) for at, count in self.points if at >= self.zero]

    @property
    def now(self) -> int:
        return self.points[-1][1] if self.points else 0


class Witness:
    """Samples in a thread of its own between ``begin`` and ``end``; the control connection is used by nobody else."""

    __slots__ = ("_connection", "_failure", "_finished", "_opened_before", "_others", "_started", "_thread", "samples")

    def __init__(self, control: pymysql.Connection[Cursor]) -> None:
        self._connection = control
        self._thread: threading.Thread | None = None
        self._finished = threading.Event()
        self._failure: Exception | None = None
        self._started = 0.0
        self._opened_before = 0
        self._others = 0
        self.samples = Samples()

    def begin(self, others: int = 0) -> Samples:
        """Start a phase. ``others`` connections are open and idle already and belong to somebody else."""
        self._others = others
        self.samples = Samples()
        self._query("FLUSH STATUS")
        self._opened_before = self.status("Connections")
        self._finished.clear()
        self._failure = None
        self._started = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="witness", daemon=True)
        self._thread.start()
        return self.samples

    def zero(self) -> None:
        """The picture begins now."""
        self.samples.zero = time.monotonic() - self._started

    def end(self) -> Samples:
        """End the phase: one last sample, then the counts since ``begin``."""
        self._finished.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._failure is not None:
            raise self._failure
        self._sample()
        self.samples.opened = self.status("Connections") - self._opened_before
        self.samples.peak = self.status("Max_used_connections") - 1 - self._others
        return self.samples

    def close(self) -> None:
        self._finished.set()
        if self._thread is not None:
            self._thread.join()
        self._connection.close()

    def status(self, name: str) -> int:
        """A global status variable; only while no phase is running."""
        return int(self._query(f"SHOW GLOBAL STATUS LIKE '{name}'")[0][1])

    def open_now(self) -> int:
        """Connections open now, the control connection left out; only while no phase is running."""
        return int(self._query(OPEN_NOW)[0][0])

    def count_orders(self, schema: str) -> int:
        return int(self._query(f"SELECT COUNT(*) FROM `{schema}`.orders")[0][0])

    def _run(self) -> None:
        try:
            while not self._finished.wait(INTERVAL):
                self._sample()
        except (pymysql.Error, OSError) as error:
            self._failure = error

    def _sample(self) -> None:
        count = self.open_now() - self._others
        self.samples.points.append((time.monotonic() - self._started, count))

    def _query(self, sql: str) -> tuple[tuple[str, ...], ...]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return tuple(cursor.fetchall())
