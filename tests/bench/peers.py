"""The proxies that Forebay is compared with, each with one thread and its own way of being quick.

Decides: their configurations. HAProxy forwards bytes and shares nothing: it is the floor. MySQL Router shares server
connections, and needs MySQL behind it: it sets system variables that MariaDB does not have. ProxySQL is taken when
the environment variable PROXYSQL names its program.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

from tests.bench.door import Door, Setting, listening
from tests.servers import APP, Unavailable, certificates, mysql
from tests.servers.process import free_port

MOST_CLIENTS = 12_000

_HAPROXY = """
    global
        nbthread 1
        maxconn 4000
    defaults
        mode tcp
        timeout connect 10s
        timeout client 1h
        timeout server 1h
    listen bench
        bind 127.0.0.1:{port} backlog 4096
        server behind 127.0.0.1:{server}
"""

# Sharing needs the client's password: over plain TCP the Router asks for it with the public key of its certificate.
_ROUTER = """
    [DEFAULT]
    logging_folder=
    plugin_folder={plugins}
    runtime_folder={folder}
    data_folder={folder}
    max_total_connections={most}
    [logger]
    level=error
    [io]
    threads=1
    [connection_pool]
    max_idle_server_connections={pool}
    [routing:bench]
    bind_address=127.0.0.1
    bind_port={port}
    destinations=127.0.0.1:{server}
    routing_strategy=first-available
    protocol=classic
    max_connections={most}
    connection_sharing=1
    connection_sharing_delay=0
    client_ssl_mode=PREFERRED
    client_ssl_cert={folder}/{certificate}
    client_ssl_key={folder}/{key}
    server_ssl_mode=DISABLED
"""

_PROXYSQL = """
    datadir="{folder}"
    admin_variables={{
        mysql_ifaces="127.0.0.1:{admin}"
    }}
    mysql_variables={{
        threads=1
        interfaces="127.0.0.1:{port}"
        max_connections={most}
        monitor_enabled=false
    }}
    mysql_servers=({{ address="127.0.0.1" port={server} hostgroup=0 max_connections={pool} }})
    mysql_users=({{
        username="{user}" password="{password}" default_hostgroup=0 max_connections={most}
    }})
"""


def _write(path: Path, template: str, setting: Setting, port: int, **more: object) -> Path:
    values = {"port": port, "server": setting.server.port, "pool": setting.pool, "most": MOST_CLIENTS, **more}
    path.write_text(textwrap.dedent(template).lstrip().format(**values))
    return path


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise Unavailable(f"{name} is missing; tests/setup.sh bench installs it as root")
    return found


@contextlib.contextmanager
def haproxy(setting: Setting) -> Iterator[Door]:
    """HAProxy in TCP mode."""
    port = free_port()
    config = _write(setting.folder / "haproxy.cfg", _HAPROXY, setting, port)
    with listening([_program("haproxy"), "-db", "-f", str(config)], port, setting) as door:
        yield door


@contextlib.contextmanager
def router(setting: Setting) -> Iterator[Door]:
    """MySQL Router with connection sharing, in front of one server that it knows by its address."""
    command = mysql.router_command()
    plugins = next(Path(command[-1]).parent.parent.glob("lib/**/routing.so")).parent
    folder = setting.folder / "router"
    folder.mkdir()
    certificates.write(folder)
    shutil.copy(folder / certificates.CA, setting.folder)
    port = free_port()
    names = {"certificate": certificates.CERTIFICATE, "key": certificates.KEY, "folder": folder, "plugins": plugins}
    config = _write(setting.folder / "router.conf", _ROUTER, setting, port, **names)
    with listening([*command, "-c", str(config)], port, setting) as door:
        yield door


@contextlib.contextmanager
def proxysql(setting: Setting) -> Iterator[Door]:
    """ProxySQL, where PROXYSQL names it."""
    program = os.environ.get("PROXYSQL")
    if not program:
        raise Unavailable("PROXYSQL=/path/to/proxysql is not given")
    port, folder = free_port(), setting.folder / "proxysql"
    folder.mkdir()
    login = {"user": APP.name, "password": APP.password, "admin": free_port(), "folder": folder}
    config = _write(setting.folder / "proxysql.cnf", _PROXYSQL, setting, port, **login)
    with listening([program, "-f", "--initial", "-D", str(folder), "-c", str(config)], port, setting) as door:
        yield door
