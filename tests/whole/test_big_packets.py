"""Statements and rows of 16 MiB and more: payloads that continue in further packets, both ways.

The lengths at which a payload fills its last packet exactly, so that an empty one follows, are those that go wrong.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pymysql
import pymysql.cursors
import pytest

from proxy.wire import constants as c
from proxy.wire import packets as p
from proxy.wire.frames import LONGEST, frame, frame_count
from proxy.wire.primitives import write_lenenc_bytes
from tests import servers
from tests.servers import APP, Server
from tests.whole.daemon import Daemon, running, wait_until
from tests.whole.plain_client import POOR, RICH
from tests.whole.raw_client import RawClient
from tests.whole.watching import Scrape

Connection: TypeAlias = "pymysql.Connection[pymysql.cursors.Cursor]"
MIB = 1 << 20
LIMIT = 40 * MIB
SIZES = (LONGEST, LONGEST + 1, 2 * LONGEST)


@pytest.fixture(scope="module", params=sorted(servers.FLAVOURS))
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    try:
        with servers.make(request.param, users=[APP], options=["--max-allowed-packet=128M"]) as made:
            made.execute("CREATE DATABASE big")
            made.execute("CREATE TABLE big.blobs (n INT PRIMARY KEY, b LONGBLOB)")
            yield made
    except servers.Unavailable as unavailable:
        pytest.skip(str(unavailable))


@pytest.fixture(scope="module")
def daemon(server: Server) -> Iterator[Daemon]:
    clients = {"max_allowed_packet": LIMIT}
    with running(server.port, {"clients": clients, "target": {"tls": {"mode": "disabled"}}}) as daemon:
        yield daemon


class BigClient(RawClient):
    """Writes and reads payloads of any length."""

    def write(self, payload: bytes) -> None:
        self.socket.sendall(frame(payload, self.sequence))
        self.sequence += frame_count(len(payload))

    def read(self) -> bytes:
        parts = [super().read()]
        while len(parts[-1]) == LONGEST:
            expected = self.sequence & 0xFF
            parts.append(super().read())
            assert (self.sequence - 1) & 0xFF == expected
        return b"".join(parts)

    def query(self, sql: str) -> list[bytes]:
        """As a plain client's, but a long row may begin like an EOF packet."""
        payloads = [self.command(bytes((c.COM_QUERY,)) + sql.encode())]
        ends = (
            0 if payloads[0][0] in (c.HEADER_OK, c.HEADER_ERR) else 2 - bool(self.capabilities & c.CLIENT_DEPRECATE_EOF)
        )
        while ends:
            payloads.append(self.read())
            ends -= payloads[-1][0] in (c.HEADER_EOF, c.HEADER_ERR) and len(payloads[-1]) < LONGEST
        return payloads

    def _exactly(self, size: int) -> bytes:
        data = bytearray(size)
        view, got = memoryview(data), 0
        while got < size:
            more = self.socket.recv_into(view[got:])
            if not more:
                raise ConnectionError
            got += more
        return bytes(data)


@contextlib.contextmanager
def client(port: int) -> Iterator[Connection]:
    login = {"host": "127.0.0.1", "port": port, "user": APP.name, "password": APP.password, "database": "big"}
    connection = pymysql.connect(**login, autocommit=True, ssl_disabled=True, max_allowed_packet=1 << 30)
    try:
        yield connection
    finally:
        if connection.open:
            connection.close()


def ask(connection: Connection, sql: str, arguments: Any = None) -> tuple[tuple[Any, ...], ...]:
    with contextlib.closing(connection.cursor()) as cursor:
        cursor.execute(sql, arguments)
        return tuple(cursor.fetchall())


@pytest.mark.parametrize("size", SIZES)
def test_statements(daemon: Daemon, size: int) -> None:
    """``size`` is the payload's, with its command byte."""
    frame_of = "SELECT LENGTH('{}')"
    length = size - 1 - len(frame_of.format(""))
    with BigClient(daemon) as big:
        assert big.value(frame_of.format("x" * length)) == str(length).encode()
        assert big.value("SELECT 'small'") == b"small"


@pytest.mark.parametrize("capabilities", [RICH, POOR], ids=["rich", "poor"])
@pytest.mark.parametrize("size", SIZES)
def test_rows(daemon: Daemon, size: int, capabilities: int) -> None:
    """``size`` is the row's payload: its length prefix and its only value."""
    length = size - (9 if size > LONGEST + 4 else 4)
    with BigClient(daemon, capabilities=capabilities) as big:
        payloads = big.query(f"SELECT REPEAT('x', {length}) UNION ALL SELECT 'small'")
        rows = [payload for payload in payloads if len(payload) > size - 1 or payload == b"\5small"]
        assert [len(row) for row in rows] == [size, 6]
        assert rows[0].count(b"x") == length
        assert big.value("SELECT 'small'") == b"small"


def test_there_and_back(daemon: Daemon) -> None:
    """20 MB of noise in a statement, and then in a row."""
    noise = random.Random(1).randbytes(20_000_000)
    with client(daemon.port) as connection:
        ask(connection, "REPLACE INTO blobs VALUES (1, _binary %s)", (noise[: len(noise) // 2],))
        ask(connection, "UPDATE blobs SET b = CONCAT(b, UNHEX(%s)) WHERE n = 1", (noise[len(noise) // 2 :].hex(),))
        assert ask(connection, "SELECT n, b, n FROM blobs WHERE n = 1") == ((1, noise, 1),)


def test_a_prepared_statement(daemon: Daemon) -> None:
    """A parameter of 17 MiB, one of 17 MiB sent in pieces ahead, and a row of both."""
    first, second = b"a" * (17 * MIB), b"b" * (17 * MIB)
    with BigClient(daemon) as big:
        prepared = p.parse_prepare_ok(big.command(bytes((c.COM_STMT_PREPARE,)) + b"SELECT LENGTH(?), ?"))
        for _ in range(prepared.parameters + prepared.columns):
            big.read()
        number = prepared.statement_id.to_bytes(4, "little")
        for start in range(0, len(second), 16 * MIB):
            big.send(c.COM_STMT_SEND_LONG_DATA, number + b"\1\0" + second[start : start + 16 * MIB])
        types = b"\0\1" + bytes((c.MYSQL_TYPE_BLOB, 0)) * 2
        body = number + b"\0\1\0\0\0" + types + write_lenenc_bytes(first)
        assert big.command(bytes((c.COM_STMT_EXECUTE,)) + body)[0] == 2
        row = [big.read() for _ in range(3)][2]
        assert row[0] == 0
        assert len(first).to_bytes(4, "little") in row[:20]
        assert row.endswith(second)
        big.read()
        assert big.value("SELECT 'small'") == b"small"


def test_a_file_in_big_pieces(daemon: Daemon, tmp_path: Path) -> None:
    """A piece of a local file that fills its packet exactly, and a longer one."""
    with BigClient(daemon, capabilities=RICH | c.CLIENT_LOCAL_FILES) as big:
        big.query("DELETE FROM big.blobs")
        load = b"LOAD DATA LOCAL INFILE 'f' INTO TABLE big.blobs LINES TERMINATED BY ';'"
        assert big.command(bytes((c.COM_QUERY,)) + load)[0] == 0xFB
        for number, size in ((2, LONGEST), (3, LONGEST + 1000)):
            piece = b"%d\t" % number
            big.write(piece + b"x" * (size - len(piece) - 1) + b";")
        big.write(b"")
        assert big.read()[0] == c.HEADER_OK
        assert big.value("SELECT SUM(LENGTH(b)) FROM big.blobs") == str(2 * LONGEST + 1000 - 6).encode()


def test_more_than_forebay_allows(daemon: Daemon) -> None:
    """It says so as soon as a header announces too much, in the third packet here."""
    with BigClient(daemon) as big, client(daemon.port) as other:
        whole = frame(b"\x03" + b"x" * LIMIT)
        big.socket.sendall(whole[: 2 * (4 + LONGEST) + 4])
        error = p.parse_err(big.read(), RICH)
        assert (error.number, error.sqlstate) == (1153, "08S01")
        assert "max_allowed_packet" in error.text
        with pytest.raises(ConnectionError):
            big.read()
        assert ask(other, "SELECT 1") == ((1,),)


def test_more_than_the_server_allows(mariadb: Server) -> None:
    """The server refuses and hangs up; that server connection is not lent again, and the client may go on."""
    with running(mariadb.port, {"pool": {"max_connections": 1}}) as daemon, BigClient(daemon) as big:
        for _ in range(3):
            answer = big.query(f"DO LENGTH('{'x' * 17 * MIB}')")
            assert p.parse_err(answer[0], RICH).number in (1153, 1158)  # if it hangs up before it has heard all
            assert big.query("DO 1")[0][0] == c.HEADER_OK
        wait_until(lambda: Scrape(daemon)("forebay_pool_servers", state="idle") == 1, "one healthy server connection")
