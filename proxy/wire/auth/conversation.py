"""What both roles of a login share: the shape of a conversation, nonces, the RSA key.

Nothing here knows a plugin's rules.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

from proxy.wire.constants import NONCE_LENGTH

Result = TypeVar("Result")
Conversation = Generator[bytes | None, bytes, Result]


@dataclass(slots=True, frozen=True)
class RsaKey:
    """The key that hides a password where there is no TLS.

    ``public_pem`` is what clients ask for; ``decrypt`` undoes RSA-OAEP with SHA-1 and raises ``ValueError`` for
    anything that was not encrypted so.
    """

    public_pem: bytes
    decrypt: Callable[[bytes], bytes]


def new_nonce() -> bytes:
    """20 random bytes that every client takes: 7 bits each, no NUL (it ends strings) and no "$", as MySQL's own."""
    if not _stock:
        _stock_up()
    return _stock.pop()


_TO_NONCE = bytes(byte % 128 + (byte % 128 in b"\0$") for byte in range(256))
# Asking the system for each nonce alone takes longer than all else about it. Each is handed out once.
_stock: list[bytes] = []
_STOCKED = 128


def _stock_up() -> None:
    drawn = os.urandom(_STOCKED * NONCE_LENGTH).translate(_TO_NONCE)
    _stock.extend(drawn[start : start + NONCE_LENGTH] for start in range(0, len(drawn), NONCE_LENGTH))


os.register_at_fork(after_in_child=_stock.clear)  # two processes must not hand out the same ones


def mask(message: bytes, pattern: bytes) -> bytes:
    """``message`` XOR ``pattern``, which repeats; masking twice gives the message back."""
    size = len(message)
    if size == len(pattern):
        return (int.from_bytes(message, "little") ^ int.from_bytes(pattern, "little")).to_bytes(size, "little")
    stream = (pattern * (size // len(pattern) + 1))[:size]
    return (int.from_bytes(message, "little") ^ int.from_bytes(stream, "little")).to_bytes(size, "little")
