from __future__ import annotations

import pytest

from proxy.session.alphabet import ANSI_QUOTES
from proxy.session.answerable import connection_id_column, is_connection_id, kill_target


@pytest.mark.parametrize(
    ("sql", "target"),
    [
        (b"KILL 5", (False, 5)),
        (b"kill query 7;", (True, 7)),
        (b"Kill Connection /* x */ 12 ; ", (False, 12)),
        (b"KILL HARD QUERY 7", (True, 7)),
        (b"KILL SOFT 7", (False, 7)),
        (b"KILL", None),
        (b"KILL QUERY", None),
        (b"KILL QUERY ID 7", None),
        (b"KILL USER a", None),
        (b"KILL 5 + 1", None),
        (b"KILL -5", None),
        (b"KILL @x", None),
        (b"KILL CONNECTION_ID()", None),
        (b"KILL 5; SELECT 1", None),
        (b"KILL 5.0", None),
        (b"KILL 0x5", None),
        (b"KILL '5'", None),
        (b"KILL 5 /*!99999 1 */", None),
        (b"KILL 5 /* ", None),
        (b"KILL " + b"9" * 400, None),
        (b"KILL " + b"9" * 30, None),
        (b"", None),
        (b"SELECT 5", None),
        (b"KILL;" + b";" * 9, None),
    ],
)
def test_kill(sql, target):
    assert kill_target(sql) == target


@pytest.mark.parametrize(
    ("sql", "column"),
    [
        (b"SELECT CONNECTION_ID()", b"CONNECTION_ID()"),
        (b" select  connection_id ( ) ;", b"connection_id ( )"),
        (b"/* a */ SELECT connection_id() -- b", b"connection_id()"),
        (b"SELECT CONNECTION_ID() AS id", b"id"),
        (b"SELECT CONNECTION_ID() id", b"id"),
        (b"SELECT CONNECTION_ID() AS `my id`", b"my id"),
        (b"SELECT CONNECTION_ID() 'my id'", b"my id"),
        (b"SELECT CONNECTION_ID() AS", None),
        (b"SELECT CONNECTION_ID(), 1", None),
        (b"SELECT CONNECTION_ID() + 1", None),
        (b"SELECT CONNECTION_ID() FROM t", None),
        (b"SELECT CONNECTION_ID(1)", None),
        (b"SELECT CONNECTION_ID", None),
        (b"SELECT s.CONNECTION_ID()", None),
        (b"SELECT 'CONNECTION_ID()'", None),
        (b"SELECT CONNECTION_ID(); SELECT 1", None),
        (b"(SELECT CONNECTION_ID())", None),
        (b"", None),
    ],
)
def test_connection_id(sql, column):
    assert connection_id_column(sql) == column
    assert is_connection_id(sql) == (column is not None)


def test_an_alias_in_ansi_quotes():
    assert connection_id_column(b'SELECT CONNECTION_ID() AS "a""b"', ANSI_QUOTES) == b'a"b'
