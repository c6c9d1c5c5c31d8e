"""A blocking client made of Forebay's own wire room: one socket, one packet at a time."""

from __future__ import annotations

import socket
import ssl

from proxy.wire import auth
from proxy.wire import constants as c
from proxy.wire import packets as p
from proxy.wire.auth import Credentials
from tests.servers import Server
from tests.whole.packet_socket import PacketSocket

RICH = (
    c.CLIENT_PROTOCOL_41
    | c.CLIENT_SECURE_CONNECTION
    | c.CLIENT_PLUGIN_AUTH
    | c.CLIENT_PLUGIN_AUTH_LENENC
    | c.CLIENT_CONNECT_ATTRS
    | c.CLIENT_TRANSACTIONS
    | c.CLIENT_MULTI_RESULTS
    | c.CLIENT_SESSION_TRACK
    | c.CLIENT_DEPRECATE_EOF
)
POOR = RICH & ~(c.CLIENT_SESSION_TRACK | c.CLIENT_DEPRECATE_EOF)


class PlainClient(PacketSocket):
    """Logged in when made. MariaDB's own capabilities are those above the 32 bits of ``capabilities``.
    ``switches`` holds the plugins that the server switched to, ``said`` every auth packet."""

    def __init__(
        self,
        server: Server,
        credentials: Credentials,
        *,
        tls: bool = False,
        unix: bool = False,
        capabilities: int = RICH,
        allow_public_key: bool = True,
        schema: str | None = None,
    ) -> None:
        if unix:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(server.socket)
        else:
            connection = socket.create_connection((server.host, server.port))
        connection.settimeout(20)
        super().__init__(connection)
        self.secure = tls or unix
        self.capabilities = capabilities | (c.CLIENT_CONNECT_WITH_DB if schema else 0)
        self.schema = schema
        self.allow_public_key = allow_public_key
        self.said: list[bytes] = []
        try:
            self.raw_greeting = self.read()
            self.greeting = p.parse_greeting(self.raw_greeting)
            self._log_in(credentials, tls)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> PlainClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def switches(self) -> list[str]:
        return [p.parse_auth_switch(payload)[0] for payload in self.said if payload[0] == c.HEADER_EOF]

    def _log_in(self, credentials: Credentials, tls: bool) -> None:
        plugin = auth.choose_plugin(self.greeting.plugin, credentials)
        response = auth.first_response(plugin, self.greeting.nonce, credentials)
        attributes = (("program_name", "plain_client"),)
        capabilities, extended = self.capabilities & 0xFFFFFFFF, self.capabilities >> 32
        login = p.Login(
            capabilities, 1 << 24, 45, credentials.user, response, self.schema, plugin, attributes, extended
        )
        if tls:
            login.capabilities = capabilities | c.CLIENT_SSL
            self.write(p.build_ssl_request(login.capabilities, 1 << 24, 45, extended))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
        self.write(p.build_login(login))
        self._converse(plugin, self.greeting.nonce, credentials)

    def change_user(self, credentials: Credentials) -> None:
        plugin = auth.choose_plugin(self.greeting.plugin, credentials)
        response = auth.first_response(plugin, self.greeting.nonce, credentials)
        change = p.ChangeUser(credentials.user, response, None, 45, plugin)
        self.sequence = 0
        self.write(p.build_change_user(change, self.capabilities))
        self._converse(plugin, self.greeting.nonce, credentials)

    def _converse(self, plugin: str, nonce: bytes, credentials: Credentials) -> None:
        self.said.clear()
        talk = auth.log_in(plugin, nonce, credentials, self.secure, self.allow_public_key)
        answer = next(talk)
        try:
            while True:
                if answer is not None:
                    self.write(answer)
                self.said.append(self.read())
                answer = talk.send(self.said[-1])
        except StopIteration as stop:
            self.ok = p.parse_ok(stop.value, self.capabilities)

    def command(self, payload: bytes) -> bytes:
        """Sends a command; returns the first packet of its answer."""
        self.sequence = 0
        self.write(payload)
        return self.read()

    def query(self, sql: str) -> list[bytes]:
        """All payloads of the answer to one statement that has one result."""
        first = self.command(bytes((c.COM_QUERY,)) + sql.encode())
        payloads = [first]
        if first[0] in (c.HEADER_OK, c.HEADER_ERR):
            return payloads
        ends = 1 if self.capabilities & c.CLIENT_DEPRECATE_EOF else 2
        while ends:
            payloads.append(self.read())
            ends -= payloads[-1][0] in (c.HEADER_EOF, c.HEADER_ERR)
        return payloads

    def value(self, sql: str) -> bytes | None:
        """The first value of the first row."""
        return p.parse_text_result(self.query(sql), self.capabilities).rows[0][0]
