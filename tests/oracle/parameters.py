"""COM_STMT_EXECUTE's body behind the statement's id (MySQL Source Code Documentation, "COM_STMT_EXECUTE")."""

from __future__ import annotations

import struct

from proxy.wire import constants as c
from proxy.wire.primitives import write_lenenc_bytes
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


def execution(step: Execute, count: int) -> bytes:
    """Flags, iterations, NULL bitmap, types, values. Given parameters are cut or filled up to ``count``."""
    values = (step.parameters + (None,) * count)[:count]
    head = bytes((c.CURSOR_TYPE_READ_ONLY if step.cursor else c.CURSOR_TYPE_NO_CURSOR,)) + (1).to_bytes(4, "little")
    if not count:
        return head
    nulls = sum(1 << at for at, value in enumerate(values) if value is None).to_bytes((count + 7) // 8, "little")
    types, data = b"", b""
    for value in values:
        if value == LONG:
            types += bytes((c.MYSQL_TYPE_BLOB, 0))
            continue
        kind, text = _typed(value)
        types += bytes((kind, 0))
        data += text
    return head + nulls + (b"\1" + types if step.bound else b"\0") + data
