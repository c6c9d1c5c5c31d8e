"""The carried part of a session: schema, system variables and next-transaction settings.

A ``State`` says in what a session differs from the *baseline*: what a fresh server connection of the
pool has. States are interned, so that two sessions are in the same state exactly when they are the
same object; the hot path compares identities. ``States`` makes them, learns from trackers
(``after``), and tells what to send to bring a server connection from one to another (``sync``).

Two variables are one here: setting ``collation_connection`` sets ``character_set_connection``, so
only the collation is kept. ``SET NAMES`` does not report the collation; until it has been read back it
is UNKNOWN.

It knows no client, no pool and no socket. Names and values are those of the trackers
(MySQL manual, "Server Tracking of Client Session State").
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from proxy.session import statements
from proxy.wire.constants import (
    COM_INIT_DB,
    COM_QUERY,
    STATUS_ANSI_QUOTES,
    STATUS_AUTOCOMMIT,
    STATUS_NO_BACKSLASH_ESCAPES,
)
from proxy.wire.packets import Changes

UNKNOWN = "\0unknown"

COLLATION = "collation_connection"
# @@collation_database, where it is not that of the default schema: after a reset it is the server's until a schema is
# selected, though the old one stays; without a schema the server's, but where the client has dropped its own, the
# collation_server of that time. LOAD DATA reads by it.
DATABASE = "\0database"
# No variable shows them: the collation that result sets name, and on MariaDB the one that parameters of prepared
# statements have, which SET NAMES .. COLLATE and the login choose.
RESULTS = "\0results"
CLIENT = "\0client"
# On MariaDB the modes that the status flags tell of, as a literal, where those are not the sql_mode's: a SET in a
# routine leaves its flags behind, until the next one.
FLAGS = "\0flags"
_HIDDEN = {RESULTS: "character_set_results", CLIENT: "character_set_client"}
_NO_VARIABLES = frozenset({*_HIDDEN, DATABASE, FLAGS})
# What kind of statement brought a change of character sets.
NO_NAMES, NAMES, NAMES_COLLATE, NAMES_PERHAPS = range(4)
CHARSETS = ("character_set_client", "character_set_results")
_FLAGGED_MYSQL = {"NO_BACKSLASH_ESCAPES": STATUS_NO_BACKSLASH_ESCAPES}
_FLAGGED = {**_FLAGGED_MYSQL, "ANSI_QUOTES": STATUS_ANSI_QUOTES}
MODE_FLAGS = STATUS_NO_BACKSLASH_ESCAPES | STATUS_ANSI_QUOTES

# Their values belong to one moment or to one server connection: not part of a state.
PASSING = frozenset(
    """character_set_connection character_set_database collation_database error_count external_user gtid_next gtid_owned
    identity insert_id in_transaction last_gtid last_insert_id original_commit_timestamp proxy_user
    pseudo_slave_mode pseudo_replica_mode pseudo_thread_id rand_seed1 rand_seed2 resultset_metadata
    session_track_gtids session_track_schema session_track_state_change session_track_system_variables
    session_track_transaction_info skip_replication statement_id timestamp use_secondary_engine warning_count
    innodb_lock_wait_timeout_used""".split()
)

# Other names of a variable, where a server has both.
_ALIASES = {
    "storage_engine": "default_storage_engine",
    "old_alter_table": "alter_algorithm",
    "tx_isolation": "transaction_isolation",
    "tx_read_only": "transaction_read_only",
}

# They decide how a statement is run, not what it means: its preparation is the same under all values.
_LATER = frozenset(
    """autocommit transaction_isolation tx_isolation transaction_read_only tx_read_only wait_timeout
    interactive_timeout net_read_timeout net_write_timeout lock_wait_timeout innodb_lock_wait_timeout
    max_execution_time max_statement_time foreign_key_checks unique_checks""".split()
) | {DATABASE, FLAGS}

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z")
_REMEMBERED = 256  # of what was worked out once
_NAMES_COLLATE = re.compile(
    rb"\s*SET\s+NAMES\s+['\"]?\w+['\"]?\s+COLLATE\s+['\"]?([a-z0-9_]+)['\"]?\s*;?\s*\Z", re.I | re.A
)
_PLAIN = re.compile(r"[ -\[\]-~]*\Z")  # printable ASCII without a backslash


class State:
    """One interned session state. ``mode`` is the lexer's mode under this state's sql_mode and charset."""

    __slots__ = ("__weakref__", "characteristics", "context", "known", "mode", "schema", "variables")

    def __init__(self, schema: str | None, variables: tuple[tuple[str, str], ...], characteristics: str) -> None:
        self.schema = schema
        self.variables = variables
        self.characteristics = characteristics
        self.known = all(value is not UNKNOWN for _, value in variables)
        self.mode = 0
        self.context: State | bool | None = None  # see States.context: None before it was asked for, True itself

    def __repr__(self) -> str:
        parts = [f"{name}={value!r}" for name, value in self.variables]
        return (
            f"State({self.schema!r}, {', '.join(parts)}{', ' + self.characteristics if self.characteristics else ''})"
        )


@dataclass
class Baseline:
    """What a fresh server connection has.

    ``variables``: session system variables by name. ``collations``: collation id to (charset,
    collation). ``default_collations``: charset to collation. ``reset_charsets``: the charset variables
    and the collation after COM_RESET_CONNECTION. ``database_collation``: the collation_database after it;
    ``sets_database``: the login may choose that one.
    """

    variables: dict[str, str]
    mariadb: bool
    schema: str | None = None
    collations: dict[int, tuple[str, str]] = field(default_factory=dict)
    default_collations: dict[str, str] = field(default_factory=dict)
    reset_charsets: dict[str, str] = field(default_factory=dict)
    database_collation: str = ""
    sets_database: bool = False


class States:
    """The states of the sessions over one baseline."""

    def __init__(self, baseline: Baseline) -> None:
        self.baseline = baseline
        self._base = dict(baseline.variables)
        self._hidden = _HIDDEN if baseline.mariadb else {RESULTS: _HIDDEN[RESULTS]}
        self._base |= dict.fromkeys(self._hidden, self._base.get(COLLATION, ""))
        self._base |= {DATABASE: "", FLAGS: ""}
        self._flagged = _FLAGGED if baseline.mariadb else _FLAGGED_MYSQL
        self._collations = frozenset(collation for _, collation in baseline.collations.values())
        self._interned: WeakValueDictionary[tuple[object, ...], State] = WeakValueDictionary()
        self._syncs: dict[tuple[State, State], tuple[bytes, ...]] = {}  # what was worked out before, by pair of states
        self._logins: dict[tuple[str | None, int, bool], State] = {}
        self._aliases = {name: of for name, of in _ALIASES.items() if of in baseline.variables}
        self.global_only: set[str] = set()  # variables found to have no session value that can be set
        self.fresh = self._intern(baseline.schema, {}, "")

    def _intern(self, schema: str | None, variables: dict[str, str], characteristics: str) -> State:
        base = self._base
        differing = tuple(sorted((name, value) for name, value in variables.items() if base.get(name) != value))
        key = (schema, differing, characteristics)
        state = self._interned.get(key)
        if state is None:
            state = State(schema, differing, characteristics)
            values = dict(differing)
            sql_mode = values.get("sql_mode", base.get("sql_mode", ""))
            charset = values.get("character_set_client", base.get("character_set_client", ""))
            state.mode = statements.mode_of(sql_mode, charset, self.baseline.mariadb)
            self._interned[key] = state
        return state

    def carries(self, name: str) -> bool:
        """Whether a system variable is part of a state under this name."""
        return name not in PASSING and name not in self._aliases

    def value(self, state: State, name: str) -> str | None:
        """The value of a system variable in this state, None for an unknown name."""
        for known, value in state.variables:
            if known == name:
                return value
        return self._base.get(name)

    def status_of(self, state: State) -> int:
        """The status flags of an OK packet in this state, outside a transaction."""
        status = STATUS_AUTOCOMMIT if self.value(state, "autocommit") == "ON" else 0
        modes = self.value(state, FLAGS) or self.value(state, "sql_mode") or ""
        return status | sum(flag for mode, flag in self._flagged.items() if mode in modes)

    def with_flags(self, state: State, status: int) -> State:
        """The same state where the server's status flags are these, whatever its sql_mode is; MariaDB only."""
        usual = self.with_usual_flags(state)
        if not (self.status_of(usual) ^ status) & MODE_FLAGS:
            return usual
        flags = "'" + ",".join(mode for mode, flag in self._flagged.items() if flag & status) + "'"
        return self._intern(state.schema, dict(usual.variables) | {FLAGS: flags}, state.characteristics)

    def with_usual_flags(self, state: State) -> State:
        """The same state where the status flags are those of its sql_mode."""
        variables = {name: value for name, value in state.variables if name != FLAGS}
        return self._intern(state.schema, variables, state.characteristics)

    def at_login(self, schema: str | None, collation_id: int, ignore_space: bool = False) -> State:
        """The state of a client that has just logged in with this collation (its id in the login packet)."""
        login = (schema, collation_id, ignore_space)
        state = self._logins.get(login)
        if state is None:
            if len(self._logins) >= _REMEMBERED:
                self._logins.clear()
            state = self._logins[login] = self._at_login(schema, collation_id, ignore_space)
        return state

    def _at_login(self, schema: str | None, collation_id: int, ignore_space: bool) -> State:
        variables: dict[str, str] = {}
        named = self.baseline.collations.get(collation_id)
        if named is None:
            variables = self._after_reset()
        else:
            variables = dict.fromkeys(CHARSETS, named[0]) | dict.fromkeys((COLLATION, *self._hidden), named[1])
        variables |= self._sql_mode(ignore_space)
        return self._intern(self.baseline.schema if schema is None else schema, variables, "")

    def _sql_mode(self, ignore_space: bool) -> dict[str, str]:
        """What CLIENT_IGNORE_SPACE makes of the baseline's sql_mode, in the order in which servers name modes."""
        if not ignore_space:
            return {}
        mode = self.baseline.variables.get("sql_mode", "")
        return {"sql_mode": f"IGNORE_SPACE,{mode}" if mode else "IGNORE_SPACE"}

    def after_reset(self, state: State, ignore_space: bool = False) -> State:
        """The state after COM_RESET_CONNECTION: the schema stays, everything else starts anew."""
        return self.with_database_reset(
            self._intern(state.schema, self._after_reset() | self._sql_mode(ignore_space), "")
        )

    def with_database_reset(self, state: State) -> State:
        """The same state after a reset has made @@collation_database the server's, as far as that can be carried."""
        if state.schema is None or not self.baseline.sets_database:
            return state
        variables = dict(state.variables) | {DATABASE: self.baseline.database_collation}
        return self._intern(state.schema, variables, state.characteristics)

    def with_schema_selected(self, state: State) -> State:
        """The same state after its default schema has been selected once more."""
        return self.with_schema(state, state.schema)

    def _after_reset(self) -> dict[str, str]:
        charsets = self.baseline.reset_charsets
        return charsets | {name: self._default_of(charsets.get(of, "")) for name, of in self._hidden.items()}

    def _default_of(self, charset: str) -> str:
        """The collation that result sets name when only their charset was set; no charset at all is ``binary``."""
        return self.baseline.default_collations.get(charset or "binary", charset or "binary")

    def with_schema(self, state: State, schema: str | None) -> State:
        variables = {name: value for name, value in state.variables if name != DATABASE}
        return self._intern(schema, variables, state.characteristics)

    def with_collation(self, state: State, collation: str) -> State:
        """The same state with its connection collation known, as read back from the server."""
        variables = dict(state.variables) | {COLLATION: collation}
        variables |= {name: collation for name in self._hidden if variables.get(name) is UNKNOWN}
        return self._intern(state.schema, variables, state.characteristics)

    def with_named_collation(self, state: State, sql: bytes) -> State:
        """The same after a SET NAMES that says nothing else, and the name of a collation as servers write it."""
        named = _NAMES_COLLATE.match(sql)
        collation = named[1].decode().lower() if named is not None else ""
        return self.with_collation(state, collation) if collation in self._collations else state

    def with_default_collation(self, state: State) -> State:
        """The same state with the charset's default collation where the real one can no longer be read."""
        charset = self.value(state, CHARSETS[0]) or ""
        fallback = self.baseline.variables.get(COLLATION, "")
        return self.with_collation(state, self.baseline.default_collations.get(charset, fallback))

    def cleaned(self, state: State) -> State:
        """The state of a server connection after COM_RESET_CONNECTION, the init query and ``names``.

        The schema stays, but not @@collation_database.
        """
        variables = {} if state.schema is None else {DATABASE: self.baseline.database_collation}
        return self._intern(state.schema, variables, "")

    def after(self, state: State, changes: Changes, in_transaction: bool, naming: int) -> State:
        """The state after an answer whose trackers reported ``changes``; ``naming`` tells a SET NAMES, see above."""
        variables = dict(state.variables)
        reported = {name.lower(): value for name, value in changes.variables}
        charset = reported.get("character_set_connection")
        if charset is not None and COLLATION not in reported:
            variables[COLLATION] = self._default_collation(state, charset) if naming == NAMES else UNKNOWN
        names = naming in (NAMES, NAMES_COLLATE) or (naming == NAMES_PERHAPS and reported.keys() >= set(CHARSETS))
        for hidden, of in self._hidden.items():
            if names:
                variables[hidden] = variables.get(COLLATION, self._base[COLLATION])
            elif of in reported:
                variables[hidden] = self._default_of(reported[of])
        for name, value in reported.items():
            if name not in PASSING:
                variables[self._aliases.get(name, name)] = value
        if "sql_mode" in reported:
            variables.pop(FLAGS, None)
        schema = state.schema
        if changes.schema is not None:
            schema = changes.schema or None
            variables.pop(DATABASE, None)
            if schema is None and self.baseline.sets_database:  # the client has dropped it
                self._collate(variables, schema, self.value(state, "collation_server") or "")
        if "collation_database" in reported:  # by a sync; a client that sets it itself is pinned
            self._collate(variables, schema, reported["collation_database"])
        return self._intern(schema, variables, self._characteristics(state, changes, in_transaction))

    def _characteristics(self, state: State, changes: Changes, in_transaction: bool) -> str:
        """The settings of the next transaction. While one that began by itself is under way nothing is told of
        them, and a SET of autocommit that ends it leaves them for the next one."""
        if in_transaction and changes.characteristics is not None:
            return ""  # those of the one under way
        return state.characteristics if changes.characteristics is None else changes.characteristics

    def _collate(self, variables: dict[str, str], schema: str | None, collation: str) -> None:
        """Note a @@collation_database, unless it is what every session without a schema has."""
        is_usual = schema is None and collation == self.baseline.database_collation
        variables[DATABASE] = "" if is_usual else collation

    def _default_collation(self, state: State, charset: str) -> str:
        """What SET NAMES without COLLATE gives; two variables, one of each server, may change it."""
        if charset == "utf8mb4" and (chosen := self.value(state, "default_collation_for_utf8mb4")):
            return chosen
        if self.value(state, "character_set_collations"):
            return UNKNOWN
        return self.baseline.default_collations.get(charset, UNKNOWN)

    def context(self, state: State) -> State:
        """The part of a state under which a statement is prepared: the same for all that prepare alike."""
        found = state.context
        if found is None:
            kept = {name: value for name, value in state.variables if name not in _LATER}
            context = self._intern(state.schema, kept, "")
            state.context = found = True if context is state else context
        return found if isinstance(found, State) else state

    def under(self, context: State, state: State) -> State:
        """The state with everything in it that ``context`` is about as it is there; no schema leaves the state's."""
        variables = {name: value for name, value in state.variables if name in _LATER} | dict(context.variables)
        schema = state.schema if context.schema is None else context.schema
        return self._intern(schema, variables, state.characteristics)

    def sync(self, have: State, want: State) -> list[bytes] | None:
        """The commands (payloads) that bring a server connection from ``have`` to ``want``.

        None where only a clean slate does: nothing unsets a default schema or the settings of a next
        transaction. All commands can be sent at once; each must be answered with OK.
        """
        if have.characteristics not in ("", want.characteristics):
            return None
        if want.schema is None and have.schema is not None:
            return None
        if (have, want) in self._syncs:
            return list(self._syncs[have, want])
        commands = self._sync(have, want)
        if len(self._syncs) >= _REMEMBERED:
            self._syncs.clear()
        self._syncs[have, want] = tuple(commands)
        return commands

    def _sync(self, have: State, want: State) -> list[bytes]:
        commands = []
        had, flags = dict(have.variables), self.value(want, FLAGS)
        if self.value(have, FLAGS) != flags:
            had["sql_mode"] = UNKNOWN  # to be set, which brings its own flags
        assignments = self._assignments(had, dict(want.variables))
        if assignments:
            commands.append(bytes((COM_QUERY,)) + b"SET " + ", ".join(assignments).encode())
        if flags and any(assignment.startswith("@@SESSION.sql_mode=") for assignment in assignments):
            commands.append(bytes((COM_QUERY,)) + f"BEGIN NOT ATOMIC SET @@SESSION.sql_mode={flags}; END".encode())
        commands += self._select(have, want)
        if want.characteristics != have.characteristics:  # each alone: a connection may allow one statement at a time
            settings = filter(None, map(str.strip, want.characteristics.split(";")))
            commands += [bytes((COM_QUERY,)) + setting.encode() for setting in settings]
        return commands

    def _select(self, have: State, want: State) -> list[bytes]:
        """What brings the wanted default schema, and the collation that goes with it or not."""
        had, wanted = self.value(have, DATABASE), self.value(want, DATABASE)
        moves = want.schema is not None and (want.schema != have.schema or bool(had and not wanted))
        commands = [bytes((COM_INIT_DB,)) + want.schema.encode()] if want.schema is not None and moves else []
        if want.schema is None and had:
            wanted = wanted or self.baseline.database_collation
        if wanted and (moves or had != wanted):
            commands.append(bytes((COM_QUERY,)) + f"SET @@SESSION.collation_database='{wanted}'".encode())
        return commands

    def _assignments(self, have: dict[str, str], want: dict[str, str]) -> list[str]:
        base = self._base
        assignments = self._names(have, want)
        for name in sorted(have.keys() | want.keys()):
            value = want.get(name, base.get(name))
            if name not in _NO_VARIABLES and value is not None and value != have.get(name, base.get(name)):
                assignments.append(f"@@SESSION.{name}={literal(name, value, base.get(name))}")
        return assignments

    def _names(self, have: dict[str, str], want: dict[str, str]) -> list[str]:
        """What brings result sets to name the wanted collation; ``have`` is then what it has become.

        A collation that is its character set's default comes with setting that one.
        """
        base = self._base
        for hidden, of in self._hidden.items():
            charset, collation = want.get(of, base.get(of, "")), want.get(hidden, base[hidden])
            if collation in (have.get(hidden, base[hidden]), UNKNOWN, self._default_of(charset)):
                continue
            have.update(dict.fromkeys(CHARSETS, charset), **dict.fromkeys((COLLATION, *self._hidden), collation))
            self._forget_hidden(have, want)
            return [f"NAMES {charset} COLLATE {collation}"]
        self._forget_hidden(have, want)
        return []

    def _forget_hidden(self, have: dict[str, str], want: dict[str, str]) -> None:
        """Have the character sets set that still bring another collation along than the wanted one."""
        for hidden, of in self._hidden.items():
            collation = want.get(hidden, self._base[hidden])
            if collation not in (have.get(hidden, self._base[hidden]), UNKNOWN):
                have[of] = UNKNOWN

    def names(self) -> str:
        """The statement that gives a server connection the baseline's character sets and collations."""
        have: dict[str, str] = dict.fromkeys((*CHARSETS, COLLATION, *self._hidden), UNKNOWN)
        want = {name: self._base.get(name, "") for name in have}
        return "SET " + ", ".join(self._assignments(have, want))


def literal(name: str, value: str, base: str | None) -> str:
    """Write a tracker's value as SQL that means the same under every sql_mode and client charset.

    Trackers give every value as text; a number must not be quoted, and a text must. The baseline's
    value tells which kind a variable is where the new value alone does not.
    """
    if value == "" and name.startswith("character_set_"):
        return "NULL"
    if _NUMBER.match(value) and (base is None or _NUMBER.match(base)):
        return value
    if _PLAIN.match(value):
        return "'" + value.replace("'", "''") + "'"
    return f"CONVERT(0x{value.encode().hex()} USING utf8mb4)"
