"""One scratch database server: a data directory of its own, a loopback port, a process of its own.

Decides: the life of the process (start, stop, kill, pause), the wait until it answers, and that nothing is left behind.
Does not know: where a flavour's programs come from and how its data directory is prepared; subclasses tell.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pymysql
import pymysql.cursors
from pymysql.constants import CLIENT

from tests.servers import certificates, template
from tests.servers.process import free_port, listens, spawn, wait_for

START_DEADLINE = STOP_DEADLINE = 60.0


class Unavailable(Exception):
    """This flavour cannot be had on this machine; the text says why and what would help."""


class ServerFailed(Exception):
    """The server ended, or did not answer in time; the text holds the end of its log."""


@dataclass(frozen=True, slots=True)
class User:
    """A database account. ``plugin`` "" is the server's default: caching_sha2_password on MySQL, native on MariaDB."""

    name: str
    password: str = ""
    plugin: str = ""
    host: str = "%"
    require: str = "NONE"  # or SSL, X509
    grant: str = "ALL PRIVILEGES ON *.*"


class Server(ABC):
    """A server in a scratch folder. A context manager: started on entry, gone with its data on exit.

    ``users`` are created at the first start, ``options`` are further command-line options (they win over ours),
    ``port`` 0 takes a free one, which restarts keep. ``user`` with ``password`` is the all-powerful root.
    Both flavours offer TLS with a certificate for 127.0.0.1 and localhost, signed by the file ``ca``.
    """

    flavour: str
    host = "127.0.0.1"
    user = "root"
    password = ""

    def __init__(self, *, users: Sequence[User] = (), options: Sequence[str] = (), port: int = 0) -> None:
        self.port = port
        self._fixed_port = bool(port)
        self._users = list(users)
        self._options = list(options)
        self._process: subprocess.Popen[bytes] | None = None
        # A short path, because a unix socket's may have 107 bytes only.
        self.folder = Path(tempfile.mkdtemp(prefix=f"forebay-{self.flavour}-"))
        atexit.register(self.close)

    def __repr__(self) -> str:
        state = f"pid {self.pid}" if self.running else "stopped"
        return f"<{self.flavour} on {self.host}:{self.port}, {state}>"

    # What a flavour tells.

    @classmethod
    @abstractmethod
    def program(cls) -> list[str]:
        """The command line of the server program, without options. Obtains it when missing; raises Unavailable."""

    @classmethod
    @abstractmethod
    def client_command(cls, *arguments: str) -> list[str]:
        """The command line of the flavour's own command-line client, untouched by the caller's option files."""

    @classmethod
    @abstractmethod
    def dump_command(cls, *arguments: str) -> list[str]:
        """The same for the flavour's own ``mysqldump``."""

    @classmethod
    @abstractmethod
    def initialise(cls, data: Path) -> None:
        """Fill the folder ``data`` with a fresh data directory whose root@localhost has no password."""

    @classmethod
    @abstractmethod
    def flavour_options(cls) -> list[str]:
        """Command-line options that only this flavour takes."""

    @classmethod
    @abstractmethod
    def identified(cls, user: User) -> str:
        """The clause of CREATE USER that names plugin and password, with one %s for the password."""

    # Where it is.

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def socket(self) -> str:
        """Path of the unix socket."""
        return str(self.folder / "sock")

    @property
    def ca(self) -> Path:
        """The certificate authority that signed the server's certificate, PEM."""
        return self.data / certificates.CA

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def pid(self) -> int:
        """The process id; raises ServerFailed when the server does not run."""
        if self._process is None:
            raise ServerFailed(f"{self!r} was asked for its pid")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    # Its life.

    def start(self) -> Self:
        """Start and wait until it answers. Raises Unavailable or ServerFailed."""
        first = not self.data.exists()
        if first:
            shutil.copytree(template.of(type(self)), self.data, copy_function=shutil.copyfile)
            (self.data / certificates.KEY).chmod(0o600)
        for tries_left in (2, 1, 0):
            if not self._fixed_port:
                self.port = free_port()
            self.launch()
            try:
                self.wait_until_it_answers()
                break
            except ServerFailed:
                self.kill()
                # Someone else may have taken the free port before the server did.
                if self._fixed_port or not tries_left or "Address already in use" not in self.log_tail():
                    raise
        self._fixed_port = True
        if first:
            for user in self._users:
                self.create_user(user)
        return self

    def stop(self) -> None:
        """Shut down gracefully; after STOP_DEADLINE seconds by force. The data stay for the next start."""
        if self._process is None:
            return
        self.resume()
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        if self._process is None:
            return
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._process = None
        Path(self.socket).unlink(missing_ok=True)

    def restart(self) -> Self:
        """Stop and start again on the same port with the same data."""
        self.stop()
        return self.start()

    def pause(self) -> None:
        """Freeze it (SIGSTOP): connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen server go on."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """End it at once and delete its data. It cannot be started again."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.close)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()

    # Talking to it.

    def connect(self, **arguments: Any) -> pymysql.Connection[pymysql.cursors.Cursor]:
        """A PyMySQL connection over TCP, as root unless told otherwise, in autocommit."""
        login = {"host": self.host, "port": self.port, "user": self.user, "password": self.password}
        return pymysql.connect(**{**login, "autocommit": True, "connect_timeout": 10, **arguments})

    def execute(self, sql: str, arguments: Any = None) -> tuple[tuple[Any, ...], ...]:
        """The rows of one statement, run by root over the unix socket on a connection of its own."""
        with self.connect(unix_socket=self.socket) as connection, connection.cursor() as cursor:
            cursor.execute(sql, arguments)
            return tuple(cursor.fetchall())

    def run_script(self, sql: str) -> None:
        """Several statements in one text, run by root; what they answer is dropped."""
        with self.connect(client_flag=CLIENT.MULTI_STATEMENTS) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            while cursor.nextset():
                pass

    def create_user(self, user: User) -> None:
        clause = self.identified(user)
        self.execute(f"CREATE USER %s@%s {clause} REQUIRE {user.require}", (user.name, user.host, user.password))
        self.execute(f"GRANT {user.grant} TO %s@%s", (user.name, user.host))

    def log_tail(self, lines: int = 20) -> str:
        """The end of the server's own log."""
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    # Underneath.

    def _signal(self, number: int) -> None:
        if self.running:
            os.kill(self.pid, number)

    def launch(self, *more: str) -> None:
        """Start the process, and wait for nothing."""
        command = [
            *self.program(),
            "--no-defaults",
            *self._common_options(),
            *self.flavour_options(),
            *self._options,
            *more,
        ]
        with self.log.open("ab") as log:
            self._process = spawn(command, log)

    def _own_tmp(self) -> Path:
        """A starting MariaDB deletes the temporary tables of any other one in a folder that they share."""
        folder = self.folder / "tmp"
        folder.mkdir(exist_ok=True)
        return folder

    def _common_options(self) -> list[str]:
        """Quick to start and to forget: no binary log, no flush to disk, small memory. No answer depends on it."""
        tls = {"ca": certificates.CA, "cert": certificates.CERTIFICATE, "key": certificates.KEY}
        return [
            *(["--user=root"] if os.geteuid() == 0 else []),
            f"--datadir={self.data}",
            f"--tmpdir={self._own_tmp()}",
            f"--port={self.port}",
            f"--socket={self.socket}",
            f"--pid-file={self.folder / 'pid'}",
            f"--bind-address={self.host}",
            *(f"--ssl-{name}={self.data / file}" for name, file in tls.items()),
            "--skip-name-resolve",
            "--skip-log-bin",
            "--local-infile=ON",
            "--max-connections=500",
            "--performance-schema=OFF",
            "--secure-file-priv=",
            "--innodb-buffer-pool-size=32M",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-flush-method=nosync",
            "--skip-innodb-doublewrite",
            "--innodb-buffer-pool-dump-at-shutdown=OFF",
            "--innodb-buffer-pool-load-at-startup=OFF",
        ]

    def wait_until_it_answers(self, over_tcp: bool = True) -> None:
        """Wait until root can log in. Raises ServerFailed."""

        def answers() -> bool:
            if not self.running:
                raise ServerFailed(f"{self.flavour} ended at its start:\n{self.log_tail()}")
            # PyMySQL leaks its socket when a unix socket refuses, so it is asked only when somebody listens.
            if not listens(self.host, self.port) if over_tcp else not listens(self.socket):
                return False
            with contextlib.suppress(pymysql.err.OperationalError):
                self.connect(**({} if over_tcp else {"unix_socket": self.socket})).close()
                return True
            return False

        if not wait_for(answers, START_DEADLINE):
            raise ServerFailed(f"{self.flavour} did not answer in {START_DEADLINE:.0f} s:\n{self.log_tail()}")
