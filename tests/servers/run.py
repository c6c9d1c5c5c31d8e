"""``python -m tests.servers.run mariadb|mysql [--port N]``: one server until Ctrl-C.

``--prepare`` only obtains the programs and prepares the data directory that later starts copy.
"""

from __future__ import annotations

import argparse
import signal
import sys

from tests import servers
from tests.servers import template


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.run", description="Start a scratch database server.")
    parser.add_argument("flavour", choices=sorted(servers.FLAVOURS))
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--prepare", action="store_true", help="obtain and prepare it, start nothing")
    parser.add_argument("option", nargs="*", help="further options of the server, after --")
    arguments = parser.parse_args()
    # SIGTERM ends like Ctrl-C does, so that the data directory goes too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if arguments.prepare:
            template.of(servers.FLAVOURS[arguments.flavour])
            return 0
        with servers.make(arguments.flavour, port=arguments.port, options=arguments.option) as server:
            print(f"mysql://{server.user}@{server.host}:{server.port}/", flush=True)
            print(f"unix socket {server.socket}, pid {server.pid}; Ctrl-C ends it and deletes its data", flush=True)
            signal.pause()
    except KeyboardInterrupt:
        return 0
    except (servers.Unavailable, servers.ServerFailed) as failed:
        print(failed, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
