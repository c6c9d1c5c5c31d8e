"""What was read out of a server connection, or brought there: the client's session after a settle, the server
connection's state after a sync.

Decides what counts more, what a server connection tells or what is in memory by now. It does not know when anything is
asked, and not what statements do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.net.server_connection import ServerConnection
from proxy.session.conditions import AS_LISTED, SCRATCH, Conditions
from proxy.session.conversations import DETAILS, MOST_ROWS, TOO_MANY_ROWS, WARNINGS, Settled
from proxy.session.state import NO_NAMES, States
from proxy.wire.answers import Answer
from proxy.wire.packets import Changes, parse_trackers

if TYPE_CHECKING:
    from proxy.relay.client import Client


def apply_trackers(states: States, server: ServerConnection, answers: list[Answer]) -> None:
    """Follow what the commands of a sync did, so that a failed one leaves a known state."""
    assert server.state is not None
    state = server.state
    for answer in answers:
        for block in answer.trackers or ():
            state = states.after(state, parse_trackers(block), False, NO_NAMES)
    server.state = state


def brought_in_part(states: States, server: ServerConnection, answers: list[Answer]) -> None:
    """A command of a sync was refused: which values of the session are there nevertheless, nobody tells."""
    apply_trackers(states, server, answers)
    server.insert_id = None
    server.doubt()


def settle(client: Client, found: Settled, known: Conditions | None) -> None:
    """What this client's session had left in a server connection has been read out.

    ``known``: the conditions in memory when that began. An error of Forebay's own may have come since.
    """
    states = client.route.states
    assert states is not None
    if found.insert_id is not None:
        client.insert_id = found.insert_id
    if found.found_rows is not None and not _is_foreign(client, found.found_rows):
        client.found_rows = found.found_rows
    if found.late_rows is not None:
        client.late_rows = found.late_rows if found.late_rows != client.found_rows else -1
        client.counted_elsewhere = True
    newer = client.diagnostics is not known or (known is not None and known.latest)  # than what the server told
    if found.warnings is not None and not (found.warnings.stands_in or newer):
        _keep_list(client, found.warnings)
    for name, value in found.variables.items():
        if value is None:
            client.variables.pop(name, None)
        else:
            client.variables[name] = value
    if found.collation is not None and client.state is not None and not client.state.known:
        client.state = states.with_collation(client.state, found.collation)


def settle_system_variables(client: Client, server: ServerConnection, found: tuple[tuple[str, str], ...]) -> None:
    """System variables that a routine has changed unseen; a SET that was answered here meanwhile counts for more."""
    states, here, state = client.route.states, server.state, client.state
    if not found or states is None or here is None or state is None:
        return
    server.state = states.after(here, Changes(variables=found), False, NO_NAMES)
    if client.settling is server:
        kept = tuple(pair for pair in found if states.value(state, pair[0]) == states.value(here, pair[0]))
        client.state = states.after(state, Changes(variables=kept), False, NO_NAMES)


def _is_foreign(client: Client, found_rows: int) -> bool:
    """Whether a number that was read out is none of this client's statements': put there, or found there."""
    if client.counted_elsewhere:
        return found_rows != 0  # but for an UPDATE that matched nothing the statements have left it alone
    return found_rows == TOO_MANY_ROWS and client.found_rows > MOST_ROWS


def _keep_list(client: Client, conditions: Conditions) -> None:
    """No server connection has these conditions any more."""
    states = client.route.states
    if states is not None and client.state is not None:
        conditions.charset = states.value(client.state, "character_set_results") or ""
    conditions.state = client.error_state
    if client.warned == AS_LISTED:
        client.warned = conditions.total
    client.diagnostics = conditions if conditions.total else None


def scratched(server: ServerConnection, residue: int) -> None:
    """Reading conditions in detail has left user variables there."""
    if residue & WARNINGS and residue & DETAILS:
        server.variables_seen |= SCRATCH
