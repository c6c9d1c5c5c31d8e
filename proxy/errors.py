"""Every error a client can see, and nothing else.

An error knows its wire face (number, SQLSTATE, text), how loudly it is logged and the
label under which it is counted. Raising one is how any room refuses a client;
``relay`` has the single place that turns it into an ERR packet and a log line.

Numbers are MySQL's own wherever one fits ("Server Error Message Reference" and "Client Error
Message Reference" of the MySQL manual); 9501 is the number RDS Proxy uses for a borrow timeout.
"""

from __future__ import annotations

import logging


class ProxyError(Exception):
    """An error with a wire face. Subclasses are rows: number, SQLSTATE, label, log level."""

    number = 1105
    sqlstate = "HY000"
    label = "internal"
    level = logging.ERROR

    def __init__(self, text: str = "Unknown error") -> None:
        super().__init__(text)
        self.text = text


class TooManyClients(ProxyError):
    """ER_CON_COUNT_ERROR: ``clients.max_connections`` is reached."""

    number, sqlstate, label, level = 1040, "08004", "too_many_clients", logging.WARNING


class AccessDenied(ProxyError):
    """ER_ACCESS_DENIED_ERROR: the same text for an unknown user and for a wrong password."""

    number, sqlstate, label, level = 1045, "28000", "access_denied", logging.WARNING

    def __init__(self, user: str, host: str, used_password: bool) -> None:
        word = "YES" if used_password else "NO"
        super().__init__(f"Access denied for user '{user}'@'{host}' (using password: {word})")


class HandshakeFailed(ProxyError):
    """ER_HANDSHAKE_ERROR: the login packets make no sense."""

    number, sqlstate, label, level = 1043, "08S01", "bad_handshake", logging.WARNING

    def __init__(self, text: str = "Bad handshake") -> None:
        super().__init__(text)


class LoginTimeout(ProxyError):
    """The login did not end within ``clients.login_timeout``."""

    number, sqlstate, label, level = 1159, "08S01", "login_timeout", logging.INFO


class UnsupportedAuth(ProxyError):
    """ER_NOT_SUPPORTED_AUTH_MODE: the client cannot do any plugin that its user allows."""

    number, sqlstate, label, level = 1251, "08004", "unsupported_auth", logging.WARNING


class UnknownCommand(ProxyError):
    """ER_UNKNOWN_COM_ERROR: a command byte that nobody defines, or one not for clients of a proxy."""

    number, sqlstate, label, level = 1047, "08S01", "unknown_command", logging.INFO

    def __init__(self, text: str = "Unknown command") -> None:
        super().__init__(text)


class NotSupported(ProxyError):
    """ER_NOT_SUPPORTED_YET: understood, and refused."""

    number, sqlstate, label, level = 1235, "42000", "not_supported", logging.INFO


class ShuttingDown(ProxyError):
    """ER_SERVER_SHUTDOWN: Forebay drains."""

    number, sqlstate, label, level = 1053, "08S01", "shutting_down", logging.INFO

    def __init__(self, text: str = "Server shutdown in progress") -> None:
        super().__init__(text)


class MalformedPacket(ProxyError):
    """ER_MALFORMED_PACKET: the peer sent bytes that are not the protocol."""

    number, sqlstate, label, level = 1835, "HY000", "malformed_packet", logging.WARNING

    def __init__(self, text: str = "Malformed communication packet") -> None:
        super().__init__(text)


class PacketsOutOfOrder(ProxyError):
    """ER_NET_PACKETS_OUT_OF_ORDER: a sequence number is not the expected one."""

    number, sqlstate, label, level = 1156, "08S01", "packets_out_of_order", logging.WARNING

    def __init__(self, text: str = "Got packets out of order") -> None:
        super().__init__(text)


class PacketTooLarge(ProxyError):
    """ER_NET_PACKET_TOO_LARGE: a command longer than ``clients.max_allowed_packet``."""

    number, sqlstate, label, level = 1153, "08S01", "packet_too_large", logging.INFO

    def __init__(self, text: str = "Got a packet bigger than 'max_allowed_packet' bytes") -> None:
        super().__init__(text)


class NoSuchThread(ProxyError):
    """ER_NO_SUCH_THREAD: KILL names a client that does not exist."""

    number, sqlstate, label, level = 1094, "HY000", "no_such_thread", logging.INFO

    def __init__(self, connection_id: int) -> None:
        super().__init__(f"Unknown thread id: {connection_id}")


class KillDenied(ProxyError):
    """ER_KILL_DENIED_ERROR: KILL names a client of another user."""

    number, sqlstate, label, level = 1095, "HY000", "kill_denied", logging.WARNING

    def __init__(self, connection_id: int) -> None:
        super().__init__(f"You are not owner of thread {connection_id}")


class QueryTimeout(ProxyError):
    """ER_QUERY_TIMEOUT: a statement ran longer than ``clients.query_timeout``."""

    number, sqlstate, label, level = 3024, "HY000", "query_timeout", logging.INFO


class ServerLost(ProxyError):
    """ER_NET_READ_ERROR: the server connection broke while a statement was under way.

    Not 2013: libmariadb takes an ERR packet with a client's number for a malformed packet and hides the text.
    """

    number, sqlstate, label, level = 1158, "08S01", "server_lost", logging.WARNING

    def __init__(self, text: str = "Lost connection to MySQL server during query") -> None:
        super().__init__(text)


class ServerUnavailable(ProxyError):
    """ER_CONNECT_TO_FOREIGN_DATA_SOURCE: no server connection could be opened. Not 2003, as above."""

    number, sqlstate, label, level = 1429, "HY000", "server_unavailable", logging.WARNING


class ServerRefused(ProxyError):
    """The server answered a login or a session command of Forebay's own with an error of its own."""

    label, level = "server_refused", logging.WARNING

    def __init__(self, number: int, sqlstate: str, text: str) -> None:
        super().__init__(text)
        self.number = number
        self.sqlstate = sqlstate


class BorrowTimeout(ProxyError):
    """RDS Proxy's 9501: no server connection became free within ``pool.borrow_timeout``."""

    number, sqlstate, label, level = 9501, "HY000", "borrow_timeout", logging.WARNING


class IdleTimeout(ProxyError):
    """ER_CLIENT_INTERACTION_TIMEOUT: the client was idle, or idle in a transaction, for too long."""

    number, sqlstate, label, level = 4031, "HY000", "idle_timeout", logging.INFO


class TlsRequired(ProxyError):
    """ER_SECURE_TRANSPORT_REQUIRED: ``listen`` demands TLS and the client came without."""

    number, sqlstate, label, level = 3159, "HY000", "tls_required", logging.INFO

    def __init__(self) -> None:
        super().__init__("Connections using insecure transport are prohibited by this proxy")
