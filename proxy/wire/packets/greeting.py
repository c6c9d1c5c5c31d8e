"""The greeting: a server's first packet.

Source: "Protocol::HandshakeV10" in the MySQL Source Code Documentation; "Connecting" in the MariaDB Knowledge Base for
the version's prefix and for the extended capabilities in the reserved bytes.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from proxy.errors import HandshakeFailed, MalformedPacket, ServerRefused
from proxy.wire.constants import (
    CLIENT_LONG_PASSWORD,
    CLIENT_PLUGIN_AUTH,
    CLIENT_PROTOCOL_41,
    CLIENT_SECURE_CONNECTION,
    HEADER_ERR,
    NONCE_LENGTH,
    NONCE_PART,
    PLUGIN_NATIVE,
)
from proxy.wire.packets.endings import parse_err
from proxy.wire.primitives import read_bytes, read_nul_bytes, read_nul_bytes_or_rest, read_uint, to_bytes, to_text

_PROTOCOL_VERSION = 10
_MARIADB_PREFIX = "5.5.5-"  # so that old MySQL replicas took MariaDB 10 for a version they know


@dataclass(slots=True, frozen=True)
class Greeting:
    """``version`` is as sent; ``nonce`` has 20 bytes; ``collation`` is the low byte of the server's default."""

    version: str
    connection_id: int
    nonce: bytes
    capabilities: int
    collation: int
    status: int
    plugin: str = PLUGIN_NATIVE
    mariadb_capabilities: int = 0

    @property
    def release(self) -> str:
        """The version without MariaDB's compatibility prefix."""
        return self.version.removeprefix(_MARIADB_PREFIX)

    @property
    def is_mariadb(self) -> bool:
        """Whether the server is MariaDB."""
        return self.version.startswith(_MARIADB_PREFIX) or "mariadb" in self.version.lower()


def parse_greeting(payload: bytes) -> Greeting:
    """A greeting of protocol version 10.

    Raises ``ServerRefused`` for an ERR packet in its place (too many connections, host blocked) and
    ``HandshakeFailed`` for a server older than MySQL 4.1.
    """
    if payload[:1] == bytes((HEADER_ERR,)):
        err = parse_err(payload)
        raise ServerRefused(err.number, err.sqlstate, err.text)
    protocol, pos = read_uint(payload, 0, 1)
    if protocol != _PROTOCOL_VERSION:
        raise HandshakeFailed(f"The server speaks protocol version {protocol}, not {_PROTOCOL_VERSION}")
    version, pos = read_nul_bytes(payload, pos)
    connection_id, pos = read_uint(payload, pos, 4)
    nonce_start, pos = read_bytes(payload, pos, 8)
    capabilities_low, pos = read_uint(payload, pos + 1, 2)
    if not capabilities_low & CLIENT_PROTOCOL_41 or not capabilities_low & CLIENT_SECURE_CONNECTION:
        raise HandshakeFailed("The server is older than MySQL 4.1")
    collation, pos = read_uint(payload, pos, 1)
    status, pos = read_uint(payload, pos, 2)
    capabilities_high, pos = read_uint(payload, pos, 2)
    capabilities = capabilities_low | capabilities_high << 16
    data_length, pos = read_uint(payload, pos, 1)
    extended, pos = read_uint(payload, pos + 6, 4)
    mariadb_capabilities = 0 if capabilities & CLIENT_LONG_PASSWORD else extended
    nonce_end, pos = read_bytes(payload, pos, max(13, data_length - 8))
    plugin = PLUGIN_NATIVE
    if capabilities & CLIENT_PLUGIN_AUTH:
        raw_plugin, pos = read_nul_bytes_or_rest(payload, pos)  # early 5.5 releases leave the NUL out
        plugin = to_text(raw_plugin) or PLUGIN_NATIVE
    nonce = (nonce_start + nonce_end)[:NONCE_LENGTH]
    return Greeting(
        to_text(version), connection_id, nonce, capabilities, collation, status, plugin, mariadb_capabilities
    )


def build_greeting(greeting: Greeting) -> bytes:
    """A greeting; ``mariadb_capabilities`` go out only when CLIENT_LONG_PASSWORD is not set, as MariaDB does it."""
    if len(greeting.nonce) != NONCE_LENGTH:
        raise MalformedPacket(f"A nonce has {NONCE_LENGTH} bytes")
    form = greeting_form(
        greeting.version,
        greeting.capabilities,
        greeting.collation,
        greeting.status,
        greeting.plugin,
        greeting.mariadb_capabilities,
    )
    return fill_greeting(form, greeting.connection_id, greeting.nonce)


@functools.lru_cache(maxsize=64)
def greeting_form(
    version: str, capabilities: int, collation: int, status: int, plugin: str, mariadb_capabilities: int
) -> tuple[bytes, bytes, bytes]:
    """What is the same in the greetings to many clients: the parts around the connection id and the nonce."""
    extended = 0 if capabilities & CLIENT_LONG_PASSWORD else mariadb_capabilities
    has_plugin = bool(capabilities & CLIENT_PLUGIN_AUTH)
    middle = (
        (capabilities & 0xFFFF).to_bytes(2, "little"),
        collation.to_bytes(1, "little"),
        status.to_bytes(2, "little"),
        (capabilities >> 16).to_bytes(2, "little"),
        bytes((NONCE_LENGTH + 1 if has_plugin else 0,)),
        bytes(6) + extended.to_bytes(4, "little"),
    )
    head = bytes((_PROTOCOL_VERSION,)) + to_bytes(version) + b"\0"
    return head, b"\0" + b"".join(middle), b"\0" + (to_bytes(plugin) + b"\0" if has_plugin else b"")


def fill_greeting(form: tuple[bytes, bytes, bytes], connection_id: int, nonce: bytes) -> bytes:
    """A greeting to one client; ``nonce`` has 20 bytes."""
    head, middle, tail = form
    return head + connection_id.to_bytes(4, "little") + nonce[:NONCE_PART] + middle + nonce[NONCE_PART:] + tail
