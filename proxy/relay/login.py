# cython: annotation_typing=False
"""A client logs in, or changes its user: greeting, TLS, authentication, the default schema.

Authentication itself is ``wire.auth``; here are its packets' numbers, the limits on clients, and what the
OK at the end needs: a default schema is looked up on the server once and remembered. A login does not
depend on the server's availability beyond that.
"""

from __future__ import annotations

import functools
import logging
import time
from typing import TYPE_CHECKING

from proxy.errors import (
    AccessDenied,
    HandshakeFailed,
    ProxyError,
    ServerRefused,
    ShuttingDown,
    TlsRequired,
    TooManyClients,
)
from proxy.net.server_connection import ServerConnection
from proxy.relay import learning, lending, outgoing
from proxy.relay.phases import LOGIN
from proxy.wire import auth, compression, packets
from proxy.wire.constants import (
    CLIENT_COMPRESS,
    CLIENT_CONNECT_ATTRS,
    CLIENT_CONNECT_WITH_DB,
    CLIENT_DEPRECATE_EOF,
    CLIENT_EXTENDED_METADATA,
    CLIENT_FOUND_ROWS,
    CLIENT_IGNORE_SPACE,
    CLIENT_INTERACTIVE,
    CLIENT_LOCAL_FILES,
    CLIENT_LONG_FLAG,
    CLIENT_LONG_PASSWORD,
    CLIENT_MULTI_RESULTS,
    CLIENT_MULTI_STATEMENTS,
    CLIENT_ODBC,
    CLIENT_PLUGIN_AUTH,
    CLIENT_PLUGIN_AUTH_LENENC,
    CLIENT_PROTOCOL_41,
    CLIENT_PS_MULTI_RESULTS,
    CLIENT_QUERY_ATTRIBUTES,
    CLIENT_SECURE_CONNECTION,
    CLIENT_SESSION_TRACK,
    CLIENT_SSL,
    CLIENT_TRANSACTIONS,
    CLIENT_ZSTD,
    COLLATION_UTF8MB4_GENERAL_CI,
    MARIADB_CLIENT_EXTENDED_METADATA,
    STATUS_AUTOCOMMIT,
)
from proxy.wire.frames import frame, frame_all

if TYPE_CHECKING:
    from proxy.relay.client import Client

_log = logging.getLogger("forebay.client")

OFFERED = (
    CLIENT_LONG_PASSWORD
    | CLIENT_FOUND_ROWS
    | CLIENT_LONG_FLAG
    | CLIENT_CONNECT_WITH_DB
    | CLIENT_ODBC
    | CLIENT_LOCAL_FILES
    | CLIENT_IGNORE_SPACE
    | CLIENT_PROTOCOL_41
    | CLIENT_INTERACTIVE
    | CLIENT_TRANSACTIONS
    | CLIENT_SECURE_CONNECTION
    | CLIENT_MULTI_STATEMENTS
    | CLIENT_MULTI_RESULTS
    | CLIENT_PS_MULTI_RESULTS
    | CLIENT_PLUGIN_AUTH
    | CLIENT_CONNECT_ATTRS
    | CLIENT_PLUGIN_AUTH_LENENC
    | CLIENT_SESSION_TRACK
    | CLIENT_DEPRECATE_EOF
)

COMPRESSED = CLIENT_COMPRESS | CLIENT_ZSTD

# What a session reports by default: session_track_system_variables of MySQL and MariaDB.
TRACKED = frozenset(
    {b"autocommit", b"character_set_client", b"character_set_connection", b"character_set_results", b"time_zone"}
)


class Login:
    """A login under way: the conversation, and what it decides about once it ends."""

    __slots__ = ("changes_user", "conversation", "packet")

    def __init__(
        self, packet: packets.Login | packets.ChangeUser, conversation: auth.Conversation[bytes | None]
    ) -> None:
        self.packet = packet
        self.conversation = conversation
        self.changes_user = isinstance(packet, packets.ChangeUser)

    def lending_failed(self, client: Client, error: ProxyError) -> None:
        """The default schema could not be selected, or no server connection came to ask."""
        if isinstance(error, ServerRefused):
            _fail(client, error)
        else:
            _welcome(client)


def greet(client: Client) -> None:
    """Say the first word, or refuse: draining, too many clients."""
    hub = client.hub
    hub.stats.clients_received += 1
    client.id = hub.new_id()
    hub.clients[client.id] = client
    hub.all_gone.clear()
    name = client.transport.get_extra_info("peername")
    client.peer = name[0] if isinstance(name, tuple) else "localhost"
    client.answer_sequence = 0
    if hub.draining:
        client.fatal(ShuttingDown())
        return
    if len(hub.clients) > hub.settings.clients.max_connections:
        client.fatal(TooManyClients(f"Too many connections: {hub.settings.clients.max_connections} clients"))
        return
    client.nonce = auth.new_nonce()
    client.extended_metadata = hub.extended_metadata
    client.gives_attributes = hub.query_attributes
    form = packets.greeting_form(
        hub.version,
        _offered(client),
        COLLATION_UTF8MB4_GENERAL_CI,
        STATUS_AUTOCOMMIT,
        hub.settings.clients.default_auth,
        MARIADB_CLIENT_EXTENDED_METADATA if hub.extended_metadata else 0,
    )
    client.write(frame(packets.fill_greeting(form, client.id, client.nonce), 0))
    client.reader.sequence = 1
    client.answer_sequence = 2


def _offered(client: Client) -> int:
    """The capabilities that the greeting names."""
    hub = client.hub
    offered = OFFERED
    if client.extended_metadata:  # MariaDB calls the bit CLIENT_MYSQL, and leaves it out where its own follow
        offered &= ~CLIENT_LONG_PASSWORD
    if client.gives_attributes:
        offered |= CLIENT_QUERY_ATTRIBUTES
    if not hub.settings.clients.local_infile:
        offered &= ~CLIENT_LOCAL_FILES
    if hub.client_tls is not None:
        offered |= CLIENT_SSL
    return offered | COMPRESSED if hub.settings.clients.compression else offered


def step(client: Client, payload: bytes) -> None:
    """One packet of the client's during its login or change of user."""
    client.answer_sequence = client.reader.sequence
    try:
        if client.login is not None:
            _converse(client, payload)
        elif packets.is_ssl_request(payload):
            _start_tls(client)
        else:
            _begin(client, packets.parse_login(payload))
    except ProxyError as error:
        _fail(client, error)


def _start_tls(client: Client) -> None:
    context = client.hub.client_tls
    if context is None or client.tls is not None:
        raise HandshakeFailed
    client.start_tls(context, server_side=True, hostname=None, first=client.reader.rest())


def _begin(client: Client, packet: packets.Login) -> None:
    client.capabilities = packet.capabilities & (_offered(client) | CLIENT_LONG_PASSWORD)
    if not packet.mariadb_capabilities & MARIADB_CLIENT_EXTENDED_METADATA:
        client.extended_metadata = False
    elif client.extended_metadata:
        client.capabilities |= CLIENT_EXTENDED_METADATA
    client.gives_attributes = bool(client.capabilities & CLIENT_QUERY_ATTRIBUTES)
    client.attributes = packet.attributes
    _authenticate(client, packet)


def _take(client: Client, packet: packets.Login | packets.ChangeUser) -> None:
    """What a login says about the session to come. Raises TlsRequired for a user who may not log in like this."""
    hub = client.hub
    user = hub.configured.get(packet.user)
    client.user = packet.user
    demands_tls = hub.settings.clients.tls.mode == "required" or (user is not None and user.tls_required)
    if demands_tls and not client.secure:
        raise TlsRequired
    client.schema = packet.schema or None
    client.collation = packet.collation


def _authenticate(client: Client, packet: packets.Login | packets.ChangeUser) -> None:
    hub = client.hub
    _take(client, packet)
    conversation = auth.accept(
        packet,
        client.nonce,
        hub.users.get(packet.user) or auth.decoy(packet.user, list(hub.users.values())),
        client.secure,
        hub.rsa,
        hub.settings.clients.default_auth,
        client.peer,
    )
    client.login = Login(packet, conversation)
    _converse(client, None)


def _converse(client: Client, payload: bytes | None) -> None:
    """Go one step on in the authentication."""
    assert client.login is not None
    try:
        to_send = client.login.conversation.send(payload)  # type: ignore[arg-type]
    except StopIteration as stop:
        _accepted(client, stop.value)
        return
    if to_send is not None:
        client.write(frame(to_send, client.answer_sequence))
        client.reader.sequence = (client.answer_sequence + 1) & 0xFF
        client.answer_sequence = (client.answer_sequence + 2) & 0xFF


def _accepted(client: Client, last_word: bytes | None) -> None:
    """The password is right: find the pool, and look at the default schema if nobody has yet."""
    hub = client.hub
    assert client.login is not None
    configured = hub.configured.get(client.user)
    if configured is None:  # removed by a reload since its login began
        raise AccessDenied(client.user, client.peer, used_password=True)
    if last_word is not None:
        client.write(frame(last_word, client.answer_sequence))
        client.answer_sequence += 1
    client.old_eof = not client.capabilities & CLIENT_DEPRECATE_EOF
    client.wanted = TRACKED if client.capabilities & CLIENT_SESSION_TRACK else None
    if not client.login.changes_user:  # what COM_SET_OPTION has set outlives a change of user
        client.multi_statements = bool(client.capabilities & CLIENT_MULTI_STATEMENTS)
    client.status = STATUS_AUTOCOMMIT
    client.route = hub.routes.route(client.user, bool(client.capabilities & CLIENT_FOUND_ROWS))
    states = client.route.states
    client.dedicated = hub.settings.sharing != "on" or configured.dedicated
    client.comment = outgoing.comment(client) if hub.settings.clients.comments else b""
    client.state = None
    if not client.login.changes_user:  # FOUND_ROWS() outlives a change of user, too
        client.found_rows = 1 if states is not None and states.baseline.mariadb else 0  # as servers begin
    if states is not None:
        client.state = states.at_login(client.schema, client.collation, learning.ignores_space(client))
    if client.schema is None or client.schema in client.route.known_schemas:
        _welcome(client)
    else:
        _look_up_schema(client)


def _look_up_schema(client: Client) -> None:
    client.on_lent = lambda server: _schema_found(client, server)
    lending.borrow(client)


def _schema_found(client: Client, server: ServerConnection) -> None:
    assert client.schema is not None
    client.route.known_schemas.add(client.schema)
    lending.release(client, server)
    _welcome(client)


def _welcome(client: Client) -> None:
    """The OK at the end of a login."""
    hub = client.hub
    assert client.login is not None
    packet = client.login.packet
    if not client.login.changes_user:
        hub.stats.logins_ok += 1
        if client.tls is not None:
            hub.stats.logins_tls += 1
            hub.stats.clients_tls += 1
        else:
            hub.stats.logins_plain += 1
            hub.stats.clients_plain += 1
    client.login = None
    client.active = time.monotonic()
    client.reader.limit = hub.settings.clients.max_allowed_packet
    ok = _last_word(client.schema, client.status, client.capabilities & CLIENT_SESSION_TRACK)
    client.write(frame(ok, client.answer_sequence))
    if client.capabilities & COMPRESSED and isinstance(packet, packets.Login):
        _compress(client, packet.zstd_level)
    client.ready()


@functools.lru_cache(maxsize=256)
def _last_word(schema: str | None, status: int, capabilities: int) -> bytes:
    """The OK packet that ends a login."""
    trackers = packets.build_trackers(packets.Changes(schema=schema))
    return packets.build_ok(packets.Ok(0, 0, status, 0, b"", trackers), capabilities)


def _compress(client: Client, zstd_level: int) -> None:
    """What follows the OK is compressed. A client that can do both gets zlib, as from a MySQL server."""
    zlib = client.capabilities & CLIENT_COMPRESS
    algorithm = compression.algorithm("zlib" if zlib else "zstd", 0 if zlib else zstd_level)
    client.start_compression(compression.Compression(algorithm, asks=False))
    client.reader.ordered = False


def _fail(client: Client, error: ProxyError) -> None:
    failures = client.hub.stats.logins_failed
    failures[error.label] = failures.get(error.label, 0) + 1
    client.fatal(error)


def change_user(client: Client, payload: bytes) -> None:
    """COM_CHANGE_USER: a new session, perhaps another user. Whatever the old one held has been let go."""
    try:
        packet = packets.parse_change_user(payload, client.capabilities)
        client.phase = LOGIN
        client.reader.sequence = 1
        _forget_session(client)
        _authenticate(client, packet)
    except ProxyError as error:
        _fail(client, error)


def _forget_session(client: Client) -> None:
    client.ahead = False
    client.first_session = False
    client.variables.clear()
    client.insert_id = 0
    client.row_count = 0
    client.diagnostics = None
    client.warned = 0


def reset_session(client: Client) -> None:
    """COM_RESET_CONNECTION: a new session with the old default schema."""
    _forget_session(client)
    client.status = STATUS_AUTOCOMMIT
    states = client.route.states
    if states is None or client.state is None:
        return
    if states.baseline.mariadb:  # MariaDB goes back to the login's collation, MySQL to the global one
        client.state = states.with_database_reset(states.at_login(client.state.schema, client.collation))
    else:
        client.state = states.after_reset(client.state, learning.ignores_space(client))


def gone(client: Client) -> None:
    """The connection is lost: count it out."""
    hub = client.hub
    if hub.clients.pop(client.id, None) is None:
        return
    if not hub.clients:
        hub.all_gone.set()
    stats = hub.stats
    stats.clients_closed += 1
    stats.bytes_from_clients += client.received_bytes
    stats.bytes_to_clients += client.sent_bytes
    if client.route is not None and (client.login is None or client.login.changes_user):
        if client.tls is not None:
            stats.clients_tls -= 1
        else:
            stats.clients_plain -= 1


def refuse_while_draining(client: Client) -> None:
    """Tell an idle client that Forebay shuts down, as a server does, and close."""
    error = ShuttingDown()
    client.write(frame_all([packets.build_err(error.number, error.sqlstate, error.text, client.capabilities)], 0))
    client.close()
