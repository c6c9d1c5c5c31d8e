from __future__ import annotations

import pytest

from proxy.session.alphabet import (
    ANSI_QUOTES,
    BIG5,
    CLASSES,
    EIGHT_BIT,
    GBK,
    IGNORE_SPACE,
    IN_WORD,
    MARIADB,
    NO_BACKSLASH_ESCAPES,
    SJIS,
    UNREADABLE,
    mode_of,
)


@pytest.mark.parametrize(
    ("sql_mode", "charset", "mariadb", "mode"),
    [
        ("", "utf8mb4", False, 0),
        ("STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION", "utf8mb3", True, MARIADB),
        ("ANSI_QUOTES", "utf8mb4", False, ANSI_QUOTES),
        ("ansi", "utf8mb4", False, ANSI_QUOTES | IGNORE_SPACE),
        ("NO_BACKSLASH_ESCAPES, IGNORE_SPACE", "ascii", False, NO_BACKSLASH_ESCAPES | IGNORE_SPACE),
        ("", "GBK", False, GBK),
        ("", "gb18030", False, GBK),
        ("", "big5", False, BIG5),
        ("", "sjis", False, SJIS),
        ("", "euckr", False, 0),
        ("", "latin1", False, EIGHT_BIT),
        ("", "swe7", False, UNREADABLE),
        ("", "klingon", False, UNREADABLE),
        ("ORACLE", "utf8mb4", True, MARIADB | UNREADABLE),
        ("4", "utf8mb4", False, UNREADABLE),
    ],
)
def test_modes(sql_mode, charset, mariadb, mode):
    assert mode_of(sql_mode, charset, mariadb) == mode


def test_words_are_letters_digits_and_everything_above_ascii():
    inside = bytes(byte for byte in range(256) if CLASSES[byte] & IN_WORD)
    assert inside.decode("latin-1") == "".join(
        chr(byte) for byte in range(256) if byte > 127 or chr(byte).isalnum() or chr(byte) in "_$"
    )
