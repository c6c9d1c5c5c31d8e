"""Hashes in the configuration, and what never shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymysql import _auth

from proxy.wire.auth import Credentials, ed25519, format_password_hash, parse_password_hash


@given(st.binary(max_size=40), st.binary(min_size=20, max_size=20))
def test_scrambles_equal_pymysqls_and_check(password: bytes, nonce: bytes) -> None:
    known = Credentials.from_password("app", password)
    native, sha2 = known.native_scramble(nonce), known.sha2_scramble(nonce)
    assert native == _auth.scramble_native_password(password, nonce)
    assert sha2 == _auth.scramble_caching_sha2(password, nonce)
    if password:
        hashes = Credentials("app", native_hash=known.native_hash, sha2_hash=known.sha2_hash)
        assert hashes.check_native(native or b"", nonce)
        assert hashes.check_sha2(sha2 or b"", nonce)
        assert hashes.native_scramble(nonce[::-1]) == _auth.scramble_native_password(password, nonce[::-1])
        assert hashes.sha2_scramble(nonce[::-1]) == _auth.scramble_caching_sha2(password, nonce[::-1])
        assert not hashes.check_native((native or b"")[:-1] + bytes((native[-1] ^ 1,)) if native else b"", nonce)


def test_the_native_hash_is_what_mysql_prints() -> None:
    known = Credentials.from_password("app", b"password")
    text = "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"
    assert parse_password_hash("app", text).native_hash == known.native_hash
    assert format_password_hash(Credentials("app", native_hash=known.native_hash)) == text


@given(st.binary(max_size=20))
def test_hashes_come_back_in_either_order(password: bytes) -> None:
    known = Credentials.from_password("app", password)
    hashes = Credentials("app", native_hash=known.native_hash, sha2_hash=known.sha2_hash)
    text = format_password_hash(known)
    assert parse_password_hash("app", text) == hashes
    assert parse_password_hash("app", " ".join(reversed(text.split())).lower()) == hashes
    for half in text.split():
        assert format_password_hash(parse_password_hash("app", half)) == half


@pytest.mark.parametrize(
    "text", ["", "secret", "*12", "$sha2$12", "*" + "0" * 40 + " *" + "0" * 40, "*" + "0" * 39 + "g", "*" + "0" * 41]
)
def test_what_is_no_hash_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_password_hash("app", text)
    assert not text or text not in str(refused.value)


def test_secrets_do_not_show() -> None:
    assert repr(Credentials.from_password("app", b"secret")) == "Credentials(user='app')"


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=40))
def test_a_signature_with_a_secret_of_32_bytes_is_plain_ed25519(secret: bytes, message: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    assert ed25519.sign(secret, message) == Ed25519PrivateKey.from_private_bytes(secret).sign(message)
