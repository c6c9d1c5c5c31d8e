"""What is known about a user's password: itself, hashes of it, and what logins have taught.

This file knows the arithmetic of hashes and scrambles. It does not know packets, nor which plugin a peer wants.

With ``nonce`` N and password P, a native scramble is ``SHA1(P) XOR SHA1(N + SHA1(SHA1(P)))``, and a caching_sha2 one
``SHA256(P) XOR SHA256(SHA256(SHA256(P)) + N)`` ("Native Authentication" and "Caching_sha2_password information" in the
MySQL Source Code Documentation). So who holds the double hash can check a scramble and learns the single hash from it;
the single hash is all that it takes to make scrambles.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from proxy.wire.auth.conversation import mask
from proxy.wire.primitives import to_bytes

NATIVE_LENGTH = 20
SHA2_LENGTH = 32


@dataclass(slots=True)
class Credentials:
    """One user's secrets; ``None`` is not known. With nothing known, nobody gets in.

    ``native_hash`` is SHA1(SHA1(password)), ``native_stage1`` SHA1(password); ``sha2_hash`` and ``sha2_stage1`` are the
    same with SHA256. What a client's login teaches is kept here, so one object is shared by all clients of the user.
    """

    user: str
    password: bytes | None = field(default=None, repr=False)
    native_hash: bytes | None = field(default=None, repr=False)
    sha2_hash: bytes | None = field(default=None, repr=False)
    native_stage1: bytes | None = field(default=None, repr=False)
    sha2_stage1: bytes | None = field(default=None, repr=False)

    @classmethod
    def from_password(cls, user: str, password: bytes) -> Credentials:
        """Everything follows from the password."""
        credentials = cls(user)
        credentials.learn(password)
        return credentials

    def learn(self, password: bytes) -> None:
        """Takes a password that is known to be right."""
        self.password = password
        self.native_stage1 = _sha1(password)
        self.native_hash = _sha1(self.native_stage1)
        self.sha2_stage1 = _sha256(password)
        self.sha2_hash = _sha256(self.sha2_stage1)

    @property
    def is_empty(self) -> bool:
        """Whether the user has no password (which differs from a password that is not known)."""
        return self.password == b"" or self.native_hash == _EMPTY_NATIVE or self.sha2_hash == _EMPTY_SHA2

    def check_password(self, password: bytes) -> bool:
        """Whether this is the password; learns it if so."""
        if self.sha2_hash is not None:
            right = hmac.compare_digest(_sha256(_sha256(password)), self.sha2_hash)
        elif self.native_hash is not None:
            right = hmac.compare_digest(_sha1(_sha1(password)), self.native_hash)
        else:
            right = False
        if right and self.password is None:
            self.learn(password)
        return right

    def check_native(self, scramble: bytes, nonce: bytes) -> bool:
        """Whether a 20-byte scramble was made from the password; learns SHA1(password) if so."""
        if self.native_hash is None or len(scramble) != NATIVE_LENGTH:
            return False
        pattern = hashlib.sha1(nonce + self.native_hash).digest()
        if self.native_stage1 is not None:
            return hmac.compare_digest(mask(self.native_stage1, pattern), scramble)
        stage1 = mask(scramble, pattern)
        right = hmac.compare_digest(_sha1(stage1), self.native_hash)
        if right:
            self.native_stage1 = stage1
        return right

    def check_sha2(self, scramble: bytes, nonce: bytes) -> bool:
        """Whether a 32-byte scramble was made from the password; learns SHA256(password) if so."""
        if self.sha2_hash is None or len(scramble) != SHA2_LENGTH:
            return False
        pattern = hashlib.sha256(self.sha2_hash + nonce).digest()
        if self.sha2_stage1 is not None:
            return hmac.compare_digest(mask(self.sha2_stage1, pattern), scramble)
        stage1 = mask(scramble, pattern)
        right = hmac.compare_digest(_sha256(stage1), self.sha2_hash)
        if right:
            self.sha2_stage1 = stage1
        return right

    def native_scramble(self, nonce: bytes) -> bytes | None:
        """What proves the password to a server by mysql_native_password; ``None`` when too little is known."""
        if self.is_empty:
            return b""
        stage1 = _sha1(self.password) if self.password is not None else self.native_stage1
        return None if stage1 is None else mask(stage1, _sha1(nonce + _sha1(stage1)))

    def sha2_scramble(self, nonce: bytes) -> bytes | None:
        """The same by caching_sha2_password's fast path."""
        if self.is_empty:
            return b""
        stage1 = _sha256(self.password) if self.password is not None else self.sha2_stage1
        return None if stage1 is None else mask(stage1, _sha256(_sha256(stage1) + nonce))


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data).digest()


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


_EMPTY_NATIVE = _sha1(_sha1(b""))
_EMPTY_SHA2 = _sha256(_sha256(b""))
_DECOY_KEY = secrets.token_bytes(32)


def decoy(user: str, known: Sequence[Credentials] = ()) -> Credentials:
    """Credentials that nobody can satisfy, for a user that does not exist.

    They have hashes of the same kinds as one of the ``known`` users, always the same one for a name, so that neither
    the packets of a login nor the time they take tell whether a name exists. Without ``known`` there are double hashes
    of both kinds.
    """
    model = None
    if known:
        digest = hmac.digest(_DECOY_KEY, to_bytes(user), "sha256")
        model = known[int.from_bytes(digest, "little") % len(known)]
    if model is None:
        return Credentials(user, native_hash=_made_up(NATIVE_LENGTH), sha2_hash=_made_up(SHA2_LENGTH))
    return Credentials(
        user,
        native_hash=_made_up(NATIVE_LENGTH, model.native_hash),
        sha2_hash=_made_up(SHA2_LENGTH, model.sha2_hash),
        native_stage1=_made_up(NATIVE_LENGTH, model.native_stage1),
        sha2_stage1=_made_up(SHA2_LENGTH, model.sha2_stage1),
    )


def _made_up(length: int, like: bytes | None = b"") -> bytes | None:
    """A random hash, or ``None`` where that stands for ``like``, too."""
    return None if like is None else secrets.token_bytes(length)


_NATIVE_TEXT = re.compile(r"\*([0-9A-Fa-f]{40})")
_SHA2_TEXT = re.compile(r"\$sha2\$([0-9A-Fa-f]{64})")


def format_password_hash(credentials: Credentials) -> str:
    """The hashes as the configuration holds them: ``*HEX40`` (as MySQL prints it) and ``$sha2$HEX64``, by a blank."""
    parts = []
    if credentials.native_hash is not None:
        parts.append("*" + credentials.native_hash.hex().upper())
    if credentials.sha2_hash is not None:
        parts.append("$sha2$" + credentials.sha2_hash.hex().upper())
    return " ".join(parts)


def parse_password_hash(user: str, text: str) -> Credentials:
    """Credentials from what ``format_password_hash`` wrote, or from one half of it.

    Raises ``ValueError``, whose text does not repeat the hash.
    """
    credentials = Credentials(user)
    for word in text.split():
        if (match := _NATIVE_TEXT.fullmatch(word)) and credentials.native_hash is None:
            credentials.native_hash = bytes.fromhex(match[1])
        elif (match := _SHA2_TEXT.fullmatch(word)) and credentials.sha2_hash is None:
            credentials.sha2_hash = bytes.fromhex(match[1])
        else:
            raise ValueError("expected *HEX40, $sha2$HEX64, or both separated by a blank")
    if credentials.native_hash is None and credentials.sha2_hash is None:
        raise ValueError("expected a password hash, got nothing")
    return credentials
