"""Forebay's /metrics as numbers: gauges, counters and the quantiles of histograms.

The quantile is Prometheus' own estimate (``histogram_quantile``): linear inside the bucket that holds it.
"""

from __future__ import annotations

import math
import urllib.error
import urllib.request
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

TIMEOUT = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Histogram:
    """Cumulative buckets as (upper bound, count), the last bound infinite, and the sum of all values."""

    buckets: tuple[tuple[float, float], ...] = ()
    total: float = 0.0

    @property
    def count(self) -> float:
        return self.buckets[-1][1] if self.buckets else 0.0

    @property
    def mean(self) -> float | None:
        return self.total / self.count if self.count else None

    def quantile(self, q: float) -> float | None:
        """None without values; the highest finite bound for a value beyond it."""
        if not self.count:
            return None
        rank = q * self.count
        below, low = 0.0, 0.0
        for bound, count in self.buckets:
            if count >= rank and count > below:
                if math.isinf(bound):
                    return low
                return low + (bound - low) * (rank - below) / (count - below)
            below, low = count, bound
        return low


class Metrics:
    """One scrape. Samples that differ in labels only are added up."""

    __slots__ = ("_buckets", "_values")

    def __init__(self, text: str) -> None:
        self._values: dict[str, float] = {}
        self._buckets: dict[str, dict[float, float]] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name.endswith("_bucket"):
                    bounds = self._buckets.setdefault(sample.name.removesuffix("_bucket"), {})
                    bound = float(sample.labels["le"])
                    bounds[bound] = bounds.get(bound, 0.0) + sample.value
                else:
                    self._values[sample.name] = self._values.get(sample.name, 0.0) + sample.value

    def value(self, name: str) -> float:
        """A gauge, or a counter by its name with ``_total``; KeyError when there is none of the name."""
        return self._values[name]

    def histogram(self, name: str) -> Histogram:
        """Empty when there is none of the name: a pool has no histogram before it is there."""
        return Histogram(tuple(sorted(self._buckets.get(name, {}).items())), self._values.get(f"{name}_sum", 0.0))


def fetch(address: str, path: str) -> tuple[int, str]:
    """(status, body) of one GET; OSError when nobody answers."""
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=TIMEOUT) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


def scrape(address: str) -> Metrics:
    """Read /metrics; OSError when Forebay does not answer."""
    status, body = fetch(address, "/metrics")
    if status != 200:
        raise OSError(f"/metrics answered {status}")
    return Metrics(body)
