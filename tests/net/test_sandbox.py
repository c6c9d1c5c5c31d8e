"""Where a sandbox forbids the system call for many writes, everything is written nevertheless.

The poller's own tests run again in a process in which the kernel refuses ``io_setup`` (seccomp(2)), as the profile of a
container runtime could.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import subprocess
import sys
from pathlib import Path

import pytest

IO_SETUP = {"x86_64": 206, "aarch64": 0}.get(platform.machine(), -1)
_NO_NEW_PRIVILEGES, _SECCOMP, _MODE_FILTER = 38, 22, 2  # prctl(2)
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06  # BPF: the number of the call is its first word
_REFUSE, _ALLOW = 0x00050000 | errno.EPERM, 0x7FFF0000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def forbid_io_setup() -> None:
    """For this process and those that it starts, for ever."""
    steps = ((_LOAD, 0, 0, 0), (_JUMP_IF_EQUAL, 0, 1, IO_SETUP), (_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW))
    program = _Program(len(steps), b"".join(struct.pack("=HBBI", *step) for step in steps))
    library = ctypes.CDLL(None, use_errno=True)
    for call in ((_NO_NEW_PRIVILEGES, 1, 0, 0, 0), (_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0)):
        if library.prctl(*call) != 0:
            raise OSError(ctypes.get_errno(), "no sandbox")


CHECK = f"""
import ctypes
library = ctypes.CDLL(None, use_errno=True)
context = ctypes.c_ulong(0)
assert library.syscall({IO_SETUP}, 1, ctypes.byref(context)) == -1 and ctypes.get_errno() == {errno.EPERM}
"""


@pytest.mark.skipif(IO_SETUP < 0, reason="the number of the system call is not known here")
def test_all_is_written_one_after_the_other() -> None:
    subprocess.run([sys.executable, "-c", CHECK], preexec_fn=forbid_io_setup, check=True)
    tests = str(Path(__file__).with_name("test_poller.py"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "written or told or send", tests]
    done = subprocess.run(command, preexec_fn=forbid_io_setup, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout
