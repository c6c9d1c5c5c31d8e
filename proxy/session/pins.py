"""Why a client keeps one server connection: reasons, when each begins and when it ends.

A pin is named by one word, which serves the log line, the metric's label and whoever reads either. What
begins one is a row here: a trait of the statement, or what a tracker says after it. These last until
COM_RESET_CONNECTION, COM_CHANGE_USER or the client's end. What has a name and ends with its own statement
is counted in ``holdings``.

It knows no client, pool or socket.
"""

from __future__ import annotations

import re

from proxy.session import statements
from proxy.session.statements import Traits
from proxy.wire.constants import STATUS_AUTOCOMMIT, STATUS_IN_TRANS
from proxy.wire.packets import Changes

USER_VARIABLE = "user_variable"
TEMPORARY_TABLE = "temporary_table"
TABLE_LOCK = "table_lock"
INSTANCE_LOCK = "instance_lock"
NAMED_LOCK = "named_lock"
HANDLER = "handler"
TEXT_PREPARE = "text_prepare"
PREPARED_STATEMENT = "prepared_statement"  # one that cannot be shared; see relay/preparing
CURSOR = "cursor"
LONG_DATA = "long_data"
ROLE = "role"
PROFILING = "profiling"
SEQUENCE = "sequence"
SESSION_TRACK = "session_track"
SPECIAL_VARIABLE = "special_variable"
HIDDEN_CHANGE = "hidden_change"
XA = "xa"
SAVEPOINT = "savepoint"  # one without a transaction: with autocommit off, before the first table is touched
UNSURE = "unsure"
REQUESTED = "requested"
KILL = "kill"  # for the moment in which another client interrupts this one

REASONS = (
    USER_VARIABLE,
    TEMPORARY_TABLE,
    TABLE_LOCK,
    INSTANCE_LOCK,
    NAMED_LOCK,
    HANDLER,
    TEXT_PREPARE,
    PREPARED_STATEMENT,
    CURSOR,
    LONG_DATA,
    ROLE,
    PROFILING,
    SEQUENCE,
    SESSION_TRACK,
    SPECIAL_VARIABLE,
    HIDDEN_CHANGE,
    XA,
    SAVEPOINT,
    UNSURE,
    REQUESTED,
    KILL,
)

# A statement with the trait on the left pins from now on, whether or not it succeeds.
_BY_TRAIT = (
    (statements.ROLE, ROLE),
    (statements.PROFILING, PROFILING),
    (statements.SEQUENCE_NEXT, SEQUENCE),
    (statements.TRACKERS, SESSION_TRACK),
    (statements.SPECIAL_VARIABLE, SPECIAL_VARIABLE),
    (statements.UNSURE, UNSURE),
    (statements.PIN_HINT, REQUESTED),
)

PINNING = 0
for _flag, _ in _BY_TRAIT:
    PINNING |= _flag

# Statements whose own effect makes the state tracker fire.
_EXPLAIN = statements.USES | statements.SETS | statements.ASSIGNS_VARIABLE
_EXPLAIN |= statements.TEMPORARY | statements.DROPS_TABLE | statements.TEXT_PREPARE

_UNSCOPED = re.compile(rb"@@(?!\s*`?(?:session|local|global)`?\s*\.)", re.IGNORECASE)

_FOR_STATEMENT = re.compile(rb"\s*SET\s+STATEMENT\b(.*?)\bFOR\b", re.IGNORECASE | re.DOTALL)
_LIMIT = re.compile(rb"@@`?max_error_count`?\s*:?=\s*([0-9]{1,18})\b", re.IGNORECASE)
_MOST_CONDITIONS = 65535
_NONE: frozenset[str] = frozenset()
_BEGINS_WITH = frozenset({"transaction_isolation", "transaction_read_only", "tx_isolation", "tx_read_only"})
_ASSIGNED = re.compile(rb"([a-z0-9_]+)`?\s*:?=", re.IGNORECASE)

LOCKED_TABLES = 7  # where the transaction state's eight characters say L
_XA_BEGINS = re.compile(rb"\bXA\b.*\b(START|BEGIN)\b", re.IGNORECASE | re.DOTALL)
_XA_ENDS = re.compile(rb"\s*XA\s+(COMMIT|ROLLBACK)\b", re.IGNORECASE)

# Statements after which there may be a savepoint that was not there before, or none any more.
SAVEPOINTS = statements.TRANSACTION | statements.CALLS | statements.SETS
_SAVEPOINT = re.compile(rb"\bSAVEPOINT\b", re.IGNORECASE)
_ROLLS_BACK_TO = re.compile(rb"\bTO\b", re.IGNORECASE)


def begun_by(traits: Traits) -> list[str]:
    """The reasons that a statement begins by its text alone."""
    return [reason for flag, reason in _BY_TRAIT if traits.flags & flag]


def hidden_change(traits: Traits, changes: Changes, passing: bool = False) -> bool:
    """Whether the server changed session state that neither the text nor another tracker explains.

    The state tracker fires for every change, so it proves nothing where the statement is a SET, a USE
    or a DROP of the default schema, or pins already. Behind a procedure or a function it may stand for
    anything. ``passing``: the server has left the default schema or given variables values meanwhile, and come back.
    """
    flags = traits.flags
    if not changes.state_changed or flags & PINNING:
        return False
    if flags & (statements.CALLS | statements.FUNCTION | statements.MULTI | statements.UNSURE):
        return True
    dropped = traits.verb == b"DROP" and changes.schema is not None
    return not (flags & _EXPLAIN or dropped or passing)


def outlives_transaction(changes: Changes) -> bool:
    """Whether variables that a transaction begins with were set. Inside one, that does not change the one under way,
    and where a SET of autocommit ends it, the next has the old values, too; no tracker tells."""
    return any(name.lower() in _BEGINS_WITH for name, _ in changes.variables)


def sets_unseen(sql: bytes) -> bool:
    """Whether a SET names a variable as ``@@name``, without a scope: MariaDB's trackers do not report that one."""
    return _UNSCOPED.search(sql) is not None


def unseen_limit(sql: bytes) -> str:
    """What such a SET makes of max_error_count, if that is a literal number, else ""."""
    found = _LIMIT.search(sql)
    return str(min(int(found[1]), _MOST_CONDITIONS)) if found is not None else ""


def for_statement(sql: bytes) -> frozenset[str]:
    """The variables to which MariaDB's SET STATEMENT gives values until it ends, as trackers name them."""
    found = _FOR_STATEMENT.match(sql)
    return frozenset(name.decode().lower() for name in _ASSIGNED.findall(found[1])) if found is not None else _NONE


def holds_tables(transaction_state: str) -> bool:
    """Whether the tracker's transaction state says that tables are locked."""
    return len(transaction_state) > LOCKED_TABLES and transaction_state[LOCKED_TABLES] == "L"


def after_xa(sql: bytes) -> bool | None:
    """Whether an XA statement begins (True) or ends (False) a branch, None for neither; in doubt it begins one."""
    if _XA_BEGINS.search(sql):
        return True
    return False if _XA_ENDS.match(sql) else None


def after_savepoint(traits: Traits, sql: bytes, status: int) -> bool | None:
    """Whether there may be a savepoint that the status flags do not tell of (True), there is none (False), or all is as
    it was (None).

    Autocommit ends a savepoint outside a transaction at once; inside one, the transaction holds the server connection.
    """
    if status & STATUS_AUTOCOMMIT:
        return False
    if traits.flags & statements.MULTI:
        made = bool(traits.flags & statements.CALLS) or _SAVEPOINT.search(sql) is not None
    elif traits.verb in (b"COMMIT", b"ROLLBACK"):
        return None if _ROLLS_BACK_TO.search(sql) else False
    else:
        made = bool(traits.flags & statements.CALLS) or traits.verb == b"SAVEPOINT"
    return True if made and not status & STATUS_IN_TRANS else None
