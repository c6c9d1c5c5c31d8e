"""Every answer shape, for every kind of client, fed whole, byte by byte, anyhow split, and mutated."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import ProxyError
from proxy.wire import frames, replies

AUTOCOMMIT = 2
MORE = 8
CURSOR = 0x40
CHANGED = 0x4000
WANTED = frozenset({b"autocommit"})


def lenenc(value: int) -> bytes:
    if value < 251:
        return bytes((value,))
    if value < 1 << 16:
        return b"\xfc" + value.to_bytes(2, "little")
    return b"\xfd" + value.to_bytes(3, "little")


def text(value: bytes) -> bytes:
    return lenenc(len(value)) + value


def ok(status=AUTOCOMMIT, info=b"", trackers=b"", warnings=0, header=0, affected=0, insert_id=0) -> bytes:
    payload = bytes((header,)) + lenenc(affected) + lenenc(insert_id)
    payload += (status | (CHANGED if trackers else 0)).to_bytes(2, "little") + warnings.to_bytes(2, "little")
    if info or trackers:
        payload += text(info)
    if trackers:
        payload += text(trackers)
    return payload


def eof(status=AUTOCOMMIT, warnings=0) -> bytes:
    return b"\xfe" + warnings.to_bytes(2, "little") + status.to_bytes(2, "little")


def tracker(kind: int, data: bytes) -> bytes:
    return bytes((kind,)) + text(data)


SCHEMA = tracker(1, text(b"shop"))
SQL_MODE = tracker(0, text(b"sql_mode") + text(b"ANSI"))
AUTO = tracker(0, text(b"autocommit") + text(b"OFF"))
BOTH = tracker(0, text(b"sql_mode") + text(b"ANSI") + text(b"autocommit") + text(b"OFF"))
STATE = tracker(2, text(b"1"))
ERR = b"\xff\x28\x04#42000no such thing"


@dataclass
class Part:
    """One result: its payloads as the server sends them, and as three kinds of client expect them."""

    server: list[bytes]
    modern: list[bytes]
    old: list[bytes]
    rows: int = -1


def plain_ok(more: bool, block: bytes, kept: bytes, info: bytes) -> Part:
    status = AUTOCOMMIT | (MORE if more else 0)
    return Part(
        [ok(status, info, block)],
        [ok(status, info, kept)],
        [ok(status, info)],
    )


def rows_part(more: bool, columns: int, rows: list[bytes], block: bytes, kept: bytes) -> Part:
    status = AUTOCOMMIT | (MORE if more else 0)
    head = [lenenc(columns)] + [text(b"def") + bytes([i % 251]) * 20 for i in range(columns)]
    return Part(
        [*head, *rows, ok(status, b"", block, header=0xFE)],
        [*head, *rows, ok(status, b"", kept, header=0xFE)],
        [*head, eof(), *rows, eof(status)],
        len(rows),
    )


def failing_rows(columns: int, rows: list[bytes]) -> Part:
    head = [lenenc(columns)] + [text(b"def")] * columns
    return Part([*head, *rows, ERR], [*head, *rows, ERR], [*head, eof(), *rows, ERR], len(rows))


BLOCKS = st.sampled_from(
    [(b"", b""), (SCHEMA, SCHEMA), (SQL_MODE, b""), (AUTO, AUTO), (BOTH + STATE, AUTO), (STATE + SCHEMA, SCHEMA)]
)
ROW = st.binary(min_size=1, max_size=60).filter(lambda row: row[0] < 0xFE)


@st.composite
def answers(draw) -> list[Part]:
    count = draw(st.integers(1, 3))
    parts = []
    for index in range(count):
        more = index < count - 1
        block, kept = draw(BLOCKS)
        kind = draw(st.sampled_from(["ok", "rows", "rows", "error", "bad rows"]))
        if kind == "ok":
            parts.append(plain_ok(more, block, kept, draw(st.sampled_from([b"", b"Rows matched: 1"]))))
        elif kind == "rows":
            rows = draw(st.lists(ROW, max_size=5))
            parts.append(rows_part(more, draw(st.sampled_from([1, 2, 7, 300])), rows, block, kept))
        elif kind == "error":
            parts.append(Part([ERR], [ERR], [ERR]))
            break
        else:
            parts.append(failing_rows(2, draw(st.lists(ROW, max_size=3))))
            break
    return parts


def follow(reply: replies.Reply, chunks: list[bytes]) -> bytes:
    return b"".join(reply.feed(chunk) for chunk in chunks)


def follow_in_place(reply: replies.Reply, chunks: list[bytes]) -> bytes:
    """The same, with rows walked in a larger buffer wherever they can be."""
    passed = bytearray()
    held = b""
    for chunk in chunks:
        data = held + chunk
        if not held and not reply.passes_rows():
            passed += reply.feed(data)
            continue
        data = reply.take_held() + data
        buffer = bytearray(data + b"\x01\x00\x00\x00of the answer before")
        size = reply.pass_rows(buffer, len(data))
        assert buffer[len(data) :] == b"\x01\x00\x00\x00of the answer before"
        passed += buffer[:size]
        held = data[size:]
        if len(held) > 4:
            passed += reply.feed(held)
            held = b""
    assert not held
    return bytes(passed)


def pieces(draw, data: bytes) -> list[bytes]:
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=6)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@given(answers(), st.data())
def test_translation_however_split(parts: list[Part], data) -> None:
    stream = frames.frame_all([p for part in parts for p in part.server], 1)
    clients = {
        "modern": (False, WANTED, [p for part in parts for p in part.modern]),
        "old": (True, None, [p for part in parts for p in part.old]),
    }
    ways = [[stream], [stream[i : i + 1] for i in range(len(stream))], pieces(data.draw, stream)]
    for old_eof, wanted, expected in clients.values():
        for chunks, way in itertools.product(ways, (follow, follow_in_place)):
            reply = replies.Reply()
            reply.status = AUTOCOMMIT
            reply.begin(replies.QUERY, old_eof, wanted)
            assert way(reply, chunks) == frames.frame_all(expected, 1)
            assert reply.done
            assert (reply.error is not None) == (parts[-1].server[-1] == ERR)
            if reply.error is None:
                assert reply.rows == parts[-1].rows


TOLD = ("status", "affected_rows", "insert_id", "warnings", "rows", "width", "info", "error", "trackers", "results")


@given(
    st.sampled_from(
        [
            [ok(affected=3, insert_id=70_000, warnings=2)],
            [ok(affected=300, info=b"Rows matched: 1")],
            [ok(AUTOCOMMIT | MORE), ok()],
            [b"\x02", text(b"def"), text(b"def"), b"\x01a\x01b", ok(warnings=1, header=0xFE)],
            [b"\x01", text(b"def"), ok(info=b"an info", header=0xFE)],
            [b"\x01", text(b"def"), b"\xfb", ERR],
        ]
    ),
    st.booleans(),
    st.sampled_from([b"", b"\x07", frames.frame(ok(), 1)]),
)
def test_a_whole_answer_says_what_its_pieces_say(payloads: list[bytes], old_eof: bool, behind: bytes) -> None:
    stream = frames.frame_all(payloads, 1)
    whole, apart = replies.Reply(), replies.Reply()
    for reply in (whole, apart):
        reply.status = AUTOCOMMIT
        reply.begin(replies.QUERY, old_eof, None)
    assert whole.feed(stream + behind) == follow(apart, [stream[i : i + 1] for i in range(len(stream))])
    assert whole.surplus == behind
    assert whole.done
    for name in (*TOLD, "shift", "started"):
        assert getattr(whole, name) == getattr(apart, name), name


@given(answers())
def test_done_only_at_the_end_and_what_follows_is_surplus(parts: list[Part]) -> None:
    stream = frames.frame_all([p for part in parts for p in part.server], 1)
    reply = replies.Reply()
    reply.begin(replies.QUERY, False, WANTED)
    reply.feed(stream[:-1])
    assert not reply.done
    reply.feed(stream[-1:])
    assert reply.done
    reply.begin(replies.QUERY, False, WANTED)
    assert reply.feed(stream + stream[:7]) == frames.frame_all([p for part in parts for p in part.modern], 1)
    assert reply.surplus == stream[:7]


@given(answers(), st.data())
def test_mutated_answers_raise_nothing_else(parts: list[Part], data) -> None:
    stream = bytearray(frames.frame_all([p for part in parts for p in part.server], 1))
    for _ in range(data.draw(st.integers(1, 4))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    for shape in (replies.QUERY, replies.PREPARE, replies.FIELDS, replies.FETCH, replies.SINGLE):
        reply = replies.Reply()
        metadata = data.draw(st.sampled_from([replies.STRIP, replies.AS_IS, replies.ADD]))
        reply.begin(shape, data.draw(st.booleans()), data.draw(st.sampled_from([None, WANTED])), metadata)
        try:
            for chunk in pieces(data.draw, bytes(stream)):
                reply.feed(chunk)
        except ProxyError:
            continue


def prepare_answer(parameters: int, columns: int, old: bool) -> list[bytes]:
    head = b"\x00" + (7).to_bytes(4, "little") + columns.to_bytes(2, "little") + parameters.to_bytes(2, "little")
    packets = [head + b"\x00\x03\x00"]
    for count in (parameters, columns):
        packets += [text(b"def") + bytes(12)] * count
        if old and count:
            packets.append(eof(warnings=3))
    return packets


@pytest.mark.parametrize("parameters", [0, 1, 3])
@pytest.mark.parametrize("columns", [0, 1, 300])
@pytest.mark.parametrize("old", [False, True])
def test_prepare(parameters: int, columns: int, old: bool) -> None:
    stream = frames.frame_all(prepare_answer(parameters, columns, False), 1)
    expected = frames.frame_all(prepare_answer(parameters, columns, old), 1)
    for step in (1, 5, len(stream)):
        reply = replies.Reply()
        reply.status = AUTOCOMMIT
        reply.begin(replies.PREPARE, old, None)
        chunks = [stream[i : i + step] for i in range(0, len(stream), step)]
        assert follow(reply, chunks) == expected
        assert reply.done
        assert reply.statement_id == 7
        assert reply.warnings == 3


@st.composite
def definitions(draw) -> tuple[bytes, bytes, bytes]:
    """A column definition without extended metadata, with some, and with an empty one."""
    names = b"".join(text(draw(st.binary(max_size=300))) for _ in range(6))
    fixed = b"\x0c" + bytes(12) + draw(st.sampled_from([b"", b"\xfb", text(b"a default")]))
    extended = draw(
        st.sampled_from([b"", b"\x00\x04json", b"\x01\x04json", b"\x00\x04json\x01\x04json", b"\x00" * 300])
    )
    return names + fixed, names + text(extended) + fixed, names + b"\x00" + fixed


@given(st.lists(definitions(), min_size=1, max_size=4), st.booleans(), st.data())
def test_extended_metadata(columns: list[tuple[bytes, bytes, bytes]], old: bool, data) -> None:
    plain, extended, empty = ([*each] for each in zip(*columns, strict=True))
    head = b"\x00" + (7).to_bytes(4, "little") + len(plain).to_bytes(2, "little") + b"\x00\x00\x00\x00\x00"

    def answer(shape: int, definitions: list[bytes], old: bool) -> bytes:
        middle, end = ([eof()], eof()) if old else ([], ok(header=0xFE))
        if shape == replies.QUERY:
            return frames.frame_all([lenenc(len(definitions)), *definitions, *middle, b"\x01x", end], 1)
        if shape == replies.PREPARE:
            return frames.frame_all([head, *definitions, *middle], 1)
        return frames.frame_all([*definitions, end], 1)

    for shape in (replies.QUERY, replies.PREPARE, replies.FIELDS):
        for sent, metadata, received in (
            (extended, replies.STRIP, plain),
            (extended, replies.AS_IS, extended),
            (plain, replies.AS_IS, plain),
            (plain, replies.ADD, empty),
        ):
            stream = answer(shape, sent, False)
            for chunks in ([stream], [stream[i : i + 1] for i in range(len(stream))], pieces(data.draw, stream)):
                reply = replies.Reply()
                reply.status = AUTOCOMMIT
                reply.begin(shape, old, None, metadata)
                assert follow(reply, chunks) == answer(shape, received, old)
                assert reply.done


def test_cursor_answer_has_one_eof_for_an_old_client() -> None:
    head = [b"\x01", text(b"def")]
    stream = frames.frame_all([*head, ok(AUTOCOMMIT | CURSOR, header=0xFE)], 1)
    reply = replies.Reply()
    reply.begin(replies.QUERY, True, None)
    assert reply.feed(stream) == frames.frame_all([*head, eof(AUTOCOMMIT | CURSOR)], 1)
    assert reply.done
    assert reply.status & CURSOR


def test_fetch_and_fields_and_single() -> None:
    reply = replies.Reply()
    reply.begin(replies.FETCH, True, None)
    assert reply.feed(frames.frame_all([b"\x00row", ok(header=0xFE)], 1)) == frames.frame_all([b"\x00row", eof()], 1)
    assert reply.rows == 1
    reply.begin(replies.FIELDS, True, None)
    stream = frames.frame_all([text(b"def"), ok(header=0xFE)], 1)
    assert reply.feed(stream) == frames.frame_all([text(b"def"), eof()], 1)
    reply.begin(replies.SINGLE, False, None)
    assert reply.feed(frames.frame(ok(), 1)) == frames.frame(ok(), 1)
    assert reply.done


def test_infile_request_waits_for_the_file() -> None:
    reply = replies.Reply()
    reply.begin(replies.QUERY, True, None)
    request = frames.frame(b"\xfbdata.csv", 1)
    assert reply.feed(request) == request
    assert reply.infile
    assert not reply.done
    answer = frames.frame(ok(info=b"Records: 3"), 4)
    assert reply.feed(answer) == answer
    assert reply.done


@pytest.mark.parametrize("way", [follow, follow_in_place])
@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_row_of_16_mib_and_more(way: Callable[..., bytes], old: bool, more: int) -> None:
    row = b"\xfd" + bytes(0xFFFFFF * 2 - 1 + more)
    head = [b"\x01", text(b"def")]
    stream = frames.frame_all([*head, row, b"\x01x", ok(header=0xFE)], 1)
    want = [*head, eof(), row, b"\x01x", eof()] if old else [*head, row, b"\x01x", ok(header=0xFE)]
    reply = replies.Reply()
    reply.status = AUTOCOMMIT
    reply.begin(replies.QUERY, old, None)
    step = 1 << 20
    assert way(reply, [stream[i : i + step] for i in range(0, len(stream), step)]) == frames.frame_all(want, 1)
    assert reply.rows == 2


@given(answers(), st.data())
def test_mutated_rows_stay_in_the_buffer(parts: list[Part], data) -> None:
    stream = bytearray(frames.frame_all([p for part in parts for p in part.server], 1))
    for _ in range(data.draw(st.integers(1, 4))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    reply = replies.Reply()
    reply.begin(replies.QUERY, True, None)
    for chunk in pieces(data.draw, bytes(stream)):
        try:
            if reply.passes_rows():
                buffer = bytearray(reply.take_held() + chunk)
                assert 0 <= reply.pass_rows(buffer, len(buffer)) <= len(buffer)
            else:
                reply.feed(chunk)
        except ProxyError:
            return


def test_no_more_bytes_are_walked_than_there_are() -> None:
    reply = replies.Reply()
    reply.begin(replies.FETCH, False, None)
    with pytest.raises(ValueError, match="not so many"):
        reply.pass_rows(bytearray(10), 11)


def test_a_long_first_column_is_not_the_end() -> None:
    """A row of 16 MiB may begin with 0xFE (an eight-byte length): only a short packet ends the rows."""
    row = b"\xfe" + (0xFFFFFF).to_bytes(8, "little") + bytes(0xFFFFFF)
    stream = frames.frame_all([b"\x01", text(b"def"), row, ok(header=0xFE)], 1)
    reply = replies.Reply()
    reply.begin(replies.QUERY, False, None)
    assert reply.feed(stream) == stream
    assert reply.done
    assert reply.rows == 1


def test_trackers_are_collected() -> None:
    reply = replies.Reply()
    reply.begin(replies.QUERY, False, WANTED)
    reply.feed(frames.frame_all([ok(AUTOCOMMIT | MORE, b"", SCHEMA), ok(AUTOCOMMIT, b"", STATE)], 1))
    assert reply.trackers == [SCHEMA, STATE]
