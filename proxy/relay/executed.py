# cython: annotation_typing=False
"""What the answer to a command on a prepared statement changes: open cursors, long data, and who may use it next.

A preparation with an open cursor or with unread long data belongs to one client, which is pinned that long. It does
not know how commands are sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.net.server_connection import ServerConnection
from proxy.relay import learning
from proxy.session import pins, statements
from proxy.session.conversations import FOUND_ROWS
from proxy.session.prepared import Statement
from proxy.wire import executions
from proxy.wire.constants import (
    COM_INIT_DB,
    COM_STMT_EXECUTE,
    COM_STMT_FETCH,
    COM_STMT_RESET,
    MYSQL_TYPE_INT24,
    MYSQL_TYPE_NULL,
    STATUS_CURSOR_EXISTS,
    STATUS_LAST_ROW_SENT,
)
from proxy.wire.replies import Reply

if TYPE_CHECKING:
    from proxy.relay.client import Client
    from proxy.session.state import State

_ASSIGNS_VARIABLE = statements.ASSIGNS_VARIABLE
# Errors about values, which tell nothing of whether the tables are still what they were at the preparation.
_ABOUT_VALUES = frozenset({1022, 1048, 1062, 1205, 1213, 1216, 1217, 1264, 1292, 1317, 1366, 1406, 1451, 1452, 3024})

_NUMBERS = frozenset(executions.SIZES) | {MYSQL_TYPE_INT24, MYSQL_TYPE_NULL}


def ended(client: Client, server: ServerConnection) -> None:
    """The answer to COM_INIT_DB, COM_STMT_EXECUTE, COM_STMT_FETCH or COM_STMT_RESET is complete."""
    statement, reply = client.statement, server.reply
    if client.command == COM_INIT_DB and reply.error is None:
        learning.learn_schema(client, server)
    if statement is None:
        return
    if client.command == COM_STMT_EXECUTE:
        _executed(client, statement, reply)
        if statement.cursor:
            _count_unseen(client, server)
    elif client.command == COM_STMT_FETCH:
        _count_unseen(client, server)
        if reply.error is not None or reply.status & STATUS_LAST_ROW_SENT:
            statement.cursor = False
    elif client.command == COM_STMT_RESET and reply.error is None:
        statement.cursor = statement.long_data = False
    if statement.owned is not None:
        settle_pins(client)
        share_again(statement)


def _count_unseen(client: Client, server: ServerConnection) -> None:
    """FOUND_ROWS() is about the rows of the cursor, not about those that were fetched."""
    client.counted_elsewhere = False
    server.found_none = True
    server.residue |= FOUND_ROWS


def _executed(client: Client, statement: Statement, reply: Reply) -> None:
    definition, used = statement.definition, statement.used
    if used is not None:
        if reply.error is not None:
            used.types = None  # nobody knows how far the server has read
            if used.unsettled and statement.label:
                used.home.drop_unsettled(used)
        used.unsettled = False
    if reply.error is None:
        if definition.traits.flags & _ASSIGNS_VARIABLE and _may_be_no_text(client, statement):
            learning.pin(client, pins.USER_VARIABLE, client.traits)
        statement.long_data = False
        statement.cursor = bool(reply.status & STATUS_CURSOR_EXISTS)
        if reply.rows >= 0 and reply.results == 1 and reply.width != definition.columns:
            definition.doubt()  # a table has changed
        return
    statement.cursor = False  # long data stays: a server tells its error until it is reset
    if int.from_bytes(reply.error[1:3], "little") not in _ABOUT_VALUES:
        definition.doubt()


def _may_be_no_text(client: Client, statement: Statement) -> bool:
    """Whether a parameter may hold bytes that are no text in the client's character set: no SQL gives those back."""
    if statement.long_data:
        return True
    types = statement.types or b""
    values = executions.values(client.packet, len(types) // 2)
    if all(kind in _NUMBERS for kind in types[::2]) or values.isascii():
        return False
    return not learning.is_text(client, values)


def present(client: Client, statement: Statement) -> State | None:
    """The client's context where it is another one than at the preparation."""
    states, state, prepared = client.route.states, client.state, statement.definition.context
    assert states is not None
    assert state is not None
    if state is prepared:  # a context is its own
        return None
    context = states.context(state)
    return None if context is prepared else context


def settle_pins(client: Client) -> None:
    """The pins of prepared statements are those that still have a reason."""
    for reason, name in (
        (pins.CURSOR, "cursor"),
        (pins.LONG_DATA, "long_data"),
        (pins.PREPARED_STATEMENT, "kept"),
    ):
        if any(getattr(statement, name) for statement in client.prepared):
            learning.pin(client, reason, client.traits)
        else:
            learning.unpin(client, reason)


def share_again(statement: Statement) -> None:
    """Others may use the preparation if nothing of this client's is left in it."""
    owned = statement.owned
    if owned is not None and not (statement.cursor or statement.long_data or statement.private):
        statement.owned = None
        owned.home.give_back(owned)
