"""A client of a daemon with every command at hand, also those that drivers hide: prepared statements, cursors, options.

Answers are read whole and decoded; an ERR packet raises ``Refused``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from proxy.wire import constants as c
from proxy.wire import packets as p
from proxy.wire.auth import Credentials
from proxy.wire.primitives import read_lenenc_bytes, read_lenenc_int, write_lenenc_bytes
from tests.servers import APP, Server
from tests.whole.daemon import Daemon
from tests.whole.plain_client import RICH, PlainClient

MULTI = RICH | c.CLIENT_MULTI_STATEMENTS | c.CLIENT_PS_MULTI_RESULTS
_INTEGERS = {c.MYSQL_TYPE_TINY: 1, c.MYSQL_TYPE_SHORT: 2, c.MYSQL_TYPE_LONG: 4, c.MYSQL_TYPE_LONGLONG: 8}

Value = str | int | None


class Refused(Exception):
    """The answer was an ERR packet."""

    def __init__(self, error: p.Err) -> None:
        super().__init__(error.number, error.text)
        self.number = error.number
        self.text = error.text


@dataclass
class Result:
    """One result: its columns, raw rows, and the OK (or the EOF, as an OK) that ended it."""

    columns: list[p.Column] = field(default_factory=list)
    rows: list[bytes] = field(default_factory=list)
    ok: p.Ok = field(default_factory=p.Ok)


def direct(server: Server) -> SimpleNamespace:
    """What a RawClient wants to know of a daemon, of the server itself."""
    return SimpleNamespace(port=server.port, socket_path=server.socket)


class RawClient(PlainClient):
    """Logged in to the daemon when made, or to what ``direct`` gives."""

    def __init__(
        self,
        daemon: Daemon | SimpleNamespace,
        user: str = APP.name,
        password: str = APP.password,
        capabilities: int = RICH,
        **how: Any,
    ) -> None:
        door = SimpleNamespace(host="127.0.0.1", port=daemon.port, socket=str(daemon.socket_path))
        credentials = Credentials.from_password(user, password.encode())
        super().__init__(door, credentials, capabilities=capabilities, **how)

    @property
    def id(self) -> int:
        return self.greeting.connection_id

    # Commands.

    def send(self, command: int, body: bytes = b"") -> None:
        self.sequence = 0
        self.write(bytes((command,)) + body)

    def simple(self, command: int, body: bytes = b"") -> p.Ok:
        """A command that is answered by one packet."""
        self.send(command, body)
        return self._ended(self.read())

    def ask(self, sql: str) -> list[list[Value]]:
        """The rows of the last result of a statement, as texts; [] where there are none."""
        return [[None if value is None else value.decode() for value in row] for row in self.raw(sql)]

    def raw(self, sql: str) -> list[list[bytes | None]]:
        return [p.parse_text_row(row) for row in self.results(c.COM_QUERY, sql.encode())[-1].rows]

    def one(self, sql: str) -> Value:
        return self.ask(sql)[0][0]

    def refused(self, sql: str) -> int:
        """The number of the error that a statement must give."""
        try:
            rows = self.ask(sql)
        except Refused as error:
            return error.number
        raise AssertionError(f"{sql} was not refused: {rows}")

    def results(self, command: int, body: bytes) -> list[Result]:
        self.send(command, body)
        found = [self._result()]
        while found[-1].ok.status & c.STATUS_MORE_RESULTS:
            found.append(self._result())
        return found

    def fields(self, table: str) -> list[str]:
        """COM_FIELD_LIST."""
        self.send(c.COM_FIELD_LIST, table.encode() + b"\0")
        names = []
        while not self._is_end(payload := self.read()):
            names.append(p.parse_column(payload, self.capabilities).name)
        return names

    # Prepared statements.

    def prepare(self, sql: str) -> int:
        self.send(c.COM_STMT_PREPARE, sql.encode())
        first = self.read()
        if first[0] == c.HEADER_ERR:
            self._ended(first)
        prepared = p.parse_prepare_ok(first)
        for definitions in (prepared.parameters, prepared.columns):
            for _ in range(definitions):
                p.parse_column(self.read(), self.capabilities)
            if definitions and not self.capabilities & c.CLIENT_DEPRECATE_EOF:
                p.parse_eof(self.read())
        return prepared.statement_id

    def execute(self, statement: int, *values: Value, cursor: int = c.CURSOR_TYPE_NO_CURSOR) -> list[list[Value]]:
        """The rows of the first result; with a cursor there are none before ``fetch``."""
        self.results_of(statement, *values, cursor=cursor)
        return self._decoded

    def results_of(self, statement: int, *values: Value, cursor: int = c.CURSOR_TYPE_NO_CURSOR) -> list[Result]:
        found = self.results(c.COM_STMT_EXECUTE, _execution(statement, values, cursor))
        self.columns = found[0].columns
        self._decoded = [_binary_row(row, self.columns) for row in found[0].rows]
        return found

    def fetch(self, statement: int, rows: int) -> list[list[Value]]:
        self.send(c.COM_STMT_FETCH, statement.to_bytes(4, "little") + rows.to_bytes(4, "little"))
        found = []
        while not self._is_end(payload := self.read()):
            found.append(_binary_row(payload, self.columns))
        return found

    def long_data(self, statement: int, parameter: int, data: bytes) -> None:
        self.send(c.COM_STMT_SEND_LONG_DATA, statement.to_bytes(4, "little") + parameter.to_bytes(2, "little") + data)

    def close_statement(self, statement: int) -> None:
        self.send(c.COM_STMT_CLOSE, statement.to_bytes(4, "little"))

    # Underneath.

    def _result(self) -> Result:
        first = self.read()
        if first[0] in (c.HEADER_OK, c.HEADER_ERR):
            return Result(ok=self._ended(first))
        result = Result([p.parse_column(self.read(), self.capabilities) for _ in range(read_lenenc_int(first, 0)[0])])
        if not self.capabilities & c.CLIENT_DEPRECATE_EOF:
            result.ok = self._ended(self.read())
        if result.ok.status & c.STATUS_CURSOR_EXISTS:
            return result
        while not self._is_end(payload := self.read()):
            result.rows.append(payload)
        result.ok = self.ok
        return result

    def _is_end(self, payload: bytes) -> bool:
        if payload[0] not in (c.HEADER_EOF, c.HEADER_ERR):
            return False
        self.ok = self._ended(payload)
        return True

    def _ended(self, payload: bytes) -> p.Ok:
        if payload[0] == c.HEADER_ERR:
            raise Refused(p.parse_err(payload, self.capabilities))
        if payload[0] == c.HEADER_EOF and not self.capabilities & c.CLIENT_DEPRECATE_EOF:
            eof = p.parse_eof(payload)
            return p.Ok(status=eof.status, warnings=eof.warnings)
        return p.parse_ok(payload, self.capabilities)


def _execution(statement: int, values: tuple[Value, ...], cursor: int) -> bytes:
    """The body of COM_STMT_EXECUTE; a value ``...`` was sent as long data."""
    body = statement.to_bytes(4, "little") + bytes((cursor,)) + (1).to_bytes(4, "little")
    if not values:
        return body
    nulls = sum(1 << i for i, value in enumerate(values) if value is None)
    types, data = b"", b""
    for value in values:
        if isinstance(value, int):
            types += bytes((c.MYSQL_TYPE_LONGLONG, 0))
            data += value.to_bytes(8, "little", signed=True)
        else:
            types += bytes((c.MYSQL_TYPE_VAR_STRING, 0))
            data += write_lenenc_bytes(value.encode()) if isinstance(value, str) else b""
    return body + nulls.to_bytes((len(values) + 7) // 8, "little") + b"\1" + types + data


def _binary_row(payload: bytes, columns: list[p.Column]) -> list[Value]:
    at = 1 + (len(columns) + 9) // 8
    nulls = int.from_bytes(payload[1:at], "little") >> 2
    row: list[Value] = []
    for i, column in enumerate(columns):
        if nulls >> i & 1:
            row.append(None)
        elif size := _INTEGERS.get(column.type):
            row.append(int.from_bytes(payload[at : at + size], "little", signed=True))
            at += size
        else:
            value, at = read_lenenc_bytes(payload, at)
            row.append(value.decode())
    return row
