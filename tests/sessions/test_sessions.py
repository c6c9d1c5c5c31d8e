"""Each part of a session fares as docs/sessions.md says; `python -m tests.sessions --write` keeps what has changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import Server
from tests.sessions import page
from tests.sessions.parts import PARTS, Part
from tests.sessions.trial import POOL, attempt, set_up
from tests.whole.daemon import Daemon, running


@pytest.fixture(scope="module")
def committed() -> dict[tuple[str, str], str]:
    return page.read()


@pytest.fixture(scope="module")
def daemon(server: Server) -> Iterator[Daemon]:
    set_up(server)
    with running(server.port, POOL) as daemon:
        yield daemon


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_part(part: Part, server: Server, daemon: Daemon, committed: dict[tuple[str, str], str]) -> None:
    if part.only in ("", server.flavour):
        assert page.cell(attempt(part, server, daemon)) == committed[part.name, server.flavour]


def test_the_page_is_what_its_cells_make(committed: dict[tuple[str, str], str]) -> None:
    assert page.text(committed) == page.PAGE.read_text()
