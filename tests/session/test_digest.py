from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.session.alphabet import ANSI_QUOTES
from proxy.session.digest import LONGEST, digest


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (b"SELECT * FROM t WHERE a = 'secret' AND b = 5", b"SELECT * FROM t WHERE a = ? AND b = ?"),
        (b"SELECT  1 /* secret */ -- secret\n ;", b"SELECT ? ;"),
        (b"SELECT a FROM t WHERE b IN (1, 2, 3, 'x')", b"SELECT a FROM t WHERE b IN ( ? , ... )"),
        (b"INSERT INTO t VALUES (1, f(2), 3)", b"INSERT INTO t VALUES ( ? , f ( ? ) , ? )"),
        (b"SET @x = 0xff, `a b` = x'00'", b"SET @x = ? , `a b` = x ?"),
        (b"SELECT 'secret", b"SELECT ..."),
        (b"'secret' 'x", b"? ..."),
        (b"", b""),
        (b"SELECT /*!99999 it's */ 'secret'", b"SELECT ..."),
    ],
)
def test_digest(sql, expected):
    assert digest(sql, 0) == expected


def test_quotes_are_read_as_the_mode_says():
    assert digest(b'SELECT "a"', 0) == b"SELECT ?"
    assert digest(b'SELECT "a"', ANSI_QUOTES) == b'SELECT "a"'


def test_a_long_list_is_short():
    assert digest(b"SELECT a IN (" + b"1," * 100_000 + b"1)", 0) == b"SELECT a IN ( ? , ... )"


def test_it_is_bounded():
    assert len(digest(b"SELECT " + b"a, " * 100_000, 0)) == LONGEST
    assert len(digest(b"x" * 100_000, 0)) == LONGEST


@given(st.binary(max_size=60), st.sampled_from([b"'", b'"']))
def test_no_literal_shows(secret, quote):
    escaped = secret.replace(b"\\", b"\\\\").replace(quote, quote * 2)
    assert digest(b"SELECT a FROM t WHERE b = " + quote + escaped + quote, 0) == b"SELECT a FROM t WHERE b = ?"


@given(st.binary(max_size=200))
def test_never_raises(sql):
    assert len(digest(sql, 0)) <= LONGEST
