# cython: annotation_typing=False
"""The server's role: a client logs in, or changes its user.

Decides which plugin a client is asked for, and whether what it answers proves its password. Does not know sockets,
nor where credentials come from.

An unknown user is served with a decoy: the same packets, the same work, refused at the same step.

Sources: "Authentication Methods" (mysql_native_password, caching_sha2_password, mysql_clear_password) and
"COM_CHANGE_USER" in the MySQL Source Code Documentation.
"""

from __future__ import annotations

from proxy.errors import AccessDenied, UnsupportedAuth
from proxy.wire.auth.conversation import Conversation, RsaKey, mask, new_nonce
from proxy.wire.auth.credentials import NATIVE_LENGTH, SHA2_LENGTH, Credentials, decoy
from proxy.wire.constants import PLUGIN_CACHING_SHA2, PLUGIN_CLEAR, PLUGIN_NATIVE
from proxy.wire.packets import ChangeUser, Login, build_auth_more, build_auth_switch

_FAST_SUCCESS = build_auth_more(b"\x03")
_FULL_AUTHENTICATION = build_auth_more(b"\x04")
_PUBLIC_KEY_REQUEST = b"\x02"
_EMPTY = (b"", b"\0")  # clients that have no password send nothing, or its terminating NUL


def at_once(plugin: str | None, response: bytes, nonce: bytes, credentials: Credentials) -> bytes | None:
    """The common login: its own ``response`` proves the password, and nothing is left to say.

    The result is what ``accept`` would return, b"" standing for its ``None``; ``None`` asks for a conversation.
    """
    if plugin == PLUGIN_NATIVE:
        if len(response) == NATIVE_LENGTH and credentials.check_native(response, nonce):
            return b""
    elif plugin == PLUGIN_CACHING_SHA2 and len(response) == SHA2_LENGTH and credentials.check_sha2(response, nonce):
        return _FAST_SUCCESS
    return None


def accept(
    login: Login | ChangeUser,
    nonce: bytes,
    credentials: Credentials | None,
    secure: bool,
    rsa: RsaKey | None,
    default_plugin: str = PLUGIN_CACHING_SHA2,
    host: str = "",
) -> Conversation[bytes | None]:
    """Checks a client's password; returns on success.

    The result is a payload that has to go out ahead of the OK packet (caching_sha2's "fast authentication succeeded"),
    or ``None``. ``nonce`` and ``default_plugin`` are those of the greeting, also for COM_CHANGE_USER; ``host`` is for
    the text of ``AccessDenied``. ``credentials=None`` is an unknown user. Right credentials learn from the login.
    Raises ``AccessDenied``, or ``UnsupportedAuth`` for a client whose plugins cannot do.
    """
    if credentials is None:
        credentials = decoy(login.user)
    check = _Check(login, credentials, secure, rsa, default_plugin, host)
    plugin = login.plugin
    response = login.auth_response
    if plugin is None:
        check.without_plugins(response, nonce)
        return None
    if not check.can_use(plugin, response, nonce):
        plugin = check.right_plugin(plugin)
        nonce = new_nonce()
        response = yield build_auth_switch(plugin, nonce + b"\0")
    if plugin == PLUGIN_CACHING_SHA2:
        return (yield from check.caching_sha2(response, nonce))
    if plugin == PLUGIN_NATIVE:
        check.native(response, nonce)
    else:
        check.clear(response)
    return None


class _Check:
    """One login under way: what is known of the user and of the channel."""

    __slots__ = ("changes_user", "credentials", "default_plugin", "host", "rsa", "secure", "user")

    def __init__(
        self,
        login: Login | ChangeUser,
        credentials: Credentials,
        secure: bool,
        rsa: RsaKey | None,
        default_plugin: str,
        host: str,
    ) -> None:
        self.user = login.user
        self.changes_user = isinstance(login, ChangeUser)
        self.credentials = credentials
        self.secure = secure
        self.rsa = None if secure else rsa
        self.default_plugin = default_plugin
        self.host = host

    def can_use(self, plugin: str, response: bytes, nonce: bytes) -> bool:
        """Whether the login's own response settles it, without an auth switch.

        In COM_CHANGE_USER it does only where it is right: clients disagree about the nonce that they scramble with
        there, and MySQL asks again too, but libmariadb goes on with the greeting's nonce even then. An empty response
        only means an empty password where the client used the greeting's plugin; for a plugin of its own choice it has
        had no nonce yet (libmysqlclient sends nothing then).
        """
        if self.changes_user:
            is_native = plugin == PLUGIN_NATIVE and len(response) == NATIVE_LENGTH
            return is_native and self.credentials.check_native(response, nonce)
        if response in _EMPTY:
            return plugin == self.default_plugin
        if plugin == PLUGIN_CACHING_SHA2:
            return len(response) == SHA2_LENGTH and self._can_caching_sha2()
        if plugin == PLUGIN_NATIVE:
            return len(response) == NATIVE_LENGTH and self.credentials.native_hash is not None
        return plugin == PLUGIN_CLEAR and self.secure

    def right_plugin(self, plugin: str) -> str:
        """The plugin to switch to: the client's if it can do, else the default if it can, else what can."""
        can_native = self.credentials.native_hash is not None
        for candidate in (plugin, self.default_plugin):
            if candidate == PLUGIN_NATIVE and can_native:
                return PLUGIN_NATIVE
            if candidate == PLUGIN_CACHING_SHA2 and self._can_caching_sha2():
                return PLUGIN_CACHING_SHA2
        return PLUGIN_CACHING_SHA2 if self._can_caching_sha2() or not can_native else PLUGIN_NATIVE

    def _can_caching_sha2(self) -> bool:
        if self.credentials.sha2_hash is not None:
            return True
        return self.credentials.native_hash is not None and self._can_ask_password()

    def _can_ask_password(self) -> bool:
        return self.secure or self.rsa is not None

    def without_plugins(self, response: bytes, nonce: bytes) -> None:
        """A client without CLIENT_PLUGIN_AUTH: a native scramble of the greeting's nonce, or nothing."""
        if response not in _EMPTY:
            if len(response) != NATIVE_LENGTH:
                raise UnsupportedAuth("Clients that use the password scheme older than MySQL 4.1 are not supported")
            if self.credentials.native_hash is None:
                raise UnsupportedAuth(
                    f"User '{self.user}' cannot be checked by mysql_native_password, and the client does nothing else"
                )
        self.native(response, nonce)

    def native(self, response: bytes, nonce: bytes) -> None:
        """mysql_native_password."""
        if response in _EMPTY:
            self._empty()
        elif not self.credentials.check_native(response, nonce):
            raise self._denied()

    def caching_sha2(self, response: bytes, nonce: bytes) -> Conversation[bytes | None]:
        """caching_sha2_password: the scramble where its hash is known, else the password itself."""
        if response in _EMPTY:
            self._empty()
            return None
        if self.credentials.sha2_hash is not None:
            if not self.credentials.check_sha2(response, nonce):
                raise self._denied()
            return _FAST_SUCCESS
        if not self._can_ask_password():
            raise self._denied()
        answer = yield _FULL_AUTHENTICATION
        if self.rsa is None:  # the channel hides the password
            self.clear(answer)
            return None
        if answer == _PUBLIC_KEY_REQUEST:
            answer = yield build_auth_more(self.rsa.public_pem)
        self._encrypted(answer, nonce, self.rsa)
        return None

    def _encrypted(self, answer: bytes, nonce: bytes, rsa: RsaKey) -> None:
        try:
            masked = rsa.decrypt(answer)
        except ValueError:
            raise self._denied() from None
        self.clear(mask(masked, nonce))

    def clear(self, response: bytes) -> None:
        """The password itself, with its terminating NUL."""
        password = response.removesuffix(b"\0")
        if not password:
            self._empty()
        elif not self.credentials.check_password(password):
            raise self._denied()

    def _empty(self) -> None:
        if not self.credentials.is_empty:
            raise self._denied(used_password=False)

    def _denied(self, used_password: bool = True) -> AccessDenied:
        return AccessDenied(self.user, self.host, used_password)
