"""``clients.comments``: the server's lists say whose statement it is, and nothing else changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import APP, Server
from tests.whole.daemon import Daemon, running
from tests.whole.pymysql_client import ask, client
from tests.whole.raw_client import RawClient, direct
from tests.whole.test_query_attributes import OFFERING, Attributed

SHOWN = "SELECT info FROM information_schema.processlist WHERE id = CONNECTION_ID()"


@pytest.fixture(scope="module")
def daemon(server: Server) -> Iterator[Daemon]:
    changes = {"clients": {"comments": True}, "pool": {"max_connections": 1}}
    with running(server.port, changes) as started:
        yield started


def test_a_statement_says_whose_it_is(daemon: Daemon) -> None:
    with RawClient(daemon) as one, RawClient(daemon) as two:
        for each in (one, two, one):
            assert each.one(SHOWN) == f"/* client {each.id} {APP.name}@127.0.0.1 plain_client */ {SHOWN}"
            assert each.ask("SELECT CONNECTION_ID(), 'x'") == [[str(each.id), "x"]]


def test_a_program_cannot_end_the_comment(daemon: Daemon) -> None:
    with client(daemon.port, program_name="check out*/; DROP TABLE x; /*\n" + 100 * "y") as connection:
        ((shown,),) = ask(connection, SHOWN)
    before, _, after = shown.partition(" */ ")
    assert after == SHOWN
    name = before.split(f"{APP.name}@127.0.0.1 ")[1]
    assert name.startswith("check_out____DROP_TABLE_x_____yyy")
    assert len(name) == 64


def test_answers_are_the_same(server: Server, daemon: Daemon) -> None:
    texts = ["SELECT 1+1, 'a'", "SET @a = 1", "SELECT @a", "SELEKT 1", "", " ;", "SELECT ROW_COUNT()", "DO 1; SELECT 2"]
    with RawClient(daemon) as through, RawClient(direct(server)) as alone:
        for sql in texts:
            seen = []
            for each in (through, alone):
                try:
                    seen.append(each.ask(sql))
                except Exception as error:
                    seen.append(error.args)  # type: ignore[arg-type]
            assert seen[0] == seen[1], sql


def test_attributes_stay_with_a_commented_statement(mysql: Server) -> None:
    with (
        running(mysql.port, {"clients": {"comments": True}}) as started,
        RawClient(started) as first,
    ):
        assert first.one("SELECT 1") == "1"  # now Forebay knows that the server takes attributes
        with Attributed(started, capabilities=OFFERING) as attributed:
            ((shown,),) = attributed.asked(SHOWN, n="v")
            assert shown == f"/* client {attributed.id} {APP.name}@127.0.0.1 plain_client */ {SHOWN}"
