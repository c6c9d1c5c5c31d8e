"""Where tokens end, as servers have it."""

from __future__ import annotations

import pytest

from proxy.session.alphabet import ASSIGN, END, NUMBER, QUOTED, STRING, SYSTEM, VARIABLE, WORD, mode_of
from proxy.session.tokens import Scanner

NAMES = {WORD: "w", QUOTED: "q", STRING: "s", NUMBER: "n", VARIABLE: "v", SYSTEM: "@@", ASSIGN: ":="}
PLAIN = mode_of("", "utf8mb4", False)
ANSI = mode_of("ANSI_QUOTES", "utf8mb4", False)
NO_ESCAPES = mode_of("NO_BACKSLASH_ESCAPES", "utf8mb4", False)
MARIA = mode_of("", "utf8mb4", True)
GBK, BIG5, SJIS, LATIN1 = (mode_of("", name, False) for name in ("gbk", "big5", "cp932", "latin1"))


def scan(sql: bytes, mode: int = PLAIN) -> tuple[list[tuple[str, bytes]], bool]:
    scanner = Scanner(sql, mode)
    found = []
    while scanner.advance() != END:
        found.append((NAMES.get(scanner.kind) or chr(scanner.kind), scanner.token()))
        assert sql[scanner.start : scanner.end] == scanner.token() != b""
    assert scanner.start == scanner.end == len(sql)
    return found, scanner.doubt


def shown(sql: bytes, mode: int = PLAIN) -> str:
    """Kinds and texts, with ! behind a doubtful reading."""
    found, doubt = scan(sql, mode)
    return " ".join(f"{kind}:{token.decode('latin-1')}" for kind, token in found) + (" !" if doubt else "")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (b"a1 _b $c d$e", "w:a1 w:_b w:$c w:d$e"),
        ("größe".encode(), "w:" + "größe".encode().decode("latin-1")),
        (b"1 12 1.5 .5 1. 1.5e3 1e5 1e+5 2E-5", "n:1 n:12 n:1.5 n:.5 n:1. n:1.5e3 n:1e5 n:1e+5 n:2E-5"),
        (b"1e 1ea 1a 1_ 1$", "w:1e w:1ea w:1a w:1_ w:1$"),
        (b"1e+a", "w:1e +:+ w:a"),
        (b"1.5FROM 1e5FROM 1FROM", "n:1.5 w:FROM n:1e5 w:FROM w:1FROM"),
        (b"0x1f 0x 0x1g 0b01 0b2 0X1", "n:0x1f w:0x w:0x1g n:0b01 w:0b2 w:0X1"),
        (b"a.b a.1 a.1e5b `a`.1e5b a .5", "w:a .:. w:b w:a .:. w:1 w:a .:. w:1e5b q:`a` n:.1e5 w:b w:a n:.5"),
        (b"1.e5 1.e", "n:1.e5 n:1.e !"),
        (b"'a' 'b''c' 'd\\'e' '' 'f\\\\'", "s:'a' s:'b''c' s:'d\\'e' s:'' s:'f\\\\'"),
        (b'"a" "b""c" "d\\"e" "it\'s"', 's:"a" s:"b""c" s:"d\\"e" s:"it\'s"'),
        (b"`a` `b``c` `d\\`", "q:`a` q:`b``c` q:`d\\`"),
        (b"N'a'x'1'", "w:N s:'a' w:x s:'1'"),
        (b"@a @a.b$c_1 @`b c` @'d' @\"e\" @", "v:@a v:@a.b$c_1 v:@`b c` v:@'d' v:@\"e\" v:@"),
        (b"@@a @@global.b @@`c` @@1", "@@:@@ w:a @@:@@ w:global .:. w:b @@:@@ q:`c` @@:@@ w:1"),
        (b"a:=1 b = :c", "w:a :=::= n:1 w:b =:= ::: w:c"),
        (b"a--b", "w:a -:- -:- w:b"),
        (b"a -- b\nc", "w:a w:c"),
        (b"a --\nb", "w:a w:b"),
        (b"a --\x01b\nc", "w:a w:c"),
        (b"a--", "w:a"),
        (b"a # b -- c\rd\ne", "w:a w:e"),
        (b"a/* b */c/**/d/*/*/e", "w:a w:c w:d w:e"),
        (b"a /* b /* c */ d", "w:a w:d"),
        (b"a */ b", "w:a *:* /:/ w:b"),
        (b"a/*! b */c", "w:a w:b w:c"),
        (b"a/*!50000b*/c/*!40101 d*/", "w:a w:b w:c w:d"),
        (b"a/*!123 b*/", "w:a n:123 w:b"),
        (b"a/*! b /* c */ d */ e", "w:a w:b w:d w:e"),
        (b"a/*! 'b */ c' */ d", "w:a s:'b */ c' w:d"),
        (b"a /*! b*/ * c */", "w:a w:b *:* w:c *:* /:/"),
        (b"a/*M! b */c", "w:a w:c"),
        (b"\\N a", "n:\\N w:a"),
        (b"(a,b);c", "(:( w:a ,:, w:b ):) ;:; w:c"),
        (b"a\0", "w:a"),
    ],
)
def test_tokens(sql, expected):
    assert shown(sql) == expected


@pytest.mark.parametrize(
    "sql",
    [
        b"'a", b'"a', b"`a", b"'a\\", b"'a\\'", b"/* a", b"/*! a", b"/*/", b"a\0b", b"a\0\0", b"-- a\0b", b"a \\b",
        b"a \x01 b", b"a /*!99999 b */", b"a /*!50700 b */", b"a /*!050000 b */",
        b"a /*!123456789012345678901 b */", b"$$a$$", b"$a$", b"/*! /*! a */ */", b"a --\x7fb", b"/*+ `a*/b` */",
        b"@\xc3\xa9", b"1.e",
    ],
)  # fmt: skip
def test_doubt(sql):
    assert scan(sql)[1]


@pytest.mark.parametrize(
    ("sql", "mode", "expected"),
    [
        (b'"a\\"', ANSI, 'q:"a\\"'),
        (b"'a\\'b'", ANSI, "s:'a\\'b'"),
        (b'@"a"', ANSI, 'v:@"a"'),
        (b"'a\\' b", NO_ESCAPES, "s:'a\\' w:b"),
        (b'"a\\" b', NO_ESCAPES, 's:"a\\" w:b'),
        (b"a/*M! b */c", MARIA, "w:a w:b w:c"),
        (b"a/*M!100000 b */c", MARIA, "w:a w:b w:c"),
        (b"a/*M!100100 b */c", MARIA, "w:a w:b w:c !"),
        (b"'\x81\\' a", GBK, "s:'\x81\\' w:a"),
        (b"'\x81\\' a'", LATIN1, "s:'\x81\\' a'"),
        (b"'\x81\\' a'", BIG5, "s:'\x81\\' a'"),
        (b"'\xa1\\' a", BIG5, "s:'\xa1\\' w:a"),
        (b"'\x81\\' a", SJIS, "s:'\x81\\' w:a"),
        (b"'\xb1\\' a'", SJIS, "s:'\xb1\\' a'"),
        (b"'\\\x81' a", GBK, "s:'\\\x81' w:a"),
        (b"'\x81' a", GBK, "s:'\x81' w:a !"),
        (b"`\x81`` a", GBK, "q:`\x81`` w:a"),
        (b"a\x81@b", GBK, "w:a\x81@b"),
        (b"a\x81@b", PLAIN, "w:a\x81 v:@b"),
        (b"a\xa0b", LATIN1, "w:a w:b !"),
        (b"a\xe9b", LATIN1, "w:a\xe9b"),
        (b"a --\xa0b", LATIN1, "w:a -:- -:- w:b !"),
        (b"a", mode_of("ORACLE", "utf8mb4", True), "w:a !"),
        (b"a", mode_of("", "swe7", True), "w:a !"),
    ],
)
def test_modes(sql, mode, expected):
    assert shown(sql, mode) == expected


@pytest.mark.parametrize(
    ("sql", "hints"),
    [
        (b"/* forebay: pin */", 1),
        (b"/*FOREBAY:unpin*/ a", 2),
        (b"a /* forebay:pin */ /* forebay:unpin */", 3),
        (b"/* forebay: pinned */ /* aforebay: pin */ /*! forebay: pin */ '/* forebay: pin */'", 0),
    ],
)
def test_hints(sql, hints):
    scanner = Scanner(sql, PLAIN)
    while scanner.advance() != END:
        pass
    assert scanner.hints == hints


def test_a_word_behind_a_dot_is_a_name():
    scanner = Scanner(b"a.b . c @@d.e", PLAIN)
    named = {}
    while scanner.advance() != END:
        named[scanner.token()] = scanner.named
    assert {name: named[name] for name in (b"a", b"b", b"c", b"d", b"e")} == {
        b"a": False, b"b": True, b"c": False, b"d": True, b"e": True,
    }  # fmt: skip
