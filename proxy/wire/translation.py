# cython: annotation_typing=False
"""The client's form of a chunk of an answer: the chunk itself, until something in it has to be different.

Numbers are changed in a copy of the same size. Where packets are put in, left out or replaced, the output is put
together from there on. Positions are those of packet headers in the chunk, in ascending order.

It does not know what an answer consists of; ``replies`` does.
"""

from __future__ import annotations

from proxy.wire import lengths

_HEADER = 4
_EOF_HEADER = b"\x05\x00\x00"
_EOF = 0xFE
_SMALL = 4096


class Translation:
    """``begin`` takes the next chunk. ``shift`` is how much higher than the server's the client's numbers are."""

    def __init__(self) -> None:
        self.shift = 0
        self._data = b""
        self._patched: bytearray | None = None
        self._output: bytearray | None = None
        self._copied = 0

    def begin(self, data: bytes) -> None:
        self._data = data
        self._patched = None
        self._output = None
        self._copied = 0

    def renumber(self, position: int) -> None:
        """Give the packet at ``position`` the number that it has for the client."""
        if not self.shift:
            return
        patched = self._patched
        if patched is None:
            patched = self._patched = bytearray(self._data)
        patched[position + 3] = self._number(position)

    def replace(self, position: int, length: int, payload: bytes) -> None:
        """Send ``payload`` instead of the packet, under the same number."""
        self._flush(position)
        self._put_header(len(payload), position)
        output = self._output
        assert output is not None
        output += payload
        self._copied = position + _HEADER + length

    def insert_eof(self, position: int, status: int) -> None:
        """An EOF packet in front of the packet."""
        self._flush(position)
        self._put_eof(self._number(position), 0, status)
        self.shift += 1

    def append_eof(self, position: int, length: int, warnings: int, status: int) -> None:
        """An EOF packet behind the packet."""
        self._flush(position + _HEADER + length)
        self.shift += 1
        self._put_eof(self._number(position), warnings, status)

    def replace_by_eof(self, position: int, length: int, warnings: int, status: int) -> None:
        """An EOF packet instead of the packet."""
        self._flush(position)
        self._put_eof(self._number(position), warnings, status)
        self._copied = position + _HEADER + length

    def redefine(self, position: int, length: int, metadata: int) -> None:
        """MariaDB's extended metadata is a string behind the six names of a column definition: take it out, where
        ``metadata`` is positive, or put an empty one in."""
        self._flush(position)
        data = self._data
        start = position + _HEADER
        end = start + length
        at = start
        for _ in range(6):
            at = lengths.behind_string(data, at, end)
        rest = lengths.behind_string(data, at, end) if metadata > 0 else at
        self._put_header(length - (rest - at) + (1 if metadata < 0 else 0), position)
        output = self._output
        assert output is not None
        output += data[start:at]
        if metadata < 0:
            output.append(0)
        output += data[rest:end]
        self._copied = end

    def take(self, until: int) -> bytes | bytearray:
        """What the client gets for the chunk's bytes before ``until``; nobody else keeps it."""
        if self._output is not None:
            self._flush(until)
            # A small answer costs less as bytes, which transports take as they are; a large one is not copied again.
            return bytes(self._output) if len(self._output) < _SMALL else self._output
        data, patched = self._data, self._patched
        if patched is None:
            return data if until == len(data) else data[:until]
        if until < len(data):
            del patched[until:]
        return patched

    def end(self) -> None:
        """The chunk is needed no more."""
        self.begin(b"")

    def _number(self, position: int) -> int:
        return (self._data[position + 3] + self.shift) & 0xFF

    def _flush(self, until: int) -> None:
        """Move what was walked but not yet put out to the output."""
        output = self._output
        if output is None:
            output = self._output = bytearray()
        if until > self._copied:
            if self._patched is None:
                output += self._data[self._copied : until]
            else:
                output += self._patched[self._copied : until]
        self._copied = until

    def _put_header(self, size: int, position: int) -> None:
        output = self._output
        assert output is not None
        output.append(size & 0xFF)
        output.append(size >> 8 & 0xFF)
        output.append(size >> 16)
        output.append(self._number(position))

    def _put_eof(self, sequence: int, warnings: int, status: int) -> None:
        output = self._output
        assert output is not None
        output += _EOF_HEADER
        output.append(sequence)
        output.append(_EOF)
        output.append(warnings & 0xFF)
        output.append(warnings >> 8)
        output.append(status & 0xFF)
        output.append(status >> 8)
