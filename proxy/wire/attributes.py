# cython: annotation_typing=False
"""Query attributes: named values that a client sends along with one statement (CLIENT_QUERY_ATTRIBUTES).

Who negotiates the capability writes COM_QUERY and COM_STMT_EXECUTE in another way, also where it has no attributes to
give. Inside Forebay both are kept as a client without it writes them; here is the way from one to the other. Values of
attributes are never looked at: of a COM_STMT_EXECUTE they stay behind those of the parameters, where a server that was
told of parameters only does not read them.

Source: "COM_QUERY" and "COM_STMT_EXECUTE" in the MySQL Source Code Documentation; how long a value is, and what is
malformed, was measured on MySQL 9.7.

Compiled when a C compiler was there at build time; the same source runs interpreted.
"""

from __future__ import annotations

from proxy import native
from proxy.errors import MalformedPacket, ServerRefused
from proxy.wire.constants import COM_QUERY, MYSQL_TYPE_INT24, MYSQL_TYPE_NULL, PARAMETER_COUNT_AVAILABLE
from proxy.wire.executions import BITMAP, FLAGS, SIZES, payload
from proxy.wire.frames import HEADER, frame
from proxy.wire.primitives import read_bytes, read_lenenc_bytes, read_lenenc_int, read_uint, write_lenenc_int

_TEXT = HEADER + 1
_NONE = b"\0\1"  # no attributes, in one set
_QUERY = bytes((COM_QUERY,))
_NO_VALUE = frozenset({MYSQL_TYPE_NULL, MYSQL_TYPE_INT24, 243, 244})  # types of which the server takes no value
_SHORT = 1024
_ONE_BYTE = 251  # a count below is written in one byte
# Frame headers by the size of their payload, which is mostly short, and what begins a COM_QUERY by that of its text.
_HEADERS = tuple(size.to_bytes(HEADER, "little") for size in range(_SHORT))
_PLAIN = tuple((size + 1).to_bytes(HEADER, "little") + _QUERY for size in range(_SHORT))
_WITH_NONE = tuple((size + 3).to_bytes(HEADER, "little") + _QUERY + _NONE for size in range(_SHORT))
_BYTES = tuple(bytes((number,)) for number in range(256))
_named: dict[bytes, bytes] = {}  # types of parameters, and the same with empty names
_unnamed: dict[bytes, bytes] = {}
_REMEMBERED = 1024


def with_none(packet: bytes) -> bytes:
    """A framed COM_QUERY for a server that looks for attributes."""
    size = len(packet) - _TEXT
    if 0 <= size < _SHORT:
        return native.joined(_WITH_NONE[size], packet, _TEXT)
    return frame(_QUERY + _NONE + payload(packet)[1:])


def plain_query(packet: bytes) -> bytes:
    """A framed COM_QUERY of a client that writes attributes, without them. Raises MalformedPacket."""
    size = len(packet) - _TEXT - 2
    if 0 <= size < _SHORT and packet[_TEXT] == 0 and packet[_TEXT + 1] == 1:
        return native.joined(_PLAIN[size], packet, _TEXT + 2)
    whole = payload(packet)
    return frame(_QUERY + whole[_end(whole) :])


def with_those_of(attributed: bytes, packet: bytes) -> bytes:
    """A framed COM_QUERY with the attributes of the COM_QUERY ``attributed``."""
    whole = payload(attributed)
    return frame(whole[: _end(whole)] + payload(packet)[1:])


def _end(query: bytes) -> int:
    """Where the attributes of a COM_QUERY's payload end and its text begins. Raises MalformedPacket."""
    count, at = read_lenenc_int(query, 1)
    sets, at = read_lenenc_int(query, at)
    if sets != 1:
        raise MalformedPacket
    if not count:
        return at
    bitmap, at = read_bytes(query, at, (count + 7) // 8)
    bound, at = read_uint(query, at, 1)
    if bound != 1:
        raise MalformedPacket
    types = []
    for _ in range(count):
        kind, at = read_uint(query, at, 2)
        types.append(kind & 0xFF)  # beside it: whether it is unsigned
        _, at = read_lenenc_bytes(query, at)
    nulls = int.from_bytes(bitmap, "little")
    for number, kind in enumerate(types):
        if not nulls >> number & 1:
            at = _behind(query, at, kind)
    return at


def _behind(query: bytes, at: int, kind: int) -> int:
    if kind in _NO_VALUE:
        raise MalformedPacket
    size = SIZES.get(kind)
    return read_lenenc_bytes(query, at)[1] if size is None else read_bytes(query, at, size)[1]


def execution_with_none(packet: bytes, parameters: int) -> bytes:
    """A framed COM_STMT_EXECUTE of a statement with ``parameters`` for a server that looks for attributes."""
    if not parameters:  # the flag would announce a count, for any statement
        return _flagged(packet) if packet[FLAGS] & PARAMETER_COUNT_AVAILABLE else packet
    flag = BITMAP + (parameters + 7) // 8
    end = flag + 1
    named = b""
    if packet[flag] == 1:
        end += 2 * parameters
        types = packet[flag + 1 : end]
        named = _named.get(types) or _with_names(types)
    size = len(packet) - HEADER + 1 + len(named) // 3
    if size < _SHORT and parameters < _ONE_BYTE:
        start = packet[HEADER:BITMAP]
        bound = packet[BITMAP : flag + 1]
        return b"".join((_HEADERS[size], start, _BYTES[parameters], bound, named, packet[end:]))
    whole = payload(packet)
    middle = BITMAP - HEADER
    start = whole[:middle] + write_lenenc_int(parameters) + whole[middle : flag + 1 - HEADER]
    return frame(start + named + whole[end - HEADER :])


def _with_names(types: bytes) -> bytes:
    """The types of parameters, an empty name behind each."""
    named = b"".join([types[at : at + 2] + b"\0" for at in range(0, len(types), 2)])
    if len(_named) >= _REMEMBERED:
        _named.clear()
        _unnamed.clear()
    _named[types] = named
    _unnamed[named] = types
    return named


def plain_execution(packet: bytes, parameters: int) -> bytes:
    """A framed COM_STMT_EXECUTE of a client that writes attributes, without them.

    Raises MalformedPacket, or the server's error for too few parameters.
    """
    size = len(packet)
    flag = BITMAP + 1 + (parameters + 7) // 8
    if parameters and flag < size < _SHORT and packet[BITMAP] == parameters and parameters < _ONE_BYTE:
        end = flag + 1
        types: bytes | None = b""
        if packet[flag] == 1:
            end += 3 * parameters
            types = _unnamed.get(packet[flag + 1 : end])
        if types is not None:
            start = packet[HEADER:FLAGS]
            flags = _BYTES[packet[FLAGS] & ~PARAMETER_COUNT_AVAILABLE]
            count = packet[FLAGS + 1 : BITMAP]
            bound = packet[BITMAP + 1 : flag + 1]
            size += len(types) - (end - flag) - HEADER
            return b"".join((_HEADERS[size], start, flags, count, bound, types, packet[end:]))
    return _flagged(frame(_plain_execution(payload(packet), parameters)))


def _flagged(packet: bytes) -> bytes:
    """A COM_STMT_EXECUTE that does not announce a count."""
    return packet[:FLAGS] + _BYTES[packet[FLAGS] & ~PARAMETER_COUNT_AVAILABLE] + packet[FLAGS + 1 :]


def _plain_execution(whole: bytes, parameters: int) -> bytes:
    """The same for any payload, but for the flag."""
    start, at = read_bytes(whole, 0, BITMAP - HEADER)
    if not parameters and not start[FLAGS - HEADER] & PARAMETER_COUNT_AVAILABLE:
        return start
    count, at = read_lenenc_int(whole, at)
    if count < parameters:
        raise ServerRefused(1210, "HY000", "Incorrect arguments to COM_STMT_EXECUTE")
    if not count:
        return start
    bitmap, at = read_bytes(whole, at, (count + 7) // 8)
    bound, at = read_uint(whole, at, 1)
    if bound != 1 and count > parameters:
        raise MalformedPacket
    types = b""
    if bound == 1:
        for number in range(count):
            types += whole[at : at + 2] if number < parameters else b""
            _, at = read_lenenc_bytes(whole, at + 2)
    if not parameters:
        return start
    if len(types) == 2 * parameters:
        _with_names(types)  # for the next time
    nulls = int.from_bytes(bitmap, "little") & (1 << parameters) - 1
    return start + nulls.to_bytes((parameters + 7) // 8, "little") + bytes((bound,)) + types + whole[at:]
