"""Writing to a socket without the transport's way: what the kernel does not take at once is for the transport.

In compiled modules the functions of the .pxd beside this file stand in for these, and are system calls and no more.
"""

from __future__ import annotations

import os


def write(descriptor: int, buffer: bytearray, size: int) -> int:
    """Write the first ``size`` bytes of ``buffer``; how many it took: 0 if none now, or if there is an error."""
    try:
        with memoryview(buffer) as view, view[:size] as part:
            return os.write(descriptor, part)
    except OSError:
        return 0
