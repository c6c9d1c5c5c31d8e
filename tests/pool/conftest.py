from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pool.world import World


@pytest.fixture(autouse=True)
def _worlds_end() -> Iterator[None]:
    """Coroutines that a test leaves waiting end with it."""
    World.made.clear()
    yield
    for world in World.made:
        world.end()
