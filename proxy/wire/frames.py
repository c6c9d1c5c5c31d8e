# cython: annotation_typing=False
"""Packets in frames: chunks of a byte stream to payloads, and back.

A frame is three bytes of length, one of sequence number, and the payload; a payload of 16 MiB - 1
bytes or more continues in further frames, the last one shorter and possibly empty (MySQL manual,
"Protocol Basics: MySQL Packets"). This room checks lengths and sequence numbers. It does not know
what a payload means.

Compiled when a C compiler was there at build time; the same source runs interpreted.
"""

from __future__ import annotations

from collections.abc import Iterable

from proxy import native
from proxy.errors import PacketsOutOfOrder, PacketTooLarge

HEADER = 4
LONGEST = 0xFFFFFF
_HEADER, _LONGEST = HEADER, LONGEST  # compared for every packet


def frame(payload: bytes, sequence: int = 0) -> bytes:
    """Put one payload into as many frames as it needs, the first numbered ``sequence``."""
    size = len(payload)
    if size < LONGEST:
        return native.framed(payload, sequence & 0xFF)
    parts: list[bytes | memoryview] = []
    view = memoryview(payload)
    for start in range(0, size + 1, LONGEST):
        piece = view[start : start + LONGEST]
        parts.append((len(piece) | (sequence & 0xFF) << 24).to_bytes(4, "little"))
        parts.append(piece)
        sequence += 1
    return b"".join(parts)


def frame_count(size: int) -> int:
    """How many frames a payload of ``size`` bytes takes."""
    return size // LONGEST + 1


def frame_all(payloads: Iterable[bytes], sequence: int = 0) -> bytes:
    """Put payloads into frames numbered one after another from ``sequence``."""
    parts = []
    for payload in payloads:
        parts.append(frame(payload, sequence))
        sequence += frame_count(len(payload))
    return b"".join(parts)


class FrameReader:
    """Chunks in, whole payloads out.

    ``sequence`` is the number that the next frame must carry; a command starts at 0, and the
    caller sets it so. ``limit`` bounds a payload, and with it the memory that a peer can take:
    a longer one raises PacketTooLarge as soon as a header announces it. Without ``ordered`` the frames
    may carry any number: in the compressed protocol only the compressed packets are numbered reliably.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.sequence = 0
        self.ordered = True
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        """Take bytes as they came from the peer."""
        self._buffer += chunk

    def packet(self) -> bytes | None:
        """Return the next whole payload, or None when more bytes are needed.

        Raises PacketTooLarge or PacketsOutOfOrder; the stream is of no use afterwards.
        """
        while True:
            available = len(self._buffer)
            if available < HEADER:
                return None
            size = self._buffer[0] | self._buffer[1] << 8 | self._buffer[2] << 16
            if self._size + size > self.limit:
                raise PacketTooLarge
            if self._buffer[3] != self.sequence and self.ordered:
                raise PacketsOutOfOrder
            if available < HEADER + size:
                return None
            with memoryview(self._buffer) as view:
                piece = bytes(view[HEADER : HEADER + size])
            del self._buffer[: HEADER + size]
            self.sequence = (self.sequence + 1) & 0xFF
            if size < LONGEST and not self._parts:
                return piece
            self._parts.append(piece)
            self._size += size
            if size < LONGEST:
                whole = b"".join(self._parts)
                self._parts.clear()
                self._size = 0
                return whole

    def whole(self, chunk: bytes) -> bytes | None:
        """The payload of a chunk that is exactly one packet, the next one; None: it has to be fed."""
        size = len(chunk) - _HEADER
        if size < 0 or self.pending() or size > self.limit or size >= _LONGEST:
            return None
        if chunk[0] | chunk[1] << 8 | chunk[2] << 16 != size or chunk[3] != self.sequence:
            return None
        self.sequence = (self.sequence + 1) & 0xFF
        return chunk[_HEADER:]

    def pending(self) -> int:
        """How many bytes wait here for the rest of their packet, or to be asked for."""
        return len(self._buffer) + self._size

    def rest(self) -> bytes:
        """Hand over every byte not yet read: what follows an SSL request belongs to TLS."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest
