"""What need not be equal, and why. Everything else in every packet must be.

* The id of a prepared statement is the connection's own affair; it stands in the texts of two errors, too, and where
  these are asked for in rows.
* Reported variables come in an order that depends on which ones are tracked.
* MySQL 9.7 tells every client that tracks sessions when an explicit transaction begins and ends, though
  session_track_transaction_info is OFF.
* What MySQL has to report of a statement that failed comes with the next OK packet: a schema that is the current one.
* The flag that a session has changed belongs to trackers. MariaDB leaves it set where it can tell none: in EOF packets,
  and towards clients that do not track sessions.
* Between columns and rows a server tells status and warnings to clients that do not deprecate EOF packets only, hence
  not to Forebay; but a cursor's existence is said there.
* There, and not behind the rows, MySQL tells such clients that a result holds OUT parameters and that more follows.
"""

from __future__ import annotations

import re
from dataclasses import replace

from proxy.wire import constants as c
from proxy.wire import packets as p
from proxy.wire.primitives import read_lenenc_bytes

_ERRORS_WITH_AN_ID = {1243, 1421}
_TOLD_ID = re.compile(rb"(.)(The statement |Unknown prepared statement handler )(\(\d+\))( has no| given)", re.DOTALL)
_SCHEMA, _TRANSACTION_STATE = 1, 5


def ok(packet: bytes, capabilities: int, schema: bytes) -> bytes:
    """An OK packet, or one that ends rows, its trackers sorted by their bytes. ``schema`` is the current one."""
    parsed = p.parse_ok(packet, capabilities)
    if not capabilities & c.CLIENT_SESSION_TRACK:
        status = parsed.status & ~c.STATUS_SESSION_STATE_CHANGED
        return p.build_ok(replace(parsed, status=status), capabilities, packet[0])
    entries, at = [], 0
    while at < len(parsed.trackers):
        start, kind = at, parsed.trackers[at]
        content, at = read_lenenc_bytes(parsed.trackers, at + 1)
        if kind == _TRANSACTION_STATE or (kind == _SCHEMA and content[1:] == schema):
            continue
        entries.append(parsed.trackers[start:at])
    status = parsed.status if entries else parsed.status & ~c.STATUS_SESSION_STATE_CHANGED
    return p.build_ok(replace(parsed, trackers=b"".join(sorted(entries)), status=status), capabilities, packet[0])


def end_of_rows(packet: bytes) -> bytes:
    """The EOF packet behind rows."""
    end = p.parse_eof(packet)
    return p.build_eof(end.warnings, end.status & ~c.STATUS_SESSION_STATE_CHANGED)


def row(packet: bytes) -> bytes:
    """A row in which the text of such an error may stand: its length goes with the id."""
    return _TOLD_ID.sub(lambda found: found[2] + b"(?)" + found[4], packet)


def error(packet: bytes) -> bytes:
    if int.from_bytes(packet[1:3], "little") not in _ERRORS_WITH_AN_ID:
        return packet
    head, _, rest = packet.partition(b"(")
    return head + b"(?)" + rest.partition(b")")[2]


def prepared(packet: bytes) -> bytes:
    return packet[:1] + bytes(4) + packet[5:]


def between(packet: bytes) -> bytes:
    """The EOF packet between columns and rows."""
    return p.build_eof(0, p.parse_eof(packet).status & c.STATUS_CURSOR_EXISTS)


def end_of_parameters(packet: bytes) -> bytes:
    """The EOF packet behind OUT parameters, whose columns were followed by the flags that belong here."""
    end = p.parse_eof(packet)
    return p.build_eof(end.warnings, end.status | c.STATUS_PS_OUT_PARAMS | c.STATUS_MORE_RESULTS)
