"""Open one server connection: socket, greeting, TLS, login. What it then says is ``session.conversations``.

It decides which capabilities are asked for and whether TLS is demanded. It does not know pools, and
takes its deadline from the caller, who cancels it.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass
from typing import Any

from proxy.errors import ServerUnavailable
from proxy.net import sockets
from proxy.net.poller import running
from proxy.net.server_connection import ServerConnection
from proxy.net.transport import Transport
from proxy.settings import TargetSettings, split_address
from proxy.wire import packets
from proxy.wire.answers import SERVER_CAPABILITIES
from proxy.wire.auth import Credentials, choose_plugin, first_response, log_in
from proxy.wire.compression import ZSTD_LEVEL, Compression, algorithm
from proxy.wire.constants import (
    CLIENT_COMPRESS,
    CLIENT_CONNECT_WITH_DB,
    CLIENT_DEPRECATE_EOF,
    CLIENT_FOUND_ROWS,
    CLIENT_LONG_PASSWORD,
    CLIENT_QUERY_ATTRIBUTES,
    CLIENT_SESSION_TRACK,
    CLIENT_SSL,
    CLIENT_ZSTD,
    COLLATION_UTF8MB4_GENERAL_CI,
    MARIADB_CLIENT_EXTENDED_METADATA,
)

_NEEDED = CLIENT_SESSION_TRACK | CLIENT_DEPRECATE_EOF
_MAX_PACKET = 1 << 30
_WINDOW = 256 * 1024
"""Bytes that a server may send ahead. Without this bound the kernel lets it be megabytes, and a server whose answer
goes to a slow client works in bursts of them, during which everybody else waits for a processor. Over a way of 1 ms,
there and back, that is still 250 MB a second."""


@dataclass(frozen=True)
class ServerLogin:
    """How to log in: as whom, whether UPDATE counts found rows, and what the server is told about us."""

    credentials: Credentials
    found_rows: bool
    attributes: tuple[tuple[str, str], ...] = ()


async def open_server_connection(
    target: TargetSettings, login: ServerLogin, context: ssl.SSLContext | None
) -> ServerConnection:
    """Connect and log in. Raises ServerUnavailable, ServerRefused, UnsupportedAuth or another ProxyError."""
    connection = await _connect(target.address)
    try:
        await _log_in(connection, target, login, context)
    except BaseException as error:
        connection.abort()
        if isinstance(error, OSError | ssl.SSLError):
            raise ServerUnavailable(f"Can't log in to the server at {target.address}: {error}") from error
        raise
    connection.read_answers()
    return connection


async def _connect(address: str) -> ServerConnection:
    try:
        where = split_address(address)
        raw = await (_connected(socket.AF_UNIX, where) if isinstance(where, str) else _tcp(*where))
    except OSError as error:
        raise ServerUnavailable(f"Can't connect to the server at {address}: {error}") from error
    connection = ServerConnection()
    connection.address = address
    transport = Transport(raw.detach(), connection, running())
    transport.last = True
    try:
        transport.start()
    except OSError as error:
        sockets.close(transport.descriptor)
        raise ServerUnavailable(f"Can't connect to the server at {address}: {error}") from error
    connection.connection_made(transport)
    return connection


async def _tcp(host: str, port: int) -> socket.socket:
    """The first of the name's addresses that takes the connection. Raises what the last one says."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    failure = OSError(f"{host} has no address")
    for family, where in dict.fromkeys((each[0], each[4]) for each in found):
        try:
            raw = await _connected(family, where, _WINDOW)
        except OSError as error:
            failure = error
        else:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            return raw
    raise failure


async def _connected(family: int, where: Any, window: int = 0) -> socket.socket:
    raw = socket.socket(family)
    try:
        raw.setblocking(False)
        if window:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP, window)
        await asyncio.get_running_loop().sock_connect(raw, where)
    except BaseException:
        raw.close()
        raise
    return raw


async def _log_in(
    connection: ServerConnection, target: TargetSettings, login: ServerLogin, context: ssl.SSLContext | None
) -> None:
    greeting = packets.parse_greeting(await connection.packet())
    if greeting.capabilities & _NEEDED != _NEEDED:
        raise ServerUnavailable(
            f"The server at {target.address} ({greeting.version}) does not track session state; "
            "MySQL 5.7, MariaDB 10.2 or later is needed"
        )
    connection.connection_id = greeting.connection_id
    connection.version = greeting.version
    connection.nonce = greeting.nonce
    connection.plugin = greeting.plugin
    connection.mariadb = greeting.is_mariadb
    capabilities = (SERVER_CAPABILITIES & greeting.capabilities) | (CLIENT_FOUND_ROWS if login.found_rows else 0)
    if target.schema:
        capabilities |= CLIENT_CONNECT_WITH_DB
    extended = greeting.mariadb_capabilities & MARIADB_CLIENT_EXTENDED_METADATA
    if extended:
        capabilities &= ~CLIENT_LONG_PASSWORD  # says that the extended capabilities are there
    connection.extended_metadata = bool(extended)
    connection.query_attributes = bool(capabilities & CLIENT_QUERY_ATTRIBUTES)
    if target.compression != "none":
        capabilities |= _compression_flag(target, greeting)
    is_unix = target.address.startswith("unix:")
    secure = is_unix
    if context is not None and not is_unix:
        if greeting.capabilities & CLIENT_SSL:
            capabilities |= CLIENT_SSL
            await _start_tls(connection, capabilities, extended, target, context)
            secure = True
        elif target.tls.mode != "preferred":
            raise ServerUnavailable(f"The server at {target.address} offers no TLS, and target.tls demands it")
    plugin = choose_plugin(greeting.plugin, login.credentials)
    connection.capabilities = capabilities
    connection.send_packet(
        packets.build_login(
            packets.Login(
                capabilities=capabilities,
                max_packet=_MAX_PACKET,
                collation=COLLATION_UTF8MB4_GENERAL_CI,
                user=login.credentials.user,
                auth_response=first_response(plugin, greeting.nonce, login.credentials),
                schema=target.schema or None,
                plugin=plugin,
                attributes=login.attributes,
                mariadb_capabilities=extended,
                zstd_level=target.compression_level or ZSTD_LEVEL,
            )
        )
    )
    await _prove(connection, plugin, greeting.nonce, login.credentials, secure)
    if target.compression != "none":
        connection.start_compression(Compression(algorithm(target.compression, target.compression_level), asks=True))


def _compression_flag(target: TargetSettings, greeting: packets.Greeting) -> int:
    """The capability for the compression that is wanted. Raises ServerUnavailable where the server has none."""
    flag = CLIENT_COMPRESS if target.compression == "zlib" else CLIENT_ZSTD
    if not greeting.capabilities & flag:
        raise ServerUnavailable(f"The server at {target.address} offers no {target.compression} compression")
    return flag


async def _start_tls(
    connection: ServerConnection, capabilities: int, extended: int, target: TargetSettings, context: ssl.SSLContext
) -> None:
    connection.send_packet(packets.build_ssl_request(capabilities, _MAX_PACKET, COLLATION_UTF8MB4_GENERAL_CI, extended))
    hostname = split_address(target.address)[0]
    connection.start_tls(context, server_side=False, hostname=hostname, first=b"")


async def _prove(
    connection: ServerConnection, plugin: str, nonce: bytes, credentials: Credentials, secure: bool
) -> None:
    """Drive the authentication conversation to its OK."""
    conversation = log_in(plugin, nonce, credentials, secure)
    next(conversation)
    try:
        while True:
            to_send = conversation.send(await connection.packet())
            if to_send is not None:
                connection.send_packet(to_send)
    except StopIteration:
        return


async def change_user(connection: ServerConnection, target: TargetSettings, login: ServerLogin) -> None:
    """Log in anew on a server connection that answers commands: nothing of its session is left.

    Raises as ``open_server_connection``; the connection is then of no use.
    """
    plugin = choose_plugin(connection.plugin, login.credentials)
    change = packets.ChangeUser(
        user=login.credentials.user,
        auth_response=first_response(plugin, connection.nonce, login.credentials),
        schema=target.schema or None,
        collation=COLLATION_UTF8MB4_GENERAL_CI,
        plugin=plugin,
        attributes=login.attributes,
    )
    connection.read_packets()
    connection.send_packet(packets.build_change_user(change, connection.capabilities))
    secure = connection.tls is not None or target.address.startswith("unix:")
    await _prove(connection, plugin, connection.nonce, login.credentials, secure)
    connection.read_answers()
