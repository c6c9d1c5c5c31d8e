# cython: annotation_typing=False
"""Short answers that come whole and have nothing particular about them: translated in one go.

That is what nearly all answers are: an OK packet, or columns, rows and their end, without trackers, a cursor or further
results, in one chunk, perhaps with another answer behind. ``replies`` takes all answers and gives the same for these;
only the time that it takes differs.

Sources: as in ``replies``. It knows one answer at a time, and nothing of the one before.
"""

from __future__ import annotations

from proxy import native

LONGEST = 16384
SHORTEST = 4 + 7  # an OK packet

_OK = 0x00
_LENGTHS = 0xFB  # from here on the first byte of a string is not its length
_EOF = 0xFE
_ERR = 0xFF

_MORE_RESULTS = 0x0008
_CURSOR_EXISTS = 0x0040
_STATE_CHANGED = 0x4000
_PARTICULAR = _MORE_RESULTS | _CURSOR_EXISTS | _STATE_CHANGED


class ShortAnswer:
    """One answer, followed by ``follow``; what its last packet and its header say is in the attributes afterwards.

    ``rows`` is -1 where there are no columns, ``shift`` how much higher than the server's the client's numbers are,
    ``affected`` and ``insert_id`` are where these length-encoded integers stand, ``info`` where that text begins,
    ``end`` where the answer ends.
    """

    def __init__(self) -> None:
        self.rows = -1
        self.width = 0
        self.status = 0
        self.warnings = 0
        self.shift = 0
        self.affected = 0
        self.insert_id = 0
        self.info = 0
        self.end = 0
        self._text = b""
        self._size = 0
        self._at = 0
        self._put = 0
        # Room for two EOF packets more, and for one byte more in each column.
        self._room = bytearray(LONGEST + 2 * 9 + 0x100)
        self._to = self._room

    def follow(self, data: bytes, old_eof: bool, metadata: int, status: int) -> bytes | bytearray | None:
        """The answer as the client gets it, or None: this is another kind of answer, or a part of one.

        ``data`` has at least SHORTEST and at most LONGEST bytes. ``old_eof`` and ``metadata`` are those of
        ``Reply.begin``, ``status`` is what the EOF packet behind the columns says.
        """
        self._text = data
        self._to = self._room
        self._size = len(data)
        self._at = self._put = 0
        self.rows = -1
        self.width = self.shift = 0
        if self._text[4] == _OK:
            return self._whole(data) if self._ends(_OK) else None
        if not self._columns(metadata):
            return None
        if old_eof:
            if self._at + 4 > self._size:
                return None
            self._put_eof(self._text[self._at + 3], 0, status)
            self.shift = 1
        if not self._rows() or not self._ends(_EOF):
            return None
        if old_eof:
            self._put_eof(self._text[self._at + 3] + 1, self.warnings, self.status)
        elif metadata:
            self._copy(self._at, self.end)
        else:
            return self._whole(data)
        return self._to[: self._put]

    def _whole(self, data: bytes) -> bytes:
        """The answer as it came."""
        return data if self.end == self._size else self._text[: self.end]

    def _copy(self, start: int, end: int) -> None:
        self._put = native.copy(self._to, self._put, self._text, start, end)

    def _columns(self, metadata: int) -> bool:
        """The number of columns, and their definitions."""
        text, at = self._text, 5
        count = text[4]
        if text[0] != 1 or text[1] or text[2] or count >= _LENGTHS:
            return False
        self.width = count
        self._copy(0, 5)
        while count:
            if at + 5 > self._size:
                return False
            end = at + 4 + (text[at] | text[at + 1] << 8 | text[at + 2] << 16)
            if end > self._size or end == at + 4 or text[at + 4] == _ERR:
                return False
            if not metadata:
                self._copy(at, end)
            elif not self._redefine(at, end, metadata):
                return False
            at = end
            count -= 1
        self._at = at
        return True

    def _redefine(self, at: int, end: int, metadata: int) -> bool:
        """A definition without MariaDB's extended metadata, the seventh of its strings, or with an empty one."""
        text, to, put = self._text, self._to, self._put
        behind = at + 4
        for _ in range(6):
            if behind >= end or text[behind] >= _LENGTHS:
                return False
            behind += 1 + text[behind]
        rest = behind
        if metadata > 0:
            if behind >= end or text[behind] >= _LENGTHS:
                return False
            rest += 1 + text[behind]
        if rest >= end:
            return False
        length = end - at - 4 - (rest - behind) + (1 if metadata < 0 else 0)
        to[put] = length & 0xFF
        to[put + 1] = length >> 8
        to[put + 2] = 0
        to[put + 3] = text[at + 3]
        put = native.copy(to, put + 4, text, at + 4, behind)
        if metadata < 0:
            to[put] = 0
            put += 1
        self._put = native.copy(to, put, text, rest, end)
        return True

    def _rows(self) -> bool:
        """All rows; the end stands behind them."""
        text, to, at, put, shift, rows = self._text, self._to, self._at, self._put, self.shift, 0
        while True:
            if at + 5 > self._size:
                return False
            end = at + 4 + (text[at] | text[at + 1] << 8 | text[at + 2] << 16)
            if end > self._size or end == at + 4 or text[at + 4] == _ERR:
                return False
            if text[at + 4] == _EOF:
                break
            native.copy(to, put, text, at, end)
            to[put + 3] = (text[at + 3] + shift) & 0xFF
            put += end - at
            at = end
            rows += 1
        self._at, self._put, self.rows = at, put, rows
        return True

    def _ends(self, head: int) -> bool:
        """Whether the packet at hand, one with this first byte, is the last one, a plain OK; read it."""
        text, start = self._text, self._at
        self.end = end = start + 4 + (text[start] | text[start + 1] << 8 | text[start + 2] << 16)
        if end > self._size or end == start + 4 or text[start + 4] != head:
            return False
        self.affected = start + 5
        self.insert_id = at = self._behind_integer(self.affected)
        at = self._behind_integer(at)
        if at + 4 > end:
            return False
        self.status = text[at] | text[at + 1] << 8
        self.warnings = text[at + 2] | text[at + 3] << 8
        self.info = at + 4
        return not self.status & _PARTICULAR

    def _behind_integer(self, at: int) -> int:
        """The position behind the length-encoded integer at ``at``; one behind the answer's end where it is cut."""
        if at >= self._size:
            return self._size + 1
        first = self._text[at]
        if first < _LENGTHS:
            return at + 1
        return at + (3 if first == 0xFC else 4 if first == 0xFD else 9)

    def _put_eof(self, sequence: int, warnings: int, status: int) -> None:
        to, put = self._to, self._put
        to[put] = 5
        to[put + 1] = to[put + 2] = 0
        to[put + 3] = sequence & 0xFF
        to[put + 4] = _EOF
        to[put + 5] = warnings & 0xFF
        to[put + 6] = warnings >> 8
        to[put + 7] = status & 0xFF
        to[put + 8] = status >> 8
        self._put = put + 9
