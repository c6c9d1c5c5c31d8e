# cython: annotation_typing=False
"""One epoll instance for every socket that speaks MySQL, which the event loop watches as if it were one descriptor.

The loop's own transports make objects for each read and each write, and several system calls for each connection that
only they need; here a turn asks the kernel once what has happened and calls each socket in C.

The kernel tells of a change once (EPOLLET): a socket that had no turn to its end, or was paused, remembers that there
may be more. So pausing and resuming are no system calls, and a descriptor is registered once in its life.

Decides: whose turn it is, and that nobody's turn is long. Does not know what is read or written.
"""

from __future__ import annotations

import asyncio
import logging
import weakref

from proxy import native
from proxy.net import batches, sockets

_MOST_EVENTS = 256  # of a turn
_FEW = 1  # events: with so few, there is time to sleep
_LOOP_WAITS = 0.001  # seconds at most, for its other business
_MOST_WRITES = batches.MOST
_ADD, _CHANGE = sockets.ADD, sockets.CHANGE

_log = logging.getLogger("forebay.net")


class Watched:
    """A socket that a poller watches. ``last``: in each turn it comes after those that are not."""

    __slots__ = ("descriptor", "last")

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor  # -1 when it is closed
        self.last = False

    def happened(self, mask: int) -> None:
        """The kernel tells of this, in epoll's bits."""
        raise NotImplementedError

    def read_on(self) -> None:
        """Another turn, as ``Poller.again`` was asked for."""
        raise NotImplementedError

    def outgoing(self) -> bytes | bytearray | None:
        """The turn ends: what it has written and nobody has sent yet, as ``Poller.wrote`` was told. It is sent now."""
        raise NotImplementedError

    def sent(self, data: bytes | bytearray, taken: int) -> None:
        """So many bytes of what ``outgoing`` has given the kernel took; below 0 is an error number, negated."""
        raise NotImplementedError

    def bury(self) -> None:
        """Close, and tell whoever has to know: nothing is called that is in the middle of something."""
        raise NotImplementedError

    def crashed(self, error: Exception) -> None:
        """One of the calls above raised an error that nobody expected."""
        raise NotImplementedError


class Poller:
    """See the module. One for each event loop: ``running()``. All methods are called on the loop's thread.

    ``turning``: a turn is under way, at whose end what was written is sent.
    """

    __slots__ = (
        "_again",
        "_batch",
        "_dying",
        "_epoll",
        "_events",
        "_scheduled",
        "_senders",
        "_sending",
        "_watched",
        "_written",
        "turning",
    )

    def __init__(self) -> None:
        self._epoll = sockets.open_epoll()
        self._events = bytearray(_MOST_EVENTS * sockets.EVENT)
        self._watched: list[Watched | None] = []  # by descriptor
        self._again: list[Watched] = []
        self._dying: list[Watched] = []
        self._written: list[Watched] = []
        self._batch = batches.open_batch()
        self._senders: list[Watched] = []  # whose writes it holds, and these
        self._sending: list[bytes | bytearray] = []
        self.turning = False
        self._scheduled = False

    def __del__(self) -> None:
        sockets.close_epoll(self._epoll)
        batches.close_batch(self._batch)

    def fileno(self) -> int:
        """What the event loop watches."""
        return self._epoll

    def add(self, watched: Watched, mask: int) -> None:
        """Watch it from now on. Raises OSError when the kernel cannot."""
        descriptor = watched.descriptor
        missing = descriptor + 1 - len(self._watched)
        if missing > 0:
            self._watched.extend([None] * missing)
        failed = sockets.watch(self._epoll, _ADD, descriptor, mask)
        if failed < 0:
            raise OSError(-failed, "The socket cannot be watched")
        self._watched[descriptor] = watched

    def change(self, watched: Watched, mask: int) -> None:
        """Tell of other things."""
        sockets.watch(self._epoll, _CHANGE, watched.descriptor, mask)

    def again(self, watched: Watched) -> None:
        """``read_on`` is to be called after everybody else has had a turn."""
        self._again.append(watched)
        self._schedule()

    def wrote(self, watched: Watched) -> None:
        """``outgoing`` is to be called at the end of this turn."""
        self._written.append(watched)

    def dies(self, watched: Watched) -> None:
        """``bury`` is to be called as soon as nobody is in the middle of something."""
        self._dying.append(watched)
        self._schedule()

    def close(self, watched: Watched) -> None:
        """Its descriptor is closed and belongs to whoever comes next."""
        descriptor = watched.descriptor
        if descriptor >= 0:
            watched.descriptor = -1
            self._watched[descriptor] = None
            sockets.close(descriptor)

    def turn(self) -> None:
        """Something has happened: the turn of those whom it concerns. What happens meanwhile is for the next one, since
        many in one turn cost less than some in each of several.

        Where there is much to do, that is now: the way through the event loop costs as much as a statement.
        """
        until = native.monotonic() + _LOOP_WAITS
        while self._one_turn() > _FEW and not self._scheduled and native.monotonic() < until:
            pass

    def _one_turn(self) -> int:
        """How many events it had."""
        self.turning = True
        try:
            found = sockets.wait(self._epoll, self._events, _MOST_EVENTS)
            # Who asks before who answers: of the more that wait, one is sooner found whose session state is at hand.
            self._tell_those(found, False)
            self._tell_those(found, True)
        finally:
            self._end_turn()
        return found

    def _tell_those(self, found: int, last: bool) -> None:
        """Of so many events, these."""
        for number in range(found):
            watched = self._watched[sockets.happened_to(self._events, number)]
            if watched is not None and watched.last is last:
                self._tell(watched, sockets.happened(self._events, number))

    def _schedule(self) -> None:
        if not self.turning and not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._next_turn)

    def _next_turn(self) -> None:
        """The turn of those who had to leave something over."""
        self._scheduled = False
        self.turning = True
        try:
            waiting = self._again
            self._again = []
            for watched in waiting:
                self._tell(watched, 0)
        finally:
            self._end_turn()

    def _end_turn(self) -> None:
        while self._written or self._dying:
            self._send()
            self._bury()
        self.turning = False
        if self._again:
            self._schedule()

    def _tell(self, watched: Watched, mask: int) -> None:
        try:
            if mask:
                watched.happened(mask)
            else:
                watched.read_on()
        except Exception as error:
            watched.crashed(error)

    def _send(self) -> None:
        """What all have written, in few system calls."""
        written = self._written
        self._written = []
        for watched in written:
            try:
                data = watched.outgoing()
            except Exception as error:
                watched.crashed(error)
                continue
            if data is not None:
                batches.add(self._batch, watched.descriptor, data)
                self._senders.append(watched)
                self._sending.append(data)
                if len(self._senders) == _MOST_WRITES:
                    self._send_batch()
        self._send_batch()

    def _send_batch(self) -> None:
        batches.send(self._batch)
        for number, watched in enumerate(self._senders):
            try:
                watched.sent(self._sending[number], batches.taken(self._batch, number))
            except Exception as error:
                watched.crashed(error)
        self._senders.clear()
        self._sending.clear()

    def _bury(self) -> None:
        while self._dying:
            watched = self._dying.pop()
            try:
                watched.bury()
            except Exception:
                _log.exception("a connection's end was not taken well")


_pollers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Poller] = weakref.WeakKeyDictionary()


def running() -> Poller:
    """The running loop's poller."""
    loop = asyncio.get_running_loop()
    poller = _pollers.get(loop)
    if poller is None:
        poller = _pollers[loop] = Poller()
        loop.add_reader(poller.fileno(), poller.turn)
    return poller
