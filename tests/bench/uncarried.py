"""Forebay with the learning of sessions taken out: ``python -m tests.bench.uncarried run ...`` is ``forebay run ...``.

Only to measure what carrying costs where states are equal. Sessions leak from client to client here: it is nothing that
anybody can switch on.
"""

from __future__ import annotations

from proxy.cli import main
from proxy.net.server_connection import ServerConnection
from proxy.relay import learning
from proxy.relay.client import Client
from proxy.wire.replies import Reply


def _learn_nothing(client: Client, server: ServerConnection, reply: Reply) -> None:
    """What an answer changes in a session is of no interest."""


if __name__ == "__main__":
    learning.learn = _learn_nothing
    main()
