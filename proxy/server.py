"""The whole: builds the parts, starts, reloads, drains, stops.

Start does not wait for the target: Forebay listens at once, and /readyz says whether the target answers.
SIGTERM and SIGINT drain, SIGHUP reloads.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import importlib
import logging
import os
import signal
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import replace

import uvloop

from proxy import logs
from proxy.config import ConfigError, difference, reloaded
from proxy.errors import ProxyError
from proxy.net import certificates, tls
from proxy.net.connect import open_server_connection
from proxy.net.listener import Listener
from proxy.net.tasks import cancel_all, spawn
from proxy.pool.keeper import Keeper
from proxy.pool.pool import Pool
from proxy.relay.client import Client
from proxy.relay.deadlines import Deadlines
from proxy.relay.hub import Hub
from proxy.relay.routes import Routes
from proxy.scheduling import Scheduling
from proxy.settings import Settings
from proxy.status import StatusServer
from proxy.wire.auth import Credentials, parse_password_hash

_log = logging.getLogger("forebay")

_LOOK_INTERVAL = 1.0
# Long-lived clients are many and make no garbage: collecting rarely costs nothing and saves pauses.
_GC_THRESHOLDS = (20_000, 20, 20)


def run(settings: Settings, reload: Callable[[], Settings]) -> int:
    """Run until a signal ends it; returns the exit status. Raises OSError when an address cannot be had."""
    server = Server(settings, reload)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(server.run())


def credentials(settings: Settings) -> dict[str, Credentials]:
    """What is known of each user's password."""
    found = {}
    for user in settings.users:
        if user.password_hash is not None:
            found[user.name] = parse_password_hash(user.name, user.password_hash.reveal())
        else:
            password = user.password.reveal() if user.password is not None else ""
            found[user.name] = Credentials.from_password(user.name, password.encode())
    return found


def client_tls(settings: Settings) -> ssl.SSLContext | None:
    """The context that clients meet, with Forebay's own certificate where none is configured."""
    wanted = settings.clients.tls
    if wanted.mode == "disabled":
        return None
    if wanted.cert:
        return tls.server_context(wanted, wanted.cert, wanted.key)
    with certificates.prepared(settings.state_folder).file() as path:
        return tls.server_context(wanted, path, path)


def check_connect(settings: Settings) -> list[str]:
    """Log in to the target as every user; returns what went wrong, one sentence each."""
    return asyncio.run(_check_connect(settings))


async def _check_connect(settings: Settings) -> list[str]:
    context = tls.client_context(settings.target.tls)
    hub = Hub(settings, credentials(settings), None)
    routes = Routes(hub, context)
    problems = []
    for user in settings.users:
        try:
            async with asyncio.timeout(settings.pool.connect_timeout):
                login = routes.route(user.name, False).login
                connection = await open_server_connection(settings.target, login, context)
                await connection.leave()
        except TimeoutError:
            problems.append(f"user {user.name}: no answer from {settings.target.address} in time")
        except ProxyError as error:
            problems.append(f"user {user.name}: {error.text}")
    return problems


class Server:
    """One running Forebay."""

    def __init__(self, settings: Settings, reload: Callable[[], Settings]) -> None:
        self.settings = settings
        self._reload = reload
        self._lag = 0.0
        self._scheduling: Scheduling
        self._stop: asyncio.Event
        self._listeners: list[Listener] = []
        self.hub: Hub
        self.routes: Routes
        self.status: StatusServer | None = None

    async def run(self) -> int:
        """Start, serve until told to stop, drain; returns the exit status."""
        self._stop = asyncio.Event()
        try:
            await self._start()
        except BaseException:
            for listener in self._listeners:
                listener.close()
            raise
        for name in ("proxy.metrics", "proxy.about", "proxy.web"):  # ready without them, and not at a scrape
            await asyncio.to_thread(importlib.import_module, name)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        try:
            await self._stop.wait()
            await self._drain()
        finally:
            if self.status is not None:
                await self.status.stop()
            await cancel_all()
        return 0

    async def _start(self) -> None:
        self._scheduling = Scheduling()
        settings = self.settings
        context = tls.client_context(settings.target.tls)
        users = credentials(settings)
        rsa = certificates.own_rsa_key(settings.state_folder) if _needs_rsa(users) else None
        self.hub = Hub(settings, users, rsa)
        self.hub.client_tls = client_tls(settings)
        self.routes = self.hub.routes = Routes(self.hub, context)
        for address in settings.listen:
            listener = Listener(address, self._client)
            await listener.start()
            self._listeners.append(listener)
        await self._start_status()
        self._handle_signals()
        spawn("keeper", Keeper(self._pools, time.monotonic, asyncio.sleep).run())
        spawn("deadlines", self._watch_deadlines())
        spawn("loop", self._watch_loop())
        for user in settings.users[:1]:
            self.routes.route(user.name, False).pool.refill()
        where = ", ".join(listener.address for listener in self._listeners)
        _log.info("listening on %s for %s", where, settings.target.address)
        _notify(b"READY=1")

    def _client(self, is_unix: bool) -> Client:
        return Client(self.hub, secure=is_unix)

    def _pools(self) -> list[Pool]:
        return [route.pool for route in self.routes.by_key.values()]

    async def _start_status(self) -> None:
        if not self.settings.status.listen:
            return
        self.status = StatusServer(
            self.settings.status.listen,
            lambda: self._exposition(),
            lambda: (True, "alive"),
            self._ready,
            drain=self.stop_accepting,
            quit=self.stop,
        )
        await self.status.start()
        _log.info("metrics on http://%s/metrics", self.status.address)

    @functools.cached_property
    def _exposition(self) -> Callable[[], tuple[str, bytes]]:
        """What a scrape gets: what it needs is imported when Forebay is ready, or here."""
        from proxy import about, metrics

        return metrics.exposition(
            metrics.Sources(
                relay=self.hub.stats,
                pools=self._pools,
                budget=lambda: self.routes.budget.limit,
                target_up=lambda: self.routes.ready()[0],
                loop_lag=lambda: self._lag,
                batch=lambda: self._scheduling.batch,
                build=about.labels(),
            )
        )

    def _ready(self) -> tuple[bool, str]:
        return (False, "draining") if self.hub.draining else self.routes.ready()

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self.reload)

    # While it runs.

    async def _watch_deadlines(self) -> None:
        deadlines = Deadlines(self.hub)
        while True:
            await asyncio.sleep(deadlines.interval())
            deadlines.sweep(time.monotonic())

    async def _watch_loop(self) -> None:
        """How late it wakes a sleeper tells how long it was busy elsewhere; how busy it was, how to schedule it."""
        while True:
            due = time.monotonic() + _LOOK_INTERVAL
            await asyncio.sleep(_LOOK_INTERVAL)
            self._lag = max(0.0, time.monotonic() - due)
            self._scheduling.look(self.settings.scheduling == "adaptive")

    def reload(self) -> None:
        """Read the configuration again; a bad one changes nothing."""
        try:
            new = self._reload()
            changed = difference(self.settings, new)
            new_credentials = credentials(new)
            context = client_tls(new)
        except (ConfigError, OSError, ssl.SSLError) as error:
            _log.error("the configuration was not reloaded: %s", error)
            return
        for path in changed.fixed:
            _log.warning("%s changes with a restart only", path)
        self._apply(new, new_credentials, context)
        _log.info("configuration reloaded: %s", ", ".join(changed.reloadable) or "nothing changed")

    def _apply(self, new: Settings, users: dict[str, Credentials], context: ssl.SSLContext | None) -> None:
        self._keep_what_logins_taught(new, users)
        self.settings = reloaded(self.settings, new)
        self.hub.configure(self.settings, users)
        self.hub.client_tls = context
        logs.setup(new.log)
        if self.hub.rsa is None and _needs_rsa(users):
            self.hub.rsa = certificates.own_rsa_key(self.settings.state_folder)
        for (user, _), route in self.routes.by_key.items():
            if user not in users:
                route.pool.configure(replace(new.pool, min_idle=0))
                route.pool.retire("user_removed")
                continue
            route.pool.configure(new.pool)
            login = self.routes.server_credentials(user)
            if login != route.login.credentials:
                route.take_login(login)
                route.pool.retire("credentials_changed")
        self.routes.budget.resize(new.pool.max_connections, time.monotonic())

    def _keep_what_logins_taught(self, new: Settings, users: dict[str, Credentials]) -> None:
        """Of a user with only a hash in the configuration, a login has shown what the server wants to know."""
        before = {user.name: (user.password, user.password_hash) for user in self.settings.users}
        for user in new.users:
            if before.get(user.name) == (user.password, user.password_hash):
                users[user.name] = self.hub.users[user.name]

    # Stopping.

    def stop(self) -> None:
        """Drain and end."""
        self._stop.set()

    def stop_accepting(self) -> None:
        """Not ready any more, and no new clients; those that are here go on until they are between statements."""
        if self.hub.draining:
            return
        self.hub.draining = True
        _notify(b"STOPPING=1")
        _log.info("draining: %d clients", len(self.hub.clients))
        for client in list(self.hub.clients.values()):
            client.leave_when_idle()

    async def _drain(self) -> None:
        """Let transactions end, within the deadline; then close everything."""
        self.stop_accepting()
        if self.hub.clients:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.hub.all_gone.wait(), self.settings.drain_timeout)
        if self.hub.clients:
            _log.warning("drain_timeout is over: closing %d clients", len(self.hub.clients))
        for listener in self._listeners:
            listener.close()
        for client in list(self.hub.clients.values()):
            client.abort()
        gone = asyncio.Event()
        pools = [route.pool for route in self.routes.by_key.values()]
        left = len(pools)

        def one_empty() -> None:
            nonlocal left
            left -= 1
            if not left:
                gone.set()

        for pool in pools:
            pool.drain(one_empty)
        if pools:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(gone.wait(), 2.0)
        for pool in pools:  # a server that does not answer any more
            for connection in (*pool.core.idle, *pool.core.lent, *pool.core.closing):
                connection.abort()
        _log.info("stopped")


def _needs_rsa(users: dict[str, Credentials]) -> bool:
    """Only who is known by the native hash alone must show the password itself."""
    return any(user.sha2_hash is None for user in users.values())


def _notify(state: bytes) -> None:
    """Tell systemd (sd_notify(3)), when it asks for it."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    if path.startswith("@"):
        path = "\0" + path[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.sendto(state, path)
