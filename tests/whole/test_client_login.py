"""Forebay's server role against real clients: PyMySQL and the command lines of MySQL and MariaDB."""

from __future__ import annotations

import subprocess

import pymysql
import pytest

from proxy.net.certificates import own_rsa_key
from proxy.wire import constants as c
from proxy.wire.auth import Credentials, RsaKey
from tests.servers import FLAVOURS, Unavailable
from tests.whole.plain_server import PlainServer

PASSWORD = "sésame"
FULL, FAST = b"\x01\x04", b"\x01\x03"
KINDS = pytest.mark.parametrize("kind", ["password", "native_hash", "sha2_hash"])
TLS = pytest.mark.parametrize("tls", [True, False], ids=["tls", "open"])
WHOLE = Credentials.from_password("app", PASSWORD.encode())

FIRST_ASKED = {
    c.PLUGIN_CACHING_SHA2: {"password": [FAST], "native_hash": [FULL], "sha2_hash": [FAST]},
    c.PLUGIN_NATIVE: {"password": [], "native_hash": [], "sha2_hash": [b"\xfec"]},  # a switch to caching_sha2_password
}


@pytest.fixture(scope="module")
def rsa() -> RsaKey:
    return own_rsa_key()


def knowing(kind: str) -> Credentials:
    return WHOLE if kind == "password" else Credentials("app", **{kind: getattr(WHOLE, kind)})


def connect(server: PlainServer, password: str, tls: bool) -> None:
    options = {"ssl": {"check_hostname": False, "verify_mode": "none"}} if tls else {"ssl_disabled": True}
    pymysql.connect(host="127.0.0.1", port=server.port, user="app", password=password.encode(), **options).close()


@KINDS
@TLS
@pytest.mark.parametrize("default", [c.PLUGIN_CACHING_SHA2, c.PLUGIN_NATIVE])
def test_pymysql(kind: str, tls: bool, default: str, rsa: RsaKey) -> None:
    with PlainServer(knowing(kind), rsa, default) as server:
        connect(server, PASSWORD, tls)
        assert [asked[:2] for asked in server.asked[:1]] == FIRST_ASKED[default][kind]
        with pytest.raises(pymysql.err.OperationalError) as refused:
            connect(server, "guess", tls)
        assert refused.value.args[0] == 1045
        assert "using password: YES" in refused.value.args[1]


@TLS
def test_pymysql_without_a_password(tls: bool, rsa: RsaKey) -> None:
    with PlainServer(Credentials.from_password("app", b""), rsa) as server:
        connect(server, "", tls)


def run(
    flavour: str, server: PlainServer, *arguments: str, password: str = PASSWORD
) -> subprocess.CompletedProcess[str]:
    try:
        command = FLAVOURS[flavour].client_command(
            "--host=127.0.0.1", f"--port={server.port}", "--user=app", *arguments, "-eDO 1"
        )
    except Unavailable as unavailable:
        pytest.skip(str(unavailable))
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env={"MYSQL_PWD": password})


OPEN = {"mysql": ["--ssl-mode=DISABLED", "--get-server-public-key"], "mariadb": ["--skip-ssl"]}
ENCRYPTED = {"mysql": ["--ssl-mode=REQUIRED"], "mariadb": ["--ssl"]}


@KINDS
@TLS
def test_command_lines(flavour: str, kind: str, tls: bool, rsa: RsaKey) -> None:
    options = (ENCRYPTED if tls else OPEN)[flavour]
    with PlainServer(knowing(kind), rsa) as server:
        assert run(flavour, server, *options).stderr == ""
        assert server.login is not None
        assert dict(server.login.attributes)["program_name"] == "mysql"  # both say so
        assert "ERROR 1045 (28000): Access denied for user 'app'@'localhost' (using password: YES)" in (
            run(flavour, server, *options, password="guess").stderr
        )
        assert "using password: NO" in run(flavour, server, *options, password="").stderr


@TLS
def test_command_lines_without_a_password(flavour: str, tls: bool, rsa: RsaKey) -> None:
    options = (ENCRYPTED if tls else OPEN)[flavour]
    with PlainServer(Credentials.from_password("app", b""), rsa) as server:
        assert run(flavour, server, *options, password="").stderr == ""


def test_a_client_that_prefers_native(rsa: RsaKey) -> None:
    with PlainServer(knowing("native_hash"), rsa) as server:
        assert run("mariadb", server, "--default-auth=mysql_native_password").stderr == ""
        assert c.PLUGIN_NATIVE.encode() in server.asked[0]


def test_a_client_that_sends_the_password_clear(rsa: RsaKey) -> None:
    for kind in ("password", "native_hash", "sha2_hash"):
        with PlainServer(knowing(kind), rsa) as server:
            options = ["--ssl-mode=REQUIRED", "--enable-cleartext-plugin", "--default-auth=mysql_clear_password"]
            assert run("mysql", server, *options).stderr == ""
