"""Which drivers are tried: how each is started, what must be there for it, what is known of it.

A new driver is a row here, and a program in ``programs`` that does the trials with it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.drivers import building, needs
from tests.drivers.needs import CLIENTS, DUMPS, GO, JAVA, LOAD, NODE_JS, PERL, PHP, PYTHON
from tests.servers import MariaDB, MySQL, Server

HERE = Path(__file__).parent
PROGRAMS = HERE / "programs"
NODE = PROGRAMS / "node"
MATERIAL = HERE / "material.json"

# What the trials are called, in every program and on the page.
TRIALS = (
    *("types", "prepared", "parameters", "nulls", "unicode", "blobs", "transactions", "warnings", "errors"),
    *("results", "cursors", "session", "cancel", "tls", "compression"),
)
DUMP_TRIALS = ("dump", "locked", "part", "load", "errors", "tls", "compression")
LOAD_TRIALS = (
    *("point_select", "read_only", "read_write", "write_only"),
    *("insert", "delete", "update_index", "update_non_index"),
)


@dataclass(frozen=True, slots=True)
class Driver:
    """``broken``: by trial, what the driver cannot do directly either. ``no_login``: flavours that do not let it in."""

    key: str
    name: str
    language: str
    command: Callable[[], Sequence[str]]  # what starts its trials; it may have to be compiled or fetched first
    broken: Mapping[str, str] = field(default_factory=dict)
    no_login: tuple[str, ...] = ()

    @property
    def trials(self) -> tuple[str, ...]:
        return {DUMPS: DUMP_TRIALS, LOAD: LOAD_TRIALS}.get(self.language, TRIALS)

    def missing(self) -> str:
        """What is not on this machine; '' when it can run."""
        return needs.missing(self.language)


def _program(*command: str | Path) -> Callable[[], Sequence[str]]:
    return lambda: [str(part) for part in command]


def _python(key: str, name: str, **more: Mapping[str, str]) -> Driver:
    # Drivers leave connections to the garbage collector, so Python's warnings are not errors here.
    return Driver(key, name, PYTHON, _program(sys.executable, PROGRAMS / "python_driver.py", key), **more)


def _node(key: str, name: str, no_login: tuple[str, ...] = ()) -> Driver:
    return Driver(key, name, NODE_JS, _program("node", NODE / "trials.js", key), no_login=no_login)


def _php(key: str, name: str) -> Driver:
    return Driver(key, name, PHP, _program("php", PROGRAMS / "trials.php", key))


def _perl(key: str, name: str, **more: Mapping[str, str]) -> Driver:
    return Driver(key, name, PERL, _program("perl", PROGRAMS / "trials.pl", key), **more)


def _go(key: str, name: str) -> Driver:
    return Driver(key, name, GO, lambda: (str(building.go() / "trials"), key))


def _java(key: str, name: str) -> Driver:
    # A short life: the second compiler would cost more than it wins.
    def command() -> Sequence[str]:
        return ("java", "-XX:TieredStopAtLevel=1", "-cp", f"{building.java()}:{needs.JAVA_DRIVER}", "Trials", key)

    return Driver(key, name, JAVA, command)


def _client(key: str, flavour: type[Server], no_login: tuple[str, ...] = ()) -> Driver:
    program = (sys.executable, str(PROGRAMS / "command_line.py"), key)
    return Driver(key, f"`{key}`", CLIENTS, lambda: (*program, *flavour.client_command()), no_login=no_login)


def _dump(key: str, flavour: type[Server], no_login: tuple[str, ...] = ()) -> Driver:
    def command() -> Sequence[str]:
        client = json.dumps(flavour.client_command())
        return (sys.executable, str(PROGRAMS / "dumps.py"), key, client, *flavour.dump_command())

    return Driver(key, f"`{key}`", DUMPS, command, no_login=no_login)


DRIVERS = (
    _python("pymysql", "PyMySQL"),
    _python("mysqlclient", "mysqlclient"),
    _python("aiomysql", "aiomysql"),
    _python("asyncmy", "asyncmy"),
    _python(
        "connector-python",
        "MySQL Connector/Python, pure",
        broken={"prepared": "it cannot read some TIME and YEAR values of the binary protocol"},
    ),
    _python("connector-python-c", "MySQL Connector/Python, C"),
    _python("mariadb-python", "MariaDB Connector/Python"),
    _node("node-mysql", "mysql", no_login=("mysql",)),
    _node("node-mysql2", "mysql2, `query`"),
    _node("node-mysql2-execute", "mysql2, `execute`"),
    _node("node-mariadb", "mariadb"),
    _php("php-mysqli", "mysqli"),
    _php("php-pdo", "PDO"),
    _php("php-pdo-emulated", "PDO, emulated prepares"),
    _perl("perl-mysql", "DBD::mysql"),
    _perl("perl-mariadb", "DBD::MariaDB", broken={"cursors": "version 1.22 shows no row that it does not buffer"}),
    _go("go-mysql", "go-sql-driver/mysql"),
    _go("go-mysql-interpolated", "go-sql-driver/mysql, `interpolateParams`"),
    _java("java-mariadb", "MariaDB Connector/J"),
    _java("java-mariadb-prepared", "MariaDB Connector/J, `useServerPrepStmts`"),
    _client("mysql", MySQL, no_login=("mariadb",)),
    _client("mariadb", MariaDB),
    _dump("mysqldump", MySQL, no_login=("mariadb",)),
    _dump("mariadb-dump", MariaDB),
    Driver("mydumper", "`mydumper`", DUMPS, _program(sys.executable, PROGRAMS / "dumps.py", "mydumper", "[]")),
    Driver("sysbench", "prepared statements", LOAD, _program(sys.executable, PROGRAMS / "load.py", "auto")),
    Driver("sysbench-text", "`--db-ps-mode=disable`", LOAD, _program(sys.executable, PROGRAMS / "load.py", "disable")),
)
BY_KEY = {driver.key: driver for driver in DRIVERS}
