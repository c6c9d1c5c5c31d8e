"""``python -m examples.demo [--seconds N]``: exit status 0 when everything was measured as promised.

The last line of standard output is one JSON object, also when something failed.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import pymysql

from examples.demo.interrupts import Interrupted, Interrupts
from examples.demo.screen import Screen
from examples.demo.stage import StageFailed
from examples.demo.story import Story
from tests.servers.server import ServerFailed, Unavailable

FAILED, INTERRUPTED = 1, 130


def seconds(text: str) -> float | None:
    """``--seconds``' value; empty, as from an unset variable of make, means until Ctrl-C."""
    if not text:
        return None
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


def perform(screen: Screen, interrupts: Interrupts, stay: float | None) -> tuple[int, dict[str, Any]]:
    """(exit status, fields of the last line)."""
    try:
        found = Story(screen, interrupts, stay).tell()
    except Interrupted:
        screen.say("Interrupted; everything is stopped.")
        return INTERRUPTED, {"ok": False, "error": "interrupted"}
    except (StageFailed, Unavailable, ServerFailed, OSError, pymysql.Error) as error:
        screen.say(f"The demo cannot go on: {error}")
        return FAILED, {"ok": False, "error": str(error)}
    return (0 if found["ok"] else FAILED), found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m examples.demo", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--seconds", type=seconds, default=None, help="how long Forebay stays up at the end; default: until Ctrl-C"
    )
    arguments = parser.parse_args()
    interrupts = Interrupts()
    interrupts.install()
    status, found = perform(Screen(sys.stdout), interrupts, arguments.seconds)
    print(json.dumps(found), flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
