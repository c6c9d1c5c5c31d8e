"""Statements that Forebay answers itself, because only it knows, or because what they ask about is in memory.

CONNECTION_ID() and KILL are about the client's connection, which is Forebay's. A SET whose effect is known needs no
server. Questions about the last statement are for ``asking``.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from proxy.errors import NotSupported, ProxyError, ServerRefused
from proxy.relay import asking, kill
from proxy.relay.learning import is_mariadb, most_conditions, warned
from proxy.session import statements
from proxy.session.conditions import Conditions
from proxy.session.conversations import HIDDEN, WARNINGS
from proxy.session.effects import may_remember
from proxy.session.statements import Traits
from proxy.wire import packets
from proxy.wire.constants import (
    CLIENT_LOCAL_FILES,
    COLLATION_BINARY,
    COM_QUERY,
    COM_STMT_EXECUTE,
    COM_STMT_FETCH,
    COM_STMT_PREPARE,
    COM_STMT_RESET,
    FLAG_BINARY,
    FLAG_NOT_NULL,
    FLAG_UNSIGNED,
    MYSQL_TYPE_LONG,
    MYSQL_TYPE_LONGLONG,
)

if TYPE_CHECKING:
    from proxy.relay.client import Client
    from proxy.relay.hub import Hub

MAYBE = statements.SET_LITERAL | statements.KILLS | statements.CONNECTION_ID | statements.LOCAL_INFILE

_started = time.monotonic()

_NUMBER = FLAG_NOT_NULL | FLAG_BINARY


def try_here(client: Client, traits: Traits) -> bool:
    """Answer the statement here if that is possible and right. False: it needs a server connection."""
    flags = traits.flags
    sql = client.packet[5:]
    if flags & statements.SET_LITERAL:
        return client.server is None and may_remember(traits) and _apply_known(client, sql)
    if flags & statements.KILLS:
        target = statements.kill_target(sql)
        if target is None:
            client.refuse(NotSupported("KILL takes a connection id, written as a number, through Forebay"))
        else:
            query_only, connection_id = target
            kill.kill(client, connection_id, query_only)
        return True
    if flags & statements.LOCAL_INFILE and not client.capabilities & CLIENT_LOCAL_FILES:
        client.refuse(_local_files_disabled(client))
        return True
    if flags & statements.CONNECTION_ID:
        if (name := statements.connection_id_column(sql)) is not None:
            _answer_connection_id(client, name)
            return True
        if traits.statements == 1:
            client.on_lent = lambda server: asking.send_with_id(client, server)
    return False


def _apply_known(client: Client, sql: bytes) -> bool:
    """A SET whose effect the server has once shown: apply it here, the server connection hears of it later."""
    states, state = client.route.states, client.state
    if states is None or state is None or not state.known or client.settling:
        return False
    if client.lingering is not None and client.lingering.residue & HIDDEN:
        return False  # a routine has run there: perhaps the state is another one
    effect = client.route.effects.get(sql, state.mode)
    if effect is None:
        return False
    after = states.after(state, packets.parse_trackers(effect.trackers), False, effect.naming)
    if not after.known:
        return False
    client.state = after
    client.ahead = True
    client.row_count = client.warned = 0
    _clear_list(client)
    client.status = states.status_of(after)
    client.hub.stats.elided_sets += 1
    trackers = packets.filter_trackers(effect.trackers, client.wanted)
    ok = packets.Ok(0, 0, client.status, 0, b"", client.with_untold(trackers))
    client.answer([packets.build_ok(ok, client.capabilities)])
    return True


def _clear_list(client: Client) -> None:
    """A statement without tables was answered here, over which MariaDB keeps the warnings."""
    if not is_mariadb(client):
        lingering = client.lingering
        stale = lingering is not None and lingering.residue & WARNINGS
        client.diagnostics = Conditions([], 0, latest=True) if stale else None


def error_as_list(client: Client, error: ProxyError) -> Conditions:
    """The conditions after an error of Forebay's own."""
    before = client.diagnostics if adds_errors(client) else None
    conditions = (before or Conditions([], 0)).with_error(
        error.number, error.sqlstate, error.text, most_conditions(client)
    )
    conditions.latest = True
    return conditions


def adds_errors(client: Client) -> bool:
    """Whether the error of the command under way leaves the conditions of the last statement: MySQL clears them when a
    statement begins."""
    return client.command not in (COM_QUERY, COM_STMT_PREPARE) and not is_mariadb(client)


def kept_warnings(client: Client) -> int:
    """The number that MySQL tells once more in the answer to a command that is no statement."""
    return 0 if is_mariadb(client) else warned(client)


def _answer_connection_id(client: Client, name: bytes) -> None:
    is_mariadb = _is_mariadb(client)
    column = packets.Column(
        name.decode("utf-8", "replace"),
        charset=COLLATION_BINARY,
        length=10 if is_mariadb else 21,
        type=MYSQL_TYPE_LONG if is_mariadb else MYSQL_TYPE_LONGLONG,
        flags=_NUMBER | FLAG_UNSIGNED,
    )
    client.ahead = client.counted_elsewhere = True
    client.row_count = -1
    client.found_rows, client.late_rows = 1, -1
    client.warned = 0
    _clear_list(client)
    rows = [[str(client.id).encode()]]
    client.answer(packets.build_text_result([column], rows, client.capabilities, client.status))


def _local_files_disabled(client: Client) -> ProxyError:
    """As the client's server words it."""
    if is_mariadb(client):
        disabled = "the MariaDB server or client has disabled the local infile capability"
        return ServerRefused(4166, "HY000", f"The used command is not allowed because {disabled}")
    return ServerRefused(
        3948, "42000", "Loading local data is disabled; this must be enabled on both the client and server sides"
    )


_STATEMENT_COMMANDS = {
    COM_STMT_EXECUTE: "mysqld_stmt_execute",
    COM_STMT_RESET: "mysqld_stmt_reset",
    COM_STMT_FETCH: "mysqld_stmt_fetch",
}


def unknown_statement(client: Client, number: int) -> ProxyError:
    """ER_UNKNOWN_STMT_HANDLER, as the server words it."""
    given_to = _STATEMENT_COMMANDS[client.command] if _is_mariadb(client) else "mysql_stmt_precheck"
    return ServerRefused(1243, "HY000", f"Unknown prepared statement handler ({number}) given to {given_to}")


def no_cursor(client: Client, number: int) -> ProxyError:
    """ER_STMT_HAS_NO_OPEN_CURSOR, as the server words it."""
    return ServerRefused(
        1421, "HY000", f"The statement ({number}) has no open cursor{'' if _is_mariadb(client) else '.'}"
    )


def _is_mariadb(client: Client) -> bool:
    states = client.route.states
    return states is not None and states.baseline.mariadb


def statistics(hub: Hub) -> bytes:
    """The answer to COM_STATISTICS: one line of text, in the words of MySQL's own."""
    stats = hub.stats
    uptime = int(time.monotonic() - _started)
    questions = stats.queries_plain + stats.queries_tls
    return f"Uptime: {uptime}  Threads: {len(hub.clients)}  Questions: {questions}".encode()
