"""Statements that Forebay answers itself, because only it knows, or because what they ask about is in memory.

CONNECTION_ID() and KILL are about the client's connection, which is Forebay's. Warnings, ROW_COUNT() and
FOUND_ROWS() are about the last statement: the lingering server connection knows, and once that has gone
to somebody else, what was settled from it does. A statement that mixes these with anything else is
refused then, because a wrong answer would be worse.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from proxy.errors import NotSupported, ProxyError, ServerRefused
from proxy.relay import kill
from proxy.relay.lending import ABOUT_LAST, only_memory_knows
from proxy.session import statements
from proxy.session.conversations import HIDDEN
from proxy.session.effects import may_remember
from proxy.session.statements import Traits
from proxy.wire import packets, replies
from proxy.wire.answers import SERVER_CAPABILITIES, Answer
from proxy.wire.constants import (
    CLIENT_LOCAL_FILES,
    COLLATION_BINARY,
    COM_STMT_EXECUTE,
    COM_STMT_FETCH,
    COM_STMT_RESET,
    FLAG_BINARY,
    FLAG_NOT_NULL,
    FLAG_UNSIGNED,
    MYSQL_TYPE_LONG,
    MYSQL_TYPE_LONGLONG,
)
from proxy.wire.frames import frame_all
from proxy.wire.replies import Reply, filter_trackers

if TYPE_CHECKING:
    from proxy.relay.client import Client
    from proxy.relay.hub import Hub

MAYBE = ABOUT_LAST | statements.SET_LITERAL | statements.KILLS | statements.CONNECTION_ID | statements.LOCAL_INFILE

_COUNTED = {
    b"SHOW COUNT(*) WARNINGS": ("@@session.warning_count", False),
    b"SHOW COUNT(*) ERRORS": ("@@session.error_count", True),
}

_FOUND_ROWS_DEPRECATED = (
    1287,
    "FOUND_ROWS() is deprecated and will be removed in a future release. Consider using COUNT(*) instead.",
)

_started = time.monotonic()

_NUMBER = FLAG_NOT_NULL | FLAG_BINARY
_WARNING_COLUMNS = [
    packets.Column("Level", length=28, flags=FLAG_NOT_NULL, decimals=31),
    packets.Column("Code", charset=COLLATION_BINARY, length=5, type=MYSQL_TYPE_LONG, flags=_NUMBER | FLAG_UNSIGNED),
    packets.Column("Message", length=2048, flags=FLAG_NOT_NULL, decimals=31),
]


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
    if flags & statements.CONNECTION_ID and (name := statements.connection_id_column(sql)) is not None:
        _answer_connection_id(client, name)
        return True
    homeless = client.server is None and client.lingering is None and not client.settling
    asks_memory = bool(flags & ABOUT_LAST) and (homeless or client.ahead)
    return asks_memory and only_memory_knows(client, flags) and from_memory(client)


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
    client.row_count = 0
    if not states.baseline.mariadb:
        client.diagnostics = None
    client.status = states.status_of(after)
    client.hub.stats.elided_sets += 1
    trackers = filter_trackers(effect.trackers, client.wanted) if client.wanted is not None else b""
    ok = packets.Ok(0, 0, client.status, 0, b"", trackers)
    client.answer([packets.build_ok(ok, client.capabilities)])
    return True


def from_memory(client: Client) -> bool:
    """Answer a statement about the last one from what was learned and settled. Always True: answered."""
    words = b" ".join(client.packet[5:].rstrip(b"; \t\r\n").split())
    name = words.partition(b" ")[2]
    words = words.upper()
    if words == b"SHOW WARNINGS" and client.diagnostics is not None:
        _replay(client, client.diagnostics)
    elif client.diagnostics is not None and words in _COUNTED:
        _answer_count(client, words)
    elif client.diagnostics is not None and words == b"SHOW ERRORS":
        errors = [row for row in _conditions(client) if row[0] == b"Error"]
        client.answer(packets.build_text_result(_WARNING_COLUMNS, errors, client.capabilities, client.status))
    elif words == b"SELECT ROW_COUNT()":
        _answer_number(client, client.row_count, name)
    elif words == b"SELECT FOUND_ROWS()":
        deprecated = _warns_of_found_rows(client)
        client.diagnostics = _warning(client, *_FOUND_ROWS_DEPRECATED) if deprecated else None
        _answer_number(client, client.found_rows, name, int(deprecated))
    else:
        client.refuse(
            NotSupported(
                "This statement asks about the one before it in a form that Forebay cannot carry; "
                "ask with SHOW WARNINGS, SELECT ROW_COUNT() or SELECT FOUND_ROWS() alone, or inside a transaction"
            )
        )
    return True


def _replay(client: Client, raw: bytes) -> None:
    """Answer with a result set that a server gave before."""
    reply = Reply()
    reply.status = client.status
    reply.begin(replies.QUERY, client.old_eof, client.wanted, -client.extended_metadata)
    client.write(reply.feed(raw))
    client.ready()


def _conditions(client: Client) -> list[list[bytes | None]]:
    """The rows of the last statement's SHOW WARNINGS: level, code, message."""
    reply = Reply()
    reply.begin(replies.QUERY, False, None)
    raw = client.diagnostics or b""
    reply.feed(raw)
    return Answer(raw, reply).rows()


def _answer_count(client: Client, words: bytes) -> None:
    """How many conditions, or how many of them are errors."""
    name, errors_only = _COUNTED[words]
    count = sum(1 for row in _conditions(client) if not errors_only or row[0] == b"Error")
    column = packets.Column(
        name, charset=COLLATION_BINARY, length=21, type=MYSQL_TYPE_LONGLONG, flags=FLAG_BINARY | FLAG_UNSIGNED
    )
    client.answer(packets.build_text_result([column], [[str(count).encode()]], client.capabilities, client.status))


def error_as_warning(client: Client, error: ProxyError) -> bytes:
    """The answer to SHOW WARNINGS after an error of Forebay's own."""
    return _warning(client, error.number, error.text, b"Error")


def _warns_of_found_rows(client: Client) -> bool:
    """MySQL warns of FOUND_ROWS() since 8.0.17, MariaDB never."""
    states = client.route.states
    if states is None or states.baseline.mariadb:
        return False
    version = re.match(r"(\d+)\.(\d+)\.(\d+)", states.baseline.variables.get("version", ""))
    return version is not None and tuple(map(int, version.groups())) >= (8, 0, 17)


def _warning(client: Client, number: int, text: str, level: bytes = b"Warning") -> bytes:
    """The answer to SHOW WARNINGS after a statement that gave this one, framed as a server sends it."""
    row = [level, str(number).encode(), text.encode()]
    payloads = packets.build_text_result(_WARNING_COLUMNS, [row], SERVER_CAPABILITIES, client.status)
    return frame_all(payloads, 1)


def _answer_number(client: Client, value: int, name: bytes, warnings: int = 0) -> None:
    """A result set of one number, named as the client wrote it."""
    column = packets.Column(
        name.decode("utf-8", "replace"), charset=COLLATION_BINARY, length=21, type=MYSQL_TYPE_LONGLONG, flags=_NUMBER
    )
    _answer_one(client, column, value, warnings)


def _answer_connection_id(client: Client, name: bytes) -> None:
    is_mariadb = _is_mariadb(client)
    column = packets.Column(
        name.decode("utf-8", "replace"),
        charset=COLLATION_BINARY,
        length=10 if is_mariadb else 21,
        type=MYSQL_TYPE_LONG if is_mariadb else MYSQL_TYPE_LONGLONG,
        flags=_NUMBER | FLAG_UNSIGNED,
    )
    _answer_one(client, column, client.id)


def _answer_one(client: Client, column: packets.Column, value: int, warnings: int = 0) -> None:
    client.ahead = True
    client.row_count = -1
    client.found_rows = 1
    rows = [[str(value).encode()]]
    client.answer(packets.build_text_result([column], rows, client.capabilities, client.status, warnings))


def _local_files_disabled(client: Client) -> ProxyError:
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
