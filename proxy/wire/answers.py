# cython: annotation_typing=False
"""One whole answer of a server to a command of Forebay's own: raw bytes, and what they say.

Forebay asks little: trackers, baselines, what a session left behind. These answers are small and are
read whole, unlike the answers to clients' commands, which ``replies`` follows as they stream.
"""

from __future__ import annotations

from proxy.wire import packets
from proxy.wire.constants import (
    CLIENT_CONNECT_ATTRS,
    CLIENT_DEPRECATE_EOF,
    CLIENT_LOCAL_FILES,
    CLIENT_LONG_FLAG,
    CLIENT_LONG_PASSWORD,
    CLIENT_MULTI_RESULTS,
    CLIENT_MULTI_STATEMENTS,
    CLIENT_PLUGIN_AUTH,
    CLIENT_PLUGIN_AUTH_LENENC,
    CLIENT_PROTOCOL_41,
    CLIENT_PS_MULTI_RESULTS,
    CLIENT_QUERY_ATTRIBUTES,
    CLIENT_SECURE_CONNECTION,
    CLIENT_SESSION_TRACK,
    CLIENT_TRANSACTIONS,
)
from proxy.wire.frames import FrameReader
from proxy.wire.replies import Reply

# What every server connection negotiates; CLIENT_FOUND_ROWS, CLIENT_SSL and a schema come on top.
SERVER_CAPABILITIES = (
    CLIENT_LONG_PASSWORD
    | CLIENT_LONG_FLAG
    | CLIENT_PROTOCOL_41
    | CLIENT_SECURE_CONNECTION
    | CLIENT_PLUGIN_AUTH
    | CLIENT_PLUGIN_AUTH_LENENC
    | CLIENT_CONNECT_ATTRS
    | CLIENT_SESSION_TRACK
    | CLIENT_DEPRECATE_EOF
    | CLIENT_MULTI_STATEMENTS
    | CLIENT_MULTI_RESULTS
    | CLIENT_PS_MULTI_RESULTS
    | CLIENT_TRANSACTIONS
    | CLIENT_LOCAL_FILES
    | CLIENT_QUERY_ATTRIBUTES
)

_LARGEST = 1 << 30


class Answer:
    """What the server said. ``raw`` holds the frames as they came; ``error`` the ERR packet, if it ended so."""

    __slots__ = ("affected_rows", "error", "insert_id", "raw", "status", "trackers", "warnings")

    def __init__(self, raw: bytes, reply: Reply) -> None:
        self.raw = raw
        self.status = reply.status
        self.warnings = reply.warnings
        self.affected_rows: int = reply.affected_rows
        self.insert_id: int = reply.insert_id
        self.trackers = reply.trackers
        self.error = packets.parse_err(reply.error, CLIENT_PROTOCOL_41) if reply.error is not None else None

    def table(self) -> packets.TextResult:
        """The first result set, text protocol."""
        reader = FrameReader(_LARGEST)
        reader.sequence = 1
        reader.feed(self.raw)
        payloads = []
        while (payload := reader.packet()) is not None:
            payloads.append(payload)
        return packets.parse_text_result(payloads, SERVER_CAPABILITIES)

    def first_value(self) -> bytes:
        """The first value of the only row, which must be there and short: found without reading the columns."""
        raw = self.raw
        position = 0
        for _ in range(1 + raw[4]):
            position += 4 + (raw[position] | raw[position + 1] << 8 | raw[position + 2] << 16)
        start, end = position + 5, position + 5 + raw[position + 4]
        text = raw
        return text[start:end] if end <= len(raw) else b""

    def rows(self) -> list[list[bytes | None]]:
        """The rows of the first result set."""
        return self.table().rows
