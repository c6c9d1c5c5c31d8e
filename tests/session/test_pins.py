"""Reasons to pin: which text begins which, and what the state tracker proves."""

from __future__ import annotations

import pytest

from proxy.session import pins
from proxy.session.alphabet import MARIADB
from proxy.session.statements import traits
from proxy.wire.constants import STATUS_AUTOCOMMIT, STATUS_IN_TRANS
from proxy.wire.packets import Changes


@pytest.mark.parametrize(
    ("sql", "reasons"),
    [
        (b"SELECT 1", []),
        (b"INSERT INTO t VALUES (1)", []),
        (b"SET sql_mode = 'ANSI'", []),
        (b"SET @a = 1", []),
        (b"CREATE TEMPORARY TABLE t (a INT)", []),
        (b"SET ROLE r", [pins.ROLE]),
        (b"SET profiling = 1", [pins.PROFILING]),
        (b"SET session_track_schema = OFF", [pins.SESSION_TRACK]),
        (b"SET timestamp = 5", [pins.SPECIAL_VARIABLE]),
        (b"SELECT NEXT VALUE FOR s", [pins.SEQUENCE]),
        (b"SELECT 'never closed", [pins.UNSURE]),
        (b"SELECT 1 /* forebay: pin */", [pins.REQUESTED]),
    ],
)
def test_what_a_text_begins(sql: bytes, reasons: list[str]) -> None:
    assert pins.begun_by(traits(sql, MARIADB)) == reasons


def test_every_reason_has_one_name() -> None:
    assert len(set(pins.REASONS)) == len(pins.REASONS)
    assert set(pins.begun_by(traits(b"SET ROLE r", 0))) <= set(pins.REASONS)


CHANGED = Changes(state_changed=True)


@pytest.mark.parametrize(
    ("sql", "changes", "hidden"),
    [
        (b"SET time_zone = '+00:00'", CHANGED, False),
        (b"USE shop", CHANGED, False),
        (b"DROP DATABASE shop", Changes(state_changed=True, schema=""), False),
        (b"SELECT 1", Changes(), False),
        (b"SELECT 1", CHANGED, True),
        (b"CALL p()", CHANGED, True),
        (b"SET time_zone = f()", CHANGED, True),
        (b"SET time_zone = CONCAT('+00', ':00')", CHANGED, False),
        (b"SET autocommit = 1; SELECT 2", CHANGED, True),
        (b"SET @a = 1", CHANGED, False),
    ],
)
def test_hidden_changes(sql: bytes, changes: Changes, hidden: bool) -> None:
    assert pins.hidden_change(traits(sql, 0), changes) is hidden


@pytest.mark.parametrize(
    ("sql", "begins"),
    [
        (b"XA START 'a'", True),
        (b"xa begin 'a'", True),
        (b"/* hi */ XA START 'a'", True),
        (b"XA COMMIT 'a'", False),
        (b"XA ROLLBACK 'a'", False),
        (b"XA END 'a'", None),
        (b"XA PREPARE 'a'", None),
    ],
)
def test_xa(sql: bytes, begins: bool | None) -> None:
    assert pins.after_xa(sql) is begins


@pytest.mark.parametrize(
    ("sql", "status", "kept"),
    [
        (b"SAVEPOINT s", 0, True),
        (b"SAVEPOINT s", STATUS_IN_TRANS, None),
        (b"SAVEPOINT s", STATUS_AUTOCOMMIT, False),
        (b"CALL p()", 0, True),
        (b"CALL p()", STATUS_IN_TRANS, None),
        (b"EXECUTE p", 0, True),
        (b"COMMIT; savepoint s", 0, True),
        (b"SAVEPOINT s; COMMIT", 0, True),
        (b"DO 1; COMMIT", 0, None),
        (b"COMMIT", 0, False),
        (b"ROLLBACK WORK", 0, False),
        (b"ROLLBACK AND CHAIN", STATUS_IN_TRANS, False),
        (b"ROLLBACK TO s", 0, None),
        (b"ROLLBACK WORK TO SAVEPOINT s", 0, None),
        (b"RELEASE SAVEPOINT s", 0, None),
        (b"BEGIN", STATUS_IN_TRANS, None),
        (b"SET autocommit = 0", 0, None),
        (b"SET autocommit = 1", STATUS_AUTOCOMMIT, False),
    ],
)
def test_savepoints_without_a_transaction(sql: bytes, status: int, kept: bool | None) -> None:
    found = traits(sql, 0)
    assert found.flags & pins.SAVEPOINTS
    assert pins.after_savepoint(found, sql, status) is kept


def test_locked_tables_are_the_eighth_character() -> None:
    assert pins.holds_tables("_______L")
    assert not pins.holds_tables("T_______")
    assert not pins.holds_tables("")


@pytest.mark.parametrize(
    ("sql", "unseen"),
    [
        (b"SET @@autocommit = 0", True),
        (b"SET time_zone = '+00:00', @@sql_mode = ''", True),
        (b"SET @@SESSION.autocommit = 0", False),
        (b"SET @@ local . autocommit = 0", False),
        (b"SET autocommit = 0", False),
        (b"SET @a = 1", False),
    ],
)
def test_sets_that_no_tracker_of_mariadb_reports(sql: bytes, unseen: bool) -> None:
    assert pins.sets_unseen(sql) is unseen


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        (b"SET STATEMENT sql_mode = 'ANSI', `A_b`=1 FOR SELECT c=1", {"sql_mode", "a_b"}),
        (b" set\nstatement max_statement_time=1\nfor SET x = 1", {"max_statement_time"}),
        (b"SET sql_mode = 'ANSI'", set()),
        (b"SELECT 'SET STATEMENT a = 1 FOR'", set()),
    ],
)
def test_variables_for_one_statement(sql: bytes, names: set[str]) -> None:
    assert pins.for_statement(sql) == names


def test_a_limit_that_no_tracker_reports() -> None:
    assert pins.unseen_limit(b"SET @a = 1, @@max_error_count = 0") == "0"
    assert pins.unseen_limit(b"set @@`MAX_ERROR_COUNT`:=123456789") == "65535"
    for sql in (
        b"SET @@max_error_count = DEFAULT",
        b"SET @@max_error_count = 1e1",
        b"SET @@session.max_error_count = 1",
    ):
        assert pins.unseen_limit(sql) == ""
