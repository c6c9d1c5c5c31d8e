"""How the statements go on that are more than a question: SET, SHOW, LOCK, CREATE, DROP, PREPARE and their like.

Decides, from the words that follow a statement's first one, what it sets, takes, makes and lets go. A row of
``GRAMMAR`` is one shape of statement; its function steps a ``Reader`` as far as it wants, what is left belongs to
nobody. It does not know expressions, and not the flags that a word carries wherever it stands.

Sources: MySQL manual, "SQL Statements"; MariaDB Knowledge Base, "SQL Statements".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from proxy.session import words
from proxy.session.alphabet import (
    ASSIGN,
    CLOSE,
    COMMA,
    DOT,
    EQUALS,
    MARIADB,
    NUMBER,
    OPEN,
    QUOTED,
    STRING,
    SYSTEM,
    VARIABLE,
    WORD,
)

if TYPE_CHECKING:
    from proxy.session.statements import Reader

_MINUS, _PLUS = b"-+"
_SCOPES = {
    **dict.fromkeys((b"GLOBAL", b"PERSIST", b"PERSIST_ONLY"), words.SET_GLOBAL),
    **dict.fromkeys((b"SESSION", b"LOCAL"), 0),
}
_RUNS_CODE = words.CALLS | words.COMPOUND | words.UNSURE


def literal_value(token: bytes) -> bytes | None:
    """The value of a string literal, None where that takes more than taking its quotes away."""
    value = token[1:-1].replace(token[:1] * 2, token[:1])
    return None if b"\\" in value else value


def _look_for(reader: Reader, meanings: dict[bytes, int]) -> None:
    """Words that mean something anywhere in a statement of this shape; NO before one takes its meaning away."""
    word = b""
    while not reader.at_end():
        before = word
        word = reader.next_word()
        if before != b"NO" and word in meanings:
            reader.flags |= meanings[word]


def _explain(reader: Reader) -> None:
    reader.readable = True
    _look_for(reader, {b"CONNECTION": words.CONNECTION_ID, b"ANALYZE": words.EFFECT})


def _flush(reader: Reader) -> None:
    # STATUS adds the session's counters to the global ones and clears them.
    _look_for(reader, {b"LOCK": words.TABLE_LOCK, b"EXPORT": words.TABLE_LOCK, b"STATUS": words.UNSURE})


def _end(reader: Reader) -> None:
    _look_for(reader, {b"RELEASE": words.HANGS_UP})


def _load(reader: Reader) -> None:
    _look_for(reader, {b"LOCAL": words.LOCAL_INFILE})


def _show(reader: Reader) -> None:
    reader.readable = True
    word = reader.next_word()
    if word in (b"FULL", b"SESSION", b"LOCAL"):
        word = reader.next_word()
    reader.flags |= words.SHOWN.get(word, 0)
    reader.note("second", word)


def _lock(reader: Reader) -> None:
    if reader.next_word() == b"INSTANCE":
        reader.flags |= words.INSTANCE_LOCK


def _unlock(reader: Reader) -> None:
    word = reader.next_word()
    if word == b"INSTANCE":
        reader.flags |= words.INSTANCE_LOCK
    reader.step()
    if reader.at_end():
        exact = {b"TABLE": words.UNLOCKS_TABLES, b"TABLES": words.UNLOCKS_TABLES, b"INSTANCE": words.UNLOCKS_INSTANCE}
        reader.flags |= exact.get(word, 0)


def _create(reader: Reader) -> None:
    """CREATE and ALTER: a routine, or a temporary table, behind OR REPLACE, DEFINER = .. and the like."""
    temporary = False
    for _ in range(24):
        word = reader.next_word()
        if reader.at_end() or reader.kind == OPEN or word == b"VIEW":
            return
        if word in words.ROUTINES:
            reader.flags |= words.COMPOUND
            return
        if word == b"TEMPORARY":
            temporary = True
        elif word == b"TABLE":
            reader.step()
            if temporary:
                _skip_if_exists(reader)
                reader.note("tables_created", _names(reader))
            return


def _skip_if_exists(reader: Reader) -> None:
    if reader.word() == b"IF":
        if reader.next_word() == b"NOT":
            reader.step()
        reader.step()


def _names(reader: Reader) -> tuple[bytes, ...]:
    """The names that are listed here, but for those that cannot be written as ``t`` or ``s.t`` for certain."""
    found = [_name(reader)]
    while reader.kind == COMMA:
        reader.step()
        found.append(_name(reader))
    return tuple(name for name in found if name)


def _name(reader: Reader) -> bytes:
    parts = []
    while reader.kind in (WORD, QUOTED):
        parts.append(reader.unquoted())
        if reader.step() != DOT:
            break
        reader.step()
    return b"" if any(b"." in part for part in parts) else b".".join(parts)


def _drop(reader: Reader) -> None:
    word = reader.next_word()
    if word == b"TEMPORARY":
        word = reader.next_word()
    if word == b"PREPARE":
        reader.flags |= words.TEXT_PREPARE
        reader.step()
        reader.note("deallocated", reader.unquoted().lower())
    elif word in (b"TABLE", b"TABLES"):
        reader.flags |= words.DROPS_TABLE
        reader.step()
        _skip_if_exists(reader)
        reader.note("tables_dropped", _names(reader))
    else:
        reader.note("second", word)


def _prepare(reader: Reader) -> None:
    reader.step()
    reader.note("prepared", reader.unquoted().lower())
    reader.step()
    if reader.step() == STRING:
        text = literal_value(reader.token())
        reader.step()
        if text is not None and reader.at_end():
            reader.note("prepared_text", text)


def _execute(reader: Reader) -> None:
    if reader.next_word() == b"IMMEDIATE":
        reader.flags |= words.UNSURE
    else:
        reader.note("executed", reader.unquoted().lower())


def _deallocate(reader: Reader) -> None:
    reader.step()
    reader.step()
    reader.note("deallocated", reader.unquoted().lower())


def _begin(reader: Reader) -> None:
    if reader.next_word() != b"WORK" and not reader.at_end():
        _body(reader)


def _start(reader: Reader) -> None:
    if reader.next_word() == b"TRANSACTION":
        reader.flags |= words.TRANSACTION


def _distributed(reader: Reader) -> None:
    reader.note("second", reader.next_word())


def _handle(reader: Reader) -> None:
    reader.step()
    name = _name(reader)
    if reader.word() == b"CLOSE":
        reader.note("handler_closed", name)
    elif reader.word() == b"OPEN":
        if reader.next_word() == b"AS":
            reader.step()
        alias = b"" if reader.at_end() else reader.unquoted()
        reader.note("handler_opened", alias or name[name.rfind(b".") + 1 :])


def _body(reader: Reader) -> None:
    """A piece of a compound statement: of a routine that is created, or else run at once (MariaDB)."""
    if reader.mode & MARIADB or not reader.flags & words.COMPOUND:
        reader.flags |= _RUNS_CODE


def _set(reader: Reader) -> None:
    """SET: a list of assignments, among them NAMES and CHARACTER SET, or one of its other meanings."""
    literal = True
    if reader.next_word() == b"STATEMENT":
        _set_for_statement(reader)
        return
    reader.flags |= words.SETS
    while True:
        literal = _assignment(reader) and literal
        if reader.kind != COMMA:
            break
        reader.step()
    if literal and reader.at_end():
        reader.flags |= words.SET_LITERAL


def _set_for_statement(reader: Reader) -> None:
    """MariaDB's SET STATEMENT variable = value FOR statement, which leaves the variables as they were."""
    depth = 0
    while not reader.at_end():
        word = reader.next_word()
        if reader.kind == OPEN:
            depth += 1
        elif reader.kind == CLOSE:
            depth -= 1
        elif word == b"FOR" and depth == 0:
            reader.step()
            reader.again = True
            return


def _assignment(reader: Reader) -> bool:
    """One member of the list, up to its comma; whether it sets a system variable, and to a literal."""
    if reader.kind == VARIABLE:
        reader.flags |= words.ASSIGNS_VARIABLE
        _value(reader)
        return False
    marked = reader.kind == SYSTEM
    word = reader.next_word() if marked else reader.word()
    scoped = word in _SCOPES
    if scoped:
        reader.flags |= _SCOPES[word]
        word = reader.next_word()
        if marked:
            word = reader.next_word()  # behind the dot
    if reader.kind == QUOTED:
        word = reader.unquoted().upper()
    elif not marked and word in words.OTHER_SETS:
        return _other_set(reader, word, scoped)
    return _system_assignment(reader, word, marked and not scoped)


def _system_assignment(reader: Reader, name: bytes, bare: bool) -> bool:
    """``name = value``. ``bare``: written as @@name, which for some means the next transaction only."""
    flags = words.when_set(name)
    if bare and name in words.NEXT_ONLY:
        flags |= words.NEXT_TRANSACTION
    if reader.step() == DOT:  # a component's variable
        flags |= words.SPECIAL_VARIABLE
        reader.step()
        reader.step()
    if not name.isascii() or not name or reader.kind not in (EQUALS, ASSIGN):
        flags |= words.UNSURE
    literal, word = _value(reader)
    if name == b"SQL_AUTO_IS_NULL" and word not in (b"0", b"OFF"):
        flags |= words.SPECIAL_VARIABLE  # WHERE id IS NULL then asks for the last insert id
    if word == b"DEFAULT":
        flags |= words.SET_VARIES
    reader.flags |= flags
    return literal and not flags & words.NEXT_TRANSACTION


def _value(reader: Reader) -> tuple[bool, bytes]:
    """The value behind = up to its comma: whether it is one literal or keyword, and that in capitals when short."""
    depth = 0
    tokens = 0
    word = b""
    while True:
        kind = reader.step()
        if reader.at_end() or (kind == COMMA and depth == 0):
            return tokens == 1, word
        if kind == OPEN:
            depth += 1
        elif kind == CLOSE:
            depth -= 1
        if tokens == 0 and kind in (_MINUS, _PLUS):
            continue
        tokens += 1 if kind in (WORD, NUMBER, STRING) else 2
        word = reader.token().upper() if tokens == 1 and reader.end - reader.start < 16 else b""


def _other_set(reader: Reader, word: bytes, scoped: bool) -> bool:
    """What SET means with these words in place of a variable's name."""
    reader.flags |= words.OTHER_SETS[word]
    if words.OTHER_SETS[word] & words.SET_NAMES:
        return _set_names(reader, word)
    if word == b"PASSWORD":
        _value(reader)
        return False
    while not reader.at_end():
        reader.step()
    if word == b"TRANSACTION" and not scoped:
        reader.flags |= words.NEXT_TRANSACTION
    return word == b"TRANSACTION" and scoped


def _set_names(reader: Reader, word: bytes) -> bool:
    if word != b"NAMES":
        reader.flags |= words.SET_VARIES  # CHARACTER SET takes the collation of the schema
    while True:
        word = reader.next_word()
        if reader.at_end() or reader.kind == COMMA:
            return True
        if word == b"COLLATE":
            reader.flags |= words.COLLATES
        if word == b"DEFAULT":
            reader.flags |= words.SET_VARIES
        if reader.kind not in (WORD, STRING):
            return False


GRAMMAR: dict[int, Callable[[Reader], None]] = {
    words.SETTING: _set,
    words.SHOWING: _show,
    words.EXPLAINING: _explain,
    words.FLUSHING: _flush,
    words.ENDING: _end,
    words.LOADING: _load,
    words.CREATING: _create,
    words.DROPPING: _drop,
    words.LOCKING: _lock,
    words.UNLOCKING: _unlock,
    words.PREPARING: _prepare,
    words.EXECUTING: _execute,
    words.DEALLOCATING: _deallocate,
    words.BEGINNING: _begin,
    words.STARTING: _start,
    words.DISTRIBUTED: _distributed,
    words.HANDLING: _handle,
    words.BODY: _body,
}
