"""``python -m tests.oracle.faulty FAULT run -c FILE``: Forebay with a fault planted in it, which the oracle must find.

A fault replaces a function of the product while the process starts; the product's code knows nothing of it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from proxy.relay import lending, readout
from proxy.session import state
from proxy.wire.constants import COM_INIT_DB


def _every(count: int) -> Callable[[], bool]:
    """True at every so manieth call."""
    calls = 0

    def due() -> bool:
        nonlocal calls
        calls += 1
        return calls % count == 0

    return due


def _changed(owner: Any, name: str, change: Callable[[Any], Any], often: int = 1) -> Callable[[], None]:
    """Every so manieth result of ``owner.name`` is changed."""

    def plant() -> None:
        original, due = getattr(owner, name), _every(often)

        def function(*arguments: Any, **named: Any) -> Any:
            result = original(*arguments, **named)
            return change(result) if result and due() else result

        setattr(owner, name, function)

    return plant


def _constant(owner: Any, name: str, value: Any) -> Callable[[], None]:
    return lambda: setattr(owner, name, value)


def _without_schema(commands: list[bytes]) -> list[bytes]:
    return [command for command in commands if command[0] != COM_INIT_DB]


def _nothing(*_arguments: Any, **_named: Any) -> None:
    pass


def _forget(part: str) -> Callable[[], None]:
    """A settled session without one of its parts."""

    def change(found: Any) -> Any:
        kept = getattr(found, part)
        setattr(found, part, type(kept)() if isinstance(kept, dict) else None)
        return found

    return _changed(lending, "settled", change)


FAULTS: dict[str, Callable[[], None]] = {
    "a sync is skipped": _changed(state.States, "sync", lambda commands: [], often=5),
    "a system variable is forgotten": _changed(state.States, "_assignments", lambda assignments: assignments[:-1]),
    "the schema is not synced": _changed(state.States, "sync", _without_schema),
    "nothing is settled": _constant(readout, "settle", _nothing),
    "user variables are forgotten": _forget("variables"),
    "the insert id is not read back": _forget("insert_id"),
    "warnings are not read back": _forget("warnings"),
    "FOUND_ROWS() is not read back": _forget("found_rows"),
}


def main() -> None:
    from proxy import cli

    FAULTS[sys.argv.pop(1)]()
    sys.argv[0] = "forebay"
    cli.main()


if __name__ == "__main__":
    main()
