"""A blocking server made of Forebay's own wire room: one client after the other, an OK for every command."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable

from proxy.errors import ProxyError
from proxy.net.certificates import own_certificate
from proxy.wire import auth
from proxy.wire import constants as c
from proxy.wire import packets as p
from proxy.wire.auth import Credentials, RsaKey
from tests.whole.packet_socket import PacketSocket

CAPABILITIES = (
    c.CLIENT_LONG_PASSWORD
    | c.CLIENT_PROTOCOL_41
    | c.CLIENT_SECURE_CONNECTION
    | c.CLIENT_PLUGIN_AUTH
    | c.CLIENT_PLUGIN_AUTH_LENENC
    | c.CLIENT_CONNECT_ATTRS
    | c.CLIENT_CONNECT_WITH_DB
    | c.CLIENT_TRANSACTIONS
    | c.CLIENT_SSL
)


class PlainServer:
    """Serves in a thread between entry and exit. ``asked`` holds the auth payloads sent to the last client."""

    def __init__(
        self, credentials: Credentials | None, rsa: RsaKey | None, default_plugin: str = c.PLUGIN_CACHING_SHA2
    ) -> None:
        self.find: Callable[[str], Credentials | None] = lambda _: credentials
        self.rsa = rsa
        self.default_plugin = default_plugin
        self.asked: list[bytes] = []
        self.login: p.Login | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with own_certificate().file() as path:
            self._context.load_cert_chain(path)
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> PlainServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(20)
            client = PacketSocket(connection)
            try:
                self._talk(client)
            except (ConnectionError, ssl.SSLError):
                pass
            finally:
                client.close()

    def _talk(self, client: PacketSocket) -> None:
        nonce = auth.new_nonce()
        client.write(p.build_greeting(p.Greeting("8.4.0", 1, nonce, CAPABILITIES, 45, 2, self.default_plugin)))
        payload = client.read()
        secure = p.is_ssl_request(payload)
        if secure:
            client.socket = self._context.wrap_socket(client.socket, server_side=True)
            payload = client.read()
        self.login = login = p.parse_login(payload)
        if not self._admit(client, login, nonce, secure):
            return
        while (payload := client.read())[0] != c.COM_QUIT:
            if payload[0] == c.COM_CHANGE_USER:
                if not self._admit(client, p.parse_change_user(payload, login.capabilities), nonce, secure):
                    return
            else:
                client.write(p.build_ok(p.Ok(status=2), login.capabilities))

    def _admit(self, client: PacketSocket, login: p.Login | p.ChangeUser, nonce: bytes, secure: bool) -> bool:
        self.asked = []
        talk = auth.accept(login, nonce, self.find(login.user), secure, self.rsa, self.default_plugin, "localhost")
        answer = None
        try:
            while True:
                self.asked.append(talk.send(answer) or b"")
                client.write(self.asked[-1])
                answer = client.read()
        except StopIteration as stop:
            if stop.value is not None:
                self.asked.append(stop.value)
                client.write(stop.value)
            client.write(p.build_ok(p.Ok(status=2), 0))
            client.sequence = 0
            return True
        except ProxyError as error:
            client.write(p.build_err(error.number, error.sqlstate, error.text))
            return False
