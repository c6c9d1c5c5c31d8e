"""Which SET statements may be answered from memory, and that the memory is bounded."""

from __future__ import annotations

import pytest

from proxy.session.effects import LIMIT, LONGEST, Effect, Effects, may_remember
from proxy.session.statements import traits


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
