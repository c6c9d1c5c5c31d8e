"""One invocation in its own process, as a cold start on a function platform::

    python invoke.py '{"customer": 1, "product": 2, "quantity": 3}'

With "-" as the event, the function is loaded first, says so with a line {"ready": true}, and is
invoked when the event comes on standard input: so a platform keeps loading out of the duration.
Prints one line of JSON; exit status 1 when the invocation failed.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from handler import close, handler

DEFAULT_EVENT = '{"customer": 1, "product": 1, "quantity": 1}'


def event_from_input() -> str:
    print(json.dumps({"ready": True}), flush=True)
    return sys.stdin.readline()


def invoke(event: dict[str, int]) -> dict[str, Any]:
    report: dict[str, Any] = {"ok": False, "handler": "python-pymysql"}
    started = time.perf_counter()
    try:
        body = json.loads(handler(event, None)["body"])
        report.update(ok=True, connection_id=body["connection_id"], order=body["order"], rows=len(body["lines"]))
    except Exception as error:
        report["error"] = f"{type(error).__name__}: {error}"
    report["seconds"] = time.perf_counter() - started
    close()
    return report


def main() -> int:
    text = sys.argv[1] if len(sys.argv) > 1 else DEFAULT_EVENT
    report = invoke(json.loads(event_from_input() if text == "-" else text))
    print(json.dumps(report))
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
