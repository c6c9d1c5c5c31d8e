# cython: annotation_typing=False
"""What all clients share: settings, statistics, routes, keys, and the list of the clients themselves.

It decides nothing; it is where the parts of the relay find each other.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

from proxy.relay.stats import RelayStats
from proxy.session.prepared import Cache
from proxy.session.statements import TraitsCache
from proxy.settings import Settings, UserSettings
from proxy.wire.auth import Credentials, RsaKey

if TYPE_CHECKING:
    from proxy.relay.client import Client
    from proxy.relay.doors import Door
    from proxy.relay.routes import Routes

CACHED_TEXTS = 4096
CACHED_BYTES = 4 << 20

# Drivers choose by the version what they say; until the target has told its own, this one is told.
UNKNOWN_VERSION = "8.0.0-forebay"


class Hub:
    """One for the process. ``clients`` by connection id; the greeting says ``version``, ``extended_metadata``
    and ``query_attributes``."""

    def __init__(self, settings: Settings, users: dict[str, Credentials], rsa: RsaKey | None) -> None:
        self.configure(settings, users)
        self.rsa = rsa
        self.client_tls: ssl.SSLContext | None = None
        self.stats = RelayStats()
        self.traits = TraitsCache(CACHED_TEXTS, CACHED_BYTES)
        self.prepared = Cache(settings.pool.prepared_statements_memory, self.stats)
        self.clients: dict[int, Client] = {}
        self.routes: Routes
        self.version = UNKNOWN_VERSION
        self.extended_metadata = False
        self.query_attributes = False
        self.advised: set[tuple[str, str]] = set()  # what advice mode has told, by user and part
        self.door: Door | None = None  # of ``doors``
        self.draining = False
        self.learns = True  # from the answers; only tests/bench/uncarried.py has a hub that does not
        self.all_gone = asyncio.Event()  # set when the last client has left
        self._last_id = 0

    def configure(self, settings: Settings, users: dict[str, Credentials]) -> None:
        """Take the settings that hold from now on, and what is known of each user's password."""
        self.settings = settings
        self.users = users
        self.configured: dict[str, UserSettings] = {user.name: user for user in settings.users}

    def new_id(self) -> int:
        """A connection id: 32 bits, never 0, not in use."""
        while True:
            self._last_id = self._last_id % 0xFFFFFFFF + 1
            if self._last_id not in self.clients:
                return self._last_id
