"""What Forebay itself says to a server: the introduction, settling, and the clean slate.

Each is a generator that yields payloads of commands, all sent at once, and is sent one answer for each;
no socket here. ``net.server_connection`` runs them.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from proxy.errors import ServerRefused
from proxy.session.state import PASSING, Baseline, State, States, literal
from proxy.wire.answers import Answer
from proxy.wire.constants import COM_PING, COM_QUERY, COM_RESET_CONNECTION

# What a statement may have left in a server connection that no packet tells exactly.
INSERT_ID = 1
WARNINGS = 2
COLLATION = 4
FOUND_ROWS = 8

_COLLATIONS = (
    "SELECT ID, CHARACTER_SET_NAME, COLLATION_NAME, IS_DEFAULT FROM information_schema.COLLATIONS WHERE ID IS NOT NULL"
)
_RESET = (
    "SELECT @@GLOBAL.character_set_client, @@GLOBAL.character_set_results, @@GLOBAL.collation_connection, DATABASE()"
)
_VARIABLES = "SHOW SESSION VARIABLES"


def query(sql: str) -> bytes:
    """The payload of a COM_QUERY."""
    return bytes((COM_QUERY,)) + sql.encode()


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
    answers = yield [query(_VARIABLES), query(_RESET), query(_COLLATIONS)]
    check(answers)
    variables = dict(map(_texts, answers[0].rows()))
    raw_reset = answers[1].rows()[0]
    client, results, collation, _ = _texts(raw_reset)
    check((yield [track(mariadb, list(variables))]))
    schema = raw_reset[3]
    collations = [_texts(row) for row in answers[2].rows()]
    return Baseline(
        variables=variables,
        mariadb=mariadb,
        schema=None if schema is None else schema.decode(),
        collations={int(row[0]): (row[1], row[2]) for row in collations},
        default_collations={row[1]: row[2] for row in collations if row[3] == "Yes"},
        reset_charsets={
            "character_set_client": client,
            "character_set_results": results,
            "collation_connection": collation,
        },
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
        if name not in PASSING and name not in states.global_only and base.get(name, value) != value
    ]
    if names:
        sets = [f"SET @@SESSION.{name}={literal(name, base[name], found.variables[name])}" for name in names]
        answers = yield [query(sql) for sql in sets]
        states.global_only.update(name for name, answer in zip(names, answers, strict=True) if answer.error)
    return states.with_schema(states.fresh, found.schema)


@dataclass
class Settled:
    """What was read out of a server connection for the client whose session lingered there."""

    insert_id: int | None = None
    warnings: bytes | None = None
    collation: str | None = None
    found_rows: int | None = None


def settle_commands(residue: int) -> list[bytes]:
    """The questions to ask. Warnings come first: the other question clears them.

    It reads a derived table because MariaDB keeps the warnings list over a statement without tables.
    """
    commands = [query("SHOW WARNINGS")] if residue & WARNINGS else []
    commands.append(query("SELECT LAST_INSERT_ID(), @@collation_connection, FOUND_ROWS() FROM (SELECT 1) forebay"))
    return commands


def settled(residue: int, answers: list[Answer]) -> Settled:
    """What the answers to ``settle_commands`` say."""
    result = Settled()
    if residue & WARNINGS:
        result.warnings = answers[0].raw
    insert_id, collation, found_rows = _texts(answers[-1].rows()[0])
    if residue & INSERT_ID:
        result.insert_id = int(insert_id)
    if residue & COLLATION:
        result.collation = collation
    if residue & FOUND_ROWS:
        result.found_rows = int(found_rows)
    return result


def ping() -> Generator[list[bytes], list[Answer], int]:
    """Ask for the status flags: an ERR packet carries none. Leaves warnings and insert ids as they are."""
    answers = yield [bytes((COM_PING,))]
    check(answers)
    return answers[0].status


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
    charsets = [
        f"@@SESSION.{name}={literal(name, states.baseline.variables[name], None)}"
        for name in states.baseline.reset_charsets
    ]
    commands.append(query("SET " + ", ".join(charsets)))
    check((yield commands))
    return states.with_schema(states.fresh, state.schema)
