"""The web port: /metrics, /healthz and /readyz for machines that watch, /drain and /quitquitquit for ones that stop us.

h11 reads and writes HTTP inside the proxy's own event loop. A web framework would bring more than all of this file, and
importing it was a third of the start. Each connection serves one request and lives for seconds at most, so a slow or
silent one holds nothing for long.

It does not know what the metrics are, nor what ready means: functions are given to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import NamedTuple, cast

import h11

from proxy.settings import split_address

_log = logging.getLogger("forebay.status")

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
        self.connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. A web port that cannot answer is no reason to be quiet: ``OSError`` goes up."""
        loop = asyncio.get_running_loop()
        where = split_address(self.listen)
        if isinstance(where, str):
            self._server = await loop.create_unix_server(lambda: _Connection(self), where)
        else:
            self._server = await loop.create_server(lambda: _Connection(self), *where)

    async def stop(self) -> None:
        """Stop listening, let answers under way go out (they have seconds), close the rest."""
        if self._server is None:
            return
        self._server.close()
        gone = [connection.close() for connection in self.connections]
        if gone:
            await asyncio.wait(gone, timeout=LONGEST_CONNECTION)
        await self._server.wait_closed()
        self._server = None

    @property
    def address(self) -> str:
        """Where it listens in fact: ``listen`` with the port that the system chose for port 0."""
        where = split_address(self.listen)
        if isinstance(where, str) or self._server is None:
            return self.listen
        return f"{self.listen.rpartition(':')[0]}:{self._server.sockets[0].getsockname()[1]}"

    def answer(self, request: h11.Request) -> Answer:
        """What a request gets; its body is not read."""
        path = request.target.partition(b"?")[0].decode("latin-1")
        method = request.method.decode("latin-1")
        route = self.routes.get(path)
        if route is None:
            return _text(404, f"not found; there is {' '.join(self.routes)}")
        if method not in route.methods:
            allowed = ", ".join(route.methods)
            return _text(405, f"expected {allowed}")._replace(headers=((b"allow", allowed.encode()),))
        # A page in somebody's browser may send a POST to 127.0.0.1, but not without saying so.
        if "POST" in route.methods and any(name == b"origin" for name, _ in request.headers):
            return _text(403, "not from a browser")
        return route.answer()


class _Connection(asyncio.Protocol):
    """One HTTP connection with a deadline over its whole life."""

    def __init__(self, server: StatusServer) -> None:
        self._server = server
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST_HEADERS)
        self._loop = asyncio.get_running_loop()
        self._gone = self._loop.create_future()
        self._transport: asyncio.Transport
        self._deadline: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._deadline = self._loop.call_later(LONGEST_CONNECTION, self._transport.abort)
        self._server.connections.add(self)
        if len(self._server.connections) > MOST_CONNECTIONS:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._http.our_state is not h11.IDLE:
            return  # its request has been answered
        try:
            self._http.receive_data(data)
            event = self._http.next_event()
        except h11.RemoteProtocolError:
            self._say(_text(400, "not HTTP"), head=False)  # our log is not the place to tell of it
            return
        if isinstance(event, h11.Request):
            try:
                answer = self._server.answer(event)
            except Exception:
                _log.exception("no answer to %s", event.target.decode("latin-1"))
                answer = _text(500, "failed")
            self._say(answer, head=event.method == b"HEAD")

    def _say(self, answer: Answer, head: bool) -> None:
        headers = [
            (b"content-type", answer.kind.encode()),
            (b"content-length", b"%d" % len(answer.body)),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
            *answer.headers,
        ]
        events = [h11.Response(status_code=answer.status, headers=headers), h11.EndOfMessage()]
        if not head:
            events.insert(1, h11.Data(data=answer.body))
        with contextlib.suppress(h11.LocalProtocolError):  # where it has broken HTTP in a way that forbids an answer
            self._transport.write(b"".join(self._http.send(event) or b"" for event in events))
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline.cancel()
        self._server.connections.discard(self)
        if not self._gone.done():
            self._gone.set_result(None)

    def close(self) -> asyncio.Future[None]:
        """Close when what was written has gone out; the future is done when the connection is."""
        self._transport.close()
        return self._gone


def _begin(action: Callable[[], object]) -> Callable[[], Answer]:
    def answer() -> Answer:
        action()
        return _text(202, "begun")

    return answer


def _text(status: int, text: str) -> Answer:
    return Answer(status, PLAIN, text.encode() + b"\n")


def _verdict(good: bool, why: str) -> Answer:
    return _text(200 if good else 503, why)
