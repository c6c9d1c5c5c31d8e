"""Which drivers are tried: how each is started, what must be there for it, what is known of it.

A new driver is a row here, and a program in ``programs`` that does the trials with it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.drivers import building, needs
from tests.drivers.needs import GO, JAVA, NODE_JS, PERL, PHP, PYTHON

HERE = Path(__file__).parent
PROGRAMS = HERE / "programs"
NODE = PROGRAMS / "node"
BUILT = "{built}"
MATERIAL = HERE / "material.json"

# What the trials are called, in every program and on the page.
TRIALS = (
    "types",
    "prepared",
    "parameters",
    "nulls",
    "unicode",
    "blobs",
    "transactions",
    "warnings",
    "errors",
    "results",
    "cursors",
    "session",
    "cancel",
    "tls",
    "compression",
)


@dataclass(frozen=True, slots=True)
class Driver:
    """``broken``: by trial, what the driver cannot do directly either. ``no_login``: flavours that do not let it in."""

    key: str
    name: str
    language: str
    command: tuple[str, ...]  # where it says BUILT, the folder that ``built`` gives
    built: Callable[[], Path] | None = None
    broken: Mapping[str, str] = field(default_factory=dict)
    no_login: tuple[str, ...] = ()

    def command_line(self) -> list[str]:
        """How its trials are started. What must be compiled for it is compiled, once."""
        folder = str(self.built()) if self.built else ""
        return [part.replace(BUILT, folder) for part in self.command]

    def missing(self) -> str:
        """What is not on this machine; '' when it can run."""
        return needs.missing(self.language)


def _python(key: str, name: str, **more: Mapping[str, str]) -> Driver:
    # Drivers leave connections to the garbage collector, so Python's warnings are not errors here.
    return Driver(key, name, PYTHON, (sys.executable, str(PROGRAMS / "python_driver.py"), key), **more)


def _node(key: str, name: str, no_login: tuple[str, ...] = ()) -> Driver:
    return Driver(key, name, NODE_JS, ("node", str(NODE / "trials.js"), key), no_login=no_login)


def _php(key: str, name: str) -> Driver:
    return Driver(key, name, PHP, ("php", str(PROGRAMS / "trials.php"), key))


def _perl(key: str, name: str, **more: Mapping[str, str]) -> Driver:
    return Driver(key, name, PERL, ("perl", str(PROGRAMS / "trials.pl"), key), **more)


def _go(key: str, name: str) -> Driver:
    return Driver(key, name, GO, (f"{BUILT}/trials", key), built=building.go)


def _java(key: str, name: str) -> Driver:
    # A short life: the second compiler would cost more than it wins.
    options = ("-XX:TieredStopAtLevel=1", "-cp", f"{BUILT}:{needs.JAVA_DRIVER}")
    return Driver(key, name, JAVA, ("java", *options, "Trials", key), built=building.java)


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
)
BY_KEY = {driver.key: driver for driver in DRIVERS}
