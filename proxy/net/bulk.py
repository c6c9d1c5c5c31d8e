# cython: annotation_typing=False
"""The middle of a large answer: rows pass from a server connection to a client without a copy.

The kernel writes into the buffer that all transports share, the rows are renumbered where they lie, and the kernel
reads them from there: nothing is copied and nothing allocated in between, and the buffer stays in the processor's
cache. Only what a client does not take at once is copied, for its transport to keep.

Decides when this begins and ends. The beginning and the end of an answer go the ordinary way, through
``ServerConnection``. Does not know what a row is.
"""

from __future__ import annotations

from proxy.net.server_connection import ServerConnection
from proxy.net.stream import Stream
from proxy.net.transport import Sink, buffer

_buffer = buffer


def begin(server: ServerConnection, client: Stream) -> None:
    """From here on rows go from ``server`` to ``client`` in bulk, where nothing has to be decrypted before."""
    if server.tls is None and not server.compressed and server.reply.passes_rows():
        server.transport.sink = Bulk(server, client)


class Bulk(Sink):
    """What takes a server connection's bytes in the meantime."""

    __slots__ = ("_answering", "_client", "_held", "_plain", "_server")

    def __init__(self, server: ServerConnection, client: Stream) -> None:
        self._server = server
        self._client = client
        self._answering = server.answering
        self._held = server.reply.take_held()  # the beginning of a header
        self._plain = client.tls is None and not client.compressed

    def head(self) -> int:
        held = len(self._held)
        if held:
            _buffer[:held] = self._held
        return held

    def take(self, size: int) -> None:
        server = self._server
        server.received_bytes += size
        size += len(self._held)
        if server.answering is not self._answering:  # the client has gone
            self._end(0, size)
            return
        passed = server.reply.pass_rows(_buffer, size)
        if passed:
            self._write(passed)
        rest = size - passed
        if rest <= 4:
            self._held = bytes(_buffer[passed:size]) if rest else b""
        else:
            self._end(passed, size)

    def _write(self, size: int) -> None:
        """Send the first ``size`` bytes of the buffer to the client."""
        client = self._client
        if not self._plain:
            client.write(bytes(_buffer[:size]))
        elif not client.closing:
            client.sent_bytes += size
            client.transport.write_part(_buffer, size)

    def _end(self, start: int, size: int) -> None:
        """Go the ordinary way again, beginning with what stands in the buffer from ``start`` to ``size``."""
        server = self._server
        server.transport.sink = None
        server.received_bytes -= size - start
        server.data_received(bytes(_buffer[start:size]))
