"""The compressed protocol on either side of Forebay, or on both: real drivers, real servers, files and big answers."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mysql.connector
import MySQLdb
import pytest

from proxy.wire import constants as c
from proxy.wire.frames import frame
from tests.servers import APP, Server
from tests.servers.mysql import MySQL
from tests.whole.daemon import Daemon, running
from tests.whole.plain_client import RICH
from tests.whole.raw_client import RawClient, direct

BIG = 16_700_000  # with its header more than one compressed packet holds, and less than a server takes
TOWARDS_SERVER = {"mariadb": ("none", "zlib"), "mysql": ("none", "zlib", "zstd")}
CASES = [(flavour, name) for flavour, names in TOWARDS_SERVER.items() for name in names]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join(case))
def daemon(request: pytest.FixtureRequest) -> Iterator[Daemon]:
    flavour, name = request.param
    server: Server = request.getfixturevalue(flavour)
    server.execute("DROP DATABASE IF EXISTS squeezed")
    server.execute("CREATE DATABASE squeezed")
    server.execute("SET GLOBAL local_infile = ON")
    server.execute("CREATE TABLE squeezed.note (id INT, t TEXT)")
    with running(server.port, {"target": {"compression": name}}) as daemon:
        yield daemon


def mysqlclient(daemon: Daemon, **options: Any) -> Any:
    login = {"host": "127.0.0.1", "port": daemon.port, "user": APP.name, "passwd": APP.password, "db": "squeezed"}
    return contextlib.closing(MySQLdb.connect(**{**login, "autocommit": True, **options}))


def ask(connection: Any, sql: str) -> Any:
    cursor = connection.cursor()
    cursor.execute(sql)
    return cursor.fetchall()


def trials(connection: Any) -> None:
    """Small, large and many, both ways."""
    assert tuple(ask(connection, "SELECT 1")[0]) == (1,)
    assert len(ask(connection, f"SELECT REPEAT('ab', {BIG // 2})")[0][0]) == BIG
    assert tuple(ask(connection, f"SELECT LENGTH('{'x' * BIG}')")[0]) == (BIG,)
    digits = "SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6"
    rows = ask(connection, f"SELECT REPEAT('y', 40) FROM ({digits}) a, ({digits}) b, ({digits}) c, ({digits}) e")
    assert [row[0] for row in rows] == ["y" * 40] * 7**4
    ask(connection, "SET @a = 'carried'")
    assert ask(connection, "SELECT @a")[0][0] == "carried"


def test_mysqlclient_compressed(daemon: Daemon) -> None:
    with mysqlclient(daemon, compress=True) as connection:
        assert ask(connection, "SHOW SESSION STATUS LIKE 'Compression'")
        trials(connection)


def test_mysqlclient_plain(daemon: Daemon) -> None:
    with mysqlclient(daemon) as connection:
        trials(connection)


def test_connector_compressed_with_tls(daemon: Daemon) -> None:
    login = {"host": "127.0.0.1", "port": daemon.port, "user": APP.name, "password": APP.password}
    with mysql_connector(**login, compress=True, use_pure=True) as connection:
        trials(connection)


@contextlib.contextmanager
def mysql_connector(**options: Any) -> Iterator[Any]:
    connection = mysql.connector.connect(**options)
    try:
        yield connection
    finally:
        connection.close()


def test_everything_else_beside_a_compressed_client(daemon: Daemon) -> None:
    """Two server connections, many clients that share them, compressed and not."""
    with mysqlclient(daemon, compress=True) as squeezed, RawClient(daemon) as plain, mysqlclient(daemon) as other:
        for number in range(20):
            ask(squeezed, f"SET @n = {number}")
            plain.ask(f"SET time_zone = '+0{number % 10}:00'")
            assert ask(other, "SELECT @n") == ((None,),)
            assert ask(squeezed, "SELECT @n")[0][0] == number
            assert plain.one("SELECT @@time_zone") == f"+0{number % 10}:00"


@pytest.mark.parametrize("compress", [False, True])
def test_a_file_travels(daemon: Daemon, tmp_path: Path, compress: bool) -> None:
    lines = 40_000
    file = tmp_path / "notes"
    file.write_text("".join(f"{number}\t{'z' * 60}\n" for number in range(lines)))
    with mysqlclient(daemon, compress=compress, local_infile=1) as connection:
        ask(connection, "TRUNCATE TABLE note")
        ask(connection, f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE note")
        assert ask(connection, "SELECT COUNT(*), SUM(LENGTH(t)) FROM note") == ((lines, lines * 60),)


@pytest.mark.parametrize("algorithms", ["zstd", "zlib", "zstd,zlib", "uncompressed"])
def test_the_command_line_of_mysql(daemon: Daemon, algorithms: str) -> None:
    where = ["--host=127.0.0.1", f"--port={daemon.port}", f"--user={APP.name}", f"--password={APP.password}"]
    command = MySQL.client_command(*where, f"--compression-algorithms={algorithms}", "--batch", "--skip-column-names")
    text = "SELECT 1; SELECT LENGTH(REPEAT('x', 100000)); SELECT REPEAT('x', 100000);"
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == ["1", "100000", "x" * 100_000], done.stderr


def squeezed(command: bytes) -> bytes:
    """A command in a compressed packet of its own."""
    framed = frame(command, 0)
    return len(framed).to_bytes(3, "little") + bytes(4) + framed


def numbers(client: RawClient, packets: int) -> list[int]:
    seen = []
    for _ in range(packets):
        head = client.exactly(7)
        client.exactly(int.from_bytes(head[:3], "little"))
        seen.append(head[3])
    return seen


@pytest.mark.parametrize("through", [False, True], ids=["directly", "through"])
def test_each_answer_goes_on_after_its_own_command(server: Server, through: bool) -> None:
    """Also where commands were sent without waiting: a driver that checks finds its packets in order."""
    with running(server.port) as daemon:
        where = daemon if through else direct(server)
        with RawClient(where, capabilities=RICH | c.CLIENT_COMPRESS) as client:
            commands = [b"\x03SELECT SLEEP(0.1)", b"\x03SET @a = 1", b"\x0e", b"\x03SELECT REPEAT('x', 40)"]
            client.socket.sendall(b"".join(squeezed(command) for command in commands))
            assert numbers(client, len(commands)) == [1] * len(commands)


def test_commands_ahead_wait_in_bounds(server: Server) -> None:
    """Megabytes of commands behind one that lasts, and each is answered in its turn."""
    with running(server.port) as daemon, RawClient(daemon, capabilities=RICH | c.CLIENT_COMPRESS) as client:
        long = squeezed(b"\x03SET @a = '" + b"x" * 100_000 + b"'")
        sender = threading.Thread(target=client.socket.sendall, args=(squeezed(b"\x03DO SLEEP(0.5)") + long * 50,))
        sender.start()
        assert numbers(client, 51) == [1] * 51
        sender.join()
