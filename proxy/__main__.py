"""``forebay``, and ``python -m proxy``, which is the same.

``run`` as services start it is understood here: the library that reads all other command lines takes a fifth of the
time that a start takes, and a running proxy has no use for it.
"""

from __future__ import annotations

import sys


def main() -> None:
    match sys.argv[1:]:
        case ["run", "-c" | "--config", path] if not path.startswith("-"):
            _run(path)
        case ["run"]:
            _run(None)
        case _:
            from proxy import cli

            cli.main()


def _run(path: str | None) -> None:
    from proxy import start

    try:
        start.run(path)
    except KeyboardInterrupt:  # before the loop has taken over the signals
        sys.exit(start.FAILED)


if __name__ == "__main__":
    main()
