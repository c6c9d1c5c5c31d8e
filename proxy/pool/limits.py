"""The numbers a pool obeys. ``settings.pool`` has the same field names, so it can be given instead.

How many server connections may exist is not here: that is asked from the budget.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class PoolLimits(Protocol):
    """What a pool reads of its settings. Durations are seconds; 0 switches a time limit off."""

    @property
    def min_idle(self) -> int: ...
    @property
    def borrow_timeout(self) -> float: ...
    @property
    def max_connecting(self) -> int: ...
    @property
    def max_lifetime(self) -> float: ...
    @property
    def idle_timeout(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """A plain `PoolLimits` with the defaults of the settings."""

    min_idle: int = 1
    borrow_timeout: float = 10.0
    max_connecting: int = 2
    max_lifetime: float = 3600.0
    idle_timeout: float = 300.0
