"""Progress on standard output: a line that moves on a terminal, plain lines in a file or a CI log.

It knows nothing of what it shows. Colours only on a terminal, and not when NO_COLOR is set.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

PLAIN_INTERVAL = 1.0  # seconds between live lines that cannot overwrite each other
BUSY_INTERVAL = 0.5  # seconds between two signs of life of something slow

BOLD, DIM, GREEN, RED, BLUE = "1", "2", "32", "31", "34"


class Screen:
    """``say`` writes a line that stays, ``live`` one that the next replaces, ``busy`` shows that time passes."""

    __slots__ = ("_clock", "_colours", "_last_live", "_live", "_lock", "_out", "tty")

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._clock = clock
        self.tty = out.isatty()
        self._colours = self.tty and not os.environ.get("NO_COLOR")
        self._live = False
        self._last_live = float("-inf")
        self._lock = threading.RLock()

    def paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colours else text

    def can_draw(self, text: str) -> bool:
        """Whether the output's encoding has these characters."""
        try:
            text.encode(self._out.encoding or "ascii")
        except UnicodeEncodeError:
            return False
        return True

    def say(self, text: str = "") -> None:
        with self._lock:
            if self._live:
                self._out.write("\r\x1b[2K")
                self._live = False
            self._out.write(text + "\n")
            self._out.flush()

    def step(self, number: int, of: int, text: str) -> None:
        self.say(self.paint(f"[{number}/{of}] {text}", BOLD))

    def live(self, text: str) -> None:
        with self._lock:
            if self.tty:
                width = shutil.get_terminal_size().columns - 1
                self._out.write("\r\x1b[2K" + text[:width])
                self._out.flush()
                self._live = True
            elif self._clock() - self._last_live >= PLAIN_INTERVAL:
                self._last_live = self._clock()
                self.say(text)

    @contextmanager
    def busy(self, text: str) -> Iterator[None]:
        """Repeat ``text`` with the seconds that have passed for as long as the block runs."""
        done = threading.Event()
        started = self._clock()

        def show() -> None:
            while not done.wait(BUSY_INTERVAL):
                self.live(f"      {text} ... {self._clock() - started:.0f} s")

        thread = threading.Thread(target=show, name="busy", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
