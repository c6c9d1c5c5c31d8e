# cython: annotation_typing=False
"""One client, from its greeting to its goodbye.

A client is in one phase: LOGIN, IDLE (Forebay waits for a command), BUSY (a command is under way), FILE
(the client sends a file that the server asked for), CLOSED. This file owns the phases, the reading of
commands, and the single place where an error becomes an ERR packet and a log line. What a command means is
``commands``; how it gets a server connection is ``lending``; how its answer travels is ``transfer``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from proxy import native
from proxy.errors import MalformedPacket, PacketsOutOfOrder, PacketTooLarge, ProxyError, ServerLost, ShuttingDown
from proxy.net.server_connection import ServerConnection
from proxy.net.stream import Stream
from proxy.net.transport import Transport
from proxy.relay import asking, commands, executing, learning, leaving, lending, login, own_answers, preparing, transfer
from proxy.relay.linked import Linked
from proxy.relay.phases import BUSY, CLOSED, FILE, IDLE, LOGIN
from proxy.session.conditions import Conditions
from proxy.session.holdings import Holdings
from proxy.session.prepared import ClientStatements, Statement
from proxy.session.state import State
from proxy.session.statements import Traits
from proxy.wire import packets
from proxy.wire.constants import COM_QUERY, COM_STMT_PREPARE, COM_STMT_SEND_LONG_DATA
from proxy.wire.frames import HEADER, LONGEST, FrameReader, frame, frame_all, frame_count

if TYPE_CHECKING:
    from proxy.relay.doors import Door
    from proxy.relay.hub import Hub
    from proxy.relay.routes import Route

_log = logging.getLogger("forebay.client")

LONGEST_LOGIN_PACKET = 64 * 1024
_READ_AHEAD = 256 * 1024

_LINKS = Linked()


class Client(Stream):
    """See the module. Times are those of ``time.monotonic``."""

    __slots__ = (
        "_holdings",
        "_peer",
        "active",
        "ahead",
        "answer_sequence",
        "answering",
        "attributed",
        "attributes",
        "began",
        "capabilities",
        "collation",
        "command",
        "comment",
        "counted_elsewhere",
        "dedicated",
        "diagnostics",
        "doomed",
        "door",
        "error_state",
        "extended_metadata",
        "first_session",
        "found_rows",
        "gives_attributes",
        "hub",
        "id",
        "in_transaction",
        "insert_id",
        "late_rows",
        "lightly",
        "lingering",
        "login",
        "mode",
        "mode_of",
        "multi_statements",
        "nonce",
        "old_eof",
        "on_lent",
        "packet",
        "phase",
        "pins",
        "prepared",
        "reader",
        "retried",
        "route",
        "row_count",
        "schema",
        "secure",
        "sent_at",
        "server",
        "settling",
        "shape",
        "state",
        "statement",
        "status",
        "told",
        "traits",
        "untold",
        "user",
        "variables",
        "waits_for_settling",
        "wanted",
        "warned",
    )

    def __init__(self, hub: Hub, secure: bool) -> None:
        Stream.__init__(self)
        self.hub = hub
        self.id = 0
        self.doomed = False  # killed: to be closed as soon as the statement under way has ended
        self.phase = LOGIN
        self.reader = FrameReader(LONGEST_LOGIN_PACKET)
        self.secure = secure  # a unix socket, or TLS: nobody reads along
        self._peer = "localhost" if secure else ""
        self.user = ""
        self.attributes: tuple[tuple[str, str], ...] = ()
        self.comment = b""  # before each statement in text, where the settings want it
        self.schema: str | None = None
        self.collation = 0
        self.capabilities = 0
        self.old_eof = True
        self.extended_metadata = False
        self.wanted: frozenset[bytes] | None = None
        self.multi_statements = False
        self.gives_attributes = False  # writes query attributes into its commands, or that there are none
        self.door: Door | None = None  # what its greeting said
        self.nonce = b""
        self.login: login.Login | None = None
        self.route: Route = None  # type: ignore[assignment]  # known when the login is done
        self.active = self.began = self.sent_at = native.monotonic()
        # The session.
        self.first_session = True  # no change of user and no reset so far
        self.state: State | None = None
        self.mode = 0  # the lexer's, under the state ``mode_of``
        self.mode_of: State | None = None
        self.status = 0
        self.in_transaction = False
        self.dedicated = False  # keeps its server connection: sharing is off, or its user wants it so
        self.pins: dict[str, float] = {}
        self.prepared = ClientStatements()
        self.statement: Statement | None = None  # that the last command on one has named
        self.variables: dict[bytes, str | None] = {}
        self._holdings: Holdings | None = None
        self.ahead = False  # a SET was answered here since the lingering server connection was last used
        self.insert_id = 0
        self.row_count = 0
        self.found_rows = 0
        self.untold = b""  # trackers of a statement that failed, for a later OK packet
        self.late_rows = -1  # will count once a statement has changed rows, while ``counted_elsewhere``; MySQL only
        self.counted_elsewhere = True  # the server connection at hand has another number of found rows
        # The last statement's conditions, where no server connection has them: None says that the one at hand has them,
        # or that there are none.
        self.diagnostics: Conditions | None = None
        self.error_state = ""
        self.warned = 0  # warnings of the last answer
        self.told: list[bytes] | None = None  # the answer to a question about the last statement, made meanwhile
        # The command under way.
        self.command = 0
        self.packet = b""
        self.attributed = b""  # the same command as it came, where the client writes query attributes
        self.shape = 0
        self.traits: Traits | None = None
        self.answer_sequence = 1
        self.retried = False
        self.lightly = False  # ``on_lent`` sends an execution that cannot pin
        self.on_lent: Callable[[ServerConnection], None] | None = None
        self.server: ServerConnection | None = None
        self.lingering: ServerConnection | None = None
        self.settling: ServerConnection | None = None  # what this session left there is being read out
        self.waits_for_settling = False
        # What a server connection calls with each chunk of an answer: made once, not for each command.
        self.answering: Callable[[bytes], Any] = partial(transfer.answered, self)

    def __repr__(self) -> str:
        phase = ("login", "idle", "busy", "file", "closed")[self.phase]
        return f"<Client {self.id} {self.user}@{self.peer} {phase} {self.state!r}>"

    @property
    def peer(self) -> str:
        """The host that it has come from. Few are ever asked, and the transport knows it even when it is closed."""
        if not self._peer:
            self._peer = self.transport.host or "localhost"
        return self._peer

    @property
    def held(self) -> Holdings:
        """What its session holds by name; most hold nothing."""
        if self._holdings is None:
            self._holdings = Holdings()
        return self._holdings

    # The event loop's side.

    def connection_made(self, transport: Transport) -> None:
        Stream.connection_made(self, transport)
        login.greet(self)

    def data_received(self, data: bytes) -> None:
        if self._plain:  # what comes most takes the shortest way
            self.received_bytes += len(data)
            self.received(data)
        else:
            Stream.data_received(self, data)

    def received(self, data: bytes) -> None:
        if self.phase == IDLE and not self.reader.pending() and not self.write_paused:
            size = len(data) - HEADER
            if 0 < size < LONGEST and size <= self.reader.limit:
                header = data
                if header[3] == 0 and header[0] | header[1] << 8 | header[2] << 16 == size:
                    self.answer_sequence = 1
                    _LINKS.dispatch(self, data, header[HEADER])
                    return
        elif self.phase == LOGIN and not self.closing and (payload := self.reader.whole(data)) is not None:
            login.step(self, payload)
            return
        self.reader.feed(data)
        self.read_on()

    def read_on(self) -> None:
        """Take what has come as far as the phase allows; the rest waits, within bounds."""
        try:
            while self.phase in (LOGIN, IDLE, FILE) and not self.closing:
                if self.phase == IDLE and self.write_paused:
                    break  # who does not read its answers gets no more of them, until resume_writing
                payload = self.reader.packet()
                if payload is None:
                    return
                if self.phase == LOGIN:
                    login.step(self, payload)
                elif self.phase == FILE:
                    transfer.file_packet(self, payload)
                elif not payload:
                    raise MalformedPacket
                else:
                    self.answer_sequence = frame_count(len(payload)) & 0xFF
                    _LINKS.dispatch(self, frame(payload), payload[0])
        except (PacketsOutOfOrder, PacketTooLarge, MalformedPacket) as error:
            self.answer_sequence = self.reader.sequence or 1
            self.fatal(error)
        if self.phase in (BUSY, IDLE) and self.reader.pending() > _READ_AHEAD and not self.closing:
            self.pause_reading()

    def resume_writing(self) -> None:
        Stream.resume_writing(self)
        if self.phase == IDLE:
            self.resume_reading()
            self.read_on()

    def takes_more(self) -> bool:
        # A command's compressed packet says how its answer is numbered.
        return not self.reading_paused and self.phase != BUSY

    def tls_ready(self) -> None:
        self.secure = True

    def tls_failed(self, error: Exception) -> None:
        self.hub.stats.logins_failed["tls"] = self.hub.stats.logins_failed.get("tls", 0) + 1
        _log.info("client %d from %s broke TLS: %s", self.id, self.peer, error)
        self.close()

    def lost(self, exc: Exception | None) -> None:
        login.gone(self)
        was, self.phase = self.phase, CLOSED
        if was == CLOSED:
            return
        if self.route is not None:
            leaving.abandon(self)
        self.answering = _unheard  # a client that refers to itself would wait for the garbage collector

    # Answers made here.

    def answer(self, payloads: list[bytes]) -> None:
        """Send an answer of Forebay's own and be ready for the next command."""
        self.write(frame_all(payloads, self.answer_sequence))
        self.ready()

    def answer_ok(self, info: bytes = b"", warnings: int = 0) -> None:
        ok = packets.Ok(0, 0, self.status, warnings, info, self.with_untold(b""))
        self.answer([packets.build_ok(ok, self.capabilities)])

    def with_untold(self, trackers: bytes) -> bytes:
        """The trackers of an OK packet and those that were not told yet: on MariaDB they wait for others."""
        if trackers or not learning.is_mariadb(self):
            trackers, self.untold = packets.with_later(self.untold, trackers), b""
        return trackers

    def refuse(self, error: ProxyError) -> None:
        """Answer the command with an ERR packet; the client goes on."""
        if self.command == COM_STMT_SEND_LONG_DATA and self.statement is not None and self.phase == BUSY:
            self.statement.failure = error  # that command has no answer: the execution tells
            self.ready()
            return
        self.log_error(error)
        self.row_count = -1
        self.ahead = True
        self.warned = 1
        self.diagnostics = own_answers.error_as_list(self, error)
        self.answer([packets.build_err(error.number, error.sqlstate, error.text, self.capabilities)])

    def fatal(self, error: ProxyError) -> None:
        """Tell the client why, and close."""
        self.active = native.monotonic()  # from now on it may take the time of a login to hear this
        self.log_error(error)
        payload = packets.build_err(error.number, error.sqlstate, error.text, self.capabilities)
        self.write(frame(payload, self.answer_sequence))
        self.close()

    def log_error(self, error: ProxyError) -> None:
        """The one log line and the one count of an error that Forebay made."""
        errors = self.hub.stats.errors
        errors[error.label] = errors.get(error.label, 0) + 1
        if _log.isEnabledFor(error.level):
            fields = {"client": self.id, "user": self.user, "peer": self.peer, "error": error.label}
            _log.log(error.level, "%s", error.text, extra={"fields": fields})

    def ready(self) -> None:
        """The command is done: wait for the next one, or take it if it is here already."""
        if self.phase == CLOSED or self.closing:
            return
        self.phase = IDLE
        self.reader.sequence = 0
        self.traits = None
        self.packet = self.attributed = b""
        self.on_lent = None
        self.retried = False
        if self.doomed:
            self.close()
            return
        if self.hub.draining and not self.in_transaction:
            login.refuse_while_draining(self)
            return
        if self.reading_paused and not self.write_paused:
            self.resume_reading()
        if self.reader.pending():
            asyncio.get_running_loop().call_soon(self.read_on)
        elif not self._plain:
            self.unpack_soon()

    def leave_when_idle(self) -> None:
        """Forebay drains: go now if nothing is under way, else ``ready`` will see to it."""
        if self.phase == IDLE and not self.in_transaction:
            login.refuse_while_draining(self)
        elif self.phase == LOGIN:
            self.fatal(ShuttingDown())

    # The pool's side.

    def granted(self, connection: ServerConnection) -> bool:
        if self.phase != BUSY:
            return False
        _LINKS.lend(self, connection)
        return True

    def denied(self, error: ProxyError) -> None:
        lending.denied(self, error)

    def lingering_lost(self, connection: ServerConnection) -> None:
        """The server connection that held this session's residue is gone."""
        if self.lingering is connection:
            self.lingering = None
        connection.lingers_for = None
        lending.residue_lost(self, connection)
        if None in self.variables.values() and self.phase != CLOSED:
            self.answer_sequence = 0 if self.phase == IDLE else self.answer_sequence
            self.fatal(ServerLost("Lost connection to MySQL server: values of user variables are gone"))

    # What lending leaves to others.

    def read_again(self) -> None:
        """The statement was read before the server's sql_mode was known."""
        if self.traits is not None and self.command in (COM_QUERY, COM_STMT_PREPARE):
            self.traits = commands.read_traits(self)

    def send(self, server: ServerConnection) -> None:
        _LINKS.send(self, server)

    def prepare_on(self, server: ServerConnection) -> None:
        preparing.prepare_on(self, server)

    def execute_on(self, server: ServerConnection) -> None:
        _LINKS.execute_on(self, server)

    def execute_with_id(self, server: ServerConnection) -> None:
        asking.execute_with_id(self, server)

    def forward_on(self, server: ServerConnection) -> None:
        executing.forward_on(self, server)

    def reset_on(self, server: ServerConnection) -> None:
        executing.reset_on(self, server)

    def long_data_on(self, server: ServerConnection) -> None:
        executing.long_data_on(self, server)

    def send_renamed(self, server: ServerConnection, packet: bytes, names: dict[bytes, bytes]) -> None:
        transfer.send_renamed(self, server, packet, names)

    def execute_instead(self, server: ServerConnection, text: bytes, names: dict[bytes, bytes]) -> None:
        executing.execute_instead(self, server, text, names)

    def server_failed(self, server: ServerConnection, error: ProxyError) -> None:
        transfer.server_lost(self, server, error)

    # The server connection's side.

    def server_lost(self, connection: ServerConnection) -> None:
        transfer.server_lost(self, connection, ServerLost())


def _unheard(data: bytes) -> None:
    """What comes for a client that has gone."""
