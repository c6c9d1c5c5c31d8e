"""Forebay's client role against real servers: each plugin, channel and kind of knowledge."""

from __future__ import annotations

import secrets

import pytest

from proxy.errors import ServerRefused, UnsupportedAuth
from proxy.wire import constants as c
from proxy.wire.auth import Credentials, format_password_hash, parse_password_hash
from tests.servers import Server, User
from tests.whole.plain_client import PlainClient

PASSWORD = "sésame, öffne dich"
CHANNELS = pytest.mark.parametrize("channel", [{}, {"tls": True}, {"unix": True}], ids=["tcp", "tls", "unix"])


def new_user(server: Server, plugin: str = "", password: str = PASSWORD) -> Credentials:
    user = User(f"u{secrets.token_hex(4)}", password, plugin)
    server.create_user(user)
    return Credentials.from_password(user.name, password.encode())


def assert_in(client: PlainClient, credentials: Credentials) -> None:
    assert (client.value("SELECT CURRENT_USER()") or b"").startswith(credentials.user.encode() + b"@")


@CHANNELS
def test_the_default_plugin(server: Server, channel: dict[str, bool]) -> None:
    known = new_user(server)
    for _ in range(2):
        with PlainClient(server, known, **channel) as client:
            assert_in(client, known)


@CHANNELS
def test_an_empty_password(server: Server, channel: dict[str, bool]) -> None:
    known = new_user(server, password="")
    with PlainClient(server, known, **channel) as client:
        assert_in(client, known)


@CHANNELS
def test_a_wrong_password_is_the_servers_refusal(server: Server, channel: dict[str, bool]) -> None:
    known = Credentials.from_password(new_user(server).user, b"guess")
    with pytest.raises(ServerRefused) as refused:
        PlainClient(server, known, **channel)
    assert (refused.value.number, refused.value.sqlstate) == (1045, "28000")


def test_change_user_there_and_back(server: Server) -> None:
    one, other = new_user(server), new_user(server, password="another")
    with PlainClient(server, one) as client:
        for known in (other, one, other):
            client.change_user(known)
            assert_in(client, known)


@pytest.mark.parametrize("channel", [{}, {"tls": True}], ids=["tcp", "tls"])
def test_sha256_password(mysql: Server, channel: dict[str, bool]) -> None:
    for password in (PASSWORD, ""):
        known = new_user(mysql, "sha256_password", password)
        with PlainClient(mysql, known, **channel) as client:
            assert client.switches == [c.PLUGIN_SHA256]
            assert_in(client, known)


@CHANNELS
@pytest.mark.parametrize("password", [PASSWORD, "p", "x" * 100])
def test_ed25519(mariadb: Server, channel: dict[str, bool], password: str) -> None:
    mariadb.execute("INSTALL SONAME 'auth_ed25519'") if not has_ed25519(mariadb) else None
    known = new_user(mariadb, "ed25519", password)
    with PlainClient(mariadb, known, **channel) as client:
        assert client.switches == [c.PLUGIN_ED25519]
        assert_in(client, known)
    with pytest.raises(ServerRefused):
        PlainClient(mariadb, Credentials.from_password(known.user, b"guess"), **channel)


def has_ed25519(server: Server) -> bool:
    return bool(server.execute("SELECT 1 FROM information_schema.plugins WHERE plugin_name = 'ed25519'"))


def test_caching_sha2_asks_for_the_password_once(mysql: Server) -> None:
    known = new_user(mysql)
    with PlainClient(mysql, known) as client:
        assert client.said[0] == b"\x01\x04"
        assert client.said[1].startswith(b"\x01-----BEGIN PUBLIC KEY-----")
    with PlainClient(mysql, known) as client:
        assert client.said[0] == b"\x01\x03"


def test_a_public_key_is_not_asked_for_where_that_is_not_allowed(mysql: Server) -> None:
    known = new_user(mysql)
    with pytest.raises(UnsupportedAuth, match="needs TLS"):
        PlainClient(mysql, known, allow_public_key=False)


def test_a_sha2_hash_and_a_clients_scramble_are_enough_once_the_server_knows_the_user(mysql: Server) -> None:
    whole = new_user(mysql)
    learned = Credentials(whole.user, sha2_stage1=whole.sha2_stage1)
    with pytest.raises(UnsupportedAuth, match="needs the password"):
        PlainClient(mysql, learned)
    PlainClient(mysql, whole).close()
    with PlainClient(mysql, learned) as client:
        assert_in(client, whole)


def test_a_native_hash_and_a_clients_scramble_are_enough(mariadb: Server) -> None:
    whole = new_user(mariadb)
    with PlainClient(mariadb, Credentials(whole.user, native_stage1=whole.native_stage1)) as client:
        assert_in(client, whole)
    with pytest.raises(UnsupportedAuth, match="hash of another kind"):
        PlainClient(mariadb, Credentials(whole.user, sha2_stage1=whole.sha2_stage1))


def test_the_configured_hash_is_what_mariadb_prints(mariadb: Server) -> None:
    whole = new_user(mariadb)
    ((printed,),) = mariadb.execute("SELECT authentication_string FROM mysql.user WHERE user = %s", (whole.user,))
    assert parse_password_hash(whole.user, printed).native_hash == whole.native_hash
    assert format_password_hash(whole).split()[0] == printed
