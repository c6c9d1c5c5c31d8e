"""Framed commands on prepared statements: ids replaced in place, types read and put in, values never touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import MalformedPacket
from proxy.wire import executions
from proxy.wire.constants import COM_QUERY, COM_STMT_EXECUTE
from proxy.wire.frames import LONGEST, FrameReader, frame

ids = st.integers(0, 0xFFFFFFFF)


def execution(number: int, flags: int, nulls: int, parameters: int, types: bytes | None, values: bytes) -> bytes:
    """A framed COM_STMT_EXECUTE."""
    body = bytes((COM_STMT_EXECUTE,)) + number.to_bytes(4, "little") + bytes((flags, 1, 0, 0, 0))
    if parameters:
        body += nulls.to_bytes((parameters + 7) // 8, "little")
        body += b"\0" if types is None else b"\1" + types
    return frame(body + values)


@st.composite
def executed(draw: st.DrawFn) -> tuple[int, int, int, int, bytes, bytes]:
    parameters = draw(st.integers(0, 40))
    return (
        draw(ids),
        draw(st.integers(0, 1)),
        draw(st.integers(0, 2**parameters - 1)),
        parameters,
        draw(st.binary(min_size=2 * parameters, max_size=2 * parameters)),
        draw(st.binary(max_size=60)),
    )


@given(executed(), ids)
def test_another_id(parts: tuple[int, int, int, int, bytes, bytes], other: int) -> None:
    packet = execution(*parts)
    assert executions.statement_id(packet) == parts[0]
    assert executions.with_id(packet, other) == execution(other, *parts[1:])


@given(executed())
def test_types_are_read_and_put_in(parts: tuple[int, int, int, int, bytes, bytes]) -> None:
    number, flags, nulls, parameters, types, values = parts
    given = execution(*parts)
    assert executions.bound_types(given, parameters) == types
    assert executions.nulls(given, parameters) == nulls
    if parameters:
        without = execution(number, flags, nulls, parameters, None, values)
        assert executions.bound_types(without, parameters) is None
        assert executions.with_types(without, types) == given


@given(executed(), st.data())
def test_what_is_cut_off_is_refused_or_read(
    parts: tuple[int, int, int, int, bytes, bytes], data: st.DataObject
) -> None:
    packet = execution(*parts)
    short = packet[: data.draw(st.integers(0, len(packet)))]
    for read in (executions.statement_id, lambda cut: executions.bound_types(cut, parts[3])):
        try:
            read(short)
        except MalformedPacket:
            assert len(short) < len(packet) - len(parts[5])


@pytest.mark.parametrize("size", [LONGEST - 20, LONGEST - 17, LONGEST - 15, LONGEST, 2 * LONGEST])
def test_types_that_make_a_packet_longer_than_one_frame(size: int) -> None:
    types, values = b"\xfd\0", bytes(size)
    packet = executions.with_types(execution(7, 0, 0, 1, None, values), types)
    reader = FrameReader(1 << 30)
    reader.feed(packet)
    payload = reader.packet()
    assert payload is not None
    assert payload[10:] == b"\0\1" + types + values
    assert not reader.pending()


@pytest.mark.parametrize("size", [0, 10, LONGEST - 2, LONGEST - 1, LONGEST, 2 * LONGEST + 5])
def test_the_text_of_a_command(size: int) -> None:
    text = b"x" * size
    assert executions.text(frame(bytes((COM_QUERY,)) + text)) == text
