"""TLS over any byte stream: contexts from settings, and a layer between memory buffers.

The layer works on bytes only, so that TLS can begin in the middle of a stream, with bytes of the
handshake already read: a MySQL client sends its TLS hello right behind the SSL request.
"""

from __future__ import annotations

import contextlib
import ssl

from proxy.settings import TlsClientSettings, TlsServerSettings

_READ = 256 * 1024


class TlsLayer:
    """One TLS session between two memory buffers.

    ``feed`` takes encrypted bytes from the peer and returns decrypted ones; ``write`` encrypts; what must
    go to the socket is collected by ``outgoing``. ``ready`` turns true when the handshake is done.
    Raises ssl.SSLError when the peer does not speak TLS or its certificate is refused.
    """

    __slots__ = ("_early", "_incoming", "_object", "_outgoing", "closed", "ready")

    def __init__(self, context: ssl.SSLContext, server_side: bool, hostname: str | None = None) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(
            self._incoming, self._outgoing, server_side=server_side, server_hostname=hostname
        )
        self._early: list[bytes | bytearray] = []
        self.ready = False
        self.closed = False

    def start(self) -> None:
        """Go as far in the handshake as the bytes at hand allow."""
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return
        self.ready = True
        for data in self._early:
            self._object.write(data)
        self._early.clear()

    def feed(self, data: bytes) -> bytes:
        """Take encrypted bytes, return what they decrypt to (empty during the handshake)."""
        self._incoming.write(data)
        if not self.ready:
            self.start()
            if not self.ready:
                return b""
        return self._drain()

    def _drain(self) -> bytes:
        parts = []
        while True:
            try:
                part = self._object.read(_READ)
            except ssl.SSLWantReadError:
                break
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                self.closed = True
                break
            if not part:
                self.closed = True
                break
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def write(self, data: bytes | bytearray) -> bytes:
        """Encrypt ``data`` and return all that must go to the socket now; before ``ready`` it is kept."""
        if self.ready:
            self._object.write(data)
        else:
            self._early.append(data)
        return self._outgoing.read()

    def outgoing(self) -> bytes:
        """What the handshake or a close notification wants to send."""
        return self._outgoing.read()

    def close(self) -> bytes:
        """Say goodbye; returns the bytes of the close notification."""
        with contextlib.suppress(ssl.SSLError):
            self._object.unwrap()
        return self._outgoing.read()

    @property
    def version(self) -> str:
        """The protocol's version, as OpenSSL names it."""
        return self._object.version() or ""


def server_context(settings: TlsServerSettings, cert_file: str, key_file: str) -> ssl.SSLContext:
    """The context that clients meet. ``cert_file`` and ``key_file`` are PEM files.

    With a ``ca``, a client may show a certificate, which must then be signed by it.
    Raises OSError or ssl.SSLError when a file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(cert_file, key_file)
    if settings.ca:
        context.load_verify_locations(settings.ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def client_context(settings: TlsClientSettings) -> ssl.SSLContext | None:
    """The context towards the target, or None where TLS is disabled.

    ``preferred`` and ``required`` encrypt without checking the certificate, as MySQL's clients do.
    Raises OSError or ssl.SSLError when a file cannot be used.
    """
    if settings.mode == "disabled":
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = settings.mode == "verify_identity"
    if settings.mode in ("preferred", "required"):
        context.verify_mode = ssl.CERT_NONE
    elif settings.ca:
        context.load_verify_locations(settings.ca)
    else:
        context.load_default_certs()
    if settings.cert:
        context.load_cert_chain(settings.cert, settings.key or None)
    return context
