"""How each kind of value is written: ``read`` from text, ``show`` as text. The two are inverse.

It knows texts, units and ranges; it does not know where a text comes from or what a setting means.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from typing import Any

from proxy import settings
from proxy.settings import Kind, Meta, Secret

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION_PART = r"(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)"
_BYTES = {"GiB": 1024**3, "MiB": 1024**2, "KiB": 1024, "B": 1, "": 1}
_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+(?:%\w+)?\]|[^\s:/@\[\]]+)(?::(\d{1,5}))?")
LONGEST_DURATION = 365 * 86400.0
LONGEST_QUOTE = 40
LAST_PORT = 65535
LONGEST_UNIX_PATH = 107  # bytes of sockaddr_un.sun_path on Linux, without its final NUL


def read(meta: Meta, text: str) -> Any:
    """The value that ``text`` means for a setting. ``ValueError`` says what was expected instead."""
    value = _READERS[meta.kind](meta, text)
    if meta.minimum is not None and value < meta.minimum:
        raise ValueError(f"expected at least {show(meta.kind, meta.minimum)}, got {show(meta.kind, value)}")
    if meta.maximum is not None and value > meta.maximum:
        raise ValueError(f"expected at most {show(meta.kind, meta.maximum)}, got {show(meta.kind, value)}")
    return value


def show(kind: Kind, value: Any) -> str:
    """A value as the file would have it, in one line; a secret as stars, or empty when there is none."""
    return _SHOWS.get(kind, _show_text)(value)


def clip(text: str) -> str:
    """A text quoted for an error line: one line, not long, and no login before an @."""
    if "@" in text:
        return "a text with @ in it"
    return _show_text(text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + "...")


def _text(meta: Meta, text: str) -> str:
    if "\0" in text or not _is_utf8(text):
        raise ValueError("expected UTF-8 text without NUL characters")
    if meta.required and not text:
        raise ValueError("expected a text, got an empty one")
    return text


def _is_utf8(text: str) -> bool:
    """Whether an environment variable, a file name... held UTF-8: Python marks other bytes as lone surrogates."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _secret(meta: Meta, text: str) -> Secret:
    return Secret(_text(meta, text))


def _integer(meta: Meta, text: str) -> int:
    # No octal, no 1:30, no 1e3: what YAML 1.1 would make of them surprises.
    if not re.fullmatch(r"0|[1-9][0-9]{0,17}", text.replace("_", "")) or not text[0].isdigit():
        raise ValueError(f"expected a whole number, got {clip(text)}")
    return int(text)


def _flag(meta: Meta, text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"expected true or false, got {clip(text)}")
    return text == "true"


def _choice(meta: Meta, text: str) -> str:
    if text not in meta.choices:
        raise ValueError(f"expected one of {', '.join(meta.choices)}; got {clip(text)}")
    return text


def _duration(meta: Meta, text: str) -> float:
    if text != "0" and not re.fullmatch(f"(?:{_DURATION_PART})+", text, re.ASCII):
        raise ValueError(f"expected a duration such as 250ms, 10s, 5m or 1h; got {clip(text)}")
    parts = re.findall(_DURATION_PART, text, re.ASCII)
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if seconds > LONGEST_DURATION:
        raise ValueError("expected a duration of at most 365d")
    return round(seconds, 6)


def _size(meta: Meta, text: str) -> int:
    found = re.fullmatch(r"(\d{1,15}) ?(GiB|MiB|KiB|B|)", text, re.ASCII)
    if not found:
        raise ValueError(f"expected a size such as 16KiB, 64MiB or 1GiB; got {clip(text)}")
    return int(found[1]) * _BYTES[found[2]]


def _address(meta: Meta, text: str) -> str:
    if text.startswith("unix:"):
        return _unix(text)
    found = _HOST_PORT.fullmatch(text)
    connects = meta.kind == settings.ADDRESS
    if not found or not (found[2] or connects):
        raise ValueError(f'expected "host:port" or "unix:/path", got {clip(text)}')
    port = int(found[2] or 3306)
    if not (1 if connects else 0) <= port <= LAST_PORT:
        raise ValueError(f"expected a port from {1 if connects else 0} to {LAST_PORT}, got {port}")
    return f"{found[1]}:{port}"


def _unix(text: str) -> str:
    path = text.removeprefix("unix:")
    if not path.startswith("/") or "\0" in path:
        raise ValueError(f"expected unix: and a path that begins with /, got {clip(text)}")
    if len(path.encode(errors="surrogateescape")) > LONGEST_UNIX_PATH:
        raise ValueError(f"expected a socket path of at most {LONGEST_UNIX_PATH} bytes, got {clip(text)}")
    return text


def _listen(meta: Meta, text: str) -> str:
    return _address(meta, text) if text else ""


def _file(meta: Meta, text: str) -> str:
    if text and not (os.path.isfile(text) and os.access(text, os.R_OK)):
        raise ValueError(f"expected a file that can be read, got {clip(text)}")
    return text


def _folder(meta: Meta, text: str) -> str:
    if text and os.path.exists(text) and not os.path.isdir(text):
        raise ValueError(f"expected a folder, got {clip(text)}")
    return text


def _show_text(value: object) -> str:
    # YAML takes a control character only in this form, and a terminal had better not see it at all.
    text = json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in text)


def _show_duration(value: float) -> str:
    for unit in ("h", "m", "s"):
        if value >= _SECONDS[unit] and value % _SECONDS[unit] == 0:
            return f"{value / _SECONDS[unit]:.0f}{unit}"
    return f"{value * 1000:.12g}ms" if value else "0s"


def _show_size(value: int) -> str:
    unit = next(unit for unit, size in _BYTES.items() if value % size == 0) if value else "B"
    return f"{value // _BYTES[unit]}{unit}"


_READERS: dict[Kind, Callable[[Meta, str], Any]] = {
    settings.TEXT: _text,
    settings.SECRET: _secret,
    settings.INTEGER: _integer,
    settings.FLAG: _flag,
    settings.CHOICE: _choice,
    settings.DURATION: _duration,
    settings.SIZE: _size,
    settings.ADDRESS: _address,
    settings.LISTEN: _listen,
    settings.LISTENS: _address,  # of each item
    settings.FILE: _file,
    settings.FOLDER: _folder,
}

_SHOWS: dict[Kind, Callable[[Any], str]] = {
    settings.SECRET: lambda value: "" if value is None else settings.HIDDEN,
    settings.FLAG: lambda value: "true" if value else "false",
    settings.CHOICE: str,
    settings.INTEGER: lambda value: f"{value:d}",
    settings.DURATION: _show_duration,
    settings.SIZE: _show_size,
    settings.LISTENS: lambda value: f"[{', '.join(map(_show_text, value))}]",
}
