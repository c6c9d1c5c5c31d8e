"""Background tasks that cannot get lost: a reference is kept, and a crash is logged.

The only place that makes tasks. A bare ``asyncio.create_task`` may be collected while it runs, and
its exception is told to nobody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

_log = logging.getLogger("forebay.tasks")
_running: set[asyncio.Task[Any]] = set()


def spawn(name: str, coro: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Start ``coro`` on the running loop under a name that appears in the log if it crashes."""
    task = asyncio.get_running_loop().create_task(coro, name=name)
    _running.add(task)
    task.add_done_callback(_ended)
    return task


def _ended(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("task %s crashed: %r", task.get_name(), error, exc_info=error)


async def cancel_all() -> None:
    """End every task that still runs, and wait until it has."""
    tasks = [task for task in _running if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
