"""Cases that once differed, made small by hand: each is played on both servers through a pool of one.

A line is ``client> statement``; commands that are no statements stand in brackets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from proxy.wire import constants as c
from tests import servers
from tests.oracle import report
from tests.oracle import steps as s
from tests.oracle.case import Case, Turn
from tests.oracle.compare import differences, first
from tests.oracle.kinds import KINDS
from tests.oracle.world import World, open_world

CLIENTS = 2
_COMMANDS: dict[str, s.Step] = {
    "[ping]": s.Plain("", s.PING),
    "[reset]": s.Plain("", s.RESET_CONNECTION),
    "[multi on]": s.Plain("", s.MULTI_ON),
    "[change user]": s.ChangeUser("", "other", "orap_0_b"),
    "[again]": s.Reconnect(""),
    "[prepare]": s.Prepare("", "h", b"SELECT ?"),
    "[prepare rows]": s.Prepare("", "h", b"SELECT id, s FROM orap_0.t ORDER BY id"),
    "[open cursor]": s.Execute("", "h", cursor=True),
    "[close]": s.OnStatement("", c.COM_STMT_CLOSE, "h"),
    "[execute nothing]": s.Execute("", "unheard of"),
    "[reset nothing]": s.OnStatement("", c.COM_STMT_RESET, "unheard of"),
    "[fetch nothing]": s.Fetch("", "unheard of", 1),
}
_KINDS = {kind.name: kind for kind in KINDS}


class Found(NamedTuple):
    """``kind``: of client 0; client 1 is there to take the server connection away."""

    name: str
    text: str
    kind: str = "rich"
    only: str = ""


FOUND = (
    Found(
        "flags of one statement",
        "0> SELECT id FROM orap_0.t\n0> [ping]\n0> [prepare rows]\n0> [open cursor]\n0> [ping]",
    ),
    Found(
        "no flag of trackers",
        "0> BEGIN; SELECT 1; COMMIT\n0> [multi on]",
        "old",
    ),
    Found(
        "prepared under ANSI_QUOTES",
        "0> SET @@sql_mode = 4\n0> START TRANSACTION READ ONLY\n0> [prepare]",
        "old",
    ),
    Found(
        "unknown statements",
        "0> [execute nothing]\n0> [reset nothing]\n0> [fetch nothing]",
    ),
    Found(
        "the schema of a new session",
        "0> [change user]\n0> SELECT DATABASE()\n0> [again]\n0> SELECT DATABASE()",
    ),
    Found(
        "IGNORE_SPACE",
        "0> SELECT @@sql_mode\n0> [reset]\n0> SELECT @@sql_mode",
        "rich, IGNORE_SPACE",
    ),
    Found(
        "IGNORE_SPACE, new user",
        "0> [change user]\n0> SELECT @@sql_mode\n0> [reset]\n0> SELECT @@sql_mode",
        "rich, IGNORE_SPACE",
    ),
    Found(
        "a variable that was only read",
        "0> SET @x = @a + 1\n1> SELECT 1\n0> SELECT @a, @x",
    ),
    Found(
        "a SET that failed half-way",
        "0> SET @a = 1, sql_mode = 'NONSENSE', @b = 3\n1> SELECT 1\n0> SELECT @a, @b",
    ),
    Found(
        "NULL of every type",
        "0> SET @a = NULL, @b = 1, @c = 'x'\n0> SET @b = NULL, @c = NULL\n1> SELECT 1\n0> SELECT @a, @b, @c",
    ),
    Found(
        "NULL over a value of another type",
        "1> SET @a = 5, @b = _latin1 'x'\n"
        "0> SET @a = NULL, @b = NULL, @c = 1, @c = NULL\n"
        "1> SELECT @a, @b\n"
        "0> SELECT @a, @b, @c, CHARSET(@a)",
    ),
    Found(
        "an INSERT that failed",
        "0> INSERT INTO orap_0.t (n, k) VALUES (1, NULL), (2, 10)\n1> SELECT 1\n0> SELECT LAST_INSERT_ID()",
    ),
    Found(
        "the id of who was here before",
        "0> SELECT LAST_INSERT_ID(7)\n0> [again]\n0> SELECT CURRENT_USER()\n0> SELECT LAST_INSERT_ID()",
    ),
    Found(
        "a routine that failed",
        "0> CALL orap_0.p_fail(6)\n1> SELECT @before\n0> SELECT @before",
    ),
    Found(
        "SELECT INTO in a routine",
        "0> SET @p = 'old'\n0> CALL orap_0.p_into()\n1> SELECT @p, @q\n0> SELECT @p, @q",
    ),
    Found(
        "a routine of who has gone",
        "0> CALL orap_0.p_into()\n0> [again]\n1> SELECT @p, @q\n0> SELECT @p, @q",
    ),
    Found(
        "@@name in a routine",
        "0> CALL orap_0.p_unscoped()\n1> SELECT @@time_zone\n0> SELECT @@time_zone, @@div_precision_increment",
    ),
    Found(
        "SET and @@name in a routine",
        "0> SET time_zone = '+01:00'\n"
        "0> CALL orap_0.p_unscoped()\n"
        "1> SELECT 1\n"
        "0> SET div_precision_increment = 7\n"
        "1> SELECT 1\n"
        "0> SELECT @@time_zone, @@div_precision_increment",
    ),
    Found(
        "a function in a statement that failed",
        "0> SELECT orap_0.f_set(1), (SELECT 1 UNION SELECT 2)\n1> SELECT @f\n0> SELECT @f",
    ),
    Found(
        "a trigger in a statement that failed",
        "0> INSERT INTO orap_0.u (id) VALUES (1)\n1> SELECT @triggered",
        only="mysql",
    ),
    Found(
        "two settings of the next transaction",
        "0> SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY\n1> SELECT 1\n0> BEGIN\n0> SELECT 1; SELECT 2",
        "rich, one statement at a time",
    ),
    Found(
        "settings of a transaction that is not begun",
        "0> SET TRANSACTION READ ONLY\n0> SELECT @@version_comment\n1> SELECT 1\n0> BEGIN",
    ),
    Found(
        "settings of a transaction that failed",
        "0> SET TRANSACTION READ ONLY\n0> SELECT missing FROM orap_0.t\n1> SELECT 1\n0> BEGIN",
    ),
    Found(
        "a schema's character set",
        "1> SET @a = 1\n0> SET @b = 1\n1> SELECT 1\n0> SET CHARACTER SET latin1\n0> SELECT @@collation_connection",
    ),
)


@pytest.fixture(scope="module", params=("mariadb", "mysql"))
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    try:
        with open_world(request.param, CLIENTS) as world, world.forebay(1):
            yield world
    except servers.Unavailable as missing:
        pytest.skip(str(missing))


def case(found: Found) -> Case:
    turns = []
    for line in found.text.splitlines():
        client, _, text = line.partition("> ")
        turns.append(Turn(int(client), _COMMANDS.get(text) or s.Query("", text.encode())))
    return Case(0, (_KINDS[found.kind], _KINDS["rich"]), tuple(turns))


@pytest.mark.parametrize("found", FOUND, ids=[found.name for found in FOUND])
def test_it_is_the_same_now(world: World, found: Found) -> None:
    flavour = world.server.flavour
    if found.only not in ("", flavour):
        return
    small = case(found)
    different = differences(world, small)
    if different:
        pytest.fail("\n".join(report.difference_lines(flavour, small, first(small, different))), pytrace=False)
