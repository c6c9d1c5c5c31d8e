"""Result sets in the text protocol, column definitions, and the answer to COM_STMT_PREPARE.

For answers that Forebay makes itself and for the short ones it reads itself; a client's own results pass through
``wire.replies`` undecoded.

Sources: "Text Resultset", "Protocol::ColumnDefinition41" and "COM_STMT_PREPARE_OK" in the MySQL Source Code
Documentation, "Result Set Packets" in the MariaDB Knowledge Base. CLIENT_OPTIONAL_RESULTSET_METADATA changes these
packets too; Forebay does not negotiate it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from proxy.errors import MalformedPacket
from proxy.wire.constants import (
    CLIENT_DEPRECATE_EOF,
    CLIENT_EXTENDED_METADATA,
    COLLATION_UTF8MB4_GENERAL_CI,
    EOF_MAX_PAYLOAD,
    HEADER_EOF,
    HEADER_ERR,
    HEADER_OK,
    MAX_PAYLOAD,
    MYSQL_TYPE_LONG,
    MYSQL_TYPE_VAR_STRING,
    NULL_VALUE,
)
from proxy.wire.packets.endings import Err, Ok, build_eof, build_ok, parse_eof, parse_err, parse_ok
from proxy.wire.primitives import (
    read_lenenc_bytes,
    read_lenenc_int,
    read_uint,
    to_bytes,
    to_text,
    write_lenenc_bytes,
    write_lenenc_int,
)

Row = list[bytes | None]

_FIXED_LENGTH = 12  # of a column definition's fields behind the names


@dataclass(slots=True, frozen=True)
class Column:
    """A column definition; ``charset`` is a collation id, ``length`` the greatest width in bytes."""

    name: str
    table: str = ""
    schema: str = ""
    org_name: str = ""
    org_table: str = ""
    charset: int = COLLATION_UTF8MB4_GENERAL_CI
    length: int = 1024
    type: int = MYSQL_TYPE_VAR_STRING
    flags: int = 0
    decimals: int = 0


@dataclass(slots=True, frozen=True)
class PrepareOk:
    """The first packet that answers COM_STMT_PREPARE; ``columns`` and ``parameters`` are counts."""

    statement_id: int
    columns: int
    parameters: int
    warnings: int = 0


@dataclass(slots=True)
class TextResult:
    """One answer: columns and rows, then ``ok`` or ``err``. Without columns it is only that OK or ERR."""

    columns: list[Column] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    ok: Ok | None = None
    err: Err | None = None


def parse_column(payload: bytes, capabilities: int = 0) -> Column:
    """A column definition; extended metadata and the default value that COM_FIELD_LIST adds are not read."""
    _catalog, pos = read_lenenc_bytes(payload, 0)
    schema, pos = read_lenenc_bytes(payload, pos)
    table, pos = read_lenenc_bytes(payload, pos)
    org_table, pos = read_lenenc_bytes(payload, pos)
    name, pos = read_lenenc_bytes(payload, pos)
    org_name, pos = read_lenenc_bytes(payload, pos)
    if capabilities & CLIENT_EXTENDED_METADATA:
        _extended, pos = read_lenenc_bytes(payload, pos)
    fixed, pos = read_lenenc_bytes(payload, pos)
    charset, at = read_uint(fixed, 0, 2)
    length, at = read_uint(fixed, at, 4)
    type_, at = read_uint(fixed, at, 1)
    flags, at = read_uint(fixed, at, 2)
    decimals, at = read_uint(fixed, at, 1)
    return Column(
        to_text(name),
        to_text(table),
        to_text(schema),
        to_text(org_name),
        to_text(org_table),
        charset,
        length,
        type_,
        flags,
        decimals,
    )


def build_column(column: Column, capabilities: int = 0) -> bytes:
    """A column definition; its extended metadata, for who speaks it, says nothing more."""
    names = ("def", column.schema, column.table, column.org_table, column.name, column.org_name)
    return b"".join(
        (
            *(write_lenenc_bytes(to_bytes(name)) for name in names),
            b"\0" if capabilities & CLIENT_EXTENDED_METADATA else b"",
            bytes((_FIXED_LENGTH,)),
            column.charset.to_bytes(2, "little"),
            column.length.to_bytes(4, "little"),
            column.type.to_bytes(1, "little"),
            column.flags.to_bytes(2, "little"),
            column.decimals.to_bytes(1, "little"),
            bytes(2),
        )
    )


def parse_text_row(payload: bytes) -> Row:
    """The values of one row; NULL is ``None``."""
    row: Row = []
    pos = 0
    while pos < len(payload):
        if payload[pos] == NULL_VALUE:
            row.append(None)
            pos += 1
        else:
            value, pos = read_lenenc_bytes(payload, pos)
            row.append(value)
    return row


def build_text_row(values: Iterable[bytes | None]) -> bytes:
    """One row; ``None`` is NULL."""
    return b"".join(b"\xfb" if value is None else write_lenenc_bytes(value) for value in values)


def parse_prepare_ok(payload: bytes) -> PrepareOk:
    """The first packet that answers COM_STMT_PREPARE, if that was no ERR."""
    header, pos = read_uint(payload, 0, 1)
    if header != HEADER_OK:
        raise MalformedPacket
    statement_id, pos = read_uint(payload, pos, 4)
    columns, pos = read_uint(payload, pos, 2)
    parameters, pos = read_uint(payload, pos, 2)
    warnings = read_uint(payload, pos + 1, 2)[0] if len(payload) > pos else 0  # servers before 5.0 end here
    return PrepareOk(statement_id, columns, parameters, warnings)


def build_prepare_ok(prepared: PrepareOk) -> bytes:
    """The first packet that answers COM_STMT_PREPARE."""
    return (
        b"\x00"
        + prepared.statement_id.to_bytes(4, "little")
        + prepared.columns.to_bytes(2, "little")
        + prepared.parameters.to_bytes(2, "little")
        + b"\x00"
        + prepared.warnings.to_bytes(2, "little")
    )


def _build_binary_row(columns: Sequence[Column], row: Iterable[bytes | None]) -> bytes:
    """MySQL Source Code Documentation, "Binary Protocol Resultset Row"."""
    nulls, values = 0, []
    for at, (column, value) in enumerate(zip(columns, row, strict=True)):
        if value is None:
            nulls |= 1 << at + 2
        elif column.type == MYSQL_TYPE_LONG:
            values.append(int(value).to_bytes(4, "little"))
        else:
            values.append(write_lenenc_bytes(value))
    return b"\0" + nulls.to_bytes((len(columns) + 9) // 8, "little") + b"".join(values)


def build_text_result(
    columns: Sequence[Column],
    rows: Iterable[Iterable[bytes | None]],
    capabilities: int,
    status: int,
    warnings: int = 0,
    binary: bool = False,
) -> list[bytes]:
    """The payloads of a whole result set, as a client with these capabilities expects them.

    ``binary``: as to COM_STMT_EXECUTE; columns may be texts and MYSQL_TYPE_LONG then.
    """
    payloads = [write_lenenc_int(len(columns)), *(build_column(column, capabilities) for column in columns)]
    if not capabilities & CLIENT_DEPRECATE_EOF:
        payloads.append(build_eof(warnings, status))
    payloads += [_build_binary_row(columns, row) if binary else build_text_row(row) for row in rows]
    if capabilities & CLIENT_DEPRECATE_EOF:
        payloads.append(build_ok(Ok(status=status, warnings=warnings), capabilities, HEADER_EOF))
    else:
        payloads.append(build_eof(warnings, status))
    return payloads


def parse_text_result(payloads: Sequence[bytes], capabilities: int) -> TextResult:
    """The first result in the payloads of an answer; what follows its end is not read."""
    first = _at(payloads, 0)
    if first[0] == HEADER_OK:
        return TextResult(ok=parse_ok(first, capabilities))
    if first[0] == HEADER_ERR:
        return TextResult(err=parse_err(first, capabilities))
    count, _ = read_lenenc_int(first, 0)
    if count > len(payloads):
        raise MalformedPacket
    at = count + 1
    result = TextResult([parse_column(payload, capabilities) for payload in payloads[1:at]])
    if not capabilities & CLIENT_DEPRECATE_EOF:
        parse_eof(_at(payloads, at))
        at += 1
    while not _ended(result, _at(payloads, at), capabilities):
        result.rows.append(parse_text_row(payloads[at]))
        at += 1
    return result


def _at(payloads: Sequence[bytes], index: int) -> bytes:
    if index >= len(payloads) or not payloads[index]:
        raise MalformedPacket
    return payloads[index]


def _ended(result: TextResult, payload: bytes, capabilities: int) -> bool:
    """Whether this payload ends the rows; takes it into the result if so."""
    if payload[0] == HEADER_ERR:
        result.err = parse_err(payload, capabilities)
    elif payload[0] == HEADER_EOF and capabilities & CLIENT_DEPRECATE_EOF and len(payload) < MAX_PAYLOAD:
        result.ok = parse_ok(payload, capabilities)
    elif payload[0] == HEADER_EOF and not capabilities & CLIENT_DEPRECATE_EOF and len(payload) < EOF_MAX_PAYLOAD:
        eof = parse_eof(payload)
        result.ok = Ok(status=eof.status, warnings=eof.warnings)
    else:
        return False
    return True
