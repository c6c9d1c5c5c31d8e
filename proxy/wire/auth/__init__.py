"""Each auth plugin's conversation as a generator, for both roles.

``accept`` plays the server towards a client, ``log_in`` the client towards a server. Both know payloads only; whoever
drives them owns sockets, sequence numbers, deadlines and TLS, and tells by ``secure`` whether the channel hides a
password (TLS or a unix socket).

A conversation: ``received = yield to_send``, where ``to_send`` is a payload, or ``None`` to wait for the next packet
without sending. It fails by raising a ``ProxyError``.
"""

from proxy.wire.auth.accept import accept, at_once
from proxy.wire.auth.conversation import Conversation, RsaKey, new_nonce
from proxy.wire.auth.credentials import Credentials, decoy, format_password_hash, parse_password_hash
from proxy.wire.auth.log_in import choose_plugin, first_response, log_in

__all__ = [
    "Conversation",
    "Credentials",
    "RsaKey",
    "accept",
    "at_once",
    "choose_plugin",
    "decoy",
    "first_response",
    "format_password_hash",
    "log_in",
    "new_nonce",
    "parse_password_hash",
]
