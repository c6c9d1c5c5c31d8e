# cython: annotation_typing=False
"""The middle of a large answer: rows pass from a server connection to a client through a buffer of Forebay's own.

The kernel writes into the buffer, the rows are renumbered where they lie, and the kernel reads them from there: nothing
is copied and nothing allocated in between. One buffer serves all connections, because nothing else happens on the
loop's thread between the two, and so it stays in the processor's cache. Only what a client does not take at once is
copied, for its transport to keep.

Decides when this begins and ends. The beginning and the end of an answer go the ordinary way, through
``ServerConnection``. Does not know what a row is.
"""

from __future__ import annotations

from proxy.net import sockets
from proxy.net.server_connection import ServerConnection
from proxy.net.stream import Stream

SIZE = 1 << 16
_TURNS = 4  # buffers that one stream may fill before the others have their turn
_buffer = bytearray(SIZE)


def begin(server: ServerConnection, client: Stream) -> None:
    """From here on rows go from ``server`` to ``client`` in bulk, where nothing has to be decrypted before."""
    if server.tls is None and not server.compressed and server.reply.passes_rows():
        server.transport.set_protocol(Bulk(server, client))  # type: ignore[arg-type]


class Bulk:
    """The protocol of a server connection's transport in the meantime, an asyncio.BufferedProtocol in its methods."""

    __slots__ = ("_answering", "_backlog", "_client", "_descriptor", "_full", "_held", "_server")

    def __init__(self, server: ServerConnection, client: Stream) -> None:
        self._server = server
        self._client = client
        self._answering = server.answering
        self._held = server.reply.take_held()  # the beginning of a header
        self._backlog = True  # the client's transport may hold bytes that go first
        self._full = 0  # buffers that were filled one after the other
        plain = client.tls is None and not client.compressed
        self._descriptor = client.transport.get_extra_info("socket").fileno() if plain else -1

    def get_buffer(self, sizehint: int) -> bytearray | memoryview:
        if not self._held:
            return _buffer
        held = len(self._held)
        _buffer[:held] = self._held
        return memoryview(_buffer)[held:]

    def buffer_updated(self, nbytes: int) -> None:
        server = self._server
        server.received_bytes += nbytes
        size = len(self._held) + nbytes
        if server.answering is not self._answering:  # the client has gone
            self._end(_buffer[:size])
            return
        if size < SIZE:
            self._full = 0
        else:
            self._full += 1
            if self._full == _TURNS:
                self._full = 0
                server.rest()
        passed = server.reply.pass_rows(_buffer, size)
        if passed:
            self._write(passed)
        rest = size - passed
        if rest <= 4:
            self._held = bytes(_buffer[passed:size]) if rest else b""
        else:
            self._end(_buffer[passed:size])

    def _write(self, size: int) -> None:
        """Send the first ``size`` bytes of the buffer to the client."""
        client = self._client
        taken = 0
        if self._descriptor >= 0 and not client.closing:  # closing: the descriptor may belong to somebody else soon
            if self._backlog:
                self._backlog = client.buffered() > 0
            if not self._backlog:
                taken = sockets.write(self._descriptor, _buffer, size)
                client.sent_bytes += taken
                if taken == size:
                    return
                self._backlog = True
        client.write(bytes(_buffer[taken:size]))

    def _end(self, data: bytearray) -> None:
        """Go the ordinary way again, beginning with ``data``."""
        server = self._server
        server.transport.set_protocol(server)  # type: ignore[arg-type]
        server.received_bytes -= len(data)
        server.data_received(bytes(data))

    def eof_received(self) -> bool:
        return self._server.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connection_lost(exc)

    def pause_writing(self) -> None:
        self._server.pause_writing()

    def resume_writing(self) -> None:
        self._server.resume_writing()
