"""The certificate and the RSA key that Forebay makes for itself when it is given none.

Decides their kinds, names and lifetimes, and how they are kept: in memory, or as files that only their owner reads.
Does not know who uses them.

The certificate is an ECDSA one (a signature costs a twentieth of RSA's), signed by itself: clients encrypt with it, and
verify it when they are given the file. The RSA key serves caching_sha2_password's full authentication without TLS.

``cryptography`` is imported where it is used: most deployments need neither. A proxy that lives long has its
certificate made in another process (``prepare``, ``prepared``), so that it does not carry those 10 MB for ever; on a
second CPU that costs no time either.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from proxy.wire.auth import RsaKey

if TYPE_CHECKING:
    from cryptography import x509

TLS_FILE = "tls.pem"  # private key and certificate
PASSWORD_KEY_FILE = "password-key.pem"

_LIFETIME = timedelta(days=3650)  # as long as those that MySQL makes for itself
_RENEW_BEFORE = timedelta(days=30)
_CLOCK_SKEW = timedelta(days=1)
_RSA_BITS = 2048


@dataclass(slots=True, frozen=True)
class OwnCertificate:
    """``pem`` holds the unencrypted private key and the certificate, as ``load_cert_chain`` takes them in one file."""

    pem: bytes

    def __repr__(self) -> str:
        return "OwnCertificate(...)"

    @contextlib.contextmanager
    def file(self) -> Iterator[str]:
        """A path, for the time of the ``with`` block, at which ``ssl`` finds both: its functions take paths only.

        On Linux no disk sees it, and a read-only file system does not mind.
        """
        if not hasattr(os, "memfd_create"):
            with tempfile.TemporaryDirectory() as folder, _new_file(Path(folder, TLS_FILE), self.pem) as path:
                yield path
            return
        with open(os.memfd_create("forebay-tls"), "w+b") as memory:
            memory.write(self.pem)
            memory.flush()
            yield f"/proc/self/fd/{memory.fileno()}"


def own_certificate(state_folder: str = "", now: datetime | None = None) -> OwnCertificate:
    """A certificate for this machine's name and the loopback addresses.

    With a ``state_folder`` the one kept there, replaced when it is about to expire. Raises ``OSError`` for a folder
    that cannot be used and ``ValueError`` for a file in it that is no certificate.
    """
    now = now or datetime.now(UTC)
    if not state_folder:
        return OwnCertificate(_make_certificate(now))
    path = Path(state_folder, TLS_FILE)
    pem = _kept(path, lambda: _make_certificate(now))
    if _parse_certificate(pem, path).not_valid_after_utc - now < _RENEW_BEFORE:
        pem = _make_certificate(now)
        _replace(path, pem)
    return OwnCertificate(pem)


_begun: dict[str, subprocess.Popen[bytes]] = {}


def prepare(state_folder: str) -> None:
    """Begin ``own_certificate`` in another process, for ``prepared`` to take."""
    if state_folder not in _begun:
        command = [sys.executable, "-m", __name__, state_folder]
        _begun[state_folder] = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def prepared(state_folder: str) -> OwnCertificate:
    """What ``own_certificate`` gives, once. Raises ``OSError`` with its reason where it fails."""
    prepare(state_folder)
    pem, reason = (process := _begun.pop(state_folder)).communicate()
    if process.returncode:
        raise OSError(reason.decode(errors="replace").strip() or "no certificate could be made")
    return OwnCertificate(pem)


def own_rsa_key(state_folder: str = "") -> RsaKey:
    """The key for passwords without TLS; with a ``state_folder`` the one kept there. Errors as ``own_certificate``."""
    if not state_folder:
        return _rsa_key(_make_rsa_key())
    path = Path(state_folder, PASSWORD_KEY_FILE)
    pem = _kept(path, _make_rsa_key)
    try:
        return _rsa_key(pem)
    except ValueError:
        raise ValueError(f"{path} is not an RSA private key; delete it, and a new one is made") from None


def _make_certificate(now: datetime) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Forebay")])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName(list(_own_names())), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)  # it is its own authority
        .add_extension(_key_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _own_names() -> Iterator[x509.GeneralName]:
    import ipaddress

    from cryptography import x509

    for name in dict.fromkeys(("localhost", socket.gethostname())):
        with contextlib.suppress(ValueError):  # a host name outside ASCII has no place in a certificate
            yield x509.DNSName(name)
    yield x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    yield x509.IPAddress(ipaddress.ip_address("::1"))


def _key_usage() -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _parse_certificate(pem: bytes, path: Path) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    try:
        certificate = x509.load_pem_x509_certificate(pem)
        matches = serialization.load_pem_private_key(pem, None).public_key() == certificate.public_key()
    except ValueError:
        matches = False
    if not matches:
        raise ValueError(f"{path} is not a private key with its certificate; delete it, and a new one is made")
    return certificate


def _make_rsa_key() -> bytes:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _rsa_key(pem: bytes) -> RsaKey:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not an RSA key")
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return RsaKey(public, lambda encrypted: key.decrypt(encrypted, oaep))


def _kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """The file's content, made first if it is not there. Of two processes that make it, both use the first one's."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _new_file(path, make()) as new, contextlib.suppress(FileExistsError):
        os.link(new, path)
    return path.read_bytes()


def _replace(path: Path, content: bytes) -> None:
    with _new_file(path, content) as new:
        os.replace(new, path)


@contextlib.contextmanager
def _new_file(path: Path, content: bytes) -> Iterator[str]:
    """A file beside ``path`` that only its owner reads (``mkstemp`` makes it so); gone afterwards if still there."""
    handle, name = tempfile.mkstemp(prefix=path.name + ".", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(content)
        yield name
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


if __name__ == "__main__":
    try:
        sys.stdout.buffer.write(own_certificate(sys.argv[1]).pem)
    except (OSError, ValueError) as error:
        sys.exit(str(error))
