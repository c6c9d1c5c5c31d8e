# cython: annotation_typing=False
"""What the relay counts: plain integers, increased in place and read when somebody scrapes.

Decides nothing, and knows no Prometheus: ``proxy/metrics.py`` has a row for each of these. Labels (the keys of the
dicts) come from tables in the code, pin reasons and error labels, never from what a client sent.
"""

from __future__ import annotations

from proxy.pool.stats import Histogram

QUERY_BOUNDS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0)
PIN_BOUNDS = (0.001, 0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3600.0)


class RelayStats:
    """One for the process. ``now`` in a comment: goes up and down; all others only grow. Seconds and bytes."""

    __slots__ = (
        "bytes_from_clients",
        "bytes_to_clients",
        "carried",
        "clients_closed",
        "clients_plain",
        "clients_received",
        "clients_tls",
        "elided_sets",
        "errors",
        "in_transaction",
        "logins_failed",
        "logins_ok",
        "logins_plain",
        "logins_tls",
        "pin_seconds",
        "pinned",
        "pins_total",
        "prepared_again",
        "prepared_cached",
        "prepared_evicted",
        "prepares",
        "queries_plain",
        "queries_tls",
        "query_latency",
        "rollbacks",
        "server_latency",
        "server_logins_plain",
        "server_logins_tls",
        "servers_tls",
        "settles",
        "syncs",
    )

    def __init__(self) -> None:
        self.clients_received = 0
        self.clients_closed = 0
        self.clients_tls = 0  # now, of those that are logged in
        self.clients_plain = 0  # now, of those that are logged in
        self.logins_ok = 0
        self.logins_failed: dict[str, int] = {}  # by the error's label
        self.logins_tls = 0
        self.logins_plain = 0

        self.queries_tls = 0
        self.queries_plain = 0
        self.query_latency = Histogram(QUERY_BOUNDS)  # command received until its answer's end was written
        self.server_latency = Histogram(QUERY_BOUNDS)  # command sent to the server until its answer's end was read
        self.errors: dict[str, int] = {}  # made by Forebay, by label
        self.bytes_from_clients = 0
        self.bytes_to_clients = 0

        self.in_transaction = 0  # now, server connections
        self.pins_total: dict[str, int] = {}  # by reason
        self.pinned: dict[str, int] = {}  # now, by reason
        self.pin_seconds = Histogram(PIN_BOUNDS)
        self.carried: dict[str, int] = {}  # by part of the session
        self.syncs = 0
        self.settles = 0
        self.elided_sets = 0
        self.rollbacks = 0  # of clients that fell silent or went away inside a transaction

        self.prepared_cached = 0  # now, statements prepared on server connections
        self.prepares = 0  # COM_STMT_PREPARE sent to servers
        self.prepared_again = 0
        self.prepared_evicted = 0

        self.server_logins_tls = 0
        self.server_logins_plain = 0
        self.servers_tls = 0  # now, server connections with TLS

    @property
    def clients(self) -> int:
        """Connected clients now, logging in or logged in."""
        return self.clients_received - self.clients_closed
