"""What holds for every text: found by hypothesis, in every mode."""

from __future__ import annotations

import re
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import proxy.session
from proxy.session import statements
from proxy.session.alphabet import ANSI_QUOTES, BIG5, EIGHT_BIT, GBK, MARIADB, NO_BACKSLASH_ESCAPES, SJIS
from proxy.session.statements import INTERESTING, READ_ONLY, RECOUNTS, Traits, traits
from proxy.session.tokens import Scanner
from tests.session.test_statements import MARIADB_TRAITS, QUESTIONS, TRAITS, WRITES, flag_bits

FIELDS = [name for name in dir(traits(b"", 0)) if not name.startswith("_")]
PERMITS = flag_bits("UNLOCKS_TABLES UNLOCKS_INSTANCE FREES_LOCK FREES_ALL_LOCKS SET_LITERAL READ_ONLY")
ROWS = [sql.encode() for sql in [*QUESTIONS, *WRITES, *(sql for sql, _ in TRAITS + MARIADB_TRAITS)]]
PIECES = b"""
' " ` \\ /* */ /*! /*!40101 /*!99999 /*M! -- -- # @ @@ @x := . , ( ) ; 1 1. 1e5 0x1 N x' e $ $$ INTO SELECT SET
CREATE TEMPORARY TABLE PROCEDURE BEGIN END GET_LOCK( RELEASE_LOCK LAST_INSERT_ID DROP PREPARE s FROM 'a' USING
EXECUTE = NAMES STATEMENT FOR sql_mode GLOBAL SESSION DEFAULT HANDLER OPEN CLOSE AS XA UNLOCK TABLES KILL QUERY
VALUE NEXT
""".split()

modes = st.builds(
    lambda *bits: sum(bits),
    st.sampled_from([0, ANSI_QUOTES]),
    st.sampled_from([0, NO_BACKSLASH_ESCAPES]),
    st.sampled_from([0, MARIADB]),
    st.sampled_from([0, GBK, BIG5, SJIS, EIGHT_BIT]),
)
pieces = st.sampled_from([*PIECES, b" ", b"\n", b"\t", b"\0", b"\x81", b"\xa0", b"\xe9", b"\xbf\\", b"--\xa0"])
soup = st.lists(st.one_of(pieces, pieces, st.binary(max_size=3)), max_size=40).map(b"".join)
rows = st.sampled_from(ROWS)
blanks = st.lists(
    st.sampled_from([b" ", b"\n", b"\t ", b"/**/", b"/* it's @x */", b'-- "x\n', b"#;`\n", b"/* /* */"]), max_size=3
).map(lambda parts: b" " + b"".join(parts))


def everything(found: Traits) -> dict[str, object]:
    return {name: getattr(found, name) for name in FIELDS}


def interpreted(name: str) -> ModuleType:
    """``proxy.session``'s module of this name from its source, whether or not a compiled one is at hand."""
    path = Path(proxy.session.__file__).with_name(f"{name}.py")
    loader = SourceFileLoader(f"proxy.session.{name}", str(path))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module


def interpreted_all() -> tuple[ModuleType, ModuleType]:
    """``statements`` and ``tokens`` with everything between them, from source."""
    before = {name: module for name, module in sys.modules.items() if name.startswith("proxy.session.")}
    attributes = dict(vars(proxy.session))
    try:
        tokens = interpreted("tokens")
        for name in ("grammar", "named_locks", "answerable", "digest"):
            interpreted(name)
        return interpreted("statements"), tokens
    finally:
        sys.modules.update(before)
        vars(proxy.session).update(attributes)


@pytest.fixture(scope="module")
def pure() -> ModuleType:
    return interpreted_all()[0]


@given(st.one_of(soup, st.binary(max_size=80)), modes)
def test_never_raises_and_promises_nothing_in_doubt(sql, mode):
    found = traits(sql, mode)
    assert found.flags & ~(INTERESTING | READ_ONLY | RECOUNTS) == 0
    assert not (found.flags & READ_ONLY and found.flags & INTERESTING)
    if found.flags & statements.UNSURE or found.statements != 1:
        assert not found.flags & PERMITS
        assert not found.tables_dropped
        assert not found.locks_freed
        assert not found.deallocated
    assert bool(found.user_variables) == bool(found.flags & statements.USER_VARIABLE)
    assert bool(found.flags & statements.MULTI) == (found.statements > 1)


@given(st.one_of(soup, rows, st.binary(max_size=80)), modes)
def test_compiled_and_interpreted_agree(pure, sql, mode):
    assert everything(traits(sql, mode)) == everything(pure.traits(sql, mode))
    assert statements.digest(sql, mode) == pure.digest(sql, mode)
    assert statements.kill_target(sql) == pure.kill_target(sql)


@given(st.binary(max_size=300), st.sampled_from([b"'", b'"', b"`"]), st.booleans())
def test_compiled_and_interpreted_agree_on_long_literals(pure, body, quote, closed):
    sql = b"SELECT " + quote + body * 3 + quote * closed
    assert everything(traits(sql, 0)) == everything(pure.traits(sql, 0))


@given(st.binary(max_size=80), st.sampled_from([b"'", b'"']), st.booleans(), modes)
def test_what_stands_in_a_string_never_matters(body, quote, backslashes, mode):
    assume(not (mode & 48 and any(byte > 127 for byte in body)))
    assume(not (mode & ANSI_QUOTES and quote == b'"'))
    if mode & NO_BACKSLASH_ESCAPES:
        escaped = body.replace(quote, quote * 2)
    else:
        escaped = body.replace(b"\\", b"\\\\").replace(quote, b"\\" + quote if backslashes else quote * 2)
    assert traits(b"SELECT " + quote + escaped + quote + b" FROM t", mode).flags == READ_ONLY


@given(st.text(max_size=40), st.sampled_from([("gbk", GBK), ("gb18030", GBK), ("big5", BIG5), ("cp932", SJIS)]))
def test_nor_does_it_in_an_asian_character_set(body, charset):
    name, mode = charset
    encoded = "".join("\\" + c if c in "'\\" else c for c in body).encode(name, "ignore")
    assert traits(b"SELECT '" + encoded + b"' FROM t", mode).flags & ~statements.UNSURE in (0, READ_ONLY)
    try:
        body.encode(name)
    except UnicodeEncodeError:
        return
    assert traits(b"SELECT '" + encoded + b"' FROM t", mode).flags == READ_ONLY


@given(st.binary(max_size=80), modes)
def test_what_stands_in_a_quoted_name_never_matters(body, mode):
    assume(not (mode & 48 and any(byte > 127 for byte in body)) and b"\0" not in body)
    name = b"`" + b"n" + body.replace(b"`", b"``") + b"`"
    assert traits(b"SELECT " + name + b" FROM t", mode).flags == READ_ONLY


@given(st.binary(max_size=80), modes)
def test_what_stands_in_a_comment_never_matters(body, mode):
    assume(b"*/" not in body + b"*/"[:1] or not body.endswith(b"*"))
    assume(b"*/" not in body and not body.startswith((b"!", b"+", b"M!")) and b"forebay" not in body.lower())
    assert traits(b"SELECT /*" + body + b" */ a FROM t", mode).flags == READ_ONLY
    line = body.replace(b"\n", b"").replace(b"\0", b"")
    assert traits(b"SELECT a -- " + line + b"\n FROM t # " + line, mode).flags == READ_ONLY


def whole_tokens(sql: bytes) -> list[bytes]:
    """The tokens of a row, with b" " where blank space or a comment stood between two."""
    scanner = Scanner(sql, 0)
    parts, end = [], 0
    while scanner.advance():
        parts += [b" "] * (scanner.start > end) + [scanner.token()]
        end = scanner.end
    return parts


@given(rows, st.data())
def test_blanks_between_tokens_never_matter(sql, data):
    found = traits(sql, 0)
    assume(b"/*" not in sql and not found.flags & (statements.UNSURE | statements.TAIL))
    spaced = b"".join(data.draw(blanks) if part == b" " else part for part in whole_tokens(sql))
    assert everything(traits(data.draw(blanks) + spaced, 0)) == everything(found)


@given(rows)
def test_case_never_matters(sql):
    found = traits(sql, 0)
    assume(not re.search(rb"[@'\"`/\\]|XA|0x", sql))
    names = ("tables_created", "tables_dropped", "handler_opened", "handler_closed")
    other = {name: value for name, value in everything(traits(sql.swapcase(), 0)).items() if name not in names}
    assert other == {name: value for name, value in everything(found).items() if name not in names}


@given(rows, rows, modes)
def test_a_second_statement_takes_nothing_away(first, second, mode):
    one, two = traits(first, mode), traits(second, mode)
    both = traits(first + b"\n;" + second, mode)
    assume(not (one.flags | two.flags | both.flags) & statements.UNSURE and one.statements and two.statements)
    kept = (one.flags | two.flags) & ~(PERMITS | statements.UNNAMED_LOCK | statements.TAIL)
    assert both.flags & kept == kept
    assert set(one.user_variables + two.user_variables) == set(both.user_variables)
    assert both.statements == one.statements + two.statements
    assert both.verb == one.verb


@given(rows, modes)
def test_an_executable_comment_round_a_statement_changes_nothing(sql, mode):
    found = traits(sql, mode)
    assume(not found.flags & statements.UNSURE and found.statements == 1 and b";" not in sql and b"/*!" not in sql)
    assume(not re.search(rb"--|#|/\*M!", sql))
    assert everything(traits(b"/*!40101 " + sql + b" */", mode)) == everything(found)


NASTY = [
    b"'", b'"', b"`", b"''", b"\\", b"'\\", b"/*", b"/**/", b"/*!", b"/*!40101", b"*/", b"/*+'", b"/*+'*/", b"--",
    b"-- ", b"#", b"@", b"@@", b"@a", b"@`", b"(", b")", b";", b"; ", b"a", b"a ", b"a.", b"1", b"1e", b"0x", b".",
    b"$", b"$ ", b"$a", b"\0", b"\x81", b"\x81'", b"f(", b"SET STATEMENT a=1 FOR ", b"SET ", b"SELECT ",
    b"CREATE ", b"DROP TABLE a,", b"GET_LOCK('a',1),", b"SELECT @a%d,", b"NO ", b"EXECUTE ", b"/* forebay: pin */",
    b"forebay: ", b"\xa0", b"N'", b"--\x7f", b"COMMIT ", b"KILL ", b"PREPARE ", b"=", b",",
    b"SELECT RELEASE_LOCK('a'),",
]  # fmt: skip


class Counted(bytes):
    """A text that counts how much of it is looked at, by the interpreted module."""

    steps = 0

    def __getitem__(self, key):
        found = super().__getitem__(key)
        self.steps += 1 if isinstance(found, int) else 1 + len(found)
        return found

    def find(self, wanted, start=0, end=None):
        end = len(self) if end is None else end
        found = super().find(wanted, start, end)
        self.steps += 1 + (end if found < 0 else found) - start
        return found


class CountedPattern:
    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self.pattern = pattern

    def match(self, text: bytes, start: int = 0, end: int | None = None) -> re.Match[bytes] | None:
        end = len(text) if end is None else end
        found = self.pattern.match(text, start, end)
        if isinstance(text, Counted):
            text.steps += 1 + (found.end() if found else end) - start
        return found


@pytest.fixture(scope="module")
def counting():
    """``traits`` of the interpreted module with its patterns counted."""
    statements, tokens = interpreted_all()
    for name in ("_WORD_RUN", "_HEXADECIMAL", "_QUOTES", "_HINT"):
        setattr(tokens, name, CountedPattern(getattr(tokens, name)))
    tokens._INSIDE = {stops: CountedPattern(pattern) for stops, pattern in tokens._INSIDE.items()}
    return statements.traits


@pytest.mark.parametrize("unit", NASTY)
@pytest.mark.parametrize("begin", [b"", b"SELECT ", b"SET a=", b"DROP TABLE ", b"/*!", b"'"])
def test_work_grows_with_the_text_only(counting, unit, begin):
    """Twice the text is at most twice the work, however nasty: nothing is looked at again and again."""
    for mode in (0, GBK | MARIADB):
        steps = []
        for size in (1000, 2000):
            text = b"".join(unit % n for n in range(size // len(unit))) if b"%d" in unit else unit * (size // len(unit))
            sql = Counted(begin + text)
            counting(sql, mode)
            steps.append(sql.steps)
        assert steps[1] <= 2.3 * steps[0] + 500
        assert steps[0] <= 20 * 1000 + 500


@pytest.mark.parametrize(
    "unit", [b"SET STATEMENT a=1 FOR ", b"(", b"/*!", b"SELECT ", b"@a,", b"SELECT 1;", b"DROP TABLE a,"]
)
def test_depth_and_length_are_no_matter(unit):
    found = traits(unit * 30_000, MARIADB)
    assert found.statements <= 30_000
