"""LOAD DATA LOCAL INFILE through Forebay: the direction turns round, and turns back."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pymysql
import pymysql.cursors
import pytest

from tests.servers import Server
from tests.whole import pymysql_client
from tests.whole.broken_network import Link, Network
from tests.whole.daemon import Daemon, running, wait_until
from tests.whole.pymysql_client import Connection, ask
from tests.whole.watching import Scrape, memory

MULTI = pymysql.constants.CLIENT.MULTI_STATEMENTS


@pytest.fixture(scope="module")
def daemon(server: Server) -> Iterator[Daemon]:
    server.execute("DROP DATABASE IF EXISTS loading")
    server.execute("CREATE DATABASE loading")
    server.execute("CREATE TABLE loading.line (t MEDIUMTEXT) CHARACTER SET latin1")
    server.execute("CREATE TABLE loading.number (n INT PRIMARY KEY)")
    server.execute(
        "CREATE TRIGGER loading.limiting BEFORE INSERT ON loading.number FOR EACH ROW "
        "IF NEW.n = 100 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'enough of it'; END IF"
    )
    with running(server.port) as daemon:
        yield daemon


@pytest.fixture(autouse=True)
def empty(daemon: Daemon) -> None:
    with client(daemon) as connection:
        ask(connection, "DELETE FROM loading.line")
        ask(connection, "DELETE FROM loading.number")


def client(through: Daemon | Network, **options: Any) -> contextlib.AbstractContextManager[Connection]:
    return pymysql_client.client(through.port, **{"local_infile": True, "database": "loading", **options})


def load(path: Path, table: str = "line") -> str:
    return f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE loading.{table} CHARACTER SET latin1"


def calm(daemon: Daemon) -> None:
    """Everybody has gone, and every server connection is back."""

    def quiet() -> bool:
        scrape = Scrape(daemon)
        idle = scrape("forebay_pool_servers", state="idle")
        return not scrape("forebay_clients") and 0 < idle == scrape("forebay_pool_servers")

    wait_until(quiet, "nothing is left behind", 20)
    assert not Scrape(daemon)("forebay_servers_in_transaction")
    assert "Traceback" not in daemon.log()


@pytest.mark.parametrize("lines", [0, 1, 1000])
def test_a_file(daemon: Daemon, tmp_path: Path, lines: int) -> None:
    path = tmp_path / "lines"
    path.write_text("".join(f"line {number}\n" for number in range(lines)))
    with client(daemon) as connection, contextlib.closing(connection.cursor()) as cursor:
        assert cursor.execute(load(path)) == lines
        assert ask(connection, "SELECT COUNT(*), COUNT(DISTINCT t) FROM loading.line") == ((lines, lines),)
    calm(daemon)


def test_a_file_between_other_statements(daemon: Daemon, tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_text("one\ntwo\n")
    with client(daemon, client_flag=MULTI) as connection, contextlib.closing(connection.cursor()) as cursor:
        cursor.execute(f"SELECT 'before'; {load(path)}; {load(path)}; SELECT COUNT(*) FROM loading.line")
        seen: list[Any] = [cursor.fetchall()]
        while cursor.nextset():
            seen.append(cursor.fetchall() or cursor.rowcount)
        assert seen == [(("before",),), 2, 2, ((4,),)]
        ask(connection, "BEGIN")
        cursor.execute(load(path))
        assert ask(connection, "SELECT COUNT(*) FROM loading.line") == ((6,),)
        ask(connection, "ROLLBACK")
        assert ask(connection, "SELECT COUNT(*) FROM loading.line") == ((4,),)
    calm(daemon)


def test_a_file_of_which_the_server_disapproves(daemon: Daemon, tmp_path: Path) -> None:
    path = tmp_path / "numbers"
    path.write_text("".join(f"{number}\n" for number in range(50_000)))
    with client(daemon) as connection:
        with pytest.raises(pymysql.MySQLError, match="enough of it"):
            ask(connection, load(path, "number"))
        with pytest.raises(pymysql.err.ProgrammingError, match="nowhere"):
            ask(connection, load(path, "nowhere"))
        assert ask(connection, "SELECT COUNT(*) FROM loading.number") == ((0,),)
    calm(daemon)


def test_a_file_that_is_not_there(daemon: Daemon, tmp_path: Path) -> None:
    with client(daemon) as connection:
        with pytest.raises(pymysql.err.OperationalError, match="Can't open file"):
            ask(connection, load(tmp_path / "nothing"))
        assert ask(connection, "SELECT COUNT(*) FROM loading.line") == ((0,),)
    calm(daemon)


def test_a_client_that_did_not_offer_files(daemon: Daemon, server: Server, tmp_path: Path) -> None:
    """It is refused before the server is asked, and goes on."""
    path = tmp_path / "lines"
    path.write_text("secret\n")
    with client(daemon, local_infile=False) as connection:
        with pytest.raises(pymysql.MySQLError) as refused:
            ask(connection, load(path))
        assert refused.value.args[0] == (4166 if server.flavour == "mariadb" else 3948)
        assert ask(connection, "SELECT COUNT(*) FROM loading.line") == ((0,),)
    calm(daemon)


def test_files_forbidden(server: Server, daemon: Daemon, tmp_path: Path) -> None:
    """``clients.local_infile: false``: whatever the client offers, no file of its own is asked for."""
    path = tmp_path / "lines"
    path.write_text("secret\n")
    with running(server.port, {"clients": {"local_infile": False}}) as strict, client(strict) as connection:
        with pytest.raises(pymysql.MySQLError) as refused:
            ask(connection, load(path))
        assert refused.value.args[0] == (4166 if server.flavour == "mariadb" else 3948)
        assert ask(connection, "SELECT COUNT(*) FROM loading.line") == ((0,),)


def test_a_file_that_nobody_saw_coming(daemon: Daemon, server: Server, tmp_path: Path) -> None:
    """No text shows that it asks for a file, and the client has offered none. MySQL cannot do so."""
    refusal = {"mariadb": "has offered none", "mysql": "error in your SQL syntax"}[server.flavour]
    with client(daemon, local_infile=False) as connection, pytest.raises(pymysql.MySQLError, match=refusal):
        ask(connection, f'EXECUTE IMMEDIATE "{load(tmp_path / "lines")}"')
    calm(daemon)


def test_a_file_that_stalls(daemon: Daemon, tmp_path: Path) -> None:
    """The server gives up; what the client sends of the file later is not read as commands."""
    path = tmp_path / "lines"
    path.write_text("a line of the file\n" * 10_000)
    with Network(daemon.port) as near, client(near) as connection, ThreadPoolExecutor(1) as pool:
        ask(connection, "SET net_read_timeout = 1")
        near.links[0].up.after(path.stat().st_size // 2, near.links[0].up.stall)
        loading = pool.submit(ask, connection, load(path))
        wait_until(lambda: Scrape(daemon)("forebay_clients") == 0, "the client is told")
        near.links[0].up.go_on()
        with pytest.raises(pymysql.MySQLError):
            loading.result()
    calm(daemon)


def test_forty_megabytes(daemon: Daemon, tmp_path: Path) -> None:
    """They pass through without staying, and others are served meanwhile."""
    line = b"0123456789abcdef" * 640
    path = tmp_path / "lines"
    with path.open("wb") as file:
        for number in range(4000):
            file.write(b"%06d" % number + line + b"\n")
    assert path.stat().st_size > 40_000_000
    before = memory(daemon)
    with client(daemon) as connection, client(daemon) as other, ThreadPoolExecutor(1) as pool:
        loading = pool.submit(ask, connection, load(path))
        served = 0
        while not loading.done() or not served:
            assert ask(other, f"SELECT {served}") == ((served,),)
            served += 1
        loading.result()
        assert memory(daemon) - before < 16 << 20
        rows = "SELECT COUNT(*), SUM(LENGTH(t)), SHA2(MAX(t), 256), COUNT(DISTINCT LEFT(t, 6)) FROM loading.line"
        digest = hashlib.sha256(b"003999" + line).hexdigest()
        assert ask(connection, rows) == ((4000, 4000 * (len(line) + 6), digest, 4000),)
    calm(daemon)


ENDS: dict[str, Callable[[Link], None]] = {
    "cut": Link.cut,
    "reset": Link.reset,
    "half-closed": lambda link: link.up.half_close(),
}


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("in_transaction", [False, True])
def test_a_client_dies_in_the_file(daemon: Daemon, tmp_path: Path, how: str, in_transaction: bool) -> None:
    """Nothing of the file stays, and the server connection is not lent to anyone."""
    path = tmp_path / "lines"
    path.write_text("a line of the file\n" * 20_000)
    with Network(daemon.port) as near, client(near) as connection:
        link = near.links[0]
        if in_transaction:
            ask(connection, "BEGIN")
        link.up.after(path.stat().st_size // 2, lambda: ENDS[how](link))
        with pytest.raises((pymysql.MySQLError, OSError, AttributeError)):  # it stumbles over its own closed socket
            ask(connection, load(path))
    calm(daemon)
    with client(daemon) as connection:
        assert ask(connection, "SELECT COUNT(*) FROM loading.line") == ((0,),)
