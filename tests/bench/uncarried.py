"""Forebay with the learning of sessions taken out: ``python -m tests.bench.uncarried run ...`` is ``forebay run ...``.

Only to measure what carrying costs where states are equal. Sessions leak from client to client here: it is nothing that
anybody can switch on.
"""

from __future__ import annotations

from typing import Any

from proxy import server
from proxy.cli import main
from proxy.relay.hub import Hub


class _Uncarried(Hub):
    """What an answer changes in a session is of no interest to its clients."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.learns = False


if __name__ == "__main__":
    server.Hub = _Uncarried  # type: ignore[misc]
    main()
