"""A crowd of writing clients that remember what was acknowledged to them and what failed.

Every unit of work has an id of its own and writes two rows under it: acknowledged ones must be on the server exactly
once, all others as a whole or not at all.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import pymysql

from tests.servers import APP, Server

TABLE = "crowd.note"
ENDS_WITHIN = 30
PAUSE = 0.005  # seconds between two units of work: a crowd, not a benchmark

Connection = pymysql.Connection


class Failure(NamedTuple):
    """A statement or login that failed; ``what`` is its first word, ``held`` tells one inside a transaction."""

    what: str
    number: int
    text: str
    held: bool = False


def prepare(server: Server) -> None:
    """An empty table for a crowd."""
    server.execute("CREATE DATABASE IF NOT EXISTS crowd")
    server.execute(f"DROP TABLE IF EXISTS {TABLE}")
    server.execute(f"CREATE TABLE {TABLE} (n INT AUTO_INCREMENT PRIMARY KEY, id INT, part INT, KEY (id))")


def insert(id: int, *parts: int) -> str:
    return f"INSERT INTO {TABLE} (id, part) VALUES " + ", ".join(f"({id}, {part})" for part in parts)


class Crowd:
    """Threads that work until the ``with`` block ends: some by single statements, some by transactions, some read.

    ``comers`` log in anew for each statement, as functions do. Their session states differ, and inserts give insert
    ids: so server connections are synced and settled all the time.
    """

    def __init__(
        self, port: int, *, writers: int = 0, transactions: int = 0, readers: int = 0, comers: int = 0
    ) -> None:
        self.port = port
        self.acknowledged: set[int] = set()
        self.failures: list[Failure] = []
        self.last_success = 0.0
        self._numbers = itertools.count(1)
        self._stop = threading.Event()
        work = (
            [self._write] * writers + [self._transact] * transactions + [self._read] * readers + [self._come] * comers
        )
        self._threads = [
            threading.Thread(target=self._run, args=(each, f"SET time_zone = '+0{i % 4}:00'"), daemon=True)
            for i, each in enumerate(work)
        ]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.join()

    def join(self) -> None:
        """Wait until everyone has ended."""
        deadline = time.monotonic() + 2 * ENDS_WITHIN
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        assert not any(thread.is_alive() for thread in self._threads), "somebody does not end"
        unanswered = [failure for failure in self.failures if "timed out" in failure.text]
        assert not unanswered, f"{len(unanswered)} clients got no answer in {ENDS_WITHIN} s: {unanswered}"

    def wait_for_more(self, count: int, deadline: float = 30.0) -> None:
        """Wait until so many more units were acknowledged."""
        goal, until = len(self.acknowledged) + count, time.monotonic() + deadline
        while len(self.acknowledged) < goal:
            assert time.monotonic() < until, f"no {count} more in {deadline} s; failed: {self.failures[-5:]}"
            time.sleep(0.01)

    def check(self, server: Server) -> None:
        """What was acknowledged is there once, everything else once or not at all, nothing by half."""
        rows = Counter(server.execute(f"SELECT id, part FROM {TABLE}"))
        assert set(rows.values()) <= {1}, "a statement was executed twice"
        by_half = [id for id, part in rows if (id, 3 - part) not in rows]
        assert not by_half, f"half of a transaction: {by_half}"
        assert not {id for id in self.acknowledged if (id, 1) not in rows}, "acknowledged, and gone"

    def _run(self, work: Callable[[Connection, int], None], first: str) -> None:
        connection: Connection | None = None
        while not self._stop.wait(PAUSE):
            if connection is None or not connection.open:
                connection = self._log_in(first)
                continue
            work(connection, next(self._numbers))
        if connection is not None and connection.open:
            connection.close()

    def _log_in(self, first: str) -> Connection | None:
        try:
            return pymysql.connect(
                host="127.0.0.1",
                port=self.port,
                user=APP.name,
                password=APP.password,
                autocommit=True,
                init_command=first,
                connect_timeout=ENDS_WITHIN,
                read_timeout=ENDS_WITHIN,
            )
        except pymysql.MySQLError as error:
            number, text = (error.args * 2)[:2]
            self.failures.append(Failure("login", number, text))
            if self.leaves_after(number):
                self._stop.set()
            return None

    def leaves_after(self, number: int) -> bool:
        """Whether a login that was refused in this way is the crowd's last."""
        return number in (1053, 2003)

    def _execute(self, connection: Connection, sql: str, held: bool = False) -> bool:
        """Whether it succeeded. A failed one is noted."""
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
        except (pymysql.MySQLError, AttributeError) as error:
            # After the server's goodbye PyMySQL has closed its socket without having said so.
            number, text = (
                error.args if isinstance(error, pymysql.MySQLError) and len(error.args) == 2 else (0, str(error))
            )
            self.failures.append(Failure(sql.split()[0], number, text, held))
            return False
        self.last_success = time.monotonic()
        return True

    def _write(self, connection: Connection, id: int) -> None:
        if self._execute(connection, insert(id, 1, 2)):
            self.acknowledged.add(id)

    def _transact(self, connection: Connection, id: int) -> None:
        for sql in ("BEGIN", insert(id, 1), insert(id, 2), "COMMIT"):
            if not self._execute(connection, sql, held=sql != "BEGIN"):
                connection._force_close()
                return
        self.acknowledged.add(id)

    def _read(self, connection: Connection, id: int) -> None:
        self._execute(connection, f"SELECT COUNT(*) FROM {TABLE} WHERE id = {id}")

    def _come(self, connection: Connection, id: int) -> None:
        self._write(connection, id)
        connection.close()
