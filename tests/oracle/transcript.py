"""Answers as people read them."""

from __future__ import annotations

from proxy.errors import ProxyError
from proxy.wire import constants as c
from proxy.wire import packets as p
from tests.oracle.client import Answer

_STATUS = {value: name.removeprefix("STATUS_") for name, value in vars(c).items() if name.startswith("STATUS_")}


def _status(flags: int) -> str:
    return "|".join(name for value, name in _STATUS.items() if flags & value) or "0"


def describe(answer: Answer, capabilities: int) -> list[str]:
    """A line for each packet; what cannot be read is shown as bytes."""
    lines = []
    rows = 0  # how many columns the rows have that may follow
    binary = False
    left = 0
    for packet in answer:
        text = repr(packet)
        try:
            if left:
                text, left = f"column {p.parse_column(packet)}", left - 1
            elif packet[:1] == b"\xff":
                error = p.parse_err(packet, capabilities)
                text, rows = f"ERR {error.number} ({error.sqlstate}) {error.text}", 0
            elif packet[:1] == b"\xfe" and len(packet) < 9 and not capabilities & c.CLIENT_DEPRECATE_EOF:
                eof = p.parse_eof(packet)
                text = f"EOF warnings={eof.warnings} status={_status(eof.status)}"
            elif packet[:1] == b"\xfe" or (packet[:1] == b"\x00" and not rows):
                text, rows = _ok(packet, capabilities), 0
            elif rows:
                text = f"row {packet!r}" if binary else f"row {p.parse_text_row(packet)}"
            elif len(packet) == 1:
                left = rows = packet[0]
                text = f"{rows} columns"
        except (ProxyError, IndexError):
            text = repr(packet)
        lines.append(text)
    return lines or ["(nothing)"]


def _ok(packet: bytes, capabilities: int) -> str:
    ok = p.parse_ok(packet, capabilities)
    text = f"OK affected={ok.affected_rows} id={ok.insert_id} warnings={ok.warnings} status={_status(ok.status)}"
    if ok.info:
        text += f" info={ok.info!r}"
    if ok.trackers:
        text += f" trackers={ok.trackers!r}"
    return text
