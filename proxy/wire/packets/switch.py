"""The packets of an authentication conversation: auth switch and more data.

The client's answers have no header, so they have no parser here. What the data means belongs to ``wire.auth``.

Sources: "Protocol::AuthSwitchRequest", "Protocol::OldAuthSwitchRequest" and "Protocol::AuthMoreData" in the MySQL
Source Code Documentation.
"""

from __future__ import annotations

from proxy.errors import MalformedPacket
from proxy.wire.constants import HEADER_AUTH_MORE, HEADER_EOF, PLUGIN_OLD
from proxy.wire.primitives import read_nul_bytes, to_bytes, to_text


def parse_auth_switch(payload: bytes) -> tuple[str, bytes]:
    """Plugin and its data as sent (a nonce comes with a NUL behind it)."""
    if not payload or payload[0] != HEADER_EOF:
        raise MalformedPacket
    if len(payload) == 1:
        return PLUGIN_OLD, b""
    plugin, pos = read_nul_bytes(payload, 1)
    return to_text(plugin), payload[pos:]


def build_auth_switch(plugin: str, data: bytes) -> bytes:
    """``data`` goes out as it is: a nonce needs its NUL."""
    return b"\xfe" + to_bytes(plugin) + b"\0" + data


def parse_auth_more(payload: bytes) -> bytes:
    """The plugin's data."""
    if not payload or payload[0] != HEADER_AUTH_MORE:
        raise MalformedPacket
    return payload[1:]


def build_auth_more(data: bytes) -> bytes:
    """More data for the client's plugin."""
    return b"\x01" + data
