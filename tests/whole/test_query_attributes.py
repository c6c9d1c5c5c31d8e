"""Query attributes reach the statement that they were given with, and no other, on MySQL; MariaDB has none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import mysql.connector
import pytest

from proxy.wire import constants as c
from proxy.wire import packets
from proxy.wire.primitives import write_lenenc_bytes, write_lenenc_int
from tests.servers import APP, Server
from tests.whole.daemon import Daemon, running
from tests.whole.plain_client import RICH
from tests.whole.raw_client import RawClient, Refused, Result, Value

SCHEMA = "attributes_test"
NAMED = "SELECT mysql_query_attribute_string('n')"
_COMPONENT = "COMPONENT 'file://component_query_attributes'"
OFFERING = RICH | c.CLIENT_QUERY_ATTRIBUTES


class Attributed(RawClient):
    """A client that writes attributes, all of them as texts."""

    def asked(self, sql: str, **attributes: str) -> list[list[Value]]:
        self.found = self.results(c.COM_QUERY, _block(b"\1", [], attributes) + sql.encode())
        rows = map(packets.parse_text_row, self.found[-1].rows)
        return [[None if value is None else value.decode() for value in row] for row in rows]

    def executed(self, statement: int, *values: str, types: bool = True, **attributes: str) -> list[Result]:
        head = statement.to_bytes(4, "little") + bytes((c.PARAMETER_COUNT_AVAILABLE, 1, 0, 0, 0))
        if types:
            return self.results(c.COM_STMT_EXECUTE, head + _block(b"", list(values), attributes))
        body = write_lenenc_int(len(values)) + bytes((len(values) + 7) // 8) + b"\0"
        return self.results(c.COM_STMT_EXECUTE, head + body + b"".join(map(_text, values)))


def _text(value: str) -> bytes:
    return write_lenenc_bytes(value.encode())


def _block(sets: bytes, values: list[str], attributes: dict[str, str]) -> bytes:
    given = [("", value) for value in values] + list(attributes.items())
    start = write_lenenc_int(len(given)) + sets
    if not given:
        return start
    types = b"".join(bytes((c.MYSQL_TYPE_STRING, 0)) + _text(name) for name, _ in given)
    return start + bytes((len(given) + 7) // 8) + b"\1" + types + b"".join(_text(value) for _, value in given)


@pytest.fixture(scope="module")
def daemon(mysql: Server) -> Iterator[Daemon]:
    mysql.execute(f"INSTALL {_COMPONENT}")
    mysql.execute(f"CREATE DATABASE IF NOT EXISTS {SCHEMA}")
    with running(mysql.port, {"pool": {"max_connections": 1}, "target": {"schema": SCHEMA}}) as started:
        yield started
    mysql.execute(f"DROP DATABASE {SCHEMA}")
    mysql.execute(f"UNINSTALL {_COMPONENT}")


def test_each_statement_has_its_own(daemon: Daemon) -> None:
    offering = {"capabilities": OFFERING}
    with Attributed(daemon, **offering) as one, Attributed(daemon, **offering) as other, RawClient(daemon) as plain:
        for turn in range(3):
            assert one.asked(NAMED, n=f"one {turn}", other="x") == [[f"one {turn}"]]
            assert other.asked(NAMED, n="Ünï") == [["Ünï"]]
            assert plain.ask(NAMED) == [[None]]
            assert one.asked(NAMED) == [[None]]
            assert other.asked(NAMED, m="x") == [[None]]


def test_long_texts(daemon: Daemon) -> None:
    with Attributed(daemon, capabilities=OFFERING) as one, RawClient(daemon) as plain:
        for size in (900, 1100, 70_000, c.MAX_PAYLOAD - len(NAMED) - 7, c.MAX_PAYLOAD):
            sql = f"{NAMED} /*{'x' * size}*/"
            assert one.asked(sql, n="here") == [["here"]]
            assert one.asked(sql) == [[None]]
            assert plain.ask(sql) == [[None]]


def test_a_statement_that_is_sent_with_values_written_into_it(daemon: Daemon) -> None:
    sql = "SELECT ROW_COUNT(), mysql_query_attribute_string('n')"
    with Attributed(daemon, capabilities=OFFERING) as one, RawClient(daemon) as plain:
        one.asked("CREATE TABLE counted (id int)")
        one.asked("INSERT INTO counted VALUES (1), (2), (3)")
        plain.ask("DO 1")
        assert one.asked(sql, n="here") == [["3", "here"]]
        assert [column.name for column in one.found[0].columns] == ["ROW_COUNT()", "mysql_query_attribute_string('n')"]


def test_prepared_statements(daemon: Daemon) -> None:
    sql = "SELECT ?, mysql_query_attribute_string('n')"
    with Attributed(daemon, capabilities=OFFERING) as one, RawClient(daemon) as plain:
        mine, none, shared = one.prepare(sql), one.prepare(NAMED), plain.prepare(sql)
        for turn in range(3):
            assert one.executed(mine, "a", n=f"{turn}")[0].rows == [b"\0\0\1a\1%d" % turn]
            assert plain.execute(shared, "b") == [["b", None]]
            assert one.executed(mine, "c")[0].rows == [b"\0\x08\1c"]
            assert one.executed(mine, "d", types=False)[0].rows == [b"\0\x08\1d"]
            assert one.executed(none, n="x")[0].rows == [b"\0\0\1x"]
            assert one.executed(none)[0].rows == [b"\0\4"]
            assert plain.execute(shared, None) == [[None, None]]
        with pytest.raises(Refused) as refused:
            one.executed(mine)
        assert refused.value.number == 1210


def test_a_packet_that_cannot_be_read(daemon: Daemon) -> None:
    with Attributed(daemon, capabilities=OFFERING) as one:
        for body in (b"", b"\0\2SELECT 1", b"\1\1\0\1"):
            with pytest.raises(Refused) as refused:
                one.results(c.COM_QUERY, body)
            assert refused.value.number == 1835
        assert one.asked(NAMED, n="on it goes") == [["on it goes"]]


def test_a_driver_that_gives_them(daemon: Daemon) -> None:
    options = {"host": "127.0.0.1", "port": daemon.port, "user": APP.name, "password": APP.password, "use_pure": True}
    with closing(mysql.connector.connect(**options)) as connection, closing(connection.cursor()) as cursor:
        cursor.add_attribute("n", "from a driver")
        cursor.execute(NAMED)
        assert cursor.fetchall() == [("from a driver",)]


def test_mariadb_has_none(mariadb: Server) -> None:
    with running(mariadb.port) as daemon, RawClient(daemon, capabilities=OFFERING) as one:
        assert not one.greeting.capabilities & c.CLIENT_QUERY_ATTRIBUTES
