"""What Prometheus reads: one collector that looks at plain integers when somebody scrapes.

The only importer of prometheus_client. A new metric is one integer in ``relay/stats`` or ``pool/stats`` and one row
here; ``docs/metrics.md`` is made from the rows. Names: ``forebay_``, base units, ``_total`` for counters. Labels are
pool names (bounded by the configured users) and keys from tables in the code, never what a client sent.
It decides nothing and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple, Protocol, TypeAlias

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family

from proxy.pool.stats import Histogram, PoolStats
from proxy.relay.stats import RelayStats


class Counts(Protocol):
    """How many server connections of a pool are what, and how many clients wait for one."""

    @property
    def idle(self) -> int: ...
    @property
    def lent(self) -> int: ...
    @property
    def opening(self) -> int: ...
    @property
    def closing(self) -> int: ...
    @property
    def waiting(self) -> int: ...


class PoolView(Protocol):
    """What is read of a pool; ``pool.Pool`` is one."""

    @property
    def name(self) -> str: ...
    @property
    def stats(self) -> PoolStats: ...
    def counts(self) -> Counts: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the numbers come from. Functions are called at each scrape, in the event loop.

    ``pools`` gives every pool once. ``budget`` is how many server connections may exist. ``target_up`` is whether the
    target answered last. ``loop_lag`` is by how many seconds the event loop was late last. ``batch`` is
    whether Linux schedules Forebay as a batch process. ``build`` has label texts.
    """

    relay: RelayStats
    pools: Callable[[], Iterable[PoolView]]
    budget: Callable[[], int]
    target_up: Callable[[], bool]
    loop_lag: Callable[[], float]
    batch: Callable[[], bool]
    build: Mapping[str, str]


# A number, a histogram, or one of them for each value of the row's label.
Reading: TypeAlias = float | Histogram | Mapping[str, float]


class Row(NamedTuple):
    """One metric. ``label`` names the keys of a reading that is a mapping; ``counterpart``: RDS Proxy's metrics."""

    name: str
    kind: str
    sentence: str
    read: Callable[[Any], Reading]
    label: str = ""
    counterpart: tuple[str, ...] = ()

    @property
    def exposed(self) -> str:
        """The name that Prometheus shows."""
        return f"{self.name}_total" if self.kind == COUNTER else self.name


# What every Prometheus reads; ``generate_latest`` writes it.
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"

# Read of ``Sources``.
PROCESS_ROWS = (
    Row(
        "forebay_clients",
        GAUGE,
        "Clients connected now.",
        lambda s: s.relay.clients,
        counterpart=("ClientConnections",),
    ),
    Row(
        "forebay_clients_logged_in",
        GAUGE,
        "Clients logged in now, with and without TLS.",
        lambda s: {"yes": s.relay.clients_tls, "no": s.relay.clients_plain},
        "tls",
        ("ClientConnectionsTLS", "ClientConnectionsNoTLS"),
    ),
    Row(
        "forebay_clients_received",
        COUNTER,
        "Client connections accepted.",
        lambda s: s.relay.clients_received,
        counterpart=("ClientConnectionsReceived",),
    ),
    Row(
        "forebay_clients_closed",
        COUNTER,
        "Client connections closed, by either side.",
        lambda s: s.relay.clients_closed,
        counterpart=("ClientConnectionsClosed",),
    ),
    Row(
        "forebay_client_logins",
        COUNTER,
        "Client logins that succeeded, with and without TLS.",
        lambda s: {"yes": s.relay.logins_tls, "no": s.relay.logins_plain},
        "tls",
        ("ClientConnectionsSetupSucceeded",),
    ),
    Row(
        "forebay_client_logins_failed",
        COUNTER,
        "Client logins that failed, by the error's label.",
        lambda s: s.relay.logins_failed,
        "error",
        ("ClientConnectionsSetupFailedAuth",),
    ),
    Row(
        "forebay_queries",
        COUNTER,
        "Commands received from clients that run something; several statements sent at once count once.",
        lambda s: {"yes": s.relay.queries_tls, "no": s.relay.queries_plain},
        "tls",
        ("QueryRequests", "QueryRequestsTLS", "QueryRequestsNoTLS"),
    ),
    Row(
        "forebay_query_duration_seconds",
        HISTOGRAM,
        "From a command's arrival until the end of its answer was passed on.",
        lambda s: s.relay.query_latency,
        counterpart=("QueryResponseLatency",),
    ),
    Row(
        "forebay_server_response_duration_seconds",
        HISTOGRAM,
        "From sending a command to the server until the end of its answer.",
        lambda s: s.relay.server_latency,
        counterpart=("QueryDatabaseResponseLatency",),
    ),
    Row(
        "forebay_errors",
        COUNTER,
        "Errors that Forebay itself gave to clients, by label.",
        lambda s: s.relay.errors,
        "error",
    ),
    Row("forebay_received_bytes", COUNTER, "Bytes received from clients.", lambda s: s.relay.bytes_from_clients),
    Row("forebay_sent_bytes", COUNTER, "Bytes sent to clients.", lambda s: s.relay.bytes_to_clients),
    Row(
        "forebay_servers_in_transaction",
        GAUGE,
        "Server connections inside a transaction now.",
        lambda s: s.relay.in_transaction,
        counterpart=("DatabaseConnectionsCurrentlyInTransaction",),
    ),
    Row(
        "forebay_servers_pinned",
        GAUGE,
        "Server connections that a client keeps for a reason now.",
        lambda s: s.relay.pinned,
        "reason",
        ("DatabaseConnectionsCurrentlySessionPinned",),
    ),
    Row("forebay_pins", COUNTER, "Pins that began, by reason.", lambda s: s.relay.pins_total, "reason"),
    Row("forebay_pin_duration_seconds", HISTOGRAM, "How long pins lasted that ended.", lambda s: s.relay.pin_seconds),
    Row(
        "forebay_carried",
        COUNTER,
        "Parts of sessions that statements changed and that are carried, by part.",
        lambda s: s.relay.carried,
        "part",
    ),
    Row("forebay_syncs", COUNTER, "Server connections brought to a client's session state.", lambda s: s.relay.syncs),
    Row("forebay_settles", COUNTER, "Sessions read back from a server connection.", lambda s: s.relay.settles),
    Row("forebay_elided_sets", COUNTER, "SETs answered without a server connection.", lambda s: s.relay.elided_sets),
    Row(
        "forebay_rollbacks",
        COUNTER,
        "Transactions rolled back for clients that fell silent or went away.",
        lambda s: s.relay.rollbacks,
    ),
    Row(
        "forebay_prepared_statements",
        GAUGE,
        "Statements prepared on server connections now.",
        lambda s: s.relay.prepared_cached,
    ),
    Row(
        "forebay_prepares",
        COUNTER,
        "Preparations asked of servers, for a client's COM_STMT_PREPARE or for an execution.",
        lambda s: s.relay.prepares,
    ),
    Row(
        "forebay_reprepares",
        COUNTER,
        "Those of them for an execution on a server connection that did not have the statement.",
        lambda s: s.relay.prepared_again,
    ),
    Row(
        "forebay_prepared_evictions",
        COUNTER,
        "Prepared statements closed on a server connection to make room.",
        lambda s: s.relay.prepared_evicted,
    ),
    Row(
        "forebay_server_logins",
        COUNTER,
        "Logins to the server that succeeded, with and without TLS.",
        lambda s: {"yes": s.relay.server_logins_tls, "no": s.relay.server_logins_plain},
        "tls",
        ("DatabaseConnectionRequestsWithTLS",),
    ),
    Row(
        "forebay_servers_tls",
        GAUGE,
        "Server connections with TLS now.",
        lambda s: s.relay.servers_tls,
        counterpart=("DatabaseConnectionsWithTLS",),
    ),
    Row(
        "forebay_servers_allowed",
        GAUGE,
        "Server connections that may exist: the budget.",
        lambda s: s.budget(),
        counterpart=("MaxDatabaseConnectionsAllowed",),
    ),
    Row(
        "forebay_target_up",
        GAUGE,
        "1 if the target answered last, else 0; its average over time is the availability.",
        lambda s: int(s.target_up()),
        counterpart=("AvailabilityPercentage",),
    ),
    Row(
        "forebay_multiplexing_ratio",
        GAUGE,
        "Logged-in clients for each server connection now; 0 without server connections.",
        lambda s: _ratio(s),
    ),
    Row("forebay_event_loop_lag_seconds", GAUGE, "How late the event loop was last.", lambda s: s.loop_lag()),
    Row(
        "forebay_batch_scheduling",
        GAUGE,
        "1 while Forebay is so busy that it is scheduled as a batch process, see the setting scheduling; else 0.",
        lambda s: int(s.batch()),
    ),
)

# Read of each ``PoolView``; they have the label ``pool`` before their own.
POOL_ROWS = (
    Row(
        "forebay_pool_servers",
        GAUGE,
        "Server connections of a pool now, by what they do.",
        lambda p: {key: getattr(p.counts(), key) for key in ("idle", "lent", "opening", "closing")},
        "state",
        ("DatabaseConnections", "DatabaseConnectionsCurrentlyBorrowed"),
    ),
    Row("forebay_pool_waiting", GAUGE, "Clients that wait for a server connection now.", lambda p: p.counts().waiting),
    Row("forebay_pool_borrows", COUNTER, "Server connections lent.", lambda p: p.stats.borrows),
    Row(
        "forebay_pool_offers",
        COUNTER,
        "Server connections offered to a borrower: its own lingering one, one in an equal state, or another.",
        lambda p: {
            "lingering": p.stats.lingering_hits,
            "same_state": p.stats.same_state_hits,
            "other": p.stats.other_hits,
        },
        "held",
    ),
    Row("forebay_pool_queued", COUNTER, "Borrowers that had to wait.", lambda p: p.stats.queued),
    Row(
        "forebay_pool_handed_over",
        COUNTER,
        "Server connections that went from one client straight to one that waited.",
        lambda p: p.stats.handed_over,
    ),
    Row("forebay_pool_borrow_timeouts", COUNTER, "Borrowers that gave up waiting.", lambda p: p.stats.timeouts),
    Row(
        "forebay_pool_borrow_duration_seconds",
        HISTOGRAM,
        "How long borrowers waited for a server connection; not waiting counts as 0.",
        lambda p: p.stats.borrow_latency(),
        counterpart=("DatabaseConnectionsBorrowLatency",),
    ),
    Row(
        "forebay_pool_opens",
        COUNTER,
        "Server connections that were to be opened, by result.",
        lambda p: {"opened": p.stats.opened, "failed": p.stats.open_failures},
        "result",
        ("DatabaseConnectionRequests", "DatabaseConnectionsSetupSucceeded", "DatabaseConnectionsSetupFailed"),
    ),
    Row("forebay_pool_closed", COUNTER, "Server connections closed, by reason.", lambda p: p.stats.closed, "reason"),
)

BUILD = Row("forebay_build_info", GAUGE, "Always 1; the labels say what runs.", lambda s: 1)

_FAMILIES: Mapping[str, Callable[..., Any]] = {
    COUNTER: CounterMetricFamily,
    GAUGE: GaugeMetricFamily,
    HISTOGRAM: HistogramMetricFamily,
}


def exposition(sources: Sources) -> Callable[[], tuple[str, bytes]]:
    """A function that gives content type and body of one scrape, as ``status.StatusServer`` wants it."""
    registry = CollectorRegistry()
    registry.register(_Collector(sources))
    ProcessCollector(registry=registry)
    return lambda: (CONTENT_TYPE, generate_latest(registry))


class _Collector:
    """What prometheus_client asks for: ``collect`` gives every metric family with its samples."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources

    def describe(self) -> Iterable[Family]:
        """Nothing: without this the registry would collect once when it registers, before there is a server."""
        return ()

    def collect(self) -> Iterator[Family]:
        build = self.sources.build
        info = GaugeMetricFamily(BUILD.name, BUILD.sentence, labels=list(build))
        info.add_metric(list(build.values()), 1)
        yield info
        for row in PROCESS_ROWS:
            yield _family(row, [], [([], row.read(self.sources))])
        pools = list(self.sources.pools())
        for row in POOL_ROWS:
            yield _family(row, ["pool"], [([pool.name], row.read(pool)) for pool in pools])


def _family(row: Row, labels: list[str], readings: Iterable[tuple[list[str], Reading]]) -> Family:
    family = _FAMILIES[row.kind](row.name, row.sentence, labels=[*labels, row.label] if row.label else labels)
    for values, reading in readings:
        if isinstance(reading, Histogram):
            family.add_metric(values, _buckets(reading), reading.sum)
        elif isinstance(reading, Mapping):
            for key, value in reading.items():
                family.add_metric([*values, key], value)
        else:
            family.add_metric(values, reading)
    found: Family = family
    return found


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    """Prometheus counts cumulatively, and the last bound is infinity."""
    bounds = [*(f"{bound!r}" for bound in histogram.bounds), "+Inf"]
    return list(zip(bounds, accumulate(histogram.counts), strict=True))


def _ratio(sources: Sources) -> float:
    counts = [pool.counts() for pool in sources.pools()]
    servers = sum(count.idle + count.lent for count in counts)
    clients = sources.relay.clients_tls + sources.relay.clients_plain
    return clients / servers if servers else 0.0


_DOCUMENT = """\
# Metrics

Scrape `http://127.0.0.1:9042/metrics` (`status.listen`). All counters start at 0 with the process.
This page is made from the table in `proxy/metrics.py` by `python -m proxy.metrics`.

| metric | type | labels | meaning |
|---|---|---|---|
{rows}

Beside them the usual `process_*` metrics (CPU, resident memory, open files, start time).

## For those who know RDS Proxy

Every metric that RDS Proxy sends to CloudWatch has its counterpart. Latencies are seconds here, microseconds there.

| RDS Proxy | Forebay |
|---|---|
{counterparts}
"""

# Which label value, sum or function over time makes the counterpart, where it is not the metric as it is.
_EXPRESSIONS = {
    "ClientConnectionsTLS": 'forebay_clients_logged_in{tls="yes"}',
    "ClientConnectionsNoTLS": 'forebay_clients_logged_in{tls="no"}',
    "ClientConnectionsSetupSucceeded": "sum(forebay_client_logins_total)",
    "ClientConnectionsSetupFailedAuth": "sum(forebay_client_logins_failed_total)",
    "QueryRequests": "sum(forebay_queries_total)",
    "QueryRequestsTLS": 'forebay_queries_total{tls="yes"}',
    "QueryRequestsNoTLS": 'forebay_queries_total{tls="no"}',
    "DatabaseConnections": 'sum(forebay_pool_servers{state=~"idle|lent"})',
    "DatabaseConnectionsCurrentlyBorrowed": 'sum(forebay_pool_servers{state="lent"})',
    "DatabaseConnectionsCurrentlySessionPinned": "sum(forebay_servers_pinned)",
    "DatabaseConnectionRequests": "sum(forebay_pool_opens_total)",
    "DatabaseConnectionRequestsWithTLS": 'forebay_server_logins_total{tls="yes"}',
    "DatabaseConnectionsSetupSucceeded": 'sum(forebay_pool_opens_total{result="opened"})',
    "DatabaseConnectionsSetupFailed": 'sum(forebay_pool_opens_total{result="failed"})',
    "AvailabilityPercentage": "100 * avg_over_time(forebay_target_up[5m])",
}


def counterparts() -> dict[str, str]:
    """RDS Proxy's metric -> the PromQL that gives the same here, by name."""
    found = {}
    for row in (*PROCESS_ROWS, *POOL_ROWS):
        average = f"rate({row.name}_sum[5m]) / rate({row.name}_count[5m])"
        for name in row.counterpart:
            found[name] = _EXPRESSIONS.get(name, average if row.kind == HISTOGRAM else row.exposed)
    return dict(sorted(found.items()))


def document() -> str:
    """``docs/metrics.md``."""
    rows = [_document_row(BUILD, ["version", "python", "uvloop", "compiled"])]
    rows += [_document_row(row, []) for row in PROCESS_ROWS]
    rows += [_document_row(row, ["pool"]) for row in POOL_ROWS]
    pairs = [f"| {name} | `{_escaped(expression)}` |" for name, expression in counterparts().items()]
    return _DOCUMENT.format(rows="\n".join(rows), counterparts="\n".join(pairs))


def _document_row(row: Row, labels: list[str]) -> str:
    shown = " ".join(f"`{label}`" for label in [*labels, row.label] if label)
    return f"| `{row.exposed}` | {row.kind} | {shown} | {row.sentence} |"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(document(), end="")
