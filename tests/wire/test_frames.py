"""Frames: any payload through any split comes back whole; wrong numbers and lengths are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import PacketsOutOfOrder, PacketTooLarge
from proxy.wire.frames import LONGEST, FrameReader, frame, frame_all, frame_count


@given(st.lists(st.binary(max_size=300), max_size=6), st.data())
def test_any_split_gives_the_same_payloads(payloads: list[bytes], data) -> None:
    stream = frame_all(payloads, 0)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    reader = FrameReader(1000)
    got = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        reader.feed(stream[start:end])
        while (packet := reader.packet()) is not None:
            got.append(packet)
    assert got == payloads
    assert reader.pending() == 0


@pytest.mark.parametrize("size", [LONGEST - 1, LONGEST, LONGEST + 1, 2 * LONGEST, 2 * LONGEST + 5])
def test_long_payloads(size: int) -> None:
    payload = b"ab" * (size // 2) + b"c" * (size % 2)
    stream = frame(payload, 254)
    assert len(stream) == size + 4 * frame_count(size)
    reader = FrameReader(3 * LONGEST)
    reader.sequence = 254
    step = 5_000_000
    packet = None
    for start in range(0, len(stream), step):
        assert packet is None
        reader.feed(stream[start : start + step])
        packet = reader.packet()
    assert packet == payload
    assert reader.sequence == (254 + frame_count(size)) & 0xFF


def test_wrong_number() -> None:
    reader = FrameReader(100)
    reader.feed(frame(b"x", 1))
    with pytest.raises(PacketsOutOfOrder):
        reader.packet()


def test_too_long_is_refused_at_the_header() -> None:
    reader = FrameReader(100)
    reader.feed((101).to_bytes(3, "little") + b"\x00")
    with pytest.raises(PacketTooLarge):
        reader.packet()


def test_rest_belongs_to_someone_else() -> None:
    reader = FrameReader(100)
    reader.feed(frame(b"tls please", 0) + b"\x16\x03\x01")
    assert reader.packet() == b"tls please"
    assert reader.rest() == b"\x16\x03\x01"
    assert reader.pending() == 0
