# cython: annotation_typing=False
"""One connected socket: reads, writes, flow control both ways, close. What asyncio calls a transport, and no more.

What comes is read into one buffer that all transports share, 64 kB at most of a turn, so that nobody waits for long and
idle connections have no memory of their own. What is written in a turn goes to the kernel at the turn's end, in one
system call for each transport: meanwhile nobody else wakes up, and the next turn finds more to do. What the kernel does
not take is kept, and from 64 kB on the protocol is told to stop.

Decides when a protocol is told what, as asyncio's documentation ("Transports and Protocols") has it: nothing is told
while it calls a method of its transport, but to pause writing. Does not know TLS or MySQL.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections import deque

from proxy import native
from proxy.net import sockets
from proxy.net.poller import Poller, Watched

SIZE = 1 << 16
_MOST_UNSENT, _FEW_UNSENT = 1 << 16, 1 << 14  # as asyncio's
_READABLE, _WRITABLE = sockets.READABLE, sockets.WRITABLE
_BROKEN = sockets.BROKEN
_ENDS = sockets.HALF_CLOSED | sockets.BROKEN
_COMES = sockets.READABLE | _ENDS
_WATCHED_FOR = sockets.READABLE | sockets.HALF_CLOSED | sockets.ON_CHANGE
_SLOW = 0.02  # seconds without room for more tell a slow peer: what it has not taken then waits in smaller pieces
_UNSENT = 128 * 1024
_DISCARDED = 4  # buffers
_LATER = -errno.EAGAIN

buffer = bytearray(SIZE)
"""What was read last: of whoever has its turn, until it returns."""
_SIZE, _buffer = SIZE, buffer


class Protocol:
    """What a transport tells; the methods of an asyncio.Protocol."""

    __slots__ = ()

    def data_received(self, data: bytes) -> None:
        """These bytes have come."""
        raise NotImplementedError

    def eof_received(self) -> None:
        """The peer sends nothing more; the transport closes."""

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, told once."""
        raise NotImplementedError

    def pause_writing(self) -> None:
        """Much waits for the peer."""

    def resume_writing(self) -> None:
        """Little waits for it."""


_NOBODY = Protocol()


class Sink:
    """Takes bytes where they lie, in place of a protocol's ``data_received``: see ``Transport.sink``."""

    __slots__ = ()

    def head(self) -> int:
        """Put into the buffer what has to stand before the next bytes; how many that are."""
        raise NotImplementedError

    def take(self, size: int) -> None:
        """As many bytes have come, and stand in the buffer behind the head."""
        raise NotImplementedError


class Transport(Watched):
    """See the module. ``sink``, where it is not None, takes what comes. ``unsent``: bytes that wait for the peer."""

    __slots__ = (
        "_address",
        "_backlog",
        "_dying",
        "_ended",
        "_error",
        "_full_since",
        "_more",
        "_out",
        "_poller",
        "_protocol",
        "_queued",
        "_ready",
        "_sent",
        "_slow",
        "_told",
        "_watches_writing",
        "closing",
        "paused",
        "sink",
        "unsent",
    )

    def __init__(self, descriptor: int, protocol: Protocol, poller: Poller, address: bytes = b"") -> None:
        """Take over the connected socket ``descriptor``, which does not block; ``address`` is its peer's, as of
        ``sockets.accept``."""
        Watched.__init__(self, descriptor)
        self._protocol = protocol
        self._poller = poller
        self._address = address
        self._out: bytes | bytearray | None = None  # what this turn has written first, and what then
        self._more: list[bytes | bytearray] | None = None
        self._backlog: deque[bytes] | None = None  # what the kernel did not take
        self._sent = 0  # how much of the first of these it has taken
        self._full_since = 0.0
        self._slow = False
        self.unsent = 0
        self._told = False  # the protocol to pause writing
        self._watches_writing = False
        self.paused = False
        self._ready = False  # the kernel may have more
        self._ended = False  # the peer has sent its last
        self._queued = False  # for another turn
        self.sink: Sink | None = None
        self.closing = False
        self._dying = False
        self._error: Exception | None = None

    def start(self) -> None:
        """Read from now on. Raises OSError when the kernel cannot watch; the descriptor is then still open."""
        self._poller.add(self, _WATCHED_FOR)

    @property
    def host(self) -> str:
        """Where an accepted connection comes from, or ""."""
        return sockets.host(self._address) if self._address else ""

    # What the poller calls.

    def happened(self, mask: int) -> None:
        if self._dying:
            self._ready = self._ready or bool(mask & _READABLE)
            return
        if mask & _WRITABLE and self._backlog is not None:
            self._send_backlog()
        if mask & _COMES:
            self._ready = True
            if mask & _ENDS:
                self._ended = True
            if self.closing:
                if mask & _BROKEN:
                    self._die(None)  # nobody takes what still waits
                else:
                    self._discard()
            elif not self.paused and not self._queued:
                self._read()

    def read_on(self) -> None:
        self._queued = False
        if self._ready and not self.paused and not self.closing:
            self._read()

    def outgoing(self) -> bytes | bytearray | None:
        first, more = self._out, self._more
        if first is None or self._dying:
            return None
        self._out = self._more = None
        self.unsent = 0
        return first if more is None else b"".join((first, *more))

    def sent(self, data: bytes | bytearray, taken: int) -> None:
        self._keep_rest(data, len(data), taken)
        if self.closing and self._backlog is None:
            self._die(None)

    def bury(self) -> None:
        if self._ready and not self._ended and self._error is None:
            self._discard()
        self._poller.close(self)
        self._out = self._more = self._backlog = None
        self.sink = None
        protocol, self._protocol = self._protocol, _NOBODY  # they refer to each other
        protocol.connection_lost(self._error)

    def crashed(self, error: Exception) -> None:
        context = {"message": "A connection is closed because its protocol failed", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)
        self._die(error)

    def _read(self) -> None:
        """Read once; again in a turn to come, if the buffer was filled or the end stands behind the bytes."""
        sink = self.sink
        start = 0 if sink is None else sink.head()
        size = sockets.receive(self.descriptor, _buffer, start, _SIZE - start)
        if size > 0:
            self._ready = self._ended or start + size == _SIZE
            if sink is None:
                self._protocol.data_received(native.head(_buffer, size))
            else:
                sink.take(size)
            if self._ready and not self.paused and not self._queued and not self.closing:
                self._wait_for_turn()
        elif size == _LATER:
            self._ready = False
        elif size == 0:
            self._ready = False
            self._protocol.eof_received()
            self.close()
        else:
            self._die(OSError(-size, os.strerror(-size)))

    def _discard(self) -> None:
        """Take what nobody reads any more: else the kernel would reset the connection when it is closed, and the peer
        would lose what it has not read yet."""
        self._ready = False
        for _ in range(_DISCARDED):
            if sockets.receive(self.descriptor, _buffer, 0, _SIZE) < _SIZE:
                break

    def _wait_for_turn(self) -> None:
        self._queued = True
        self._poller.again(self)

    # What protocols call.

    def pause_reading(self) -> None:
        """Leave what the peer sends in the kernel's buffers."""
        self.paused = True

    def resume_reading(self) -> None:
        """Read on, in a turn to come."""
        if self.paused:
            self.paused = False
            if self._ready and not self._queued and not self.closing:
                self._wait_for_turn()

    def write(self, data: bytes | bytearray) -> None:
        """Send all of it; in a turn, at its end. It must not change until then."""
        size = len(data)
        if self._dying or not size:
            return
        if self._backlog is not None or not self._poller.turning:
            self._send(data, size)
            return
        self.unsent += size
        if self._out is None:
            self._out = data
            self._poller.wrote(self)
            return
        if self._more is None:
            self._more = []
        self._more.append(data)
        if self.unsent > _MOST_UNSENT:
            self._flush()

    def write_part(self, data: bytes | bytearray, size: int) -> None:
        """Send the first ``size`` bytes now; they may change afterwards."""
        self._flush()
        if not self._dying:
            self._send(data, size)

    def _flush(self) -> None:
        """Send now what this turn has written."""
        data = self.outgoing()
        if data is not None:
            self.sent(data, sockets.send(self.descriptor, data, 0, len(data)))

    def _send(self, data: bytes | bytearray, size: int) -> None:
        """Send the first ``size`` bytes, behind what the kernel has not taken."""
        taken = 0 if self._backlog is not None else sockets.send(self.descriptor, data, 0, size)
        self._keep_rest(data, size, taken)

    def _keep_rest(self, data: bytes | bytearray, size: int, taken: int) -> None:
        """``taken`` of the first ``size`` bytes the kernel has, or an error number: keep a copy of the others."""
        if taken == size:
            return
        if taken < 0:
            if taken != _LATER:
                self._die(OSError(-taken, os.strerror(-taken)))
                return
            taken = 0
        backlog = self._backlog if self._backlog is not None else self._begin_backlog()
        self.unsent += size - taken
        if isinstance(data, bytes) and size == len(data):
            backlog.append(data)
            self._sent += taken  # of the first: what is sent at once is never behind another one
        else:
            backlog.append(bytes(data[taken:size]))
        if self.unsent > _MOST_UNSENT and not self._told:
            self._told = True
            self._protocol.pause_writing()

    def _begin_backlog(self) -> deque[bytes]:
        self._backlog = backlog = deque[bytes]()
        self._full_since = native.monotonic()
        if not self._watches_writing:
            self._watches_writing = True
            self._poller.change(self, _WATCHED_FOR | _WRITABLE)
        return backlog

    def close(self) -> None:
        """Read nothing more; close when the kernel has taken everything."""
        if not self.closing:
            self.closing = True
            if self._backlog is None and self._out is None:
                self._die(None)

    def abort(self) -> None:
        """Close at once."""
        self._die(None)

    def _send_backlog(self) -> None:
        """Send what waits, as far as the kernel takes it."""
        backlog = self._backlog
        assert backlog is not None
        if not self._slow:
            self._measure()
        while backlog:
            first = backlog[0]
            taken = sockets.send(self.descriptor, first, self._sent, len(first))
            if taken < 0:
                if taken != _LATER:
                    self._die(OSError(-taken, os.strerror(-taken)))
                    return
                break
            self.unsent -= taken
            self._sent += taken
            if self._sent == len(first):
                backlog.popleft()
                self._sent = 0
        if not backlog:
            self._backlog = None
            if self.closing:
                self._die(None)
                return
        if self._told and self.unsent <= _FEW_UNSENT:
            self._told = False
            self._protocol.resume_writing()

    def _measure(self) -> None:
        """Tell a slow peer by the time until there was room.

        The kernel takes megabytes for it, and more when a third of them is gone: a burst in which Forebay and the
        server are busy for milliseconds, and others wait. Bounded for all, large results would cost half as much again.
        """
        now = native.monotonic()
        if now - self._full_since > _SLOW:
            self._slow = True
            sockets.bound_unsent(self.descriptor, _UNSENT)
        self._full_since = now

    def _die(self, error: Exception | None) -> None:
        if not self._dying:
            self._dying = self.closing = True
            self._error = error
            self._poller.dies(self)
