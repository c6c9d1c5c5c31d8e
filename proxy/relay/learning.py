# cython: annotation_typing=False
"""What an answer changes in a session: state, residue, diagnostics, pins.

Called when an answer is complete. Nearly all answers change nothing lasting, and the first lines of
``learn`` say so. Trackers change the state of client and server connection together: both hold
the same one from then on.
"""

from __future__ import annotations

import logging
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from proxy.net.server_connection import ServerConnection
from proxy.session import pins, statements
from proxy.session.conditions import AS_LISTED
from proxy.session.conversations import (
    COLLATED,
    COLLATION,
    DETAILS,
    FOUND_ROWS,
    HIDDEN,
    INSERT_ID,
    LATE,
    ROUTINE,
    UNSEEN,
    VARIABLES,
    WARNINGS,
)
from proxy.session.effects import Effect, is_silent, may_remember, tells_more
from proxy.session.holdings import ANY, HOLDING
from proxy.session.state import COLLATION as COLLATION_CONNECTION
from proxy.session.state import MODE_FLAGS, NAMES, NAMES_COLLATE, NAMES_PERHAPS, NO_NAMES, State
from proxy.session.statements import Traits
from proxy.session.variables import can_carry
from proxy.wire.constants import (
    CLIENT_IGNORE_SPACE,
    CLIENT_PROTOCOL_41,
    COM_FIELD_LIST,
    COM_INIT_DB,
    COM_STMT_EXECUTE,
    STATUS_AUTOCOMMIT,
    STATUS_IN_TRANS,
)
from proxy.wire.packets import Changes, parse_err, parse_trackers
from proxy.wire.replies import Reply

if TYPE_CHECKING:
    from proxy.relay.client import Client

_log = logging.getLogger("forebay.pin")

# After these the insert id is not what the OK packet says.
_CHANGES_INSERT_ID = statements.INSERT_ID | statements.CALLS | statements.MULTI | statements.UNSURE
_RUNS_ROUTINES = statements.CALLS | statements.FUNCTION
_SPECIAL = statements.INTERESTING
_UTF8MB3 = ("utf8mb3", "utf8")
_PARSE_ERROR = 1064
# Errors before a table is opened, and the one of a transaction that may only read: a transaction has not begun.
_NOT_BEGUN = frozenset({1044, 1046, 1049, 1064, 1142, 1146, 1193, 1227, 1231, 1305, 1792})
# Errors of a question that is being executed, as a rule: MariaDB has begun to count its rows.
_AT_ROWS = frozenset({1048, 1062, 1172, 1205, 1213, 1242, 1264, 1265, 1292, 1317, 1366, 1406, 1411, 1644, 1690, 1969})
# Errors of an UPDATE that has begun to count: MySQL does so late.
_CHANGING_ROWS = frozenset({1048, 1062, 1205, 1213, 1264, 1265, 1292, 1317, 1366, 1369, 1406, 1451, 1452, 1690, 3819})
_PROMOTES = frozenset({b"INSERT", b"REPLACE", b"DELETE"})
_NUMBER = re.compile(rb"[0-9]+")
# Over a statement without tables MariaDB keeps the warnings of the one before; these always have one.
_HAS_TABLES = frozenset({b"INSERT", b"REPLACE", b"UPDATE", b"DELETE"})
# On MySQL these leave the conditions of the last statement as they are, but for what they add themselves.
NO_STATEMENTS = frozenset({COM_INIT_DB, COM_FIELD_LIST})
_ASKED = statements.RECOUNTS | statements.DIAGNOSTICS
_SET_LITERAL = statements.SET_LITERAL
_MULTI = statements.MULTI
_MULTI_ASKED = statements.MULTI | statements.DIAGNOSTICS
_SAVEPOINTS = pins.SAVEPOINTS


def ignores_space(client: Client) -> bool:
    """Whether the login asked for sql_mode IGNORE_SPACE. MariaDB grants that for the login's own session only."""
    states = client.route.states
    forgotten = states is not None and states.baseline.mariadb and not client.first_session
    return bool(client.capabilities & CLIENT_IGNORE_SPACE) and not forgotten


def text_of(client: Client) -> bytes:
    """The SQL text of the command under way."""
    if client.command == COM_STMT_EXECUTE and client.statement is not None:
        return client.statement.definition.text
    return client.packet[5:]


def is_mariadb(client: Client) -> bool:
    """Whether the client's server is one."""
    states = client.route.states
    return states is not None and states.baseline.mariadb


def most_conditions(client: Client) -> int:
    """How many rows SHOW WARNINGS may have in this session."""
    states, state = client.route.states, client.state
    most = states.value(state, "max_error_count") if states is not None and state is not None else None
    return int(most or 64)


def warned(client: Client) -> int:
    """The number of conditions that MySQL tells once more in the answer to a command that is no statement."""
    return 1 if client.warned == AS_LISTED else client.warned


def learn(client: Client, server: ServerConnection, reply: Reply) -> None:
    """An answer ended well: see what is different now."""
    traits = client.traits
    flags = traits.flags if traits is not None else 0
    before = client.state
    client.ahead = False
    client.warned = reply.warnings
    if reply.rows < 0:
        _learn_count(client, server, reply, traits)
    else:
        client.row_count = -1
    if flags & _ASKED and traits is not None:
        _learn_found_rows(client, server, reply, traits)
    elif reply.rows >= 0:
        client.found_rows = reply.rows
        client.counted_elsewhere = False
        server.found_none = reply.rows == 0
    if reply.insert_id:
        server.residue |= INSERT_ID
        _count_carried(client, "insert_id", traits)
    if reply.warnings or client.diagnostics is not None or server.residue & WARNINGS:
        _learn_warnings(client, server, reply.warnings, traits)
    elif flags & _MULTI and _may_keep_list(server, flags):
        server.residue |= WARNINGS
    if reply.trackers is not None:
        _learn_trackers(client, server, reply.trackers, traits)
        if flags & _SET_LITERAL and traits is not None and before is not None:
            _learn_effect(client, server, traits, before)
    if flags & _SPECIAL and traits is not None:
        _learn_special(client, server, traits, flags)
        if flags & _SAVEPOINTS:
            learn_savepoint(client, traits, reply.status)


def learn_prepared(client: Client, server: ServerConnection, warnings: int) -> None:
    """A statement was prepared, not executed: that has cleared warnings at most."""
    client.warned = warnings
    if warnings or client.diagnostics is not None or server.residue & WARNINGS:
        _learn_warnings(client, server, warnings, client.traits)
    if client.traits is not None and client.traits.flags & statements.ASSIGNS_VARIABLE:
        _learn_variables(client, server, client.traits)  # servers make some now, as NULL


def _learn_count(client: Client, server: ServerConnection, reply: Reply, traits: Traits | None) -> None:
    """ROW_COUNT() after an answer without rows: a GET DIAGNOSTICS that is right leaves it alone."""
    if client.command == COM_FIELD_LIST:
        _learn_fields(client, server)
        return
    if traits is not None and traits.verb == b"GET":
        client.row_count = -1 if reply.warnings else client.row_count
        return
    client.row_count = reply.affected_rows
    if traits is not None and traits.verb == b"UPDATE" and not server.mariadb:
        _learn_matched(client, server, reply.info)
    elif (server.residue & LATE or client.late_rows >= 0) and traits is not None and traits.verb in _PROMOTES:
        _count_late(client, server)


def _learn_fields(client: Client, server: ServerConnection) -> None:
    """COM_FIELD_LIST; MySQL warns of it, and the conditions that there are stay."""
    client.row_count = -1
    if not server.mariadb:
        server.residue |= WARNINGS
        if client.diagnostics is not None:
            client.diagnostics = client.diagnostics.with_deprecated_fields()


def _learn_matched(client: Client, server: ServerConnection, info: bytes) -> None:
    """On MySQL, UPDATE makes FOUND_ROWS() the number of rows that it matched; where that is none, perhaps not."""
    number = _NUMBER.search(info, 1)
    if number is not None and int(number[0]):
        client.found_rows = int(number[0])
        client.counted_elsewhere = server.found_none = False
    else:
        server.residue |= FOUND_ROWS
        server.found_none = True


def _count_late(client: Client, server: ServerConnection) -> None:
    """MySQL counts now for FOUND_ROWS() what a statement before has looked at: that of a failed UPDATE, a subquery of
    SET, CREATE .. SELECT."""
    server.found_none = True
    if server.residue & LATE:
        server.residue |= FOUND_ROWS
        client.counted_elsewhere = False
    elif client.counted_elsewhere:
        client.found_rows = client.late_rows
    client.late_rows = -1


def _learn_found_rows(client: Client, server: ServerConnection, reply: Reply, traits: Traits) -> None:
    """FOUND_ROWS() after a statement that is no plain question: it was this client's before, or it is asked for."""
    if traits.flags & statements.RECOUNTS:
        server.residue |= FOUND_ROWS
        server.found_none = True
        client.counted_elsewhere = False
        if not server.mariadb and (reply.rows < 0 or traits.flags & _MULTI or client.late_rows >= 0):
            server.residue |= LATE  # SHOW CREATE TABLE, CHECK TABLE and the like leave what will count later as it was
    elif reply.rows >= 0 and not (traits.verb == b"SHOW" and traits.second != b"COUNT"):
        client.found_rows = reply.rows
        client.counted_elsewhere = False
        server.found_none = reply.rows == 0


def _learn_effect(client: Client, server: ServerConnection, traits: Traits, before: State) -> None:
    """The same SET will do the same again. A client that has changed the trackers themselves proves nothing, and where
    a routine has run nobody knows what was so before."""
    trackers, states, text = server.reply.trackers, client.route.states, text_of(client)
    if trackers is None or len(trackers) != 1 or states is None or server.residue & HIDDEN:
        return
    changes, naming = parse_trackers(trackers[0]), _naming(traits.flags)
    if not changes.variables or server.reply.warnings or pins.SESSION_TRACK in client.pins or not may_remember(traits):
        return
    if changes.schema is not None or is_silent(states, before):  # an execution has run under another one
        return
    if is_mariadb(client) and (pins.sets_unseen(text) or tells_more(states, before, changes, text, naming)):
        return  # the trackers may have told a part of it, or of an earlier statement, too
    client.route.effects.learn(text, before.mode, Effect(trackers[0], naming))


def _naming(flags: int) -> int:
    """Whether the statement is a SET NAMES, and of which kind; one that may vary is none."""
    if not flags & statements.SET_NAMES or flags & statements.SET_VARIES:
        return NO_NAMES
    if flags & statements.MULTI:
        return NAMES_PERHAPS
    return NAMES_COLLATE if flags & statements.COLLATES else NAMES


def _learn_variables(client: Client, server: ServerConnection, traits: Traits) -> None:
    """User variables that the text names: their values are read out when the server connection moves on."""
    names = traits.user_variables
    if not names or not all(map(can_carry, names)):
        pin(client, pins.USER_VARIABLE, traits)
    if not traits.flags & (statements.ASSIGNS_VARIABLE | statements.CALLS):
        return
    text = text_of(client)
    if not (text.isascii() or is_text(client, text)):
        pin(client, pins.USER_VARIABLE, traits)
    _count_carried(client, "user_variable", traits)
    server.residue |= VARIABLES if server.mariadb else VARIABLES | COLLATED
    for name in filter(can_carry, names):
        client.variables[name] = server.variables[name] = None
        server.variables_seen.add(name)


def is_text(client: Client, content: bytes) -> bool:
    """Whether this is certainly text in the client's character set, and in that of its literals: what is none, no SQL
    gives back."""
    states, state = client.route.states, client.state
    if states is None or state is None:
        return False
    charset = states.value(state, "character_set_client")
    literals = (states.value(state, COLLATION_CONNECTION) or "").partition("_")[0]
    if charset in ("binary", "latin1"):
        return True
    if charset not in ("utf8mb4", *_UTF8MB3):
        return False
    try:
        decoded = content.decode()
    except UnicodeDecodeError:
        return False
    return (charset not in _UTF8MB3 and literals not in _UTF8MB3) or max(decoded, default="") <= "\uffff"


def _learn_prepared_text(client: Client, server: ServerConnection, traits: Traits) -> None:
    """What a text PREPARE will do when it is executed counts from now on; one that cannot be read holds for good."""
    text = traits.prepared_text
    if text is None:
        client.held.prepared.add(ANY)
        return
    mode = client.state.mode if client.state is not None else 0
    inner = client.hub.traits.get(text, mode)
    if server.mariadb and inner.flags & statements.SETS and pins.sets_unseen(text):
        pin(client, pins.HIDDEN_CHANGE, traits)
    _learn_special(client, server, inner, inner.flags)


def _learn_holdings(client: Client, traits: Traits, failed: bool) -> None:
    schema = client.state.schema if client.state is not None else None
    client.held.learn(traits, schema, failed)
    for reason, holds in client.held.reasons().items():
        if holds:
            pin(client, reason, traits)
        else:
            unpin(client, reason)


def _learn_special(client: Client, server: ServerConnection, traits: Traits, flags: int, failed: bool = False) -> None:
    if flags & _CHANGES_INSERT_ID:
        server.residue |= INSERT_ID
    if flags & _RUNS_ROUTINES:
        server.residue |= HIDDEN | ROUTINE if server.mariadb else HIDDEN | COLLATED
        if failed and server.mariadb:  # nobody tells whether it had made temporary tables before it failed
            server.doubt()
    if flags & statements.CALC_FOUND_ROWS:
        _count_carried(client, "found_rows", traits)
    if flags & (statements.DEFINES | statements.TEXT_PREPARE):
        client.hub.prepared.epoch += 1
    if flags & pins.PINNING:
        for reason in pins.begun_by(traits):
            pin(client, reason, traits)
    if flags & statements.USER_VARIABLE:
        _learn_variables(client, server, traits)
    if flags & statements.TEXT_PREPARE and traits.prepared and not failed:
        _learn_prepared_text(client, server, traits)
    if server.mariadb and flags & statements.SETS and pins.sets_unseen(text_of(client)):
        pin(client, pins.HIDDEN_CHANGE, traits)
        server.residue |= UNSEEN
        if not failed and (limit := pins.unseen_limit(text_of(client))):  # Forebay's own errors go by it
            _learn_variable(client, server, "max_error_count", limit)
    if flags & HOLDING:
        _learn_holdings(client, traits, failed)
    if flags & statements.USES and not failed:
        learn_schema(client, server)
    if flags & statements.UNPIN_HINT:
        unpin(client, pins.REQUESTED)
    if flags & statements.TABLE_LOCK:
        _learn_lock_statement(client, traits, flags)
    if flags & statements.TRANSACTION and traits.verb == b"XA":
        _learn_xa(client, traits)


def _learn_lock_statement(client: Client, traits: Traits, flags: int) -> None:
    """Trackers report table locks; an instance's lock is in the text only, and so is what they may have missed."""
    if flags & statements.UNLOCKS_TABLES:
        unpin(client, pins.TABLE_LOCK)
    elif flags & statements.UNLOCKS_INSTANCE:
        unpin(client, pins.INSTANCE_LOCK)
    else:
        pin(client, pins.INSTANCE_LOCK if flags & statements.INSTANCE_LOCK else pins.TABLE_LOCK, traits)


def _learn_xa(client: Client, traits: Traits) -> None:
    """XA START ... XA COMMIT: between them the branch belongs to this server connection."""
    begins = pins.after_xa(text_of(client)[:59])
    if begins:
        pin(client, pins.XA, traits)
    elif begins is False and not client.in_transaction:
        unpin(client, pins.XA)


def learn_savepoint(client: Client, traits: Traits, status: int) -> None:
    """A savepoint holds the server connection also while no transaction does."""
    kept = pins.after_savepoint(traits, text_of(client), status)
    if kept:
        pin(client, pins.SAVEPOINT, traits)
    elif kept is False:
        unpin(client, pins.SAVEPOINT)


def _learn_warnings(client: Client, server: ServerConnection, count: int, traits: Traits | None) -> None:
    """Whether the server connection now holds warnings of this client's last statement.

    On MariaDB it may hold older ones, or what stands in for them: whoever reads them will see.
    """
    if traits is None or (traits.flags & _MULTI_ASKED == statements.DIAGNOSTICS and traits.verb in (b"SHOW", b"GET")):
        server.residue |= WARNINGS if count else 0  # COM_INIT_DB keeps them, a GET DIAGNOSTICS that fails adds one
    elif count:
        _count_carried(client, "warnings", traits)
        _holds_list(client, server, traits)
    elif traits.flags & statements.MULTI and _may_keep_list(server, traits.flags):
        server.residue |= WARNINGS
        _doubt_list(client)
    elif not server.mariadb or traits.verb in _HAS_TABLES:
        client.diagnostics = None
        server.residue &= ~WARNINGS
    else:
        server.residue |= WARNINGS
        _doubt_list(client)


def _doubt_list(client: Client) -> None:
    """What stands in for the conditions on the server connection may be gone."""
    if client.diagnostics is not None:
        client.diagnostics.latest = False


def _may_keep_list(server: ServerConnection, flags: int) -> bool:
    """Whether the last of several statements may have left the conditions of the one before it."""
    return server.mariadb or bool(flags & statements.DIAGNOSTICS)


def _holds_list(client: Client, server: ServerConnection, traits: Traits | None) -> None:
    """The server connection has the conditions of this client's last statement."""
    client.diagnostics = None
    client.error_state = ""
    server.residue |= WARNINGS
    signals = traits is not None and (traits.flags & _RUNS_ROUTINES or traits.verb == b"SIGNAL")
    if signals and most_conditions(client) > 0:
        server.residue |= DETAILS  # a SIGNAL may have made a condition that is not what its number says
    else:
        server.residue &= ~DETAILS


def _learn_trackers(
    client: Client, server: ServerConnection, blocks: list[bytes], traits: Traits | None, failed: bool = False
) -> None:
    states = client.route.states
    assert states is not None
    assert client.state is not None
    flags = traits.flags if traits is not None else 0
    naming = NO_NAMES if failed and not flags & statements.MULTI else _naming(flags)
    state = client.state
    single = server.mariadb and traits is not None and not flags & statements.MULTI
    passing = pins.for_statement(text_of(client)) if single else None
    for block in blocks:
        changes = parse_trackers(block)
        if passing:  # MariaDB tells the values that these had while the statement ran
            lasting = tuple(pair for pair in changes.variables if pair[0].lower() not in passing)
            changes = replace(changes, variables=lasting)
        state = states.after(state, changes, client.in_transaction, naming)
        if changes.transaction_state is not None:
            _learn_locks(client, changes.transaction_state, traits)
        # A statement that was prepared under another schema has that one while it runs.
        switched = client.command == COM_STMT_EXECUTE and changes.schema is not None
        if traits is not None and pins.hidden_change(traits, changes, switched or bool(passing)):
            pin(client, pins.HIDDEN_CHANGE, traits)
        if client.in_transaction and pins.outlives_transaction(changes):
            pin(client, pins.SPECIAL_VARIABLE, traits)
    if not state.known and naming == NAMES_COLLATE:
        state = states.with_named_collation(state, text_of(client))
    if state is not client.state:
        _count_carried(client, "state", traits)
    if passing and "sql_mode" in passing:
        state = states.with_usual_flags(state)
    _now_in(client, server, state)
    if passing:
        _forget_modes(client, state)
    if not state.known:
        server.residue |= COLLATION


def _now_in(client: Client, server: ServerConnection, state: State) -> None:
    """The client is in ``state``, and the server connection, too, but for a schema that it could not leave."""
    states, before = client.route.states, server.state
    assert states is not None
    assert before is not None
    apart = before is not client.state and client.state is not None and state.schema is client.state.schema
    client.state = state
    server.state = states.with_schema(state, before.schema) if apart else state


def _forget_modes(client: Client, state: State) -> None:
    """The flags of sql_mode in the answer to a SET STATEMENT were for that one."""
    states = client.route.states
    assert states is not None
    client.status = (client.status & ~MODE_FLAGS) | (states.status_of(state) & MODE_FLAGS)


def learn_schema(client: Client, server: ServerConnection) -> None:
    """A default schema has been selected; where it is the same one as before, no tracker tells."""
    states = client.route.states
    if states is not None and client.state is not None:
        client.state = server.state = states.with_schema_selected(client.state)


def follow_flags(client: Client, server: ServerConnection, before: int) -> None:
    """The status flags, which were ``before``, show autocommit even where no tracker reported it: inside a procedure,
    on MariaDB. There they may also be those of the sql_mode that a routine had."""
    status = client.status
    if (before ^ status) & STATUS_AUTOCOMMIT:
        _learn_variable(client, server, "autocommit", "ON" if status & STATUS_AUTOCOMMIT else "OFF")
    states, state = client.route.states, client.state
    if server.mariadb and states is not None and state is not None:
        _now_in(client, server, states.with_flags(state, status))


def _learn_variable(client: Client, server: ServerConnection, name: str, value: str) -> None:
    """The value of a system variable that no tracker has reported."""
    states = client.route.states
    assert states is not None
    if client.state is not None:
        changes = Changes(variables=((name, value),))
        _now_in(client, server, states.after(client.state, changes, client.in_transaction, NO_NAMES))


def _learn_locks(client: Client, transaction_state: str, traits: Traits | None) -> None:
    if pins.holds_tables(transaction_state):
        pin(client, pins.TABLE_LOCK, traits)
    elif pins.TABLE_LOCK in client.pins:
        unpin(client, pins.TABLE_LOCK)


def learn_error(client: Client, server: ServerConnection, number: int) -> None:
    """An answer ended with an ERR packet: the answers before it, in the same reply, may have changed things.

    A text that the server could not even parse has done nothing.
    """
    refused_unread = number == _PARSE_ERROR and server.reply.results == 0
    traits = client.traits
    client.ahead = False
    client.row_count = -1
    server.found_none = True
    if server.mariadb or client.command not in NO_STATEMENTS:
        client.warned = AS_LISTED
    elif client.command == COM_FIELD_LIST:
        client.warned = int(most_conditions(client) > 0)
    elif client.warned != AS_LISTED:
        client.warned += 1
    if not server.mariadb and client.command in NO_STATEMENTS and client.diagnostics is not None:
        _add_error(client, server)
    else:
        _holds_list(client, server, traits)
    if server.reply.error is not None:
        client.error_state = parse_err(server.reply.error, CLIENT_PROTOCOL_41).sqlstate
    if server.mariadb and number in _AT_ROWS and traits is not None and traits.verb in statements.READERS:
        client.counted_elsewhere = False
    if not client.counted_elsewhere:
        server.residue |= FOUND_ROWS
    if not server.mariadb and _counts_late(client, number):
        server.residue |= LATE
    if traits is None or not traits.flags & statements.READ_ONLY:  # an INSERT that fails at its second row has an id
        server.residue |= INSERT_ID
    if server.reply.trackers is not None:
        _learn_trackers(client, server, server.reply.trackers, traits, failed=True)
    if server.mariadb and client.state is not None and client.state.characteristics and number not in _NOT_BEGUN:
        pin(client, pins.HIDDEN_CHANGE, traits)  # nobody tells whether the settings of the next transaction are used up
    if traits is not None and traits.flags & _SPECIAL and not refused_unread:
        _learn_special(client, server, traits, traits.flags, failed=True)


def _counts_late(client: Client, number: int) -> bool:
    """Whether the error of this statement leaves rows that MySQL will count later."""
    traits = client.traits
    if traits is not None and traits.verb == b"UPDATE" and number in _CHANGING_ROWS:
        return True
    return client.late_rows >= 0 and not client.counted_elsewhere  # they have been put there


def _add_error(client: Client, server: ServerConnection) -> None:
    """MySQL adds the error to the conditions, for which others stand in on the server connection."""
    assert client.diagnostics is not None
    server.residue |= WARNINGS
    if client.command == COM_FIELD_LIST:
        client.diagnostics = client.diagnostics.with_deprecated_fields()
    if server.reply.error is not None:
        error = parse_err(server.reply.error, CLIENT_PROTOCOL_41)
        client.diagnostics = client.diagnostics.with_error(
            error.number, error.sqlstate, error.text, most_conditions(client)
        )


def learn_late(client: Client, server: ServerConnection, blocks: list[bytes]) -> None:
    """What MySQL's trackers had to say of a statement that failed, told with the answer to the next command."""
    _learn_trackers(client, server, blocks, client.traits, failed=True)


def learn_orphan(client: Client, server: ServerConnection) -> None:
    """The same for a client that has gone meanwhile: only what the next borrower must know."""
    if server.reply.error is None:
        client.in_transaction = bool(server.reply.status & STATUS_IN_TRANS)
        learn(client, server, server.reply)
        client.in_transaction = False
    else:
        learn_error(client, server, 0)


def learn_assigned(client: Client, server: ServerConnection) -> None:
    """User variables that the statement under way names have been given values by Forebay."""
    if client.traits is not None:
        _learn_variables(client, server, client.traits)


def _count_carried(client: Client, part: str, traits: Traits | None) -> None:
    """A statement changed a part of the session that goes along to other server connections."""
    hub = client.hub
    carried = hub.stats.carried
    carried[part] = carried.get(part, 0) + 1
    if hub.settings.sharing == "advise" and (client.user, part) not in hub.advised:
        hub.advised.add((client.user, part))
        _log.info("would be carried", extra={"fields": _statement(client, part, traits)})


def _statement(client: Client, reason: str, traits: Traits | None) -> dict[str, object]:
    """The fields of a log line about a statement: its digest, never its literals."""
    fields: dict[str, object] = {"client": client.id, "user": client.user, "reason": reason}
    if traits is not None and client.state is not None:
        fields["statement"] = statements.digest(text_of(client), client.state.mode).decode("utf-8", "replace")
    return fields


# Pins.


def pin(client: Client, reason: str, traits: Traits | None) -> None:
    """From now on the client keeps its server connection, for this reason too."""
    if reason in client.pins:
        return
    client.pins[reason] = time.monotonic()
    stats = client.hub.stats
    stats.pins_total[reason] = stats.pins_total.get(reason, 0) + 1
    stats.pinned[reason] = stats.pinned.get(reason, 0) + 1
    if _log.isEnabledFor(logging.INFO) and traits is not None:
        message = "would pin" if client.hub.settings.sharing == "advise" else "client is pinned"
        _log.info(message, extra={"fields": _statement(client, reason, traits)})


def unpin(client: Client, reason: str) -> None:
    """The reason has ended."""
    since = client.pins.pop(reason, None)
    if since is not None:
        stats = client.hub.stats
        stats.pinned[reason] -= 1
        stats.pin_seconds.observe(time.monotonic() - since)


def unpin_all(client: Client) -> None:
    """Everything that pinned is gone with the session or with its server connection."""
    for reason in list(client.pins):
        unpin(client, reason)
    client.prepared.lose_server()
    client.held.clear()
