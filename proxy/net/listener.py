"""Listening: TCP and unix sockets, and what a crowd at the door may cost.

It makes a protocol for each connection; what that does is not known here.
"""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import Callable

from proxy.net.doorway import Doorway
from proxy.net.poller import running
from proxy.net.stream import Stream
from proxy.settings import split_address

BACKLOG = 4096


class Listener:
    """One address. ``make`` gives the protocol for a new connection; its argument tells a unix socket."""

    def __init__(self, address: str, make: Callable[[bool], Stream]) -> None:
        self.address = address
        self._make = make
        self._doorways: list[Doorway] = []

    async def start(self) -> None:
        """Listen. Raises OSError when the address cannot be had."""
        where = split_address(self.address)
        if isinstance(where, str):
            _remove_stale(where)
            self._open(_unix(where), True)
            return
        host, port = where
        for listening in await _tcp(host, port):
            port = port or int(listening.getsockname()[1])  # the system chooses for 0
            self._open(listening, False)
        self.address = f"{self.address.rpartition(':')[0]}:{port}"

    def _open(self, listening: socket.socket, is_unix: bool) -> None:
        listening.setblocking(False)
        doorway = Doorway(listening.detach(), running(), lambda: self._make(is_unix))
        self._doorways.append(doorway)
        doorway.open()

    def close(self) -> None:
        """Accept nobody any more; connections that exist live on."""
        if self._doorways:
            for doorway in self._doorways:
                doorway.close()
            self._doorways.clear()
            where = split_address(self.address)
            if isinstance(where, str):
                _remove_stale(where)


def _unix(path: str) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX)
    try:
        listening.bind(path)
        os.chmod(path, 0o666)  # as MySQL's own socket: who may log in is decided by password
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


async def _tcp(host: str, port: int) -> list[socket.socket]:
    """One for each address that the name has."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    opened: list[socket.socket] = []
    try:
        for family, where in dict.fromkeys((each[0], each[4]) for each in found):
            listening = socket.create_server(where[:2], family=family, backlog=BACKLOG)
            opened.append(listening)
            # Inherited by what is accepted, on Linux; so it is one system call, not one for each client.
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        for listening in opened:
            listening.close()
        raise
    return opened


def _remove_stale(path: str) -> None:
    """A unix socket outlives its process; only a socket is ever removed."""
    try:
        if stat.S_ISSOCK(os.stat(path).st_mode):
            os.unlink(path)
    except FileNotFoundError:
        pass
