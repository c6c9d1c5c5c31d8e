"""Which SET statements may be answered from memory, and that the memory is bounded."""

from __future__ import annotations

import pytest

from proxy.session.effects import LIMIT, LONGEST, Effect, Effects, is_silent, may_remember, tells_more
from proxy.session.state import NAMES, NO_NAMES, Baseline, States
from proxy.session.statements import traits
from proxy.wire.packets import Changes


@pytest.mark.parametrize(
    "sql",
    [
        b"SET NAMES utf8mb4",
        b"SET NAMES latin1 COLLATE latin1_bin",
        b"SET autocommit = 0",
        b"SET SESSION sql_mode = 'ANSI', time_zone = '+00:00'",
        b"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        b"set @@session.wait_timeout = 100;",
    ],
)
def test_remembered(sql: bytes) -> None:
    assert may_remember(traits(sql, 0))


@pytest.mark.parametrize(
    "sql",
    [
        b"SELECT 1",
        b"SET sql_mode = CONCAT(@@sql_mode, ',ANSI')",
        b"SET sql_mode = DEFAULT",
        b"SET CHARACTER SET latin1",
        b"SET GLOBAL max_connections = 5",
        b"SET TRANSACTION READ ONLY",
        b"SET timestamp = 5",
        b"SET @a = 1",
        b"SET autocommit = 1, @a = 2",
        b"SET ROLE NONE",
        b"SET autocommit = 1; SELECT 1",
        b"SET session_track_schema = OFF",
        b"SET last_insert_id = 5",
        b"SET PASSWORD = 'x'",
        b"SET autocommit = 1 /* forebay: pin */",
    ],
)
def test_not_remembered(sql: bytes) -> None:
    assert not may_remember(traits(sql, 0))


@pytest.mark.parametrize(
    ("sql", "naming", "name", "value", "more"),
    [
        (b"SET sql_mode = ''", NO_NAMES, "sql_mode", "", False),
        (b"SET sql_mode = ''", NO_NAMES, "div_precision_increment", "4", True),
        (b"SET sql_mode = ''", NO_NAMES, "div_precision_increment", "5", False),
        (b"SET NAMES utf8mb4", NAMES, "character_set_client", "utf8mb4", False),
        (b"SET NAMES utf8mb4", NAMES, "sql_mode", "", True),
        (b"SET SESSION TRANSACTION READ ONLY", NO_NAMES, "tx_read_only", "OFF", False),
    ],
)
def test_reports_of_an_earlier_statement(sql: bytes, naming: int, name: str, value: str, more: bool) -> None:
    base = {
        "sql_mode": "",
        "div_precision_increment": "4",
        "character_set_client": "utf8mb4",
        "character_set_results": "utf8mb4",
        "collation_connection": "utf8mb4_bin",
        "tx_read_only": "OFF",
    }
    states = States(Baseline(variables=base, mariadb=True, schema=None, collations={}, default_collations={}))
    changes = Changes(variables=((name, value),))
    assert tells_more(states, states.fresh, changes, sql, naming) is more


def test_nothing_is_learned_where_no_warning_is_given() -> None:
    base = {"sql_notes": "ON", "max_error_count": "64", "character_set_client": "utf8mb4"}
    states = States(Baseline(variables=base, mariadb=False))
    assert not is_silent(states, states.fresh)
    for name, value in (("sql_notes", "OFF"), ("max_error_count", "0")):
        state = states.after(states.fresh, Changes(variables=((name, value),)), False, NO_NAMES)
        assert is_silent(states, state)


def test_memory_is_bounded() -> None:
    effects = Effects()
    effect = Effect(b"", 0)
    for number in range(LIMIT + 10):
        effects.learn(b"SET wait_timeout = %d" % number, 0, effect)
    assert len(effects) == LIMIT
    assert effects.get(b"SET wait_timeout = 0", 0) is None
    assert effects.get(b"SET wait_timeout = 100", 0) is effect
    assert effects.get(b"SET wait_timeout = 100", 1) is None
    effects.learn(b"SET x = " + b"1" * LONGEST, 0, effect)
    assert len(effects) == LIMIT
