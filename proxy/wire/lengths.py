# cython: annotation_typing=False
"""Length-encoded integers and strings where they lie in a chunk of an answer: what follows them, and what they say.

``primitives`` reads the same from whole payloads; these functions copy nothing, for the walk over answers.

Source: "Protocol Basics: Data Types" in the MySQL Source Code Documentation.
"""

from __future__ import annotations

from proxy.errors import MalformedPacket


def behind(data: bytes, position: int, end: int) -> int:
    """The position behind the integer at ``position``, which may lie beyond ``end``. Raises MalformedPacket."""
    if position >= end:
        raise MalformedPacket("The server sent a short packet")
    first = data[position]
    if first < 0xFB:
        return position + 1
    if first == 0xFC:
        return position + 3
    if first == 0xFD:
        return position + 4
    return position + 9


def integer(data: bytes, position: int, end: int) -> int:
    """The integer at ``position``, all of it before ``end``. Raises MalformedPacket."""
    after = behind(data, position, end)
    if after > end:
        raise MalformedPacket("The server sent a short packet")
    if after == position + 1:
        return data[position]
    return int.from_bytes(data[position + 1 : after], "little")


def behind_string(data: bytes, position: int, end: int) -> int:
    """The position behind a string that something follows before ``end``. Raises MalformedPacket."""
    if position < end and data[position] < 0xFB:
        after = position + 1 + data[position]
    else:
        after = behind(data, position, end) + integer(data, position, end)
    if after >= end:
        raise MalformedPacket("The server sent a short packet")
    return after
