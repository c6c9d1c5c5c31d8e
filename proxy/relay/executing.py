# cython: annotation_typing=False
"""The commands on binary prepared statements: execute, fetch, reset, close, long data.

Decides which preparation an execution takes, and sends it there with the server's number for it and, where the client
left them out, the types of the parameters. What the answers change is ``executed``.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from proxy.errors import MalformedPacket, ProxyError, ServerRefused
from proxy.net.server_connection import ServerConnection
from proxy.relay import asking, executed, learning, lending, outgoing, own_answers, preparing, transfer
from proxy.session import statements
from proxy.session.conversations import UNSEEN, WARNINGS, check, query
from proxy.session.prepared import FRESH, Preparation, Preparations, Statement, depends_on_history, settle
from proxy.wire import executions, replies
from proxy.wire.answers import Answer
from proxy.wire.constants import COM_STMT_EXECUTE, COM_STMT_RESET, CURSOR_TYPE_NO_CURSOR, MYSQL_TYPE_NULL
from proxy.wire.frames import HEADER

if TYPE_CHECKING:
    from proxy.relay.client import Client

_CONNECTION_ID = statements.CONNECTION_ID
_UNSEEN = UNSEEN
_QUERY, _NO_ID, _NO_CURSOR = replies.QUERY, executions.NO_ID, CURSOR_TYPE_NO_CURSOR
_SHORTEST_CLOSE = HEADER + 1 + 4
_SHORTEST_LONG_DATA = HEADER + 1 + 4 + 2


def execute(client: Client) -> None:
    """Find out what is executed, with which types, and borrow a server connection."""
    statement = _named(client)
    if statement is None:
        return
    if (refusal := _refusal(client, statement)) is not None:
        _refuse(client, refusal)
        return
    client.shape = _QUERY
    client.traits = statement.definition.traits
    if statement.label and statement.types != statement.steady:
        _settle(client, statement)
    client.lightly = not (statement.kept or _wants_cursor(client))
    client.on_lent = client.execute_on
    if client.traits.flags & _CONNECTION_ID:
        client.lightly = False
        client.on_lent = client.execute_with_id
    lending.borrow(client, client.began)


def _named(client: Client) -> Statement | None:
    """The statement that the command names, or None: the client has been told that there is none."""
    client.statement = None
    try:
        number = executions.statement_id(client.packet)
    except MalformedPacket as error:
        _refuse(client, error)
        return None
    statement = client.prepared.find(number)
    if number == _NO_ID and client.command == COM_STMT_EXECUTE and preparing.is_mariadb(client):
        statement = client.prepared.latest
    client.statement = statement
    if statement is None:
        _refuse(client, own_answers.unknown_statement(client, number))
    return statement


def _refuse(client: Client, error: ProxyError) -> None:
    """Refuse the command, when the conditions are known to which that may add its error."""
    here = client.server or client.lingering
    unread = here is not None and here.residue & WARNINGS and client.diagnostics is None
    if not own_answers.adds_errors(client) or not (unread or client.settling):
        client.refuse(error)
        return

    def refuse_on(server: ServerConnection) -> None:
        server.converse(asking.recall(client, server), lambda _, trouble: refused(server, trouble))

    def refused(server: ServerConnection, trouble: ProxyError | None) -> None:
        if preparing.goes_on(client, server, trouble):
            lending.release(client, server)
            client.refuse(error)

    client.on_lent = refuse_on
    lending.borrow(client)


def _refusal(client: Client, statement: Statement) -> ProxyError | None:
    """Note the types that an execution gives; an error where it cannot be sent."""
    if statement.failure is not None:
        return statement.failure
    parameters = statement.definition.parameters
    try:
        if client.gives_attributes:
            outgoing.take_execution(client, parameters)
        types = executions.bound_types(client.packet, parameters)
    except (MalformedPacket, ServerRefused) as error:
        return error
    if types is None and statement.types is None:
        return ServerRefused(1210, "HY000", "Incorrect arguments to mysqld_stmt_execute")
    if types is not None:
        statement.types = types
    return None


def execute_on(client: Client, server: ServerConnection) -> None:
    """A server connection is here: execute, and prepare before that where it has to be."""
    statement, state = client.statement, client.state
    assert statement is not None
    assert state is not None
    if not state.known or server.residue & _UNSEEN:
        preparing.finds_out(client, server)
    elif statement.cursor and statement.owned is not None:
        _close_cursor(client, server, statement.owned)
    elif (preparation := _fitting(client, server, statement)) is not None:
        _send_execution(client, server, preparation)
    elif not preparing.finds_out(client, server):
        label = _fresh_label(client, statement) + _cursor_label(client, server)
        key = (statement.definition, label, executed.present(client, statement))
        client.hub.stats.prepared_again += 1
        preparing.prepare_for(client, server, key, _send_first_execution)


def execute_instead(client: Client, server: ServerConnection, text: bytes, names: dict[bytes, bytes]) -> None:
    """Execute ``text``, which stands for the statement this once; see ``Renaming`` for ``names``."""
    statement, states, state = client.statement, client.route.states, client.state
    assert statement is not None
    assert states is not None
    assert state is not None
    if preparing.finds_out(client, server):
        return
    if statement.cursor and statement.owned is not None:
        _close_cursor(client, server, statement.owned)
        return

    def send(client: Client, server: ServerConnection, preparation: Preparation) -> None:
        packet, types = executions.with_id(client.packet, preparation.number), statement.types
        if types and executions.bound_types(packet, len(types) // 2) is None:
            packet = executions.with_types(packet, types)
        transfer.send_renamed(client, server, packet, names)
        preparation.home.drop(preparation)

    cache = client.hub.prepared
    definition = cache.use(text, statement.definition.context, statement.definition.traits)
    preparing.prepare_for(client, server, (definition, b"", executed.present(client, statement)), send)
    cache.release(definition)


def _fitting(client: Client, server: ServerConnection, statement: Statement) -> Preparation | None:
    """The preparation at hand that the client may execute."""
    home, label = server.prepared, statement.label
    assert home is not None
    cursor = _cursor_label(client, server)
    if statement.owned is not None:
        if _is_plain(statement.owned) or cursor:
            home.relabel(statement.owned, label + cursor)
            return statement.owned
        home.drop(statement.owned)
        statement.owned = None
    definition, present = statement.definition, executed.present(client, statement)
    found = home.find((definition, label + cursor, present))
    if found is None and label:
        found = _used_before(client, statement, home, label + cursor)
    if found is None and label:
        fresh = _fresh_label(client, statement) + cursor
        found = home.find((definition, fresh, present))
        if found is None and (found := home.find((definition, bytes((FRESH,)) * len(label), present))) is not None:
            found.unsettled = True
            home.relabel(found, fresh)
    if found is not None and (statement.private or _wants_cursor(client)):
        preparing.own(client, statement, found)
    return found


def _used_before(client: Client, statement: Statement, home: Preparations, label: bytes) -> Preparation | None:
    """The preparation that the client executed last, if that is here and becomes what is needed.

    Parameters that were NULL have left it less settled than the client's statement would be.
    """
    used, types = statement.used, statement.types
    if used is None or used.home is not home or types is None or not home.shares(used):
        return None
    before, present = used.key[1], used.key[2]
    nulls = executions.nulls(client.packet, statement.definition.parameters)
    if present is not executed.present(client, statement) or len(before) != len(label) or _CURSOR in before + label:
        return None
    if settle(before, types, nulls) != label:
        return None
    home.relabel(used, label)
    return used


_CURSOR = b"c"


def _cursor_label(client: Client, server: ServerConnection) -> bytes:
    """What sets preparations for cursors apart.

    Measured on MySQL 9.7: one that was ever executed with a cursor gives no rows to an execution without.
    """
    return _CURSOR if _wants_cursor(client) and not server.mariadb else b""


def _is_plain(preparation: Preparation) -> bool:
    return not preparation.key[1].endswith(_CURSOR)


def _wants_cursor(client: Client) -> bool:
    """Whether nobody else may have the preparation until the answer tells that there is no cursor."""
    return executions.flags(client.packet) != _NO_CURSOR


def _settle(client: Client, statement: Statement) -> None:
    """The statement's label with this execution.

    Where a fresh preparation would take the types otherwise, the client stays with one that has the same past.
    """
    parameters, types = statement.definition.parameters, statement.types
    assert types is not None
    nulls = executions.nulls(client.packet, parameters)
    if not statement.kept and depends_on_history(statement.label, types, nulls):
        statement.kept = True
    statement.label = settle(statement.label, types, nulls)
    if not (nulls or statement.kept):
        statement.steady = types


def _fresh_label(client: Client, statement: Statement) -> bytes:
    """What a fresh preparation settles on by this execution."""
    parameters, types = len(statement.label), statement.types
    if not parameters or types is None:
        return b""
    return settle(bytes((FRESH,)) * parameters, types, executions.nulls(client.packet, parameters))


def _send_first_execution(client: Client, server: ServerConnection, preparation: Preparation) -> None:
    """Of a preparation that has just been made for it."""
    statement = client.statement
    assert statement is not None
    preparation.unsettled = True
    if statement.private or _wants_cursor(client):
        preparing.own(client, statement, preparation)
    _send_execution(client, server, preparation)


def _send_execution(client: Client, server: ServerConnection, preparation: Preparation) -> None:
    statement = client.statement
    assert statement is not None
    packet, types = executions.with_id(client.packet, preparation.number), statement.types
    if types and types != preparation.types:
        if executions.bound_types(packet, len(types) // 2) is None:
            packet = executions.with_types(packet, types)
            client.attributed = b""  # without types there were no attributes either
        # A server may go on with another client's type where a parameter came as a bare NULL.
        preparation.types = None if MYSQL_TYPE_NULL in types[::2] else types
    statement.used = preparation
    if statement.kept:
        executed.settle_pins(client)
    if statement.long_data:
        server.throttle(None)
    if preparation.home.closing:
        preparing.tell(server)
    client.packet = packet
    transfer.send(client, server)


def _close_cursor(client: Client, server: ServerConnection, preparation: Preparation) -> None:
    """Before another execution: MySQL gives no proper answer to one while a cursor is open."""

    def resetting() -> Generator[list[bytes], list[Answer], None]:
        check((yield [bytes((COM_STMT_RESET,)) + preparation.number.to_bytes(4, "little")]))
        assert client.statement is not None
        client.statement.cursor = False
        executed.settle_pins(client)
        executed.share_again(client.statement)

    preparing.converse(client, server, resetting())


# The other commands.


def fetch(client: Client) -> None:
    """Rows of an open cursor, which is where the client is pinned."""
    statement = _named(client)
    if statement is None:
        return
    if not statement.cursor:
        _refuse(client, own_answers.no_cursor(client, statement.number))
        return
    client.shape = replies.FETCH
    client.on_lent = client.forward_on
    lending.borrow(client)


def reset(client: Client) -> None:
    """Closes the cursor and forgets long data; nothing else of a statement can be reset."""
    statement = _named(client)
    if statement is None:
        return
    statement.failure = None
    client.shape = replies.SINGLE
    here = client.server or client.lingering
    warned = client.diagnostics is not None or (here is not None and here.residue & WARNINGS)
    if statement.owned is not None:
        client.on_lent = client.forward_on
        lending.borrow(client)
    elif preparing.is_mariadb(client) and (warned or client.settling):
        client.on_lent = client.reset_on
        lending.borrow(client)
    else:
        client.row_count = client.warned = 0
        client.ahead = True
        client.answer_ok()


def reset_on(client: Client, server: ServerConnection) -> None:
    """A statement of which the server connection has nothing: say something that has the effects of a reset."""

    def finished(_: object, error: ProxyError | None) -> None:
        if preparing.goes_on(client, server, error):
            learning.learn(client, server, server.reply)
            lending.release(client, server)
            client.answer_ok()

    server.converse(_nothing(), finished)


def _nothing() -> Generator[list[bytes], list[Answer], None]:
    check((yield [query("DO 0")]))


def forward_on(client: Client, server: ServerConnection) -> None:
    """Send the command to the preparation that the client owns."""
    statement = client.statement
    assert statement is not None
    assert statement.owned is not None
    client.packet = executions.with_id(client.packet, statement.owned.number)
    server.throttle(None)
    transfer.send(client, server)


def send_long_data(client: Client) -> None:
    """A piece of a parameter, which servers never answer: what goes wrong is told at the execution."""
    client.statement = statement = None
    if len(client.packet) >= _SHORTEST_LONG_DATA:
        client.statement = statement = client.prepared.find(executions.statement_id(client.packet))
    if statement is None or statement.failure is not None:
        client.ready()
        return
    client.on_lent = client.long_data_on
    lending.borrow(client)


def long_data_on(client: Client, server: ServerConnection) -> None:
    """A server connection is here: keep it and a preparation there until the execution."""
    statement, home = client.statement, server.prepared
    assert statement is not None
    assert home is not None
    assert client.state is not None
    if preparing.finds_out(client, server):
        return
    if statement.owned is not None:
        _send_long_data(client, server, statement.owned)
        return
    fresh, present = bytes((FRESH,)) * len(statement.label), executed.present(client, statement)
    for label in (statement.label, fresh):
        if (found := home.find((statement.definition, label, present))) is not None:
            _send_long_data(client, server, found)
            return
    client.hub.stats.prepared_again += 1
    preparing.prepare_for(client, server, (statement.definition, fresh, present), _send_long_data)


def _send_long_data(client: Client, server: ServerConnection, preparation: Preparation) -> None:
    statement = client.statement
    assert statement is not None
    statement.long_data = True
    if statement.owned is None:
        preparing.own(client, statement, preparation)
    else:
        executed.settle_pins(client)
    preparing.tell(server)
    server.write(executions.with_id(client.packet, preparation.number))
    client.ready()
    server.throttle(client)


def close(client: Client) -> None:
    """The client needs the statement no more; never answered. What all share stays."""
    statement = None
    if len(client.packet) >= _SHORTEST_CLOSE:
        statement = client.prepared.find(executions.statement_id(client.packet))
    if statement is None:
        client.ready()
        return
    client.prepared.remove(client.hub.prepared, statement)
    server, owned = client.server, statement.owned
    if owned is not None and server is not None:
        server.throttle(None)
        owned.home.drop(owned)
        preparing.tell(server)
    if server is not None and (owned is not None or statement.kept):
        executed.settle_pins(client)
        lending.release(client, server)
    client.ready()
