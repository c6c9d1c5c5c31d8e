"""Writes to many sockets with one system call, where the kernel has one for that.

Whoever sleeps until something comes wakes up by what is sent to him, and often takes the CPU as soon as the system call
ends: a turn that sends to ten would be interrupted ten times. ``io_submit`` (man page io_submit(2)) takes the writes of
all, and since no socket here ever blocks, each of them has ended when it returns.

In compiled modules the functions of the .pxd beside this file stand in for these; the interpreter gets these, which
write one after the other. So do the compiled ones where the kernel gives no context for such calls: where a sandbox
forbids it, or ``fs.aio-max-nr`` is used up. A batch is a number. Nothing here decides anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from proxy.net import sockets

MOST = 64
"""Writes of a batch."""


@dataclass(slots=True)
class _Batch:
    writes: list[tuple[int, bytes | bytearray]] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)


_batches: dict[int, _Batch] = {}


def open_batch() -> int:
    """A new batch, empty."""
    batch = _Batch()
    _batches[id(batch)] = batch
    return id(batch)


def close_batch(batch: int) -> None:
    """Its end."""
    del _batches[batch]


def add(batch: int, descriptor: int, data: bytes | bytearray) -> None:
    """Have ``data``, which has to stay where it is and as it is, written by the next ``send``; ``MOST`` at most."""
    _batches[batch].writes.append((descriptor, data))


def send(batch: int) -> None:
    """Write them all; the batch is empty again."""
    this = _batches[batch]
    this.taken = [sockets.send(descriptor, data, 0, len(data)) for descriptor, data in this.writes]
    this.writes.clear()


def taken(batch: int, number: int) -> int:
    """How many bytes the kernel took of what was added as the ``number``th, from 0 on; below 0 an error, negated."""
    return _batches[batch].taken[number]
