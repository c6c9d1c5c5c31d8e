"""One part of a session, tried: directly, and through a pool of one with a second client in between.

Decides: what happened, and the word for it. Does not know: which parts there are, nor any page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from proxy.session.pins import REASONS
from proxy.wire import constants as c
from tests.servers import Server
from tests.sessions.parts import ON_MARIADB, RESET, SCHEMA, SETUP, Part, Step
from tests.whole.daemon import Daemon, wait_until
from tests.whole.raw_client import RawClient, Refused, direct
from tests.whole.watching import Scrape

# What happened to a part. Anything else is a difference, which no page may show.
CARRIED, HELD, PINNED, REFUSED, LOST = "carried", "held", "pinned", "refused", "lost"

NOT_SUPPORTED = 1235
POOL = {"pool": {"max_connections": 1, "borrow_timeout": "60s"}}

# What another client does in between: every kind of residue, and a state of its own.
_OTHERS = (
    f"USE {SCHEMA}",
    "SET @a = 'theirs', @b = 'theirs', @y = 1, @z = 2, @hidden = 'theirs', @n = -1",
    "SET sql_mode = '', time_zone = '-11:00', net_read_timeout = 31, sort_buffer_size = 131072",
    "SET NAMES utf8mb4",
    "INSERT INTO note (t) VALUES ('theirs'), ('theirs')",
    "DELETE FROM note WHERE t = 'theirs'",
    "SELECT 1 UNION ALL SELECT 2",
    "DO 1 + 'theirs'",
)


class Difference(Exception):
    """The client could tell that it shares, in a way that no page may call an answer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened: one of the words above, the reason of a pin, what ended it ('' where nothing had to)."""

    what: str
    reason: str = ""
    until: str = ""


def set_up(server: Server) -> None:
    for sql in (*SETUP, *(ON_MARIADB if server.flavour == "mariadb" else ())):
        server.execute(sql)


def attempt(part: Part, server: Server, daemon: Daemon) -> Outcome:
    """Raises Difference where the answers are not the direct connection's, nor an honest refusal."""
    server.execute(f"TRUNCATE {SCHEMA}.note")
    with RawClient(direct(server), schema=SCHEMA) as client:
        _run(client, part.begin)
        expected = _run(client, part.shows)
        at_the_end = _run(client, part.end)
    server.execute(f"TRUNCATE {SCHEMA}.note")
    wait_until(lambda: not Scrape(daemon)("forebay_pool_servers", state="lent"), "nobody holds the server connection")
    with RawClient(daemon, schema=SCHEMA) as client, RawClient(daemon) as other:
        before = Scrape(daemon)
        _run(client, part.begin)
        if Scrape(daemon)("forebay_pool_servers", state="lent"):
            return _kept(part, daemon, client, other, before, expected, at_the_end)
        for sql in _OTHERS:
            other.ask(sql)
        seen = _run(client, part.shows)
        if _begun(daemon, before):
            raise Difference(f"{part.name}: not pinned, but a pin was counted")
        if seen == expected:
            return Outcome(CARRIED)
        if ("error", NOT_SUPPORTED) in seen:
            return Outcome(REFUSED)
        if part.unseen and seen == [[[None]]]:
            return Outcome(LOST)
        raise Difference(f"{part.name}: {seen}, directly {expected}")


def _kept(
    part: Part,
    daemon: Daemon,
    client: RawClient,
    other: RawClient,
    before: Scrape,
    expected: list[object],
    at_the_end: list[object],
) -> Outcome:
    """The client keeps the only server connection: the other waits, sees nothing of it, and gets it at the end."""
    reasons = _begun(daemon, before)
    if len(reasons) > 1 or (reasons and Scrape(daemon)("forebay_servers_pinned", reason=reasons[0]) != 1):
        raise Difference(f"{part.name}: pinned by {reasons}, which the gauge does not say")
    other.send(c.COM_QUERY, b"SELECT @a, @hidden, DATABASE()")
    wait_until(lambda: Scrape(daemon)("forebay_pool_waiting") == 1, f"{part.name}: the other client waits")
    if (seen := _run(client, part.shows)) != expected:
        raise Difference(f"{part.name}: {seen}, directly {expected}")
    if Scrape(daemon)("forebay_pool_waiting") != 1:
        raise Difference(f"{part.name}: the server connection was given back before {part.end}")
    if (seen := _run(client, part.end)) != at_the_end:
        raise Difference(f"{part.name}: {seen} at its end, directly {at_the_end}")
    wait_until(lambda: Scrape(daemon)("forebay_pool_waiting") == 0, f"{part.name}: the other client waits no longer")
    if (rows := other._result().rows) != [b"\xfb\xfb\xfb"]:
        raise Difference(f"{part.name}: the next client sees {rows}")
    if left := Scrape(daemon)("forebay_servers_pinned"):
        raise Difference(f"{part.name}: {left} still pinned")
    return Outcome(PINNED if reasons else HELD, reasons[0] if reasons else "", part.until)


def _begun(daemon: Daemon, before: Scrape) -> list[str]:
    """The reasons that were counted since."""
    now = Scrape(daemon)
    name = "forebay_pins_total"
    return [reason for reason in REASONS if now(name, reason=reason) > before(name, reason=reason)]


def _run(client: RawClient, steps: Iterable[str | Step]) -> list[object]:
    """What each step showed: rows, a function's result, or the error's number."""
    seen: list[object] = []
    for step in steps:
        try:
            if step == RESET:
                client.simple(c.COM_RESET_CONNECTION)
            else:
                seen.append(client.raw(step) if isinstance(step, str) else step(client))
        except Refused as error:
            seen.append(("error", error.number))
    return seen
