from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.logs import JsonFormatter, TextFormatter, setup
from proxy.settings import LogSettings, Secret

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging is the process's; leave it as it was."""
    root = logging.getLogger()
    kept = root.handlers[:], root.level, logging.raiseExceptions, logging.getLogger("asyncio").level
    yield
    root.handlers[:], level, logging.raiseExceptions, asyncio_level = kept
    root.setLevel(level)
    logging.getLogger("asyncio").setLevel(asyncio_level)


def record(message: str, *args: object, name: str = "proxy.relay.client", error: Any = None, **fields: object) -> Any:
    made = logging.LogRecord(name, logging.WARNING, __file__, 1, message, args, error)
    made.fields = fields
    return made


def crash(text: str) -> Any:
    try:
        raise ValueError(text)
    except ValueError:
        return sys.exc_info()


def test_text_is_one_readable_line() -> None:
    line = TextFormatter().format(
        record("client %d closed", 7, user="app", reason="idle timeout", waited=0.25, of=None)
    )
    assert re.fullmatch(
        TIME + r' WARNING relay\.client: client 7 closed user=app reason="idle timeout" waited=0\.25 of=None', line
    )


def test_json_is_one_object() -> None:
    line = json.loads(JsonFormatter().format(record("closed", client=7, reason="idle", level="x", peer=("::1", 3))))
    assert re.fullmatch(TIME, line.pop("time"))
    assert line == {
        "level": "warning",
        "logger": "relay.client",
        "message": "closed",
        "client": 7,
        "reason": "idle",
        "level_": "x",
        "peer": ["::1", 3],
    }


@pytest.mark.parametrize("name", ["forebay.tasks", "proxy.tasks", "tasks"])
def test_loggers_have_short_names(name: str) -> None:
    assert " tasks: x" in TextFormatter().format(record("x", name=name))


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_no_secret_is_written(formatter: logging.Formatter) -> None:
    fields: dict[str, Any] = {
        "password": "hunter2",
        "server_password": "hunter2",
        "token": "hunter2",
        "value": Secret("hunter2"),
    }
    assert "hunter2" not in formatter.format(record("%s and %r", Secret("hunter2"), Secret("hunter2"), **fields))


@given(st.text())
def test_what_a_peer_sent_cannot_forge_a_line(text: str) -> None:
    for made in (record("user %s", text), record("user", user=text, **{"a": text})):
        for formatter in (TextFormatter(), JsonFormatter()):
            line = formatter.format(made)
            assert len(line.splitlines()) == 1
            line.encode()


@given(st.text())
def test_nor_through_an_exception(text: str) -> None:
    made = record("crashed", error=crash(text))
    first, *others = TextFormatter().format(made).splitlines()
    assert first.endswith("crashed")
    assert all(line.startswith("    ") for line in others)
    assert "ValueError" in json.loads(JsonFormatter().format(made))["traceback"]


def test_setup_makes_every_logger_write_this_way_and_can_be_repeated() -> None:
    stream = io.StringIO()
    setup(LogSettings(level="warning"), stream)
    setup(LogSettings(level="info", format="json"), stream)
    logging.getLogger("proxy.x").info("shown", extra={"fields": {"a": 1}})
    logging.getLogger("proxy.x").debug("not shown")
    logging.getLogger("asyncio").info("not shown")
    logging.getLogger("forebay.y").warning("without fields")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["message"], line.get("a")) for line in lines] == [("shown", 1), ("without fields", None)]


def test_a_log_that_nobody_reads_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    setup(LogSettings(), stream)
    stream.close()
    logging.getLogger("x").info("lost")
    assert capsys.readouterr().err == ""
