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

from proxy.session import words
from proxy.session.alphabet import (
    ASSIGN,
    CLOSE,
    COMMA,
    DOT,
    END,
    EQUALS,
    MARIADB,
    NUMBER,
    OPEN,
    QUOTED,
    SEMICOLON,
    STRING,
    SYSTEM,
    VARIABLE,
    WORD,
)
from proxy.session.alphabet import mode_of as mode_of
from proxy.session.tokens import Scanner
from proxy.session.words import *  # noqa: F403 - the flags belong to this module's interface
from proxy.session.words import (
    ANYWHERE,
    BEGINNING,
    BODY,
    CALLED,
    CREATING,
    DEALLOCATING,
    DISTRIBUTED,
    DROPPING,
    EXPLAINING,
    LIKELY,
    LOADING,
    LOCKING,
    LONGEST,
    PLAIN,
    PREFIX,
    PREPARING,
    READS,
    SETTING,
    SHOWING,
    STARTING,
    UNLOCKING,
    VERBS,
)

LONGEST_CACHED = 4096  # bytes of text; longer ones are mostly literals, and never the same again
_ENTRY = 400  # bytes that an entry costs beside its text, roughly
_DIGEST = 1024

_FUNCTION = words.FUNCTION
_KEEPS_VARIABLES = words.KEEPS_VARIABLES
_NAMES_FIRST = words.NAMES_FIRST
_REREADS = words.REREADS
_ADJOINS = words.ADJOINS
_QUERY = words.QUERY
_MULTI = words.MULTI
_READ_ONLY = words.READ_ONLY
_INTERESTING = words.INTERESTING
_SHOWN = words.INTERESTING | words.READ_ONLY
_NOT_READ_ONLY = words.INTERESTING | words.EFFECT
_PERMITS = (
    words.UNLOCKS_TABLES | words.UNLOCKS_INSTANCE | words.FREES_LOCK | words.FREES_ALL_LOCKS | words.SET_LITERAL
)
_UNCERTAIN = words.UNSURE | words.COMPOUND
_SEQUENCES = words.SEQUENCE_NEXT | words.SEQUENCE_LAST
_UNKNOWN = (words.UNSURE | words.UNKNOWN_VERB, PLAIN)
_RUNS_CODE = words.CALLS | words.COMPOUND | words.UNSURE | words.REREADS
_SCOPES = {
    b"GLOBAL": words.SET_GLOBAL,
    b"PERSIST": words.SET_GLOBAL,
    b"PERSIST_ONLY": words.SET_GLOBAL,
    b"SESSION": 0,
    b"LOCAL": 0,
}


class Traits:
    """What one text does; shared by everyone who sends it. Names are bytes in the client's character set.

    ``flags``: bits of ``words``. ``statements``: how many the text holds. ``verb``: the first word, in capitals.
    ``user_variables``: names behind @, in small letters. ``locks_taken``, ``locks_freed``: names of GET_LOCK and
    RELEASE_LOCK in small letters, one for each time. ``tables_created``, ``tables_dropped``: temporary tables, and
    dropped tables of any kind, as ``t`` or ``s.t``. ``prepared``, ``executed``, ``deallocated``: the name of a text
    PREPARE in small letters, or b"". ``prepared_text``: the text that it prepares, None where it is no plain literal.
    ``second``: the word behind XA, in capitals.
    """

    __slots__ = (
        "deallocated",
        "executed",
        "flags",
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
        self.prepared_text: bytes | None = None
        self.second = b""

    def __repr__(self) -> str:
        return f"<Traits {self.verb.decode('latin-1')} {' '.join(words.names(self.flags))}>"


class _Reader(Scanner):
    """The one pass. ``_step`` takes a token and notes what it means anywhere; the rest knows statements."""

    __slots__ = (
        "_assigns",
        "_before",
        "_before_end",
        "_before_named",
        "_before_start",
        "_created",
        "_dropped",
        "_flags",
        "_functions",
        "_names",
        "_readable",
        "_statements",
        "_system",
        "_variables",
        "_verb",
    )

    def read(self) -> Traits:
        """The traits of the text."""
        self._flags = 0
        self._statements = 0
        self._system = False
        self._verb = b""
        self._readable = False
        self._variables: dict[bytes, None] | None = None
        self._created: list[bytes] | None = None
        self._dropped: list[bytes] | None = None
        self._names: dict[str, bytes] | None = None
        self._statement()
        while self.kind == SEMICOLON:
            if self._inside_code:
                self.doubt = True  # what stands behind is no longer inside, for a server
            commented = self.commented
            self._statement()
            if self.kind == END and self._before == SEMICOLON and self.commented != commented:
                self._flags |= words.TAIL
        return self._result()

    def _step(self) -> int:
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
            elif not self.named and self.end - self.start <= LONGEST:
                self._plain_word()
        elif kind == OPEN:
            if self._before == WORD or self._before == QUOTED:
                self._call()
        elif kind == VARIABLE:
            self._variable()
        elif kind == SYSTEM:
            self._system = True
        elif kind == QUOTED:
            if self._system:
                self._system_word(self._unquoted().upper())
        elif kind == ASSIGN and self._before == VARIABLE:
            self._flags |= words.ASSIGNS_VARIABLE
        return kind

    def _plain_word(self) -> None:
        text = self._text
        likely = LIKELY
        size = self.end - self.start
        if likely[(text[self.start] | 32) + (text[self.end - 1] | 32) * 5 + size * 67 & 4095]:
            self._flags |= ANYWHERE.get(self.token().upper(), 0)

    def _system_word(self, word: bytes) -> None:
        if not word.isascii():
            self.doubt = True  # as for the name of a function
        self._flags |= words.SYSTEM_VARIABLES.get(word, 0) | ANYWHERE.get(word, 0)

    def _call(self) -> None:
        """The name before an opening parenthesis, which may be a function's."""
        name = self.sql[self._before_start : self._before_end].upper()
        if self._before == QUOTED:
            flags = CALLED.get(name[1:-1], 0) | _FUNCTION
        else:
            flags = CALLED.get(name, _FUNCTION)
            if self._before_named or (flags & _ADJOINS and self._before_end != self.start):
                flags |= _FUNCTION
        if not self._functions and not self._flags & _QUERY:
            flags &= ~_FUNCTION
        elif flags & _FUNCTION and not name.isascii():
            self.doubt = True  # servers drop what is no character: GET_LOCK\xff is GET_LOCK
        self._flags |= flags

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
            self.doubt = True  # equal to other spellings under utf8mb3_general_ci
        if self._variables is None:
            self._variables = {}
        self._variables[name.lower()] = None
        self._flags |= words.USER_VARIABLE
        if self._assigns or self.sql[self._before_start : self._before_end].upper() == b"INTO":
            self._flags |= words.ASSIGNS_VARIABLE

    def _at_end(self) -> bool:
        return self.kind == END or self.kind == SEMICOLON

    def _word_here(self) -> bytes:
        """The unquoted word at this token in capitals, b"" for anything else."""
        return self.token().upper() if self.kind == WORD else b""

    def _next_word(self) -> bytes:
        self._step()
        return self._word_here()

    def _unquoted(self) -> bytes:
        """The name at this token."""
        if self.kind != QUOTED:
            return self.token()
        quote = self.sql[self.start : self.start + 1]
        return self.sql[self.start + 1 : self.end - 1].replace(quote + quote, quote)

    def _name(self) -> bytes:
        """The name that begins here, with its schema when it has one, and step behind it; b"" where it is unclear."""
        parts = []
        while self.kind == WORD or self.kind == QUOTED:
            parts.append(self._unquoted())
            if self._step() != DOT:
                break
            self._step()
        return b"" if any(b"." in part for part in parts) else b".".join(parts)

    def _rest(self) -> None:
        while self.kind != END and self.kind != SEMICOLON:
            self._step()

    def _statement(self) -> None:
        """One statement, up to its semicolon or the end."""
        self._system = False
        self._step()
        while self.kind == OPEN:
            self._step()
        if self._at_end():
            return
        self._statements += 1
        if self._statements == 1:
            self._verb = self._word_here()
        elif self._flags & _REREADS:
            self._flags |= words.UNSURE
        shape = self._begin()
        while shape == PREFIX:
            self._step()
            shape = self._begin()
            self._readable = False
        self._rest()

    def _begin(self) -> int:
        """The first words of a statement, and what they say. PREFIX when another statement follows them."""
        flags, shape = VERBS.get(self._word_here(), _UNKNOWN)
        self._flags |= flags
        self._functions = flags & _NAMES_FIRST == 0
        self._assigns = flags & _KEEPS_VARIABLES == 0
        if shape == PLAIN:
            return PLAIN
        if shape == READS:
            self._readable = True
            return READS
        if shape == SETTING:
            return self._set()
        if shape <= LOADING:
            self._look_further(shape)
        else:
            self._shape(shape)
        return shape

    def _look_further(self, shape: int) -> None:
        if shape == SHOWING:
            self._show()
        else:
            self._look_for(words.LOOKED_FOR[shape])
        self._readable = shape in (SHOWING, EXPLAINING)

    def _shape(self, shape: int) -> None:
        """What the statements of this shape say behind their first word."""
        if shape == CREATING:
            self._create()
        elif shape == DROPPING:
            self._drop()
        elif shape in (LOCKING, UNLOCKING):
            self._lock(shape == UNLOCKING)
        elif PREPARING <= shape <= DEALLOCATING:
            self._prepare(shape)
        elif shape == BEGINNING:
            if self._next_word() != b"WORK" and not self._at_end():
                self._body()
        elif shape == STARTING:
            if self._next_word() == b"TRANSACTION":
                self._flags |= words.TRANSACTION
        elif shape == DISTRIBUTED:
            self._names = {"second": self._next_word()}
        elif shape == BODY:
            self._body()

    def _look_for(self, meanings: dict[bytes, int]) -> None:
        """Words that mean something anywhere in a statement of this shape; NO before one takes its meaning away."""
        word = b""
        while not self._at_end():
            before = word
            word = self._next_word()
            if before != b"NO" and word in meanings:
                self._flags |= meanings[word]

    def _body(self) -> None:
        """A piece of a compound statement: of a routine that is created, or else run at once (MariaDB)."""
        if self._mode & MARIADB or not self._flags & words.COMPOUND:
            self._flags |= _RUNS_CODE

    def _show(self) -> None:
        word = self._next_word()
        scoped = word in _SCOPES or word == b"FULL"
        meanings = words.SHOWN
        if word == b"GLOBAL":
            return
        self._flags |= meanings.get(self._next_word() if scoped else word, 0)

    def _lock(self, unlocks: bool) -> None:
        word = self._next_word()
        instance = word == b"INSTANCE"
        if instance:
            self._flags |= words.INSTANCE_LOCK
        self._step()
        if unlocks and self._at_end():
            if instance:
                self._flags |= words.UNLOCKS_INSTANCE
            elif word == b"TABLES" or word == b"TABLE":
                self._flags |= words.UNLOCKS_TABLES

    def _create(self) -> None:
        """CREATE and ALTER: a routine, or a temporary table, behind OR REPLACE, DEFINER = .. and the like."""
        temporary = False
        for _ in range(24):
            word = self._next_word()
            if self._at_end() or self.kind == OPEN or word == b"VIEW":
                return
            if word in words.ROUTINES:
                self._flags |= words.COMPOUND
                return
            if word == b"TEMPORARY":
                temporary = True
            elif word == b"TABLE":
                self._step()
                if temporary:
                    self._skip_if_exists()
                    self._created = [self._name()]
                return

    def _skip_if_exists(self) -> None:
        if self._word_here() == b"IF":
            if self._next_word() == b"NOT":
                self._step()
            self._step()

    def _drop(self) -> None:
        word = self._next_word()
        if word == b"TEMPORARY":
            word = self._next_word()
        if word == b"PREPARE":
            self._flags |= words.TEXT_PREPARE
            self._step()
            self._names = {"deallocated": self._unquoted().lower()}
        elif word == b"TABLE" or word == b"TABLES":
            self._flags |= words.DROPS_TABLE
            self._step()
            self._skip_if_exists()
            self._dropped = [self._name()]
            while self.kind == COMMA:
                self._step()
                self._dropped.append(self._name())

    def _prepare(self, shape: int) -> None:
        word = self._next_word()
        if shape == DEALLOCATING:
            self._step()
            self._names = {"deallocated": self._unquoted().lower()}
        elif shape == PREPARING:
            self._names = {"prepared": self._unquoted().lower()}
            self._step()
            if self._step() == STRING:
                text = _literal(self.token())
                self._step()
                if text is not None and self._at_end():
                    self._names["prepared_text"] = text
        elif word == b"IMMEDIATE":
            self._flags |= words.UNSURE
        else:
            self._names = {"executed": self._unquoted().lower()}

    def _set(self) -> int:
        """SET: a list of assignments, among them NAMES and CHARACTER SET, or one of its other meanings."""
        literal = True
        if self._next_word() == b"STATEMENT":
            return self._set_for_statement()
        while True:
            literal = self._assignment() and literal
            if self.kind != COMMA:
                break
            self._step()
        if literal and self._at_end():
            self._flags |= words.SET_LITERAL
        return SETTING

    def _assignment(self) -> bool:
        """One member of the list, up to its comma; whether it sets system variables only, and to a literal."""
        if self.kind == VARIABLE:
            self._flags |= words.ASSIGNS_VARIABLE
            self._value()
            return False
        marked = self.kind == SYSTEM
        word = self._next_word() if marked else self._word_here()
        scoped = False
        if word in _SCOPES:
            self._flags |= _SCOPES[word]
            scoped = True
            word = self._next_word()
            if marked:
                word = self._next_word()  # behind the dot
        if self.kind == QUOTED:
            word = self._unquoted().upper()
        elif not marked and word in words.OTHER_SETS:
            return self._other_set(word, scoped)
        return self._system_assignment(word, marked and not scoped)

    def _system_assignment(self, name: bytes, bare: bool) -> bool:
        """``name = value``. ``bare``: written as @@name, which for some means the next transaction only."""
        flags = words.SYSTEM_VARIABLES.get(name, 0)
        if name in words.SPECIAL or name.startswith(words.SPECIAL_PREFIXES):
            flags |= words.SPECIAL_VARIABLE
        if name.startswith(b"SESSION_TRACK_"):
            flags |= words.TRACKERS
        if name == b"PROFILING":
            flags |= words.PROFILING
        if name in words.DECIDES_READING:
            flags |= words.REREADS
        if name in words.CHANGES_IN_PART:
            flags |= words.SET_VARIES
        if bare and name in words.NEXT_ONLY:
            flags |= words.NEXT_TRANSACTION
        self._step()
        if self.kind == DOT:  # a component's variable
            flags |= words.SPECIAL_VARIABLE
            self._step()
            self._step()
        if not name or not name.isascii() or (self.kind != EQUALS and self.kind != ASSIGN):
            flags |= words.UNSURE
        literal, word = self._value()
        if name == b"SQL_AUTO_IS_NULL" and word not in (b"0", b"OFF"):
            flags |= words.SPECIAL_VARIABLE  # WHERE id IS NULL then asks for the last insert id
        if word == b"DEFAULT":
            flags |= words.SET_VARIES
        self._flags |= flags
        return literal and not flags & words.NEXT_TRANSACTION

    def _value(self) -> tuple[bool, bytes]:
        """The value behind = up to its comma: whether it is one literal or keyword, and that in capitals."""
        depth = 0
        tokens = 0
        word = b""
        literal = True
        while True:
            self._step()
            if self._at_end() or (self.kind == COMMA and depth == 0):
                return literal and tokens == 1, word
            if self.kind == OPEN:
                depth += 1
            elif self.kind == CLOSE:
                depth -= 1
            if tokens == 0 and (self.kind == 43 or self.kind == 45):  # a sign
                continue
            tokens += 1
            literal = literal and (self.kind == WORD or self.kind == NUMBER or self.kind == STRING)
            word = self.token().upper() if tokens == 1 and literal and self.end - self.start < 16 else b""

    def _other_set(self, word: bytes, scoped: bool) -> bool:
        """What SET means with these words in place of a variable's name."""
        self._flags |= words.OTHER_SETS[word]
        if word == b"NAMES" or word == b"CHARSET" or word == b"CHARACTER" or word == b"CHAR":
            return self._set_names(word)
        if word == b"TRANSACTION":
            if not scoped:
                self._flags |= words.NEXT_TRANSACTION
            self._rest()
            return scoped
        if word == b"PASSWORD":
            self._value()
            return False
        self._rest()
        return False

    def _set_names(self, word: bytes) -> bool:
        if word != b"NAMES":
            self._flags |= words.SET_VARIES  # CHARACTER SET takes the collation of the schema
        while True:
            word = self._next_word()
            if self._at_end() or self.kind == COMMA:
                return True
            if word == b"COLLATE":
                self._flags |= words.COLLATES
            if word == b"DEFAULT":
                self._flags |= words.SET_VARIES
            if self.kind == OPEN:
                return False

    def _set_for_statement(self) -> int:
        """MariaDB's SET STATEMENT variable = value FOR statement, which leaves the variables as they were."""
        self._flags &= ~words.SETS
        depth = 0
        while not self._at_end():
            word = self._next_word()
            if self.kind == OPEN:
                depth += 1
            elif self.kind == CLOSE:
                depth -= 1
            elif word == b"FOR" and depth == 0:
                return PREFIX
        return SETTING

    def _result(self) -> Traits:
        flags = self._flags
        if self.doubt:
            flags |= words.UNSURE
        if self.hints:
            flags |= (words.PIN_HINT if self.hints & 1 else 0) | (words.UNPIN_HINT if self.hints & 2 else 0)
        if self._statements > 1:
            flags |= _MULTI
        if not self._mode & MARIADB:
            flags &= ~_SEQUENCES
        certain = self._statements == 1 and not flags & _UNCERTAIN
        if not certain:
            flags &= ~_PERMITS
        elif self._readable and not flags & _NOT_READ_ONLY:
            flags |= _READ_ONLY
        result = Traits(flags & _SHOWN, self._statements, self._verb)
        if flags & _INTERESTING:
            self._name_names(result, certain)
        return result

    def _name_names(self, result: Traits, certain: bool) -> None:
        if self._variables:
            result.user_variables = tuple(self._variables)
        if self._created:
            result.tables_created = tuple(name for name in self._created if name)
        if result.flags & words.NAMED_LOCK:
            _note_locks(result, self.sql, self._mode, certain)
        if certain and self._dropped:
            result.tables_dropped = tuple(name for name in self._dropped if name)
        if certain and self._names:
            for field, name in self._names.items():
                setattr(result, field, name)


def traits(sql: bytes, mode: int) -> Traits:
    """The traits of a text as the client sent it. ``mode``: see ``mode_of``. Never raises; time linear in the text."""
    return _Reader(sql, mode).read()


def _literal(token: bytes) -> bytes | None:
    """The value of a string literal, None where that takes more than taking its quotes away."""
    value = token[1:-1].replace(token[:1] * 2, token[:1])
    return None if b"\\" in value else value


def _note_locks(result: Traits, sql: bytes, mode: int, certain: bool) -> None:
    """Name the locks where the statement is nothing but a list of calls with literal names."""
    taken: list[bytes] = []
    freed: list[bytes] = []
    if certain and _only_locks(Scanner(sql, mode), taken, freed):
        result.locks_taken = tuple(taken)
        if b"" in freed:
            result.flags |= words.FREES_ALL_LOCKS if len(freed) == 1 and not taken else 0
        elif freed:
            result.flags |= words.FREES_LOCK
            result.locks_freed = tuple(freed)
    elif result.flags & words.TAKES_LOCK:
        result.flags |= words.UNNAMED_LOCK


def _only_locks(scanner: Scanner, taken: list[bytes], freed: list[bytes]) -> bool:
    """Collect the names; b"" in ``freed`` stands for RELEASE_ALL_LOCKS()."""
    scanner.advance()
    if scanner.token().upper() not in (b"SELECT", b"DO"):
        return False
    while True:
        scanner.advance()
        function = scanner.token().upper()
        if scanner.advance() != OPEN:
            return False
        if not _one_lock(scanner, function, taken, freed):
            return False
        if scanner.advance() == WORD and scanner.token().upper() == b"AS":
            scanner.advance()
        if scanner.kind in (WORD, QUOTED, STRING):
            scanner.advance()
        if scanner.kind != COMMA:
            return scanner.kind in (END, SEMICOLON)


def _one_lock(scanner: Scanner, function: bytes, taken: list[bytes], freed: list[bytes]) -> bool:
    """One call from behind its opening to its closing parenthesis."""
    if function == b"RELEASE_ALL_LOCKS":
        freed.append(b"")
        return scanner.advance() == CLOSE
    if scanner.advance() != STRING:
        return False
    name = _literal(scanner.token())
    if not name or not name.isascii() or name.endswith(b" "):
        return False
    scanner.advance()
    if function == b"GET_LOCK" and scanner.kind == COMMA:
        if scanner.advance() == 45:
            scanner.advance()
        taken.append(name.lower())
        return scanner.kind == NUMBER and scanner.advance() == CLOSE
    freed.append(name.lower())
    return function == b"RELEASE_LOCK" and scanner.kind == CLOSE


def _tokens(sql: bytes, mode: int, limit: int) -> list[bytes]:
    """The tokens of a text that holds at most ``limit``, in capitals, without a semicolon at its end; else []."""
    scanner = Scanner(sql, mode)
    found: list[bytes] = []
    while scanner.advance() != END:
        if len(found) == limit or scanner.end - scanner.start > 256:
            return []
        found.append(scanner.token().upper())
    if scanner.doubt:
        return []
    while found and found[-1] == b";":
        found.pop()
    return found


def kill_target(sql: bytes, mode: int = 0) -> tuple[bool, int] | None:
    """For exactly ``KILL [HARD|SOFT] [CONNECTION|QUERY] n``: whether only the query is meant, and n. Else None."""
    tokens = _tokens(sql, mode, 6)
    if len(tokens) < 2 or tokens[0] != b"KILL" or not tokens[-1].isdigit() or len(tokens[-1]) > 20:
        return None
    between = tokens[1:-1]
    if between and between[0] in (b"HARD", b"SOFT"):
        del between[0]
    if between not in ([], [b"CONNECTION"], [b"QUERY"]):
        return None
    return between == [b"QUERY"], int(tokens[-1])


def connection_id_column(sql: bytes, mode: int = 0) -> bytes | None:
    """For exactly ``SELECT CONNECTION_ID() [[AS] alias]`` the name of its column, else None."""
    tokens = _tokens(sql, mode, 8)
    if tokens[:4] != [b"SELECT", b"CONNECTION_ID", b"(", b")"] or len(tokens) > 6:
        return None
    scanner = Scanner(sql, mode)
    scanner.advance()
    scanner.advance()
    start = scanner.start
    scanner.advance()
    scanner.advance()
    name = sql[start : scanner.end]
    if len(tokens) == 4:
        return name
    if len(tokens) == 6 and scanner.advance() == WORD and tokens[4] != b"AS":
        return None
    kind = scanner.advance()
    if kind == WORD and tokens[-1] != b"AS":
        return scanner.token()
    return _literal(scanner.token()) if kind in (QUOTED, STRING) else None


def is_connection_id(sql: bytes, mode: int = 0) -> bool:
    """Whether the text is exactly ``SELECT CONNECTION_ID()``, with or without an alias."""
    return connection_id_column(sql, mode) is not None


def digest(sql: bytes, mode: int) -> bytes:
    """The text for logs: no literal, no comment, one space between tokens, at most 1024 bytes.

    A list of literals becomes ``?, ...``. A text that cannot be read for certain is its verb only, since what looks
    like a name may then be part of a literal.
    """
    scanner = Scanner(sql, mode)
    out: list[bytes] = []
    size = 0
    while scanner.advance() != END and size <= _DIGEST:
        literal = scanner.kind == STRING or scanner.kind == NUMBER
        token = b"?" if literal else scanner.token()
        if literal and out[-2:] == [b"?", b","]:
            out[-1:] = [b",", b"..."]
            continue
        out.append(token)
        size += len(token) + 1
    while scanner.kind != END and not scanner.doubt:
        scanner.advance()
    if scanner.doubt:
        return (out[0][:32].upper() if out and out[0].isalpha() else b"?") + b" ..."
    return b" ".join(out)[:_DIGEST]


class TraitsCache:
    """Traits by text and mode, within bounds. A hit costs two dict lookups.

    Entries live in a young half and an old one: when the young half is full it becomes the old one, whose
    entries are forgotten unless somebody asked for them meanwhile.
    """

    __slots__ = ("_bytes", "_entries", "_half_bytes", "_half_entries", "_old", "_young")

    def __init__(self, limit_entries: int, limit_bytes: int) -> None:
        self._half_entries = limit_entries // 2
        self._half_bytes = limit_bytes // 2
        self._entries = 0
        self._bytes = 0
        self._young: dict[int, dict[bytes, Traits]] = {}
        self._old: dict[int, dict[bytes, Traits]] = {}

    def get(self, sql: bytes, mode: int) -> Traits:
        """The traits of this text, from memory or read now."""
        if len(sql) > LONGEST_CACHED:
            return traits(sql, mode)
        young = self._young.get(mode)
        if young is not None:
            found = young.get(sql)
            if found is not None:
                return found
        return self._add(sql, mode)

    def _add(self, sql: bytes, mode: int) -> Traits:
        old = self._old.get(mode)
        found = old.get(sql) if old is not None else None
        if found is None:
            found = traits(sql, mode)
        cost = len(sql) + _ENTRY
        if self._entries >= self._half_entries or self._bytes + cost > self._half_bytes:
            self._old = self._young
            self._young = {}
            self._entries = self._bytes = 0
        if cost <= self._half_bytes and self._half_entries:
            self._young.setdefault(mode, {})[sql] = found
            self._entries += 1
            self._bytes += cost
        return found

    def __len__(self) -> int:
        return sum(len(half) for halves in (self._young, self._old) for half in halves.values())
