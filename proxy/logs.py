"""How a log line looks: text for people, JSON for machines. One event is one line on standard error.

The convention for all rooms: a constant message, and what varies as fields::

    logger.info("client closed", extra={"fields": {"client": 7, "user": user, "reason": reason}})

    2026-01-31T12:00:00.123Z INFO  relay.client: client closed client=7 user=app reason="idle timeout"
    {"time": "2026-01-31T12:00:00.123Z", "level": "info", "logger": "relay.client", "message": "client closed", ...}

What a peer sent (a user name, an error text) cannot break a line or forge one: control characters are escaped.
A field whose name speaks of a password or secret is never shown. Nothing is logged per query.
It does not know who logs what.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Mapping
from typing import IO, Any

from proxy.settings import HIDDEN, LogSettings

# JSON keys of the line itself; a field of the same name is written with an underscore behind.
_OWN = frozenset(("time", "level", "logger", "message", "traceback"))
_PLAIN = re.compile(r"[\w.:/@%+,~*\[\]-]+")
_SECRET = re.compile("password|secret|token", re.IGNORECASE)
_LINE_BREAKERS = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]")


class TextFormatter(logging.Formatter):
    """``TIME LEVEL logger: message key=value ...``; a traceback follows in indented lines."""

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {key}={_quoted(value)}" for key, value in _fields(record).items())
        message = _one_line(record.getMessage())
        line = f"{_when(record)} {record.levelname:<7} {_who(record)}: {message}{fields}"
        trace = _traceback(record)
        # A traceback quotes the exception's text, which may hold what a peer sent.
        return line + "".join(f"\n    {_one_line(part)}" for part in trace.split("\n") if trace)


class JsonFormatter(logging.Formatter):
    """One JSON object: time, level, logger, message, then the fields, then a traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _when(record),
            "level": record.levelname.lower(),
            "logger": _who(record),
            "message": record.getMessage(),
        }
        for key, value in _fields(record).items():
            line[f"{key}_" if key in _OWN else key] = value
        if trace := _traceback(record):
            line["traceback"] = trace
        return json.dumps(line, default=str)


FORMATTERS: Mapping[str, type[logging.Formatter]] = {"text": TextFormatter, "json": JsonFormatter}


def setup(settings: LogSettings, stream: IO[str] | None = None) -> None:
    """Make all loggers of the process write this way. May be called again, with new settings."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(FORMATTERS[settings.format]())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    # Says at each start which selector it uses.
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    # A log that nobody reads any more must not be a reason to fail.
    logging.raiseExceptions = False


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields = getattr(record, "fields", None) or {}
    return {str(key): HIDDEN if _SECRET.search(str(key)) else value for key, value in fields.items()}


def _when(record: logging.LogRecord) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"


def _who(record: logging.LogRecord) -> str:
    return record.name.removeprefix("proxy.").removeprefix("forebay.")


def _traceback(record: logging.LogRecord) -> str:
    if record.exc_info and not record.exc_text:
        record.exc_text = logging.Formatter().formatException(record.exc_info)
    return record.exc_text or ""


def _one_line(text: str) -> str:
    return _LINE_BREAKERS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _quoted(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    return text if _PLAIN.fullmatch(text) else _one_line(json.dumps(text, ensure_ascii=False))
