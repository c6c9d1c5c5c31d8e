from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from proxy import metrics
from proxy.metrics import COUNTER, HISTOGRAM, POOL_ROWS, PROCESS_ROWS, Sources, counterparts, document, exposition
from proxy.pool.core import Counts
from proxy.pool.stats import Histogram, PoolStats
from proxy.relay.stats import RelayStats

DOCS = Path(__file__).parent.parent / "docs"

# "Monitoring RDS Proxy metrics with Amazon CloudWatch" in the Amazon RDS user guide.
RDS_PROXY = """
AvailabilityPercentage ClientConnections ClientConnectionsClosed ClientConnectionsNoTLS ClientConnectionsReceived
ClientConnectionsSetupFailedAuth ClientConnectionsSetupSucceeded ClientConnectionsTLS DatabaseConnectionRequests
DatabaseConnectionRequestsWithTLS DatabaseConnections DatabaseConnectionsBorrowLatency
DatabaseConnectionsCurrentlyBorrowed DatabaseConnectionsCurrentlyInTransaction
DatabaseConnectionsCurrentlySessionPinned DatabaseConnectionsSetupFailed DatabaseConnectionsSetupSucceeded
DatabaseConnectionsWithTLS MaxDatabaseConnectionsAllowed QueryDatabaseResponseLatency QueryRequests
QueryRequestsNoTLS QueryRequestsTLS QueryResponseLatency
""".split()


NOTHING = Counts(idle=0, lent=0, opening=0, closing=0, waiting=0)


@dataclass
class PlainPool:
    """A pool as the metrics see it."""

    name: str
    stats: PoolStats = field(default_factory=PoolStats)
    now: Counts = NOTHING

    def counts(self) -> Counts:
        return self.now


class World:
    def __init__(self) -> None:
        self.relay = RelayStats()
        self.pools = [PlainPool("app"), PlainPool("app+found_rows")]
        self.up = True
        sources = Sources(
            relay=self.relay,
            pools=lambda: self.pools,
            budget=lambda: 20,
            target_up=lambda: self.up,
            loop_lag=lambda: 0.25,
            batch=lambda: True,
            build={"version": "1.2.3", "python": "3.11"},
        )
        self.scrape = exposition(sources)

    def samples(self) -> dict[str, float]:
        """Sample as Prometheus writes it -> value, of our own metrics."""
        text = self.scrape()[1].decode()
        lines = (line.rpartition(" ") for line in text.splitlines() if line.startswith("forebay_"))
        return {name: float(value) for name, _, value in lines}


@pytest.fixture
def world() -> World:
    return World()


def test_content_type_and_process_metrics(world: World) -> None:
    kind, body = world.scrape()
    assert kind == metrics.CONTENT_TYPE
    families = {family.name: family for family in text_string_to_metric_families(body.decode())}
    assert "process_resident_memory_bytes" in families
    assert not [name for name in families if not name.startswith(("forebay_", "process_"))]


def test_build(world: World) -> None:
    assert world.samples()['forebay_build_info{python="3.11",version="1.2.3"}'] == 1


def test_the_numbers_of_the_process(world: World) -> None:
    relay = world.relay
    relay.clients_received, relay.clients_closed = 9, 2
    relay.clients_tls, relay.clients_plain = 4, 1
    relay.logins_failed["access_denied"] = 3
    relay.queries_plain = 100
    relay.pinned.update(temporary_table=1, get_lock=2)
    world.pools[0].now = Counts(idle=1, lent=1, opening=0, closing=0, waiting=0)
    samples = world.samples()
    assert samples["forebay_clients"] == 7
    assert samples['forebay_clients_logged_in{tls="yes"}'] == 4
    assert samples['forebay_client_logins_failed_total{error="access_denied"}'] == 3
    assert samples['forebay_queries_total{tls="no"}'] == 100
    assert samples['forebay_servers_pinned{reason="get_lock"}'] == 2
    assert samples["forebay_servers_allowed"] == 20
    assert samples["forebay_target_up"] == 1
    assert samples["forebay_event_loop_lag_seconds"] == 0.25
    assert samples["forebay_batch_scheduling"] == 1
    assert samples["forebay_multiplexing_ratio"] == 2.5


def test_every_scrape_reads_anew(world: World) -> None:
    assert world.samples()["forebay_syncs_total"] == 0
    world.relay.syncs += 5
    world.up = False
    world.pools.clear()
    samples = world.samples()
    assert samples["forebay_syncs_total"] == 5
    assert samples["forebay_target_up"] == 0
    assert not [name for name in samples if "pool=" in name]


def test_a_histogram_is_cumulative(world: World) -> None:
    for seconds in (0.0001, 0.0003, 0.0004, 70.0):
        world.relay.query_latency.observe(seconds)
    samples = {name: value for name, value in world.samples().items() if name.startswith("forebay_query_duration")}
    assert samples['forebay_query_duration_seconds_bucket{le="0.0002"}'] == 1
    assert samples['forebay_query_duration_seconds_bucket{le="0.0005"}'] == 3
    assert samples['forebay_query_duration_seconds_bucket{le="60.0"}'] == 3
    assert samples['forebay_query_duration_seconds_bucket{le="+Inf"}'] == 4
    assert samples["forebay_query_duration_seconds_count"] == 4
    assert samples["forebay_query_duration_seconds_sum"] == pytest.approx(70.0008)


def test_pools_have_their_name_as_label(world: World) -> None:
    pool = world.pools[1]
    pool.now = Counts(idle=3, lent=2, opening=1, closing=0, waiting=4)
    pool.stats.opened, pool.stats.open_failures = 7, 1
    pool.stats.count_closed("lifetime")
    pool.stats.lingering_hits = 5
    samples = world.samples()
    assert samples['forebay_pool_servers{pool="app+found_rows",state="idle"}'] == 3
    assert samples['forebay_pool_servers{pool="app",state="idle"}'] == 0
    assert samples['forebay_pool_waiting{pool="app+found_rows"}'] == 4
    assert samples['forebay_pool_opens_total{pool="app+found_rows",result="failed"}'] == 1
    assert samples['forebay_pool_closed_total{pool="app+found_rows",reason="lifetime"}'] == 1
    assert samples['forebay_pool_borrows_total{pool="app+found_rows"}'] == 5
    assert samples['forebay_pool_borrow_duration_seconds_count{pool="app+found_rows"}'] == 5


def test_a_pool_name_cannot_break_the_format(world: World) -> None:
    world.pools[:] = [PlainPool('a"\\\nforebay_fake 1')]
    body = world.scrape()[1].decode()
    assert "\nforebay_fake" not in body
    families = text_string_to_metric_families(body)
    assert {sample.labels["pool"] for family in families for sample in family.samples if "pool" in sample.labels} == {
        'a"\\\nforebay_fake 1'
    }


def rows() -> Iterator[metrics.Row]:
    yield from (*PROCESS_ROWS, *POOL_ROWS)


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row.name)
def test_names_and_sentences(row: metrics.Row) -> None:
    assert re.fullmatch(r"forebay_[a-z_]+[a-z]", row.name)
    assert not row.name.endswith("_total"), "prometheus_client adds it"
    assert row.sentence.endswith(".")
    assert "|" not in row.sentence
    if row.kind == HISTOGRAM:
        assert row.name.endswith(("_seconds", "_bytes"))


def test_every_row_reads_what_its_kind_promises(world: World) -> None:
    for row in rows():
        reading = row.read(world_sources(world) if row in PROCESS_ROWS else world.pools[0])
        assert isinstance(reading, Histogram) == (row.kind == HISTOGRAM), row.name
        assert isinstance(reading, dict) == bool(row.label), row.name


def world_sources(world: World) -> Sources:
    return Sources(
        relay=world.relay,
        pools=lambda: world.pools,
        budget=lambda: 1,
        target_up=lambda: True,
        loop_lag=lambda: 0.0,
        batch=lambda: False,
        build={},
    )


def test_every_integer_of_the_stats_is_in_a_row(world: World) -> None:
    """One integer and one row: an integer that no row reads was forgotten."""

    class Watched:
        def __init__(self, inner: object) -> None:
            self.inner = inner
            self.seen: set[str] = set()

        def __getattr__(self, name: str) -> object:
            self.seen.add(name)
            return getattr(self.inner, name)

    relay, stats = Watched(world.relay), Watched(PoolStats())
    pool = PlainPool("a", stats=stats)  # type: ignore[arg-type]
    sources = Sources(
        relay=relay,  # type: ignore[arg-type]
        pools=lambda: [pool],
        budget=lambda: 1,
        target_up=lambda: True,
        loop_lag=lambda: 0.0,
        batch=lambda: False,
        build={},
    )
    exposition(sources)()
    # Derived: clients = received - closed; borrows and their latency come from these.
    derived = {"logins_ok"}
    assert set(RelayStats.__slots__) - relay.seen == derived
    assert set(PoolStats.__slots__) - stats.seen <= {"refused", "waits"}


def test_counters_are_named_total_in_what_is_exposed(world: World) -> None:
    body = world.scrape()[1].decode()
    for row in rows():
        assert f"# TYPE {row.exposed} {row.kind}" in body
        assert row.exposed.endswith("_total") == (row.kind == COUNTER)


def test_every_metric_of_rds_proxy_has_a_counterpart() -> None:
    assert list(counterparts()) == RDS_PROXY
    names = {row.name for row in rows()}
    for expression in counterparts().values():
        for name in re.findall(r"forebay_\w+", expression):
            assert re.sub(r"_(total|sum|count)$", "", name) in names


def test_the_page_is_made_from_the_table() -> None:
    assert (DOCS / "metrics.md").read_text() == document(), "run: python -m proxy.metrics > docs/metrics.md"
