# cython: annotation_typing=False
"""A client logs in, or changes its user: greeting, TLS, authentication, the default schema.

Authentication itself is ``wire.auth``, what the greeting says is ``doors``; here are its packets' numbers, the limits
on clients, and what the OK at the end needs: a default schema is looked up on the server once and remembered. A login
does not depend on the server's availability beyond that.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from proxy import native
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
from proxy.relay import doors, learning, lending, outgoing
from proxy.relay.phases import LOGIN
from proxy.wire import auth, compression, packets
from proxy.wire.constants import (
    CLIENT_COMPRESS,
    CLIENT_DEPRECATE_EOF,
    CLIENT_EXTENDED_METADATA,
    CLIENT_FOUND_ROWS,
    CLIENT_IGNORE_SPACE,
    CLIENT_LONG_PASSWORD,
    CLIENT_MULTI_STATEMENTS,
    CLIENT_QUERY_ATTRIBUTES,
    CLIENT_SESSION_TRACK,
    MARIADB_CLIENT_EXTENDED_METADATA,
    STATUS_AUTOCOMMIT,
)
from proxy.wire.frames import frame, frame_all
from proxy.wire.packets import login as login_packets

if TYPE_CHECKING:
    from proxy.relay.client import Client
    from proxy.session.state import State

_log = logging.getLogger("forebay.client")

# What a session reports by default: session_track_system_variables of MySQL and MariaDB.
TRACKED = frozenset(
    {b"autocommit", b"character_set_client", b"character_set_connection", b"character_set_results", b"time_zone"}
)
_REMEMBERED = 256  # ways in, for each route


class Login:
    """A login under way: the conversation, if there is one, and what it decides about once it ends."""

    __slots__ = ("changes_user", "conversation", "packet")

    def __init__(
        self,
        packet: packets.Login | packets.ChangeUser,
        conversation: auth.Conversation[bytes | None] | None,
        changes_user: bool,
    ) -> None:
        self.packet = packet
        self.conversation = conversation
        self.changes_user = changes_user

    def lending_failed(self, client: Client, error: ProxyError) -> None:
        """The default schema could not be selected, or no server connection came to ask."""
        if isinstance(error, ServerRefused):
            _fail(client, error)
        else:
            _let_in(client)


class WayIn:
    """What those get who log in alike: their session's state, and the OK that ends the login, in its frame."""

    __slots__ = ("found_rows", "ok", "state")

    def __init__(self, state: State, found_rows: int, ok: bytes) -> None:
        self.state = state
        self.found_rows = found_rows
        self.ok = ok


def greet(client: Client) -> None:
    """Say the first word, or refuse: draining, too many clients."""
    hub = client.hub
    hub.stats.clients_received += 1
    client.id = hub.new_id()
    if not hub.clients:
        hub.all_gone.clear()
    hub.clients[client.id] = client
    client.answer_sequence = 0
    if hub.draining:
        client.fatal(ShuttingDown())
        return
    door = doors.current(hub)
    if len(hub.clients) > door.most_clients:
        client.fatal(TooManyClients(f"Too many connections: {door.most_clients} clients"))
        return
    client.door = door
    client.nonce = auth.new_nonce()
    client.extended_metadata = hub.extended_metadata
    client.gives_attributes = hub.query_attributes
    client.write(door.greeting(client.id, client.nonce))
    client.reader.sequence = 1
    client.answer_sequence = 2


def step(client: Client, payload: bytes) -> None:
    """One packet of the client's during its login or change of user."""
    client.answer_sequence = client.reader.sequence
    try:
        if client.login is not None:
            _converse(client, payload)
        elif login_packets.is_ssl_request(payload):
            _start_tls(client)
        else:
            _begin(client, login_packets.parse_login(payload))
    except ProxyError as error:
        _fail(client, error)


def _start_tls(client: Client) -> None:
    context = client.hub.client_tls
    if context is None or client.tls is not None:
        raise HandshakeFailed
    client.start_tls(context, server_side=True, hostname=None, first=client.reader.rest())


def _begin(client: Client, packet: packets.Login) -> None:
    assert client.door is not None
    client.capabilities = packet.capabilities & (client.door.offered | CLIENT_LONG_PASSWORD)
    if not packet.mariadb_capabilities & MARIADB_CLIENT_EXTENDED_METADATA:
        client.extended_metadata = False
    elif client.extended_metadata:
        client.capabilities |= CLIENT_EXTENDED_METADATA
    client.gives_attributes = bool(client.capabilities & CLIENT_QUERY_ATTRIBUTES)
    client.attributes = packet.attributes
    _take(client, packet)
    credentials = _credentials(client)
    last_word = auth.at_once(packet.plugin, packet.auth_response, client.nonce, credentials)
    if last_word is None:
        _authenticate(client, packet, credentials)
        return
    client.login = Login(packet, None, changes_user=False)
    _accepted(client, last_word)


def _take(client: Client, packet: packets.Login | packets.ChangeUser) -> None:
    """What a login says about the session to come. Raises TlsRequired for a user who may not log in like this."""
    hub = client.hub
    user = hub.configured.get(packet.user)
    client.user = packet.user
    if not client.secure and (doors.current(hub).demands_tls or (user is not None and user.tls_required)):
        raise TlsRequired
    client.schema = packet.schema or None
    client.collation = packet.collation


def _credentials(client: Client) -> auth.Credentials:
    """What is known of the password of the user that it says it is; for an unknown one, what nobody satisfies."""
    users = client.hub.users
    return users.get(client.user) or auth.decoy(client.user, list(users.values()))


def _authenticate(client: Client, packet: packets.Login | packets.ChangeUser, credentials: auth.Credentials) -> None:
    hub = client.hub
    default = hub.settings.clients.default_auth
    conversation = auth.accept(packet, client.nonce, credentials, client.secure, hub.rsa, default, client.peer)
    client.login = Login(packet, conversation, isinstance(packet, packets.ChangeUser))
    _converse(client, None)


def _converse(client: Client, payload: bytes | None) -> None:
    """Go one step on in the authentication."""
    assert client.login is not None
    assert client.login.conversation is not None
    try:
        to_send = client.login.conversation.send(payload)  # type: ignore[arg-type]
    except StopIteration as stop:
        _accepted(client, stop.value or b"")
        return
    if to_send is not None:
        client.write(frame(to_send, client.answer_sequence))
        client.reader.sequence = (client.answer_sequence + 1) & 0xFF
        client.answer_sequence = (client.answer_sequence + 2) & 0xFF


def _accepted(client: Client, last_word: bytes) -> None:
    """The password is right: find the pool, and look at the default schema if nobody has yet."""
    hub = client.hub
    login = client.login
    assert login is not None
    configured = hub.configured.get(client.user)
    if configured is None:  # removed by a reload since its login began
        raise AccessDenied(client.user, client.peer, used_password=True)
    if last_word:
        client.write(frame(last_word, client.answer_sequence))
        client.answer_sequence += 1
    client.old_eof = not client.capabilities & CLIENT_DEPRECATE_EOF
    client.wanted = TRACKED if client.capabilities & CLIENT_SESSION_TRACK else None
    client.status = STATUS_AUTOCOMMIT
    routes = hub.routes
    client.route = route = routes.route(client.user, bool(client.capabilities & CLIENT_FOUND_ROWS))
    door = doors.current(hub)
    client.dedicated = not door.shares or configured.dedicated
    client.comment = outgoing.comment(client) if door.comments else b""
    if login.changes_user:
        _begin_session(client)
        return
    # What COM_SET_OPTION has set outlives a change of user.
    client.multi_statements = bool(client.capabilities & CLIENT_MULTI_STATEMENTS)
    way_in = route.ways_in.get(_kind(client))
    if way_in is None:
        states = route.states
        client.found_rows = 1 if states is not None and states.baseline.mariadb else 0  # as servers begin
        _begin_session(client)
        return
    client.found_rows = way_in.found_rows
    client.state = way_in.state
    _welcome(client, way_in.ok)


def _kind(client: Client) -> tuple[str | None, int, int, int]:
    """Who logs in alike."""
    asked = client.capabilities & (CLIENT_SESSION_TRACK | CLIENT_IGNORE_SPACE)
    return client.schema, client.collation, asked, client.answer_sequence


def _begin_session(client: Client) -> None:
    states = client.route.states
    client.state = None
    if states is not None:
        client.state = states.at_login(client.schema, client.collation, learning.ignores_space(client))
    if client.schema is not None and client.schema not in client.route.known_schemas:
        _look_up_schema(client)
        return
    assert client.login is not None
    if client.state is None or client.login.changes_user:
        _let_in(client)
        return
    if len(client.route.ways_in) >= _REMEMBERED:
        client.route.ways_in.clear()
    way_in = WayIn(client.state, client.found_rows, _last_word(client))
    client.route.ways_in[_kind(client)] = way_in
    _welcome(client, way_in.ok)


def _look_up_schema(client: Client) -> None:
    client.on_lent = lambda server: _schema_found(client, server)
    lending.borrow(client)


def _schema_found(client: Client, server: ServerConnection) -> None:
    assert client.schema is not None
    client.route.known_schemas.add(client.schema)
    lending.release(client, server)
    _let_in(client)


def _let_in(client: Client) -> None:
    _welcome(client, _last_word(client))


def _last_word(client: Client) -> bytes:
    """The OK that ends a login, in its frame."""
    trackers = packets.build_trackers(packets.Changes(schema=client.schema))
    ok = packets.Ok(0, 0, client.status, 0, b"", trackers)
    return frame(packets.build_ok(ok, client.capabilities & CLIENT_SESSION_TRACK), client.answer_sequence)


def _welcome(client: Client, ok: bytes) -> None:
    """Send the OK at the end of a login, and go on."""
    login = client.login
    assert login is not None
    if not login.changes_user:
        stats = client.hub.stats
        stats.logins_ok += 1
        if client.tls is not None:
            stats.logins_tls += 1
            stats.clients_tls += 1
        else:
            stats.logins_plain += 1
            stats.clients_plain += 1
    client.login = None
    client.active = native.monotonic()
    client.reader.limit = doors.current(client.hub).longest_packet
    client.write(ok)
    if client.capabilities & doors.COMPRESSED and isinstance(login.packet, packets.Login):
        _compress(client, login.packet.zstd_level)
    client.ready()


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
        _take(client, packet)
        _authenticate(client, packet, _credentials(client))
    except ProxyError as error:
        _fail(client, error)


def _forget_session(client: Client) -> None:
    client.untold = b""
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
