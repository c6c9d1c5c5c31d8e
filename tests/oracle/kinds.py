"""Kinds of clients: what they negotiate, and with what session they begin."""

from __future__ import annotations

from dataclasses import dataclass

from proxy.wire import constants as c

_OLD = (
    c.CLIENT_LONG_PASSWORD
    | c.CLIENT_LONG_FLAG
    | c.CLIENT_PROTOCOL_41
    | c.CLIENT_SECURE_CONNECTION
    | c.CLIENT_PLUGIN_AUTH
    | c.CLIENT_PLUGIN_AUTH_LENENC
    | c.CLIENT_TRANSACTIONS
    | c.CLIENT_MULTI_RESULTS
    | c.CLIENT_MULTI_STATEMENTS
    | c.CLIENT_PS_MULTI_RESULTS
)
_RICH = _OLD | c.CLIENT_SESSION_TRACK | c.CLIENT_DEPRECATE_EOF | c.CLIENT_CONNECT_ATTRS | c.CLIENT_LOCAL_FILES


@dataclass(frozen=True, slots=True)
class Kind:
    """``collation`` is the id in the login packet; ``schema``: whether the login names the client's schema."""

    name: str
    capabilities: int
    collation: int = 45
    schema: bool = True

    def __str__(self) -> str:
        return self.name


KINDS = (
    Kind("rich", _RICH),
    Kind("old", _OLD),
    Kind("rich, no schema", _RICH, schema=False),
    Kind("old, latin1", _OLD, collation=8),
    Kind("tracking with EOF packets, utf8mb3", _OLD | c.CLIENT_SESSION_TRACK | c.CLIENT_LOCAL_FILES, collation=33),
    Kind("no EOF packets, no tracking", _OLD | c.CLIENT_DEPRECATE_EOF, collation=46),
    Kind("rich, one statement at a time", _RICH & ~c.CLIENT_MULTI_STATEMENTS, collation=63),
    Kind("rich, IGNORE_SPACE", _RICH | c.CLIENT_IGNORE_SPACE),
    Kind("rich, query attributes", _RICH | c.CLIENT_QUERY_ATTRIBUTES),
    Kind("old, found rows", _OLD | c.CLIENT_FOUND_ROWS),
    Kind("rich, found rows, no schema", _RICH | c.CLIENT_FOUND_ROWS, schema=False),
)
