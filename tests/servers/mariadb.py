"""MariaDB from the machine's own Debian release (package mariadb-server).

Decides: where its programs are, how a data directory is made, which options it needs. A system service that the package
may have started is left alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache as remember
from pathlib import Path

from tests.servers import debian
from tests.servers.server import Server, ServerFailed, Unavailable, User


@remember
def _tool(name: str) -> str:
    found = _which(name)
    if found is None:
        try:
            debian.install("mariadb-server", "mariadb-client")
        except debian.AptFailed as failed:
            raise Unavailable(f"MariaDB: {failed}") from None
        found = _which(name)
    if found is None:
        raise Unavailable(f"MariaDB: the program {name} is missing")
    return found


def _which(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


class MariaDB(Server):
    """A scratch MariaDB server; its default plugin is mysql_native_password."""

    flavour = "mariadb"

    @classmethod
    def program(cls) -> list[str]:
        return [_tool("mariadbd")]

    @classmethod
    def client_command(cls, *arguments: str) -> list[str]:
        return [_tool("mariadb"), "--no-defaults", *arguments]

    @classmethod
    def dump_command(cls, *arguments: str) -> list[str]:
        return ["mariadb-dump", "--no-defaults", *arguments]

    @classmethod
    def initialise(cls, data: Path) -> None:
        command = [
            _tool("mariadb-install-db"),
            "--no-defaults",
            *(["--user=root"] if os.geteuid() == 0 else []),
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
            "--innodb-log-file-size=16M",
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise ServerFailed(f"mariadb-install-db failed:\n{done.stdout}{done.stderr}")

    @classmethod
    def flavour_options(cls) -> list[str]:
        return ["--innodb-log-file-size=16M"]

    @classmethod
    def identified(cls, user: User) -> str:
        return f"IDENTIFIED VIA {user.plugin} USING PASSWORD(%s)" if user.plugin else "IDENTIFIED BY %s"
