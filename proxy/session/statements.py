# cython: annotation_typing=False
"""What a statement does to a session, told by its text: one pass, no parsing.

Decides the traits of a text from its tokens and the tables of ``words``. It errs on one side only: a
trait that keeps a server connection with its client is set where it may apply, one that lets it go only
where the text leaves no doubt. ``UNSURE`` says that the text could not be followed.

It does not know the session, the server's answer, or what anyone does about a trait. Effects that no text
shows (of a trigger, of a view, behind CALLS and FUNCTION) are for others to find.

Sources: MySQL manual, "SQL Statements"; MariaDB Knowledge Base, "SQL Statements".

Compiled when a C compiler was there at build time; the same source runs interpreted.
"""

from __future__ import annotations

import re
from typing import Any

from proxy.session import words
from proxy.session.alphabet import ASSIGN, DOT, END, MARIADB, OPEN, QUOTED, SEMICOLON, STRING, SYSTEM, VARIABLE, WORD
from proxy.session.alphabet import mode_of as mode_of
from proxy.session.answerable import connection_id_column as connection_id_column
from proxy.session.answerable import is_connection_id as is_connection_id
from proxy.session.answerable import kill_target as kill_target
from proxy.session.digest import digest as digest
from proxy.session.grammar import GRAMMAR
from proxy.session.named_locks import ALL, locks_of
from proxy.session.tokens import Scanner
from proxy.session.words import *  # noqa: F403 - the flags belong to this module's interface
from proxy.session.words import (
    ANYWHERE,
    CALLED,
    LIKELY,
    LONGEST,
    PLAIN,
    READERS,
    READS,
    SEQUENCE_WORDS,
    SYSTEM_VARIABLES,
    VERBS,
    WRITERS,
)

LONGEST_CACHED = 4096  # bytes of text; longer ones are mostly literals, and never the same again
_LONGEST_CACHED = LONGEST_CACHED
_ENTRY = 400  # bytes that an entry costs beside its text, roughly

_ASSIGNS_VARIABLE = words.ASSIGNS_VARIABLE
_USER_VARIABLE = words.USER_VARIABLE
_UNSURE = words.UNSURE
_TAIL = words.TAIL
_MULTI = words.MULTI
_READ_ONLY = words.READ_ONLY
_INTERESTING = words.INTERESTING
_FUNCTION = words.FUNCTION
_ADJOINS = words.ADJOINS
_QUERY = words.QUERY
_SEQUENCED = words.SEQUENCED
_REREADS = words.REREADS
_NAMES_FIRST = words.NAMES_FIRST
_KEEPS_VARIABLES = words.KEEPS_VARIABLES
_RECOUNTS = words.RECOUNTS
_LIMITED = words.LIMITED
# A stored function may fail, and by any error: on MariaDB rows have been counted then.
_READER_RECOUNTS = words.READER_RECOUNTS | words.CALC_FOUND_ROWS | words.FUNCTION
_WRITER_RECOUNTS = words.WRITER_RECOUNTS | words.FUNCTION
_SHOWN = words.INTERESTING | words.READ_ONLY | words.RECOUNTS
_NOT_READ_ONLY = words.INTERESTING | words.EFFECT
_UNCERTAIN = words.UNSURE | words.COMPOUND
_SEQUENCES = words.SEQUENCE_NEXT | words.SEQUENCE_LAST
_NAMEABLE = words.CONNECTION_ID  # what a word may mean where it can only be a name
_PERMITS = words.UNLOCKS_TABLES | words.UNLOCKS_INSTANCE | words.FREES_LOCK | words.FREES_ALL_LOCKS | words.SET_LITERAL
_UNKNOWN = (words.UNSURE | words.UNKNOWN_VERB, PLAIN)
_OFFSET = re.compile(rb"limit\s*[^\s,]+\s*,", re.IGNORECASE)
_SURE_ONLY = frozenset({"tables_dropped", "prepared", "prepared_text", "executed", "deallocated", "second"})
_SURE_ONLY |= {"handler_opened", "handler_closed"}


class Traits:
    """What one text does; shared by everyone who sends it. Names are bytes in the client's character set.

    ``flags``: bits of ``words``. ``statements``: how many the text holds. ``verb``: the first word, in capitals.
    ``user_variables``: names behind @, in small letters. ``locks_taken``, ``locks_freed``: names of GET_LOCK and
    RELEASE_LOCK, one for each time. ``tables_created``, ``tables_dropped``: temporary tables, and dropped tables of any
    kind, as ``t`` or ``s.t``. ``prepared``, ``executed``, ``deallocated``: the name of a text PREPARE in small
    letters, or b"". ``prepared_text``: the text that it prepares, None where it is no plain literal.
    ``handler_opened``, ``handler_closed``: the name or alias of a handler, or b"". ``second``: the word behind DROP, XA
    or SHOW, in capitals.
    """

    __slots__ = (
        "deallocated",
        "executed",
        "flags",
        "handler_closed",
        "handler_opened",
        "locks_freed",
        "locks_taken",
        "prepared",
        "prepared_text",
        "second",
        "statements",
        "tables_created",
        "tables_dropped",
        "user_variables",
        "verb",
    )

    def __init__(self, flags: int, statements: int, verb: bytes) -> None:
        self.flags = flags
        self.statements = statements
        self.verb = verb
        self.user_variables: tuple[bytes, ...] = ()
        self.locks_taken: tuple[bytes, ...] = ()
        self.locks_freed: tuple[bytes, ...] = ()
        self.tables_created: tuple[bytes, ...] = ()
        self.tables_dropped: tuple[bytes, ...] = ()
        self.prepared = b""
        self.executed = b""
        self.deallocated = b""
        self.handler_opened = b""
        self.handler_closed = b""
        self.prepared_text: bytes | None = None
        self.second = b""

    def __repr__(self) -> str:
        return f"<Traits {self.verb.decode('latin-1')} {' '.join(words.names(self.flags))}>"


class Reader(Scanner):
    """The one pass. It notes what a token means wherever it stands; ``GRAMMAR`` steps it through what has an order.

    ``flags``: what has been noted. ``readable``: the statement is of a kind that can be a plain question. ``again``:
    another statement begins at this token, without a semicolon before it.
    """

    __slots__ = (
        "_assigns",
        "_before",
        "_before_end",
        "_before_named",
        "_before_start",
        "_found",
        "_functions",
        "_statements",
        "_system",
        "_variables",
        "_verb",
        "again",
        "flags",
        "readable",
    )

    def read(self) -> Traits:
        """The traits of the text."""
        self.flags = 0
        self.readable = False
        self.again = False
        self._statements = 0
        self._system = False
        self._verb = b""
        self._variables: dict[bytes, None] | None = None
        self._found: dict[str, Any] | None = None
        self._statement()
        while self.kind == SEMICOLON:
            if self.inside_code:
                self.doubt = True  # what stands behind is no longer inside, for a server
            commented = self.commented
            self._statement()
            if self.kind == END and self._before == SEMICOLON and self.commented != commented:
                self.flags |= _TAIL
        return self._result()

    def step(self) -> int:
        """Take the statement's next token, note what it means anywhere, and return its kind. Stays at its end."""
        if self.kind == END or self.kind == SEMICOLON:
            return self.kind
        return self._next()

    def _next(self) -> int:
        self._before = self.kind
        self._before_start = self.start
        self._before_end = self.end
        self._before_named = self.named
        kind = self.advance()
        if self._system and kind != WORD and kind != QUOTED and kind != DOT:
            self._system = False
        if kind == WORD:
            if self._system:
                self._system_word(self.token().upper())
            else:
                self._look_up(self.start, self.end, not self.named)
        elif kind == OPEN:
            if self._before == WORD or self._before == QUOTED:
                self._call()
        elif kind == QUOTED:
            if self._system:
                self._system_word(self.unquoted().upper())
            else:
                self._look_up(self.start + 1, self.end - 1, False)
        elif kind == VARIABLE:
            self._variable()
        elif kind == SYSTEM:
            self._system = True
        elif kind == ASSIGN and self._before == VARIABLE:
            self.flags |= _ASSIGNS_VARIABLE
        return kind

    def _look_up(self, start: int, end: int, keyword: bool) -> None:
        """Note what a word means; ``keyword``: it need not be a mere name."""
        text = self.text
        likely = LIKELY
        size = end - start
        if not 0 < size <= LONGEST or not likely[(text[start] | 32) + (text[end - 1] | 32) * 5 + size * 67 & 4095]:
            return
        flags = ANYWHERE.get(self.sql[start:end].upper(), 0)
        if not keyword:
            flags &= _NAMEABLE
        elif flags & _SEQUENCED:
            flags |= SEQUENCE_WORDS.get(self._word_before(), 0)
        self.flags |= flags

    def _word_before(self) -> bytes:
        return self.sql[self._before_start : self._before_end].upper()

    def _system_word(self, word: bytes) -> None:
        if not word.isascii():
            self.doubt = True  # as for the name of a function
        self.flags |= SYSTEM_VARIABLES.get(word, 0) | ANYWHERE.get(word, 0)

    def _call(self) -> None:
        """Note what the name before this opening parenthesis does if it is a function's."""
        name = self._word_before()
        if self._before == QUOTED:
            flags = CALLED.get(name[1:-1], 0) | _FUNCTION
        else:
            flags = CALLED.get(name, _FUNCTION)
            if self._before_named or (flags & _ADJOINS and self._before_end != self.start):
                flags |= _FUNCTION
        if not self._functions and not self.flags & _QUERY:
            flags &= ~_FUNCTION
        elif flags & _FUNCTION and not name.isascii():
            self.doubt = True  # servers drop what is no character: GET_LOCK\xff is GET_LOCK
        self.flags |= flags

    def _variable(self) -> None:
        if self._before == STRING or self._before == QUOTED:
            return  # the host in 'user'@'host': no expression puts @ directly behind a string or a quoted name
        name = self.sql[self.start + 1 : self.end]
        quote = name[:1]
        if quote in (b"'", b'"', b"`"):
            name = name[1:-1].replace(quote + quote, quote)
            if quote != b"`" and b"\\" in name:
                self.doubt = True
        if not name.isascii() or name.endswith(b" "):
            self.doubt = True  # the same as other spellings, in some servers
        if self._variables is None:
            self._variables = {}
        self._variables[name.lower()] = None
        self.flags |= _USER_VARIABLE
        if self._assigns or self._word_before() == b"INTO":
            self.flags |= _ASSIGNS_VARIABLE

    def at_end(self) -> bool:
        """Whether the statement ends at this token."""
        return self.kind == END or self.kind == SEMICOLON

    def word(self) -> bytes:
        """The unquoted word at this token in capitals, b"" for anything else."""
        return self.token().upper() if self.kind == WORD else b""

    def next_word(self) -> bytes:
        """``step``, then ``word``."""
        self.step()
        return self.word()

    def unquoted(self) -> bytes:
        """The name at this token, without its quotes."""
        if self.kind != QUOTED:
            return self.token()
        quote = self.sql[self.start : self.start + 1]
        return self.sql[self.start + 1 : self.end - 1].replace(quote + quote, quote)

    def note(self, field: str, value: Any) -> None:
        """Keep a value for this field of the traits."""
        if self._found is None:
            self._found = {}
        self._found[field] = value

    def _statement(self) -> None:
        """One statement, up to its semicolon or the end."""
        self._functions = True
        self._assigns = False
        self._system = False
        self._next()
        while self.kind == OPEN:
            self._next()
        if self.at_end():
            return
        self._statements += 1
        if self._statements == 1:
            self._verb = self.word()
        elif self.flags & _REREADS:
            self.flags |= _UNSURE
        self._begin()
        while self.again:
            self.again = False
            self._begin()
            self.readable = False
        while self.kind != END and self.kind != SEMICOLON:
            self._next()

    def _begin(self) -> None:
        """The first words of a statement, and what they say."""
        flags, shape = VERBS.get(self.word(), _UNKNOWN)
        self.flags |= flags
        self._functions = flags & _NAMES_FIRST == 0
        self._assigns = flags & _KEEPS_VARIABLES == 0
        self.readable = shape == READS
        if shape != PLAIN and shape != READS:
            GRAMMAR[shape](self)

    def _result(self) -> Traits:
        flags = self.flags
        if self.doubt:
            flags |= _UNSURE
        if self.hints:
            flags |= (words.PIN_HINT if self.hints & 1 else 0) | (words.UNPIN_HINT if self.hints & 2 else 0)
        if self._statements > 1:
            flags |= _MULTI
        if not self.mode & MARIADB:
            flags &= ~_SEQUENCES
        if flags & _FUNCTION and flags & _USER_VARIABLE:
            flags |= _ASSIGNS_VARIABLE  # MariaDB's functions can have OUT parameters
        certain = self._statements == 1 and not flags & _UNCERTAIN
        if not certain:
            flags &= ~_PERMITS
        elif self.readable and not flags & _NOT_READ_ONLY:
            flags |= _READ_ONLY
        if not certain or self._recounts(flags):
            flags |= _RECOUNTS
        result = Traits(flags & _SHOWN, self._statements, self._verb)
        if flags & _INTERESTING:
            self._fill(result, certain)
        return result

    def _recounts(self, flags: int) -> bool:
        """Whether FOUND_ROWS() after this statement is neither its number of rows nor, without any, what it was."""
        verb = self._verb
        if verb in READERS:
            if flags & _LIMITED and _OFFSET.search(self.sql) is not None:
                return True
            return flags & _READER_RECOUNTS != 0 or (verb == b"WITH" and flags & words.EFFECT != 0)
        if verb in WRITERS:
            if flags & _WRITER_RECOUNTS:
                return True
            return verb == b"UPDATE" and 0 < self.sql.find(b",") < self.sql.find(b"=")
        return not (verb == b"SHOW" and flags & words.DIAGNOSTICS)

    def _fill(self, result: Traits, certain: bool) -> None:
        """The names that belong to the flags."""
        if self._variables:
            result.user_variables = tuple(self._variables)
        for field, value in (self._found or {}).items():
            if certain or field not in _SURE_ONLY:
                setattr(result, field, value)
        if result.flags & words.NAMED_LOCK:
            locks = locks_of(self.sql, self.mode) if certain else None
            if locks is not None:
                _fill_locks(result, *locks)
            elif result.flags & words.TAKES_LOCK:
                result.flags |= words.UNNAMED_LOCK


def _fill_locks(result: Traits, taken: tuple[bytes, ...], freed: tuple[bytes, ...]) -> None:
    result.locks_taken = taken
    if freed == (ALL,) and not taken:
        result.flags |= words.FREES_ALL_LOCKS
    elif freed and ALL not in freed:
        result.flags |= words.FREES_LOCK
        result.locks_freed = freed


def traits(sql: bytes, mode: int) -> Traits:
    """The traits of a text as the client sent it. ``mode``: see ``mode_of``. Never raises; time linear in the text."""
    return Reader(sql, mode).read()


class TraitsCache:
    """Traits by text and mode, within bounds. A hit costs one dict lookup where the mode is that of the time before.

    Entries live in a young half and an old one: when the young half is full it becomes the old one, whose
    entries are forgotten unless somebody asked for them meanwhile.
    """

    __slots__ = ("_bytes", "_entries", "_half_bytes", "_half_entries", "_mode", "_old", "_texts", "_young")

    def __init__(self, limit_entries: int, limit_bytes: int) -> None:
        self._half_entries = limit_entries // 2
        self._half_bytes = limit_bytes // 2
        self._entries = 0
        self._bytes = 0
        self._young: dict[int, dict[bytes, Traits]] = {}
        self._old: dict[int, dict[bytes, Traits]] = {}
        self._mode = -1
        self._texts: dict[bytes, Traits] = {}  # the young ones of this mode

    def get(self, sql: bytes, mode: int) -> Traits:
        """The traits of this text, from memory or read now."""
        if len(sql) > _LONGEST_CACHED:
            return traits(sql, mode)
        if mode != self._mode:
            self._mode = mode
            self._texts = self._young.setdefault(mode, {})
        found = self._texts.get(sql)
        return self._add(sql, mode) if found is None else found

    def _add(self, sql: bytes, mode: int) -> Traits:
        old = self._old.get(mode)
        found = old.get(sql) if old is not None else None
        if found is None:
            found = traits(sql, mode)
        cost = len(sql) + _ENTRY
        if self._entries >= self._half_entries or self._bytes + cost > self._half_bytes:
            self._old = self._young
            self._texts = {}
            self._young = {mode: self._texts}
            self._entries = self._bytes = 0
        if cost <= self._half_bytes and self._half_entries:
            self._texts[sql] = found
            self._entries += 1
            self._bytes += cost
        return found

    def __len__(self) -> int:
        return sum(len(half) for halves in (self._young, self._old) for half in halves.values())
