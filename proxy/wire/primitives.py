# cython: annotation_typing=False
"""The protocol's basic data types: fixed and length-encoded integers, strings.

Every reader takes the payload and a position, and returns the value and the position behind it. Bytes that are missing
raise ``MalformedPacket``, never ``IndexError`` or ``struct.error``. Nothing here knows which packet it reads.

Source: "Protocol Basics: Data Types" in the MySQL Source Code Documentation.

Names (users, schemas, variables) become ``str`` by UTF-8 with ``surrogateescape``: what a client sends in another
character set differs from every configured name, and still goes to the server byte for byte.
"""

from __future__ import annotations

from proxy.errors import MalformedPacket


def read_uint(buf: bytes, pos: int, size: int) -> tuple[int, int]:
    """An unsigned little-endian integer of ``size`` bytes."""
    end = pos + size
    if end > len(buf):
        raise MalformedPacket
    return int.from_bytes(buf[pos:end], "little"), end


def read_bytes(buf: bytes, pos: int, size: int) -> tuple[bytes, int]:
    """Exactly ``size`` bytes."""
    end = pos + size
    if end > len(buf):
        raise MalformedPacket
    return buf[pos:end], end


def read_nul_bytes(buf: bytes, pos: int) -> tuple[bytes, int]:
    """The bytes before the next NUL; the position behind that NUL."""
    end = buf.find(b"\0", pos)
    if end < 0:
        raise MalformedPacket
    return buf[pos:end], end + 1


def read_nul_bytes_or_rest(buf: bytes, pos: int) -> tuple[bytes, int]:
    """As ``read_nul_bytes``, but a last field may lack its NUL, or be missing (MySQL reads plugin names so)."""
    end = buf.find(b"\0", pos)
    if end < 0:
        return buf[pos:], len(buf)
    return buf[pos:end], end + 1


def read_lenenc_int(buf: bytes, pos: int) -> tuple[int, int]:
    """A length-encoded integer; 0xFB (NULL in a row) and 0xFF are not one."""
    if pos >= len(buf):
        raise MalformedPacket
    first = buf[pos]
    if first < 0xFB:
        return first, pos + 1
    if first == 0xFC:
        return read_uint(buf, pos + 1, 2)
    if first == 0xFD:
        return read_uint(buf, pos + 1, 3)
    if first == 0xFE:
        return read_uint(buf, pos + 1, 8)
    raise MalformedPacket


def write_lenenc_int(value: int) -> bytes:
    """The shortest encoding of ``0 <= value < 2**64``."""
    if value < 0xFB:
        return value.to_bytes(1, "little")
    if value < 0x10000:
        return b"\xfc" + value.to_bytes(2, "little")
    if value < 0x1000000:
        return b"\xfd" + value.to_bytes(3, "little")
    return b"\xfe" + value.to_bytes(8, "little")


def read_lenenc_bytes(buf: bytes, pos: int) -> tuple[bytes, int]:
    """A length-encoded string."""
    size, pos = read_lenenc_int(buf, pos)
    return read_bytes(buf, pos, size)


def write_lenenc_bytes(value: bytes) -> bytes:
    """A length-encoded string."""
    return write_lenenc_int(len(value)) + value


def to_text(value: bytes) -> str:
    """A name, or a text, as ``str``; bytes that are not UTF-8 survive as lone surrogates."""
    return value.decode("utf-8", "surrogateescape")


def to_bytes(text: str) -> bytes:
    """What ``to_text`` came from."""
    return text.encode("utf-8", "surrogateescape")
