"""The scratch servers do what the tests, the demo and the bench take for granted."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pymysql
import pytest

from tests import servers
from tests.servers import APP, Server, User
from tests.servers.mysql import router_command

PLUGINS = {"mariadb": "mysql_native_password", "mysql": "caching_sha2_password"}


def test_answers_over_both_roads(server: Server) -> None:
    ((version,),) = server.execute("SELECT VERSION()")
    assert ("MariaDB" in version) == (server.flavour == "mariadb")
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER(), @@port")
        assert cursor.fetchall() == (("root@127.0.0.1", server.port),)


def test_users_log_in_without_tls(server: Server) -> None:
    with server.connect(user=APP.name, password=APP.password, ssl_disabled=True) as connection:
        assert connection._auth_plugin_name == PLUGINS[server.flavour]
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        server.connect(user=APP.name, password="wrong")


def test_nobody_is_anonymous(server: Server) -> None:
    """Asked of the accounts: a server with several plugins asks an unknown user by any of them, to tell nothing."""
    assert server.execute("SELECT COUNT(*) FROM mysql.user WHERE user = ''") == ((0,),)


def test_tls_names_the_loopback_address(server: Server) -> None:
    checked = {"ssl_ca": str(server.ca), "ssl_verify_cert": True, "ssl_verify_identity": True}
    with server.connect(**checked) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_version'")
        assert cursor.fetchall()[0][1].startswith("TLSv1")


def test_own_client_program(server: Server) -> None:
    login = (f"--host={server.host}", f"--port={server.port}", f"--user={APP.name}", f"--password={APP.password}")
    command = server.client_command(*login, "--batch", "--execute=SELECT 6 * 7 AS answer")
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "answer\n42\n"


def test_router_program(mysql: Server) -> None:
    shown = subprocess.run(router_command("--version"), capture_output=True, text=True, check=True).stdout
    assert "MySQL Router" in shown


@pytest.fixture
def own(flavour: str) -> Iterator[Server]:
    try:
        with servers.make(
            flavour, users=[User("reader", "r", grant="SELECT ON *.*")], options=["--max-connections=17"]
        ) as own:
            yield own
    except servers.Unavailable as unavailable:
        pytest.skip(str(unavailable))


def test_life(own: Server) -> None:
    port = own.port
    own.execute("CREATE DATABASE kept")
    assert own.execute("SELECT @@max_connections") == ((17,),)

    own.restart()
    assert own.port == port
    own.kill()
    assert not own.running
    with pytest.raises(pymysql.err.OperationalError):
        own.connect()
    own.start()
    own.pause()
    with pytest.raises(pymysql.err.OperationalError, match="timed out"):
        own.connect(read_timeout=0.05)
    own.resume()
    own.connect(user="reader", password="r", database="kept").close()
    own.close()
    assert not own.folder.exists()


def test_a_server_that_cannot_start_says_why(flavour: str) -> None:
    with pytest.raises((servers.ServerFailed, servers.Unavailable), match="no-such-option") as failed:
        servers.make(flavour, options=["--no-such-option"]).start()
    if failed.errisinstance(servers.Unavailable):
        pytest.skip(str(failed.value))
