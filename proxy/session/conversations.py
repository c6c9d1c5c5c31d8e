"""What Forebay itself says to a server: the introduction, settling, and the clean slate.

Each is a generator that yields payloads of commands, all sent at once, and is sent one answer for each;
no socket here. ``net.server_connection`` runs them.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

from proxy.errors import ServerRefused
from proxy.session import variables
from proxy.session.conditions import Conditions, detail_commands, detail_questions, details
from proxy.session.state import Baseline, State, States, literal
from proxy.wire.answers import Answer
from proxy.wire.constants import (
    COM_PING,
    COM_QUERY,
    COM_RESET_CONNECTION,
    COM_SET_OPTION,
    OPTION_MULTI_STATEMENTS_OFF,
    OPTION_MULTI_STATEMENTS_ON,
)

# What a statement may have left in a server connection that no packet tells exactly.
INSERT_ID = 1
WARNINGS = 2
COLLATION = 4
FOUND_ROWS = 8
VARIABLES = 16
HIDDEN = 32  # a routine has run: what else it did is for ``hidden`` to find out
COLLATED = 128  # with VARIABLES or HIDDEN, on MySQL: numbers in user variables have collations
DETAILS = 64  # warnings that a SIGNAL may have made: SHOW WARNINGS does not tell all about them
UNSEEN = 512  # on MariaDB system variables, by a SET that its trackers do not report
ROUTINE = 1024  # on MariaDB the same in a routine that has run, which matters earlier than the rest of HIDDEN
LATE = 256  # rows that MySQL counts for FOUND_ROWS() only once another statement has changed some

_COLLATIONS = (
    "SELECT ID, CHARACTER_SET_NAME, COLLATION_NAME, IS_DEFAULT FROM information_schema.COLLATIONS WHERE ID IS NOT NULL"
)
_RESET = (
    "SELECT @@GLOBAL.character_set_client, @@GLOBAL.character_set_results, @@GLOBAL.collation_connection, "
    "@@GLOBAL.collation_database, DATABASE()"
)
# MySQL wants a privilege for it, and warns.
_SETS_DATABASE = "SET @@SESSION.collation_database=@@SESSION.collation_database"
_COUNTS, _ROWS = "@`forebay counts`", "@`forebay rows`"  # beside the client's variables; ``hidden`` leaves them out
_SETTLED = 6  # columns that every settling asks for, before those of user variables
_VARIABLES = "SHOW SESSION VARIABLES"


def query(sql: str) -> bytes:
    """The payload of a COM_QUERY."""
    return bytes((COM_QUERY,)) + sql.encode()


def set_option(multi_statements: bool) -> bytes:
    """The payload of the COM_SET_OPTION that allows several statements in a command, or forbids them."""
    option = OPTION_MULTI_STATEMENTS_ON if multi_statements else OPTION_MULTI_STATEMENTS_OFF
    return bytes((COM_SET_OPTION, option, 0))


NO_WARNINGS = query("DO (SELECT 1 FROM (SELECT 1) forebay)")  # with a table, else MariaDB keeps them


def check(answers: list[Answer]) -> None:
    """Raise ServerRefused with the first error among the answers."""
    for answer in answers:
        if answer.error is not None:
            raise ServerRefused(answer.error.number, answer.error.sqlstate, answer.error.text)


def track(mariadb: bool, names: list[str]) -> bytes:
    """The statement that makes the server report every change of a session.

    MySQL's ``*`` adds the variable statement_id to every answer; the list of all other names does not.
    """
    listed = "*" if mariadb else ",".join(name for name in names if name != "statement_id")
    return query(
        f"SET SESSION session_track_system_variables='{listed}', session_track_schema=ON, "
        "session_track_state_change=ON, session_track_transaction_info='CHARACTERISTICS'"
    )


def _texts(row: list[bytes | None]) -> list[str]:
    return ["" if value is None else value.decode() for value in row]


def introduce(mariadb: bool, init_query: str) -> Generator[list[bytes], list[Answer], Baseline]:
    """The first words on a new server connection: the init query, what it then has, and the trackers."""
    if init_query:
        check((yield [query(init_query)]))
    answers = yield [query(_VARIABLES), query(_RESET), query(_COLLATIONS), query(_SETS_DATABASE)]
    check(answers[:3])
    values = dict(map(_texts, answers[0].rows()))
    raw_reset = answers[1].rows()[0]
    client, results, collation, database_collation, _ = _texts(raw_reset)
    check((yield [track(mariadb, list(values))]))
    schema = raw_reset[4]
    collations = [_texts(row) for row in answers[2].rows()]
    return Baseline(
        variables=values,
        mariadb=mariadb,
        schema=None if schema is None else schema.decode(),
        collations={int(row[0]): (row[1], row[2]) for row in collations},
        default_collations={row[1]: row[2] for row in collations if row[3] == "Yes"},
        reset_charsets={
            "character_set_client": client,
            "character_set_results": results,
            "collation_connection": collation,
        },
        database_collation=database_collation,
        sets_database=answers[3].error is None,
    )


def normalise(states: States, found: Baseline) -> Generator[list[bytes], list[Answer], State]:
    """Bring a new server connection to the pool's baseline; returns the state that it then has.

    Globals may have changed since the pool's first connection was opened, and clients expect what they
    have seen. A variable that cannot be set in a session is a global one: nobody's session.
    """
    base = states.baseline.variables
    names = [
        name
        for name, value in found.variables.items()
        if states.carries(name) and name not in states.global_only and base.get(name, value) != value
    ]
    if names:
        sets = [f"SET @@SESSION.{name}={literal(name, base[name], found.variables[name])}" for name in names]
        answers = (yield [*(query(sql) for sql in sets), NO_WARNINGS])[:-1]
        states.global_only.update(name for name, answer in zip(names, answers, strict=True) if answer.error)
    return states.with_schema(states.fresh, found.schema)


@dataclass
class Settled:
    """What was read out of a server connection for the client whose session lingered there."""

    insert_id: int | None = None
    warnings: Conditions | None = None
    collation: str | None = None
    found_rows: int | None = None
    late_rows: int | None = None
    variables: dict[bytes, str | None] = field(default_factory=dict)  # None: never set


def settle_commands(residue: int, names: list[bytes]) -> list[bytes]:
    """The questions to ask; ``names`` are the user variables.

    FOUND_ROWS() is asked without any table, which would change it, and only where needed, because MySQL warns of it.
    What would count later counts after an EXPLAIN. At the end no warning is left; that takes a statement with a table,
    over any other MariaDB keeps them.
    """
    commands, counts = _about_conditions(residue)
    found_rows, late_rows = "FOUND_ROWS()" if residue & FOUND_ROWS else "0", "0"
    if residue & LATE:
        commands += [query(f"SET {_ROWS}=FOUND_ROWS()"), query("EXPLAIN SELECT 1")]
        found_rows, late_rows = _ROWS, "FOUND_ROWS()"
    items = [
        "LAST_INSERT_ID()",
        "@@collation_connection",
        found_rows,
        late_rows,
        *counts,
        *variables.questions(names, bool(residue & COLLATED)),
    ]
    if _in_detail(residue):
        items += detail_questions()
    commands.append(query("SELECT " + ", ".join(items) + " LIMIT 1"))  # else sql_select_limit=0 would hide it
    if residue & (WARNINGS | FOUND_ROWS | LATE):
        commands.append(NO_WARNINGS)
    return commands


def _in_detail(residue: int) -> bool:
    return bool(residue & WARNINGS and residue & DETAILS)


def _about_conditions(residue: int) -> tuple[list[bytes], tuple[str, str]]:
    """What is asked first, because other questions clear the conditions, and the select items for their counts.

    What is asked in detail makes errors, hence no count is asked for then. FOUND_ROWS() makes MySQL count its own
    warning only: the counts are kept before.
    """
    if not residue & WARNINGS:
        return [], ("0", "0")
    listed = query("SHOW WARNINGS")
    if residue & DETAILS:
        return [listed, *detail_commands()], ("0", "0")
    if residue & (FOUND_ROWS | LATE):
        return [listed, query(f"SET {_COUNTS}=@@warning_count<<32|@@error_count")], (
            f"{_COUNTS}>>32",
            f"{_COUNTS}&0xFFFFFFFF",
        )
    return [listed], ("@@warning_count", "@@error_count")


_EXCHANGE = query("SELECT LAST_INSERT_ID(), LAST_INSERT_ID(%d) LIMIT 1")


def exchange_insert_ids(insert_id: int) -> bytes:
    """The question whose first value is LAST_INSERT_ID(), and after which that is ``insert_id``.

    *Measured* on both servers: the items are evaluated from left to right.
    """
    return _EXCHANGE % insert_id


def settled(residue: int, names: list[bytes], answers: list[Answer]) -> Settled:
    """What the answers to ``settle_commands`` say. Raises ServerRefused where the server would not say."""
    check(answers)
    result = Settled()
    table = answers[len(_about_conditions(residue)[0]) + 2 * bool(residue & LATE)].table()
    row = table.rows[0]
    insert_id, collation, found_rows, late_rows, count, errors = _texts(row[:_SETTLED])
    if residue & WARNINGS:
        rows = answers[0].rows()
        result.warnings = Conditions(rows, len(rows))
        if not _in_detail(residue):
            result.warnings.total = max(len(rows), int(count))
            result.warnings.unlisted = max(0, int(errors) - result.warnings.errors)
        else:
            result.warnings.details = details(row[_SETTLED + len(names) * variables.COLUMNS :], len(rows))
    if residue & INSERT_ID:
        result.insert_id = int(insert_id)
    if residue & COLLATION:
        result.collation = collation
    if residue & FOUND_ROWS:
        result.found_rows = int(found_rows)
    if residue & LATE:
        result.late_rows = int(late_rows)
    for index, name in enumerate(names):
        start = _SETTLED + index * variables.COLUMNS
        values = row[start : start + variables.COLUMNS]
        result.variables[name] = variables.expression(table.columns[start], values, bool(residue & COLLATED))
    return result


MOST_ROWS = 100_000
MOST_LATE_ROWS = 100
TOO_MANY_ROWS = MOST_ROWS - 7  # stands for any greater number, and is recognised when it is read back


def give_found_rows(count: int) -> bytes:
    """A question after which FOUND_ROWS() is ``count``, which is at most MOST_ROWS."""
    if count == 0:
        return query("SELECT 1 FROM (SELECT 1) forebay WHERE 0")
    digits = " UNION ALL ".join(["SELECT 0 d"] + [f"SELECT {digit}" for digit in range(1, 10)])
    places = len(str(count - 1))
    tables = " CROSS JOIN ".join(f"({digits}) t{place}" for place in range(places))
    number = " + ".join(f"t{place}.d * {10**place}" for place in range(places))
    return query(f"SELECT SQL_CALC_FOUND_ROWS 1 FROM {tables} WHERE {number} < {count} LIMIT 1")


def give_late_rows(count: int) -> list[bytes]:
    """A statement after which so many rows will count later, if they can be made; -1 is none to be made."""
    if not 0 <= count <= MOST_LATE_ROWS:
        return []
    if count < 2:
        return [query(f"SET {_ROWS}=(SELECT 1 FROM (SELECT 1) forebay WHERE {count})")]
    return [query(f"SET {_ROWS}=1>ALL({' UNION ALL '.join(['SELECT 0'] * count)})")]


def ping() -> Generator[list[bytes], list[Answer], int]:
    """Ask whether the server still answers; returns the status flags."""
    answers = yield [bytes((COM_PING,))]
    check(answers)
    return answers[0].status


def ask_status(multi_statements: bool, with_trackers: bool = False) -> Generator[list[bytes], list[Answer], Answer]:
    """Ask for the status flags after an ERR packet, which carries none, and on MySQL for what trackers had to say.

    Setting the option that is set already leaves warnings, insert id, FOUND_ROWS() and ROW_COUNT() as an error
    leaves them; COM_PING would make ROW_COUNT() 0. MariaDB's trackers say it behind the next change of a session
    only: ``with_trackers`` makes one, which leaves everything but ROW_COUNT().
    """
    commands = [query(f"SET {_ROWS}=0")] if with_trackers else []
    answers = yield [*commands, set_option(multi_statements)]
    check(answers)
    return answers[0]


def rollback() -> Generator[list[bytes], list[Answer], int]:
    """End the transaction of a client that has gone; returns the status flags."""
    answers = yield [query("ROLLBACK")]
    check(answers)
    return answers[0].status


def clean_slate(states: States, init_query: str, state: State) -> Generator[list[bytes], list[Answer], State]:
    """Make a server connection as good as new; returns its state. The default schema stays."""
    commands = [bytes((COM_RESET_CONNECTION,))]
    if init_query:
        commands.append(query(init_query))
    names = list(states.baseline.variables)
    commands.append(track(states.baseline.mariadb, names))
    commands.append(query(states.names()))
    check((yield commands))
    return states.cleaned(state)
