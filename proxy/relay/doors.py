# cython: annotation_typing=False
"""What Forebay says first to whoever connects: its greeting and the capabilities in it, made once for all.

Decides: what clients are offered. Does not know who comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy import native
from proxy.wire import packets
from proxy.wire.constants import (
    CLIENT_COMPRESS,
    CLIENT_CONNECT_ATTRS,
    CLIENT_CONNECT_WITH_DB,
    CLIENT_DEPRECATE_EOF,
    CLIENT_FOUND_ROWS,
    CLIENT_IGNORE_SPACE,
    CLIENT_INTERACTIVE,
    CLIENT_LOCAL_FILES,
    CLIENT_LONG_FLAG,
    CLIENT_LONG_PASSWORD,
    CLIENT_MULTI_RESULTS,
    CLIENT_MULTI_STATEMENTS,
    CLIENT_ODBC,
    CLIENT_PLUGIN_AUTH,
    CLIENT_PLUGIN_AUTH_LENENC,
    CLIENT_PROTOCOL_41,
    CLIENT_PS_MULTI_RESULTS,
    CLIENT_QUERY_ATTRIBUTES,
    CLIENT_SECURE_CONNECTION,
    CLIENT_SESSION_TRACK,
    CLIENT_SSL,
    CLIENT_TRANSACTIONS,
    CLIENT_ZSTD,
    COLLATION_UTF8MB4_GENERAL_CI,
    MARIADB_CLIENT_EXTENDED_METADATA,
    NONCE_LENGTH,
    NONCE_PART,
    STATUS_AUTOCOMMIT,
)
from proxy.wire.frames import HEADER, frame

if TYPE_CHECKING:
    from proxy.relay.hub import Hub

OFFERED = (
    CLIENT_LONG_PASSWORD
    | CLIENT_FOUND_ROWS
    | CLIENT_LONG_FLAG
    | CLIENT_CONNECT_WITH_DB
    | CLIENT_ODBC
    | CLIENT_LOCAL_FILES
    | CLIENT_IGNORE_SPACE
    | CLIENT_PROTOCOL_41
    | CLIENT_INTERACTIVE
    | CLIENT_TRANSACTIONS
    | CLIENT_SECURE_CONNECTION
    | CLIENT_MULTI_STATEMENTS
    | CLIENT_MULTI_RESULTS
    | CLIENT_PS_MULTI_RESULTS
    | CLIENT_PLUGIN_AUTH
    | CLIENT_CONNECT_ATTRS
    | CLIENT_PLUGIN_AUTH_LENENC
    | CLIENT_SESSION_TRACK
    | CLIENT_DEPRECATE_EOF
)
COMPRESSED = CLIENT_COMPRESS | CLIENT_ZSTD


class Door:
    """What is the same for all who come in, as long as nothing changes of what it is made of. ``current`` gives it."""

    __slots__ = (
        "_at_id",
        "_at_nonce",
        "_at_rest",
        "_client_tls",
        "_extended_metadata",
        "_form",
        "_query_attributes",
        "_settings",
        "_version",
        "comments",
        "demands_tls",
        "longest_packet",
        "most_clients",
        "offered",
        "shares",
    )

    def __init__(self, hub: Hub) -> None:
        limits = hub.settings.clients
        self._settings = hub.settings
        self._client_tls = hub.client_tls
        self._version = hub.version
        self._extended_metadata = hub.extended_metadata
        self._query_attributes = hub.query_attributes
        self.comments = limits.comments
        self.demands_tls = limits.tls.mode == "required"
        self.longest_packet = limits.max_allowed_packet
        self.most_clients = limits.max_connections
        self.shares = hub.settings.sharing == "on"
        self.offered = _offered(hub)
        extended = MARIADB_CLIENT_EXTENDED_METADATA if hub.extended_metadata else 0
        plugin = limits.default_auth
        before, between, after = packets.greeting_form(
            hub.version, self.offered, COLLATION_UTF8MB4_GENERAL_CI, STATUS_AUTOCOMMIT, plugin, extended
        )
        # A greeting, in its frame, without the connection id and the two parts of the nonce.
        self._form = frame(before + bytes(4 + NONCE_PART) + between + bytes(NONCE_LENGTH - NONCE_PART) + after)
        self._at_id = HEADER + len(before)
        self._at_nonce = self._at_id + 4
        self._at_rest = self._at_nonce + NONCE_PART + len(between)

    def stands(self, hub: Hub) -> bool:
        """Whether it is still what it would be if it was made anew."""
        return (
            self._settings is hub.settings
            and self._client_tls is hub.client_tls
            and self._version == hub.version
            and self._extended_metadata == hub.extended_metadata
            and self._query_attributes == hub.query_attributes
        )

    def greeting(self, connection_id: int, nonce: bytes) -> bytes:
        """The first packet to one client, in its frame."""
        made = native.with_number(self._form, self._at_id, connection_id)
        made = native.replaced(made, self._at_nonce, nonce, 0, NONCE_PART)
        return native.replaced(made, self._at_rest, nonce, NONCE_PART, NONCE_LENGTH)


def _offered(hub: Hub) -> int:
    """The capabilities that the greeting names."""
    offered = OFFERED
    if hub.extended_metadata:  # MariaDB calls the bit CLIENT_MYSQL, and leaves it out where its own follow
        offered &= ~CLIENT_LONG_PASSWORD
    if hub.query_attributes:
        offered |= CLIENT_QUERY_ATTRIBUTES
    if not hub.settings.clients.local_infile:
        offered &= ~CLIENT_LOCAL_FILES
    if hub.client_tls is not None:
        offered |= CLIENT_SSL
    return offered | COMPRESSED if hub.settings.clients.compression else offered


def current(hub: Hub) -> Door:
    """That of now."""
    door = hub.door
    if door is None or not door.stands(hub):
        door = hub.door = Door(hub)
    return door
