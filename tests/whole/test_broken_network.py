"""The network breaks between client and Forebay, or between Forebay and server: who is told, and nobody else notices.

After every mishap ``Stage.calm`` looks at all that a mishap could leave behind: transactions and connections on the
server, the pool's counts, and whether fresh clients find clean sessions.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pymysql
import pymysql.cursors
import pytest

from proxy.wire import constants as c
from proxy.wire.auth import Credentials
from proxy.wire.frames import frame
from tests.servers import APP, Server
from tests.whole.broken_network import DRIP, Link, Network, Shape
from tests.whole.daemon import Daemon, running, wait_until
from tests.whole.plain_client import PlainClient
from tests.whole.pymysql_client import Connection, ask, client
from tests.whole.watching import Scrape, memory

OPEN = {"target": {"tls": {"mode": "disabled"}}}  # markers must be readable
TLS = {"ssl": {"check_hostname": False, "verify_mode": "none"}}
BIG = 1_000_000
LOST = (1158, 2006, 2013)
GAUGES = (
    "forebay_clients",
    "forebay_clients_logged_in",
    "forebay_pool_waiting",
    "forebay_servers_in_transaction",
    "forebay_servers_pinned",
)


def lost(connection: Connection, sql: str) -> None:
    """The statement fails, because a connection was lost."""
    with pytest.raises(pymysql.err.OperationalError) as failed:
        ask(connection, sql)
    assert failed.value.args[0] in LOST


class Stage:
    """A daemon with two server connections behind a network that can be broken; ``root`` is a way around both."""

    def __init__(self, root: Connection, far: Network, daemon: Daemon) -> None:
        self.root = root
        self.far = far
        self.daemon = daemon

    def server_says(self, sql: str) -> tuple[tuple[Any, ...], ...]:
        return ask(self.root, sql)

    @contextlib.contextmanager
    def near(self) -> Iterator[tuple[Connection, Link]]:
        """A client, and its own breakable link to Forebay."""
        with Network(self.daemon.port) as network, client(network.port) as connection:
            yield connection, network.links[0]

    def notes(self) -> int:
        """How many notes are committed."""
        return int(self.server_says("SELECT COUNT(*) FROM broken.note")[0][0])

    def seen(self, name: str, **labels: str) -> int:
        """A metric now."""
        return int(Scrape(self.daemon)(name, **labels))

    def servers(self, *states: str) -> int:
        """How many server connections are in one of these states."""
        scrape = Scrape(self.daemon)
        return sum(int(scrape("forebay_pool_servers", state=state)) for state in states)

    def _quiet(self) -> bool:
        scrape = Scrape(self.daemon)
        idle = scrape("forebay_pool_servers", state="idle")
        return (
            not any(map(scrape, GAUGES))
            and scrape("forebay_pool_servers") == idle
            and idle == self._known_to_server()
            and not self.server_says("SELECT * FROM information_schema.innodb_trx")
        )

    def _known_to_server(self) -> int:
        ours = {f"127.0.0.1:{link.port}" for link in self.far.links}
        return sum(host in ours for _, _, host, *_ in self.server_says("SHOW PROCESSLIST"))

    def calm(self) -> None:
        """Nobody is here, nothing is left behind, and both server connections are fit for new clients."""
        wait_until(self._quiet, "nothing is left behind", 20)
        with client(self.daemon.port) as first, client(self.daemon.port) as second:
            for connection in (first, second):
                ask(connection, "BEGIN")  # so that each has a server connection to itself
                assert ask(connection, "SELECT @@autocommit, @@time_zone, DATABASE()") == ((1, "SYSTEM", None),)
                assert ask(connection, "SELECT COUNT(*) FROM broken.note") == ((self.notes(),),)
            for connection in (first, second):
                ask(connection, "UPDATE broken.tally SET n = n + 1")
                ask(connection, "COMMIT")
        wait_until(self._quiet, "fresh clients leave nothing behind", 20)
        assert "Traceback" not in self.daemon.log()


@contextlib.contextmanager
def made(server: Server, config: dict[str, Any]) -> Iterator[Stage]:
    with contextlib.closing(server.connect(ssl_disabled=True)) as root:
        ask(root, "DROP DATABASE IF EXISTS broken")
        ask(root, "CREATE DATABASE broken")
        ask(root, "CREATE TABLE broken.note (id INT AUTO_INCREMENT PRIMARY KEY, t MEDIUMTEXT)")
        ask(root, "CREATE TABLE broken.tally (n INT)")
        ask(root, "INSERT INTO broken.tally VALUES (0)")
        with Network(server.port) as far, running(far.port, config) as daemon:
            yield Stage(root, far, daemon)


@pytest.fixture(scope="module")
def stages(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Stage]]:
    """A stage for each flavour, made when first asked for."""
    known: dict[str, Stage] = {}
    with contextlib.ExitStack() as stack:

        def stage(flavour: str) -> Stage:
            if flavour not in known:
                known[flavour] = stack.enter_context(made(request.getfixturevalue(flavour), OPEN))
            return known[flavour]

        yield stage


@pytest.fixture
def stage(stages: Callable[[str], Stage], flavour: str) -> Iterator[Stage]:
    stage = stages(flavour)
    stage.server_says("DELETE FROM broken.note")
    stage.far.shape()
    yield stage
    for link in stage.far.alive:
        link.go_on()


# Whole answers over a network that only tears them to pieces.


def converse(port: int, **options: Any) -> None:
    """A bit of everything, and every answer is right."""
    with client(port, client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS, **options) as connection:
        assert ask(connection, "SELECT 1, 'two', NULL") == ((1, "two", None),)
        assert ask(connection, "SELECT REPEAT('x', 20000)") == (("x" * 20000,),)
        ask(connection, "SET time_zone = '+03:00', @a = 7")
        ask(connection, "BEGIN")
        ask(connection, "UPDATE broken.tally SET n = n + 1")
        ask(connection, "ROLLBACK")
        with pytest.raises(pymysql.err.ProgrammingError, match="nowhere"):
            ask(connection, "SELECT * FROM broken.nowhere")
        with contextlib.closing(connection.cursor()) as cursor:
            cursor.execute("SELECT 1; SELECT 2, 3; DO 0; SELECT @@time_zone, @a")
            seen = [tuple(cursor.fetchall())]
            while cursor.nextset():
                seen.append(tuple(cursor.fetchall()))
        assert seen == [((1,),), ((2, 3),), (), (("+03:00", 7),)]


@pytest.mark.parametrize("options", [{}, TLS], ids=["open", "tls"])
def test_one_byte_at_a_time(stage: Stage, options: dict[str, Any]) -> None:
    stage.far.cut_all()  # the server's own greeting and login come in drops too
    stage.far.shape(DRIP, DRIP)
    with Network(stage.daemon.port, DRIP, DRIP) as near:
        converse(near.port, **options)
    stage.calm()


def test_one_byte_at_a_time_with_tls_to_the_server(stage: Stage) -> None:
    with Network(stage.far.target_port, DRIP, DRIP) as far, running(far.port) as daemon:
        converse(daemon.port, **TLS)


@pytest.mark.parametrize("shape", [Shape(3, 0.002), Shape(1009, 0.001), Shape(0, 0.01)], ids=repr)
def test_pieces_and_delays(stage: Stage, shape: Shape) -> None:
    stage.far.shape(shape, shape)
    with Network(stage.daemon.port, shape, shape) as near, ThreadPoolExecutor(4) as pool:
        for job in [pool.submit(converse, near.port) for _ in range(4)]:
            job.result()
    stage.calm()


# A connection ends in the middle of something.

NEAR_ENDS: dict[str, Callable[[Link], None]] = {
    "cut": Link.cut,
    "reset": Link.reset,
    "half-closed": lambda link: link.up.half_close(),
}
FAR_ENDS: dict[str, Callable[[Link], None]] = {**NEAR_ENDS, "half-closed": lambda link: link.down.half_close()}
ENDS = pytest.mark.parametrize(
    ("flavour", "how"), [("mariadb", "cut"), ("mariadb", "reset"), ("mariadb", "half-closed"), ("mysql", "cut")]
)


@ENDS
def test_client_lost_in_an_answer(stage: Stage, how: str) -> None:
    sql = f"SELECT REPEAT('x', {BIG}), REPEAT('y', {BIG})"
    with stage.near() as (connection, link):
        link.down.after(BIG // 2, lambda: NEAR_ENDS[how](link))
        if how == "half-closed":  # what is on its way already still arrives, perhaps all of it
            with contextlib.suppress(pymysql.err.OperationalError):
                ask(connection, sql)
        else:
            lost(connection, sql)
    stage.calm()


@ENDS
def test_client_lost_in_a_command(stage: Stage, how: str) -> None:
    with stage.near() as (connection, link):
        link.up.after(BIG // 2, lambda: NEAR_ENDS[how](link))
        lost(connection, f"INSERT INTO broken.note (t) VALUES ('{'x' * BIG}')")
    stage.calm()
    assert stage.notes() == 0


@ENDS
def test_client_lost_in_a_transaction(stage: Stage, how: str) -> None:
    rollbacks = stage.seen("forebay_rollbacks_total")
    with stage.near() as (connection, link):
        ask(connection, "SET time_zone = '+05:00'")
        ask(connection, "BEGIN")
        ask(connection, "INSERT INTO broken.note (t) VALUES ('never')")
        NEAR_ENDS[how](link)
        stage.calm()
    assert stage.notes() == 0
    assert stage.seen("forebay_rollbacks_total") == rollbacks + 1


@ENDS
def test_client_lost_with_what_pins(stage: Stage, how: str) -> None:
    with stage.near() as (connection, link):
        ask(connection, "CREATE TEMPORARY TABLE broken.passing (a INT)")
        assert ask(connection, "SELECT GET_LOCK('broken', 1)") == ((1,),)
        NEAR_ENDS[how](link)
        stage.calm()
    with client(stage.daemon.port) as first, client(stage.daemon.port) as second:
        for connection in (first, second):
            ask(connection, "BEGIN")
            with pytest.raises(pymysql.err.ProgrammingError, match="passing"):
                ask(connection, "SELECT * FROM broken.passing")
            assert ask(connection, "SELECT IS_FREE_LOCK('broken')") == ((1,),)


@ENDS
def test_client_lost_while_it_waits(stage: Stage, how: str) -> None:
    """The statement of a client that left the queue never runs."""
    with stage.near() as (connection, link), client(stage.daemon.port) as first, client(stage.daemon.port) as second:
        ask(first, "BEGIN")
        ask(second, "BEGIN")
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(lost, connection, "INSERT INTO broken.note (t) VALUES ('never')")
            wait_until(lambda: stage.seen("forebay_pool_waiting") == 1, "it waits")
            NEAR_ENDS[how](link)
            waiting.result()
            wait_until(lambda: stage.seen("forebay_pool_waiting") == 0, "it waits no more")
    stage.calm()
    assert stage.notes() == 0


@ENDS
def test_server_lost_in_an_answer(stage: Stage, how: str) -> None:
    stage.far.when(b"in an answer", lambda link: link.down.after(BIG // 2, lambda: FAR_ENDS[how](link)))
    with client(stage.daemon.port) as connection, client(stage.daemon.port) as other:
        assert ask(other, "SELECT 5") == ((5,),)
        lost(connection, f"SELECT REPEAT('x', {BIG}), REPEAT('y', {BIG}) /* in an answer */")
        assert ask(other, "SELECT 5") == ((5,),)
    stage.calm()


@ENDS
def test_server_lost_in_a_command(stage: Stage, how: str) -> None:
    """The client is told, and may go on with its session."""
    stage.far.when(b"in a command", lambda link: link.up.after(BIG // 2, lambda: FAR_ENDS[how](link)))
    with client(stage.daemon.port) as connection:
        ask(connection, "SET time_zone = '+07:00'")
        number = connection.thread_id()
        lost(connection, f"INSERT INTO broken.note (t) VALUES ('in a command{'x' * BIG}')")
        assert ask(connection, "SELECT CONNECTION_ID()") == ((number,),)
        assert ask(connection, "SELECT @@time_zone") == (("+07:00",),)
    stage.calm()
    assert stage.notes() == 0 or how == "half-closed"  # then the server still hears all of it


@ENDS
def test_server_lost_before_it_answers_a_read(stage: Stage, how: str) -> None:
    """A read outside a transaction is asked again elsewhere."""
    stage.far.when(b"a read", FAR_ENDS[how])
    with client(stage.daemon.port) as connection:
        assert ask(connection, "SELECT 'a read'") == (("a read",),)
    stage.calm()


@ENDS
def test_server_lost_before_it_answers_a_change(stage: Stage, how: str) -> None:
    """It may have been made, so it is not made again."""
    stage.far.when(b"a change", FAR_ENDS[how])
    with client(stage.daemon.port) as connection:
        lost(connection, "INSERT INTO broken.note (t) VALUES ('a change')")
        assert stage.notes() <= 1
        assert ask(connection, "SELECT 6") == ((6,),)
    stage.calm()


@ENDS
def test_server_lost_in_a_transaction(stage: Stage, how: str) -> None:
    held: list[Link] = []
    stage.far.when(b"'never'", held.append)
    with client(stage.daemon.port) as connection:
        ask(connection, "BEGIN")
        ask(connection, "INSERT INTO broken.note (t) VALUES ('never')")
        FAR_ENDS[how](held[0])
        lost(connection, "COMMIT")
        assert not connection.open or lost(connection, "SELECT 1") is None
    stage.calm()
    assert stage.notes() == 0


@ENDS
def test_server_lost_between_queries_is_unnoticed(stage: Stage, how: str) -> None:
    with client(stage.daemon.port) as first, client(stage.daemon.port, database="broken") as second:
        ask(first, "SET time_zone = '+09:00'")
        ask(second, "INSERT INTO note (t) VALUES ('one')")
        ask(first, "SELECT 1")
        for _ in range(2):
            for link in stage.far.alive:
                FAR_ENDS[how](link)
            assert ask(first, "SELECT @@time_zone") == (("+09:00",),)
            for link in stage.far.alive:
                FAR_ENDS[how](link)
            wait_until(lambda: stage.servers("idle", "lent") == 0, "they are gone from the pool")
            ask(second, "INSERT INTO note (t) VALUES ('another')")
        assert ask(second, "SELECT DATABASE(), COUNT(*) FROM note") == (("broken", 3),)
    stage.calm()


# Nothing moves.


def test_a_stalled_server_connection(stage: Stage) -> None:
    stalled: list[Link] = []

    def stall(link: Link) -> None:
        link.stall()
        stalled.append(link)

    stage.far.when(b"'stalls'", stall)
    with client(stage.daemon.port) as patient, ThreadPoolExecutor(3) as pool:
        answer = pool.submit(ask, patient, "SELECT 'stalls'")
        wait_until(lambda: stalled, "the stall")
        for job in [pool.submit(converse, stage.daemon.port) for _ in range(2)]:
            job.result()
        assert not answer.done()
        stalled[0].go_on()
        assert answer.result() == (("stalls",),)
    stage.calm()


def test_a_client_leaves_a_stalled_server_connection(stage: Stage) -> None:
    stalled: list[Link] = []
    stage.far.when(b"'stalls'", lambda link: (link.stall(), stalled.append(link)))  # type: ignore[func-returns-value]
    with stage.near() as (hasty, link), ThreadPoolExecutor(1) as pool:
        answer = pool.submit(lost, hasty, "INSERT INTO broken.note (t) VALUES ('stalls')")
        wait_until(lambda: stalled, "the stall")
        link.cut()
        answer.result()
    converse(stage.daemon.port)
    assert stage.server_says("SELECT COUNT(*) FROM broken.note") == ((0,),)
    stalled[0].go_on()
    stage.calm()


def test_a_slow_reader_stops_its_server_and_nobody_else(stage: Stage) -> None:
    rows, size = 100, BIG
    sql = (
        f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {rows}) "
        f"SELECT n, REPEAT('x', {size}) FROM s"
    )
    marked: list[Link] = []
    stage.far.when(b"RECURSIVE", marked.append)
    converse(stage.daemon.port)
    before = memory(stage.daemon)
    with client(stage.daemon.port, cursorclass=pymysql.cursors.SSCursor) as slow:
        cursor = slow.cursor()
        cursor.execute(sql)
        assert cursor.fetchone() == (1, "x" * size)
        wait_until(lambda: stands_still(marked[0]), "the server is held up")
        for _ in range(5):
            converse(stage.daemon.port)
        assert marked[0].down.passed < rows * size / 2
        assert memory(stage.daemon) - before < 16 << 20
        assert sum(len(row[1]) for row in cursor) == (rows - 1) * size
        cursor.close()
    assert memory(stage.daemon) - before < 16 << 20
    stage.calm()


def test_a_reader_that_never_reads_again(stage: Stage) -> None:
    with stage.near() as (connection, link):
        link.down.after(BIG, link.down.stall)
        values = ", ".join([f"REPEAT('x', {BIG})"] * 30)
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(lost, connection, f"SELECT {values}")
            wait_until(lambda: stage.servers("lent") == 1 and link.down.passed >= BIG, "it reads no more")
            converse(stage.daemon.port)
            link.cut()
            answer.result()
    stage.calm()


def stands_still(link: Link, for_polls: int = 10) -> bool:
    """Nothing travels down over several looks, with a turn of Forebay's loop between them."""
    passed = link.down.passed
    pause = threading.Event()
    for _ in range(for_polls):
        pause.wait(0.02)
        if link.down.passed != passed:
            return False
    return passed > 0


# Logins that do not end.

TOO_LONG = "clients.login_timeout"
HASTY = {"clients": {"login_timeout": "4s"}, "pool": {"connect_timeout": "4s"}, **OPEN}


@pytest.fixture(scope="module")
def hasty(mariadb: Server) -> Iterator[Stage]:
    with made(mariadb, HASTY) as stage:
        yield stage


def test_logins_that_stall(hasty: Stage) -> None:
    """After the greeting, inside the login, and inside the TLS handshake."""

    def log_in(after: int, options: dict[str, Any]) -> None:
        with Network(hasty.daemon.port) as near:
            near.when(b"", lambda link: link.up.after(after, link.up.stall))
            with pytest.raises(pymysql.err.OperationalError, match=TOO_LONG if options is not TLS else "EOF"):
                client(near.port, **options).__enter__()

    ways: list[tuple[int, dict[str, Any]]] = [(0, {}), (30, {}), (36, TLS), (200, TLS)]
    before = hasty.seen("forebay_errors_total", error="login_timeout")
    with ThreadPoolExecutor(len(ways)) as pool:
        jobs = [pool.submit(log_in, *way) for way in ways]
        converse(hasty.daemon.port)
        for job in jobs:
            job.result()
    assert hasty.seen("forebay_errors_total", error="login_timeout") - before == len(ways)
    hasty.calm()


def test_a_server_that_stalls_at_login(hasty: Stage) -> None:
    """The attempt is given up, the next one succeeds, and who holds a server connection goes on meanwhile."""
    with client(hasty.daemon.port) as holder, client(hasty.daemon.port) as second:
        hasty.far.cut_all()
        wait_until(lambda: hasty.servers("idle") == 0, "no server connection")
        ask(holder, "BEGIN")
        known = len(hasty.far.links)
        hasty.far.shape(down=Shape(delay=60))
        hasty.far.links[-1].down.shape = Shape()
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(ask, second, "SELECT 8")
            wait_until(lambda: len(hasty.far.links) > known, "an attempt")
            hasty.far.shape()
            assert ask(holder, "SELECT 7") == ((7,),)
            assert answer.result() == ((8,),)
    hasty.calm()


def test_a_killed_client_that_does_not_read(hasty: Stage) -> None:
    """A goodbye that nobody hears is cut short: the transaction must not stay open."""
    where: Any = SimpleNamespace(host="127.0.0.1", port=hasty.daemon.port)
    with PlainClient(where, Credentials.from_password(APP.name, APP.password.encode())) as deaf:
        deaf.query("BEGIN")
        deaf.query("INSERT INTO broken.note (t) VALUES ('never')")
        deaf.socket.settimeout(1)
        with contextlib.suppress(TimeoutError):
            while True:
                deaf.socket.sendall(frame(bytes((c.COM_STATISTICS,))) * 10_000)
        with client(hasty.daemon.port) as other:
            ask(other, f"KILL {deaf.greeting.connection_id}")
        hasty.calm()
    assert hasty.notes() == 0


def test_sockets_that_say_nothing(hasty: Stage) -> None:
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(socket.create_connection(("127.0.0.1", hasty.daemon.port))) for _ in range(100)]
        converse(hasty.daemon.port)
        for quiet in idle:
            quiet.settimeout(20)
            data = b""
            while more := quiet.recv(4096):
                data += more
            assert TOO_LONG.encode() in data
    hasty.calm()
