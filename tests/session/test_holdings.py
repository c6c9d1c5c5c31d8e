"""What holds a client by name is let go by the statement that ends it, and by nothing less."""

from __future__ import annotations

import pytest

from proxy.session import pins
from proxy.session.holdings import Holdings
from proxy.session.statements import traits


def after(*steps: str | tuple[str, bool]) -> set[str]:
    """The reasons that hold after statements in schema ``shop``; a pair tells that one has failed."""
    held = Holdings()
    for step in steps:
        sql, failed = step if isinstance(step, tuple) else (step, False)
        held.learn(traits(sql.encode(), 0), "shop", failed)
    return {reason for reason, holds in held.reasons().items() if holds}


TABLE, LOCK, HANDLER, PREPARED = pins.TEMPORARY_TABLE, pins.NAMED_LOCK, pins.HANDLER, pins.TEXT_PREPARE


@pytest.mark.parametrize(
    ("steps", "reasons"),
    [
        (["CREATE TEMPORARY TABLE t (i INT)"], {TABLE}),
        (["CREATE TEMPORARY TABLE t (i INT)", "DROP TABLE t"], set()),
        (["CREATE TEMPORARY TABLE t (i INT)", "DROP TEMPORARY TABLE IF EXISTS shop.t"], set()),
        (["CREATE TEMPORARY TABLE t (i INT)", "DROP TABLE other.t"], {TABLE}),
        (["CREATE TEMPORARY TABLE t (i INT)", ("DROP TABLE t, missing", True)], {TABLE}),
        (["CREATE TEMPORARY TABLE t (i INT)", "CREATE TEMPORARY TABLE u (i INT)", "DROP TABLE t"], {TABLE}),
        ([("CREATE TEMPORARY TABLE t (i INT)", True)], set()),
        (["CREATE TEMPORARY TABLE t (i INT); DROP TABLE t"], {TABLE}),
        (["SELECT GET_LOCK('a', 1)"], {LOCK}),
        (["SELECT GET_LOCK('a', 1)", "SELECT RELEASE_LOCK('a')"], set()),
        (["SELECT GET_LOCK('a', 1)", "SELECT GET_LOCK('a', 1)", "SELECT RELEASE_LOCK('a')"], {LOCK}),
        (["SELECT GET_LOCK('a', 1)", "DO RELEASE_LOCK('b')"], {LOCK}),
        (["SELECT GET_LOCK('a', 1)", ("SELECT RELEASE_LOCK('a')", True)], {LOCK}),
        ([("SELECT GET_LOCK('a', 1)", True)], {LOCK}),
        (["SELECT GET_LOCK(@x, 1)", "SELECT RELEASE_LOCK('a')"], {LOCK}),
        (["SELECT GET_LOCK(@x, 1)", "SELECT RELEASE_ALL_LOCKS()"], set()),
        (["HANDLER t OPEN"], {HANDLER}),
        (["HANDLER t OPEN AS x", "HANDLER x READ FIRST"], {HANDLER}),
        (["HANDLER t OPEN AS x", "HANDLER x CLOSE"], set()),
        (["HANDLER t OPEN", "HANDLER t CLOSE;"], set()),
        (["HANDLER `t` OPEN", "HANDLER t CLOSE"], set()),
        (["HANDLER t OPEN", "HANDLER T CLOSE"], {HANDLER}),
        (["CREATE TEMPORARY TABLE t (i INT)", "ALTER TABLE t RENAME TO u", "DROP TABLE t"], {TABLE}),
        (["PREPARE p FROM 'SELECT 1'"], {PREPARED}),
        (["PREPARE p FROM 'SELECT 1'", "EXECUTE p"], {PREPARED}),
        (["PREPARE p FROM 'SELECT 1'", "PREPARE q FROM 'SELECT 1'", "DEALLOCATE PREPARE p"], {PREPARED}),
        (["PREPARE P FROM 'SELECT 1'", "DROP PREPARE p"], set()),
    ],
)
def test_what_holds(steps: list[str | tuple[str, bool]], reasons: set[str]) -> None:
    assert after(*steps) == reasons


def test_a_reset_lets_everything_go() -> None:
    held = Holdings()
    for sql in (b"CREATE TEMPORARY TABLE t (i INT)", b"SELECT GET_LOCK('a', 1)", b"HANDLER t OPEN"):
        held.learn(traits(sql, 0), None, False)
    held.clear()
    assert not any(held.reasons().values())
