"""Starting the proxy: what ``forebay run`` does once its arguments are read.

It knows no command line, so that a proxy can start without the library that reads one. Exit status: 0 fine, 1 failed
while running, 2 bad usage or configuration.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from proxy.settings import Settings

FAILED = 1
BAD_USAGE = 2

NO_CONFIG = (
    "nothing says which MySQL server is meant: give a file with -c FILE, "
    "or set FOREBAY_TARGET=mysql://user:password@host:3306/schema"
)


def run(path: str | None) -> NoReturn:
    """Run the proxy with this configuration file until it is told to stop, and exit."""
    settings = load(path)
    from proxy import logs

    logs.setup(settings.log)
    if settings.clients.tls.mode != "disabled" and not settings.clients.tls.cert:
        from proxy.net import certificates

        certificates.prepare(settings.state_folder)  # while everything else is imported
    from proxy import config, server

    try:
        status = server.run(settings, lambda: config.load(path))
    except OSError as error:
        # Most likely an address that is taken, or a PEM file that is none; a traceback would hide the sentence.
        fail(str(error), FAILED)
    sys.exit(status)


def load(path: str | None) -> Settings:
    """The settings; whatever is wrong with them ends the process with one line."""
    from proxy.config import ConfigError, load

    if path is None and not any(name.startswith("FOREBAY_TARGET") for name in os.environ):
        fail(NO_CONFIG, BAD_USAGE)
    try:
        return load(path)
    except ConfigError as error:
        fail(str(error), BAD_USAGE)


def fail(text: str, status: int) -> NoReturn:
    """Say why, and exit."""
    print(f"forebay: {text}", file=sys.stderr)
    sys.exit(status)
