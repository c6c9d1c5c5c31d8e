from __future__ import annotations

from proxy.session.alphabet import NO_BACKSLASH_ESCAPES
from proxy.session.statements import LONGEST_CACHED, TraitsCache, traits


def test_the_same_text_has_the_same_traits_object():
    cache = TraitsCache(10, 100_000)
    first = cache.get(b"SELECT 1", 0)
    assert cache.get(bytes(bytearray(b"SELECT 1")), 0) is first
    assert first.flags == traits(b"SELECT 1", 0).flags


def test_modes_are_kept_apart():
    cache = TraitsCache(10, 100_000)
    sql = b"SELECT '\\', @x -- '"
    assert cache.get(sql, 0).user_variables == ()
    assert cache.get(sql, NO_BACKSLASH_ESCAPES).user_variables == (b"x",)
    assert cache.get(sql, 0).user_variables == ()


def test_entries_are_bounded_and_what_is_used_stays():
    cache = TraitsCache(10, 1_000_000)
    used = cache.get(b"SELECT 0", 0)
    for number in range(1000):
        cache.get(b"SELECT %d" % number, number & 3)
        assert cache.get(b"SELECT 0", 0) is used
        assert len(cache) <= 10


def test_bytes_are_bounded():
    cache = TraitsCache(1_000_000, 100_000)
    for number in range(1000):
        cache.get(b"SELECT '%d%s'" % (number, b"x" * 3000), 0)
    assert 0 < len(cache) <= 100_000 // 3000


def test_long_texts_are_not_kept():
    cache = TraitsCache(10, 1_000_000)
    sql = b"SELECT '" + b"x" * LONGEST_CACHED + b"'"
    assert cache.get(sql, 0) is not cache.get(sql, 0)
    assert len(cache) == 0


def test_a_cache_of_nothing():
    for cache in (TraitsCache(0, 0), TraitsCache(0, 1000), TraitsCache(1000, 0), TraitsCache(1, 1)):
        assert cache.get(b"SELECT 1", 0).verb == b"SELECT"
        assert cache.get(b"SELECT 1", 0).verb == b"SELECT"
        assert len(cache) == 0
