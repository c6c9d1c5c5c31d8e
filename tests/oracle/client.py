"""One connection of a client: sends steps, and keeps every packet of their answers as it came.

Nothing here blocks but the login and the goodbye: the schedule feeds what the socket has. The packets' numbers are
checked here, so an answer is its payloads alone; ``masks`` takes out what cannot be equal.
"""

from __future__ import annotations

import socket
from collections.abc import Generator
from dataclasses import replace

from proxy.errors import ProxyError
from proxy.wire import auth
from proxy.wire import constants as c
from proxy.wire import packets as p
from proxy.wire.auth import Credentials
from proxy.wire.frames import frame
from tests.oracle import masks
from tests.oracle import steps as s
from tests.oracle.kinds import Kind
from tests.oracle.parameters import attributed_execution, attributed_query, execution

Answer = tuple[bytes, ...]

CLOSED = (b"(the connection was closed)",)
SHARED, DIRECT = b"orap_", b"orad_"
_DEADLINE = 30.0
_FILE = 0xFB  # LOCAL INFILE
# The client's files, each in the pieces in which they are sent.
FILES: dict[bytes, tuple[bytes, ...]] = {
    b"rows": (b"41\tein", b"und\n42\t\\N\n", b"43\tgr\xc3\xbcn\n"),
    b"doubtful": (b"44\n", b"word\ttext\tmore\n45\t" + b"long " * 20 + b"\n"),
    b"twice": (b"1\n", b"1000\n1\n"),
    b"empty": (),
}
_NO_STATEMENT = 0x7FFFFF

Reading = Generator[None, bytes, Answer]


class OracleClient:
    """Logged in when made. ``prefix`` is what the texts' ``orap_`` becomes, and is turned back in the answers."""

    def __init__(
        self, address: tuple[str, int], kind: Kind, credentials: Credentials, schema: str, prefix: bytes
    ) -> None:
        self.address = address
        self.kind = kind
        self.credentials = credentials
        self.prefix = prefix
        self.schema = schema.replace("orap_", prefix.decode()) if kind.schema else None
        self.capabilities = kind.capabilities | (c.CLIENT_CONNECT_WITH_DB if kind.schema else 0)
        self.current = (self.schema or "").encode()  # the default schema, as far as the server has told
        self.buffer = bytearray()
        self.sequence = 0
        self.statements: dict[str, p.PrepareOk] = {}
        self.reading: Reading | None = None
        self.closed = False
        self.socket = socket.create_connection(address, _DEADLINE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.welcome = self._log_in()
        except BaseException:
            self.socket.close()
            raise

    # Login and goodbye.

    def _log_in(self) -> bytes:
        """Returns the OK packet."""
        greeting = p.parse_greeting(self._next())
        if not greeting.capabilities & c.CLIENT_QUERY_ATTRIBUTES:
            self.capabilities &= ~c.CLIENT_QUERY_ATTRIBUTES
        self.nonce, plugin = greeting.nonce, greeting.plugin
        chosen = auth.choose_plugin(plugin, self.credentials)
        response = auth.first_response(chosen, self.nonce, self.credentials)
        attributes = (("program_name", "oracle"),) if self.capabilities & c.CLIENT_CONNECT_ATTRS else ()
        login = p.Login(
            self.capabilities,
            1 << 24,
            self.kind.collation,
            self.credentials.user,
            response,
            self.schema,
            chosen,
            attributes,
        )
        self._write(p.build_login(login), self.sequence)
        return self._converse(chosen, self.nonce)

    def _converse(self, plugin: str, nonce: bytes) -> bytes:
        talk = auth.log_in(plugin, nonce, self.credentials, False, True)
        answer = next(talk)
        try:
            while True:
                if answer is not None:
                    self._write(answer, self.sequence)
                answer = talk.send(self._next())
        except StopIteration as stop:
            return bytes(stop.value)

    def leave(self) -> None:
        """Say goodbye and wait until the other side has closed."""
        if not self.closed:
            self.say_goodbye()
            try:
                while self.socket.recv(65536):
                    pass
            except ConnectionError:
                pass
        self.close()

    def say_goodbye(self) -> None:
        self._write(bytes((c.COM_QUIT,)), 0)

    def close(self) -> None:
        self.closed = True
        self.socket.close()

    @property
    def attributed(self) -> bool:
        """Whether commands have query attributes, or say that they have none."""
        return bool(self.capabilities & c.CLIENT_QUERY_ATTRIBUTES)

    # Bytes.

    def _write(self, payload: bytes, sequence: int) -> None:
        try:
            self.socket.sendall(frame(payload, sequence))
        except OSError:
            self.closed = True

    def _next(self) -> bytes:
        """The next packet, waiting for it."""
        while (payload := self._packet()) is None:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("the connection was closed during the login")
            self.buffer += data
        return payload

    def _packet(self) -> bytes | None:
        if len(self.buffer) < 4:
            return None
        size = int.from_bytes(self.buffer[:3], "little")
        if len(self.buffer) < 4 + size:
            return None
        self.sequence = (self.buffer[3] + 1) & 0xFF
        payload = bytes(self.buffer[4 : 4 + size])
        del self.buffer[: 4 + size]
        return payload

    # Steps.

    def begin(self, step: s.Step) -> Answer | None:
        """Send a step; its answer if there is nothing to wait for."""
        if self.closed:
            return CLOSED
        payload, self.reading = self._command(step)
        self.expected = 1
        self._write(payload, 0)
        if self.reading is None:
            return ()
        next(self.reading)
        return None

    def receive(self) -> Answer | None:
        """Take what the socket has; the answer if it is whole now."""
        try:
            data = self.socket.recv(1 << 20)
        except OSError:
            data = b""
        self.buffer += data
        assert self.reading is not None
        while (sequence := self.buffer[3] if len(self.buffer) > 3 else 0, payload := self._packet())[1] is not None:
            if sequence != self.expected & 0xFF:
                return (b"(packet %d where %d was due)" % (sequence, self.expected & 0xFF), payload)
            self.expected += 1
            try:
                self.reading.send(payload)
            except (ProxyError, IndexError):
                self.closed = True  # nobody knows where the next answer begins
                return (b"(a packet that cannot be read)", payload)
            except StopIteration as stop:
                answer: Answer = stop.value
                return tuple(self._shared(packet) for packet in answer)
        if not data:
            self.closed = True
            return CLOSED
        return None

    def _shared(self, packet: bytes) -> bytes:
        """The packet with the names of the shared run; a message may quote a text up to the middle of one."""
        return packet.replace(self.prefix[:-1], SHARED[:-1])

    def _command(self, step: s.Step) -> tuple[bytes, Reading | None]:
        """The payload of a step, and how its answer is read."""
        if isinstance(step, s.Query):
            text = self._own(step.sql)
            given = attributed_query(text) if self.attributed else b""
            return bytes((c.COM_QUERY,)) + given + text, self._results()
        if isinstance(step, s.InitDb):
            return bytes((c.COM_INIT_DB,)) + self._own(step.schema), self._single()
        if isinstance(step, s.FieldList):
            return bytes((c.COM_FIELD_LIST,)) + self._own(step.table) + b"\0", self._rows()
        if isinstance(step, s.Plain):
            if step.payload == s.RESET_CONNECTION:
                self.statements.clear()
            return step.payload, self._single()
        if isinstance(step, s.ChangeUser):
            return self._change_user(step)
        if isinstance(step, s.Prepare):
            return bytes((c.COM_STMT_PREPARE,)) + self._own(step.sql), self._prepared(step.handle)
        return self._statement_command(step)

    def _statement_command(self, step: s.Step) -> tuple[bytes, Reading | None]:
        handle: str = step.handle  # type: ignore[attr-defined]
        known = self.statements.get(handle, p.PrepareOk(_NO_STATEMENT, 0, 0))
        number = known.statement_id.to_bytes(4, "little")
        if isinstance(step, s.Execute):
            write = attributed_execution if self.attributed else execution
            return bytes((c.COM_STMT_EXECUTE,)) + number + write(step, known.parameters), self._results()
        if isinstance(step, s.Fetch):
            return bytes((c.COM_STMT_FETCH,)) + number + step.rows.to_bytes(4, "little"), self._rows()
        if isinstance(step, s.LongData):
            payload = bytes((c.COM_STMT_SEND_LONG_DATA,)) + number + step.parameter.to_bytes(2, "little") + step.data
            return payload, None
        assert isinstance(step, s.OnStatement)
        if step.command == c.COM_STMT_CLOSE:
            self.statements.pop(handle, None)
            return bytes((step.command,)) + number, None
        return bytes((step.command,)) + number, self._single()

    def _change_user(self, step: s.ChangeUser) -> tuple[bytes, Reading]:
        self.statements.clear()
        self.credentials = replace(self.credentials, user=step.user)
        plugin = auth.choose_plugin("caching_sha2_password", self.credentials)
        response = auth.first_response(plugin, self.nonce, self.credentials)
        schema = step.schema and self._own(step.schema.encode()).decode()
        self.current = (schema or "").encode()
        change = p.ChangeUser(step.user, response, schema, self.kind.collation, plugin)
        return p.build_change_user(change, self.capabilities), self._changing(plugin)

    def _own(self, text: bytes) -> bytes:
        return text.replace(SHARED, self.prefix)

    # Answers. Each reading is given packets, and returns those that are compared.

    def _single(self) -> Reading:
        return (self._ending((yield)),)

    def _ending(self, packet: bytes) -> bytes:
        if packet[0] == c.HEADER_ERR:
            return masks.error(packet)
        return self._ok(packet) if packet[0] == c.HEADER_OK else packet

    def _ok(self, packet: bytes) -> bytes:
        masked = masks.ok(packet, self.capabilities, self.current)
        told = p.parse_trackers(p.parse_ok(packet, self.capabilities).trackers).schema
        self.current = self.current if told is None else told.encode()
        return masked

    def _changing(self, plugin: str) -> Reading:
        """The last packet only: how the two sides agree on a password is not the session's."""
        talk = auth.log_in(plugin, self.nonce, self.credentials, False, True)
        answer = next(talk)
        while True:
            if answer is not None:
                self._write(answer, self.sequence)
                self.expected += 1
            packet = yield
            if packet[0] in (c.HEADER_OK, c.HEADER_ERR):
                return (self._ending(packet),)
            answer = talk.send(packet)

    def _results(self) -> Reading:
        kept: list[bytes] = []
        while True:
            first = yield
            if first[0] == _FILE:
                kept.append(first)
                self._send_file(first[1:])
                first = yield
            if first[0] == c.HEADER_ERR:
                return (*kept, masks.error(first))
            if first[0] == c.HEADER_OK:
                kept.append(self._ok(first))
                status = p.parse_ok(first, self.capabilities).status
            else:
                kept.append(first)
                rows, status = yield from self._result_set(first[0])
                kept += rows
                if kept[-1][0] == c.HEADER_ERR:
                    return tuple(kept)
            if not status & c.STATUS_MORE_RESULTS:
                return tuple(kept)

    def _send_file(self, name: bytes) -> None:
        """What there is under this name, and the empty packet that ends it; of nothing only that."""
        for piece in (*FILES.get(name, ()), b""):
            self._write(piece, self.expected & 0xFF)
            self.expected += 1

    def _result_set(self, columns: int) -> Generator[None, bytes, tuple[list[bytes], int]]:
        """Columns and rows; and the status in the end."""
        kept = []
        begun = 0
        for _ in range(columns):
            kept.append((yield))
        if not self.capabilities & c.CLIENT_DEPRECATE_EOF:
            between = yield
            kept.append(masks.between(between))
            begun = p.parse_eof(between).status
            if begun & c.STATUS_CURSOR_EXISTS:
                return kept, 0
        kept += yield from self._rows()
        if kept[-1][0] == c.HEADER_ERR:
            return kept, 0
        if begun & c.STATUS_PS_OUT_PARAMS:
            kept[-1] = masks.end_of_parameters(kept[-1])
        return kept, self._status(kept[-1])

    def _rows(self) -> Reading:
        """Rows, or a table's columns, up to their end."""
        kept = [(yield)]
        while kept[-1][0] != c.HEADER_ERR and not (kept[-1][0] == c.HEADER_EOF and len(kept[-1]) < 0xFFFFFF):
            kept[-1] = masks.row(kept[-1])
            kept.append((yield))
        end = kept.pop()
        if end[0] == c.HEADER_ERR:
            return (*kept, masks.error(end))
        whole = self.capabilities & c.CLIENT_DEPRECATE_EOF
        return (*kept, self._ok(end) if whole else masks.end_of_rows(end))

    def _status(self, end: bytes) -> int:
        if self.capabilities & c.CLIENT_DEPRECATE_EOF:
            return p.parse_ok(end, self.capabilities).status
        return p.parse_eof(end).status

    def _prepared(self, handle: str) -> Reading:
        first = yield
        if first[0] == c.HEADER_ERR:
            self.statements.pop(handle, None)
            return (first,)
        ok = self.statements[handle] = p.parse_prepare_ok(first)
        kept = [masks.prepared(first)]
        for count in (ok.parameters, ok.columns):
            ends = count and not self.capabilities & c.CLIENT_DEPRECATE_EOF
            for _ in range(count + bool(ends)):
                kept.append((yield))
            if ends:
                kept[-1] = masks.end_of_rows(kept[-1])
        return tuple(kept)
