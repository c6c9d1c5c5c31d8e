"""What is good enough: the figures that Forebay promises, a row for each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A bound for a metric: of the ratio to ``peer`` in the same round, or of the figure itself where peer is ""."""

    workload: str
    clients: int
    metric: str
    peer: str
    at_most: float | None = None
    at_least: float | None = None

    def met(self, value: float) -> bool:
        if self.at_most is not None:
            return value <= self.at_most
        return self.at_least is not None and value >= self.at_least

    def __str__(self) -> str:
        unit = "x" if self.peer else ""
        return f"<= {self.at_most:g}{unit}" if self.at_most is not None else f">= {self.at_least:g}{unit}"


TARGETS = (
    *(
        target
        for clients in (16, 64)
        for target in (
            Target("point_select", clients, "cpu_us", "haproxy", at_most=1.25),
            Target("point_select", clients, "cpu_us", "router", at_most=0.40),
            Target("point_select", clients, "ops_per_s", "haproxy", at_least=0.95),
        )
    ),
    Target("prepared_point_select", 16, "cpu_us", "haproxy", at_most=1.35),
    Target("result_2mb", 16, "cpu_us", "haproxy", at_most=0.95),
    Target("result_200mb", 1, "ops_per_s", "haproxy", at_least=0.95),
    Target("crowd", 1000, "p99_to_p50", "", at_most=2.0),
    Target("crowd", 1000, "unfair_percent", "", at_most=10.0),
    Target("carrying", 16, "cpu_us", "uncarried", at_most=1.03),
    Target("storm", 16, "cpu_us", "haproxy", at_most=0.75),
    Target("storm_sha2", 16, "cpu_us", "router", at_most=0.20),
    Target("storm", 64, "ops_per_s", "direct", at_least=1.0),
    Target("states_mixed", 16, "cpu_us", "one_state", at_most=1.6),
    Target("idle", 10_000, "client_kb", "", at_most=6.0),
    Target("idle", 10_000, "idle_cpu_percent", "", at_most=1.0),
    Target("idle", 10_000, "p50_to_few", "", at_most=1.10),
    Target("start", 0, "baseline_mb", "", at_most=45.0),
    Target("start", 0, "ready_s", "", at_most=0.6),
)


def find(workload: str, clients: int, metric: str, peer: str) -> Target | None:
    """The target of one figure."""
    wanted = (workload, clients, metric, peer)
    return next((each for each in TARGETS if (each.workload, each.clients, each.metric, each.peer) == wanted), None)
