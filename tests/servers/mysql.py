"""MySQL 9.7 LTS, with its client and MySQL Router, unpacked from Debian unstable into the cache folder.

Decides: which packages, how programs built for a newer C library run on this machine, how a data directory is made.
Debian stable has no MySQL. The programs run through the dynamic loader that came with them; the machine stays as it is.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.servers import cache, debian
from tests.servers.server import Server, ServerFailed, Unavailable, User

PACKAGES = ("mysql-server-core", "mysql-client-core", "mysql-router")


def _root() -> Path:
    try:
        return cache.made_once("mysql", lambda into: debian.unpack(PACKAGES, "sid", into))
    except debian.AptFailed as failed:
        raise Unavailable(f"MySQL: {failed}") from None


def _command(program: str, *libraries: str) -> list[str]:
    """Run ``program`` (a path inside the unpacked packages) by the loader and libraries that belong to it."""
    root = _root()
    (loader,) = root.glob("usr/lib/*-linux-gnu*/ld-linux*.so.*")
    path = ":".join(str(folder) for folder in (loader.parent, *(root / library for library in libraries)))
    return [str(loader), "--library-path", path, str(root / program)]


def router_command(*arguments: str) -> list[str]:
    """The command line of ``mysqlrouter``. Raises Unavailable."""
    return [*_command("usr/bin/mysqlrouter", "usr/lib/mysql-router"), *arguments]


class MySQL(Server):
    """A scratch MySQL server; its default plugin is caching_sha2_password."""

    flavour = "mysql"

    @classmethod
    def program(cls) -> list[str]:
        return _command("usr/sbin/mysqld")

    @classmethod
    def client_command(cls, *arguments: str) -> list[str]:
        charsets = f"--character-sets-dir={_root() / 'usr/share/mysql/charsets'}"
        return [*_command("usr/bin/mysql"), "--no-defaults", charsets, *arguments]

    @classmethod
    def dump_command(cls, *arguments: str) -> list[str]:
        charsets = f"--character-sets-dir={_root() / 'usr/share/mysql/charsets'}"
        return [*_command("usr/bin/mysqldump"), "--no-defaults", charsets, *arguments]

    @classmethod
    def initialise(cls, data: Path) -> None:
        own_user = ["--user=root"] if os.geteuid() == 0 else []
        options = ["--no-defaults", "--initialize-insecure", f"--datadir={data}", *own_user, *cls.flavour_options()]
        done = subprocess.run([*cls.program(), *options], capture_output=True, text=True)
        if done.returncode:
            raise ServerFailed(f"mysqld --initialize-insecure failed:\n{done.stdout}{done.stderr}")

    @classmethod
    def flavour_options(cls) -> list[str]:
        root = _root()
        return [
            f"--lc-messages-dir={root / 'usr/share/mysql'}",
            f"--character-sets-dir={root / 'usr/share/mysql/charsets'}",
            f"--plugin-dir={root / 'usr/lib/mysql/plugin'}",
            "--mysqlx=OFF",
            "--innodb-redo-log-capacity=16M",
        ]

    @classmethod
    def identified(cls, user: User) -> str:
        return f"IDENTIFIED WITH {user.plugin or 'caching_sha2_password'} BY %s"
