"""How an application in Python runs as a process: its steps, the common start, what it prints.

Decides: the lines on standard input and output, the same as ``worker.js``. Does not know: any ORM.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from datetime import date
from typing import Any

DEADLOCK = 1213
URL = os.environ.get("DATABASE_URL", "mysql://app:app-password@127.0.0.1:6033/shop")


def plain(value: Any) -> Any:
    """What JSON has no form for, as a text that shows its type."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return f"bytes {bytes(value).hex()}"
    return f"{type(value).__name__} {value}"


def again(transaction: Callable[[], Any]) -> Any:
    """What ``transaction`` returns, taken again whenever InnoDB chose it to end a deadlock.

    Rolling back to a savepoint leaves locks on the gaps where the rows were, so even strangers' inserts can meet there.
    """
    while True:
        try:
            return transaction()
        except Exception as error:
            driver_error = getattr(error, "orig", None) or error
            if driver_error.args[:1] != (DEADLOCK,):
                raise


def say(**line: Any) -> None:
    print(json.dumps(line, default=plain), flush=True)


def run(migrate: Callable[[str], object], work: Callable[[int], dict[str, Any]]) -> None:
    """Load first, say so, wait for a line on standard input, then take the steps. Prints one line for each."""
    steps = sys.argv[1:]
    say(ready=True)
    sys.stdin.readline()
    for step in steps:
        try:
            result = work(int(step)) if step.isdigit() else migrate(step)
            say(step=step, result=result)
        except Exception as error:
            traceback.print_exc()
            say(step=step, error=f"{type(error).__name__}: {error}")
