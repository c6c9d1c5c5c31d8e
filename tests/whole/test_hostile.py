"""Peers that speak the protocol badly, or not at all: they get an ERR packet or a close, and nobody else notices.

All of it happens to one daemon, while a witness of another user goes on working and checking.
"""

from __future__ import annotations

import contextlib
import random
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pymysql
import pytest

from proxy.relay import commands
from proxy.wire import constants as c
from proxy.wire import packets as p
from proxy.wire.auth import Credentials, first_response
from proxy.wire.frames import frame
from tests.servers import APP, Server, User
from tests.whole.daemon import Daemon, running, wait_until
from tests.whole.plain_client import RICH, PlainClient
from tests.whole.watching import Scrape, memory

WITNESS = User("witness", "witness-password")
MAX_PACKET = 1 << 20
MAX_CLIENTS = 60
CONFIG = {
    "target": {"tls": {"mode": "disabled"}},
    "users": [{"name": user.name, "password": user.password} for user in (APP, WITNESS)],
    "pool": {"max_connections": 3},
    "clients": {"max_allowed_packet": MAX_PACKET, "max_connections": MAX_CLIENTS},
}
CREDENTIALS = Credentials.from_password(APP.name, APP.password.encode())


class Witness:
    """Works in a thread between entry and exit: a session of its own, transactions, and fresh logins."""

    def __init__(self, port: int) -> None:
        self.rounds = 0
        login = {"host": "127.0.0.1", "port": port, "user": WITNESS.name, "password": WITNESS.password}
        self._where = {**login, "ssl_disabled": True}  # PyMySQL takes long to make a TLS context
        self.door = threading.Lock()  # held by a test in which nobody else may log in
        self._end = threading.Event()
        self._pool = ThreadPoolExecutor(1)

    def __enter__(self) -> Witness:
        self._work = self._pool.submit(self._run)
        self.more()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._work.result()
        self._pool.shutdown()

    def more(self) -> None:
        """Wait for two rounds' ends: one round was begun and ended after the call."""
        wanted = self.rounds + 2
        wait_until(lambda: self._work.done() or self.rounds >= wanted, "the witness goes on", 20)
        if self._work.done():
            self._work.result()

    def _run(self) -> None:
        with pymysql.connect(**self._where, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute("SET time_zone = '+11:00'")
            cursor.execute("DELETE FROM hostile.seen")
            while not self._end.is_set():
                self._round(cursor)
                self.rounds += 1

    def _round(self, cursor: pymysql.cursors.Cursor) -> None:
        assert asked(cursor, "SELECT @@time_zone, @@autocommit") == (("+11:00", 1),)
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO hostile.seen VALUES (%s)", (self.rounds,))
        assert asked(cursor, "SELECT COUNT(*) FROM hostile.seen") == ((self.rounds + 1,),)
        cursor.execute("COMMIT")
        assert asked(cursor, "SELECT REPEAT('w', 100000)") == (("w" * 100000,),)
        with self.door, pymysql.connect(**self._where) as fresh, fresh.cursor() as other:
            assert asked(other, "SELECT @@time_zone") == (("SYSTEM",),)


def asked(cursor: pymysql.cursors.Cursor, sql: str) -> tuple[tuple[Any, ...], ...]:
    cursor.execute(sql)
    return tuple(cursor.fetchall())


@pytest.fixture(scope="module")
def daemon(server: Server) -> Iterator[Daemon]:
    server.execute("DROP DATABASE IF EXISTS hostile")
    server.execute("CREATE DATABASE hostile")
    server.execute("CREATE TABLE hostile.seen (n INT)")
    server.execute("CREATE TABLE hostile.loaded (t TEXT)")
    server.execute(f"DROP USER IF EXISTS {WITNESS.name}")
    server.create_user(WITNESS)
    with running(server.port, CONFIG) as daemon, Witness(daemon.port) as witness:
        daemon.witness = witness  # type: ignore[attr-defined]
        yield daemon
    server.execute(f"DROP USER {WITNESS.name}")


def log_lines(daemon: Daemon) -> list[str]:
    return [line for line in daemon.log().splitlines() if " error=" in line or "broke TLS" in line]


@contextlib.contextmanager
def looked_after(daemon: Daemon) -> Iterator[list[str]]:
    """Gives a list that holds, after the block, the log lines about refusals in it; the witness saw nothing."""
    known = len(log_lines(daemon))
    lines: list[str] = []
    yield lines
    daemon.witness.more()  # type: ignore[attr-defined]
    wait_until(lambda: Scrape(daemon)("forebay_clients") <= 2, "the peer is gone")  # the witness has two at times
    lines += log_lines(daemon)[known:]
    assert "Traceback" not in daemon.log()


def connect(daemon: Daemon) -> socket.socket:
    """A socket whose greeting has been read."""
    peer = socket.create_connection(("127.0.0.1", daemon.port))
    peer.settimeout(20)
    head = exactly(peer, 4)
    exactly(peer, int.from_bytes(head[:3], "little"))
    return peer


def logged_in(daemon: Daemon, capabilities: int = RICH) -> PlainClient:
    where: Any = SimpleNamespace(host="127.0.0.1", port=daemon.port)
    return PlainClient(where, CREDENTIALS, capabilities=capabilities)


def exactly(peer: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = peer.recv(size - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


def until_closed(peer: socket.socket) -> list[bytes]:
    """The payloads that come until Forebay closes; a reset counts as a close."""
    data = b""
    with contextlib.suppress(OSError):
        while more := peer.recv(65536):
            data += more
    payloads = []
    while data:
        size = int.from_bytes(data[:3], "little")
        assert len(data) >= 4 + size, f"half a packet: {data[:40]!r}"
        payloads.append(data[4 : 4 + size])
        data = data[4 + size :]
    return payloads


def error_number(payloads: list[bytes]) -> int:
    """That of the ERR packet at the end; 0 without one."""
    return int.from_bytes(payloads[-1][1:3], "little") if payloads and payloads[-1][0] == c.HEADER_ERR else 0


def login_packet(**changes: Any) -> bytes:
    fields = {
        "capabilities": RICH,
        "max_packet": 1 << 24,
        "collation": 45,
        "user": APP.name,
        "auth_response": b"x" * 32,
    }
    return p.build_login(p.Login(**{**fields, "plugin": c.PLUGIN_CACHING_SHA2, **changes}))


# Refused for one clear reason.

QUERY = bytes((c.COM_QUERY,)) + b"SELECT 1"
BEFORE_LOGIN: dict[str, tuple[bytes, int, str]] = {
    "an HTTP request": (b"GET / HTTP/1.1\r\nHost: forebay\r\n\r\n", 1153, "packet_too_large"),
    "a TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), 1153, "packet_too_large"),
    "a huge login": (b"\xff\xff\xff\x01", 1153, "packet_too_large"),
    "a late login": (frame(login_packet(), 2), 1156, "packets_out_of_order"),
    "an empty packet": (frame(b"", 1), 1835, "malformed_packet"),
    "a short login": (frame(login_packet()[:33], 1), 1835, "malformed_packet"),
    "an ancient login": (frame(login_packet(capabilities=c.CLIENT_LONG_PASSWORD), 1), 1043, "bad_handshake"),
    "a command": (frame(QUERY, 0), 1156, "packets_out_of_order"),
    "a numbered command": (frame(QUERY, 1), 1835, "malformed_packet"),
    "a wrong password": (frame(login_packet(), 1), 1045, "access_denied"),
    "a wrong password and a command": (frame(login_packet(), 1) + frame(QUERY, 3), 1045, "access_denied"),
    "a user of many lines": (frame(login_packet(user="a\nb\r\x1b[2Jc error="), 1), 1045, "access_denied"),
    "a user of no text": (frame(login_packet(user="\udcff\udcfe"), 1), 1045, "access_denied"),
}
LOGGED_IN: dict[str, tuple[bytes, int, str]] = {
    "a huge command": ((MAX_PACKET + 1).to_bytes(3, "little") + b"\0", 1153, "packet_too_large"),
    "a huge command's beginning": (
        (MAX_PACKET + 1).to_bytes(3, "little") + b"\0\x03SELECT 1",
        1153,
        "packet_too_large",
    ),
    "the first piece of a huge command": (b"\xff\xff\xff\0\x03SELECT 1", 1153, "packet_too_large"),
    "a numbered command": (frame(QUERY, 1), 1156, "packets_out_of_order"),
    "an empty command": (frame(b"", 0), 1835, "malformed_packet"),
    "a short change of user": (frame(bytes((c.COM_CHANGE_USER,)) + b"app", 0), 1835, "malformed_packet"),
}


@pytest.mark.parametrize("what", BEFORE_LOGIN)
def test_refused_before_login(daemon: Daemon, what: str) -> None:
    sent, number, label = BEFORE_LOGIN[what]
    with looked_after(daemon) as lines, connect(daemon) as peer:
        peer.sendall(sent)
        peer.shutdown(socket.SHUT_WR) if what == "an HTTP request" else None
        payloads = until_closed(peer)
    assert error_number(payloads) == number, payloads
    assert [line.rpartition(" error=")[2] for line in lines] == [label], lines


@pytest.mark.parametrize("what", LOGGED_IN)
def test_refused_when_logged_in(daemon: Daemon, what: str) -> None:
    sent, number, label = LOGGED_IN[what]
    with looked_after(daemon) as lines, logged_in(daemon) as peer:
        peer.socket.sendall(sent)
        payloads = until_closed(peer.socket)
    assert error_number(payloads) == number, payloads
    assert [line.rpartition(" error=")[2] for line in lines] == [label], lines
    wait_until(lambda: Scrape(daemon)("forebay_clients_logged_in") <= 2, "it is counted out")


def test_a_change_of_user_that_fails(daemon: Daemon) -> None:
    nobody = p.ChangeUser("nobody", b"x" * 32, plugin=c.PLUGIN_CACHING_SHA2)
    with looked_after(daemon) as lines, logged_in(daemon) as peer:
        assert peer.value("SELECT 5") == b"5"
        assert peer.command(p.build_change_user(nobody, RICH))[0] == c.HEADER_EOF  # a switch, for a fresh nonce
        peer.write(b"x" * 32)
        payloads = until_closed(peer.socket)
    assert error_number(payloads) == 1045, payloads
    assert [line.rpartition(" error=")[2] for line in lines] == ["access_denied"], lines
    wait_until(lambda: Scrape(daemon)("forebay_clients_logged_in") <= 2, "it is counted out")


def test_a_command_behind_quit_does_not_run(daemon: Daemon, server: Server) -> None:
    behind = frame(bytes((c.COM_QUERY,)) + b"INSERT INTO hostile.loaded VALUES ('behind')")
    with looked_after(daemon) as lines, logged_in(daemon) as peer:
        peer.socket.sendall(frame(bytes((c.COM_QUIT,))) + behind)
        assert until_closed(peer.socket) == []
    assert lines == []
    assert server.execute("SELECT COUNT(*) FROM hostile.loaded WHERE t = 'behind'") == ((0,),)


def test_commands_of_one_segment_with_the_login(daemon: Daemon) -> None:
    """Hasty, and legal: they wait for the login's end."""
    with looked_after(daemon) as lines, connect_raw(daemon) as (peer, greeting):
        response = first_response(c.PLUGIN_CACHING_SHA2, greeting.nonce, CREDENTIALS)
        login = frame(login_packet(auth_response=response), 1)
        peer.sendall(login + frame(QUERY) + frame(bytes((c.COM_QUIT,))))
        payloads = until_closed(peer)
    assert payloads[0] == b"\x01\x03"
    assert payloads[1][0] == c.HEADER_OK
    assert p.parse_text_result(payloads[2:], RICH).rows == [[b"1"]]
    assert lines == []


@contextlib.contextmanager
def connect_raw(daemon: Daemon) -> Iterator[tuple[socket.socket, p.Greeting]]:
    with socket.create_connection(("127.0.0.1", daemon.port)) as peer:
        peer.settimeout(20)
        head = exactly(peer, 4)
        yield peer, p.parse_greeting(exactly(peer, int.from_bytes(head[:3], "little")))


def test_commands_that_nobody_knows(daemon: Daemon) -> None:
    unknown = [byte for byte in range(256) if byte not in commands._COMMANDS]
    with looked_after(daemon) as lines, logged_in(daemon) as peer:
        for command in unknown:
            for argument in (b"", b"\0\xff argument"):
                err = p.parse_err(peer.command(bytes((command,)) + argument), RICH)
                assert (err.number, err.sqlstate, err.text) == (1047, "08S01", "Unknown command")
        assert peer.value("SELECT 3") == b"3"
    assert len(lines) == 2 * len(unknown)


NOT_FOR_CLIENTS = {
    "COM_BINLOG_DUMP": c.COM_BINLOG_DUMP,
    "COM_BINLOG_DUMP_GTID": c.COM_BINLOG_DUMP_GTID,
    "COM_REGISTER_SLAVE": c.COM_REGISTER_SLAVE,
    "COM_TABLE_DUMP": c.COM_TABLE_DUMP,
    "COM_SHUTDOWN": c.COM_SHUTDOWN,
    "COM_DEBUG": c.COM_DEBUG,
    "COM_REFRESH": c.COM_REFRESH,
    "COM_CREATE_DB": c.COM_CREATE_DB,
    "COM_DROP_DB": c.COM_DROP_DB,
    "COM_PROCESS_INFO": c.COM_PROCESS_INFO,
}


def test_commands_that_are_not_for_clients(daemon: Daemon) -> None:
    with looked_after(daemon) as lines, logged_in(daemon) as peer:
        for command in NOT_FOR_CLIENTS.values():
            err = p.parse_err(peer.command(bytes((command,)) + b"\4\0\0\0\0\0\1\0\0\0binlog.000001"), RICH)
            assert err.number in (1047, 1235)
            assert peer.value("SELECT 4") == b"4"
    assert [line.rpartition(" error=")[2] for line in lines] == ["not_supported"] * len(NOT_FOR_CLIENTS)


def test_too_many_clients(daemon: Daemon) -> None:
    with daemon.witness.door:  # type: ignore[attr-defined]
        with contextlib.ExitStack() as stack:
            for _ in range(MAX_CLIENTS - 2):  # the witness has one already
                stack.enter_context(connect(daemon))
            crowd = [stack.enter_context(socket.create_connection(("127.0.0.1", daemon.port))) for _ in range(3)]
            assert sum(is_refused(one) for one in crowd) >= 1
        # Closed here is not yet gone there: until it is, the witness would be refused, too.
        wait_until(lambda: Scrape(daemon)("forebay_clients") <= 2, "they are gone")


def is_refused(peer: socket.socket) -> bool:
    """Whether the first packet says that there are too many clients."""
    peer.settimeout(20)
    head = exactly(peer, 4)
    payload = exactly(peer, int.from_bytes(head[:3], "little"))
    if payload[0] != c.HEADER_ERR:
        return False
    assert head[3] == 0
    assert p.parse_err(payload, 0).number == 1040
    assert until_closed(peer) == []
    return True


def test_a_client_that_asks_and_never_reads(daemon: Daemon) -> None:
    """Its questions stay in the network as soon as its answers do; when it reads at last, it gets them all."""
    name = b"x" * 250
    question = command(c.COM_QUERY, b"SELECT CONNECTION_ID() AS " + name)  # answered by Forebay itself
    before = memory(daemon)
    with looked_after(daemon) as lines, logged_in(daemon) as peer:
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            peer.socket.setsockopt(socket.SOL_SOCKET, option, 32768)
        most = 64 << 20
        sent = until_refused(peer.socket, question * 1000, most)
        assert memory(daemon) - before < 16 << 20
        assert sent < most
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        answers, tail = 0, b""
        while answers < sent // len(question):
            data = tail + peer.socket.recv(1 << 20)
            answers += data.count(name)
            tail = data[1 - len(name) :] if data[-1:] == b"x" else b""
    assert lines == []


def until_refused(peer: socket.socket, data: bytes, most: int) -> int:
    """Send ``data`` again and again until nobody has taken any for a second; returns how many bytes went."""
    peer.settimeout(1)
    sent = 0
    with contextlib.suppress(TimeoutError):
        while sent < most:
            sent += peer.send(data[sent % len(data) :])
    return sent


# TLS.

SSL_REQUEST = frame(p.build_ssl_request(RICH | c.CLIENT_SSL, 1 << 24, 45), 1)


class TlsPeer:
    """A TLS client between memory buffers: what it sends, and in which pieces, is the test's."""

    def __init__(self, peer: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.peer = peer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing)

    def hello(self) -> bytes:
        with contextlib.suppress(ssl.SSLWantReadError):
            self._object.do_handshake()
        return self._outgoing.read()

    def _until(self, step: Callable[[], Any]) -> Any:
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._flush()
                data = self.peer.recv(65536)
                if not data:
                    raise ConnectionError from None
                self._incoming.write(data)
            else:
                self._flush()
                return result

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self.peer.sendall(data)

    def shake_hands(self) -> None:
        self._until(self._object.do_handshake)

    def send(self, data: bytes) -> None:
        self._object.write(data)
        self._flush()

    def packet(self) -> bytes:
        head = self._exactly(4)
        return self._exactly(int.from_bytes(head[:3], "little"))

    def _exactly(self, size: int) -> bytes:
        return b"".join(self._until(lambda: self._object.read(1)) for _ in range(size))


def cuts(data: bytes, *at: int) -> list[bytes]:
    """``data`` in pieces that end at these positions."""
    edges = [0, *at, len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@pytest.mark.parametrize("at", [(), (1,), (4, 35), (36,), (37,), (41, 100), tuple(range(1, 200))], ids=repr)
def test_tls_hello_right_behind_the_request(daemon: Daemon, at: tuple[int, ...]) -> None:
    with looked_after(daemon) as lines, connect_raw(daemon) as (peer, greeting):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tls = TlsPeer(peer)
        for piece in cuts(SSL_REQUEST + tls.hello(), *at):
            peer.sendall(piece)
        tls.shake_hands()
        response = first_response(c.PLUGIN_CACHING_SHA2, greeting.nonce, CREDENTIALS)
        tls.send(frame(login_packet(auth_response=response, capabilities=RICH | c.CLIENT_SSL), 2) + frame(QUERY))
        assert tls.packet() == b"\x01\x03"
        assert tls.packet()[0] == c.HEADER_OK
        assert tls.packet() == b"\x01"
    assert lines == []


@pytest.mark.parametrize(
    "garbage",
    [b"garbage" * 20, b"\x16\x03\x01\xff\xff" + bytes(70000), frame(login_packet(), 2)],
    ids=["text", "record", "login"],
)
@pytest.mark.parametrize("together", [True, False])
def test_garbage_instead_of_tls(daemon: Daemon, garbage: bytes, together: bool) -> None:
    before = Scrape(daemon)("forebay_client_logins_failed_total", error="tls")
    with looked_after(daemon) as lines, connect(daemon) as peer:
        if together:
            peer.sendall(SSL_REQUEST + garbage)
        else:
            peer.sendall(SSL_REQUEST)
            with contextlib.suppress(OSError):
                peer.sendall(garbage)
        with contextlib.suppress(OSError):
            while peer.recv(4096):
                pass  # a TLS alert
    assert len(lines) == 1
    assert Scrape(daemon)("forebay_client_logins_failed_total", error="tls") == before + 1


def test_tls_inside_tls(daemon: Daemon) -> None:
    with looked_after(daemon) as lines, connect(daemon) as peer:
        tls = TlsPeer(peer)
        peer.sendall(SSL_REQUEST + tls.hello())
        tls.shake_hands()
        tls.send(frame(p.build_ssl_request(RICH | c.CLIENT_SSL, 1 << 24, 45), 2))
        assert p.parse_err(tls.packet(), 0).number == 1043
    assert [line.rpartition(" error=")[2] for line in lines] == ["bad_handshake"]


# Anything.


def mutated(chance: random.Random, data: bytes) -> bytes:
    """One to four random changes."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(made) + 1)
        kind = chance.randrange(6)
        if kind == 0:
            made[at : at + 1] = bytes((chance.randrange(256),))
        elif kind == 1:
            del made[at : at + chance.randint(1, 8)]
        elif kind == 2:
            made[at:at] = chance.randbytes(chance.randint(1, 40))
        elif kind == 3:
            made[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", bytes(4), b"\xfe" * 4, b"\xfc\xff\xff\0"))
        elif kind == 4:
            made += made[at : at + 200]
        else:
            del made[at:]
    return bytes(made)


def command(byte: int, argument: bytes) -> bytes:
    return frame(bytes((byte,)) + argument)


COMMANDS = {
    "query": command(c.COM_QUERY, b"SELECT t FROM hostile.loaded WHERE t = 'x' LIMIT 1"),
    "set": command(c.COM_QUERY, b"SET NAMES latin1, time_zone = '+02:00', @a = 'b'"),
    "two": command(c.COM_QUERY, b"BEGIN") + command(c.COM_QUERY, b"INSERT INTO hostile.loaded VALUES ('fuzz')"),
    "prepare": command(c.COM_STMT_PREPARE, b"SELECT ?, t FROM hostile.loaded WHERE t = ?"),
    "init": command(c.COM_INIT_DB, b"hostile"),
    "fields": command(c.COM_FIELD_LIST, b"loaded\0%"),
    "option": command(c.COM_SET_OPTION, b"\0\0"),
    "kill": command(c.COM_PROCESS_KILL, b"\1\0\0\0"),
    "reset": command(c.COM_RESET_CONNECTION, b"") + command(c.COM_PING, b"") + command(c.COM_STATISTICS, b""),
    "change": frame(p.build_change_user(p.ChangeUser("app", b"y" * 32, "hostile", 45, c.PLUGIN_CACHING_SHA2), RICH)),
    "file": command(c.COM_QUERY, b"LOAD DATA LOCAL INFILE 'f' INTO TABLE hostile.loaded")
    + frame(b"one\ntwo\n", 2)
    + frame(b"three\n", 3)
    + frame(b"", 4),
}
# Behind PREPARE, which numbers the statement 1 on a server connection that has prepared nothing yet.
EXECUTED = {
    "execute": command(c.COM_STMT_EXECUTE, b"\1\0\0\0\0\1\0\0\0\0\1\xfe\0\xfe\0\1x\1y"),
    "cursor": command(c.COM_STMT_EXECUTE, b"\1\0\0\0\1\1\0\0\0\0\1\xfe\0\xfe\0\1x\1y")
    + command(c.COM_STMT_FETCH, b"\1\0\0\0\5\0\0\0"),
    "long": command(c.COM_STMT_SEND_LONG_DATA, b"\1\0\0\0\0\0" + b"l" * 50) + command(c.COM_STMT_RESET, b"\1\0\0\0"),
    "close": command(c.COM_STMT_CLOSE, b"\1\0\0\0") + command(c.COM_QUERY, b"SELECT 1"),
}


def noise(daemon: Daemon, chance: random.Random) -> list[bytes]:
    with connect(daemon) as peer:
        return said(peer, chance.randbytes(chance.randint(1, 3000)))


def bad_login(daemon: Daemon, chance: random.Random) -> list[bytes]:
    schema = chance.choice((None, "hostile", "no such"))
    login = login_packet(
        capabilities=RICH | (c.CLIENT_CONNECT_WITH_DB if schema else 0),
        schema=schema,
        attributes=(("_os", "Linux"), ("program_name", "fuzz")),
    )
    with connect(daemon) as peer:
        return said(peer, mutated(chance, frame(login, 1)))


def bad_hello(daemon: Daemon, chance: random.Random) -> list[bytes]:
    with connect(daemon) as peer:
        hello = TlsPeer(peer).hello()
        with contextlib.suppress(OSError):
            peer.sendall(SSL_REQUEST + mutated(chance, hello))
            peer.shutdown(socket.SHUT_WR)
            while peer.recv(4096):
                pass
    return []


def bad_proof(daemon: Daemon, chance: random.Random) -> list[bytes]:
    """The login is well made and not enough; what follows is not well made."""
    plugin = chance.choice((c.PLUGIN_NATIVE, c.PLUGIN_CLEAR, "dialog", c.PLUGIN_CACHING_SHA2))
    with connect(daemon) as peer:
        peer.sendall(frame(login_packet(plugin=plugin, auth_response=chance.randbytes(chance.choice((0, 20, 32)))), 1))
        return said(peer, mutated(chance, frame(chance.randbytes(chance.choice((1, 20, 256))), 3)))


def bad_command(daemon: Daemon, chance: random.Random) -> list[bytes]:
    data = chance.choice(list(COMMANDS.values()))
    with logged_in(daemon, RICH | c.CLIENT_LOCAL_FILES) as peer:
        return said(peer.socket, mutated(chance, data))


def bad_execution(daemon: Daemon, chance: random.Random) -> list[bytes]:
    with logged_in(daemon) as peer:
        return said(peer.socket, COMMANDS["prepare"] + mutated(chance, chance.choice(list(EXECUTED.values()))))


def random_commands(daemon: Daemon, chance: random.Random) -> list[bytes]:
    with logged_in(daemon) as peer:
        sent = [frame(chance.randbytes(chance.randint(1, 60))) for _ in range(chance.randint(1, 5))]
        return said(peer.socket, b"".join(sent))


def said(peer: socket.socket, data: bytes) -> list[bytes]:
    """Send it, send no more, and wait for the close."""
    with contextlib.suppress(OSError):
        peer.sendall(data)
        peer.shutdown(socket.SHUT_WR)
    return until_closed(peer)


WAYS = (noise, bad_login, bad_hello, bad_proof, bad_command, bad_command, bad_execution, random_commands)
CASES = 320


def errors_counted(daemon: Daemon) -> int:
    tls = Scrape(daemon)("forebay_client_logins_failed_total", error="tls")
    return int(Scrape(daemon)("forebay_errors_total") + tls)


@pytest.mark.parametrize("way", range(len(WAYS)), ids=lambda way: WAYS[way].__name__)
def test_anything(daemon: Daemon, way: int) -> None:
    before = memory(daemon)
    counted = errors_counted(daemon)
    with looked_after(daemon) as lines, ThreadPoolExecutor(4) as pool:
        seeds = range(way, CASES, len(WAYS))
        jobs = {seed: pool.submit(WAYS[way], daemon, random.Random(seed)) for seed in seeds}
        for seed, job in jobs.items():
            try:
                job.result()
            except Exception as error:
                raise AssertionError(f"seed {seed}") from error
    assert len(lines) == errors_counted(daemon) - counted
    assert memory(daemon) - before < 16 << 20
    wait_until(lambda: Scrape(daemon)("forebay_servers_pinned") == 0, "no pin is left")
    wait_until(lambda: Scrape(daemon)("forebay_pool_servers", pool=APP.name, state="lent") == 0, "nothing is held")
