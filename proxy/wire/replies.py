# cython: annotation_typing=False
"""Follows the answer to one command: where it ends, what it said, what this client may see of it.

A ``Reply`` walks packet headers over the chunks that a server sends. Chunks pass as they came when
the client speaks what the server connection speaks (DEPRECATE_EOF and SESSION_TRACK, always). For
other clients it puts in the EOF packet after the column definitions, turns the closing OK into an
EOF, renumbers, and takes out session trackers that the client did not ask for. MariaDB's extended metadata in column
definitions is taken out or put in where only one side speaks it.

Sources: MySQL manual, "Text Resultset", "OK_Packet", "EOF_Packet", "COM_STMT_PREPARE Response",
"COM_FIELD_LIST"; MariaDB Knowledge Base, "Result Set Packets". The info field of an OK packet is
length-encoded with and without SESSION_TRACK, as servers send it.

It does not know sockets, sessions or which statement was sent, only the kind of the answer's shape.

Compiled when a C compiler was there at build time; the same source runs interpreted.
"""

from __future__ import annotations

from proxy.errors import MalformedPacket
from proxy.wire import lengths
from proxy.wire.packets.trackers import filter_trackers, with_later
from proxy.wire.primitives import write_lenenc_bytes
from proxy.wire.short import LONGEST, SHORTEST, ShortAnswer
from proxy.wire.translation import Translation

# The shapes an answer can have.
QUERY = 0
PREPARE = 1
FIELDS = 2
FETCH = 3
SINGLE = 4
_QUERY, _PREPARE, _FIELDS, _FETCH, _SINGLE_SHAPE = QUERY, PREPARE, FIELDS, FETCH, SINGLE

# What becomes of column definitions: extended metadata is taken out, left as it came, or put in empty. The walk looks
# at the sign only.
STRIP = 1
AS_IS = 0
ADD = -1

# Where the walk stands: the name tells which packet comes next.
_FIRST = 0
_COLUMNS = 1
_ROWS = 2
_DEFINITIONS = 3
_FIELD = 4
_SINGLE = 5
_DONE = 6

_LONGEST = 0xFFFFFF
_OK = 0x00
_INFILE = 0xFB
_EOF = 0xFE
_ERR = 0xFF

_IN_TRANS = 0x0001
_AUTOCOMMIT = 0x0002
_MORE_RESULTS = 0x0008
_CURSOR_EXISTS = 0x0040
_NO_BACKSLASH_ESCAPES = 0x0200
_IN_TRANS_READONLY = 0x2000
_STATE_CHANGED = 0x4000
_ANSI_QUOTES = 0x8000  # MariaDB
# The status flags that belong to the session; the others tell of one statement.
LASTING = _IN_TRANS | _AUTOCOMMIT | _NO_BACKSLASH_ESCAPES | _IN_TRANS_READONLY | _ANSI_QUOTES
_LASTING = LASTING

_HEADER = 4

_SHORT = ShortAnswer()
_SHORTEST_SHORT, _LONGEST_SHORT = SHORTEST, LONGEST


class Reply:
    """One answer, followed from its first chunk to its end. Reused: ``begin`` starts the next.

    After ``feed``: ``done`` says that the answer is complete; ``infile`` that the server asks the
    client for a file; ``started`` that bytes of the answer have been returned for the client.
    ``status``, ``affected_rows``, ``insert_id`` and ``warnings`` are those of the last OK or EOF;
    ``rows`` counts the rows of the last result set, -1 where there was none; ``error`` is the payload
    of the ERR packet that ended the answer, or None; ``trackers`` lists raw tracker blocks, or None.
    ``width`` is the number of columns of the last result set, ``info`` the length-encoded text of the last OK packet.
    ``untold``: trackers that the client is to get with the next OK packet, if ``untold_waits`` with the next that has
    some; empty once it has them.
    ``file_sequence`` is the server's number for the first packet of the file that it asked for, and
    ``shift`` how much higher the client's numbers are.
    """

    def __init__(self) -> None:
        self.done = True
        self.infile = False
        self.started = False
        self.status = 0
        self.affected_rows = 0
        self.insert_id = 0
        self.warnings = 0
        self.rows = -1
        self.width = 0
        self.statement_id = 0
        self.results = 0
        self.file_sequence = 0
        self.surplus = b""
        self.info = b""
        self.untold = b""
        self.untold_waits = False
        self.error: bytes | None = None
        self.trackers: list[bytes] | None = None
        self._state = _DONE
        self._shape = _QUERY
        self._old_eof = False
        self._wanted: frozenset[bytes] | None = None
        self._held = b""
        self._skip = 0
        self._continued = False
        self._columns = 0
        self._more_columns = 0
        self._mid_eof = False
        self._metadata = AS_IS
        self._translation = Translation()

    @property
    def shift(self) -> int:
        return self._translation.shift

    def begin(self, shape: int, old_eof: bool, wanted: frozenset[bytes] | None, metadata: int = AS_IS) -> None:
        """Start to follow an answer of ``shape``.

        ``old_eof``: the client did not negotiate DEPRECATE_EOF. ``wanted``: the names of the system
        variables whose trackers the client gets (it also gets the schema's), or None for a client
        that did not negotiate SESSION_TRACK. ``metadata``: what becomes of column definitions.
        """
        self.done = False
        self.infile = False
        self.started = False
        self.surplus = b""
        self.error = None
        self.info = self.untold = b""
        self.untold_waits = False
        self.trackers = None
        self.rows = -1
        self.results = 0
        self.insert_id = 0
        self.affected_rows = 0
        self.warnings = 0
        self._shape = shape
        self._old_eof = old_eof
        self._wanted = wanted
        self._metadata = metadata
        self._mid_eof = False
        self._translation.shift = 0
        self._skip = 0
        self._continued = False
        if shape == _FETCH:
            self._state = _ROWS
            self.rows = 0
        elif shape == _FIELDS:
            self._state = _FIELD
        elif shape == _SINGLE_SHAPE:
            self._state = _SINGLE
        else:
            self._state = _FIRST

    def feed(self, chunk: bytes) -> bytes | bytearray:
        """Take a chunk from the server, return the bytes that go to the client now, which nobody else keeps.

        A packet that must be seen whole, or a header that the chunk's end splits, is held back until
        the next chunk. Bytes behind the answer's end are left in ``surplus``: the next answer, where
        several commands were sent at once. Raises MalformedPacket when the bytes are not the protocol.
        """
        data: bytes = self._held + chunk if self._held else chunk
        size = len(data)
        if self._state == _FIRST and self._shape == _QUERY and _SHORTEST_SHORT <= size <= _LONGEST_SHORT:
            short = self._short(data) if not (self.results or self.untold) else None
            if short is not None:
                return short
        position = 0
        translation = self._translation
        translation.begin(data)
        self._held = b""
        while position < size:
            if self._skip:
                step = self._skip if self._skip < size - position else size - position
                self._skip -= step
                position += step
                continue
            if self._state == _DONE:
                break
            if size - position < 4:
                break
            length = data[position] | data[position + 1] << 8 | data[position + 2] << 16
            passes = self._continued or (self._state == _COLUMNS and not self._metadata)
            if not passes and self._state == _ROWS:
                if size - position < 5:
                    if length:
                        break
                    raise MalformedPacket("The server sent an empty row")
                head = data[position + 4]
                passes = head != _ERR and (head != _EOF or length == _LONGEST)
                if passes:
                    if self._mid_eof:
                        self._insert_eof(position)
                    self.rows += 1
            if passes:
                translation.renumber(position)
                if self._state == _COLUMNS and not self._continued:
                    self._column_seen()
                self._continued = length == _LONGEST
                self._skip = length
                position += 4
                continue
            if size - position < 4 + length:
                break
            if length == 0:
                raise MalformedPacket("The server sent an empty packet")
            translation.renumber(position)
            self._whole(data, position, length)
            position += 4 + length
        return self._close_chunk(data, position)

    def _short(self, data: bytes) -> bytes | bytearray | None:
        """What comes most takes the shortest way; None, and nothing has been done, for any other answer."""
        answer = _SHORT
        translated = answer.follow(data, self._old_eof, self._metadata, self.status & _LASTING)
        if translated is not None:
            self.affected_rows = lengths.integer(data, answer.affected, answer.insert_id)
            self.insert_id = lengths.integer(data, answer.insert_id, answer.info - 4)
            self.info = data[answer.info : answer.end] if answer.info < answer.end else b""
            if answer.end < len(data):
                self.surplus = data[answer.end :]
            self.status = answer.status
            self.warnings = answer.warnings
            self.rows = answer.rows
            if answer.rows >= 0:
                self.width = answer.width
            self._translation.shift = answer.shift
            self.results = 1
            self._held = b""
            self._state = _DONE
            self.done = self.started = True
        return translated

    def passes_rows(self) -> bool:
        """Whether what comes next are rows that go to the client as they are, or renumbered."""
        return self._state == _ROWS and not self._mid_eof and len(self._held) <= _HEADER

    def take_held(self) -> bytes:
        """Hand over what was held back: the beginning of the next chunk."""
        held, self._held = self._held, b""
        return held

    def pass_rows(self, buffer: bytearray, size: int) -> int:
        """Walk the rows in the first ``size`` bytes of ``buffer`` and renumber them where they lie.

        Returns how many bytes go to the client. Behind them is the beginning of a header, at most four bytes, which the
        next bytes have to follow; or what is no row, which is for ``feed``. To be called while ``passes_rows``.
        """
        if size > len(buffer):
            raise ValueError("There are not so many bytes")
        data = buffer
        position = self._skip if self._skip < size else size
        self._skip -= position
        shift = self._translation.shift
        continued = self._continued
        rows = 0
        while size - position > _HEADER:
            length = data[position] | data[position + 1] << 8 | data[position + 2] << 16
            if not continued:
                head = data[position + 4]
                if length == 0 or head == _ERR or (head == _EOF and length != _LONGEST):
                    break
                rows += 1
            if shift:
                data[position + 3] = (data[position + 3] + shift) & 0xFF
            continued = length == _LONGEST
            position += 4 + length
        self._continued = continued
        self.rows += rows
        if position > size:
            self._skip = position - size
            position = size
        return position

    def _close_chunk(self, data: bytes, position: int) -> bytes | bytearray:
        """Hold back what is not yet understood and return the rest, translated."""
        self.done = self._state == _DONE
        if position < len(data):
            if self.done:
                self.surplus = data[position:]
            else:
                self._held = data[position:]
        if position:
            self.started = True
        translated = self._translation.take(position)
        self._translation.end()
        return translated

    def _insert_eof(self, position: int) -> None:
        """The EOF packet behind the columns, for a client that expects one."""
        self._translation.insert_eof(position, self.status & _LASTING)
        self._mid_eof = False

    def _whole(self, data: bytes, position: int, length: int) -> None:
        """Understand the packet at ``position``, which is here from end to end."""
        head = data[position + 4]
        state = self._state
        if head == _ERR:
            self.error = data[position + 4 : position + 4 + length]
            if self._mid_eof:
                self._insert_eof(position)
                self._translation.replace(position, length, self.error)
            self._state = _DONE
        elif state == _ROWS:
            self._end_of_rows(data, position, length)
        elif state == _FIRST and self._shape == _PREPARE:
            self._prepared(data, position, length)
        elif state == _FIRST:
            self._first(data, position, length, head)
        elif state == _COLUMNS:
            self._translation.redefine(position, length, self._metadata)
            self._column_seen()
        elif state == _DEFINITIONS:
            if self._metadata:
                self._translation.redefine(position, length, self._metadata)
            self._definition(position, length)
        elif state == _FIELD and head != _EOF:
            if self._metadata:
                self._translation.redefine(position, length, self._metadata)
        elif head in (_OK, _EOF):
            self._ok(data, position, length)
            self._state = _DONE
        else:
            raise MalformedPacket("The server sent an answer of an unknown kind")

    def _first(self, data: bytes, position: int, length: int, head: int) -> None:
        if head == _OK or head == _EOF:
            self.rows = -1
            self._ok(data, position, length)
            self._state = _FIRST if self.status & _MORE_RESULTS else _DONE
        elif head == _INFILE:
            self.infile = True
            self.file_sequence = (data[position + 3] + 1) & 0xFF
        else:
            if head < 0xFB:
                self._columns = head
            elif head == 0xFC and length >= 3:
                self._columns = data[position + 5] | data[position + 6] << 8
            else:
                raise MalformedPacket("The server sent an answer of an unknown kind")
            self.width = self._columns
            self.rows = 0
            self._state = _COLUMNS

    def _column_seen(self) -> None:
        self._columns -= 1
        if self._columns == 0:
            self._state = _ROWS
            self._mid_eof = self._old_eof

    def _end_of_rows(self, data: bytes, position: int, length: int) -> None:
        """The OK packet with header 0xFE that closes rows.

        An old client gets two EOF packets, before and behind the rows, but only this one where a
        cursor was opened: there its status says so, and the rows are fetched later.
        """
        if self._mid_eof:
            end = position + 4 + length
            at = lengths.behind(data, lengths.behind(data, position + 5, end), end)
            if at + 2 > end:
                raise MalformedPacket("The server sent a short OK packet")
            if not data[at] & _CURSOR_EXISTS:
                self._insert_eof(position)
            self._mid_eof = False
        self._ok(data, position, length)
        self._state = _FIRST if self.status & _MORE_RESULTS else _DONE

    def _prepared(self, data: bytes, position: int, length: int) -> None:
        if length < 12 or data[position + 4] != _OK:
            raise MalformedPacket("The server sent a short answer to PREPARE")
        at = position + 5
        self.statement_id = data[at] | data[at + 1] << 8 | data[at + 2] << 16 | data[at + 3] << 24
        columns = data[at + 4] | data[at + 5] << 8
        parameters = data[at + 6] | data[at + 7] << 8
        self.warnings = data[at + 9] | data[at + 10] << 8
        self._columns = parameters if parameters else columns
        self._more_columns = columns if parameters else 0
        self._state = _DEFINITIONS if self._columns else _DONE

    def _definition(self, position: int, length: int) -> None:
        """A parameter or column of a prepared statement; each group ends with an EOF for old clients."""
        self._columns -= 1
        if self._columns:
            return
        if self._old_eof:
            self._translation.append_eof(position, length, self.warnings, self.status & _LASTING)
        self._columns = self._more_columns
        self._more_columns = 0
        if not self._columns:
            self._state = _DONE

    def _ok(self, data: bytes, position: int, length: int) -> None:
        """Read an OK packet and give the client its own form of it."""
        start = position + 4
        end = start + length
        at = start + 1
        self.affected_rows = lengths.integer(data, at, end)
        at = lengths.behind(data, at, end)
        self.insert_id = lengths.integer(data, at, end)
        at = lengths.behind(data, at, end)
        if at + 4 > end:
            raise MalformedPacket("The server sent a short OK packet")
        status = data[at] | data[at + 1] << 8
        self.status = status
        self.warnings = data[at + 2] | data[at + 3] << 8
        self.results += 1
        tracked = info = b""
        if status & _STATE_CHANGED:
            after_info = lengths.integer(data, at + 4, end) + lengths.behind(data, at + 4, end)
            if after_info > end:
                raise MalformedPacket("The server sent a short OK packet")
            info = data[at + 4 : after_info]
            if after_info < end:
                tracked = data[lengths.behind(data, after_info, end) : end]
                if self.trackers is None:
                    self.trackers = []
                self.trackers.append(tracked)
        elif at + 4 < end:
            info = data[at + 4 : end]
        self.info = info
        ends_rows = data[start] == _EOF
        if self._old_eof and ends_rows:
            self._translation.replace_by_eof(position, length, self.warnings, status & ~_STATE_CHANGED)
        elif status & _STATE_CHANGED or self.untold:
            kept = filter_trackers(tracked, self._wanted)
            if kept or not self.untold_waits:
                kept, self.untold = with_later(self.untold, kept), b""
            payload = _rebuilt_ok(data[start:at], status, data[at + 2 : at + 4], info or b"\x00", kept)
            self._translation.replace(position, length, payload)


def _rebuilt_ok(head: bytes, status: int, warnings: bytes, info: bytes, trackers: bytes) -> bytes:
    """An OK payload from its parts; ``info`` is length-encoded, and left out when empty and last."""
    if trackers:
        status |= _STATE_CHANGED
        return head + status.to_bytes(2, "little") + warnings + info + write_lenenc_bytes(trackers)
    status &= ~_STATE_CHANGED
    return head + status.to_bytes(2, "little") + warnings + (b"" if info == b"\x00" else info)
