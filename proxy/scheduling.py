"""How Linux schedules Forebay: while it is busy as a batch process, else as any other.

A proxy is woken up by every packet. A task that wakes up may interrupt whoever runs, and those are, on a machine that
all share, the server and the clients that are about to send the next packets: Forebay would run often, for little each
time. A batch process (SCHED_BATCH, sched(7)) gets the same share of the CPUs, but waits until somebody sleeps or had
his time. So it finds more whenever it looks, and a statement costs it and everybody less.

Who is not busy gains nothing by that, and beside others that compute without end would wait for some milliseconds at
every wake-up. So a quiet Forebay is scheduled normally.

Decides: when it is busy. No privilege is needed; a system that has no such policy or forbids it stays as it is.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable

BUSY = 0.2  # of one CPU
QUIET_LOOKS = 10  # one after another, until it is scheduled normally again


class Scheduling:
    """``look()`` now and then, on the thread that it is about.

    ``clocks``: seconds that went by, and seconds of CPU that this thread had. ``batch``: whether it is scheduled as a
    batch process now.
    """

    def __init__(
        self,
        clocks: tuple[Callable[[], float], Callable[[], float]] = (time.monotonic, time.thread_time),
        choose: Callable[[bool], bool] | None = None,
    ) -> None:
        self.batch = False
        self._clocks = clocks
        self._choose = choose or choose_batch
        self._quiet = 0
        self._before = self._now()

    def _now(self) -> tuple[float, float]:
        passed, used = self._clocks
        return passed(), used()

    def look(self, adaptive: bool = True) -> None:
        """Change the policy if what was done since the last look asks for it; not ``adaptive``: back to normal."""
        (began, used), self._before = self._before, self._now()
        passed = self._before[0] - began
        busy = adaptive and self._before[1] - used >= BUSY * passed
        self._quiet = 0 if busy else self._quiet + 1
        if busy and not self.batch:
            self.batch = self._choose(True)
        elif self.batch and (not adaptive or self._quiet >= QUIET_LOOKS):
            self.batch = not self._choose(False)


def choose_batch(batch: bool) -> bool:
    """Have this thread scheduled so; whether the system did it. Its nice value stays."""
    with contextlib.suppress(AttributeError, OSError):  # not Linux; forbidden
        os.sched_setscheduler(0, os.SCHED_BATCH if batch else os.SCHED_OTHER, os.sched_param(0))
        return True
    return False
