"""The web port: /metrics, /healthz and /readyz for machines that watch, /drain and /quitquitquit for ones that stop us.

uvicorn's HTTP protocol (on h11) runs inside the proxy's own event loop: Forebay listens itself and uses nothing of
uvicorn's server, which would poll ten times a second and take over the signals. Each connection serves one request
and lives for seconds at most, so a slow or silent one holds nothing for long.

It does not know what the metrics are, nor what ready means: functions are given to it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from proxy.settings import split_address

LONGEST_CONNECTION = 10.0  # seconds from connect to the end of the answer
MOST_CONNECTIONS = 64
LONGEST_HEADERS = 16 * 1024

PLAIN = "text/plain; charset=utf-8"


class Answer(NamedTuple):
    """What goes back: HTTP status, content type, body, further headers."""

    status: int
    kind: str
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Route(NamedTuple):
    """The methods that a path knows, and what it does."""

    methods: tuple[str, ...]
    answer: Callable[[], Answer]


READ = ("GET", "HEAD")


class StatusServer:
    """Serves the web port.

    ``listen`` is ``host:port`` or ``unix:/path``. ``metrics()`` gives a content type and a body, ``healthy()`` and
    ``ready()`` whether and why (one line), ``drain()`` and ``quit()`` start what their path says and return at once;
    without them those paths do not exist. All are called in the event loop. ``start`` raises ``OSError``.
    """

    def __init__(
        self,
        listen: str,
        metrics: Callable[[], tuple[str, bytes]],
        healthy: Callable[[], tuple[bool, str]],
        ready: Callable[[], tuple[bool, str]],
        drain: Callable[[], object] | None = None,
        quit: Callable[[], object] | None = None,
    ) -> None:
        self.listen = listen
        self.routes = {
            "/metrics": Route(READ, lambda: Answer(200, *metrics())),
            "/healthz": Route(READ, lambda: _verdict(*healthy())),
            "/readyz": Route(READ, lambda: _verdict(*ready())),
        }
        for path, action in (("/drain", drain), ("/quitquitquit", quit)):
            if action is not None:
                self.routes[path] = Route(("POST",), _begin(action))
        self._state = ServerState()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. A web port that cannot answer is no reason to be quiet: ``OSError`` goes up."""
        # Whoever sends rubbish is told so; our log is not the place.
        logging.getLogger("uvicorn").setLevel(logging.ERROR)
        config = Config(
            self._app,
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
        config.load()
        loop = asyncio.get_running_loop()
        where = split_address(self.listen)
        if isinstance(where, str):
            self._server = await loop.create_unix_server(lambda: _Connection(config, self._state, {}), where)
        else:
            self._server = await loop.create_server(lambda: _Connection(config, self._state, {}), *where)

    async def stop(self) -> None:
        """Stop listening, let answers under way end (they have seconds), close the rest."""
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        tasks = list(self._state.tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=LONGEST_CONNECTION)
        await self._server.wait_closed()
        self._server = None

    @property
    def address(self) -> str:
        """Where it listens in fact: ``listen`` with the port that the system chose for port 0."""
        where = split_address(self.listen)
        if isinstance(where, str) or self._server is None:
            return self.listen
        return f"{self.listen.rpartition(':')[0]}:{self._server.sockets[0].getsockname()[1]}"

    async def _app(self, scope: Mapping[str, Any], receive: object, send: Callable[[Any], Any]) -> None:
        """The ASGI application; a request's body is not read."""
        answer = self._answer(scope)
        headers = [
            (b"content-type", answer.kind.encode()),
            (b"content-length", b"%d" % len(answer.body)),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
            *answer.headers,
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    def _answer(self, scope: Mapping[str, Any]) -> Answer:
        route = self.routes.get(scope["path"])
        if route is None:
            return _text(404, f"not found; there is {' '.join(self.routes)}")
        if scope["method"] not in route.methods:
            allowed = ", ".join(route.methods)
            return _text(405, f"expected {allowed}")._replace(headers=((b"allow", allowed.encode()),))
        # A page in somebody's browser may send a POST to 127.0.0.1, but not without saying so.
        if "POST" in route.methods and any(name == b"origin" for name, _ in scope["headers"]):
            return _text(403, "not from a browser")
        return route.answer()


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


def _begin(action: Callable[[], object]) -> Callable[[], Answer]:
    def answer() -> Answer:
        action()
        return _text(202, "begun")

    return answer


def _text(status: int, text: str) -> Answer:
    return Answer(status, PLAIN, text.encode() + b"\n")


def _verdict(good: bool, why: str) -> Answer:
    return _text(200 if good else 503, why)
