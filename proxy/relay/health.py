"""Whether the target still answers, when nothing tells: a frozen server, or one behind a broken network, keeps every
connection open and says nothing.

Decides when that is in doubt, and then logs in once to see. Whoever gets an answer meanwhile settles it. It does not
know what follows from trouble: ``Routes.ready`` says it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from proxy.errors import ProxyError, ServerLost, ServerUnavailable
from proxy.net.connect import open_server_connection
from proxy.net.tasks import spawn

if TYPE_CHECKING:
    from proxy.relay.hub import Hub
    from proxy.relay.routes import Route

_log = logging.getLogger("forebay.pool")

_WITHOUT_DEMAND = 6  # times pool.connect_timeout may pass without an answer where nobody waits for one
# One login waits for long: each one that is given up before its greeting counts against max_connect_errors.
_PATIENCE = 60.0


class Health:
    """``trouble`` is what is wrong, "" when the target answers as far as is known."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.trouble = ""
        self._answers = 0
        self._answered_at = 0.0
        self._asked_at: float | None = None
        self._next_at = 0.0

    def look(self, now: float) -> None:
        """Called about as often as ``deadlines`` sweeps."""
        routes = [route for route in self.hub.routes.by_key.values() if route.states is not None]
        answers = self.hub.stats.server_latency.count + sum(route.pool.stats.opened for route in routes)
        if answers != self._answers or not routes:
            self._answers = answers
            self._answered(now)
            return
        patience = self.hub.settings.pool.connect_timeout
        if self._asked_at is not None:
            if now - self._asked_at > patience:
                self._failed(f"The server at {self.hub.settings.target.address} does not answer")
            return
        quiet = patience if self.trouble or _is_awaited(routes) else _WITHOUT_DEMAND * patience
        if now - self._answered_at > quiet and now >= self._next_at:
            self._asked_at = now
            self._next_at = now + patience
            spawn("ask the target whether it answers", self._ask(routes[0]))

    async def _ask(self, route: Route) -> None:
        """Log in; a refusal is an answer, too."""
        try:
            async with asyncio.timeout(_PATIENCE):
                connection = await open_server_connection(self.hub.settings.target, route.login, route.context)
                await connection.leave()
        except TimeoutError:
            return  # and again
        except (ServerUnavailable, ServerLost) as error:
            self._failed(error.text)
            return
        except ProxyError:
            pass
        finally:
            self._asked_at = None
        self._answered(time.monotonic())

    def _answered(self, now: float) -> None:
        self._answered_at = now
        if self.trouble:
            self.trouble = ""
            _log.info("the server at %s answers again", self.hub.settings.target.address)

    def _failed(self, trouble: str) -> None:
        if not self.trouble:
            _log.warning("%s", trouble)
        self.trouble = trouble


def _is_awaited(routes: list[Route]) -> bool:
    """Whether somebody waits for an answer of the server's, or for a server connection."""
    return any(
        route.pool.counts().waiting or any(server.answering is not None for server in route.connections)
        for route in routes
    )
