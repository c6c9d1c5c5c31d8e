"""The steps of the demo in their order, and what stays running after them."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.demo import picture, report, scrape, stage
from examples.demo.crowd import BURSTS, Crowd, Tally, burst
from examples.demo.interrupts import Interrupted, Interrupts
from examples.demo.report import Phase, duration, percentile
from examples.demo.screen import BOLD, DIM, GREEN, RED, Screen
from examples.demo.witness import Witness
from tests.servers.server import Server

BURST = 20  # invocations that start together
INVOCATIONS = BURST * len(BURSTS)
STEPS = 6
STATUS_INTERVAL = 5.0  # seconds between two status lines at the end
PICTURE = Path("demo-results") / "connections.png"

# Forebay's metrics that the demo shows.
CLIENTS_NOW = "forebay_clients"
CLIENTS_TOTAL = "forebay_clients_received_total"
BORROW_WAIT = "forebay_pool_borrow_duration_seconds"
QUERY = "forebay_query_duration_seconds"
SERVER_RESPONSE = "forebay_server_response_duration_seconds"


@dataclass(slots=True)
class Stage:
    """What runs while the story is told."""

    server: Server
    password: str
    witness: Witness
    forebay: stage.Forebay


class Story:
    """``tell`` runs everything and returns the result's fields; ``seconds`` None stays until interrupted."""

    __slots__ = ("_interrupts", "_screen", "_seconds")

    def __init__(self, screen: Screen, interrupts: Interrupts, seconds: float | None) -> None:
        self._screen = screen
        self._interrupts = interrupts
        self._seconds = seconds

    def tell(self) -> dict[str, Any]:
        with ExitStack() as stack:
            try:
                on = self._prepare(stack)
                proxied = self._through_forebay(on)
                direct = self._directly(on)
                failings = self._compare(proxied, direct)
                if failings:
                    self._screen.say(f"The end of Forebay's log:\n{on.forebay.log_tail()}")
                self._stay(on)
            finally:
                # What follows is the stopping, which nothing shall interrupt.
                self._interrupts.ignore()
        if status := on.forebay.stop():
            failings.append(f"Forebay ended with status {status}")
            self._screen.say(self._screen.paint(failings[-1], RED))
        self._screen.say("Everything is stopped.")
        return {"ok": not failings, **report.result(proxied, direct), "plot": str(PICTURE)}

    def _prepare(self, stack: ExitStack) -> Stage:
        screen = self._screen
        title = f"Forebay: {INVOCATIONS} function invocations, {stage.POOL_SIZE} database connections"
        screen.say(screen.paint(title, BOLD))
        screen.step(1, STEPS, "Starting MariaDB in a scratch folder")
        # Held, because on a fresh machine this installs MariaDB, which is better not broken off in the middle.
        with self._interrupts.held(), screen.busy("MariaDB"):
            server, password = stage.start_database()
            stack.callback(server.close)
        version = server.execute("SELECT VERSION()")[0][0]
        screen.say(f"      MariaDB {version} on {server.host}:{server.port}, a little shop in schema `{stage.SCHEMA}`")

        screen.step(2, STEPS, "Example functions: Node `mysql`, Node `mysql2`, Python PyMySQL")
        with screen.busy("npm ci"):
            installed = stage.install_drivers()
        screen.say("      drivers installed with npm" if installed else "      drivers are there")

        screen.step(3, STEPS, f"Starting Forebay with a pool of {stage.POOL_SIZE}")
        witness = Witness(server.connect(read_timeout=10))
        stack.callback(witness.close)
        # From here on MariaDB counts, so that what Forebay opens for itself is in the result too.
        witness.begin()
        forebay = stack.enter_context(stage.Forebay(server.port, password, self._interrupts))
        started = time.monotonic()
        with screen.busy("Forebay"):
            forebay.start()
        screen.say(
            f"      ready on 127.0.0.1:{forebay.port} after {duration(time.monotonic() - started)}, metrics at http://{forebay.status}/metrics"
        )
        return Stage(server, password, witness, forebay)

    def _through_forebay(self, on: Stage) -> Phase:
        text = f"{INVOCATIONS} invocations through Forebay, {BURST} at once, each its own process and connection"
        self._screen.step(4, STEPS, text)
        phase = Phase("through Forebay", Tally(INVOCATIONS), on.witness.samples)

        def look() -> None:
            metrics = scrape.scrape(on.forebay.status)
            now = int(metrics.value(CLIENTS_NOW))
            phase.client_connections = int(metrics.value(CLIENTS_TOTAL))
            phase.client_connections_max = max(phase.client_connections_max, now)
            phase.borrow_wait = metrics.histogram(BORROW_WAIT)
            phase.query = metrics.histogram(QUERY)
            phase.server_response = metrics.histogram(SERVER_RESPONSE)
            self._progress(phase, now)

        on.witness.zero()
        self._run_bursts(phase, stage.dsn(on.forebay.port, on.password), look)
        look()
        on.witness.end()
        phase.orders_stored = on.witness.count_orders(stage.SCHEMA)
        return phase

    def _directly(self, on: Stage) -> Phase:
        self._screen.step(5, STEPS, f"The same {INVOCATIONS} invocations directly on MariaDB")
        orders = on.witness.count_orders(stage.SCHEMA)
        samples = on.witness.begin(others=on.witness.open_now())
        phase = Phase("directly", Tally(INVOCATIONS), samples)

        def look() -> None:
            # Each client connection is a server connection here.
            phase.client_connections_max = samples.most
            self._progress(phase, samples.now)

        self._run_bursts(phase, stage.dsn(on.server.port, on.password), look)
        on.witness.end()
        phase.client_connections = samples.opened
        phase.client_connections_max = samples.most
        phase.orders_stored = on.witness.count_orders(stage.SCHEMA) - orders
        return phase

    def _run_bursts(self, phase: Phase, dsn: str, look: Callable[[], None]) -> None:
        crowd = Crowd(dsn, BURST)
        try:
            for handlers in BURSTS:
                before, failed = phase.tally.seconds, len(phase.tally.failures)
                crowd.run(burst(handlers, BURST), phase.tally, look)
                self._after_burst(phase, " and ".join(handlers), phase.tally.seconds - before, failed)
        finally:
            crowd.close()

    def _progress(self, phase: Phase, clients: int) -> None:
        tally = phase.tally
        self._screen.live(
            f"      {tally.done:3}/{tally.total} invocations done, {tally.running:2} running,"
            f" {clients:2} client connections, {phase.samples.now:2} server connections"
        )

    def _after_burst(self, phase: Phase, name: str, seconds: float, failed_before: int) -> None:
        tally = phase.tally
        median = duration(percentile(tally.latencies, 0.5))
        self._screen.say(
            f"      {name:26} {tally.done:3}/{tally.total} invocations done, {len(tally.failures)} failed,"
            f" {seconds:.1f} s, median {median}, at most {phase.samples.most} server connections open"
        )
        for outcome in tally.failures[failed_before:]:
            self._screen.say(self._screen.paint(f"        {outcome.handler} failed: {outcome.error}", RED))

    def _compare(self, proxied: Phase, direct: Phase) -> list[str]:
        screen = self._screen
        screen.step(6, STEPS, "Side by side")
        ascii_only = not screen.can_draw(report.EIGHTHS)
        plots = report.plots([proxied, direct], ascii_only=ascii_only)
        for line in ["", *report.table([proxied, direct]), "", *plots, ""]:
            screen.say(f"      {line}".rstrip())
        with screen.busy("plot"):
            picture.save(proxied, direct, stage.ROOT / PICTURE)
        screen.say(f"      plot: {PICTURE}")
        failings = report.shortcomings(proxied, direct)
        verdict = ("not as promised: " + "; ".join(failings), RED) if failings else ("as promised", GREEN)
        screen.say("      " + screen.paint(*verdict))
        return failings

    def _stay(self, on: Stage) -> None:
        say = self._screen.say
        say()
        say(f"DSN      {stage.dsn(on.forebay.port, on.password)}")
        say(f"metrics  http://{on.forebay.status}/metrics")
        login = f"-h 127.0.0.1 -P {on.forebay.port} -u {stage.USER} -p'{on.password}' {stage.SCHEMA}"
        say(f"try      mysql {login} -e 'SELECT COUNT(*) FROM orders'")
        until = "until Ctrl-C" if self._seconds is None else f"for {self._seconds:g} seconds"
        say(self._screen.paint(f"Forebay keeps running {until}.", BOLD))
        end = None if self._seconds is None else time.monotonic() + self._seconds
        try:
            self._wait(on, end)
        except Interrupted:
            say("Stopping.")

    def _wait(self, on: Stage, end: float | None) -> None:
        while end is None or time.monotonic() < end:
            left = STATUS_INTERVAL if end is None else min(STATUS_INTERVAL, end - time.monotonic())
            time.sleep(max(0.0, left))
            if not on.forebay.running:
                raise stage.StageFailed("Forebay ended by itself")
            clients = int(scrape.scrape(on.forebay.status).value(CLIENTS_NOW))
            line = f"{clients} client connections, {on.witness.open_now()} server connections open"
            self._screen.live(self._screen.paint(line, DIM))
