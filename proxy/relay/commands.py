# cython: annotation_typing=False
"""What each command byte means: forwarded, answered here, or refused. A new command is a row here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from proxy import native
from proxy.errors import MalformedPacket, NotSupported, ServerLost, UnknownCommand
from proxy.net.server_connection import ServerConnection
from proxy.relay import asking, executing, kill, learning, leaving, lending, login, outgoing, own_answers, preparing
from proxy.session import statements
from proxy.session.conditions import AS_LISTED
from proxy.session.conversations import FOUND_ROWS, WARNINGS
from proxy.session.statements import Traits
from proxy.wire import executions, packets, replies
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
from proxy.wire.frames import HEADER

if TYPE_CHECKING:
    from proxy.relay.client import Client

_BODY = HEADER + 1
_MAY_BE_SPECIAL = own_answers.MAYBE | statements.DEFINES


def dispatch(client: Client, packet: bytes, command: int) -> None:
    """A whole command has come. ``packet`` is framed, ``command`` its first byte."""
    client.command = command
    client.packet = packet
    client.began = client.active = native.monotonic()
    if command == COM_QUERY:  # what comes most takes the shortest way
        _query(client, packet)
    elif command == COM_STMT_EXECUTE:
        _execute(client, packet)
    else:
        _COMMANDS.get(command, _unknown)(client, packet)


def _query(client: Client, packet: bytes) -> None:
    stats = client.hub.stats
    if client._tls is None:
        stats.queries_plain += 1
    else:
        stats.queries_tls += 1
    if client.gives_attributes:
        try:
            outgoing.take_query(client)
        except MalformedPacket as error:
            client.refuse(error)
            return
    traits = client.traits = read_traits(client)
    client.shape = replies.QUERY
    if traits.flags & _MAY_BE_SPECIAL:
        if own_answers.try_here(client, traits):
            return
        preparing.keep_over_drop(client, traits)
    lending.borrow(client, client.began)


def read_traits(client: Client) -> Traits:
    """The traits of the command's SQL text, under the session's sql_mode and charset as far as they are known."""
    state = client.state
    if state is not client.mode_of:
        client.mode_of = state
        client.mode = state.mode if state is not None else 0
    return client.hub.traits.get(executions.text(client.packet), client.mode)


def _forward(shape: int) -> Callable[[Client, bytes], None]:
    def forward(client: Client, packet: bytes) -> None:
        client.shape = shape
        lending.borrow(client)

    return forward


def _prepare(client: Client, packet: bytes) -> None:
    preparing.prepare(client, read_traits(client))


def _execute(client: Client, packet: bytes) -> None:
    stats = client.hub.stats
    if client._tls is None:
        stats.queries_plain += 1
    else:
        stats.queries_tls += 1
    executing.execute(client)


def _on_statement(act: Callable[[Client], None]) -> Callable[[Client, bytes], None]:
    return lambda client, packet: act(client)


# Answered here.


def _quit(client: Client, packet: bytes) -> None:
    client.close()


def _ping(client: Client, packet: bytes) -> None:
    def answer() -> None:
        client.row_count = 0
        client.ahead = True
        client.answer_ok(warnings=own_answers.kept_warnings(client))

    _with_warnings(client, answer)


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
    _with_warnings(client, lambda: _option_set(client))


def _option_set(client: Client) -> None:
    client.row_count = -1
    client.ahead = True
    warnings = own_answers.kept_warnings(client)
    if client.capabilities & CLIENT_DEPRECATE_EOF:
        ok = packets.Ok(0, 0, client.status, warnings, b"", b"")
        client.answer([packets.build_ok(ok, client.capabilities, 0xFE)])
    else:
        client.answer([packets.build_eof(warnings, client.status)])


def _init_db(client: Client, packet: bytes) -> None:
    client.shape = replies.SINGLE
    lending.borrow(client)


def _reset_connection(client: Client, packet: bytes) -> None:
    def reset() -> None:
        leaving.abandon(client)
        login.reset_session(client)
        client.answer_ok()

    _having_read(client, FOUND_ROWS, reset)


def _change_user(client: Client, packet: bytes) -> None:
    def change() -> None:
        leaving.abandon(client)
        login.change_user(client, packet[HEADER:])

    _having_read(client, FOUND_ROWS, change)


def _with_warnings(client: Client, answer: Callable[[], None]) -> None:
    """MySQL tells the number of warnings once more, which is unknown after an error."""
    if client.warned != AS_LISTED or learning.is_mariadb(client):
        answer()
    else:
        _having_read(client, WARNINGS, answer)


def _having_read(client: Client, part: int, then: Callable[[], None]) -> None:
    """Where only a server connection knows this part of the residue, it is read out before: FOUND_ROWS() outlives a
    session."""
    here = client.server or client.lingering
    if not client.settling and (here is None or not here.residue & part):
        then()
        return

    def ask_on(server: ServerConnection) -> None:
        server.converse(asking.recall(client, server), lambda _, error: asked(server))

    def asked(server: ServerConnection) -> None:
        if client.server is server:
            then()
        else:
            leaving.orphaned(server, ServerLost())

    client.on_lent = ask_on
    lending.borrow(client)


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
    COM_STMT_SEND_LONG_DATA: _on_statement(executing.send_long_data),
    COM_STMT_CLOSE: _on_statement(executing.close),
    COM_STMT_RESET: _on_statement(executing.reset),
    COM_SET_OPTION: _set_option,
    COM_STMT_FETCH: _on_statement(executing.fetch),
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
