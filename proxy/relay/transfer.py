# cython: annotation_typing=False
"""Send one command to a server connection, stream its answer to the client, and see what it changed.

The steady state: no task, no future, nothing allocated beyond the bytes themselves. When the answer is
complete, ``learning`` says what the session has become, and the server connection is given back
unless something holds the client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy import native
from proxy.errors import MalformedPacket, NotSupported, ProxyError, ServerLost
from proxy.net import bulk
from proxy.net.server_connection import ServerConnection
from proxy.relay import executed, learning, leaving, lending, outgoing
from proxy.relay.phases import BUSY, FILE
from proxy.relay.renaming import Renaming
from proxy.session import pins, statements
from proxy.session.conversations import ask_status
from proxy.session.state import MODE_FLAGS
from proxy.wire import attributes, packets
from proxy.wire.answers import Answer
from proxy.wire.constants import CLIENT_LOCAL_FILES, CLIENT_PROTOCOL_41, COM_QUERY, STATUS_AUTOCOMMIT, STATUS_IN_TRANS
from proxy.wire.frames import frame, frame_count
from proxy.wire.packets.trackers import filter_trackers, with_later
from proxy.wire.replies import LASTING

if TYPE_CHECKING:
    from proxy.relay.client import Client

# An ERR packet has no status flags: after these a transaction may be open that was not before.
_MAY_BEGIN = statements.TRANSACTION | statements.CALLS | statements.MULTI | statements.TEXT_PREPARE | statements.UNSURE
_MAY_CHANGE = _MAY_BEGIN | statements.FUNCTION
_MAY_HAVE_SAVED = statements.CALLS | statements.MULTI  # before the part that failed
_FIRES_TRIGGERS = frozenset({b"INSERT", b"REPLACE", b"UPDATE", b"DELETE", b"LOAD", b"WITH"})
_HANGS_UP = statements.HANGS_UP
_FOLLOWED = STATUS_AUTOCOMMIT | MODE_FLAGS
_LARGE = 8192  # bytes of an answer that come at once; servers send 16 kB
_UNTOUCHED = frozenset({1044, 1046, 1054, 1064, 1142, 1146})  # errors before any row is looked at
_UNREAD = frozenset({1046, 1064})  # errors before the server has looked for anything


def send(client: Client, server: ServerConnection) -> None:
    """Send the client's command; the answer comes to ``answered``."""
    if client.write_paused:
        client.throttle(server)
    else:
        client.throttles = server
    server.answering = client.answering
    reply = server.reply
    reply.status = client.status
    metadata = server.extended_metadata - client.extended_metadata
    reply.begin(client.shape, client.old_eof, client.wanted, metadata)
    if client.untold:
        reply.untold = client.untold
        reply.untold_waits = server.mariadb
    client.sent_at = native.monotonic()
    if server.behind:  # it went out together with a question
        server.behind = False
    else:
        rewritten = server.query_attributes or client.comment
        server.write(outgoing.packet(client, server) if rewritten else client.packet)


def send_renamed(client: Client, server: ServerConnection, packet: bytes, names: dict[bytes, bytes]) -> None:
    """Send ``packet`` instead, in whose answer the columns are to be named as in ``names``."""
    as_written = outgoing.packet(client, server)
    written = client.packet, client.attributed
    if client.attributed and client.command == COM_QUERY:  # an execution's stay, whatever statement it is of
        client.attributed = attributes.with_those_of(client.attributed, packet)
    client.packet = packet
    send(client, server)
    client.packet, client.attributed = written
    server.answering = Renaming(server, as_written, names, client.answering)


def answered(client: Client, data: bytes) -> None:
    """A chunk of the answer has come."""
    server = client.server
    assert server is not None
    reply = server.reply
    try:
        out = reply.feed(data)
        if reply.surplus:
            raise MalformedPacket("The server sent more than one answer to a command")
    except ProxyError as error:
        server_lost(client, server, error)
        server.abort()
        return
    if reply.infile and not client.capabilities & CLIENT_LOCAL_FILES:
        lending.drop(client, server, "file_refused")
        client.fatal(NotSupported("The statement asks for a local file, and the client has offered none"))
        return
    if out:
        client.write(out)
    if reply.done:
        finish(client, server)
    elif reply.infile and client.phase == BUSY:
        _begin_file(client, server)
    elif len(data) >= _LARGE:
        if server.large == client.sent_at:  # the second such piece: it is worth the change
            bulk.begin(server, client)
        else:
            server.large = client.sent_at


def finish(client: Client, server: ServerConnection) -> None:
    """The answer is complete."""
    if client.write_paused:
        client.throttle(None)
    else:
        client.throttles = None
    server.answering = None
    now = native.monotonic()
    client.active = now
    stats = client.hub.stats
    stats.server_latency.observe(now - client.sent_at)
    stats.query_latency.observe(now - client.began)
    reply = server.reply
    if client.untold:
        client.untold = reply.untold
    if client.phase == FILE:  # answered before the file's end: what is left of it must not be read as commands
        lending.drop(client, server, "file_unread")
        client.close()
        return
    if reply.error is not None:
        finish_error(client, server, reply.error)
        return
    before, status = client.status, reply.status & LASTING
    client.status = status
    was = client.in_transaction
    client.in_transaction = bool(status & STATUS_IN_TRANS)
    if was is not client.in_transaction:
        stats.in_transaction += 1 if client.in_transaction else -1
        if was:
            learning.unpin(client, pins.SAVEPOINT)  # it ends with the transaction
    if client.hub.learns:
        learning.learn(client, server, reply)
    if client.command != COM_QUERY:
        executed.ended(client, server)
    if (before ^ client.status) & _FOLLOWED:
        learning.follow_flags(client, server, before)
    if client.traits is not None and client.traits.flags & _HANGS_UP:
        lending.drop(client, server, "released")
        client.close()
    else:
        lending.release(client, server, now)
    client.ready()


def finish_error(client: Client, server: ServerConnection, payload: bytes) -> None:
    """The answer, or what stands for one, is this ERR packet."""
    number = packets.parse_err(payload, CLIENT_PROTOCOL_41).number
    learning.learn_error(client, server, number)
    if client.command != COM_QUERY:
        executed.ended(client, server)
    if number in lending.FAREWELLS:
        _lost_after_error(client, server, "farewell", client.in_transaction or bool(client.pins))
    elif _may_hide(client, server, number):
        # A routine that failed behind a result has left the default schema of which the result told.
        with_trackers = server.mariadb and server.reply.trackers is not None
        server.converse(
            ask_status(server.multi_statements, with_trackers),
            lambda answer, error: _status_known(client, server, answer, error),
        )
    else:
        _after_error(client, server)


def _may_hide(client: Client, server: ServerConnection, number: int) -> bool:
    """Whether the ERR packet may leave untold what has become of a transaction, or what a trigger has done before.

    Nor has it trackers: MySQL gives them with the next answer, whoever that is for. It has some also where a routine of
    another schema has been read for the first time, perhaps behind a view.
    """
    if client.in_transaction or not client.status & STATUS_AUTOCOMMIT:
        return True
    if client.traits is not None and client.traits.flags & _MAY_CHANGE:
        return True
    if not server.mariadb:
        return number not in _UNREAD
    return client.traits is not None and client.traits.verb in _FIRES_TRIGGERS and number not in _UNTOUCHED


def _status_known(client: Client, server: ServerConnection, answer: Answer | None, error: ProxyError | None) -> None:
    if client.server is not server:
        _known_too_late(server, answer, error)
        return
    if error is not None or answer is None:
        _lost_after_error(client, server, "lost", held=True)
        return
    status = answer.status
    if answer.trackers:
        learning.learn_late(client, server, answer.trackers)
        _tell_late(client, answer.trackers)
    before, client.status = client.status, status & LASTING
    if (before ^ client.status) & MODE_FLAGS:
        learning.follow_flags(client, server, before)
    in_transaction = bool(status & STATUS_IN_TRANS)
    if client.in_transaction is not in_transaction:
        client.hub.stats.in_transaction += 1 if in_transaction else -1
        client.in_transaction = in_transaction
    traits = client.traits
    if traits is not None and traits.flags & _MAY_HAVE_SAVED:
        learning.learn_savepoint(client, traits, status)
    _after_error(client, server)


def _known_too_late(server: ServerConnection, answer: Answer | None, error: ProxyError | None) -> None:
    """The client went while the server connection was asked, which may have been dropped at once: it was about to be
    killed."""
    gone = server.lingers_for
    if gone is None:
        return
    if answer is not None:
        gone.in_transaction = gone.in_transaction or bool(answer.status & STATUS_IN_TRANS)
        gone.dirty = gone.dirty or bool(answer.trackers)
    leaving.orphaned(server, error)


def _tell_late(client: Client, blocks: list[bytes]) -> None:
    """The client gets with a later answer what concerns it of these trackers, as the server would have told it."""
    for block in blocks:
        client.untold = with_later(client.untold, filter_trackers(block, client.wanted))


def _lost_after_error(client: Client, server: ServerConnection, reason: str, held: bool) -> None:
    """The client has its ERR packet, and if the session was ``held`` by the server connection, lost it since."""
    lending.drop(client, server, reason)
    if held:
        client.fatal(ServerLost("Lost connection to MySQL server: the session's state is gone"))
    else:
        client.ready()


def _after_error(client: Client, server: ServerConnection) -> None:
    lending.release(client, server)
    client.ready()


def server_lost(client: Client, server: ServerConnection, error: ProxyError) -> None:
    """The server connection broke, or broke the protocol, while this client had it."""
    if client.server is not server:
        return
    started = server.reply.started and server.answering is client.answering
    was_busy = client.phase in (BUSY, FILE)
    held = client.in_transaction or bool(client.pins) or None in client.variables.values()
    retry = _may_retry(client) and not started and not held
    lending.drop(client, server, "lost")
    if not was_busy:
        client.fatal(ServerLost("Lost connection to MySQL server: the session's state is gone"))
    elif retry:
        client.retried = True
        lending.borrow(client)
    elif started:
        client.log_error(error)
        client.abort()
    elif held:
        client.fatal(error)
    else:
        client.refuse(error)


def _may_retry(client: Client) -> bool:
    """A read outside a transaction that has been sent once may be sent once more."""
    return client.traits is not None and bool(client.traits.flags & statements.READ_ONLY) and not client.retried


# LOAD DATA LOCAL INFILE: the direction turns round.


def _begin_file(client: Client, server: ServerConnection) -> None:
    """The server asks for a file."""
    client.phase = FILE
    client.reader.sequence = (server.reply.file_sequence + server.reply.shift) & 0xFF
    if server.write_paused:
        server.throttle(client)
    else:
        server.throttles = client
    client.read_on()


def file_packet(client: Client, payload: bytes) -> None:
    """A piece of the client's file; an empty one ends it."""
    server = client.server
    assert server is not None
    sequence = client.reader.sequence - frame_count(len(payload)) - server.reply.shift
    server.write(frame(payload, sequence & 0xFF))
    if not payload:
        client.phase = BUSY
        server.reply.infile = False
        server.throttle(None)
