"""What single bytes mean to the SQL lexer, and the names of what it finds: modes, classes, kinds of token.

Decides how sql_mode and a character set's name become a mode (an int of bits), and which bytes are
letters, spaces or halves of a character under it. It knows no text and no keyword.

Sources: MySQL manual, "Server SQL Modes", "Character Sets, Collations, Unicode", "Schema Object Names".
The bytes above 0x7f were tried out, character set by character set, on MySQL 9.7 and MariaDB 10.11.
"""

from __future__ import annotations

# Bits of a mode. 0 is plain sql_mode under ASCII, UTF-8, or another character set in which no ASCII byte but a letter
# can be the second half of a character.
ANSI_QUOTES = 1
NO_BACKSLASH_ESCAPES = 2
IGNORE_SPACE = 4
MARIADB = 8
GBK = 16  # also gb18030
BIG5 = 32
SJIS = 48  # also cp932
MULTIBYTE = 48  # mask of the three
EIGHT_BIT = 64  # a byte above 0x7f may be a space
UNREADABLE = 128  # no statement can be read for certain

# Kinds of token. Punctuation is its own byte; none of the bytes below 33 is punctuation.
END, WORD, QUOTED, STRING, NUMBER, VARIABLE, SYSTEM, ASSIGN = range(8)
SEMICOLON, OPEN, CLOSE, COMMA, DOT, EQUALS = b";(),.="

# Classes of bytes. Those with bit 2 go on with a word.
OTHER, SPACE, LETTER, DIGIT, SPECIAL = 0, 1, 2, 3, 4
IN_WORD = 2


def _classes(odd: bytes) -> bytes:
    table = bytearray(256)
    for byte in range(256):
        character = chr(byte)
        if byte > 127 or character.isalpha() or character in "_$":
            table[byte] = LETTER
        elif character in "0123456789":
            table[byte] = DIGIT
        elif character in " \t\n\v\f\r":
            table[byte] = SPACE
        elif byte < 32 or byte == 127 or character in "'\"`#-/*@:.\\":
            table[byte] = SPECIAL
    for byte in odd:
        table[byte] = SPECIAL
    return bytes(table)


CLASSES = _classes(b"")
EIGHT_BIT_CLASSES = _classes(b"\xa0\xff")  # the two bytes that are a space in some eight-bit sets, a letter in others


def _halves(*ranges: tuple[int, int]) -> bytes:
    return bytes(any(low <= byte <= high for low, high in ranges) for byte in range(256))


# For GBK, BIG5 and SJIS in this order: which bytes begin a character of two bytes, and which end it.
_NONE = bytes(256)
LEADS = (_NONE, _halves((0x81, 0xFE)), _halves((0xA1, 0xF9)), _halves((0x81, 0x9F), (0xE0, 0xFC)))
TRAILS = (
    _NONE,
    _halves((0x40, 0x7E), (0x80, 0xFE)),
    _halves((0x40, 0x7E), (0xA1, 0xFE)),
    _halves((0x40, 0x7E), (0x80, 0xFC)),
)

_CHARSETS = {
    **dict.fromkeys("utf8 utf8mb3 utf8mb4 ascii binary euckr gb2312 ujis eucjpms tis620".split(), 0),
    **dict.fromkeys("gbk gb18030".split(), GBK),
    "big5": BIG5,
    **dict.fromkeys("sjis cp932".split(), SJIS),
    **dict.fromkeys("armscii8 cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 dec8 geostd8 greek".split(), EIGHT_BIT),
    **dict.fromkeys("hebrew hp8 keybcs2 koi8r koi8u latin1 latin2 latin5 latin7 macce macroman".split(), EIGHT_BIT),
}
_QUOTING = frozenset("ANSI DB2 MAXDB POSTGRESQL".split())  # combinations that contain ANSI_QUOTES
_UNREADABLE = frozenset("ORACLE MSSQL".split())  # MariaDB's other dialects
_SQL_MODES = {
    "ANSI_QUOTES": ANSI_QUOTES,
    "NO_BACKSLASH_ESCAPES": NO_BACKSLASH_ESCAPES,
    "IGNORE_SPACE": IGNORE_SPACE,
    **dict.fromkeys(_QUOTING, ANSI_QUOTES | IGNORE_SPACE),
    **dict.fromkeys(_UNREADABLE, UNREADABLE),
}


def mode_of(sql_mode: str, charset: str, mariadb: bool) -> int:
    """The lexer's mode for a session: its sql_mode as the server reports it, its character_set_client, its server."""
    mode = MARIADB if mariadb else 0
    mode |= _CHARSETS.get(charset.lower(), UNREADABLE)
    for name in sql_mode.upper().split(","):
        name = name.strip()
        mode |= _SQL_MODES.get(name, UNREADABLE if name.isdigit() else 0)
    return mode
