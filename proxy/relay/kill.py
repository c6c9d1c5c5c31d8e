"""KILL and COM_PROCESS_KILL: a client's id is Forebay's, what is killed is the server's statement.

A statement is interrupted by ``KILL QUERY`` through another connection of the same login. While that is on
its way the target keeps its server connection, so that nobody else's statement can be hit.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from proxy.errors import KillDenied, NoSuchThread, ProxyError, ServerRefused
from proxy.net.connect import open_server_connection
from proxy.net.server_connection import ServerConnection
from proxy.net.tasks import spawn
from proxy.relay import learning, lending
from proxy.relay.phases import BUSY, IDLE
from proxy.session import pins
from proxy.session.conversations import query
from proxy.wire.answers import Answer

if TYPE_CHECKING:
    from proxy.relay.client import Client
    from proxy.relay.routes import Route

_log = logging.getLogger("forebay.kill")


def kill(client: Client, target_id: int, query_only: bool) -> None:
    """Interrupt the statement of the client ``target_id``, and unless ``query_only`` close that client."""
    target = client.hub.clients.get(target_id)
    if target is None or not target.user:
        client.refuse(NoSuchThread(target_id))
    elif target.user != client.user:
        client.refuse(KillDenied(target_id))
    else:
        target.doomed = target.doomed or not query_only
        client.answer_ok()
        interrupt(target)


def interrupt(target: Client) -> None:
    """Stop what the client is doing; close it if it is doomed."""
    server = target.server
    if target.phase == BUSY and server is not None and pins.KILL not in target.pins:
        learning.pin(target, pins.KILL, None)
        spawn(f"kill client {target.id}", _interrupt(target, server.connection_id))
    elif target.phase == BUSY and server is None and target.login is None:
        target.waits_for_settling = False
        target.route.pool.forget(target)
        target.refuse(ServerRefused(1317, "70100", "Query execution was interrupted"))
    elif target.doomed:
        target.close()


async def _interrupt(target: Client, connection_id: int) -> None:
    try:
        await _through_another(target.route, f"KILL QUERY {connection_id}", lambda: _let_go(target))
    except (ProxyError, TimeoutError) as error:
        _log.warning("cannot interrupt client %d: %s", target.id, error)
        if target.doomed:
            target.close()
    finally:
        _let_go(target)


async def end(route: Route, server: ServerConnection) -> None:
    """End a server connection that is of no use to anybody, and with it what it still does on the server."""
    try:
        await _through_another(route, f"KILL {server.connection_id}", lambda: None)
    except (ProxyError, TimeoutError) as error:
        _log.warning("%s: cannot kill server connection %d: %s", route.name, server.connection_id, error)
    finally:
        server.abort()


async def _through_another(route: Route, sql: str, done: Callable[[], None]) -> None:
    """Say ``sql`` on a new server connection of the same login; ``done`` is called before its goodbye."""
    settings = route.hub.settings
    async with asyncio.timeout(settings.pool.connect_timeout):
        connection = await open_server_connection(settings.target, route.login, route.context)
        try:
            await connection.ask(_saying(sql))
            done()
        finally:
            await connection.leave()


def _let_go(target: Client) -> None:
    """The statement has been interrupted, or cannot be."""
    learning.unpin(target, pins.KILL)
    if target.server is not None and target.phase == IDLE:
        lending.release(target, target.server)


def _saying(sql: str) -> Generator[list[bytes], list[Answer], None]:
    yield [query(sql)]
