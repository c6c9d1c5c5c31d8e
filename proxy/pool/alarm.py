# cython: annotation_typing=False
"""One timer for many moments: it goes off at the earliest moment that was asked for.

Decides only when. A moment that is no longer of interest is not taken back: the alarm goes off once in vain, which is
cheaper than a timer per waiting ticket.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

# A clock that is read once per loop turn may lag behind the timer; this keeps the two from chasing each other.
SHORTEST = 0.001


class Handle(Protocol):
    def cancel(self) -> None: ...


CallLater = Callable[[float, Callable[[], None]], Handle]


class Alarm:
    """``at(when)`` and ``now`` are in seconds of the same clock; ``when`` may be infinite, which asks for nothing."""

    __slots__ = ("_call_later", "_go_off", "_handle", "when")

    def __init__(self, call_later: CallLater, go_off: Callable[[], None]) -> None:
        self._call_later = call_later
        self._go_off = go_off
        self._handle: Handle | None = None
        self.when = float("inf")

    def at(self, when: float, now: float) -> None:
        if when >= self.when:
            return
        if self._handle is not None:
            self._handle.cancel()
        self.when = when
        self._handle = self._call_later(max(SHORTEST, when - now), self._ring)

    def _ring(self) -> None:
        self._handle = None
        self.when = float("inf")
        self._go_off()

    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
            self.when = float("inf")
