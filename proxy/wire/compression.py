"""The compressed protocol: packets inside compressed packets, after the login, each way.

A compressed packet is three bytes of length, one of sequence number, three of the length before compression
(0: sent as it was), and the data, which holds frames or pieces of frames. Decides what is worth compressing, and
bounds what a peer can make of little. Does not know what the frames are.

Source: "Compression" in the MySQL Source Code Documentation. Measured: MySQL 9.7 and MariaDB 10.11 check the numbers
of compressed packets, not those of the frames inside.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Iterator

from proxy.errors import MalformedPacket

HEADER = 7
_WORTH = 50  # shorter data is sent as it is, as servers do it
_LONGEST = 0xFFFFFF  # of one packet, before compression and after
_ZLIB_LEVEL, _ZLIB_HIGHEST = 6, 9
ZSTD_LEVEL, _ZSTD_HIGHEST = 3, 22

Algorithm = tuple[Callable[[bytes], bytes], Callable[[bytes, int], bytes]]


def algorithm(name: str, level: int = 0) -> Algorithm:
    """Compress and decompress with "zlib" (levels 1 to 9) or "zstd" (1 to 22); 0 is the usual level."""
    if name == "zlib":
        return functools.partial(zlib.compress, level=min(level or _ZLIB_LEVEL, _ZLIB_HIGHEST)), _inflate
    return _zstd(min(level or ZSTD_LEVEL, _ZSTD_HIGHEST))


@functools.cache
def _zstd(level: int) -> Algorithm:
    """One for all connections: its working memory is megabytes."""
    import zstandard  # only who compresses with it pays for it

    compressor, decompressor = zstandard.ZstdCompressor(level=level), zstandard.ZstdDecompressor()

    def decompress(data: bytes, size: int) -> bytes:
        try:
            if zstandard.frame_content_size(data) > size:
                raise MalformedPacket("A compressed packet is longer than it says")
            return decompressor.decompress(data, max_output_size=size)
        except zstandard.ZstdError as error:
            raise MalformedPacket(f"Broken zstd data in a compressed packet: {error}") from None

    return compressor.compress, decompress


def _inflate(data: bytes, size: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, size + 1)
    except zlib.error as error:
        raise MalformedPacket(f"Broken zlib data in a compressed packet: {error}") from None


class Compression:
    """Both ways of one connection: ``feed`` and ``packet`` for what comes, ``pack`` for what goes.

    ``sequence`` is the number of the next compressed packet: a command begins at 0, an answer goes on after it. So
    a command is to be unpacked when the one before it is answered, and not earlier.
    ``asks`` says that commands go out here; else they come in.
    """

    __slots__ = ("_asks", "_buffer", "_compress", "_decompress", "_frames", "sequence")

    def __init__(self, algorithm: Algorithm, asks: bool) -> None:
        self._compress, self._decompress = algorithm
        self._asks = asks
        self._buffer = bytearray()
        self._frames = bytearray()
        self.sequence = 0

    def feed(self, data: bytes) -> None:
        """Take bytes as they came from the peer."""
        self._buffer += data

    def waiting(self) -> int:
        """How many bytes have come that are not unpacked yet."""
        return len(self._buffer)

    def packet(self) -> bytes | None:
        """What the next compressed packet holds, at most 16 MiB; None when more bytes are needed.

        Raises MalformedPacket for data that is broken or not as long as it says.
        """
        buffer = self._buffer
        if len(buffer) < HEADER:
            return None
        end = HEADER + int.from_bytes(buffer[:3], "little")
        if len(buffer) < end:
            return None
        sequence, size = buffer[3], int.from_bytes(buffer[4:HEADER], "little")
        data = bytes(buffer[HEADER:end])
        del buffer[:end]
        self.sequence = (sequence + 1) & 0xFF
        if not size:
            return data
        plain = self._decompress(data, size)
        if len(plain) != size:
            raise MalformedPacket("A compressed packet is not as long as it says")
        return plain

    def pack(self, data: bytes | bytearray) -> bytes:
        """Frames as compressed packets.

        Answers go out in whole frames, a piece of one waits for the rest: there are drivers that take no frame from
        more than two compressed packets. Where commands go out, ``data`` holds whole frames, and one numbered 0 is a
        new command, which needs a compressed packet of its own: a server that finds two in one waits for ever. (A file
        that a client sends may come round to number 0; its frames and its compressed packets go in step.)
        """
        self._frames += data
        parts = []
        with memoryview(self._frames) as view:
            start = at = 0
            for end in _ends(view):
                is_command = self._asks and view[at + 3] == 0
                if at > start and (is_command or end - start > _LONGEST):
                    parts.append(self._split(view[start:at]))
                    start = at
                if is_command:
                    self.sequence = 0
                at = end
            if at > start:
                parts.append(self._split(view[start:at]))
        del self._frames[:at]
        return b"".join(parts)

    def _split(self, data: memoryview) -> bytes:
        """One compressed packet, or two for a frame that is as long as can be."""
        return b"".join(self._packed(bytes(data[at : at + _LONGEST])) for at in range(0, len(data), _LONGEST))

    def _packed(self, data: bytes) -> bytes:
        size = 0
        if len(data) >= _WORTH:
            packed = self._compress(data)
            if len(packed) < len(data):
                data, size = packed, len(data)
        header = len(data).to_bytes(3, "little") + bytes((self.sequence,)) + size.to_bytes(3, "little")
        self.sequence = (self.sequence + 1) & 0xFF
        return header + data


def _ends(frames: memoryview) -> Iterator[int]:
    """Where each whole frame ends."""
    at, size = 0, len(frames)
    while at + 4 <= size:
        at += 4 + (frames[at] | frames[at + 1] << 8 | frames[at + 2] << 16)
        if at > size:
            return
        yield at
