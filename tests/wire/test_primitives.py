"""Basic data types: what is written reads back, what is missing is malformed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import MalformedPacket
from proxy.wire import primitives as p


@given(st.integers(0, 2**64 - 1), st.binary(max_size=5))
def test_an_integer_comes_back_and_leaves_what_follows(value: int, tail: bytes) -> None:
    written = p.write_lenenc_int(value)
    assert p.read_lenenc_int(written + tail, 0) == (value, len(written))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "00"),
        (250, "fa"),
        (251, "fcfb00"),
        (0xFFFF, "fcffff"),
        (0x10000, "fd000001"),
        (0xFFFFFF, "fdffffff"),
        (0x1000000, "fe0000000100000000"),
    ],
)
def test_the_shortest_encoding_is_written(value: int, written: str) -> None:
    assert p.write_lenenc_int(value).hex() == written


@pytest.mark.parametrize("buf", [b"", b"\xfb", b"\xff", b"\xfc\x01", b"\xfd\x01\x02", b"\xfe" + bytes(7)])
def test_what_is_no_integer_is_malformed(buf: bytes) -> None:
    with pytest.raises(MalformedPacket):
        p.read_lenenc_int(buf, 0)


@given(st.binary(max_size=400), st.binary(max_size=5))
def test_a_string_comes_back_and_its_truncations_do_not(value: bytes, tail: bytes) -> None:
    written = p.write_lenenc_bytes(value)
    assert p.read_lenenc_bytes(written + tail, 0) == (value, len(written))
    for size in range(len(written)):
        with pytest.raises(MalformedPacket):
            p.read_lenenc_bytes(written[:size], 0)


def test_a_length_beyond_the_packet_takes_no_memory() -> None:
    with pytest.raises(MalformedPacket):
        p.read_lenenc_bytes(b"\xfe" + b"\xff" * 8, 0)


def test_a_nul_string_needs_its_nul_unless_it_may_be_last() -> None:
    assert p.read_nul_bytes(b"ab\0c", 0) == (b"ab", 3)
    assert p.read_nul_bytes_or_rest(b"ab\0c", 0) == (b"ab", 3)
    assert p.read_nul_bytes_or_rest(b"ab", 0) == (b"ab", 2)
    assert p.read_nul_bytes_or_rest(b"ab", 2) == (b"", 2)
    with pytest.raises(MalformedPacket):
        p.read_nul_bytes(b"ab", 0)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 8])
def test_a_fixed_size_is_read_whole_or_not_at_all(size: int) -> None:
    assert p.read_uint(bytes(range(1, 9)), 0, size)[1] == size
    with pytest.raises(MalformedPacket):
        p.read_uint(bytes(size - 1), 0, size)
    with pytest.raises(MalformedPacket):
        p.read_bytes(bytes(size), 1, size)


@given(st.binary(max_size=20))
def test_any_name_survives_as_text(name: bytes) -> None:
    assert p.to_bytes(p.to_text(name)) == name
