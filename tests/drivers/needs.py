"""``python -m tests.drivers.needs``: Debian's names of what the trials need and this machine does not have.

Decides: what must be there for the drivers of a language. Does not know: who installs it (``tests/setup.sh drivers``).
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

from tests.servers import FLAVOURS, Unavailable

PYTHON, NODE_JS, PHP, PERL, GO, JAVA = "Python", "Node.js", "PHP", "Perl", "Go", "Java"
CLIENTS, DUMPS, LOAD = "command line", "dump", "sysbench"
NODE_MODULES = Path(__file__).parent / "programs" / "node" / "node_modules"
GO_PATH = Path("/usr/share/gocode")
GO_DRIVER = GO_PATH / "src/github.com/go-sql-driver/mysql"
JAVA_DRIVER = Path("/usr/share/java/mariadb-java-client.jar")


def _has(program: str) -> bool:
    return shutil.which(program) is not None


def _runs(*command: str) -> bool:
    return _has(command[0]) and not subprocess.run(command, capture_output=True).returncode


def _php_has_mysqli() -> bool:
    return _runs("php", "-r", 'exit((int) !extension_loaded("mysqli"));')


# By language: the Debian package, and whether what it would bring is here, from wherever it came.
PACKAGES: Mapping[str, Mapping[str, Callable[[], bool]]] = {
    PHP: {"php-cli": partial(_has, "php"), "php-mysql": _php_has_mysqli},
    PERL: {
        "libdbd-mysql-perl": partial(_runs, "perl", "-MDBD::mysql", "-e1"),
        "libdbd-mariadb-perl": partial(_runs, "perl", "-MDBD::MariaDB", "-e1"),
    },
    GO: {"golang-go": partial(_has, "go"), "golang-github-go-sql-driver-mysql-dev": GO_DRIVER.exists},
    DUMPS: {"mydumper": partial(_has, "mydumper")},
    LOAD: {"sysbench": partial(_has, "sysbench")},
    JAVA: {"default-jdk-headless": partial(_has, "javac"), "libmariadb-java": JAVA_DRIVER.exists},
}
MODULES = ("MySQLdb", "aiomysql", "asyncmy", "mariadb", "mysql.connector")


def _absent_clients() -> list[str]:
    try:
        for flavour in FLAVOURS.values():
            flavour.client_command()
    except Unavailable as unavailable:
        return [str(unavailable)]
    return []


@cache
def missing(language: str) -> str:
    """What is not on this machine, in words for who runs the trials; '' when the language's drivers can run."""
    if language == PYTHON:
        absent = [module for module in MODULES if importlib.util.find_spec(module) is None]
    elif language == NODE_JS:
        absent = [] if NODE_MODULES.exists() else ["node modules, which `make setup` installs"]
    else:
        absent = [package for package, is_here in PACKAGES.get(language, {}).items() if not is_here()]
    if language in (CLIENTS, DUMPS):
        absent += _absent_clients()
    return ", ".join(absent)


if __name__ == "__main__":
    print(*(package for packages in PACKAGES.values() for package, is_here in packages.items() if not is_here()))
