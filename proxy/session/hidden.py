"""What a routine has done to a session without any packet telling: read out of its server connection.

Trackers do not report ``SELECT .. INTO @x`` and ``@x := ..``, and on MariaDB no ``SET @@name`` without a scope and
nothing at all of a routine that failed. Where a routine has run, the user variables that exist are asked for, and
on MariaDB the system variables compared with those of the session's state.

It knows neither clients nor when to ask. The conversations are generators as in ``conversations``.

Source: MySQL manual, "The user_variables_by_thread Table"; MariaDB Knowledge Base, "USER_VARIABLES Table".
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from proxy.session.conversations import NO_WARNINGS, check, query
from proxy.session.state import UNKNOWN, State, States
from proxy.wire.answers import Answer

_OWN = b"forebay "  # how the names of Forebay's own begin
_ALL = " LIMIT 1000000"  # else sql_select_limit would hide some
_USER_VARIABLES = f"SELECT HEX(VARIABLE_NAME) FROM information_schema.USER_VARIABLES{_ALL}"
_USER_VARIABLES_MYSQL = (
    "SELECT HEX(VARIABLE_NAME) FROM performance_schema.user_variables_by_thread "
    f"WHERE THREAD_ID = PS_CURRENT_THREAD_ID(){_ALL}"
)
_SYSTEM_VARIABLES = (
    "SELECT LOWER(VARIABLE_NAME), SESSION_VALUE FROM information_schema.SYSTEM_VARIABLES "
    f"WHERE SESSION_VALUE IS NOT NULL AND READ_ONLY = 'NO'{_ALL}"
)

Words = Generator[list[bytes], list[Answer], "Hidden"]


@dataclass
class Hidden:
    """``names``: the user variables that exist, None where the server does not tell. ``changed``: system variables."""

    names: list[bytes] | None = None
    changed: tuple[tuple[str, str], ...] = ()


@dataclass
class Memory:
    """What helps to ask less, for the server connections of one pool.

    ``tells``: the login may see its user variables. ``mark``: the question whose answer differs when a system variable
    does; ``marks``: the answers of states that were compared in full.
    """

    tells: bool = True
    mark: bytes = b""
    marks: WeakKeyDictionary[State, bytes | None] = field(default_factory=WeakKeyDictionary)


def unearth(states: States, state: State, memory: Memory) -> Words:
    """Ask a server connection that should be in ``state`` what is different."""
    if states.baseline.mariadb:
        return (yield from _on_mariadb(states, state, memory))
    if not memory.tells:
        return Hidden()
    answer = (yield [query(_USER_VARIABLES_MYSQL)])[0]
    memory.tells = answer.error is None
    return Hidden(_names(answer) if memory.tells else None)


def _names(answer: Answer) -> list[bytes]:
    names = [bytes.fromhex((row[0] or b"").decode()).lower() for row in answer.rows()]
    return [name for name in names if not name.startswith(_OWN)]


def _on_mariadb(states: States, state: State, memory: Memory) -> Words:
    # Of some variables the server warns that they are deprecated.
    answers = yield [query(_USER_VARIABLES), memory.mark or query(_SYSTEM_VARIABLES), NO_WARNINGS]
    check(answers)
    found = Hidden(_names(answers[0]))
    mark = answers[1].rows()[0][0] if memory.mark else None
    if memory.mark and memory.marks.get(state) == mark:
        return found
    if memory.mark:
        answers = [answers[0], *(yield [query(_SYSTEM_VARIABLES), NO_WARNINGS])]
        check(answers)
    values = [(name.decode(), value.decode()) for name, value in answers[1].rows() if name and value is not None]
    values = [(name, value) for name, value in values if states.carries(name)]
    found.changed = _changed(states, state, values)
    if memory.mark and state.known and not found.changed:
        memory.marks[state] = mark
    memory.mark = memory.mark or _mark([name for name, _ in values])
    return found


def _mark(names: list[str]) -> bytes:
    return query(
        "SELECT MD5(CONCAT_WS('|', " + ", ".join(f"IFNULL(@@SESSION.{name}, '-')" for name in names) + ")) LIMIT 1"
    )


def _changed(states: States, state: State, values: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The variables that have other values than those of the state."""
    changed = []
    for name, value in values:
        expected = states.value(state, name)
        if expected is not None and expected is not UNKNOWN and expected != value:
            changed.append((name, value))
    return tuple(changed)
