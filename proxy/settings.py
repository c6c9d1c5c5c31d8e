"""Every setting of Forebay: its name, default, one sentence, and whether it may change while running.

This page is the single table of settings. ``forebay check``, ``SHOW CONFIG``, the documented file
``config/forebay.yaml`` and the reader in ``config`` all walk it, so a new setting is one field here.

It does not know YAML, the environment or what any setting does: it imports nothing of ``proxy``.
Inside the program durations are float seconds and sizes are int bytes. The tree is frozen and passed whole.
"""

# `setting` and `section` are dataclasses.field with a table row in it, not values shared between instances:
# ruff: noqa: RUF009

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, TypeAlias

Kind: TypeAlias = str

# What a value is written like in the file. ``config`` has one reader for each.
TEXT: Kind = "text"
INTEGER: Kind = "integer"
FLAG: Kind = "flag"
CHOICE: Kind = "choice"
DURATION: Kind = "duration"
SIZE: Kind = "size"
ADDRESS: Kind = "address"  # where to connect: host:port or unix:/path
LISTEN: Kind = "listen"  # where to accept: as ADDRESS, and port 0 lets the system choose
LISTENS: Kind = "listens"  # a list of LISTEN
FILE: Kind = "file"
FOLDER: Kind = "folder"
SECRET: Kind = "secret"
SECTION: Kind = "section"  # a nested dataclass
USERS: Kind = "users"  # a list of UserSettings

HIDDEN = "******"


class Secret:
    """A text that no log line, traceback, repr or format can show; ``reveal()`` is the only way to read it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> Any:
        raise TypeError("a secret is not written down")


class Meta(NamedTuple):
    """What a field is, beside its name, type and default. ``minimum``/``maximum`` are inclusive."""

    kind: Kind
    sentence: str
    reloadable: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


class Row(NamedTuple):
    """One setting as ``walk`` yields it. ``path`` is dotted; a user's is ``users[NAME].key``."""

    path: str
    value: Any
    default: Any
    sentence: str
    reloadable: bool
    secret: bool
    kind: Kind


def setting(kind: Kind, default: Any, sentence: str, **more: Any) -> Any:
    """A dataclass field with its ``Meta``; ``more`` are ``Meta``'s optional parts."""
    return field(default=default, repr=kind != SECRET, metadata={"meta": Meta(kind, sentence, **more)})


def section(cls: type, sentence: str) -> Any:
    """A nested part of the tree, built from its own defaults."""
    return field(default_factory=cls, metadata={"meta": Meta(SECTION, sentence)})


def metas(cls: type) -> dict[str, Meta]:
    """Field name -> ``Meta`` of one settings class, in the order they are written."""
    return {item.name: item.metadata["meta"] for item in fields(cls)}


@dataclass(frozen=True, kw_only=True)
class TlsClientSettings:
    """TLS towards the target."""

    mode: str = setting(
        CHOICE,
        "preferred",
        "preferred uses TLS where offered; verify_ca checks the certificate, verify_identity also its name.",
        choices=("disabled", "preferred", "required", "verify_ca", "verify_identity"),
    )
    ca: str = setting(
        FILE, "", "PEM file of trusted authorities; verify_ca needs it, verify_identity else trusts the system's."
    )
    cert: str = setting(FILE, "", "PEM file of the certificate shown to the target, for accounts that demand one.")
    key: str = setting(FILE, "", "PEM file of that certificate's private key.")


@dataclass(frozen=True, kw_only=True)
class TargetSettings:
    """The MySQL server behind."""

    address: str = setting(
        ADDRESS, "", 'The MySQL server: "host:port" (3306 when left out) or "unix:/path".', required=True
    )
    schema: str = setting(
        TEXT,
        "",
        "The schema that server connections log in to, so the one of a client that names none; empty: none.",
    )
    compression: str = setting(
        CHOICE, "none", "How server connections are compressed.", choices=("none", "zlib", "zstd")
    )
    compression_level: int = setting(
        INTEGER, 0, "1 to 9 for zlib, 1 to 22 for zstd; 0: the usual one, 6 or 3.", minimum=0, maximum=22
    )
    tls: TlsClientSettings = section(TlsClientSettings, "TLS towards the target.")


@dataclass(frozen=True, kw_only=True)
class UserSettings:
    """One user that may log in, and the login identity that its server connections have."""

    name: str = setting(TEXT, "", "The name that clients log in with.", reloadable=True, required=True)
    password: Secret | None = setting(SECRET, None, "The password, in plain text.", reloadable=True)
    password_file: str = setting(
        TEXT, "", "A file that holds the password; one newline at its end is dropped.", reloadable=True
    )
    password_env: str = setting(TEXT, "", "An environment variable that holds the password.", reloadable=True)
    password_hash: Secret | None = setting(
        SECRET,
        None,
        "What `forebay hash-password` prints, instead of the password.",
        reloadable=True,
    )
    tls_required: bool = setting(FLAG, False, "Refuse this user over TCP without TLS.", reloadable=True)
    dedicated: bool = setting(
        FLAG,
        False,
        "Give each client of this user a server connection of its own, as with sharing: off.",
        reloadable=True,
    )
    server_user: str = setting(
        TEXT, "", "The name to log in to the server with; empty: the same name.", reloadable=True
    )
    server_password: Secret | None = setting(
        SECRET, None, "The password to log in to the server with, if it is another one.", reloadable=True
    )
    server_password_file: str = setting(TEXT, "", "A file that holds server_password.", reloadable=True)
    server_password_env: str = setting(TEXT, "", "An environment variable that holds server_password.", reloadable=True)


@dataclass(frozen=True, kw_only=True)
class PoolSettings:
    """The server connections."""

    max_connections: int = setting(
        INTEGER,
        20,
        "Server connections that may exist at once: the budget, across all users of the target.",
        reloadable=True,
        minimum=1,
        maximum=100_000,
    )
    min_idle: int = setting(
        INTEGER,
        1,
        "Idle server connections kept open for each user who has logged in.",
        reloadable=True,
        minimum=0,
        maximum=100_000,
    )
    borrow_timeout: float = setting(
        DURATION,
        10.0,
        "How long a statement waits for a server connection before it fails with error 9501; 0s: for ever.",
        reloadable=True,
        minimum=0,
    )
    max_connecting: int = setting(
        INTEGER, 2, "Logins to the server that may be under way at the same time.", reloadable=True, minimum=1
    )
    max_lifetime: float = setting(
        DURATION,
        3600.0,
        "Age at which a server connection is replaced, up to 20 % earlier or later; 0s: never.",
        reloadable=True,
        minimum=0,
    )
    idle_timeout: float = setting(
        DURATION,
        300.0,
        "Idle server connections above min_idle are closed after this time; 0s: never.",
        reloadable=True,
        minimum=0,
    )
    connect_timeout: float = setting(
        DURATION,
        5.0,
        "How long opening a server connection may take, or an answer of the server to Forebay's own questions.",
        reloadable=True,
        minimum=0.001,
    )
    max_prepared_statements: int = setting(
        INTEGER,
        256,
        "Prepared statements kept on each server connection; the least recently used one makes room.",
        reloadable=True,
        minimum=1,
        maximum=1_000_000,
    )
    prepared_statements_memory: int = setting(
        SIZE,
        64 * 1024 * 1024,
        "Memory for prepared statements in all, those of clients included; without room a client gets error 1461.",
        minimum=64 * 1024,
    )
    init_query: str = setting(
        TEXT, "", "SQL run on each new server connection before it is lent, statements separated by semicolons."
    )


@dataclass(frozen=True, kw_only=True)
class TlsServerSettings:
    """TLS towards clients."""

    mode: str = setting(
        CHOICE,
        "preferred",
        "TLS for clients: preferred offers it, required refuses TCP clients without it.",
        reloadable=True,
        choices=("disabled", "preferred", "required"),
    )
    cert: str = setting(
        FILE, "", "PEM file of the certificate, chain included; empty: Forebay makes its own.", reloadable=True
    )
    key: str = setting(FILE, "", "PEM file of the certificate's private key.", reloadable=True)
    ca: str = setting(
        FILE,
        "",
        "PEM file of authorities; a client that shows a certificate must have it from one of them.",
        reloadable=True,
    )


@dataclass(frozen=True, kw_only=True)
class ClientSettings:
    """The connections from functions."""

    max_connections: int = setting(
        INTEGER,
        10_000,
        "Clients that may be connected at once; the next one gets error 1040.",
        reloadable=True,
        minimum=1,
    )
    login_timeout: float = setting(
        DURATION, 10.0, "How long a client may take from connect to the end of its login.", reloadable=True, minimum=0.1
    )
    idle_timeout: float = setting(
        DURATION,
        1800.0,
        "A client that sends nothing for this long outside a transaction is closed; 0s: never.",
        reloadable=True,
        minimum=0,
    )
    idle_in_transaction_timeout: float = setting(
        DURATION,
        30.0,
        "A client that sends nothing for this long inside a transaction is rolled back and closed; 0s: never.",
        reloadable=True,
        minimum=0,
    )
    query_timeout: float = setting(
        DURATION, 0.0, "A statement that runs longer is killed on the server; 0s: no limit.", reloadable=True, minimum=0
    )
    abandoned_query_timeout: float = setting(
        DURATION,
        5.0,
        "A statement whose client has gone is killed after this time if others wait; 0s: never.",
        reloadable=True,
        minimum=0,
    )
    max_allowed_packet: int = setting(
        SIZE,
        64 * 1024 * 1024,
        "The longest command a client may send.",
        reloadable=True,
        minimum=1024,
        maximum=1024 * 1024 * 1024,
    )
    default_auth: str = setting(
        CHOICE,
        "caching_sha2_password",
        "The authentication plugin that the greeting names.",
        reloadable=True,
        choices=("caching_sha2_password", "mysql_native_password"),
    )
    compression: bool = setting(FLAG, True, "Whether clients may compress, with zlib or zstd.", reloadable=True)
    local_infile: bool = setting(
        FLAG, True, "Whether clients may send files of theirs, for LOAD DATA LOCAL INFILE.", reloadable=True
    )
    comments: bool = setting(
        FLAG,
        False,
        "Whether each text begins with a comment for the server's lists: client, user, address, program.",
        reloadable=True,
    )
    tls: TlsServerSettings = section(TlsServerSettings, "TLS towards clients.")


@dataclass(frozen=True, kw_only=True)
class StatusSettings:
    """The web port."""

    listen: str = setting(
        LISTEN, "127.0.0.1:9042", "Where /metrics, /healthz and /readyz are served over HTTP; empty: nowhere."
    )


@dataclass(frozen=True, kw_only=True)
class LogSettings:
    """What is written to standard error."""

    level: str = setting(
        CHOICE,
        "info",
        "The least important lines still written.",
        reloadable=True,
        choices=("debug", "info", "warning", "error"),
    )
    format: str = setting(
        CHOICE,
        "text",
        "One readable line, or one JSON object, for each event.",
        reloadable=True,
        choices=("text", "json"),
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The whole tree."""

    listen: tuple[str, ...] = setting(
        LISTENS, ("0.0.0.0:6033",), 'Where clients connect: a list of "host:port" and "unix:/path".'
    )
    target: TargetSettings = section(TargetSettings, "The MySQL server behind.")
    users: tuple[UserSettings, ...] = setting(USERS, (), "Who may log in.", reloadable=True, required=True)
    pool: PoolSettings = section(PoolSettings, "The server connections, shared by all clients.")
    clients: ClientSettings = section(ClientSettings, "The connections from functions.")
    status: StatusSettings = section(StatusSettings, "The web port for metrics and health.")
    log: LogSettings = section(LogSettings, "Log lines, written to standard error.")
    sharing: str = setting(
        CHOICE,
        "on",
        "on shares server connections; off gives each client its own; advise as well, and tells what would pin.",
        reloadable=True,
        choices=("off", "advise", "on"),
    )
    scheduling: str = setting(
        CHOICE,
        "adaptive",
        "adaptive: while it is busy, Linux runs Forebay as a batch process, which does more at a time; normal: never.",
        reloadable=True,
        choices=("adaptive", "normal"),
    )
    drain_timeout: float = setting(
        DURATION,
        30.0,
        "After SIGTERM, how long open transactions may take to end before they are cut.",
        reloadable=True,
        minimum=0,
    )
    state_folder: str = setting(
        FOLDER,
        "",
        "Keeps the certificate and RSA key that Forebay makes for itself; empty: new ones at each start.",
    )


def split_address(address: str) -> tuple[str, int] | str:
    """An address as sockets want it: ``(host, port)``, an IPv6 host without brackets, or the path of a unix socket."""
    if address.startswith("unix:"):
        return address.removeprefix("unix:")
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def walk(settings: Any, path: str = "") -> Iterator[Row]:
    """Every setting of a tree (or of a part of it), in the order of the file.

    Values are as the program holds them; a ``Secret`` stays one. Users come as ``users[NAME].key``.
    """
    for item in fields(settings):
        meta: Meta = item.metadata["meta"]
        value = getattr(settings, item.name)
        here = f"{path}.{item.name}" if path else item.name
        if meta.kind == SECTION:
            yield from walk(value, here)
        elif meta.kind == USERS:
            for user in value:
                yield from walk(user, f"{here}[{user.name}]")
        else:
            yield Row(here, value, item.default, meta.sentence, meta.reloadable, meta.kind == SECRET, meta.kind)
