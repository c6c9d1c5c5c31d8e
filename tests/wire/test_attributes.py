"""Commands with query attributes to commands without, and back: what clients and servers make of either is the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import MalformedPacket, ServerRefused
from proxy.wire import attributes, executions
from proxy.wire.constants import (
    COM_QUERY,
    COM_STMT_EXECUTE,
    MYSQL_TYPE_DATETIME,
    MYSQL_TYPE_LONGLONG,
    MYSQL_TYPE_NULL,
    MYSQL_TYPE_STRING,
    PARAMETER_COUNT_AVAILABLE,
)
from proxy.wire.frames import LONGEST, frame
from proxy.wire.primitives import write_lenenc_bytes, write_lenenc_int

texts = st.binary(max_size=40) | st.binary(min_size=1020, max_size=1030)
named = st.tuples(
    st.binary(max_size=5),
    st.sampled_from(
        [
            (MYSQL_TYPE_STRING, write_lenenc_bytes(b"value")),
            (MYSQL_TYPE_LONGLONG, bytes(8)),
            (MYSQL_TYPE_DATETIME, b"\4\xe8\7\1\2"),
            (MYSQL_TYPE_STRING, None),
        ]
    ),
)
given_attributes = st.lists(named, max_size=12)
Given = list[tuple[bytes, tuple[int, bytes | None]]]


def block(given: Given, count: bytes) -> bytes:
    """``count``, and if there are any: the bitmap of NULLs, the types with their names, the values."""
    if not given:
        return count
    nulls = sum(1 << number for number, (_, (_, value)) in enumerate(given) if value is None)
    types = b"".join(bytes((kind, 0)) + write_lenenc_bytes(name) for name, (kind, _) in given)
    values = b"".join(value or b"" for _, (_, value) in given)
    return count + nulls.to_bytes((len(given) + 7) // 8, "little") + b"\1" + types + values


def query(given: Given, text: bytes) -> bytes:
    return frame(bytes((COM_QUERY,)) + block(given, write_lenenc_int(len(given)) + b"\1") + text)


def plain(text: bytes) -> bytes:
    return frame(bytes((COM_QUERY,)) + text)


@given(texts)
def test_a_query_without_attributes(text: bytes) -> None:
    assert attributes.with_none(plain(text)) == query([], text)
    assert attributes.plain_query(query([], text)) == plain(text)


@given(given_attributes, texts, texts)
def test_a_query_with_attributes(given: Given, text: bytes, instead: bytes) -> None:
    attributed = query(given, text)
    assert attributes.plain_query(attributed) == plain(text)
    assert attributes.with_those_of(attributed, plain(instead)) == query(given, instead)


@pytest.mark.parametrize("size", [LONGEST - 5, LONGEST - 3, LONGEST - 1, LONGEST + 7])
def test_a_query_in_several_frames(size: int) -> None:
    text = b"x" * size
    for some in ([], [(b"n", (MYSQL_TYPE_STRING, write_lenenc_bytes(b"value")))]):
        assert attributes.plain_query(query(some, text)) == plain(text)
    assert attributes.with_none(plain(text)) == query([], text)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0",
        b"\0\0SELECT 1",
        b"\0\2SELECT 1",
        b"\1\1\0\0\xfe\0\1nSELECT 1",
        b"\1\1\0\1\xfe\0\1n\x7fSELECT 1",
        b"\1\1\0\1" + bytes((MYSQL_TYPE_NULL, 0)) + b"\1nSELECT 1",
        b"\xfd\xff\xff\xff\1SELECT 1",
        b"\xfe" + b"\xff" * 8 + b"\1SELECT 1",
    ],
)
def test_what_is_no_query_with_attributes(body: bytes) -> None:
    with pytest.raises(MalformedPacket):
        attributes.plain_query(frame(bytes((COM_QUERY,)) + body))


@given(st.binary(max_size=80), st.integers(0, 5))
def test_any_bytes_are_read_or_refused(body: bytes, parameters: int) -> None:
    for command, read in (
        (COM_QUERY, attributes.plain_query),
        (COM_STMT_EXECUTE, lambda packet: attributes.plain_execution(packet, parameters)),
    ):
        try:
            packet = read(frame(bytes((command,)) + body))
        except (MalformedPacket, ServerRefused):
            continue
        assert len(packet) <= 4 + 1 + len(body)
        assert packet[:3] == (len(packet) - 4).to_bytes(3, "little")


HEAD = bytes((COM_STMT_EXECUTE,)) + (7).to_bytes(4, "little")


@st.composite
def executed(draw: st.DrawFn) -> tuple[int, int, Given, bool, bytes]:
    """Flags, the number of parameters, those with the attributes behind them, whether types are there, long data."""
    parameters = draw(st.integers(0, 20) | st.integers(248, 254))
    kind = (MYSQL_TYPE_STRING, write_lenenc_bytes(b"value"))
    values = [(b"", kind if draw(st.booleans()) else (MYSQL_TYPE_LONGLONG, None)) for _ in range(parameters)]
    bound = draw(st.booleans()) or not parameters
    extra = draw(given_attributes) if bound else []
    return draw(st.integers(0, 1)), parameters, [*values, *extra], bound, b""


@given(executed())
def test_an_execution(given_execution: tuple[int, int, Given, bool, bytes]) -> None:
    cursor, parameters, values, bound, _ = given_execution
    count = write_lenenc_int(len(values))
    body = block(values, count)
    own = values[:parameters]
    nulls = sum(1 << number for number, (_, (_, value)) in enumerate(own) if value is None)
    bitmap = nulls.to_bytes((parameters + 7) // 8, "little")
    data = b"".join(value or b"" for _, (_, value) in values)
    types = b"".join(bytes((kind, 0)) for _, (kind, _) in own)
    if not bound:
        body, types = count + bitmap + b"\0" + data, b""
    start = HEAD + bytes((cursor | PARAMETER_COUNT_AVAILABLE, 1, 0, 0, 0))
    plain_start = HEAD + bytes((cursor, 1, 0, 0, 0))
    expected = frame(plain_start + bitmap + bytes((bound,)) + types + data) if parameters else frame(plain_start)
    for _ in range(2):  # the second time the types are known
        found = attributes.plain_execution(frame(start + body), parameters)
        assert found == expected
    assert executions.bound_types(found, parameters) == (types if bound else None)
    if len(values) == parameters:
        back = attributes.execution_with_none(found, parameters)
        assert back == (frame(plain_start + body) if parameters else expected)


def test_an_execution_in_several_frames() -> None:
    value = write_lenenc_bytes(b"x" * LONGEST)
    values = [(b"", (MYSQL_TYPE_STRING, value))]
    attributed = frame(HEAD + bytes((0, 1, 0, 0, 0)) + block(values, b"\1"))
    found = attributes.plain_execution(attributed, 1)
    assert executions.values(executions.payload(found).rjust(len(value) + 100), 1)[-9:] == value[-9:]
    assert attributes.execution_with_none(found, 1) == attributed


def test_a_count_that_is_announced_for_no_parameters() -> None:
    announced = frame(HEAD + bytes((PARAMETER_COUNT_AVAILABLE, 1, 0, 0, 0)))
    assert attributes.execution_with_none(announced, 0) == frame(HEAD + bytes((0, 1, 0, 0, 0)))
    with pytest.raises(MalformedPacket):
        attributes.plain_execution(announced, 0)


def test_too_few_parameters() -> None:
    with pytest.raises(ServerRefused) as refused:
        attributes.plain_execution(frame(HEAD + bytes((0, 1, 0, 0, 0)) + b"\1\0\1\xfe\0\0\1x"), 2)
    assert refused.value.number == 1210


def test_attributes_without_their_types() -> None:
    with pytest.raises(MalformedPacket):
        attributes.plain_execution(frame(HEAD + bytes((0, 1, 0, 0, 0)) + b"\2\0\0\1x\1y"), 1)
