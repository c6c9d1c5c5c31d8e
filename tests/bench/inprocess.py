"""What Forebay's own code costs a query: ``python -m tests.bench.inprocess``, for point, prepared, insert or storm.

A real Forebay and a real MariaDB make 16 clients and 8 server connections; then fake transports drive their
``data_received`` by turns, in the order that a round of service gives, so that each statement is handed over. What the
machine does besides makes the time vary twofold, so the figure to compare is the one in units: a unit is a method call
that makes another one, timed in the same moments. In a storm the operation is a client's whole life: its greeting,
login, one query, goodbye.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import json
import os
import pstats
import statistics
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import uvloop

from proxy import config, server
from proxy.net.poller import running
from proxy.net.stream import Stream
from proxy.net.transport import Transport
from proxy.relay.client import Client
from proxy.relay.hub import Hub
from proxy.wire import constants as c
from proxy.wire.auth import Credentials
from proxy.wire.frames import frame, frame_all
from proxy.wire.packets import Login, build_login
from tests import servers
from tests.servers import APP
from tests.servers.process import free_port
from tests.whole.plain_client import POOR, RICH, PlainClient

CLIENTS, POOL = 16, 8
ROUNDS, QUERIES = 400, 800
TEXTS = 400
EXECUTE = bytes((c.COM_STMT_EXECUTE,))


class Nowhere(Transport):
    """Takes what is written."""

    __slots__ = ("written",)

    def __init__(self, stream: Stream) -> None:
        super().__init__(-1, stream, running())

    def write(self, data: bytes | bytearray) -> None:
        self.written = data

    def close(self) -> None:
        pass


class Unit:
    """What a unit is made of."""

    __slots__ = ("first", "second")

    def outer(self, value: int) -> int:
        self.first = value
        return self.inner(value)

    def inner(self, value: int) -> int:
        self.second = value + 1
        return self.second


def unit() -> float:
    """Microseconds of one."""
    call = Unit().outer
    begun = time.process_time()
    for number in range(4_000):
        call(number)
    return (time.process_time() - begun) / 4_000 * 1e6


def point(client: PlainClient) -> list[bytes]:
    return [frame(bytes((c.COM_QUERY,)) + b"SELECT c FROM t WHERE id=%d" % number) for number in range(1, TEXTS)]


def prepared(client: PlainClient) -> list[bytes]:
    """Executions as libmariadb sends them: the parameters' types with the first one only."""
    client.sequence = 0
    client.write(bytes((c.COM_STMT_PREPARE,)) + b"SELECT c FROM t WHERE id=?")
    answer = client.read()
    for _ in range(2 if client.capabilities & c.CLIENT_DEPRECATE_EOF else 4):
        client.read()
    head = EXECUTE + answer[1:5] + b"\0" + (1).to_bytes(4, "little") + b"\0"
    ask(client, frame(head + b"\1\3\0" + (5).to_bytes(4, "little")))
    return [frame(head + b"\0" + number.to_bytes(4, "little")) for number in range(1, TEXTS)]


def insert(client: PlainClient) -> list[bytes]:
    """Statements that leave an insert id, so that each hand-over exchanges it."""
    return [frame(bytes((c.COM_QUERY,)) + b"INSERT INTO ids (c) VALUES (%d)" % number) for number in range(1, TEXTS)]


def ask(client: PlainClient, packet: bytes) -> None:
    """One query with a row of one column, or without rows."""
    client.socket.sendall(packet)
    if client.read()[0]:
        for _ in range(3 if client.capabilities & c.CLIENT_DEPRECATE_EOF else 4):
            client.read()


def exchanged(extended: bool) -> bytes:
    """What a server says to the question that exchanges insert ids."""
    names = (b"LAST_INSERT_ID()", b"LAST_INSERT_ID(4711)")
    fixed = b"\x0c\x3f\0\x15\0\0\0\x08\x81\0\0\0\0"
    definitions = [b"\3def\0\0\0" + bytes((len(name),)) + name + bytes(1 + extended) + fixed for name in names]
    return frame_all([b"\2", *definitions, b"\0044711\0044711", b"\xfe\0\0\2\0\0\0"], 1)


def drive(clients: list[Client], queries: dict[Client, list[bytes]], answers: tuple[bytes, bytes], count: int) -> float:
    """Microseconds of a query. All server connections are lent, by clients that wait for an answer."""
    connections = list(clients[0].route.pool.core.lent)
    begun = time.process_time()
    for number in range(count // POOL):
        for connection in connections:
            client = connection.borrower
            connection.data_received(answers[connection.conversing])
            client.data_received(queries[client][number % (TEXTS - 1)])
    return (time.process_time() - begun) / (count // POOL * POOL) * 1e6


# What libmariadb says of itself.
ATTRIBUTES = (("_client_name", "libmariadb"), ("_client_version", "3.3.14"), ("_os", "Linux"), ("_pid", "12345"))
GOODBYE = frame(bytes((c.COM_QUIT,)))


def storm(hub: Hub, capabilities: int, answer: bytes, count: int) -> float:
    """Microseconds of a client's life; what it does itself to prove its password is not counted."""
    query = frame(bytes((c.COM_QUERY,)) + b"SELECT c FROM t WHERE id=5")
    password = Credentials.from_password(APP.name, APP.password.encode())
    spent = 0.0
    for _ in range(count):
        begun = time.process_time()
        client = Client(hub, False)
        transport = Nowhere(client)
        client.connection_made(transport)
        spent += time.process_time() - begun
        proof = password.native_scramble(client.nonce) or b""
        login = Login(capabilities, 1 << 24, 45, APP.name, proof, "bench", c.PLUGIN_NATIVE, ATTRIBUTES)
        packet = frame(build_login(login), 1)
        begun = time.process_time()
        client.data_received(packet)
        client.data_received(query)
        assert client.server is not None
        client.server.data_received(answer)
        client.data_received(GOODBYE)
        transport.bury()
        spent += time.process_time() - begun
    return spent / count * 1e6


async def play(options: argparse.Namespace, port: int, target: int, folder: Path) -> None:
    file = folder / "forebay.yaml"
    file.write_text(
        json.dumps(
            {
                "listen": [f"127.0.0.1:{port}"],
                "target": {"address": f"127.0.0.1:{target}", "tls": {"mode": "disabled"}},
                "users": [{"name": APP.name, "password": APP.password}],
                "pool": {"max_connections": POOL},
                "status": {"listen": ""},
                "log": {"level": "warning"},
            }
        )
    )
    settings = config.load(str(file))
    daemon = server.Server(settings, lambda: settings)
    await daemon._start()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*server._GC_THRESHOLDS)
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(CLIENTS) as threads:

        def everybody(work: Callable[[PlainClient], object]) -> asyncio.Future[list[object]]:
            return asyncio.gather(*(loop.run_in_executor(threads, work, plain) for plain in plains))

        plains = await loop.run_in_executor(None, connect, port, RICH if options.rich else POOR)
        kind = point if options.kind == "storm" else globals()[options.kind]
        packets = dict(zip(plains, await everybody(kind), strict=True))
        clients = sorted(daemon.hub.clients.values(), key=lambda client: client.id)
        while len(clients[0].route.pool.core.idle) < POOL:
            await everybody(lambda plain: [ask(plain, packet) for packet in packets[plain][:200]])
        await everybody(lambda plain: [ask(plain, packet) for packet in packets[plain]])
        answer = await recorded(clients[0], loop.run_in_executor(threads, ask, plains[0], packets[plains[0]][5]))
        for stream in (*clients, *clients[0].route.pool.core.idle):
            stream.transport = Nowhere(stream)
        if options.kind == "storm":
            capabilities = (RICH if options.rich else POOR) | c.CLIENT_MULTI_RESULTS | c.CLIENT_CONNECT_ATTRS
            capabilities |= c.CLIENT_CONNECT_WITH_DB | c.CLIENT_PLUGIN_AUTH_LENENC
            measure(options, answer, lambda count: storm(daemon.hub, capabilities, answer, count))
        else:
            queries = dict(zip(clients, packets.values(), strict=True))
            for client in clients:
                client.data_received(queries[client][0])
            # That to one query, alone or behind the exchange of insert ids that goes out with it.
            answers = answer, exchanged(daemon.hub.extended_metadata) + answer
            measure(options, answer, lambda count: drive(clients, queries, answers, count))
    os._exit(0)


def connect(port: int, capabilities: int) -> list[PlainClient]:
    """One after the other, so that Forebay's ids are in their order."""
    door: Any = SimpleNamespace(host="127.0.0.1", port=port)
    credentials = Credentials.from_password(APP.name, APP.password.encode())
    return [
        PlainClient(door, credentials, capabilities=capabilities | c.CLIENT_MULTI_RESULTS, schema="bench")
        for _ in range(CLIENTS)
    ]


async def recorded(client: Client, query: asyncio.Future[None]) -> bytes:
    """What the server says to this query."""
    chunks: list[bytes] = []
    answering = client.answering

    def note(data: bytes) -> None:
        chunks.append(bytes(data))
        answering(data)

    client.answering = note
    await query
    client.answering = answering
    return b"".join(chunks)


def measure(options: argparse.Namespace, answer: bytes, drive: Callable[[int], float]) -> None:
    drive(10 * QUERIES)
    if options.profile:
        profile = cProfile.Profile()
        profile.runcall(drive, 5 * QUERIES)
        pstats.Stats(profile).sort_stats("tottime").print_stats(options.profile)
    if options.callgrind:
        count_instructions(lambda: drive(QUERIES))
        return
    if options.seconds:
        until = time.monotonic() + options.seconds
        print(f"driving for {options.seconds} s: process {os.getpid()}", flush=True)
        while time.monotonic() < until:
            drive(QUERIES)
    pairs = [(drive(QUERIES), unit()) for _ in range(ROUNDS)]
    units = statistics.median(cost / one for cost, one in pairs)
    cost, one = (sorted(column)[ROUNDS // 10] for column in zip(*pairs, strict=True))
    print(f"{options.kind}, {len(answer)} bytes: {units:.1f} units; {cost:.2f} us when a unit is {one:.3f} us")


def count_instructions(drive: Callable[[], object]) -> None:
    """Instructions do not depend on what else the machine does."""
    control = ["callgrind_control", "-i"]
    subprocess.run([*control, "on", str(os.getpid())], check=True, stdout=subprocess.DEVNULL)
    drive()
    subprocess.run([*control, "off", str(os.getpid())], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", nargs="?", choices=("point", "prepared", "insert", "storm"), default="point")
    parser.add_argument("--rich", action="store_true", help="clients that speak what the server speaks")
    parser.add_argument("--server", choices=servers.FLAVOURS, default="mariadb")
    parser.add_argument("--profile", type=int, default=0, metavar="LINES", help="cProfile's, which sees Python only")
    parser.add_argument("--callgrind", action="store_true", help=f"under valgrind: {QUERIES} queries are instrumented")
    parser.add_argument("--seconds", type=float, default=0, help="drive so long, for perf to look on")
    options = parser.parse_args()
    with servers.make(options.server, users=[APP]) as target, TemporaryDirectory() as folder:
        target.execute("CREATE DATABASE bench")
        target.execute("CREATE TABLE bench.t (id INT PRIMARY KEY, c CHAR(120))")
        target.execute("CREATE TABLE bench.ids (id INT AUTO_INCREMENT PRIMARY KEY, c INT)")
        rows = ",".join(f"({number},REPEAT('x',119))" for number in range(1, TEXTS + 1))
        target.execute(f"INSERT INTO bench.t VALUES {rows}")
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(play(options, free_port(), target.port, Path(folder)))


if __name__ == "__main__":
    main()
