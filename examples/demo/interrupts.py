"""Ctrl-C, SIGTERM and a closed terminal for a program that has processes to stop.

A signal becomes ``Interrupted`` in the main thread, at once or, inside ``held()``, at its end:
a process that is just being started is then known before anything is stopped. After the first
one further signals are ignored, so that stopping is not interrupted itself.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Someone wants the program to end. Not an ``Exception``, so that no handler of errors takes it."""


class Interrupts:
    """Only for the main thread. ``came`` tells that a signal was received."""

    __slots__ = ("_holds", "_ignored", "came")

    def __init__(self) -> None:
        self.came = False
        self._holds = 0
        self._ignored = False

    def install(self) -> None:
        for number in SIGNALS:
            signal.signal(number, self.receive)

    def receive(self, number: int, frame: FrameType | None) -> None:
        """The signal handler."""
        if self.came or self._ignored:
            return
        self.came = True
        if not self._holds:
            raise Interrupted

    def ignore(self) -> None:
        """From now on no signal interrupts."""
        self._ignored = True

    @contextmanager
    def held(self) -> Iterator[None]:
        """A signal that comes inside is raised when the block has ended well."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
        if self.came and not self._holds and not self._ignored:
            raise Interrupted
