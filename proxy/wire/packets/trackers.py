"""Session-state entries ("trackers") in OK packets: what a statement changed in the session.

This file only decodes and sifts them; ``session`` decides what they mean.

Sources: "OK_Packet: Session State Information" in the MySQL Source Code Documentation; "OK_Packet" in the MariaDB
Knowledge Base (several variables may share one entry).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from proxy.wire.constants import (
    TRACK_SCHEMA,
    TRACK_STATE_CHANGE,
    TRACK_SYSTEM_VARIABLES,
    TRACK_TRANSACTION_CHARACTERISTICS,
    TRACK_TRANSACTION_STATE,
)
from proxy.wire.primitives import read_lenenc_bytes, read_uint, to_bytes, to_text, write_lenenc_bytes

_CHANGED = b"1"  # this one entry has no inner length, whatever the manual says: measured on MySQL 9.7 and MariaDB 10.11


@dataclass(slots=True)
class Changes:
    """What one OK packet reports; ``None`` means not reported.

    ``schema`` is "" when no schema is selected any more. ``transaction_state`` has eight characters ("T_______"),
    ``characteristics`` is SQL text to replay, "" when nothing is set for the next transaction.
    """

    schema: str | None = None
    variables: tuple[tuple[str, str], ...] = ()
    state_changed: bool = False
    transaction_state: str | None = None
    characteristics: str | None = None


def parse_trackers(trackers: bytes) -> Changes:
    """Decodes ``Ok.trackers``. A later entry wins; types that are not known (or not used, as GTIDs) are skipped."""
    changes = Changes()
    for kind, entry in _entries(trackers):
        if kind == TRACK_SYSTEM_VARIABLES:
            changes.variables += _parse_variables(entry)
        elif kind == TRACK_SCHEMA:
            changes.schema = _parse_text(entry)
        elif kind == TRACK_STATE_CHANGE:
            changes.state_changed = entry == _CHANGED
        elif kind == TRACK_TRANSACTION_CHARACTERISTICS:
            changes.characteristics = _parse_text(entry)
        elif kind == TRACK_TRANSACTION_STATE:
            changes.transaction_state = _parse_text(entry)
    return changes


def _parse_text(entry: bytes) -> str:
    return to_text(read_lenenc_bytes(entry, 0)[0])


def _parse_variables(entry: bytes) -> tuple[tuple[str, str], ...]:
    variables = []
    pos = 0
    while pos < len(entry):
        name, pos = read_lenenc_bytes(entry, pos)
        value, pos = read_lenenc_bytes(entry, pos)
        variables.append((to_text(name), to_text(value)))
    return tuple(variables)


def filter_trackers(trackers: bytes, wanted: frozenset[bytes] | None) -> bytes:
    """Of ``Ok.trackers``, the schema's entries and the variables named in ``wanted``; nothing for who wants None."""
    if wanted is None:
        return b""
    kept = []
    for kind, entry in _entries(trackers):
        if kind == TRACK_SCHEMA:
            kept.append(_entry(kind, entry))
        elif kind == TRACK_SYSTEM_VARIABLES and (pairs := _wanted(entry, wanted)):
            kept.append(_entry(kind, pairs))
    return b"".join(kept)


def _wanted(entry: bytes, names: frozenset[bytes]) -> bytes:
    kept = []
    pos = 0
    while pos < len(entry):
        name, behind = read_lenenc_bytes(entry, pos)
        _, end = read_lenenc_bytes(entry, behind)
        if name in names:
            kept.append(entry[pos:end])
        pos = end
    return b"".join(kept)


def with_later(trackers: bytes, later: bytes) -> bytes:
    """Both in one; of two schemas the later one counts."""
    if not trackers or not later or not any(kind == TRACK_SCHEMA for kind, _ in _entries(later)):
        return trackers + later
    return b"".join(_entry(kind, entry) for kind, entry in _entries(trackers) if kind != TRACK_SCHEMA) + later


def _entries(trackers: bytes) -> Iterator[tuple[int, bytes]]:
    """The type and the content of each."""
    pos = 0
    while pos < len(trackers):
        kind, pos = read_uint(trackers, pos, 1)
        entry, pos = read_lenenc_bytes(trackers, pos)
        yield kind, entry


def build_trackers(changes: Changes) -> bytes:
    """The bytes for ``Ok.trackers``; empty when nothing changed."""
    entries = [
        _entry(TRACK_SYSTEM_VARIABLES, _lenenc_text(name) + _lenenc_text(value)) for name, value in changes.variables
    ]
    texts = (
        (TRACK_SCHEMA, changes.schema),
        (TRACK_TRANSACTION_CHARACTERISTICS, changes.characteristics),
        (TRACK_TRANSACTION_STATE, changes.transaction_state),
    )
    if changes.state_changed:
        entries.append(_entry(TRACK_STATE_CHANGE, _CHANGED))
    entries += [_entry(kind, _lenenc_text(text)) for kind, text in texts if text is not None]
    return b"".join(entries)


def _entry(kind: int, content: bytes) -> bytes:
    return bytes((kind,)) + write_lenenc_bytes(content)


def _lenenc_text(text: str) -> bytes:
    return write_lenenc_bytes(to_bytes(text))
