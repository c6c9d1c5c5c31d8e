"""HTTP connections of the web port, each for one request.

uvicorn's HTTP protocol (on h11) runs inside the proxy's own event loop; nothing of uvicorn's server is used: it would
poll ten times a second and take over the signals. A connection lives for seconds at most, so a slow or silent one holds
nothing for long.

It does not know what is asked and answered: that is the ASGI application given to it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

LONGEST_CONNECTION = 10.0  # seconds from connect to the end of the answer
MOST_CONNECTIONS = 64
LONGEST_HEADERS = 16 * 1024


class Web:
    """Makes the connections that serve ``app``. To be made and used in the event loop."""

    def __init__(self, app: Any) -> None:
        # Whoever sends rubbish is told so; our log is not the place.
        logging.getLogger("uvicorn").setLevel(logging.ERROR)
        self._state = ServerState()
        self._config = Config(
            app,
            interface="asgi3",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            h11_max_incomplete_event_size=LONGEST_HEADERS,
        )
        self._config.load()

    def connection(self) -> asyncio.Protocol:
        """The protocol of a new connection."""
        return _Connection(self._config, self._state, {})

    async def stop(self) -> None:
        """Let answers under way end (they have seconds), close the rest."""
        for connection in list(self._state.connections):
            connection.shutdown()
        tasks = list(self._state.tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=LONGEST_CONNECTION)


class _Connection(H11Protocol):
    """One HTTP connection with a deadline over its whole life."""

    _deadline: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._deadline = self.loop.call_later(LONGEST_CONNECTION, transport.abort)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline.cancel()
        super().connection_lost(exc)
