"""What other proxies' public manuals say about each part of a session. Nothing here was tried.

A cell is short for what the manual says; where it says nothing, so does the cell.
"""

from __future__ import annotations

from typing import NamedTuple

NOT_DOCUMENTED = "not documented"


class Peers(NamedTuple):
    """One row, a cell for each proxy."""

    rds_proxy: str = NOT_DOCUMENTED
    proxysql: str = NOT_DOCUMENTED
    router: str = NOT_DOCUMENTED
    maxscale: str = NOT_DOCUMENTED


NAMES = Peers("RDS Proxy", "ProxySQL", "MySQL Router", "MaxScale")

SOURCES = Peers(
    "Amazon RDS User Guide, [Avoiding pinning an RDS Proxy]"
    "(https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-pinning.html)",
    "ProxySQL documentation, [Multiplexing](https://proxysql.com/documentation/multiplexing/) and"
    " [Prepared Statements](https://proxysql.com/documentation/prepared-statements/)",
    "MySQL Router manual, [Connection Sharing and Reuse]"
    "(https://dev.mysql.com/doc/mysql-router/9.1/en/mysql-router-general-features-connection-sharing.html)",
    "MariaDB MaxScale Configuration Guide, `idle_session_pool_time`",
)

_FOR_EVER = "pins for ever"
_TO_RESET = "pins until reset"
_AVOID = "must not be used"
_REPLAYED = "replayed"

ROWS = {
    "schema": Peers("tracked", maxscale=_REPLAYED),
    "tracked variables": Peers("tracked", "some are tracked, others neither carried nor pinned", "tracked", _REPLAYED),
    "other variables": Peers(_FOR_EVER, "some pin for ever, others neither carried nor pinned", "tracked", _REPLAYED),
    "next transaction": Peers(),
    "user variables": Peers(_FOR_EVER, _FOR_EVER, _TO_RESET, 'replayed; "problematic" ones ' + _AVOID),
    "routines": Peers("lost, not detected", maxscale=_AVOID),
    "insert id": Peers("sometimes pins for ever", router="refused outside a transaction", maxscale=_AVOID),
    "counts": Peers("sometimes pins for ever"),
    "found rows": Peers("sometimes pins for ever", _FOR_EVER, _TO_RESET),
    "warnings": Peers(router="carried"),
    "diagnostics": Peers(router="refused outside a transaction"),
    "transaction": Peers("held until its end", "held until its end", "held until its end", "held until its end"),
    "savepoint": Peers(),
    "xa": Peers(),
    "temporary tables": Peers(_FOR_EVER, _FOR_EVER, _TO_RESET, _AVOID),
    "binary prepared": Peers(_FOR_EVER, "carried", _TO_RESET, _REPLAYED),
    "cursors": Peers(_FOR_EVER, router=_TO_RESET),
    "long data": Peers(_FOR_EVER, router=_TO_RESET),
    "text prepare": Peers(_FOR_EVER, _FOR_EVER, _TO_RESET),
    "table locks": Peers(_FOR_EVER, "pins until `UNLOCK TABLES`", "pins until released", _AVOID),
    "named locks": Peers(_FOR_EVER, _FOR_EVER, _TO_RESET, _AVOID),
    "pin hint": Peers(proxysql="by a query rule"),
    "nothing found": Peers(maxscale="what brings state into a connection " + _AVOID),
}
