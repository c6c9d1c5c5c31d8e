# cython: annotation_typing=False
"""A listening socket: who comes in, and how many at once.

Decides how many are let in before the others have their turn, and what happens when there is no room for another
descriptor. Does not know who they are.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections.abc import Callable

from proxy import native
from proxy.net import sockets
from proxy.net.poller import Poller, Watched
from proxy.net.stream import Stream
from proxy.net.transport import Transport

_AT_ONCE = 64
_PAUSE = 1.0  # seconds without new connections when no descriptor is to be had
_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_LONGEST_ADDRESS = 28  # bytes: sockaddr_in6
_READABLE = sockets.READABLE
_LATER = -errno.EAGAIN

_log = logging.getLogger("forebay.net")


class Doorway(Watched):
    """The listening socket ``descriptor``, which does not block. ``make`` gives the stream for a new connection."""

    __slots__ = ("_address", "_make", "_poller")

    def __init__(self, descriptor: int, poller: Poller, make: Callable[[], Stream]) -> None:
        Watched.__init__(self, descriptor)
        self._poller = poller
        self._make = make
        self._address = bytearray(sockets.ADDRESS)

    def open(self) -> None:
        """Let them in from now on."""
        self._poller.add(self, _READABLE)

    def close(self) -> None:
        """Nobody comes in any more."""
        self._poller.close(self)

    def happened(self, mask: int) -> None:
        for _ in range(_AT_ONCE):
            descriptor = sockets.accept(self.descriptor, self._address)
            if descriptor >= 0:
                self._let_in(descriptor)
            elif descriptor == _LATER or self.descriptor < 0:
                return
            elif -descriptor in _NO_ROOM:
                self._shut_for_a_while(-descriptor)
                return

    def crashed(self, error: Exception) -> None:
        _log.error("a connection could not be accepted: %r", error, exc_info=error)

    def _let_in(self, descriptor: int) -> None:
        try:
            stream = self._make()
            transport = Transport(descriptor, stream, self._poller, native.head(self._address, _LONGEST_ADDRESS))
            transport.start()
        except BaseException:
            sockets.close(descriptor)
            raise
        try:
            stream.connection_made(transport)
        except Exception as error:
            transport.crashed(error)

    def _shut_for_a_while(self, number: int) -> None:
        """Else the loop would try again at once, and again, with the same end."""
        _log.error("no new connections for %g s: %s", _PAUSE, os.strerror(number))
        self._poller.change(self, 0)
        asyncio.get_running_loop().call_later(_PAUSE, self._open_again)

    def _open_again(self) -> None:
        if self.descriptor >= 0:
            self._poller.change(self, _READABLE)
