"""Listening: TCP and unix sockets, and what a crowd at the door may cost.

It makes a protocol for each connection; what that does is not known here.
"""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import Callable
from typing import Any

from proxy.net.stream import Stream
from proxy.settings import split_address

BACKLOG = 4096


class Listener:
    """One address. ``make`` gives the protocol for a new connection; its argument tells a unix socket."""

    def __init__(self, address: str, make: Callable[[bool], Stream]) -> None:
        self.address = address
        self._make: Callable[[bool], Any] = make  # by class no asyncio.BaseProtocol, see Stream
        self._server: asyncio.AbstractServer | None = None

    async def start(self) -> None:
        """Listen. Raises OSError when the address cannot be had."""
        loop = asyncio.get_running_loop()
        where = split_address(self.address)
        if isinstance(where, str):
            _remove_stale(where)
            self._server = await loop.create_unix_server(lambda: self._make(True), where, backlog=BACKLOG)
            os.chmod(where, 0o666)  # as MySQL's own socket: who may log in is decided by password
            return
        host, port = where
        self._server = await loop.create_server(lambda: self._make(False), host, port, backlog=BACKLOG)
        self.address = f"{self.address.rpartition(':')[0]}:{self._port(port)}"

    def _port(self, asked: int) -> int:
        """The port in fact: the system chooses for 0."""
        sockets: list[socket.socket] = list(getattr(self._server, "sockets", ()))
        return int(sockets[0].getsockname()[1]) if sockets else asked

    def close(self) -> None:
        """Accept nobody any more; connections that exist live on."""
        if self._server is not None:
            self._server.close()
            self._server = None
            where = split_address(self.address)
            if isinstance(where, str):
                _remove_stale(where)


def _remove_stale(path: str) -> None:
    """A unix socket outlives its process; only a socket is ever removed."""
    try:
        if stat.S_ISSOCK(os.stat(path).st_mode):
            os.unlink(path)
    except FileNotFoundError:
        pass
