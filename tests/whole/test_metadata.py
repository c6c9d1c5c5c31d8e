"""MariaDB's extended metadata: who asks for it gets what MariaDB sends, and who does not sees no trace of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from proxy.wire import constants as c
from tests.servers import Server
from tests.whole.daemon import Daemon, running
from tests.whole.plain_client import POOR, RICH
from tests.whole.raw_client import RawClient, direct

SCHEMA = "metadata"
EXTENDED = c.CLIENT_EXTENDED_METADATA
ENDS = (c.HEADER_EOF, c.HEADER_ERR)


@pytest.fixture(scope="module")
def target(mariadb: Server) -> Server:
    mariadb.execute(f"DROP DATABASE IF EXISTS {SCHEMA}")
    mariadb.execute(f"CREATE DATABASE {SCHEMA}")
    mariadb.execute(f"CREATE TABLE {SCHEMA}.t (d JSON, i INET6, u UUID, g POINT, n INT DEFAULT 7)")
    mariadb.execute(f"""INSERT INTO {SCHEMA}.t VALUES ('{{"a": 1}}', '::1', UUID(), POINT(1, 2), 3)""")
    return mariadb


@pytest.fixture(scope="module")
def daemon(target: Server) -> Iterator[Daemon]:
    with running(target.port, {"pool": {"max_connections": 1}}) as daemon:
        yield daemon


def payloads(client: RawClient, command: int, body: bytes, ends: int) -> list[bytes]:
    """Everything up to the answer's last packet but EOF packets, of which an old client gets ``ends``."""
    client.send(command, body)
    found = [client.read()]
    if found[0][0] in (c.HEADER_OK, c.HEADER_ERR) and command != c.COM_STMT_PREPARE:
        return found
    wanted = ends if not client.capabilities & c.CLIENT_DEPRECATE_EOF else 1
    while wanted:
        found.append(client.read())
        wanted -= found[-1][0] in ENDS
    return [payload for payload in found if payload[0] not in ENDS]


def definitions(client: RawClient, sql: str) -> list[bytes]:
    """The packets of a PREPARE: its parameters and columns."""
    client.send(c.COM_STMT_PREPARE, sql.encode())
    first = client.read()
    counts = [int.from_bytes(first[7:9], "little"), int.from_bytes(first[5:7], "little")]
    found = []
    for count in counts:
        found += [client.read() for _ in range(count)]
        if count and not client.capabilities & c.CLIENT_DEPRECATE_EOF:
            client.read()
    client.send(c.COM_STMT_CLOSE, first[1:5])
    return found


def everything(client: RawClient, between: RawClient | None = None) -> list[list[bytes]]:
    """What a client sees of its columns in every kind of answer; the last ones are about the statement before."""
    seen = [
        payloads(client, c.COM_QUERY, b"SELECT * FROM t", 2),
        payloads(client, c.COM_QUERY, b"SELECT NULL, 1, JSON_OBJECT('a', 1), CAST('x' AS CHAR) c", 2),
        payloads(client, c.COM_FIELD_LIST, b"t\0", 1),
        definitions(client, "SELECT d, i, ? FROM t WHERE n = ?"),
        definitions(client, "SELECT 1"),
    ]
    for about_last in (b"SELECT ROW_COUNT()", b"SELECT FOUND_ROWS()", b"SHOW WARNINGS"):
        client.ask("SELECT CAST('x' AS SIGNED)")
        if between is not None:
            between.ask("DO 1 + 'y'")
        seen.append(payloads(client, c.COM_QUERY, about_last, 2))
    return seen


@pytest.mark.parametrize("capabilities", [RICH, RICH | EXTENDED, POOR, POOR | EXTENDED], ids="{:#x}".format)
def test_columns_are_the_servers(target: Server, daemon: Daemon, capabilities: int) -> None:
    with RawClient(direct(target), capabilities=capabilities, schema=SCHEMA) as client:
        expected = everything(client)
    how = {"capabilities": capabilities, "schema": SCHEMA}
    with RawClient(daemon, **how) as client, RawClient(daemon, capabilities=RICH | EXTENDED) as other:
        assert everything(client) == expected
        assert everything(client, other) == expected
    assert (b"\x01\x04json" in b"".join(expected[0])) is bool(capabilities & EXTENDED)


def test_the_greeting_offers_it_where_the_server_has_it(daemon: Daemon) -> None:
    with RawClient(daemon) as client:
        assert client.greeting.mariadb_capabilities == c.MARIADB_CLIENT_EXTENDED_METADATA
        assert not client.greeting.capabilities & c.CLIENT_LONG_PASSWORD


def test_the_greeting_of_mysql_does_not_offer_it(mysql: Server) -> None:
    with running(mysql.port) as daemon, RawClient(daemon) as client:
        assert client.greeting.mariadb_capabilities == 0
        assert client.greeting.capabilities & c.CLIENT_LONG_PASSWORD
