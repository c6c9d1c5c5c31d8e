"""The command ``forebay``: run, check, hash-password, version.

Exit status: 0 fine, 1 failed while running, 2 bad usage or configuration. Only what a command needs is imported, inside
it, so that ``--help`` is quick and a running proxy carries nothing it does not use.
It decides nothing of what the proxy does.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from proxy.settings import Settings

FAILED = 1
BAD_USAGE = 2

CONFIG_HELP = "The configuration file. Without it, everything comes from FOREBAY_* environment variables."
NO_CONFIG = (
    "nothing says which MySQL server is meant: give a file with -c FILE, "
    "or set FOREBAY_TARGET=mysql://user:password@host:3306/schema"
)

config_option = click.option("-c", "--config", "path", metavar="FILE", help=CONFIG_HELP)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Forebay, a MySQL connection proxy for serverless functions.

    \b
    Start one in front of a local server:
      FOREBAY_TARGET=mysql://user:password@127.0.0.1:3306 forebay run
    Functions then connect to port 6033 as if it were the server.
    """


@main.command(short_help="Run the proxy.")
@config_option
def run(path: str | None) -> None:
    """Run the proxy until SIGTERM or SIGINT.

    SIGHUP reads the configuration again; a bad one changes nothing and says why in the log.
    """
    settings = _load(path)
    from proxy import logs

    logs.setup(settings.log)
    if settings.clients.tls.mode != "disabled" and not settings.clients.tls.cert:
        from proxy.net import certificates

        certificates.prepare(settings.state_folder)  # while everything else is imported
    from proxy import server
    from proxy.config import load

    try:
        status = server.run(settings, lambda: load(path))
    except OSError as error:
        # Most likely an address that is taken, or a PEM file that is none; a traceback would hide the sentence.
        _fail(str(error), FAILED)
    sys.exit(status)


@main.command(short_help="Validate the configuration.")
@config_option
@click.option("--connect", is_flag=True, help="Also log in to the target as each user.")
@click.option("--defaults", is_flag=True, help="Print the documented configuration file instead.")
def check(path: str | None, connect: bool, defaults: bool) -> None:
    """Validate the configuration and print the effective settings, secrets hidden.

    A mistake is one line that names the file, the line, the key and what was expected.
    """
    if defaults:
        from proxy.config.document import document

        click.echo(document(), nl=False)
        return
    settings = _load(path)
    from proxy.config import effective

    click.echo("\n".join(effective(settings)))
    if connect:
        from proxy import server

        try:
            problems = server.check_connect(settings)
        except OSError as error:
            problems = [str(error)]  # a file of TLS that is there but holds something else
        for problem in problems:
            click.echo(f"forebay: {problem}", err=True)
        sys.exit(FAILED if problems else 0)


@main.command("hash-password", short_help="Print a hash to configure instead of a password.")
def hash_password() -> None:
    """Print what a user's password_hash may be instead of the password.

    Asks without echo at a terminal, else reads standard input; one newline at the end is dropped.
    In the file it needs quotes.
    """
    from proxy.wire.auth import Credentials, format_password_hash

    click.echo(format_password_hash(Credentials.from_password("", _read_password().encode())))


@main.command(short_help="Print versions, and which modules are compiled.")
def version() -> None:
    """Print the versions of Forebay and what it stands on, and which modules are compiled."""
    from proxy import about

    for name, text in {**about.versions(), **about.modules()}.items():
        click.echo(f"{name} {text}")


def _load(path: str | None) -> Settings:
    from proxy.config import ConfigError, load

    if path is None and not any(name.startswith("FOREBAY_TARGET") for name in os.environ):
        _fail(NO_CONFIG, BAD_USAGE)
    try:
        return load(path)
    except ConfigError as error:
        _fail(str(error), BAD_USAGE)
        raise


def _read_password() -> str:
    if sys.stdin.isatty():
        text: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return text
    text = sys.stdin.read(64 * 1024)
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        _fail("expected a password on standard input, got nothing", BAD_USAGE)
    return text


def _fail(text: str, status: int) -> None:
    click.echo(f"forebay: {text}", err=True)
    sys.exit(status)
