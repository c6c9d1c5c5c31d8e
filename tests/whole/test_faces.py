"""How people meet Forebay: its command and configuration on one side, the command-line clients on the other."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.servers import APP, Server
from tests.servers.process import free_port
from tests.whole.daemon import Daemon, running, wait_until
from tests.whole.raw_client import RawClient

ROOT = Path(__file__).parents[2]
SCHEMA = "faces"
TABLE = "table_with_a_long_name"


@pytest.fixture(scope="module")
def target(server: Server) -> Server:
    server.execute(f"DROP DATABASE IF EXISTS {SCHEMA}")
    server.execute(f"CREATE DATABASE {SCHEMA}")
    server.execute(f"CREATE TABLE {SCHEMA}.{TABLE} (first_column INT, second_column VARCHAR(20))")
    server.execute(f"INSERT INTO {SCHEMA}.{TABLE} VALUES (4711, 'Zürich'), (4712, NULL)")
    return server


# The command.


class Face(Daemon):
    """A daemon that is told everything by its command line and its environment."""

    def __init__(self, folder: Path, arguments: list[str], environ: dict[str, str]) -> None:
        super().__init__(0, folder)
        self._arguments = arguments
        self._environ = environ

    def arguments(self) -> list[str]:
        return self._arguments

    def environment(self) -> dict[str, str]:
        here = {
            "FOREBAY_LISTEN": f'["127.0.0.1:{self.port}", "unix:{self.socket_path}"]',
            "FOREBAY_STATUS__LISTEN": f"127.0.0.1:{self.status_port}",
        }
        return clean_environment() | here | self._environ


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("FOREBAY_TARGET")}


@contextlib.contextmanager
def face(*arguments: str, **environ: str) -> Iterator[Face]:
    with tempfile.TemporaryDirectory(prefix="forebay-face-") as folder:
        daemon = Face(Path(folder), list(arguments), {f"FOREBAY_{name}": value for name, value in environ.items()})
        try:
            daemon.start()
            yield daemon
        finally:
            daemon.stop()


def forebay(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    command = [sys.executable, "-W", "error", "-m", "proxy", *arguments]
    environ = {f"FOREBAY_{name}": value for name, value in environ.items()}
    return subprocess.run(
        command, cwd=ROOT, env=clean_environment() | environ, capture_output=True, text=True, timeout=60
    )


def the_line(done: subprocess.CompletedProcess[str], status: int) -> str:
    """What a failed command said: one line, and nothing else."""
    assert done.returncode == status, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.strip()


def test_the_minimal_configuration(target: Server) -> None:
    minimal = str(ROOT / "config" / "minimal.yaml")
    address = f"127.0.0.1:{target.port}"
    with (
        face("-c", minimal, APP_PASSWORD=APP.password, TARGET__ADDRESS=address) as daemon,
        RawClient(daemon) as client,
        RawClient(daemon, unix=True) as local,
    ):
        assert client.one("SELECT 1") == "1"
        assert local.one("SELECT CURRENT_USER()") == f"{APP.name}@%"
        assert APP.password not in daemon.log()


def test_one_variable(target: Server) -> None:
    url = f"mysql://{APP.name}:{APP.password}@127.0.0.1:{target.port}/{SCHEMA}"
    with face(TARGET=url) as daemon, RawClient(daemon) as client:
        assert client.one("SELECT DATABASE()") == SCHEMA
        assert client.one(f"SELECT COUNT(*) FROM {TABLE}") == "2"
        assert APP.password not in daemon.log()


MINIMAL = "target: {address: 'h:1'}\nusers: [{name: a, password: b}]\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{MINIMAL}pool: {{max_conections: 3}}", ("pool.max_conections", "max_connections")),
        (f"{MINIMAL}pool: {{max_connections: many}}", ("pool.max_connections", "many")),
        ("target: [", ("wrong.yaml",)),
        ("{}", ("target.address",)),
        (
            "target: {address: 'h:1', tls: {mode: verify_ca, ca: /nowhere/ca.pem}}\nusers: [{name: a, password: b}]",
            ("/nowhere/ca.pem",),
        ),
    ],
)
def test_a_wrong_configuration(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    for command in ("run", "check"):
        line = the_line(forebay(command, "-c", str(path)), 2)
        assert all(word in line for word in words), line


def test_nothing_to_run() -> None:
    assert "FOREBAY_TARGET" in the_line(forebay("run"), 2)
    assert "/nowhere/forebay.yaml" in the_line(forebay("run", "-c", "/nowhere/forebay.yaml"), 2)
    assert "secret" not in the_line(forebay("run", TARGET="mysql://app:secret#@127.0.0.1"), 2)


@pytest.mark.parametrize("setting", ["LISTEN", "STATUS__LISTEN"])
def test_a_port_that_is_taken(setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        elsewhere = {"LISTEN": f"127.0.0.1:{free_port()}", "STATUS__LISTEN": f"127.0.0.1:{free_port()}"}
        address = f"127.0.0.1:{port}"
        done = forebay("run", TARGET="mysql://a:b@127.0.0.1:1", **elsewhere | {setting: address})
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("forebay: ")
    assert "in use" in last
    assert str(port) in last


def test_check_connect(target: Server) -> None:
    address = f"127.0.0.1:{target.port}"
    good = forebay("check", "--connect", TARGET=f"mysql://{APP.name}:{APP.password}@{address}")
    assert (good.returncode, good.stderr) == (0, "")
    assert f"{address}" in good.stdout
    assert APP.password not in good.stdout
    for url, words in (
        (f"mysql://{APP.name}:wrong@{address}", ("user app", "Access denied")),
        (f"mysql://{APP.name}:{APP.password}@{address}/nowhere", ("user app", "nowhere")),
    ):
        line = the_line(forebay("check", "--connect", TARGET=url), 1)
        assert all(word in line for word in words), line


def test_check_connect_to_nobody() -> None:
    line = the_line(forebay("check", "--connect", TARGET="mysql://app:x@127.0.0.1:1"), 1)
    assert "user app" in line
    assert "connect to the server at 127.0.0.1:1" in line


# The command-line clients.


@pytest.fixture(scope="module")
def daemon(target: Server) -> Iterator[Daemon]:
    with running(target.port) as daemon:
        yield daemon


def client_command(flavour: str, daemon: Daemon, *options: str, unix: bool = False) -> list[str]:
    where = [f"--socket={daemon.socket_path}"] if unix else ["--host=127.0.0.1", f"--port={daemon.port}"]
    login = [f"--user={APP.name}", f"--password={APP.password}"]
    try:
        return servers.FLAVOURS[flavour].client_command(*where, *login, *options)
    except servers.Unavailable as unavailable:
        pytest.skip(str(unavailable))


def say(command: list[str], text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)


# Client, its options, and whether the connection is encrypted.
WAYS = (
    ("mysql", (), True),
    ("mysql", ("--ssl-mode=REQUIRED",), True),
    ("mysql", ("--ssl-mode=DISABLED", "--get-server-public-key"), False),
    ("mysql", ("--ssl-mode=DISABLED", "--compression-algorithms=uncompressed"), False),
    ("mariadb", (), True),
    ("mariadb", ("--skip-ssl",), False),
)
# MySQL 9 has its own commands (delimiter, status) switched off unless it is at a terminal.
COMMANDS = {"mysql": ("--commands",), "mariadb": ()}
# MariaDB does not know the collation that MySQL 9 logs in with.
SCRIPT = f"""\
SET NAMES utf8mb4;
SELECT 40 + 2 AS answer;
use {SCHEMA};
SELECT first_column, second_column FROM {TABLE} ORDER BY 1;
SHOW TABLES;
SET @x = 5; SELECT @x * 2;
delimiter //
SELECT 1; SELECT 2//
delimiter ;
\\s
"""
ANSWERS = ["answer", "42", "first_column\tsecond_column", "4711\tZürich", "4712\tNULL", TABLE, "10", "1", "2"]


@pytest.mark.parametrize(("client", "options", "encrypted"), WAYS)
def test_statements(daemon: Daemon, client: str, options: tuple[str, ...], encrypted: bool) -> None:
    done = say(client_command(client, daemon, *COMMANDS[client], *options), SCRIPT)
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr
    lines = done.stdout.splitlines()
    for answer in ANSWERS:
        assert answer in lines
    status = dict(line.split("\t", 1) for line in lines if ":\t" in line)
    assert status["Current database:"].strip() == SCHEMA
    assert status["Current user:"].strip().startswith(f"{APP.name}@")
    assert ("Cipher in use" in status["SSL:"]) is encrypted
    assert any(line.startswith("Threads: ") for line in lines)


@pytest.mark.parametrize("client", ["mysql", "mariadb"])
def test_statements_over_the_unix_socket(daemon: Daemon, client: str) -> None:
    done = say(client_command(client, daemon, *COMMANDS[client], unix=True), SCRIPT)
    assert done.returncode == 0, done.stderr
    assert [answer for answer in ANSWERS if answer not in done.stdout.splitlines()] == []
    assert str(daemon.socket_path) in done.stdout


@pytest.mark.parametrize("client", ["mysql", "mariadb"])
def test_errors_look_like_the_servers(daemon: Daemon, target: Server, client: str) -> None:
    command = client_command(client, daemon, "--force", "--database=" + SCHEMA)
    done = say(command, "SELEC 1;\nSELECT * FROM nowhere;\nuse nowhere;\nSELECT 7;")
    for number in ("1064", "1146", "1049"):
        assert f"ERROR {number} (" in done.stderr
    assert "7" in done.stdout.splitlines()
    for option, number in (("--password=wrong", "1045"), ("--user=nobody", "1045"), ("--database=nowhere", "1049")):
        done = say(client_command(client, daemon, option), "SELECT 1;")
        assert done.returncode == 1
        assert f"ERROR {number} (" in done.stderr


class Terminal:
    """A client at a terminal, as a person has it."""

    def __init__(self, command: list[str]) -> None:
        self._unread = ""
        self._master, slave = pty.openpty()
        environ = {**os.environ, "TERM": "xterm", "MYSQL_HISTFILE": "/dev/null", "MARIADB_HISTFILE": "/dev/null"}
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True
        )
        os.close(slave)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def read_to(self, word: str, deadline: float = 30.0) -> str:
        """What the screen shows from here on up to this word."""
        until = time.monotonic() + deadline
        while word not in self._unread:
            ready, _, _ = select.select([self._master], [], [], max(0.0, until - time.monotonic()))
            assert ready, f"no {word!r} in {deadline} s, but {self._unread!r}"
            try:
                self._unread += os.read(self._master, 4096).decode("utf-8", "replace")
            except OSError:  # the other end is closed
                raise AssertionError(f"ended without {word!r}: {self._unread!r}") from None
        seen, _, self._unread = self._unread.partition(word)
        return seen

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._master)

    def ends(self) -> int:
        return self._process.wait(30)


@pytest.mark.parametrize("client", ["mysql", "mariadb"])
def test_at_a_terminal(daemon: Daemon, client: str) -> None:
    with contextlib.closing(Terminal(client_command(client, daemon))) as terminal:
        terminal.read_to("> ")
        terminal.type(f"use {SCHEMA}\n")  # now it asks for every table and column
        assert "Reading table information" in terminal.read_to("Database changed")
        terminal.read_to("> ")
        terminal.type("SELECT first_co\t FROM table_with\t WHERE second_co\t IS NULL;\n")
        assert "4712" in terminal.read_to("1 row in set")
        terminal.read_to("> ")
        terminal.type("status\n")
        assert "127.0.0.1 via TCP/IP" in terminal.read_to("Threads:")
        terminal.read_to("> ")
        terminal.type(f"SELECT first_column FROM {TABLE} WHERE SLEEP(100);\n")
        wait_until(lambda: daemon.metric("forebay_pool_servers", state="lent") == 1, "it runs")
        terminal.interrupt()  # the client sends KILL QUERY over another connection
        terminal.read_to("1317")
        terminal.read_to("> ")
        terminal.type("exit\n")
        terminal.read_to("Bye")
        assert terminal.ends() == 0


def test_tls_can_be_demanded(target: Server) -> None:
    with running(target.port, {"clients": {"tls": {"mode": "required"}}}) as daemon:
        for options in ((), ("--ssl-mode=REQUIRED",)):
            assert say(client_command("mysql", daemon, *options), "SELECT 42;").stdout.split() == ["42", "42"]
        assert say(client_command("mysql", daemon, unix=True), "SELECT 42;").stdout.split() == ["42", "42"]
        for client, options in (("mysql", ("--ssl-mode=DISABLED",)), ("mariadb", ("--skip-ssl",))):
            done = say(client_command(client, daemon, *options), "SELECT 42;")
            assert done.returncode == 1
            assert "ERROR 3159 (" in done.stderr
        assert daemon.metric("forebay_client_logins_failed_total", error="tls_required") == 2
        assert daemon.metric("forebay_client_logins_total", tls="yes") == 2


def test_tls_can_be_switched_off(target: Server) -> None:
    with running(target.port, {"clients": {"tls": {"mode": "disabled"}}}) as daemon:
        done = say(client_command("mysql", daemon, "--get-server-public-key"), "SELECT 42;")
        assert done.stdout.split() == ["42", "42"], done.stderr
        done = say(client_command("mysql", daemon, "--ssl-mode=REQUIRED"), "SELECT 42;")
        assert done.returncode == 1
        assert "ERROR 2026 (" in done.stderr
