"""Which drivers are tried: how each is started, what must be there for it, what is known of it.

A new driver is a row here, and a program in ``programs`` that does the trials with it.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
PROGRAMS = HERE / "programs"
NODE = PROGRAMS / "node"
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

PYTHON, NODE_JS, PHP = "Python", "Node.js", "PHP"


@dataclass(frozen=True, slots=True)
class Driver:
    """``broken``: by trial, what the driver cannot do directly either. ``no_login``: flavours that do not let it in."""

    key: str
    name: str
    language: str
    command: tuple[str, ...]
    broken: Mapping[str, str] = field(default_factory=dict)
    no_login: tuple[str, ...] = ()

    def missing(self) -> str:
        """What is not on this machine; '' when it can run."""
        return _missing(self.language)


@cache
def _missing(language: str) -> str:
    if language == NODE_JS:
        return "" if (NODE / "node_modules").exists() else "node modules; `make setup` installs them"
    if language == PHP:
        return "" if shutil.which("php") and "mysqli" in _output("php", "-m") else "php-cli, php-mysql"
    modules = ("MySQLdb", "aiomysql", "asyncmy", "mariadb", "mysql.connector")
    return " ".join(module for module in modules if importlib.util.find_spec(module) is None)


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True).stdout


def _python(key: str, name: str, **more: Mapping[str, str]) -> Driver:
    # Drivers leave connections to the garbage collector, so Python's warnings are not errors here.
    return Driver(key, name, PYTHON, (sys.executable, str(PROGRAMS / "python_driver.py"), key), **more)


def _node(key: str, name: str, no_login: tuple[str, ...] = ()) -> Driver:
    return Driver(key, name, NODE_JS, ("node", str(NODE / "trials.js"), key), no_login=no_login)


def _php(key: str, name: str) -> Driver:
    return Driver(key, name, PHP, ("php", str(PROGRAMS / "trials.php"), key))


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
)
BY_KEY = {driver.key: driver for driver in DRIVERS}
