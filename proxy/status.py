"""The web port: /metrics, /healthz and /readyz for machines that watch, /drain and /quitquitquit for ones that stop us.

Forebay listens itself; HTTP is spoken by ``web``, which is imported when Forebay is ready or at the first connection:
it takes a third of the time of a start.

It does not know what the metrics are, nor what ready means: functions are given to it.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from proxy.settings import split_address

if TYPE_CHECKING:
    from proxy.web import Web

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
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. A web port that cannot answer is no reason to be quiet: ``OSError`` goes up."""
        loop = asyncio.get_running_loop()
        where = split_address(self.listen)
        if isinstance(where, str):
            self._server = await loop.create_unix_server(lambda: self._web.connection(), where)
        else:
            self._server = await loop.create_server(lambda: self._web.connection(), *where)

    @functools.cached_property
    def _web(self) -> Web:
        from proxy.web import Web

        return Web(self._app)

    async def stop(self) -> None:
        """Stop listening, let answers under way end (they have seconds), close the rest."""
        if self._server is None:
            return
        self._server.close()
        await self._web.stop()
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


def _begin(action: Callable[[], object]) -> Callable[[], Answer]:
    def answer() -> Answer:
        action()
        return _text(202, "begun")

    return answer


def _text(status: int, text: str) -> Answer:
    return Answer(status, PLAIN, text.encode() + b"\n")


def _verdict(good: bool, why: str) -> Answer:
    return _text(200 if good else 503, why)
