"""The servers behind the contenders, started when first needed, with the tables that the load generator uses."""

from __future__ import annotations

import contextlib
import resource
from types import TracebackType
from typing import Self

from tests import servers
from tests.bench import sysbench, workloads
from tests.servers import APP, Server

OPTIONS = ("--max-connections=2500", "--back-log=2000", "--innodb-buffer-pool-size=128M")


def raise_file_limit() -> int:
    """As many open files as this machine allows, for this program and all that it starts; gives their number."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


class Stage:
    """A context manager: what it started ends with it."""

    def __init__(self) -> None:
        self._servers: dict[str, Server] = {}
        self._started = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._started.close()

    def server(self, flavour: str) -> Server:
        """The server of this flavour, filled. Raises Unavailable, ServerFailed or LoadFailed."""
        if flavour not in self._servers:
            server = self._started.enter_context(servers.make(flavour, users=[APP], options=OPTIONS))
            for schema in (workloads.READ, workloads.WRITTEN):
                server.execute(f"CREATE DATABASE {schema}")
                sysbench.prepare(server.port, schema, workloads.ROWS)
            self._servers[flavour] = server
        return self._servers[flavour]
