"""Real servers' packets: what is parsed from them builds to the same bytes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from proxy.wire import constants as c
from proxy.wire import packets as p
from proxy.wire.auth import Credentials
from tests.servers import Server
from tests.whole.plain_client import POOR, RICH, PlainClient

ROOT = Credentials.from_password("root", b"")


@pytest.fixture(params=[RICH, POOR], ids=["rich", "poor"])
def client(server: Server, request: pytest.FixtureRequest) -> Iterator[PlainClient]:
    with PlainClient(server, ROOT, capabilities=request.param) as made:
        made.query("CREATE DATABASE IF NOT EXISTS packets")
        made.query("USE packets")
        made.query("CREATE TEMPORARY TABLE t (id INT UNSIGNED PRIMARY KEY AUTO_INCREMENT, s VARCHAR(20) NOT NULL)")
        made.query("INSERT INTO t (s) VALUES ('one'), ('two')")
        yield made


def test_the_greeting(client: PlainClient) -> None:
    assert p.build_greeting(client.greeting) == client.raw_greeting


@pytest.mark.parametrize(
    "sql",
    [
        "DO 1",
        "INSERT INTO t (s) VALUES ('three'), ('four')",
        "UPDATE t SET s = 'x'",
        "USE mysql",
        "SET autocommit = 0",
        "SET time_zone = '+01:00', sql_safe_updates = 1",
        "CREATE TABLE IF NOT EXISTS packets.kept (a INT)",
        "BEGIN",
    ],
)
def test_ok(client: PlainClient, sql: str) -> None:
    (raw,) = client.query(sql)
    assert p.build_ok(p.parse_ok(raw, client.capabilities), client.capabilities) == raw


def test_info_reads_as_text_whatever_was_negotiated(client: PlainClient) -> None:
    ok = p.parse_ok(client.query("UPDATE t SET s = 'x'")[0], client.capabilities)
    assert ok.affected_rows == 2
    assert ok.info == b"Rows matched: 2  Changed: 2  Warnings: 0"


def test_err(client: PlainClient) -> None:
    (raw,) = client.query("SELECT nothing")
    err = p.parse_err(raw, client.capabilities)
    assert (err.number, err.sqlstate) == (1054, "42S22")
    assert p.build_err(err.number, err.sqlstate, err.text, client.capabilities) == raw


@pytest.mark.parametrize(
    "sql", ["SELECT id, s AS alias, NULL, 1.5, NOW(6) FROM t ORDER BY id", "SELECT * FROM t LIMIT 0"]
)
def test_text_result(client: PlainClient, sql: str) -> None:
    raw = client.query(sql)
    got = p.parse_text_result(raw, client.capabilities)
    assert got.ok is not None
    assert p.build_text_result(got.columns, got.rows, client.capabilities, got.ok.status, got.ok.warnings) == raw
    assert (got.columns[0].name, got.columns[0].table, got.columns[0].schema) == ("id", "t", "packets")


def test_prepare_ok(client: PlainClient) -> None:
    raw = client.command(bytes((c.COM_STMT_PREPARE,)) + b"SELECT id, s FROM t WHERE id = ?")
    prepared = p.parse_prepare_ok(raw)
    assert (prepared.columns, prepared.parameters) == (2, 1)
    assert p.build_prepare_ok(prepared) == raw


def test_trackers(server: Server) -> None:
    with PlainClient(server, ROOT) as client:

        def changes(sql: str) -> p.Changes:
            return p.parse_trackers(p.parse_ok(client.query(sql)[0], RICH).trackers)

        client.query(
            "SET session_track_system_variables = 'time_zone,sql_safe_updates', session_track_state_change = ON, "
            "session_track_transaction_info = 'CHARACTERISTICS'"
        )
        assert changes("USE mysql").schema == "mysql"
        got = changes("SET time_zone = '+01:00', sql_safe_updates = 1")
        assert dict(got.variables) == {"time_zone": "+01:00", "sql_safe_updates": "ON"}
        assert got.state_changed
        assert changes("SET @a = 1").state_changed
        assert changes("SET TRANSACTION READ ONLY").characteristics == "SET TRANSACTION READ ONLY;"
        assert changes("START TRANSACTION").transaction_state == "T_______"
        ended = changes("COMMIT")
        assert ended.transaction_state == "________"
        assert ended.characteristics == ""
        assert changes("DO 1") == p.Changes()
