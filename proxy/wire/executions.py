# cython: annotation_typing=False
"""Framed commands of clients, as they came: their text, which statement they name, the types of the parameters.

The statement's id is replaced in place; parameter types are read, and put in where the client left them out. Values
are never looked at.

Source: "COM_STMT_EXECUTE" in the MySQL Source Code Documentation. ``attributes`` has the packets of those who negotiate
CLIENT_QUERY_ATTRIBUTES.
"""

from __future__ import annotations

from proxy import native
from proxy.errors import MalformedPacket
from proxy.wire.constants import (
    MYSQL_TYPE_DOUBLE,
    MYSQL_TYPE_FLOAT,
    MYSQL_TYPE_LONG,
    MYSQL_TYPE_LONGLONG,
    MYSQL_TYPE_SHORT,
    MYSQL_TYPE_TINY,
)
from proxy.wire.frames import HEADER, LONGEST, frame

_ID = HEADER + 1
FLAGS = _ID + 4
BITMAP = FLAGS + 1 + 4  # behind the flags and the count of iterations
# Bytes of a value, by the types that have always as many.
SIZES = {
    MYSQL_TYPE_TINY: 1,
    MYSQL_TYPE_SHORT: 2,
    MYSQL_TYPE_LONG: 4,
    MYSQL_TYPE_LONGLONG: 8,
    MYSQL_TYPE_FLOAT: 4,
    MYSQL_TYPE_DOUBLE: 8,
}

_FLAGS, _BITMAP = FLAGS, BITMAP

NO_ID = 0xFFFFFFFF  # MariaDB: the statement prepared last


def text(packet: bytes) -> bytes:
    """The SQL text of a framed command; a payload over 16 MiB is in several frames, whose headers are not text."""
    data, size = packet, len(packet)
    if size < HEADER + LONGEST:
        return data[HEADER + 1 : size]
    return payload(packet)[1:]


def payload(packet: bytes) -> bytes:
    """The payload of a framed command, also of one in several frames."""
    if len(packet) < HEADER + LONGEST:
        return packet[HEADER:]
    starts = range(0, len(packet), HEADER + LONGEST)
    return b"".join([packet[start + HEADER : start + HEADER + LONGEST] for start in starts])


def statement_id(packet: bytes) -> int:
    """The statement that a framed COM_STMT_... command names. Raises MalformedPacket."""
    if len(packet) < _ID + 4:
        raise MalformedPacket
    data = packet
    return data[_ID] | data[_ID + 1] << 8 | data[_ID + 2] << 16 | data[_ID + 3] << 24


def with_id(packet: bytes, number: int) -> bytes:
    """The same command for another statement."""
    return native.with_number(packet, _ID, number)


def flags(packet: bytes) -> int:
    """The flags of a COM_STMT_EXECUTE: which kind of cursor it asks for."""
    return packet[_FLAGS]


def nulls(packet: bytes, parameters: int) -> int:
    """The bitmap of parameters that are NULL, the first one lowest."""
    return int.from_bytes(packet[BITMAP : BITMAP + (parameters + 7) // 8], "little")


def bound_types(packet: bytes, parameters: int) -> bytes | None:
    """The types of a COM_STMT_EXECUTE, two bytes for each parameter; None where the client relies on those before.

    Raises MalformedPacket where the packet ends before.
    """
    flag = _BITMAP + (parameters + 7) // 8
    if len(packet) < _BITMAP or (parameters and len(packet) <= flag):
        raise MalformedPacket
    if not parameters:
        return b""
    data = packet
    if data[flag] != 1:
        return None
    types = packet[flag + 1 : flag + 1 + 2 * parameters]
    if len(types) < 2 * parameters:
        raise MalformedPacket
    return types


def values(packet: bytes, parameters: int) -> bytes:
    """All the values of a COM_STMT_EXECUTE, one behind the other, undecoded."""
    flag = BITMAP + (parameters + 7) // 8
    return packet[flag + 1 + (2 * parameters if packet[flag : flag + 1] == b"\1" else 0) :]


def with_types(packet: bytes, types: bytes) -> bytes:
    """The same COM_STMT_EXECUTE, one without types, with ``types``."""
    flag = BITMAP + (len(types) // 2 + 7) // 8
    if len(packet) - HEADER + len(types) < LONGEST:
        length = len(packet) - HEADER + len(types)
        return length.to_bytes(3, "little") + packet[3:flag] + b"\1" + types + packet[flag + 1 :]
    whole = payload(packet)
    flag -= HEADER
    return frame(whole[:flag] + b"\1" + types + whole[flag + 1 :])
