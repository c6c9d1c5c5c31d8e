"""Prepared data directories: initialised once for each version of a server program, then copied at every start.

Decides: who may log in to a fresh server (root from this machine without a password, nobody else) and with which
certificate it answers. Does not know: how a flavour initialises a data directory; its class tells.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers import cache, certificates
from tests.servers.process import free_port

if TYPE_CHECKING:
    from tests.servers.server import Server


def of(flavour: type[Server]) -> Path:
    """The flavour's prepared data directory, for copying. Made anew when the program or this recipe changes."""
    version = subprocess.run([*flavour.program(), "--version"], capture_output=True, text=True, check=True).stdout
    recipe = [Path(module).read_text() for module in (__file__, certificates.__file__)]
    name = hashlib.sha256("\0".join([version, *flavour.flavour_options(), *recipe]).encode()).hexdigest()[:16]
    return cache.made_once(f"templates/{flavour.flavour}-{name}", lambda into: _fill(into, flavour))


def _fill(into: Path, flavour: type[Server]) -> None:
    server = flavour(port=free_port())
    try:
        flavour.initialise(server.data)
        certificates.write(server.data)
        server.launch("--skip-networking")
        server.wait_until_it_answers(over_tcp=False)
        # An anonymous ''@'localhost' would shadow user@'%', and a host name never matches without name resolution.
        for name, host in server.execute("SELECT user, host FROM mysql.user WHERE user IN ('', 'root')"):
            if (name, host) != ("root", "localhost"):
                server.execute("DROP USER %s@%s", (name, host))
        server.execute("CREATE USER 'root'@'127.0.0.1' IDENTIFIED BY ''")
        server.execute("GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION")
        server.stop()
        shutil.copytree(server.data, into, copy_function=shutil.copyfile, dirs_exist_ok=True)
    finally:
        server.close()
