"""MariaDB's client_ed25519: an Ed25519 signature whose secret is a password of any length.

PyMySQL has it for PyNaCl only, and ``cryptography`` takes secrets of exactly 32 bytes, so the curve is written out
here: RFC 8032, 5.1. It runs once per login to a server, on the machine that holds the password; the sequence of
additions and doublings does not depend on the secret.
"""

from __future__ import annotations

import hashlib

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P

# A point (x, y) is held as (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z.
_Point = tuple[int, int, int, int]
_ZERO: _Point = (0, 1, 1, 0)
_BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
_BASE_Y = 46316835694926478169428394003475163141307993866256225615783033603165251855960
_BASE: _Point = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % _P)


def _add(left: _Point, right: _Point) -> _Point:
    """RFC 8032, 5.1.4; complete, so it doubles too."""
    a = (left[1] - left[0]) * (right[1] - right[0]) % _P
    b = (left[1] + left[0]) * (right[1] + right[0]) % _P
    c = 2 * left[3] * right[3] * _D % _P
    d = 2 * left[2] * right[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _base_times(scalar: int) -> bytes:
    """The encoded point ``scalar * B``."""
    point, power = _ZERO, _BASE
    for bit in range(255):
        sums = (point, _add(point, power))
        point = sums[scalar >> bit & 1]
        power = _add(power, power)
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def sign(password: bytes, message: bytes) -> bytes:
    """The 64-byte signature of ``message`` with the key that follows from ``password``.

    As RFC 8032, 5.1.6, with the password in place of the 32-byte private key.
    """
    digest = hashlib.sha512(password).digest()
    secret = _number(digest[:32]) & ~(7 | 1 << 255) | 1 << 254
    public = _base_times(secret)
    r = _number(hashlib.sha512(digest[32:] + message).digest()) % _ORDER
    commitment = _base_times(r)
    challenge = _number(hashlib.sha512(commitment + public + message).digest()) % _ORDER
    return commitment + ((r + challenge * secret) % _ORDER).to_bytes(32, "little")
