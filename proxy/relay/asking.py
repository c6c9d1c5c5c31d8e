# cython: annotation_typing=False
"""Statements that ask about the one before, on a server connection that did not run it.

Decides what of the last statement the server connection at hand lacks, reads out what it has before that is lost,
puts there what this client's last statement had left, as far as that can be made, and answers the rest: ``told``. It
does not know how a server connection is found.

CONNECTION_ID() is the client's, whoever is asked: it is written into the text, too.

ROW_COUNT() is what two harmless commands make it; another value is written into the text. FOUND_ROWS() is made by a
question with as many rows. Of the warnings only their number is made: who asks what they say is answered from memory.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from proxy.errors import NotSupported
from proxy.net.server_connection import ServerConnection
from proxy.relay import learning, readout
from proxy.session import statements
from proxy.session.conditions import Conditions, Row, stand_in
from proxy.session.conversations import (
    DETAILS,
    FOUND_ROWS,
    LATE,
    MOST_ROWS,
    TOO_MANY_ROWS,
    WARNINGS,
    check,
    give_found_rows,
    give_late_rows,
    query,
    set_option,
    settle_commands,
    settled,
)
from proxy.session.questions import Get, Question, Show, asks_for_list, question, with_values
from proxy.wire import executions, packets
from proxy.wire.answers import Answer
from proxy.wire.constants import (
    COM_INIT_DB,
    COM_PING,
    COM_QUERY,
    COM_STMT_EXECUTE,
    COM_STMT_PREPARE,
    CURSOR_TYPE_NO_CURSOR,
    STATUS_ANSI_QUOTES,
    STATUS_AUTOCOMMIT,
    STATUS_IN_TRANS,
    STATUS_IN_TRANS_READONLY,
    STATUS_NO_BACKSLASH_ESCAPES,
)
from proxy.wire.frames import frame

if TYPE_CHECKING:
    from proxy.relay.client import Client

ASKS = statements.DIAGNOSTICS | statements.ROW_COUNT | statements.FOUND_ROWS
# FOUND_ROWS() must be right for whoever asks, and for who may leave it as it was.
TOUCHES = ASKS | statements.RECOUNTS
_DIAGNOSTICS, _ASKS, _TOUCHES = statements.DIAGNOSTICS, ASKS, TOUCHES
_RECOUNTS = statements.RECOUNTS
_UPDATE = b"UPDATE"
_COUNTS = statements.FOUND_ROWS | statements.RECOUNTS

# What the status flags say of the session, not of the statement.
_LASTING = (
    STATUS_IN_TRANS | STATUS_AUTOCOMMIT | STATUS_NO_BACKSLASH_ESCAPES | STATUS_IN_TRANS_READONLY | STATUS_ANSI_QUOTES
)

_CANNOT = (
    "This statement asks about the one before it in a form that Forebay cannot carry; ask with SHOW WARNINGS, "
    "GET DIAGNOSTICS or SELECT alone, or inside a transaction"
)

Talk = Generator[list[bytes], list[Answer], None]


def wanted(client: Client) -> int:
    """What the command under way asks for, or may change in part."""
    if client.command == COM_STMT_PREPARE:
        return 0
    if client.traits is not None:
        flags = client.traits.flags & _TOUCHES
        if client.counted_elsewhere and client.traits.verb == _UPDATE and _is_mistakable(client, client.server):
            flags |= _RECOUNTS
        return flags
    return _DIAGNOSTICS if client.command in learning.NO_STATEMENTS else 0


def _is_mistakable(client: Client, server: ServerConnection | None) -> bool:
    """Whether somebody else's FOUND_ROWS() here may look like that of an UPDATE which matches no rows: one whose
    condition is impossible leaves it alone on MySQL, or makes it what was to count later."""
    return server is not None and (server.found_none or client.late_rows >= 0) and not server.mariadb


def lacks(client: Client) -> bool:
    """Whether the server connection that the client used last, or holds, lacks what the command wants."""
    flags = wanted(client)
    if client.counted_elsewhere and flags & _COUNTS:
        return True
    return bool(client.ahead and flags & _ASKS) or _needs_list(client, flags)


def _needs_list(client: Client, flags: int) -> bool:
    """Whether the list in memory must be told, or be stood in for: MariaDB keeps one over many statements."""
    if client.diagnostics is None:
        return False
    return bool(flags & _DIAGNOSTICS) or (client.ahead and learning.is_mariadb(client))


def bring(client: Client, server: ServerConnection) -> Talk:
    """Make the client's own server connection fit for the command."""
    flags = wanted(client)
    is_asked = flags & _DIAGNOSTICS and client.ahead  # memory answers
    if (client.counted_elsewhere and flags & _COUNTS) or is_asked or _needs_list(client, flags):
        yield from recall(client, server)
    yield from restore(client, server, is_own=True)


def recall(client: Client, server: ServerConnection) -> Talk:
    """Read out what the server connection knows better than memory: what follows will overwrite it."""
    residue = server.residue & (WARNINGS | DETAILS | FOUND_ROWS | LATE)
    if client.diagnostics is not None and client.diagnostics.latest:
        residue &= ~(WARNINGS | DETAILS)
    if residue:
        answers = yield settle_commands(residue, [])
        readout.settle(client, settled(residue, [], answers), client.diagnostics)
        readout.scratched(server, residue)
        if not client.counted_elsewhere:
            client.late_rows = -1  # a question has counted since
        client.counted_elsewhere = True
    server.residue &= ~(WARNINGS | DETAILS | FOUND_ROWS | LATE)
    client.ahead = True


def restore(client: Client, server: ServerConnection, is_own: bool = False) -> Talk:
    """Put on the server connection what it lacks, or answer the question: ``client.told``."""
    flags = wanted(client)
    asked = _question(client, flags)
    if isinstance(asked, Get):
        yield from _get(client, server, asked)
        return
    conditions = client.diagnostics
    if client.command == COM_INIT_DB and client.ahead and not learning.is_mariadb(client):
        conditions = Conditions([], learning.warned(client))  # MySQL tells the warnings of the last answer
    if isinstance(asked, Show) and conditions is not None and conditions.total:
        yield from _show(client, asked, conditions)
        return
    if conditions is not None and conditions.total and asked is None and _is_shown(client, flags):
        raise NotSupported(_CANNOT)
    commands = counted(client, server)
    if commands and client.state is not None and client.state.characteristics and not client.in_transaction:
        commands.append(query(client.state.characteristics))  # counting was a transaction
    if _needs_list(client, flags) or (not is_own and flags & statements.DIAGNOSTICS):
        commands += _standing_in(client, conditions)  # on MySQL a sync may have left warnings
        server.residue |= WARNINGS
        if conditions is not None and conditions.is_large:
            client.counted_elsewhere = True
    if flags & statements.ROW_COUNT and (client.ahead or commands):
        commands += _row_count(client, server)
    if commands:
        yield commands
    _rewrite(client)


def counted(client: Client, server: ServerConnection) -> list[bytes]:
    """What gives the server connection this client's FOUND_ROWS(), if the command wants it."""
    if not (client.counted_elsewhere and wanted(client) & _COUNTS):
        return []
    countable = client.found_rows <= MOST_ROWS
    client.counted_elsewhere = not countable
    server.found_none = client.found_rows == 0
    return [give_found_rows(client.found_rows if countable else TOO_MANY_ROWS), *give_late_rows(client.late_rows)]


def _standing_in(client: Client, conditions: Conditions | None) -> list[bytes]:
    """What stands in for the conditions. Where MariaDB has no room for any, it is made some for these: a list without
    rows could not be told from one of another statement, or from none."""
    commands = [stand_in(conditions)]
    if learning.is_mariadb(client) and learning.most_conditions(client) == 0:
        return [query("SET @@SESSION.max_error_count=1"), *commands, query("SET @@SESSION.max_error_count=0")]
    return commands


def _row_count(client: Client, server: ServerConnection) -> list[bytes]:
    """Commands that leave everything else as it is."""
    if client.row_count == 0:
        return [bytes((COM_PING,))]
    return [set_option(server.multi_statements)] if client.row_count == -1 else []


def nothing(client: Client, server: ServerConnection) -> list[bytes]:
    """A command in whose answer MySQL reports what it has not yet reported of a preparation."""
    if server.mariadb or (wanted(client) & statements.ROW_COUNT and client.row_count > 0 and not client.ahead):
        return []  # nothing makes a ROW_COUNT() that is here already
    client.ahead = client.ahead or client.row_count > 0
    return _row_count(client, server) or [set_option(server.multi_statements)]


def _question(client: Client, flags: int) -> Question | None:
    if not flags & statements.DIAGNOSTICS or client.state is None:
        return None
    if client.command == COM_STMT_EXECUTE:
        with_cursor = executions.flags(client.packet) != CURSOR_TYPE_NO_CURSOR
        return None if with_cursor else question(learning.text_of(client), client.state.mode)
    return question(client.packet[5:], client.state.mode) if client.command == COM_QUERY else None


def _is_shown(client: Client, flags: int) -> bool:
    """Whether the first statement asks for what conditions say."""
    if not flags & statements.DIAGNOSTICS or client.traits is None or client.state is None:
        return False
    return asks_for_list(learning.text_of(client), client.state.mode)


def _show(client: Client, asked: Show, conditions: Conditions) -> Talk:
    """SHOW WARNINGS: the columns as the server gives them to this client now, the rows from memory."""
    answers = yield [query("SHOW WARNINGS LIMIT 0")]
    check(answers)
    columns = answers[0].table().columns
    rows = yield from _in_results_charset(client, conditions, conditions.shown(asked))
    status = client.status & _LASTING
    client.row_count = -1
    client.warned = 0
    client.ahead = True
    binary = client.command == COM_STMT_EXECUTE
    client.told = packets.build_text_result(columns, rows, client.capabilities, status, binary=binary)


def _in_results_charset(
    client: Client, conditions: Conditions, rows: list[Row]
) -> Generator[list[bytes], list[Answer], list[Row]]:
    """The rows of SHOW WARNINGS, whose texts were read in the character set of results of that time, in today's."""
    states, state = client.route.states, client.state
    charset = states.value(state, "character_set_results") if states is not None and state is not None else None
    foreign = [row for row in rows if not (row[2] or b"").isascii()]
    if not foreign or (charset or "") == conditions.charset:
        return rows
    of = conditions.charset if conditions.charset not in ("", "binary") else "utf8mb3"
    items = [f"CONVERT(_{of} X'{(row[2] or b'').hex()}' USING utf8mb4)" for row in foreign]
    answers = yield [query(f"SELECT {', '.join(items)} LIMIT 1")]
    check(answers)
    texts = iter(answers[0].rows()[0])
    return [row if (row[2] or b"").isascii() else [*row[:2], next(texts)] for row in rows]


def _get(client: Client, server: ServerConnection, asked: Get) -> Talk:
    """GET DIAGNOSTICS: the user variables are set to what it would have given."""
    mariadb = learning.is_mariadb(client)
    conditions = client.diagnostics or Conditions([], 0)
    number = 0
    if asked.condition is not None:
        answers = yield [bytes((COM_QUERY,)) + b"SELECT CAST(" + asked.condition + b" AS SIGNED) LIMIT 1"]
        check(answers)
        number = int(answers[0].rows()[0][0] or 0)
    try:
        assignments = conditions.assignments(asked, number, client.row_count, mariadb)
    except KeyError:
        raise NotSupported(_CANNOT) from None
    if assignments is None:
        client.diagnostics = conditions.without_number(learning.most_conditions(client))
        client.row_count = -1
    else:
        check((yield [bytes((COM_QUERY,)) + b"SET " + b", ".join(assignments), stand_in(None)]))
        learning.learn_assigned(client, server)
    client.ahead = True
    client.warned = int(assignments is None)
    ok = packets.Ok(0, 0, client.status & _LASTING, client.warned, b"", b"")
    client.told = [packets.build_ok(ok, client.capabilities)]


def _rewrite(client: Client) -> None:
    """Send the command with values in it that no server connection can be made to give."""
    values = _values(client)
    if not values or client.state is None:
        return
    if client.command == COM_STMT_EXECUTE:
        _execute_instead(client, values)
    if client.command != COM_QUERY:
        return
    found = with_values(executions.text(client.packet), client.state.mode, values)
    if found is not None and found[1]:
        client.on_lent = lambda server: _send_instead(client, server, *found)
    elif found is None and client.traits is not None and client.traits.verb == b"CREATE":
        raise NotSupported(_CANNOT)  # a table made of the answer would have another column name


def _execute_instead(client: Client, values: dict[bytes, int]) -> None:
    """Execute a preparation of the text with the values in it, made for this once."""
    assert client.state is not None
    text = learning.text_of(client)
    found = with_values(text, client.state.mode, values)
    if found is None:
        raise NotSupported(_CANNOT)
    client.on_lent = lambda server: client.execute_instead(server, *found)


def _values(client: Client) -> dict[bytes, int]:
    flags = wanted(client)
    values = {}
    if flags & statements.ROW_COUNT and client.row_count not in (-1, 0):
        values[b"ROW_COUNT"] = client.row_count
    if flags & statements.FOUND_ROWS and client.counted_elsewhere:
        values[b"FOUND_ROWS"] = client.found_rows
    if flags & statements.DIAGNOSTICS and client.diagnostics is not None and client.diagnostics.errors > 1:
        values[b"ERROR_COUNT"] = client.diagnostics.errors
    if values and client.traits is not None and client.traits.flags & statements.CONNECTION_ID:
        values[b"CONNECTION_ID"] = client.id
    return values


def send_with_id(client: Client, server: ServerConnection) -> None:
    """Send a COM_QUERY that names CONNECTION_ID() or the like with the client's own id in it."""
    assert client.state is not None
    found = with_values(executions.text(client.packet), client.state.mode, {b"CONNECTION_ID": client.id})
    if found is not None and found[1]:
        _send_instead(client, server, *found)
    else:
        client.send(server)


def _send_instead(client: Client, server: ServerConnection, text: bytes, names: dict[bytes, bytes]) -> None:
    client.send_renamed(server, frame(bytes((COM_QUERY,)) + text), names)


def execute_with_id(client: Client, server: ServerConnection) -> None:
    """The same for the execution of a prepared statement; one with a cursor needs its own preparation."""
    assert client.state is not None
    found = None
    if executions.flags(client.packet) == CURSOR_TYPE_NO_CURSOR:
        found = with_values(learning.text_of(client), client.state.mode, {b"CONNECTION_ID": client.id})
    if found is not None and found[1]:
        client.execute_instead(server, *found)
    else:
        client.execute_on(server)
