"""What C does in a handful of instructions and Python's objects take hundreds for: copying bytes, reading the clock.

Compiled modules that ``cimport`` this get the functions in the .pxd beside it, which become part of their own code; the
interpreter gets these. Both do the same. Nothing here decides anything.
"""

from __future__ import annotations

from time import monotonic as monotonic


def copy(to: bytearray, at: int, data: bytes, start: int, end: int) -> int:
    """Copy ``data[start:end]`` to ``to[at:]``, where there must be room, and return the position behind it."""
    behind = at + end - start
    to[at:behind] = data[start:end]
    return behind


def head(buffer: bytearray, size: int) -> bytes:
    """The first ``size`` bytes, of which there must be so many."""
    return bytes(memoryview(buffer)[:size])


def framed(payload: bytes, sequence: int) -> bytes:
    """One frame with this payload, which is shorter than 16 MiB."""
    return (len(payload) | sequence << 24).to_bytes(4, "little") + payload


def joined(first: bytes, data: bytes, start: int) -> bytes:
    """``first`` and ``data[start:]``, which has no more than ``data``."""
    return first + data[start:]


def replaced(data: bytes, at: int, source: bytes, start: int, end: int) -> bytes:
    """``data`` with ``source[start:end]`` in it from ``at`` on, where there must be room."""
    return data[:at] + source[start:end] + data[at + end - start :]


def with_number(data: bytes, at: int, number: int) -> bytes:
    """``data``, at least 9 bytes, with other four bytes from ``at`` on: a little-endian number."""
    return data[:at] + number.to_bytes(4, "little") + data[at + 4 :]
