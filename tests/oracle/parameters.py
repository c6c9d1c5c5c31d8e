"""COM_STMT_EXECUTE's body behind the statement's id, and query attributes.

Source: MySQL Source Code Documentation, "COM_STMT_EXECUTE", "COM_QUERY".
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from proxy.wire import constants as c
from proxy.wire.primitives import write_lenenc_bytes, write_lenenc_int
from tests.oracle.steps import Execute, Parameter


def _typed(value: Parameter) -> tuple[int, bytes]:
    if value is None:
        return c.MYSQL_TYPE_NULL, b""
    if isinstance(value, int):
        return c.MYSQL_TYPE_LONGLONG, value.to_bytes(8, "little", signed=True)
    if isinstance(value, float):
        return c.MYSQL_TYPE_DOUBLE, struct.pack("<d", value)
    return c.MYSQL_TYPE_VAR_STRING, write_lenenc_bytes(value)


LONG = b"\0long data\0"  # a parameter that was sent by COM_STMT_SEND_LONG_DATA: typed, no value here


Attribute = tuple[bytes, Parameter]


def attributes(text: bytes) -> list[Attribute]:
    """Those that go with a text: none, one or two, the same ones whoever sends it."""
    return [(b"x", b"%d bytes" % len(text)), (b"n", len(text))][: len(text) % 3]


def attributed_query(text: bytes) -> bytes:
    """What stands before the text in the COM_QUERY of a client that writes attributes."""
    return _named(attributes(text), b"\1")


def _named(given: Sequence[Attribute], sets: bytes = b"") -> bytes:
    """Count, NULL bitmap, types with names, values."""
    start = write_lenenc_int(len(given)) + sets
    if not given:
        return start
    types, data = b"", b""
    for name, value in given:
        kind, text = (c.MYSQL_TYPE_BLOB, b"") if value == LONG else _typed(value)
        types += bytes((kind, 0)) + write_lenenc_bytes(name)
        data += text
    return start + _nulls([value for _, value in given]) + b"\1" + types + data


def _nulls(values: Sequence[Parameter]) -> bytes:
    bits = sum(1 << at for at, value in enumerate(values) if value is None)
    return bits.to_bytes((len(values) + 7) // 8, "little")


def attributed_execution(step: Execute, count: int) -> bytes:
    """The same as ``execution`` from a client that writes attributes; it has some if it tells types."""
    values = (step.parameters + (None,) * count)[:count]
    flags = c.PARAMETER_COUNT_AVAILABLE | (c.CURSOR_TYPE_READ_ONLY if step.cursor else c.CURSOR_TYPE_NO_CURSOR)
    head = bytes((flags,)) + (1).to_bytes(4, "little")
    if step.bound:
        return head + _named([*((b"", value) for value in values), *attributes(step.handle.encode())])
    if not count:
        return head + b"\0"
    data = b"".join(_typed(value)[1] for value in values if value != LONG)
    return head + write_lenenc_int(count) + _nulls(values) + b"\0" + data


def execution(step: Execute, count: int) -> bytes:
    """Flags, iterations, NULL bitmap, types, values. Given parameters are cut or filled up to ``count``."""
    values = (step.parameters + (None,) * count)[:count]
    head = bytes((c.CURSOR_TYPE_READ_ONLY if step.cursor else c.CURSOR_TYPE_NO_CURSOR,)) + (1).to_bytes(4, "little")
    if not count:
        return head
    types, data = b"", b""
    for value in values:
        if value == LONG:
            types += bytes((c.MYSQL_TYPE_BLOB, 0))
            continue
        kind, text = _typed(value)
        types += bytes((kind, 0))
        data += text
    return head + _nulls(values) + (b"\1" + types if step.bound else b"\0") + data
