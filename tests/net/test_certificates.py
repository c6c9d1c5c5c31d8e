"""The certificate and the key that Forebay makes for itself."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from pymysql._auth import sha2_rsa_encrypt

from proxy.net.certificates import PASSWORD_KEY_FILE, TLS_FILE, own_certificate, own_rsa_key

NONCE = bytes(range(1, 21))


def shake_hands(pem: bytes, path: str, name: str) -> str | None:
    """A whole handshake in memory, verified; returns the protocol's version."""
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(path, path)
    client_context = ssl.create_default_context(cadata=pem[pem.index(b"-----BEGIN CERT") :].decode())
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(down, up, server_hostname=name)
    server = server_context.wrap_bio(up, down, server_side=True)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return client.version()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_clients_that_are_given_it_verify_it(name: str) -> None:
    own = own_certificate()
    with own.file() as path:
        assert shake_hands(own.pem, path, name) == "TLSv1.3"


def test_without_a_folder_it_is_another_one_each_time() -> None:
    assert own_certificate().pem != own_certificate().pem
    assert "PRIVATE" not in repr(own_certificate())


def test_a_folder_keeps_both_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "state"
    certificate, key = own_certificate(str(folder)), own_rsa_key(str(folder))
    assert own_certificate(str(folder)) == certificate
    assert own_rsa_key(str(folder)).public_pem == key.public_pem
    assert sorted(file.name for file in folder.iterdir()) == sorted((TLS_FILE, PASSWORD_KEY_FILE))
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_one_that_is_about_to_expire_is_replaced(tmp_path: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=3640)
    old = own_certificate(str(tmp_path), long_ago)
    assert own_certificate(str(tmp_path), long_ago) == old
    new = own_certificate(str(tmp_path))
    assert new != old
    assert own_certificate(str(tmp_path)) == new
    assert x509.load_pem_x509_certificate(new.pem).not_valid_after_utc > datetime.now(UTC) + timedelta(days=3000)
    assert (tmp_path / TLS_FILE).stat().st_mode & 0o777 == 0o600


def test_of_two_that_make_it_at_once_both_use_the_first_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = own_certificate()
    path = tmp_path / TLS_FILE

    def slow(now: datetime) -> bytes:
        path.write_bytes(first.pem)
        return b"the second one's"

    monkeypatch.setattr("proxy.net.certificates._make_certificate", slow)
    assert own_certificate(str(tmp_path)) == first
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"nonsense", own_certificate().pem[-500:]])
def test_a_file_that_is_something_else_is_named(tmp_path: Path, content: bytes) -> None:
    for file, make in ((TLS_FILE, own_certificate), (PASSWORD_KEY_FILE, own_rsa_key)):
        (tmp_path / file).write_bytes(content)
        with pytest.raises(ValueError, match=file):
            make(str(tmp_path))


def test_a_certificate_with_another_ones_key_is_refused(tmp_path: Path) -> None:
    one, other = own_certificate().pem, own_certificate().pem
    cut = one.index(b"-----BEGIN CERT")
    (tmp_path / TLS_FILE).write_bytes(one[:cut] + other[other.index(b"-----BEGIN CERT") :])
    with pytest.raises(ValueError, match=TLS_FILE):
        own_certificate(str(tmp_path))


def test_the_key_undoes_what_clients_do() -> None:
    key = own_rsa_key()
    assert key.decrypt(sha2_rsa_encrypt(b"", NONCE, key.public_pem)) == NONCE[:1]
    for encrypted in (b"", bytes(256), b"x" * 255):
        with pytest.raises(ValueError):
            key.decrypt(encrypted)


def test_a_system_without_memory_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.memfd_create")
    own = own_certificate()
    with own.file() as path:
        assert Path(path).stat().st_mode & 0o777 == 0o600
        assert shake_hands(own.pem, path, "localhost")
    assert not Path(path).exists()
