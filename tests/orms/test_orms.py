"""Every ORM's application sees and leaves the same through a Forebay with a pool of 2 as directly, and pins only for
what truly must. Fewer processes than ``python -m tests.orms`` takes, each ORM on one of the servers."""

from __future__ import annotations

import itertools
import re

import pytest

from tests.orms import page
from tests.orms.catalogue import NODE_MODULES, ORMS, Orm
from tests.orms.trial import Figures, attempt
from tests.servers import FLAVOURS, Server

PROCESSES = 3


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("orm", "flavour"), list(zip(ORMS, itertools.cycle(sorted(FLAVOURS)))), ids=lambda each: getattr(each, "key", each)
)
def test_same_as_directly(orm: Orm, flavour: str, request: pytest.FixtureRequest) -> None:
    server: Server = request.getfixturevalue(flavour)
    if orm.node and not NODE_MODULES.exists():
        pytest.skip("no node modules; `make setup` installs them")
    figures, wrong = attempt(orm, server, PROCESSES)
    assert not wrong, "\n".join(wrong)
    assert set(figures.pins) <= set(orm.pins)
    assert figures.statements > PROCESSES
    # Two at a time, and those that followed one whose client ended inside a statement or that was pinned.
    assert figures.opened < figures.clients


def test_the_page_has_a_row_for_each() -> None:
    rows = re.findall(r"^\| (\S+) \| (\S+) \| ([^|]+) \|", page.PAGE.read_text(), re.MULTILINE)
    found = {(name, server): set(re.findall(r"`(\w+)`", pins)) for name, server, pins in rows}
    found.pop(page.COLUMNS[:2], None)
    assert set(found) == {(orm.name, page.SERVERS[flavour]) for orm in ORMS for flavour in FLAVOURS}
    for orm in ORMS:
        for flavour in FLAVOURS:
            assert found[orm.name, page.SERVERS[flavour]] <= set(orm.pins)


def test_the_page_is_written_in_the_catalogues_order() -> None:
    figures = Figures(clients=21, statements=1000, opened=3, syncs=4, settles=5, elided=6, pins={"handler": 2})
    lines = page.table({(orm.key, flavour): figures for orm in reversed(ORMS) for flavour in FLAVOURS}).splitlines()
    assert len(lines) == 2 + len(ORMS) * len(FLAVOURS)
    assert lines[2] == f"| {ORMS[0].name} | MariaDB | 2 `handler` | 1000 | 21 | 3 | 4 | 5 | 6 |"
