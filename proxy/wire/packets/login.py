# cython: annotation_typing=False
"""What a client sends to log in: SSL request, login, and COM_CHANGE_USER.

Whether the login is right is decided by ``wire.auth``; these are only its bytes.

Sources: "Protocol::HandshakeResponse41", "Protocol::SSLRequest" and "COM_CHANGE_USER" in the MySQL Source Code
Documentation; "Connecting" in the MariaDB Knowledge Base for the extended capabilities in the reserved bytes.

User and schema keep bytes that are not UTF-8 (see ``primitives``); attributes are for people only, there such bytes
become U+FFFD.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from proxy.errors import HandshakeFailed, MalformedPacket
from proxy.wire import primitives
from proxy.wire.constants import (
    CLIENT_CONNECT_ATTRS,
    CLIENT_CONNECT_WITH_DB,
    CLIENT_LONG_PASSWORD,
    CLIENT_PLUGIN_AUTH,
    CLIENT_PLUGIN_AUTH_LENENC,
    CLIENT_PROTOCOL_41,
    CLIENT_SECURE_CONNECTION,
    CLIENT_SSL,
    CLIENT_ZSTD,
    COM_CHANGE_USER,
)
from proxy.wire.primitives import to_bytes, write_lenenc_bytes

Attributes = tuple[tuple[str, str], ...]

SSL_REQUEST_LENGTH = 32
MAX_ATTRIBUTES = 128  # more are not kept
MAX_ATTRIBUTE_BYTES = 65536  # MySQL refuses more in one login ("Performance Schema Connection Attribute Tables")


@dataclass(slots=True, frozen=True)
class SslRequest:
    """The fixed part of a login, sent ahead of TLS."""

    capabilities: int
    max_packet: int
    collation: int
    mariadb_capabilities: int = 0


_FIELDS = (
    "attributes",
    "auth_response",
    "capabilities",
    "collation",
    "mariadb_capabilities",
    "max_packet",
    "plugin",
    "schema",
    "user",
    "zstd_level",
)


class Login:
    """A client's answer to the greeting. ``plugin`` is ``None`` without CLIENT_PLUGIN_AUTH; no schema is ``None``.

    Not a dataclass, because every connection makes one, and only what is written out here is compiled.
    """

    __slots__ = _FIELDS

    def __init__(
        self,
        capabilities: int,
        max_packet: int,
        collation: int,
        user: str,
        auth_response: bytes,
        schema: str | None = None,
        plugin: str | None = None,
        attributes: Attributes = (),
        mariadb_capabilities: int = 0,
        zstd_level: int = 0,
    ) -> None:
        self.capabilities = capabilities
        self.max_packet = max_packet
        self.collation = collation
        self.user = user
        self.auth_response = auth_response
        self.schema = schema
        self.plugin = plugin
        self.attributes = attributes
        self.mariadb_capabilities = mariadb_capabilities
        self.zstd_level = zstd_level

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Login):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _FIELDS)

    __hash__ = None  # type: ignore[assignment]


@dataclass(slots=True, frozen=True)
class ChangeUser:
    """COM_CHANGE_USER. ``collation`` is 0 when the client left it out; ``plugin`` as in ``Login``."""

    user: str
    auth_response: bytes
    schema: str | None = None
    collation: int = 0
    plugin: str | None = None
    attributes: Attributes = ()


def is_ssl_request(payload: bytes) -> bool:
    """Whether a client's first packet asks for TLS (a login itself is longer)."""
    if len(payload) != SSL_REQUEST_LENGTH:
        return False
    wanted = CLIENT_SSL | CLIENT_PROTOCOL_41
    return _uint32(payload, 0) & wanted == wanted


def parse_ssl_request(payload: bytes) -> SslRequest:
    """An SSL request; a login starts with the same 32 bytes."""
    capabilities = _announced(payload)
    return SslRequest(capabilities, _uint32(payload, 4), payload[8], _extended(payload, capabilities))


def _announced(payload: bytes) -> int:
    """The capabilities that an SSL request or a login starts with; both have all of its first 32 bytes."""
    if len(payload) < 2:
        raise MalformedPacket
    if not payload[1] << 8 & CLIENT_PROTOCOL_41:
        raise HandshakeFailed("Clients older than MySQL 4.1 are not supported")
    if len(payload) < SSL_REQUEST_LENGTH:
        raise MalformedPacket
    return _uint32(payload, 0)


def _extended(payload: bytes, capabilities: int) -> int:
    """MariaDB's own capabilities, in the bytes that MySQL reserves."""
    return 0 if capabilities & CLIENT_LONG_PASSWORD else _uint32(payload, SSL_REQUEST_LENGTH - 4)


def _uint32(payload: bytes, pos: int) -> int:
    value = payload[pos + 3]
    value = value << 8 | payload[pos + 2]
    value = value << 8 | payload[pos + 1]
    return value << 8 | payload[pos]


def build_ssl_request(capabilities: int, max_packet: int, collation: int, mariadb_capabilities: int = 0) -> bytes:
    """An SSL request; CLIENT_SSL is the caller's to set. ``collation`` is one byte here: 0 to 255."""
    extended = 0 if capabilities & CLIENT_LONG_PASSWORD else mariadb_capabilities
    return (
        capabilities.to_bytes(4, "little")
        + max_packet.to_bytes(4, "little")
        + collation.to_bytes(1, "little")
        + bytes(19)
        + extended.to_bytes(4, "little")
    )


def parse_login(payload: bytes) -> Login:
    """A login of protocol 4.1.

    Raises ``HandshakeFailed`` for an older client. What a client announces and then leaves out at the end of the
    packet (schema, plugin, attributes) counts as not given.
    """
    capabilities = _announced(payload)
    user, pos = primitives.read_nul_bytes(payload, SSL_REQUEST_LENGTH)
    auth_response, pos = _read_auth_response(payload, pos, capabilities)
    rest = payload[pos:]
    read = _known_rest if len(rest) <= _KNOWN_BYTES else _read_rest
    schema, plugin, attributes, zstd_level = read(rest, capabilities & _IN_REST)
    return Login(
        capabilities,
        _uint32(payload, 4),
        payload[8],
        primitives.to_text(user),
        auth_response,
        schema,
        plugin,
        attributes,
        _extended(payload, capabilities),
        zstd_level,
    )


def _read_rest(rest: bytes, capabilities: int) -> tuple[str | None, str | None, Attributes, int]:
    """What stands behind the proof of the password: schema, plugin, attributes, level of zstd."""
    pos = 0
    schema = plugin = None
    if capabilities & CLIENT_CONNECT_WITH_DB:
        raw_schema, pos = primitives.read_nul_bytes_or_rest(rest, pos)
        schema = primitives.to_text(raw_schema) or None
    if capabilities & CLIENT_PLUGIN_AUTH:
        raw_plugin, pos = primitives.read_nul_bytes_or_rest(rest, pos)
        plugin = primitives.to_text(raw_plugin)
    attributes, pos = _read_attributes(rest, pos, capabilities)
    zstd_level = rest[pos] if capabilities & CLIENT_ZSTD and pos < len(rest) else 0
    return schema, plugin, attributes, zstd_level


# The connections of one application all say the same here: reading it takes a tenth of a login's time.
_KNOWN_BYTES = 1024
_IN_REST = CLIENT_CONNECT_WITH_DB | CLIENT_PLUGIN_AUTH | CLIENT_CONNECT_ATTRS | CLIENT_ZSTD
_known_rest = functools.lru_cache(maxsize=256)(_read_rest)


def _read_auth_response(payload: bytes, pos: int, capabilities: int) -> tuple[bytes, int]:
    if capabilities & CLIENT_PLUGIN_AUTH_LENENC:
        return primitives.read_lenenc_bytes(payload, pos)
    if capabilities & CLIENT_SECURE_CONNECTION:
        size, pos = primitives.read_uint(payload, pos, 1)
        return primitives.read_bytes(payload, pos, size)
    return primitives.read_nul_bytes(payload, pos)


def build_login(login: Login) -> bytes:
    """A login; its fields go out as far as ``login.capabilities`` announce them."""
    capabilities = login.capabilities
    parts = [
        build_ssl_request(capabilities, login.max_packet, login.collation, login.mariadb_capabilities),
        to_bytes(login.user) + b"\0",
        _write_auth_response(login.auth_response, capabilities),
    ]
    if capabilities & CLIENT_CONNECT_WITH_DB:
        parts.append(to_bytes(login.schema or "") + b"\0")
    if capabilities & CLIENT_PLUGIN_AUTH:
        parts.append(to_bytes(login.plugin or "") + b"\0")
    if capabilities & CLIENT_CONNECT_ATTRS:
        parts.append(_write_attributes(login.attributes))
    if capabilities & CLIENT_ZSTD:
        parts.append(login.zstd_level.to_bytes(1, "little"))
    return b"".join(parts)


def _write_auth_response(response: bytes, capabilities: int) -> bytes:
    if capabilities & CLIENT_PLUGIN_AUTH_LENENC:
        return write_lenenc_bytes(response)
    if capabilities & CLIENT_SECURE_CONNECTION:
        return len(response).to_bytes(1, "little") + response
    return response + b"\0"


def parse_change_user(payload: bytes, capabilities: int) -> ChangeUser:
    """COM_CHANGE_USER with its command byte, from a client that logged in with ``capabilities``."""
    command, pos = primitives.read_uint(payload, 0, 1)
    if command != COM_CHANGE_USER:
        raise MalformedPacket
    user, pos = primitives.read_nul_bytes(payload, pos)
    auth_response, pos = _read_auth_response(payload, pos, capabilities & ~CLIENT_PLUGIN_AUTH_LENENC)
    schema, pos = primitives.read_nul_bytes_or_rest(payload, pos)
    collation = 0
    plugin = None
    attributes: Attributes = ()
    if pos < len(payload):  # old clients end here
        collation, pos = primitives.read_uint(payload, pos, 2)
        if capabilities & CLIENT_PLUGIN_AUTH:
            raw_plugin, pos = primitives.read_nul_bytes_or_rest(payload, pos)
            plugin = primitives.to_text(raw_plugin)
        attributes, pos = _read_attributes(payload, pos, capabilities)
    return ChangeUser(
        primitives.to_text(user), auth_response, primitives.to_text(schema) or None, collation, plugin, attributes
    )


def build_change_user(change: ChangeUser, capabilities: int) -> bytes:
    """COM_CHANGE_USER for a server that the client logged in to with ``capabilities``."""
    parts = [
        COM_CHANGE_USER.to_bytes(1, "little"),
        to_bytes(change.user) + b"\0",
        _write_auth_response(change.auth_response, capabilities & ~CLIENT_PLUGIN_AUTH_LENENC),
        to_bytes(change.schema or "") + b"\0",
        change.collation.to_bytes(2, "little"),
    ]
    if capabilities & CLIENT_PLUGIN_AUTH:
        parts.append(to_bytes(change.plugin or "") + b"\0")
    if capabilities & CLIENT_CONNECT_ATTRS:
        parts.append(_write_attributes(change.attributes))
    return b"".join(parts)


def _read_attributes(payload: bytes, pos: int, capabilities: int) -> tuple[Attributes, int]:
    if not capabilities & CLIENT_CONNECT_ATTRS or pos == len(payload):
        return (), pos
    block, end = primitives.read_lenenc_bytes(payload, pos)
    if len(block) > MAX_ATTRIBUTE_BYTES:
        raise MalformedPacket("Connection attributes are longer than 64 KiB")
    return _pairs(block), end


def _pairs(block: bytes) -> Attributes:
    attributes: list[tuple[str, str]] = []
    pos = 0
    while pos < len(block) and len(attributes) < MAX_ATTRIBUTES:
        name, pos = primitives.read_lenenc_bytes(block, pos)
        value, pos = primitives.read_lenenc_bytes(block, pos)
        attributes.append((name.decode("utf-8", "replace"), value.decode("utf-8", "replace")))
    return tuple(attributes)


def _write_attributes(attributes: Attributes) -> bytes:
    pairs = (write_lenenc_bytes(to_bytes(text)) for pair in attributes for text in pair)
    return write_lenenc_bytes(b"".join(pairs))
