"""What each command byte means: forwarded, answered here, or refused. A new command is a row here."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from proxy.errors import MalformedPacket, NotSupported, UnknownCommand
from proxy.net.server_connection import ServerConnection
from proxy.relay import kill, learning, leaving, lending, login, own_answers, transfer
from proxy.session import pins, statements
from proxy.session.statements import Traits
from proxy.wire import packets, replies
from proxy.wire.constants import (
    CLIENT_DEPRECATE_EOF,
    COM_BINLOG_DUMP,
    COM_BINLOG_DUMP_GTID,
    COM_CHANGE_USER,
    COM_CREATE_DB,
    COM_DEBUG,
    COM_DROP_DB,
    COM_FIELD_LIST,
    COM_INIT_DB,
    COM_PING,
    COM_PROCESS_INFO,
    COM_PROCESS_KILL,
    COM_QUERY,
    COM_QUIT,
    COM_REFRESH,
    COM_REGISTER_SLAVE,
    COM_RESET_CONNECTION,
    COM_SET_OPTION,
    COM_SHUTDOWN,
    COM_STATISTICS,
    COM_STMT_CLOSE,
    COM_STMT_EXECUTE,
    COM_STMT_FETCH,
    COM_STMT_PREPARE,
    COM_STMT_RESET,
    COM_STMT_SEND_LONG_DATA,
    COM_TABLE_DUMP,
    OPTION_MULTI_STATEMENTS_OFF,
    OPTION_MULTI_STATEMENTS_ON,
)
from proxy.wire.frames import HEADER, LONGEST

if TYPE_CHECKING:
    from proxy.relay.client import Client

_BODY = HEADER + 1

# What a binary prepared statement does is not told by its execution: like CALL, it may be anything.
_EXECUTED = Traits(statements.CALLS, 1, b"EXECUTE")


def dispatch(client: Client, packet: bytes, command: int) -> None:
    """A whole command has come. ``packet`` is framed, ``command`` its first byte."""
    client.command = command
    client.packet = packet
    client.began = client.active = time.monotonic()
    _COMMANDS.get(command, _unknown)(client, packet)


def _query(client: Client, packet: bytes) -> None:
    stats = client.hub.stats
    if client._tls is None:
        stats.queries_plain += 1
    else:
        stats.queries_tls += 1
    traits = client.traits = read_traits(client)
    client.shape = replies.QUERY
    if traits.flags & own_answers.MAYBE and own_answers.try_here(client, traits):
        return
    lending.borrow(client)


def read_traits(client: Client) -> Traits:
    """The traits of the command's SQL text, under the session's sql_mode and charset as far as they are known."""
    mode = client.state.mode if client.state is not None else 0
    return client.hub.traits.get(_text(client.packet), mode)


def _text(packet: bytes) -> bytes:
    """The SQL text; a payload over 16 MiB is framed in several pieces, whose headers are not text."""
    if len(packet) < HEADER + LONGEST:
        return packet[_BODY:]
    parts = [packet[start + HEADER : start + HEADER + LONGEST] for start in range(0, len(packet), HEADER + LONGEST)]
    return b"".join(parts)[1:]


def _forward(shape: int) -> Callable[[Client, bytes], None]:
    def forward(client: Client, packet: bytes) -> None:
        client.shape = shape
        lending.borrow(client)

    return forward


# Prepared statements live on one server connection, so the client keeps it while it has any.


def _prepare(client: Client, packet: bytes) -> None:
    client.shape = replies.PREPARE
    client.traits = read_traits(client)
    client.on_lent = lambda server: _send_prepare(client, server)
    lending.borrow(client)


def _send_prepare(client: Client, server: ServerConnection) -> None:
    learning.pin(client, pins.PREPARED_STATEMENT, None)
    transfer.send(client, server)


def _with_statement(shape: int) -> Callable[[Client, bytes], None]:
    def forward(client: Client, packet: bytes) -> None:
        if client.server is None:
            client.refuse(own_answers.unknown_statement(client, packet))
            return
        client.shape = shape
        lending.borrow(client)

    return forward


def _execute(client: Client, packet: bytes) -> None:
    if client.server is None:
        client.refuse(own_answers.unknown_statement(client, packet))
        return
    client.shape = replies.QUERY
    client.traits = _EXECUTED
    lending.borrow(client)


def _without_answer(client: Client, packet: bytes) -> None:
    if client.server is not None:
        transfer.send_without_answer(client, client.server)
    else:
        client.ready()


def _close_statement(client: Client, packet: bytes) -> None:
    server = client.server
    if server is None or len(packet) < _BODY + 4:
        client.ready()
        return
    client.prepared.discard(int.from_bytes(packet[_BODY : _BODY + 4], "little"))
    server.write(packet)
    if not client.prepared:
        learning.unpin(client, pins.PREPARED_STATEMENT)
        lending.release(client, server)
    client.ready()


# Answered here.


def _quit(client: Client, packet: bytes) -> None:
    client.close()


def _ping(client: Client, packet: bytes) -> None:
    client.answer_ok()


def _statistics(client: Client, packet: bytes) -> None:
    client.answer([own_answers.statistics(client.hub)])


def _set_option(client: Client, packet: bytes) -> None:
    if len(packet) != _BODY + 2:
        client.refuse(MalformedPacket())
        return
    option = int.from_bytes(packet[_BODY:], "little")
    if option not in (OPTION_MULTI_STATEMENTS_ON, OPTION_MULTI_STATEMENTS_OFF):
        client.refuse(UnknownCommand())
        return
    client.multi_statements = option == OPTION_MULTI_STATEMENTS_ON
    if client.capabilities & CLIENT_DEPRECATE_EOF:
        ok = packets.Ok(0, 0, client.status, 0, b"", b"")
        client.answer([packets.build_ok(ok, client.capabilities, 0xFE)])
    else:
        client.answer([packets.build_eof(0, client.status)])


def _init_db(client: Client, packet: bytes) -> None:
    client.shape = replies.SINGLE
    lending.borrow(client)


def _reset_connection(client: Client, packet: bytes) -> None:
    leaving.abandon(client)
    login.reset_session(client)
    client.answer_ok()


def _change_user(client: Client, packet: bytes) -> None:
    leaving.abandon(client)
    login.change_user(client, packet[HEADER:])


def _process_kill(client: Client, packet: bytes) -> None:
    if len(packet) != _BODY + 4:
        client.refuse(MalformedPacket())
        return
    kill.kill(client, int.from_bytes(packet[_BODY:], "little"), query_only=False)


# Refused.


def _unknown(client: Client, packet: bytes) -> None:
    client.refuse(UnknownCommand())


def _not_for_clients(what: str) -> Callable[[Client, bytes], None]:
    def refuse(client: Client, packet: bytes) -> None:
        client.refuse(NotSupported(f"{what} is not available through Forebay; connect to the server itself"))

    return refuse


_COMMANDS: dict[int, Callable[[Client, bytes], None]] = {
    COM_QUIT: _quit,
    COM_INIT_DB: _init_db,
    COM_QUERY: _query,
    COM_FIELD_LIST: _forward(replies.FIELDS),
    COM_STATISTICS: _statistics,
    COM_PROCESS_KILL: _process_kill,
    COM_PING: _ping,
    COM_CHANGE_USER: _change_user,
    COM_STMT_PREPARE: _prepare,
    COM_STMT_EXECUTE: _execute,
    COM_STMT_SEND_LONG_DATA: _without_answer,
    COM_STMT_CLOSE: _close_statement,
    COM_STMT_RESET: _with_statement(replies.SINGLE),
    COM_SET_OPTION: _set_option,
    COM_STMT_FETCH: _with_statement(replies.FETCH),
    COM_RESET_CONNECTION: _reset_connection,
    COM_CREATE_DB: _not_for_clients("COM_CREATE_DB"),
    COM_DROP_DB: _not_for_clients("COM_DROP_DB"),
    COM_REFRESH: _not_for_clients("COM_REFRESH"),
    COM_SHUTDOWN: _not_for_clients("COM_SHUTDOWN"),
    COM_PROCESS_INFO: _not_for_clients("COM_PROCESS_INFO"),
    COM_DEBUG: _not_for_clients("COM_DEBUG"),
    COM_BINLOG_DUMP: _not_for_clients("Replication"),
    COM_BINLOG_DUMP_GTID: _not_for_clients("Replication"),
    COM_REGISTER_SLAVE: _not_for_clients("Replication"),
    COM_TABLE_DUMP: _not_for_clients("Replication"),
}
