"""A dump through Forebay is the direct one, and loaded through Forebay it gives the same database."""

from __future__ import annotations

from pathlib import Path

from tests.servers import Server
from tests.whole.daemon import running
from tests.whole.dumps import fill, round_trip


def test_dump_and_load(server: Server, tmp_path: Path) -> None:
    fill(server, megabytes=1)
    with running(server.port) as daemon:
        assert round_trip(server, daemon, tmp_path) > 500_000
