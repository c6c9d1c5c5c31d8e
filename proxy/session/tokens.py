# cython: annotation_typing=False
"""Walks over SQL text token by token, as the server's own lexer would.

Decides where a word, name, literal, comment or statement ends, under the client's sql_mode and
character set. What supported servers might decide differently it reports as ``doubt``: an unterminated
string or comment, a NUL, a comment whose content depends on the server's version.

It does not know what a word means. It copies nothing: a token is a pair of offsets.

Sources: MySQL manual, "Literal Values", "Schema Object Names", "User-Defined Variables", "Comments";
MariaDB Knowledge Base, "Comment Syntax". Where they are silent, MySQL 9.7 and MariaDB 10.11 were asked.

Compiled when a C compiler was there at build time; the same source runs interpreted.
"""

from __future__ import annotations

import re

from proxy.session.alphabet import (
    ANSI_QUOTES,
    ASSIGN,
    CLASSES,
    DIGIT,
    EIGHT_BIT,
    EIGHT_BIT_CLASSES,
    END,
    IN_WORD,
    LEADS,
    LETTER,
    MARIADB,
    MULTIBYTE,
    NO_BACKSLASH_ESCAPES,
    NUMBER,
    OTHER,
    QUOTED,
    SPACE,
    STRING,
    SYSTEM,
    TRAILS,
    UNREADABLE,
    VARIABLE,
    WORD,
)

# The newest versions in /*!50699 */ and /*M!100000 */ whose content every supported server runs.
_SURE_VERSION = b"50699"
_SURE_MARIADB = b"100000"

# Interpreted, a long run of bytes without meaning is left to a regular expression; compiled, walking on is faster.
_LONG = 24 if __file__.endswith(".py") else 1 << 62
_WORD_RUN = re.compile(rb"[0-9A-Za-z_$]*")
_HEXADECIMAL = re.compile(rb"0(?:x[0-9A-Fa-f]+|b[01]+)")


def _stops(quote: int, escapes: bool, wide: bool) -> bytes:
    """1 at the bytes inside quotes that need a second look."""
    return bytes(byte == quote or (byte == 92 and escapes) or (byte > 127 and wide) for byte in range(256))


def _inside(stops: bytes, quote: int) -> re.Pattern[bytes]:
    """What may stand inside quotes, as far as no character of two bytes comes in between."""
    plain = re.escape(bytes(byte for byte in range(256) if stops[byte]))
    escaped = rb"|\\." if stops[92] else b""
    return re.compile(b"(?:[^%b]++|%c%c%b)*+" % (plain, quote, quote, escaped), re.DOTALL)


# For ', " and `, four each: 1 for escapes + 2 for characters of two bytes.
_STOPS = tuple(_stops(quote, bool(n & 1), n > 1) for quote in (39, 34, 96) for n in range(4))
_INSIDE = {stops: _inside(stops, quote) for stops, quote in zip(_STOPS, [39] * 4 + [34] * 4 + [96] * 4, strict=True)}
_HINT = re.compile(rb"\s*forebay:\s*(pin|unpin)\s*\Z", re.IGNORECASE)
_HINTS = {b"pin": 1, b"unpin": 2}
_QUOTES = re.compile(rb"'[^']*'|\"[^\"]*\"|`[^`]*`|[^'\"`]+")


def _run(pattern: re.Pattern[bytes], text: bytes, position: int) -> int:
    """Where what ``pattern`` matches at ``position`` ends; ``position`` itself when it does not match."""
    found = pattern.match(text, position)
    return found.end() if found else position


class Scanner:
    """One walk over ``sql``. ``advance`` finds the next token; the rest tells about it.

    ``kind`` is one of alphabet's kinds or a punctuation byte, ``start`` and ``end`` its place. ``named``: the word
    stands behind a dot or ``@@`` and can be no keyword. ``doubt``: from here on, or already before, a server might
    read otherwise. ``hints``: 1 and 2 for the comments that ask to pin and to unpin. ``commented``: how many comments
    were passed. Never raises, whatever the bytes.
    """

    __slots__ = (
        "_classes",
        "_continues",
        "_escapes",
        "_leads",
        "_position",
        "_size",
        "_trails",
        "_wide",
        "_word_end",
        "commented",
        "doubt",
        "end",
        "hints",
        "inside_code",
        "kind",
        "mode",
        "named",
        "sql",
        "start",
        "text",
    )

    def __init__(self, sql: bytes, mode: int) -> None:
        self.sql = sql
        self.kind = END
        self.start = 0
        self.end = 0
        self.named = False
        self.mode = mode
        self.doubt = self.mode & UNREADABLE != 0
        self.hints = 0
        self.commented = 0
        self.text = sql
        self._size = len(sql)
        self._position = 0
        self._escapes = self.mode & NO_BACKSLASH_ESCAPES == 0
        self._wide = (self.mode & MULTIBYTE) >> 4
        self._leads = LEADS[self._wide]
        self._trails = TRAILS[self._wide]
        self._classes = EIGHT_BIT_CLASSES if self.mode & EIGHT_BIT else CLASSES
        self._continues = False
        self.inside_code = False
        self._word_end = -1

    def advance(self) -> int:
        """Find the next token and return its kind, END behind the last one."""
        text = self.text
        classes = self._classes
        position = self._position
        size = self._size
        self.named = self._continues
        self._continues = False
        while position < size:
            byte = text[position]
            kind = classes[byte]
            if kind == SPACE:
                position += 1
                continue
            self.start = position
            if kind == LETTER or (kind == DIGIT and self.named):
                return self._word(position)
            if kind == OTHER:
                self._position = self.end = position + 1
                self.kind = byte
                return byte
            if kind == DIGIT:
                return self._number(position)
            position = self._special(position, byte)
            if position < 0:
                return self.kind
        self.start = self.end = self._position = size
        if self.inside_code:
            self.doubt = True
        self.kind = END
        return END

    def token(self) -> bytes:
        """The bytes of this token, quotes and all."""
        return self.sql[self.start : self.end]

    def _take(self, kind: int, end: int) -> int:
        self.kind = kind
        self._position = self.end = end
        return -1

    def _byte(self, position: int) -> int:
        return self.text[position] if position < self._size else 0

    def _special(self, position: int, byte: int) -> int:
        """A byte with a meaning of its own: -1 when a token was found, or where to look on behind what is none."""
        following = self._byte(position + 1)
        if byte == 39 or byte == 96 or byte == 34:  # ' ` "
            return self._quoted(position, byte)
        if byte == 46:  # .
            return self._dot(position, following)
        if byte == 45:  # -
            return self._minus(position, following)
        if byte == 64:  # @
            return self._at(position, following)
        if byte == 47 and following == 42:  # /*
            return self._comment(position)
        if byte == 42 and following == 47 and self.inside_code:  # */
            self.inside_code = False
            return position + 2
        if byte == 35:  # #
            return self._line(position)
        if byte == 58 and following == 61:  # :=
            return self._take(ASSIGN, position + 2)
        if byte == 92 and following == 78:  # \N is NULL in MariaDB
            return self._take(NUMBER, position + 2)
        if byte == 0 and position + 1 == self._size:
            return position + 1  # as if it were not there
        if byte < 33 or byte == 92 or byte > 126:
            self.doubt = True  # ends the text, is a space, or an error
            return position + 1
        return self._take(byte, position + 1)

    def _word(self, position: int) -> int:
        text = self.text
        classes = self._classes
        size = self._size
        begun = position
        watch = position + _LONG
        if self._wide:
            position = self._wide_word(position)
        else:
            while position < size and classes[text[position]] & IN_WORD:
                position += 1
                if position > watch:
                    position = _run(_WORD_RUN, self.sql, position)
        if text[begun] == 36 and self.sql.find(b"$", begun + 1, position) > 0:
            self.doubt = True  # MySQL 9 takes $tag$ for the beginning of a string
        self._word_end = position
        self._take(WORD, position)
        return WORD

    def _wide_word(self, position: int) -> int:
        text = self.text
        while position < self._size and self._classes[text[position]] & IN_WORD:
            position += 2 if text[position] > 127 and self._is_pair(position) else 1
        return position

    def _is_pair(self, position: int) -> bool:
        """Whether a character of two bytes begins here, the second of which may look like ASCII."""
        if not self._leads[self.text[position]] or position + 1 >= self._size:
            return False
        return self._trails[self.text[position + 1]] != 0

    def _number(self, position: int) -> int:
        """A number, or a name that begins with digits: 1e5 and 0x1f are numbers, 1e and 0x1g are names."""
        text = self.text
        if text[position] == 48 and (self._byte(position + 1) == 120 or self._byte(position + 1) == 98):  # 0x 0b
            return self._hexadecimal(position)
        position = self._digits(position)
        byte = self._byte(position)
        if byte == 46:
            return self._fraction(position + 1)
        if byte == 69 or byte == 101:  # E
            after = self._exponent(position + 1)
            if after:
                self._take(NUMBER, after)
                return NUMBER
        if self._classes[byte] & IN_WORD:
            return self._word(position)
        self._take(NUMBER, position)
        return NUMBER

    def _hexadecimal(self, position: int) -> int:
        end = _run(_HEXADECIMAL, self.sql, position)
        if end == position or self._classes[self._byte(end)] & IN_WORD:
            return self._word(position)
        self._take(NUMBER, end)
        return NUMBER

    def _digits(self, position: int) -> int:
        while position < self._size and self._classes[self.text[position]] == DIGIT:
            position += 1
        return position

    def _exponent(self, position: int) -> int:
        """Where the digits behind an E and its sign end, or 0 when there are none."""
        byte = self._byte(position)
        if byte == 43 or byte == 45:  # + -
            position += 1
        end = self._digits(position)
        return end if end > position else 0

    def _fraction(self, position: int) -> int:
        """The rest of a number behind its point. What follows it directly is a token of its own: 1.5FROM."""
        position = self._digits(position)
        byte = self._byte(position)
        if byte == 69 or byte == 101:
            after = self._exponent(position + 1)
            if not after:
                self.doubt = True  # the servers forget the number and go on with the next byte
            position = after or position + 1
        self._take(NUMBER, position)
        return NUMBER

    def _dot(self, position: int, following: int) -> int:
        if self._classes[following] == DIGIT and self._word_end != position:
            self._fraction(position + 1)
            return -1
        self._continues = self._classes[following] & IN_WORD != 0
        return self._take(46, position + 1)

    def _minus(self, position: int, following: int) -> int:
        """A minus, or the comment to the line's end that -- begins before a space, a control byte or the end."""
        after = self._byte(position + 2)
        if following != 45 or 32 < after < 127:
            return self._take(45, position + 1)
        if after >= 127 and (after == 127 or self.mode & EIGHT_BIT):
            self.doubt = True  # a control byte in some character sets
            return self._take(45, position + 1)
        return self._take(45, position + 1) if after > 127 else self._line(position)

    def _line(self, position: int) -> int:
        end = self.sql.find(b"\n", position)
        if end < 0:
            end = self._size
        if self.sql.find(b"\0", position, end) >= 0:
            self.doubt = True  # ends the comment in a server
        self.commented += 1
        return end

    def _at(self, position: int, following: int) -> int:
        if following == 64:
            self._continues = True
            return self._take(SYSTEM, position + 2)
        end = position + 1
        if following == 39 or following == 96 or following == 34:
            self._quoted(end, following)
            return self._take(VARIABLE, self.end)
        text = self.text
        while end < self._size and (self._classes[text[end]] & IN_WORD or text[end] == 46):
            if text[end] > 127:
                self.doubt = True  # whether it belongs to the name depends on the character set
            end += 1
        return self._take(VARIABLE, end)

    def _quoted(self, position: int, quote: int) -> int:
        """A string or a quoted name; its quote doubled stands for itself, and behind a backslash too in a string."""
        name = quote == 96 or (quote == 34 and self.mode & ANSI_QUOTES)
        end = self._closing(position + 1, quote, self._escapes and not name)
        self._take(QUOTED if name else STRING, end)
        return -1

    def _closing(self, position: int, quote: int, escapes: bool) -> int:
        """Behind the quote that ends what begins at ``position``, or the text's end, in doubt, when none does."""
        text = self.text
        size = self._size
        row = 0 if quote == 39 else (4 if quote == 34 else 8)
        table = _STOPS[row + (1 if escapes else 0) + (2 if self._wide else 0)]
        stops = table
        watch = position + _LONG
        while position < size:
            byte = text[position]
            if not stops[byte]:
                position += 1
                if position > watch:
                    position = _run(_INSIDE[table], self.sql, position)
            elif byte == quote:
                position += 1
                if position == size or text[position] != quote:
                    return position
                position += 1
            elif byte == 92 and escapes:
                position += 2
            else:
                position += self._wide_character(position)
        self.doubt = True
        return size

    def _wide_character(self, position: int) -> int:
        """The length of the character here, 1 or 2. Four bytes of gb18030 are no trouble: their digits mean nothing."""
        if self._is_pair(position):
            return 2
        following = self._byte(position + 1)
        if self._leads[self.text[position]] and following in (34, 39, 92, 96):
            self.doubt = True  # half a character: a server and a driver may see the literal end elsewhere
        return 1

    def _comment(self, position: int) -> int:
        """A comment in /* */: where it ends, or where its content begins when that is code."""
        self.commented += 1
        inner = position + 2
        byte = self._byte(inner)
        if byte == 33:  # !
            return self._code(inner + 1, _SURE_VERSION)
        if byte == 77 and self._byte(inner + 1) == 33 and self.mode & MARIADB:  # M!
            return self._code(inner + 2, _SURE_MARIADB)
        end = self.sql.find(b"*/", inner)
        if end < 0:
            self.doubt = True
            return self._size
        if byte == 43 and not self._balanced(inner, end):  # +
            self.doubt = True  # an optimizer hint, in which a quoted */ does not end it
        elif end - inner < 40:
            hint = _HINT.match(self.sql[inner:end])
            if hint:
                self.hints |= _HINTS[hint.group(1).lower()]
        return end + 2

    def _balanced(self, position: int, end: int) -> bool:
        while position < end:
            found = _QUOTES.match(self.sql, position, end)
            if not found:
                return False
            position = found.end()
        return True

    def _code(self, position: int, sure: bytes) -> int:
        """The content of an executable comment: code for certain without a version, or with an old one."""
        if self.inside_code:
            self.doubt = True
        self.inside_code = True
        end = self._digits(position)
        if end - position < 5:
            return position
        if end - position > len(sure) or self.sql[position:end] > sure:
            self.doubt = True
        return end
