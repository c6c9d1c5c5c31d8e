"""A folder outside the work tree for what is dear to make: unpacked packages and prepared data directories.

Decides: where it lies, and that a thing is made once, whole or not at all, however many processes ask at the same time.
Does not know: what is kept there.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path


def folder() -> Path:
    """``$XDG_CACHE_HOME/forebay``, or ``~/.cache/forebay``; deleting it is always safe."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "forebay"


def made_once(name: str, fill: Callable[[Path], None]) -> Path:
    """The cached folder ``name``. When it is missing, ``fill`` gets an empty folder to fill, which then takes the name.

    A ``fill`` that raises leaves nothing behind. Other processes wait for the one that fills.
    """
    wanted = folder() / name
    if wanted.is_dir():
        return wanted
    wanted.parent.mkdir(parents=True, exist_ok=True)
    with (wanted.parent / f".{wanted.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not wanted.is_dir():
            _fill(wanted, fill)
    return wanted


def _fill(wanted: Path, fill: Callable[[Path], None]) -> None:
    half_made = Path(tempfile.mkdtemp(prefix=f".{wanted.name}.", dir=wanted.parent))
    try:
        fill(half_made)
        half_made.rename(wanted)
    except BaseException:
        shutil.rmtree(half_made, ignore_errors=True)
        raise
