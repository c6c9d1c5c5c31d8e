"""The client's role: Forebay logs in to a server.

Decides what proves the login identity's password to whichever plugin the server asks for, and refuses to show a
password to a channel that does not hide it. Does not know sockets, nor how TLS was started.

Sources: "Authentication Methods" and "Protocol::AuthSwitchRequest" in the MySQL Source Code Documentation;
"Authentication Plugin - ed25519" in the MariaDB Knowledge Base.
"""

from __future__ import annotations

from collections.abc import Callable

from proxy.errors import MalformedPacket, ServerRefused, UnsupportedAuth
from proxy.wire.auth import ed25519
from proxy.wire.auth.conversation import Conversation
from proxy.wire.auth.credentials import Credentials
from proxy.wire.constants import (
    HEADER_AUTH_MORE,
    HEADER_EOF,
    HEADER_ERR,
    HEADER_OK,
    NONCE_LENGTH,
    PLUGIN_CACHING_SHA2,
    PLUGIN_CLEAR,
    PLUGIN_ED25519,
    PLUGIN_NATIVE,
    PLUGIN_SHA256,
)
from proxy.wire.packets import parse_auth_more, parse_auth_switch, parse_err

_MAX_PACKETS = 16  # the longest real login takes six
_FAST_SUCCESS = b"\x03"
_FULL_AUTHENTICATION = b"\x04"
_SHA2_KEY_REQUEST = b"\x02"  # caching_sha2_password's
_SHA256_KEY_REQUEST = b"\x01"  # sha256_password's


def choose_plugin(plugin: str, credentials: Credentials) -> str:
    """The plugin to name in the login: the greeting's if its proof can be made, else one whose proof can.

    A server switches when its account uses another one; it refuses at once when the right plugin comes with a wrong
    proof. Raises ``UnsupportedAuth`` when no proof can be made at all.
    """
    for candidate in (plugin, PLUGIN_CACHING_SHA2, PLUGIN_NATIVE):
        scramble = _SCRAMBLES.get(candidate)
        if scramble is not None and scramble(credentials, bytes(NONCE_LENGTH)) is not None:
            return candidate
    raise UnsupportedAuth(
        f"Cannot log in to the server as '{credentials.user}': its password is not known, and no client has taught it"
    )


def first_response(plugin: str, nonce: bytes, credentials: Credentials) -> bytes:
    """The auth response for the login packet; ``plugin`` comes from ``choose_plugin``, ``nonce`` from the greeting."""
    return _scramble(plugin, nonce, credentials)


def log_in(
    plugin: str,
    nonce: bytes,
    credentials: Credentials,
    secure: bool,
    allow_public_key: bool = True,
) -> Conversation[bytes]:
    """The packets after the login packet, which named ``plugin``; returns the server's OK payload.

    ``allow_public_key`` is whether a server may be asked for its RSA key over a channel that does not hide a password;
    the key is not verified, so who can change packets there can read the password.
    Raises ``ServerRefused`` with the server's own error, ``UnsupportedAuth`` when the server asks for what is not
    known, not supported, or not safe here, ``MalformedPacket`` for anything else.
    """
    prover = _Prover(plugin, nonce, credentials, secure, allow_public_key)
    answer: bytes | None = None
    for _ in range(_MAX_PACKETS):
        received = yield answer
        header = received[0] if received else None
        if header == HEADER_OK:
            return received
        if header == HEADER_ERR:
            err = parse_err(received)
            raise ServerRefused(err.number, err.sqlstate, err.text)
        if header == HEADER_EOF:
            answer = prover.switched(*parse_auth_switch(received))
        elif header == HEADER_AUTH_MORE:
            answer = prover.more(parse_auth_more(received))
        else:
            raise MalformedPacket("The server's answer to the login is not one of the protocol")
    raise MalformedPacket("The server does not end the login")


def _native(credentials: Credentials, nonce: bytes) -> bytes | None:
    return credentials.native_scramble(nonce)


def _caching_sha2(credentials: Credentials, nonce: bytes) -> bytes | None:
    return credentials.sha2_scramble(nonce)


_SCRAMBLES: dict[str, Callable[[Credentials, bytes], bytes | None]] = {
    PLUGIN_NATIVE: _native,
    PLUGIN_CACHING_SHA2: _caching_sha2,
}


def _scramble(plugin: str, nonce: bytes, credentials: Credentials) -> bytes:
    scramble = _SCRAMBLES[plugin](credentials, nonce)
    if scramble is None:
        raise _lacking(plugin, credentials)
    return scramble


def _lacking(plugin: str, credentials: Credentials) -> UnsupportedAuth:
    return UnsupportedAuth(
        f"The server wants {plugin} for '{credentials.user}', which needs the password, "
        "but only a hash of another kind is known"
    )


class _Prover:
    """One login under way: the plugin that the server asked for last, with its nonce."""

    __slots__ = ("allow_public_key", "asked_for_key", "credentials", "nonce", "plugin", "secure")

    def __init__(
        self, plugin: str, nonce: bytes, credentials: Credentials, secure: bool, allow_public_key: bool
    ) -> None:
        self.plugin = plugin
        self.nonce = nonce
        self.credentials = credentials
        self.secure = secure
        self.allow_public_key = allow_public_key
        self.asked_for_key = False

    def switched(self, plugin: str, data: bytes) -> bytes:
        """The answer to an auth switch."""
        self.plugin = plugin
        self.asked_for_key = False
        if plugin == PLUGIN_ED25519:
            return ed25519.sign(self._password(), data)  # its nonce has 32 bytes and no NUL behind
        self.nonce = data[:NONCE_LENGTH]
        if plugin in _SCRAMBLES:
            return _scramble(plugin, self.nonce, self.credentials)
        if plugin == PLUGIN_SHA256:
            return self._show_password(_SHA256_KEY_REQUEST)
        if plugin == PLUGIN_CLEAR:
            if not self.secure:
                raise UnsupportedAuth("The server wants the password in clear text; that needs TLS or a unix socket")
            return self._password() + b"\0"
        raise UnsupportedAuth(f"The server wants the authentication plugin {plugin}, which is not supported")

    def more(self, data: bytes) -> bytes | None:
        """The answer to more data of the plugin under way."""
        if self.asked_for_key:
            self.asked_for_key = False
            return self._encrypted(data)
        if self.plugin == PLUGIN_CACHING_SHA2 and data == _FAST_SUCCESS:
            return None
        if self.plugin == PLUGIN_CACHING_SHA2 and data == _FULL_AUTHENTICATION:
            return self._show_password(_SHA2_KEY_REQUEST)
        raise MalformedPacket(f"The server's data for {self.plugin} is not of that plugin")

    def _show_password(self, key_request: bytes) -> bytes:
        password = self._password()
        if self.secure or not password:
            return password + b"\0"
        if not self.allow_public_key:
            raise UnsupportedAuth(f"The server wants the password by {self.plugin}; that needs TLS or a unix socket")
        self.asked_for_key = True
        return key_request

    def _encrypted(self, public_key: bytes) -> bytes:
        from pymysql._auth import sha2_rsa_encrypt  # here, because it brings all of PyMySQL and of cryptography

        try:
            return sha2_rsa_encrypt(self._password(), self.nonce, public_key)
        except ValueError:
            raise MalformedPacket("The server's public key cannot encrypt the password") from None

    def _password(self) -> bytes:
        if self.credentials.password is None:
            if self.credentials.is_empty:
                return b""
            raise _lacking(self.plugin, self.credentials)
        return self.credentials.password
