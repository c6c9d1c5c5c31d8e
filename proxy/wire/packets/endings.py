"""OK, ERR and EOF: the packets that end an answer.

Only their bytes: whether an OK ends a result set, or what its status bits ask for, is decided by the reader.

Sources: "OK_Packet", "ERR_Packet" and "EOF_Packet" in the MySQL Source Code Documentation.
"""

from __future__ import annotations

from dataclasses import dataclass

from proxy.errors import MalformedPacket
from proxy.wire.constants import (
    CLIENT_PROTOCOL_41,
    CLIENT_SESSION_TRACK,
    HEADER_EOF,
    HEADER_ERR,
    HEADER_OK,
    STATUS_SESSION_STATE_CHANGED,
)
from proxy.wire.primitives import (
    read_lenenc_bytes,
    read_lenenc_int,
    read_uint,
    to_bytes,
    to_text,
    write_lenenc_bytes,
    write_lenenc_int,
)


@dataclass(slots=True)
class Ok:
    """``info`` is a human-readable text, ``trackers`` the undecoded session-state entries; see ``parse_trackers``."""

    affected_rows: int = 0
    insert_id: int = 0
    status: int = 0
    warnings: int = 0
    info: bytes = b""
    trackers: bytes = b""


@dataclass(slots=True)
class Err:
    """A server's or a proxy's error as the client sees it."""

    number: int
    sqlstate: str
    text: str


@dataclass(slots=True)
class Eof:
    """The end of columns or rows for a peer without ``CLIENT_DEPRECATE_EOF``."""

    warnings: int = 0
    status: int = 0


def parse_ok(payload: bytes, capabilities: int) -> Ok:
    """An OK packet with header 0x00, or 0xFE at the end of rows.

    Without CLIENT_SESSION_TRACK the manual calls ``info`` the rest of the packet; servers send a length before it
    there too, so it is taken off where it fits.
    """
    if not payload or payload[0] not in (HEADER_OK, HEADER_EOF):
        raise MalformedPacket
    affected_rows, pos = read_lenenc_int(payload, 1)
    insert_id, pos = read_lenenc_int(payload, pos)
    status, pos = read_uint(payload, pos, 2)
    warnings, pos = read_uint(payload, pos, 2)
    info = trackers = b""
    if not capabilities & CLIENT_SESSION_TRACK:
        info = _rest_info(payload, pos)
    elif pos < len(payload):
        info, pos = read_lenenc_bytes(payload, pos)
        if status & STATUS_SESSION_STATE_CHANGED:
            trackers, pos = read_lenenc_bytes(payload, pos)
    return Ok(affected_rows, insert_id, status, warnings, info, trackers)


def _rest_info(payload: bytes, pos: int) -> bytes:
    rest = payload[pos:]
    try:
        info, end = read_lenenc_bytes(rest, 0)
    except MalformedPacket:
        return rest
    return info if end == len(rest) else rest


def build_ok(ok: Ok, capabilities: int, header: int = HEADER_OK) -> bytes:
    """The bytes that MySQL sends to a client with these capabilities.

    STATUS_SESSION_STATE_CHANGED follows from the trackers: set when there are some and the client asked for them.
    """
    trackers = ok.trackers if capabilities & CLIENT_SESSION_TRACK else b""
    status = ok.status & ~STATUS_SESSION_STATE_CHANGED
    if trackers:
        status |= STATUS_SESSION_STATE_CHANGED
    head = (
        bytes((header,))
        + write_lenenc_int(ok.affected_rows)
        + write_lenenc_int(ok.insert_id)
        + status.to_bytes(2, "little")
        + ok.warnings.to_bytes(2, "little")
    )
    if trackers:
        return head + write_lenenc_bytes(ok.info) + write_lenenc_bytes(trackers)
    if ok.info:
        return head + write_lenenc_bytes(ok.info)
    return head


def parse_err(payload: bytes, capabilities: int = CLIENT_PROTOCOL_41) -> Err:
    """An ERR packet; before the login's capabilities are known, servers leave the SQLSTATE out."""
    if not payload or payload[0] != HEADER_ERR:
        raise MalformedPacket
    number, pos = read_uint(payload, 1, 2)
    sqlstate = b"HY000"
    if capabilities & CLIENT_PROTOCOL_41 and payload[pos : pos + 1] == b"#":
        sqlstate, pos = payload[pos + 1 : pos + 6], pos + 6
        if len(sqlstate) < 5:
            raise MalformedPacket
    return Err(number, sqlstate.decode("latin-1"), to_text(payload[pos:]))


def build_err(number: int, sqlstate: str, text: str, capabilities: int = CLIENT_PROTOCOL_41) -> bytes:
    """An ERR packet; ``sqlstate`` has five ASCII characters."""
    state = b"#" + sqlstate.encode("latin-1") if capabilities & CLIENT_PROTOCOL_41 else b""
    return b"\xff" + number.to_bytes(2, "little") + state + to_bytes(text)


def parse_eof(payload: bytes) -> Eof:
    """An EOF packet."""
    if not payload or payload[0] != HEADER_EOF:
        raise MalformedPacket
    warnings, pos = read_uint(payload, 1, 2)
    status, pos = read_uint(payload, pos, 2)
    return Eof(warnings, status)


def build_eof(warnings: int = 0, status: int = 0) -> bytes:
    """An EOF packet."""
    return b"\xfe" + warnings.to_bytes(2, "little") + status.to_bytes(2, "little")
