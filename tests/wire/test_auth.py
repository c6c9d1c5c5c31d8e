"""Logins: each role against the other in memory, against PyMySQL's arithmetic, and against peers that lie."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymysql import _auth

from proxy.errors import AccessDenied, MalformedPacket, ProxyError, ServerRefused, UnsupportedAuth
from proxy.net.certificates import own_rsa_key
from proxy.wire import auth
from proxy.wire import constants as c
from proxy.wire import packets as p
from proxy.wire.auth import Credentials, RsaKey

SECRETS = ("native_hash", "sha2_hash", "native_stage1", "sha2_stage1")
NONCE = bytes(range(1, 21))
PASSWORD = "sésame, öffne dich".encode()
CAPABILITIES = c.CLIENT_PROTOCOL_41 | c.CLIENT_PLUGIN_AUTH | c.CLIENT_PLUGIN_AUTH_LENENC
OK = p.build_ok(p.Ok(), CAPABILITIES)
NATIVE, SHA2, CLEAR = c.PLUGIN_NATIVE, c.PLUGIN_CACHING_SHA2, c.PLUGIN_CLEAR
FULL = b"\x01\x04"
FAST = b"\x01\x03"


@pytest.fixture(scope="module")
def rsa() -> RsaKey:
    return own_rsa_key()


def login(plugin: str | None, response: bytes, user: str = "app") -> p.Login:
    return p.Login(CAPABILITIES, 1 << 24, 45, user, response, plugin=plugin)


def knowing(kind: str, password: bytes = PASSWORD) -> Credentials:
    """Credentials that hold only this much of a password."""
    whole = Credentials.from_password("app", password)
    if kind == "password":
        return whole
    fields = {"hashes": ("native_hash", "sha2_hash")}.get(kind, (kind,))
    return Credentials("app", **{field: getattr(whole, field) for field in fields})


def meet(server: Generator[Any, Any, bytes | None], client: Generator[Any, Any, bytes]) -> list[bytes]:
    """Lets two roles talk to their end; returns the payloads of both in turn, without the OK."""
    said: list[bytes] = []
    client.send(None)
    to_client, extra = step(server, None)
    while to_client is not None:
        to_server = client.send(to_client)
        said += (to_client, to_server)
        to_client, extra = step(server, to_server)
    if extra is not None:
        said.append(extra)
        assert client.send(extra) is None
    with pytest.raises(StopIteration) as ended:
        client.send(OK)
    assert ended.value.value == OK
    return said


def step(server: Generator[Any, Any, bytes | None], received: bytes | None) -> tuple[bytes | None, bytes | None]:
    """What the server sends, or ``None`` and its result."""
    try:
        return server.send(received), None
    except StopIteration as stop:
        return None, stop.value


def try_login(
    server_knows: Credentials | None,
    client_knows: Credentials,
    secure: bool = False,
    rsa: RsaKey | None = None,
    greeting_plugin: str = SHA2,
) -> list[bytes]:
    plugin = auth.choose_plugin(greeting_plugin, client_knows)
    packet = login(plugin, auth.first_response(plugin, NONCE, client_knows))
    return meet(
        auth.accept(packet, NONCE, server_knows, secure, rsa, greeting_plugin, "10.0.0.1"),
        auth.log_in(plugin, NONCE, client_knows, secure),
    )


def refusal(conversation: Generator[Any, Any, Any], *answers: bytes) -> tuple[list[bytes], ProxyError]:
    """What a conversation sends, given these answers, before it fails; and how it fails."""
    sent = []
    try:
        sent.append(next(conversation))
        sent += [conversation.send(answer) for answer in answers]
    except ProxyError as error:
        return sent, error
    raise AssertionError(f"did not fail: {sent}")


SERVER_KNOWS = ("password", "hashes", "native_hash", "sha2_hash")
CLIENT_KNOWS = ("password", "native_stage1", "sha2_stage1")
WAYS = list(itertools.product(SERVER_KNOWS, CLIENT_KNOWS, (True, False), (True, False), (NATIVE, SHA2)))


@pytest.mark.parametrize(("server_knows", "client_knows", "secure", "has_rsa", "plugin"), WAYS)
def test_who_knows_enough_gets_in(
    server_knows: str, client_knows: str, secure: bool, has_rsa: bool, plugin: str, rsa: RsaKey
) -> None:
    client = knowing(client_knows)
    enough = (
        client_knows == "password"
        or (client_knows == "native_stage1" and server_knows != "sha2_hash")
        or (client_knows == "sha2_stage1" and server_knows != "native_hash")
    )
    expected = contextlib.nullcontext() if enough else pytest.raises(UnsupportedAuth, match="hash of another kind")
    with expected:
        try_login(knowing(server_knows), client, secure, rsa if has_rsa else None, plugin)


@pytest.mark.parametrize(("server_knows", "client_knows", "secure", "has_rsa", "plugin"), WAYS)
def test_a_wrong_password_gets_nobody_in(
    server_knows: str, client_knows: str, secure: bool, has_rsa: bool, plugin: str, rsa: RsaKey
) -> None:
    server = knowing(server_knows)
    before = repr_secrets(server)
    with pytest.raises((AccessDenied, UnsupportedAuth)):
        try_login(server, knowing(client_knows, b"guess"), secure, rsa if has_rsa else None, plugin)
    assert repr_secrets(server) == before


def repr_secrets(known: Credentials) -> list[bytes | None]:
    return [known.password, known.native_hash, known.sha2_hash, known.native_stage1, known.sha2_stage1]


@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize("plugin", [NATIVE, SHA2])
def test_an_empty_password(secure: bool, plugin: str) -> None:
    empty = Credentials.from_password("app", b"")
    assert try_login(empty, empty, secure, None, plugin) == []
    assert try_login(Credentials("app", native_hash=empty.native_hash), empty, secure, None, plugin) == []
    with pytest.raises(AccessDenied, match="using password: NO"):
        try_login(knowing("password"), empty, secure, None, plugin)
    with pytest.raises(AccessDenied, match="using password: YES"):
        try_login(empty, knowing("password"), secure, None, plugin)


def test_nothing_known_lets_nobody_in(rsa: RsaKey) -> None:
    for secure in (True, False):
        with pytest.raises(AccessDenied):
            try_login(Credentials("app"), knowing("password"), secure, rsa)
        with pytest.raises(AccessDenied):
            try_login(Credentials("app"), Credentials.from_password("app", b""), secure, rsa)


def test_the_usual_login_takes_no_extra_packet_but_the_fast_success() -> None:
    assert try_login(knowing("password"), knowing("password")) == [FAST]
    assert try_login(knowing("password"), knowing("password"), greeting_plugin=NATIVE) == []


def test_full_authentication_teaches_the_password(rsa: RsaKey) -> None:
    for secure in (True, False):
        known = knowing("native_hash")
        said = try_login(known, knowing("password"), secure, rsa)
        if secure:
            assert said == [FULL, PASSWORD + b"\0"]
        else:
            assert said[:3] == [FULL, b"\x02", b"\x01" + rsa.public_pem]
            assert PASSWORD not in said[3]
        assert known == knowing("password")
        assert try_login(known, knowing("password"), secure, rsa) == [FAST]


def test_without_any_way_to_ask_for_the_password_native_is_used() -> None:
    (switch, response) = try_login(knowing("native_hash"), knowing("password"))
    plugin, nonce = p.parse_auth_switch(switch)
    assert plugin == NATIVE
    assert len(nonce) == 21
    assert response == _auth.scramble_native_password(PASSWORD, nonce[:20])


def test_scrambles_teach_what_a_server_takes() -> None:
    known = knowing("hashes")
    try_login(known, knowing("password"), greeting_plugin=NATIVE)
    assert known.native_stage1 == knowing("password").native_stage1
    assert known.sha2_stage1 is None
    assert known.native_scramble(NONCE) == _auth.scramble_native_password(PASSWORD, NONCE)
    try_login(known, knowing("password"))
    assert known.sha2_scramble(NONCE) == _auth.scramble_caching_sha2(PASSWORD, NONCE)
    assert known.password is None


@pytest.mark.parametrize("kind", SERVER_KNOWS)
@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize("plugin", [NATIVE, SHA2, CLEAR, c.PLUGIN_SHA256, "dialog", "", None])
def test_an_unknown_user_sees_what_a_known_one_sees(kind: str, secure: bool, plugin: str | None, rsa: RsaKey) -> None:
    def shape(known: Credentials | None) -> tuple[list[tuple[int, bytes]], str]:
        wrong = {NATIVE: bytes(20), SHA2: bytes(32), CLEAR: b"guess\0", None: bytes(20)}.get(plugin, b"x")
        talk = auth.accept(login(plugin, wrong), NONCE, known, secure, rsa, SHA2, "10.0.0.1")
        sent = []
        answer = None
        try:
            while True:
                asked = talk.send(answer)
                sent.append((len(asked), asked[:10]))
                switched = asked[0] == c.HEADER_EOF and p.parse_auth_switch(asked)[0]
                answer = {NATIVE: bytes(20), SHA2: bytes(32)}.get(switched, b"guess\0")
        except ProxyError as error:
            return sent, f"{type(error).__name__} {error.text}"

    model = knowing(kind)
    unknown = auth.decoy("app", [model])
    assert shape(unknown) == shape(model)
    if kind == "password":
        assert shape(None) == shape(model)
        assert "Access denied for user 'app'@'10.0.0.1' (using password: YES)" in shape(None)[1]


def test_a_decoy_always_takes_after_the_same_user() -> None:
    known = [knowing("native_hash"), knowing("sha2_hash"), knowing("hashes")]

    def kinds(user: str) -> tuple[bool, bool]:
        made = auth.decoy(user, known)
        return made.native_hash is None, made.sha2_hash is None

    assert all(kinds(f"user{n}") == kinds(f"user{n}") for n in range(20))
    assert {kinds(f"user{n}") for n in range(200)} == {(False, True), (True, False), (False, False)}


@pytest.mark.parametrize("kind", ["password", "native_hash", "sha2_hash", "hashes"])
@pytest.mark.parametrize("plugin", [NATIVE, SHA2, CLEAR, "dialog", None])
@pytest.mark.parametrize("password", [PASSWORD, b"guess", b""])
def test_what_is_settled_at_once_is_what_a_conversation_would_say(
    kind: str, plugin: str | None, password: bytes, rsa: RsaKey
) -> None:
    scramble = _auth.scramble_caching_sha2 if plugin == SHA2 else _auth.scramble_native_password
    response = scramble(password, NONCE)
    said = auth.at_once(plugin, response, NONCE, knowing(kind))
    talk = auth.accept(login(plugin, response), NONCE, knowing(kind), False, rsa, SHA2, "10.0.0.1")
    if said is None:
        with contextlib.suppress(ProxyError):
            ended = next(talk, "ended")
            assert ended != "ended" or password == b"" or plugin is None
        return
    assert password == PASSWORD
    with pytest.raises(StopIteration) as stopped:
        next(talk)
    assert said == (stopped.value.value or b"")


def test_who_has_logged_in_once_is_known_by_one_hash_and_still_no_other_passes() -> None:
    for plugin, scramble in ((NATIVE, _auth.scramble_native_password), (SHA2, _auth.scramble_caching_sha2)):
        known = knowing("hashes")
        for _ in range(2):  # the first login teaches
            assert auth.at_once(plugin, scramble(PASSWORD, NONCE), NONCE, known) is not None
            assert auth.at_once(plugin, scramble(b"guess", NONCE), NONCE, known) is None
            assert auth.at_once(plugin, scramble(PASSWORD, NONCE[::-1]), NONCE, known) is None
        assert known.native_stage1 if plugin == NATIVE else known.sha2_stage1
        strange = auth.decoy("nobody", [known])
        assert [getattr(strange, name) is None for name in SECRETS] == [
            getattr(known, name) is None for name in SECRETS
        ]
        assert auth.at_once(plugin, scramble(PASSWORD, NONCE), NONCE, strange) is None


def test_a_native_client_is_taken_at_its_word() -> None:
    for plugin in (NATIVE, None):
        talk = auth.accept(
            login(plugin, _auth.scramble_native_password(PASSWORD, NONCE)), NONCE, knowing("hashes"), False, None
        )
        with pytest.raises(StopIteration) as ended:
            next(talk)
        assert ended.value.value is None


@pytest.mark.parametrize("plugin", [c.PLUGIN_SHA256, "dialog", "client_ed25519", ""])
def test_other_plugins_are_switched_to_the_default(plugin: str) -> None:
    talk = auth.accept(login(plugin, b"whatever"), NONCE, knowing("password"), False, None)
    asked, data = p.parse_auth_switch(next(talk))
    assert asked == SHA2
    assert data[:20] != NONCE
    assert data[20:] == b"\0"
    with pytest.raises(StopIteration) as ended:
        talk.send(_auth.scramble_caching_sha2(PASSWORD, data[:20]))
    assert ended.value.value == FAST


def test_the_clients_own_plugin_with_nothing_yet_is_asked_again() -> None:
    talk = auth.accept(login(NATIVE, b""), NONCE, knowing("password"), False, None)
    assert p.parse_auth_switch(next(talk))[0] == NATIVE
    with pytest.raises(AccessDenied, match="using password: NO"):
        talk.send(b"")


def test_a_response_of_the_wrong_length_is_asked_again() -> None:
    for plugin, size in ((NATIVE, 8), (SHA2, 20)):
        talk = auth.accept(login(plugin, b"x" * size), NONCE, knowing("password"), False, None)
        assert p.parse_auth_switch(next(talk))[0] == plugin


def test_a_client_without_plugins_needs_a_native_hash() -> None:
    _, error = refusal(auth.accept(login(None, bytes(20)), NONCE, knowing("sha2_hash"), False, None))
    assert isinstance(error, UnsupportedAuth)
    _, error = refusal(auth.accept(login(None, bytes(8)), NONCE, knowing("password"), False, None))
    assert isinstance(error, UnsupportedAuth)
    assert "older than MySQL 4.1" in error.text


@pytest.mark.parametrize("kind", SERVER_KNOWS)
def test_a_clear_password_only_where_the_channel_hides_it(kind: str) -> None:
    packet = login(CLEAR, PASSWORD + b"\0")
    with pytest.raises(StopIteration):
        next(auth.accept(packet, NONCE, knowing(kind), True, None))
    asked, _ = p.parse_auth_switch(next(auth.accept(packet, NONCE, knowing(kind), False, None)))
    assert asked != CLEAR
    _, error = refusal(auth.accept(login(CLEAR, b"guess\0"), NONCE, knowing(kind), True, None))
    assert isinstance(error, AccessDenied)


@pytest.mark.parametrize("answer", [b"", b"\0", b"sesame\0", bytes(256), b"\x02"])
def test_in_the_open_a_password_must_be_encrypted(answer: bytes, rsa: RsaKey) -> None:
    known = knowing("native_hash", b"sesame")
    sent, error = refusal(auth.accept(login(SHA2, bytes(32)), NONCE, known, False, rsa), answer, answer)
    assert sent[0] == FULL
    assert isinstance(error, AccessDenied)
    assert known.password is None


def test_change_user_is_always_asked_again() -> None:
    for plugin in (NATIVE, SHA2):
        change = p.ChangeUser("app", b"made with some nonce", plugin=plugin)
        talk = auth.accept(change, NONCE, knowing("password"), False, None)
        asked, data = p.parse_auth_switch(next(talk))
        assert asked == plugin
        scramble = _auth.scramble_native_password if plugin == NATIVE else _auth.scramble_caching_sha2
        with pytest.raises(StopIteration):
            talk.send(scramble(PASSWORD, data[:20]))


def test_change_user_of_a_client_without_plugins() -> None:
    change = p.ChangeUser("app", _auth.scramble_native_password(PASSWORD, NONCE))
    with pytest.raises(StopIteration):
        next(auth.accept(change, NONCE, knowing("password"), False, None))
    assert isinstance(
        refusal(auth.accept(replace(change, user="x"), NONCE, None, False, None))[1],
        AccessDenied,
    )


@given(st.sampled_from((NATIVE, SHA2, CLEAR, c.PLUGIN_SHA256, None)), st.lists(st.binary(max_size=40), max_size=4))
def test_random_answers_raise_nothing_but_a_proxy_error_and_let_nobody_in(
    plugin: str | None, answers: list[bytes]
) -> None:
    key = RsaKey(b"PEM", lambda encrypted: encrypted)
    for kind, secure in itertools.product(SERVER_KNOWS, (True, False)):
        talk = auth.accept(login(plugin, (answers or [b""])[0]), NONCE, knowing(kind), secure, key)
        with contextlib.suppress(ProxyError):
            next(talk)
            for answer in answers:
                talk.send(answer)


@given(st.lists(st.tuples(st.sampled_from((b"", b"\x00", b"\x01", b"\xfe", b"\xff", b"\x02")), st.binary(max_size=60))))
def test_a_random_server_raises_nothing_but_a_proxy_error(answers: list[tuple[bytes, bytes]]) -> None:
    for secure in (True, False):
        talk = auth.log_in(SHA2, NONCE, knowing("password"), secure)
        next(talk)
        with contextlib.suppress(ProxyError, StopIteration):
            for head, tail in answers:
                talk.send(head + tail)


class TestServerSide:
    """Forebay as the client of a server that asks for more."""

    def talk(self, known: str = "password", secure: bool = False, **more: bool) -> Generator[Any, Any, bytes]:
        talk = auth.log_in(SHA2, NONCE, knowing(known), secure, **more)
        next(talk)
        return talk

    def fails(self, talk: Generator[Any, Any, bytes], answer: bytes) -> ProxyError:
        with pytest.raises(ProxyError) as failed:
            talk.send(answer)
        return failed.value

    def test_sha256_password_over_tls_and_by_key(self, rsa: RsaKey) -> None:
        switch = p.build_auth_switch(c.PLUGIN_SHA256, NONCE + b"\0")
        assert self.talk(secure=True).send(switch) == PASSWORD + b"\0"
        talk = self.talk()
        assert talk.send(switch) == b"\x01"
        encrypted = talk.send(p.build_auth_more(rsa.public_pem))
        mask = itertools.cycle(NONCE)
        assert bytes(a ^ b for a, b in zip(rsa.decrypt(encrypted), mask, strict=False)) == PASSWORD + b"\0"

    def test_a_key_is_not_asked_for_where_that_is_not_allowed(self) -> None:
        assert "needs TLS" in self.fails(self.talk(allow_public_key=False), FULL).text

    def test_clear_password_only_where_the_channel_hides_it(self) -> None:
        switch = p.build_auth_switch(CLEAR, b"")
        assert self.talk(secure=True).send(switch) == PASSWORD + b"\0"
        assert isinstance(self.fails(self.talk(), switch), UnsupportedAuth)

    @pytest.mark.parametrize("plugin", [c.PLUGIN_SHA256, CLEAR, c.PLUGIN_ED25519])
    def test_a_hash_is_not_enough_for_these(self, plugin: str) -> None:
        error = self.fails(self.talk("sha2_stage1", secure=True), p.build_auth_switch(plugin, NONCE))
        assert isinstance(error, UnsupportedAuth)
        assert plugin in error.text

    def test_unknown_plugins_are_named(self) -> None:
        assert "dialog" in self.fails(self.talk(), p.build_auth_switch("dialog", b"")).text
        assert "mysql_old_password" in self.fails(self.talk(), b"\xfe").text

    def test_an_error_is_the_servers_own(self) -> None:
        error = self.fails(self.talk(), p.build_err(1045, "28000", "Access denied"))
        assert isinstance(error, ServerRefused)
        assert (error.number, error.sqlstate, error.text) == (1045, "28000", "Access denied")

    @pytest.mark.parametrize("answer", [b"", b"\x01", b"\x01\x05", b"\x02x", b"\xfeno-nul", b"\x01-----BEGIN"])
    def test_what_is_not_the_protocol(self, answer: bytes) -> None:
        assert isinstance(self.fails(self.talk(), answer), MalformedPacket)

    def test_a_key_that_is_none(self) -> None:
        talk = self.talk()
        assert talk.send(FULL) == b"\x02"
        assert "public key" in self.fails(talk, p.build_auth_more(b"-----BEGIN NONSENSE-----")).text

    def test_a_server_that_never_ends_is_left(self) -> None:
        talk = self.talk()
        switch = p.build_auth_switch(NATIVE, NONCE + b"\0")
        for _ in range(15):
            talk.send(switch)
        assert "does not end" in self.fails(talk, switch).text

    def test_the_plugin_named_is_one_that_can_be_proven(self) -> None:
        assert auth.choose_plugin(SHA2, knowing("password")) == SHA2
        assert auth.choose_plugin(SHA2, knowing("native_stage1")) == NATIVE
        assert auth.choose_plugin(NATIVE, knowing("sha2_stage1")) == SHA2
        assert auth.choose_plugin("dialog", knowing("password")) == SHA2
        with pytest.raises(UnsupportedAuth, match="not known"):
            auth.choose_plugin(SHA2, knowing("hashes"))


def test_nonces_are_fit_for_every_client() -> None:
    made = [auth.new_nonce() for _ in range(200)]
    assert len(set(made)) == 200
    assert all(len(nonce) == 20 and max(nonce) < 128 and 0 not in nonce and b"$" not in nonce for nonce in made)
