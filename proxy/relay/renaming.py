"""A statement that is sent with values written into it, and whose columns are named as the client wrote them.

Decides how the answer's first packets are changed: names only, up to the last column of the first result. A text that
the server cannot read is sent once more as it was, for the error to quote it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from proxy.net.server_connection import ServerConnection
from proxy.wire.constants import HEADER_ERR, HEADER_OK
from proxy.wire.frames import HEADER, LONGEST
from proxy.wire.primitives import read_lenenc_bytes, read_lenenc_int, write_lenenc_bytes

_PARSE_ERROR = 1064
_CATALOG_TO_TABLES = 4  # texts before a column's two names
_FILE = 0xFB


class Renaming:
    """Gets the chunks of one answer until its columns are through; then ``answering`` gets them as always.

    ``packet``: the command as the client wrote it. ``names``: what was written into it, and what for.
    """

    def __init__(
        self, server: ServerConnection, packet: bytes, names: dict[bytes, bytes], answering: Callable[[bytes], None]
    ) -> None:
        self.server = server
        self.packet = packet
        self.names = names
        self.answering = answering
        self.buffer = b""

    def __call__(self, data: bytes) -> None:
        self.buffer += data
        packets = _packets(self.buffer)
        if not packets:
            return
        payload = self.buffer[HEADER : packets[0]]
        if payload[:1] == bytes((HEADER_ERR,)) and int.from_bytes(payload[1:3], "little") == _PARSE_ERROR:
            self.server.answering = self.answering
            self.server.write(self.packet)
            return
        columns = 0
        if payload and payload[0] not in (HEADER_OK, HEADER_ERR, _FILE):
            columns, _ = read_lenenc_int(payload, 0)
        if len(packets) > columns:
            self.server.answering = self.answering
            self.answering(self._renamed(packets, columns))

    def _renamed(self, ends: list[int], columns: int) -> bytes:
        pieces = [self.buffer[: ends[0]]]
        for start, end in itertools.pairwise(ends[: columns + 1]):
            payload = self._column(self.buffer[start + HEADER : end])
            pieces.append(len(payload).to_bytes(3, "little") + self.buffer[start + 3 : start + HEADER] + payload)
        return b"".join(pieces) + self.buffer[ends[columns] :]

    def _column(self, payload: bytes) -> bytes:
        """A column's definition with the names that the client expects."""
        texts, at = [], 0
        for _ in range(_CATALOG_TO_TABLES + 2):
            text, at = read_lenenc_bytes(payload, at)
            texts.append(text)
        for index in range(_CATALOG_TO_TABLES, len(texts)):
            for instead, original in self.names.items():
                texts[index] = texts[index].replace(instead, original)
        return b"".join(map(write_lenenc_bytes, texts)) + payload[at:]


def _packets(data: bytes) -> list[int]:
    """Where the whole packets at the beginning end; all behind a very long one is left as it is."""
    ends, at = [], 0
    while at + HEADER <= len(data):
        size = int.from_bytes(data[at : at + 3], "little")
        at += HEADER + size
        if at > len(data) or size == LONGEST:
            break
        ends.append(at)
    return ends
