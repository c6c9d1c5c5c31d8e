"""Sockets as the kernel has them: by descriptor, never blocking, an error as a number.

In compiled modules the functions of the .pxd beside this file stand in for these, and are system calls and little more;
the interpreter gets these. Both do the same. A result below 0 is an error number, negated. Nothing here decides
anything.

Linux only: readiness is epoll's (man pages epoll(7) and epoll_ctl(2)).
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import struct

READABLE = 0x001  # EPOLLIN
WRITABLE = 0x004  # EPOLLOUT
BROKEN = 0x008 | 0x010  # EPOLLERR, EPOLLHUP
HALF_CLOSED = 0x2000  # EPOLLRDHUP: the peer sends nothing more
ON_CHANGE = 1 << 31  # EPOLLET: told once, when it happens

ADD, CHANGE = 1, 3  # EPOLL_CTL_ADD, EPOLL_CTL_MOD

EVENT = 16  # bytes of an event at most
ADDRESS = 128  # bytes of an address at most (sockaddr_storage)

_EVENT = struct.Struct("=Iqxxxx")
_FAMILY = struct.Struct("=H")
_IPV4 = struct.Struct("=HH4s8x")
_IPV6 = struct.Struct("=HHI16sI")

_epolls: dict[int, select.epoll] = {}


def open_epoll() -> int:
    """A new epoll instance."""
    epoll = select.epoll()
    _epolls[epoll.fileno()] = epoll
    return epoll.fileno()


def close_epoll(epoll: int) -> None:
    """Its end."""
    _epolls.pop(epoll).close()


def watch(epoll: int, how: int, descriptor: int, mask: int) -> int:
    """``ADD`` or ``CHANGE`` what is told of the descriptor."""
    try:
        if how == ADD:
            _epolls[epoll].register(descriptor, mask)
        else:
            _epolls[epoll].modify(descriptor, mask)
    except OSError as error:
        return -(error.errno or errno.EIO)
    return 0


def wait(epoll: int, events: bytearray, most: int) -> int:
    """What has happened until now: so many ``events``, for ``happened_to`` and ``happened``."""
    found = _epolls[epoll].poll(0, most)
    for number, (descriptor, mask) in enumerate(found):
        _EVENT.pack_into(events, EVENT * number, mask, descriptor)
    return len(found)


def happened_to(events: bytearray, number: int) -> int:
    """The descriptor of an event."""
    return int(_EVENT.unpack_from(events, EVENT * number)[1])


def happened(events: bytearray, number: int) -> int:
    """The mask of an event."""
    return int(_EVENT.unpack_from(events, EVENT * number)[0])


def receive(descriptor: int, buffer: bytearray, start: int, size: int) -> int:
    """Read up to ``size`` bytes to ``buffer[start:]``; 0 at the end of what the peer sends."""
    try:
        with memoryview(buffer) as view, view[start : start + size] as part:
            return os.readv(descriptor, [part])
    except OSError as error:
        return -(error.errno or errno.EIO)


def send(descriptor: int, data: bytes | bytearray, start: int, end: int) -> int:
    """Write ``data[start:end]``; how many bytes the kernel took."""
    try:
        with memoryview(data) as view, view[start:end] as part:
            return os.write(descriptor, part)
    except OSError as error:
        return -(error.errno or errno.EIO)


def accept(listening: int, address: bytearray) -> int:
    """The descriptor of a new connection, which does not block; where it comes from is in ``address``."""
    door = socket.socket(fileno=listening)
    try:
        accepted, name = door.accept()
    except OSError as error:
        return -(error.errno or errno.EIO)
    finally:
        door.detach()
    accepted.setblocking(False)
    address[:] = bytes(ADDRESS)
    if accepted.family == socket.AF_INET:
        _IPV4.pack_into(address, 0, socket.AF_INET, name[1], socket.inet_aton(name[0]))
    elif accepted.family == socket.AF_INET6:
        packed = socket.inet_pton(socket.AF_INET6, name[0].partition("%")[0])
        _IPV6.pack_into(address, 0, socket.AF_INET6, name[1], 0, packed, 0)
    return accepted.detach()


def bound_unsent(descriptor: int, size: int) -> None:
    """So many bytes the kernel takes beyond what the peer's window has room for; without a bound it takes megabytes."""
    door = socket.socket(fileno=descriptor)
    try:
        if door.family != socket.AF_UNIX:
            door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, size)
    finally:
        door.detach()


def close(descriptor: int) -> None:
    """The end of a descriptor, and of its being watched."""
    with contextlib.suppress(OSError):
        os.close(descriptor)


def host(address: bytes) -> str:
    """The host of an address that ``accept`` has given, as text; "" of a unix socket's."""
    (family,) = _FAMILY.unpack_from(address)
    if family == socket.AF_INET:
        return socket.inet_ntop(family, _IPV4.unpack_from(address)[2])
    if family == socket.AF_INET6:
        return socket.inet_ntop(family, _IPV6.unpack_from(address)[3])
    return ""
