# cython: annotation_typing=False
"""One connection's bytes: receive, write, flow control both ways, TLS at any moment, compression, close.

A ``Stream`` is the protocol of a ``Transport``. It hands decrypted chunks to ``received`` and a lost connection to
``lost``; subclasses say what these mean. ``throttles`` is the stream on the other side whose reading
stops while this one's peer is slow: so memory stays bounded both ways.

It does not know MySQL's packets.
"""

from __future__ import annotations

import asyncio
import ssl

from proxy.errors import ProxyError
from proxy.net.tls import TlsLayer
from proxy.net.transport import Protocol, Transport
from proxy.wire.compression import Compression

_READ_AHEAD = 256 * 1024  # compressed bytes


class Stream(Protocol):
    """A transport with a TLS layer when one was started. All methods are called on the loop's thread."""

    __slots__ = (
        "_compression",
        "_plain",
        "_tls",
        "closing",
        "reading_paused",
        "received_bytes",
        "sent_bytes",
        "throttles",
        "transport",
        "write_paused",
    )

    transport: Transport

    def __init__(self) -> None:
        self._plain = True  # neither TLS nor compression: bytes are what they are
        self._tls: TlsLayer | None = None
        self._compression: Compression | None = None
        self.reading_paused = False
        self.closing = False
        self.write_paused = False
        self.throttles: Stream | None = None
        self.received_bytes = 0
        self.sent_bytes = 0

    def connection_made(self, transport: Transport) -> None:
        """From now on these are both ends of one connection."""
        self.transport = transport

    # What the transport calls.

    def data_received(self, data: bytes) -> None:
        self.received_bytes += len(data)
        if self._tls is not None:
            data = self._decrypted(self._tls, data)
            if not data:
                return
        if self._compression is not None:
            self._compression.feed(data)
            self._unpack(self._compression)
            return
        self.received(data)

    def eof_received(self) -> None:
        pass

    def connection_lost(self, exc: Exception | None) -> None:
        self.closing = True
        if self.throttles is not None:
            self.throttles.resume_reading()
        self.lost(exc)
        self._tls = None  # its buffers go now, not when the garbage collector comes by

    def pause_writing(self) -> None:
        self.write_paused = True
        if self.throttles is not None:
            self.throttles.pause_reading()

    def resume_writing(self) -> None:
        self.write_paused = False
        if self.throttles is not None:
            self.throttles.resume_reading()

    # What subclasses say.

    def received(self, data: bytes) -> None:
        """Decrypted bytes have come."""
        raise NotImplementedError

    def lost(self, exc: Exception | None) -> None:
        """The connection is gone; called once."""
        raise NotImplementedError

    def tls_ready(self) -> None:
        """The TLS handshake is done."""

    def takes_more(self) -> bool:
        """Whether the next compressed packet may be unpacked."""
        return not self.reading_paused

    # What others call.

    def write(self, data: bytes | bytearray) -> None:
        """Send bytes, encrypted when TLS is on. After ``close`` they are dropped."""
        if self.closing:
            return
        if self._compression is not None:
            data = self._compression.pack(data)
        self.sent_bytes += len(data)
        self.transport.write(data if self._tls is None else self._tls.write(data))

    def throttle(self, source: Stream | None) -> None:
        """From now on ``source`` stops reading while this stream's peer is slow; None ends that."""
        if self.throttles is source:
            return
        if self.throttles is not None and self.write_paused:
            self.throttles.resume_reading()
        self.throttles = source
        if source is not None and self.write_paused:
            source.pause_reading()

    def pause_reading(self) -> None:
        """Leave what the peer sends in the kernel's buffers."""
        if not self.reading_paused and not self.closing:
            self.reading_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if self.reading_paused and not self.closing:
            self.reading_paused = False
            self.transport.resume_reading()
            self.unpack_soon()

    def start_tls(self, context: ssl.SSLContext, server_side: bool, hostname: str | None, first: bytes) -> None:
        """Begin TLS here; ``first`` are bytes of the peer's handshake that have come already."""
        self._plain = False
        self._tls = TlsLayer(context, server_side, hostname)
        if not server_side:
            self._tls.start()
            self.transport.write(self._tls.outgoing())
        if first:
            data = self._decrypted(self._tls, first)
            if data:
                self.received(data)

    def start_compression(self, compression: Compression) -> None:
        """From here on both ways are compressed."""
        self._plain = False
        self._compression = compression

    def _unpack(self, compression: Compression) -> None:
        """Hand on what has come, one compressed packet after the other, as long as more is taken.

        A kilobyte may unpack to a megabyte: what waits is kept as it came.
        """
        try:
            while self.takes_more() and not self.closing and (data := compression.packet()) is not None:
                if data:
                    self.received(data)
        except ProxyError:
            self.abort()  # the peer broke the compressed protocol; nothing more can be read
        if compression.waiting() > _READ_AHEAD and not self.takes_more():
            self.pause_reading()

    def unpack_soon(self) -> None:
        """More is taken now: go on with what has come compressed."""
        if self._compression is not None:
            asyncio.get_running_loop().call_soon(self._unpack, self._compression)

    @property
    def compressed(self) -> bool:
        """Whether compression has begun."""
        return self._compression is not None

    @property
    def tls(self) -> TlsLayer | None:
        return self._tls

    def close(self) -> None:
        """Close politely: what was written still goes out."""
        if self.closing:
            return
        self.closing = True
        if self._tls is not None and self._tls.ready:
            self.transport.write(self._tls.close())
        self.transport.close()

    def abort(self) -> None:
        """Close at once; what was not sent yet is dropped."""
        self.closing = True
        self.transport.abort()

    def buffered(self) -> int:
        """Bytes written here that the kernel has not taken yet."""
        return self.transport.unsent

    def _decrypted(self, tls: TlsLayer, data: bytes) -> bytes:
        """Feed the TLS layer; a peer that breaks TLS is cut off."""
        was_ready = tls.ready
        try:
            plain = tls.feed(data)
        except ssl.SSLError as error:
            alert = tls.outgoing()
            if alert and not self.closing:
                self.transport.write(alert)
            self.tls_failed(error)
            return b""
        answer = tls.outgoing()
        if answer and not self.closing:
            self.transport.write(answer)
        if tls.ready and not was_ready:
            self.tls_ready()
        if tls.closed and not self.closing:
            self.close()
        return plain

    def tls_failed(self, error: ssl.SSLError) -> None:
        """The peer broke TLS or showed a certificate that is refused; nothing more can be read."""
        self.close()
