"""A PyMySQL client of a daemon, or of a network that can be broken in front of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, TypeAlias

import pymysql
import pymysql.cursors

from tests.servers import APP

Connection: TypeAlias = "pymysql.Connection[pymysql.cursors.Cursor]"


@contextlib.contextmanager
def client(port: int, **options: Any) -> Iterator[Connection]:
    """In autocommit, without TLS unless ``ssl`` is given; it may be dead at the end."""
    login = {"host": "127.0.0.1", "port": port, "user": APP.name, "password": APP.password}
    plain = {"ssl_disabled": "ssl" not in options}  # PyMySQL takes long to make a TLS context
    connection = pymysql.connect(**{**login, **plain, "autocommit": True, "read_timeout": 30, **options})
    try:
        yield connection
    finally:
        if connection.open:
            connection.close()


def ask(connection: Connection, sql: str) -> tuple[tuple[Any, ...], ...]:
    with contextlib.closing(connection.cursor()) as cursor:
        cursor.execute(sql)
        return tuple(cursor.fetchall())
