# cython: annotation_typing=False
"""A server connection: one logged-in connection to a MySQL server.

It is in one of three ways of working. During login and change of user, packets are read one at a
time by a coroutine (``packet``). In a conversation, a generator asks and gets whole answers
(``converse``). In the steady state a borrower gets every chunk as it comes (``answering``), and no
task or future exists.

It knows the protocol and what session it holds; it does not know pools or clients.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Generator
from typing import Any, TypeAlias, TypeVar

from proxy import native
from proxy.errors import MalformedPacket, ProxyError, ServerLost
from proxy.net.stream import Stream
from proxy.session.prepared import Preparations
from proxy.session.state import State
from proxy.wire import attributes, replies
from proxy.wire.answers import Answer
from proxy.wire.constants import COM_QUERY, COM_QUIT, COM_STMT_PREPARE
from proxy.wire.frames import FrameReader, frame
from proxy.wire.replies import Reply

T = TypeVar("T")
_PREPARE, _QUERY = replies.PREPARE, replies.QUERY

# Asks with payloads of commands, all sent at once; is sent one answer for each.
Conversation: TypeAlias = Generator[list[bytes], list[Answer], T]
Finished: TypeAlias = Callable[[Any, ProxyError | None], None]

_LONGEST_LOGIN_PACKET = 1 << 20
UNSEEN = b"\0"  # stands for user variables of unknown names: no client has one of this name


class ServerConnection(Stream):
    """See the module.

    ``state`` is the session state that it holds, ``residue`` what else its last client left in it, and
    ``lingers_for`` who that was; ``borrower`` has it now. ``multi_statements`` is the server's option.
    """

    __slots__ = (
        "__weakref__",
        "_answers",
        "_expected",
        "_failure",
        "_finished",
        "_raw",
        "_reader",
        "_shapes",
        "_talk",
        "_waiter",
        "address",
        "answering",
        "asked_at",
        "behind",
        "borrower",
        "capabilities",
        "connection_id",
        "extended_metadata",
        "found_none",
        "insert_id",
        "large",
        "lingers_for",
        "mariadb",
        "multi_statements",
        "nonce",
        "on_lost",
        "plugin",
        "prepared",
        "query_attributes",
        "reply",
        "residue",
        "state",
        "switching",
        "variables",
        "variables_seen",
        "version",
    )

    def __init__(self) -> None:
        super().__init__()
        self.reply = Reply()
        self.answering: Callable[[bytes], None] | None = None
        self.on_lost: Callable[[ServerConnection], None] | None = None
        self.state: State | None = None
        self.lingers_for: Any = None
        self.borrower: Any = None
        self.multi_statements = True
        self.residue = 0
        self.switching = False  # a change of user is under way, whoever waits for its end
        self.found_none = True  # FOUND_ROWS() here may be 0
        self.insert_id: int | None = 0  # LAST_INSERT_ID() here; None, or the residue, says that nobody knows
        self.variables: dict[bytes, str | None] = {}  # user variables as SQL, None where not read out yet
        self.variables_seen: set[bytes] = set()  # names that were ever set here: NULL now is not the same as never
        self.large = 0.0  # when the command was sent whose answer turned out to be large
        self.asked_at = 0.0  # when Forebay last asked something of its own here
        self.prepared: Preparations | None = None
        self.connection_id = 0
        self.version = ""
        self.mariadb = False
        self.capabilities = 0
        self.extended_metadata = False  # MariaDB's, in column definitions
        self.query_attributes = False  # looks for them in commands
        self.nonce = b""
        self.plugin = ""
        self.address = ""
        self._reader: FrameReader | None = FrameReader(_LONGEST_LOGIN_PACKET)
        self._waiter: asyncio.Future[None] | None = None
        self._failure: ProxyError | None = None
        self._talk: Conversation[Any] | None = None
        self._finished: Finished | None = None
        self._answers: list[Answer] = []
        self._expected = 0
        self.behind = False  # a borrower's command has been sent right behind the questions of a talk
        self._shapes: list[int] = []
        self._raw: list[bytes | bytearray] = []

    def __repr__(self) -> str:
        return f"<ServerConnection {self.connection_id} to {self.address} {self.state!r}>"

    def data_received(self, data: bytes) -> None:
        if self._plain and self.answering is not None:  # what comes most takes the shortest way
            self.received_bytes += len(data)
            self.answering(data)
        else:
            Stream.data_received(self, data)

    def received(self, data: bytes) -> None:
        if self.answering is not None:
            self.answering(data)
        elif self._reader is not None:
            self._reader.feed(data)
            self._wake()
        else:
            self.abort()  # an idle server connection says something only when it is about to close

    def lost(self, exc: Exception | None) -> None:
        self._failure = self._failure or ServerLost()
        if self.prepared is not None:
            self.prepared.clear()
        self._wake()
        talking = self._talk is not None
        if talking:
            self._end_talk(None, ServerLost())
        if self.on_lost is not None:
            self.on_lost(self)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # Packets, for logins.

    async def packet(self) -> bytes:
        """The next packet. Raises ServerLost, or the ProxyError that the bytes deserve."""
        while True:
            if self._reader is not None and (payload := self._reader.packet()) is not None:
                return payload
            if self._failure is not None:
                raise self._failure
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def send_packet(self, payload: bytes) -> None:
        """Answer in the numbering of the packets read."""
        assert self._reader is not None
        self.write(frame(payload, self._reader.sequence))
        self._reader.sequence = (self._reader.sequence + 1) & 0xFF

    def read_packets(self) -> None:
        """From now on packets are read one at a time, numbered from 0."""
        self._reader = FrameReader(_LONGEST_LOGIN_PACKET)
        self._reader.ordered = not self.compressed

    def read_answers(self) -> None:
        """From now on answers are read, by conversations and borrowers."""
        self._reader = None

    def tls_failed(self, error: Exception) -> None:
        self._failure = ServerLost(f"TLS to the server failed: {error}")
        self.abort()

    # Conversations.

    def converse(self, talk: Conversation[Any], finished: Finished, behind: bytes = b"") -> None:
        """Run ``talk`` and then call ``finished(result, None)`` or ``finished(None, error)``.

        A talk that asks nothing is finished at once, also by an error. An error that the talk raises leaves the
        connection usable; ServerLost and MalformedPacket do not. ``behind`` is a framed command of a borrower's that is
        sent together with the questions of a talk that asks only once; from ``finished`` on, ``answering`` has to take
        its answer.
        """
        try:
            commands = next(talk)
        except StopIteration as stop:
            finished(stop.value, None)
            return
        except ProxyError as error:
            finished(None, error)
            return
        self._talk = talk
        self._finished = finished
        self.answering = self._conversing
        self.behind = bool(behind)
        self._ask(commands, behind)

    async def ask(self, talk: Conversation[T]) -> T:
        """The same for a coroutine: return the talk's result or raise its error."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def finished(result: T, error: ProxyError | None) -> None:
            if future.cancelled():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

        if self.closing:
            raise ServerLost
        self.converse(talk, finished)
        return await future

    @property
    def conversing(self) -> bool:
        """Whether Forebay waits for answers to questions of its own."""
        return self._talk is not None

    def _ask(self, commands: list[bytes], behind: bytes = b"") -> None:
        self.asked_at = native.monotonic()
        self._answers = []
        self._expected = len(commands)
        self._shapes = [_PREPARE if command[0] == COM_STMT_PREPARE else _QUERY for command in commands]
        self._raw = []
        self._expect()
        packets = [self._framed(command) for command in commands]
        packets.append(behind)
        self.write(b"".join(packets))  # each write is a system call

    def _framed(self, command: bytes) -> bytes:
        packet = frame(command)
        return attributes.with_none(packet) if self.query_attributes and command[0] == COM_QUERY else packet

    def _expect(self) -> None:
        """Another answer begins. That to a preparation is for clients, so its extended metadata stays."""
        shape = self._shapes[len(self._answers)]
        self.reply.begin(shape, False, None, 0 if shape == _PREPARE else self.extended_metadata)

    def _conversing(self, data: bytes) -> None:
        reply = self.reply
        try:
            while data:
                self._raw.append(reply.feed(data))
                data = b""
                if reply.infile:
                    raise MalformedPacket("The server asked for a file")
                if reply.done:
                    data = reply.surplus
                    self._answers.append(Answer(b"".join(self._raw), reply))
                    self._raw = []
                    if len(self._answers) == self._expected:
                        break
                    self._expect()
        except ProxyError as error:
            self.abort()  # first, so that whoever is told gives nothing broken back
            self._end_talk(None, error)
            return
        if len(self._answers) == self._expected:
            if not data:
                self._answered()
            elif self.behind:
                self._answered()
                if self.answering is not None:
                    self.answering(data)
            else:
                self.abort()
                self._end_talk(None, MalformedPacket("The server sent more answers than commands"))

    def _answered(self) -> None:
        assert self._talk is not None
        try:
            commands = self._talk.send(self._answers)
        except StopIteration as stop:
            self._end_talk(stop.value, None)
        except ProxyError as error:
            self._end_talk(None, error)
        else:
            self._ask(commands)

    def _end_talk(self, result: Any, error: ProxyError | None) -> None:
        finished, self._talk, self._finished = self._finished, None, None
        self.answering = None
        if finished is not None:
            finished(result, error)

    def doubt(self) -> None:
        """There may be user variables here, or more, that nobody knows of: only a clean slate helps the next client."""
        self.variables[UNSEEN] = ""
        self.variables_seen.add(UNSEEN)

    def forget_session(self) -> None:
        """A clean slate has removed every user variable, the insert id, and all prepared statements."""
        if self.prepared is not None:
            self.prepared.clear()
        self.variables = {}
        self.variables_seen.clear()
        self.insert_id = 0
        self.found_none = True

    async def leave(self) -> None:
        """Say goodbye, and wait until the server has closed: until then it counts this connection."""
        self.on_lost = None
        self.read_packets()
        self.write(frame(bytes((COM_QUIT,))))
        with contextlib.suppress(ProxyError):
            while True:
                await self.packet()
        self.close()
