"""Compressed packets: whole, in pieces, broken, and not what they say."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import MalformedPacket
from proxy.wire.compression import Compression, algorithm
from proxy.wire.frames import FrameReader, frame, frame_all

NAMES = pytest.mark.parametrize("name", ["zlib", "zstd"])
chunks = st.lists(st.binary(min_size=1, max_size=300) | st.binary(min_size=1, max_size=20).map(lambda b: b * 50))


def unpacked(compression: Compression, data: bytes, piece: int) -> bytes:
    parts = []
    for at in range(0, len(data), piece):
        compression.feed(data[at : at + piece])
        while (part := compression.packet()) is not None:
            parts.append(part)
    return b"".join(parts)


@NAMES
@given(payloads=chunks, piece=st.integers(1, 400))
def test_what_goes_in_comes_out(name: str, payloads: list[bytes], piece: int) -> None:
    sender, receiver = Compression(algorithm(name), asks=True), Compression(algorithm(name), asks=False)
    written = [frame_all([payload, payload], 0) for payload in payloads]
    sent = b"".join(map(sender.pack, written))
    assert unpacked(receiver, sent, piece) == b"".join(written)
    assert receiver.sequence == (1 if payloads else 0)  # each was a command


@NAMES
def test_an_answer_goes_on_after_its_command(name: str) -> None:
    client, server = Compression(algorithm(name), asks=True), Compression(algorithm(name), asks=False)
    for _ in range(2):
        server.feed(client.pack(frame(b"x" * 1000)))
        assert server.packet() == frame(b"x" * 1000)
        first, second = server.pack(frame(b"y" * 1000, 1)), server.pack(frame(b"z", 0))
        assert (first[3], second[3]) == (1, 2)
        assert len(first) < 100
        assert second[4:7] == b"\0\0\0"  # too short to be worth it
        client.feed(first + second)
        assert [client.packet(), client.packet(), client.packet()] == [frame(b"y" * 1000, 1), frame(b"z", 0), None]


def test_each_command_has_a_compressed_packet_of_its_own() -> None:
    client = Compression(algorithm("zlib"), asks=True)
    sent = client.pack(frame(b"one") + frame(b"two" * 100) + frame(b""))
    server = Compression(algorithm("zlib"), asks=False)
    server.feed(sent)
    for payload in (b"one", b"two" * 100, b""):
        assert server.packet() == frame(payload)
        assert server.sequence == 1


@NAMES
def test_longer_than_a_compressed_packet_can_be(name: str) -> None:
    payload = bytes(range(256)) * (3 << 16)  # 48 MiB
    sender, receiver = Compression(algorithm(name, 1), asks=True), Compression(algorithm(name), asks=False)
    reader = FrameReader(1 << 30)
    reader.ordered = False
    reader.feed(unpacked(receiver, sender.pack(frame(payload)), 1 << 20))
    assert reader.packet() == payload


@given(payloads=chunks, piece=st.integers(1, 400))
def test_an_answer_goes_out_in_whole_frames(payloads: list[bytes], piece: int) -> None:
    server, client = Compression(algorithm("zlib"), asks=False), Compression(algorithm("zlib"), asks=True)
    answer = frame_all(payloads, 1)
    got = bytearray()
    for at in range(0, len(answer), piece):
        client.feed(server.pack(answer[at : at + piece]))
        while (part := client.packet()) is not None:
            got += part
            reader = FrameReader(1 << 20)
            reader.ordered = False
            reader.feed(part)
            while reader.packet() is not None:
                pass
            assert not reader.pending()
    assert got == answer


def packet(data: bytes, size: int) -> bytes:
    return len(data).to_bytes(3, "little") + b"\0" + size.to_bytes(3, "little") + data


@NAMES
@pytest.mark.parametrize("said", [99, 101, 16_000_000])
def test_a_length_that_is_not_true(name: str, said: int) -> None:
    compress, _ = algorithm(name)
    receiver = Compression(algorithm(name), asks=False)
    receiver.feed(packet(compress(b"x" * 100), said))
    with pytest.raises(MalformedPacket):
        receiver.packet()


@NAMES
@given(junk=st.binary(min_size=1, max_size=200))
def test_junk(name: str, junk: bytes) -> None:
    receiver = Compression(algorithm(name), asks=False)
    receiver.feed(packet(junk, 100_000))
    with pytest.raises(MalformedPacket):
        receiver.packet()


def test_little_that_becomes_much_is_cut_off() -> None:
    receiver = Compression(algorithm("zlib"), asks=False)
    receiver.feed(packet(zlib.compress(bytes(100 << 20), 9), 1000))
    with pytest.raises(MalformedPacket):
        receiver.packet()
