"""Packets: what is built parses to the same value, and no bytes whatever raise anything but a ProxyError."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import HandshakeFailed, MalformedPacket, ProxyError, ServerRefused
from proxy.wire import constants as c
from proxy.wire import packets as p
from proxy.wire.primitives import read_lenenc_bytes

NEW = (
    c.CLIENT_PROTOCOL_41
    | c.CLIENT_SECURE_CONNECTION
    | c.CLIENT_PLUGIN_AUTH
    | c.CLIENT_PLUGIN_AUTH_LENENC
    | c.CLIENT_CONNECT_ATTRS
    | c.CLIENT_CONNECT_WITH_DB
    | c.CLIENT_SESSION_TRACK
    | c.CLIENT_DEPRECATE_EOF
)
OLD = c.CLIENT_LONG_PASSWORD | c.CLIENT_PROTOCOL_41 | c.CLIENT_SECURE_CONNECTION

bits = st.integers(0, 2**32 - 1)
u8, u16, u32, u64 = (st.integers(0, 2**size - 1) for size in (8, 16, 32, 64))
text = st.text(max_size=20)
name = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
some_name = st.one_of(st.none(), name.filter(bool))
nonces = st.binary(min_size=20, max_size=20)
attributes = st.lists(st.tuples(text, text), max_size=3).map(tuple)


@st.composite
def greetings(draw: st.DrawFn) -> p.Greeting:
    capabilities = draw(bits) | c.CLIENT_PROTOCOL_41 | c.CLIENT_SECURE_CONNECTION
    return p.Greeting(
        draw(name),
        draw(u32),
        draw(nonces),
        capabilities,
        draw(u8),
        draw(u16),
        draw(name.filter(bool)) if capabilities & c.CLIENT_PLUGIN_AUTH else c.PLUGIN_NATIVE,
        0 if capabilities & c.CLIENT_LONG_PASSWORD else draw(u32),
    )


@st.composite
def logins(draw: st.DrawFn) -> p.Login:
    capabilities = draw(bits) | c.CLIENT_PROTOCOL_41
    response = draw(st.binary(max_size=255))
    if not capabilities & (c.CLIENT_SECURE_CONNECTION | c.CLIENT_PLUGIN_AUTH_LENENC):
        response = response.replace(b"\0", b"")
    return p.Login(
        capabilities,
        draw(u32),
        draw(u8),
        draw(name),
        response,
        draw(some_name) if capabilities & c.CLIENT_CONNECT_WITH_DB else None,
        draw(name) if capabilities & c.CLIENT_PLUGIN_AUTH else None,
        draw(attributes) if capabilities & c.CLIENT_CONNECT_ATTRS else (),
        0 if capabilities & c.CLIENT_LONG_PASSWORD else draw(u32),
        draw(u8) if capabilities & c.CLIENT_ZSTD else 0,
    )


changes_user = st.builds(
    p.ChangeUser, name, st.binary(max_size=255), some_name, u16, name, st.lists(st.tuples(text, text)).map(tuple)
)
oks = st.builds(
    p.Ok, u64, u64, u16.map(lambda n: n & ~c.STATUS_SESSION_STATE_CHANGED), u16, st.binary(max_size=300), st.just(b"")
)
errs = st.builds(p.Err, u16, st.from_regex(r"[0-9A-Z]{5}", fullmatch=True), text)
columns = st.builds(p.Column, name, name, name, name, name, u16, u32, u8, u16, u8)
prepared = st.builds(p.PrepareOk, u32, u16, u16, u16)
changes = st.builds(
    p.Changes,
    st.one_of(st.none(), text),
    st.lists(st.tuples(text, text), max_size=3).map(tuple),
    st.booleans(),
    st.one_of(st.none(), text),
    st.one_of(st.none(), text),
)
rows = st.lists(st.one_of(st.none(), st.binary(max_size=300)), min_size=1, max_size=4)


@given(greetings())
def test_greeting(greeting: p.Greeting) -> None:
    assert p.parse_greeting(p.build_greeting(greeting)) == greeting


@given(logins())
def test_login(login: p.Login) -> None:
    assert p.parse_login(p.build_login(login)) == login


@given(changes_user)
def test_change_user(change: p.ChangeUser) -> None:
    assert p.parse_change_user(p.build_change_user(change, NEW), NEW) == change


@given(changes_user)
def test_change_user_of_an_old_client(change: p.ChangeUser) -> None:
    old = replace(change, plugin=None, attributes=())
    assert p.parse_change_user(p.build_change_user(change, OLD), OLD) == old


@given(oks, changes, st.sampled_from((c.HEADER_OK, c.HEADER_EOF)))
def test_ok_with_trackers(ok: p.Ok, change: p.Changes, header: int) -> None:
    ok.trackers = p.build_trackers(change)
    got = p.parse_ok(p.build_ok(ok, NEW, header), NEW)
    assert bool(got.status & c.STATUS_SESSION_STATE_CHANGED) == bool(ok.trackers)
    got.status &= ~c.STATUS_SESSION_STATE_CHANGED
    assert got == ok
    assert p.parse_trackers(got.trackers) == change


@given(oks, changes)
def test_ok_for_a_client_without_trackers(ok: p.Ok, change: p.Changes) -> None:
    payload = p.build_ok(replace(ok, trackers=p.build_trackers(change)), OLD)
    assert p.parse_ok(payload, OLD) == ok


@given(errs)
def test_err(err: p.Err) -> None:
    assert p.parse_err(p.build_err(err.number, err.sqlstate, err.text, NEW), NEW) == err


@given(u16, u16)
def test_eof(warnings: int, status: int) -> None:
    assert p.parse_eof(p.build_eof(warnings, status)) == p.Eof(warnings, status)


@given(name, st.binary())
def test_auth_switch_and_more(plugin: str, data: bytes) -> None:
    assert p.parse_auth_switch(p.build_auth_switch(plugin, data)) == (plugin, data)
    assert p.parse_auth_more(p.build_auth_more(data)) == data


@given(columns)
def test_column(column: p.Column) -> None:
    assert p.parse_column(p.build_column(column)) == column


@given(prepared)
def test_prepare_ok(ok: p.PrepareOk) -> None:
    assert p.parse_prepare_ok(p.build_prepare_ok(ok)) == ok


@given(bits, u32, u8)
def test_ssl_request(capabilities: int, max_packet: int, collation: int) -> None:
    capabilities |= c.CLIENT_PROTOCOL_41 | c.CLIENT_SSL
    payload = p.build_ssl_request(capabilities, max_packet, collation)
    assert p.is_ssl_request(payload)
    assert p.parse_ssl_request(payload) == p.SslRequest(capabilities, max_packet, collation)
    assert not p.is_ssl_request(payload + b"user\0\0")
    assert not p.is_ssl_request(p.build_ssl_request(capabilities & ~c.CLIENT_SSL, max_packet, collation))


@given(rows.flatmap(lambda row: st.lists(st.just(row), max_size=3)), st.sampled_from((NEW, OLD)), u16, u16)
def test_text_result(table: list[list[bytes | None]], capabilities: int, status: int, warnings: int) -> None:
    status &= ~c.STATUS_SESSION_STATE_CHANGED
    heads = [p.Column(str(at)) for at in range(len(table[0]) if table else 1)]
    payloads = p.build_text_result(heads, table, capabilities, status, warnings)
    assert len(payloads) == 1 + len(heads) + len(table) + (1 if capabilities & c.CLIENT_DEPRECATE_EOF else 2)
    ok = p.Ok(status=status, warnings=warnings)
    assert p.parse_text_result(payloads, capabilities) == p.TextResult(heads, table, ok)


def test_a_result_that_fails_between_rows_keeps_the_rows_and_the_error() -> None:
    payloads = p.build_text_result([p.Column("a")], [[b"1"], [b"2"]], OLD, 0)
    payloads[-1] = p.build_err(1317, "70100", "Query execution was interrupted")
    got = p.parse_text_result(payloads, OLD)
    assert got.rows == [[b"1"], [b"2"]]
    assert got.err == p.Err(1317, "70100", "Query execution was interrupted")
    assert got.ok is None


def test_an_answer_without_columns() -> None:
    assert p.parse_text_result([p.build_ok(p.Ok(3), NEW)], NEW) == p.TextResult(ok=p.Ok(3))
    assert p.parse_text_result([p.build_err(1064, "42000", "x")], NEW).err == p.Err(1064, "42000", "x")
    with pytest.raises(MalformedPacket):
        p.parse_text_result([b"\xfbfile"], NEW)
    with pytest.raises(MalformedPacket):
        p.parse_text_result([], NEW)


@given(st.sampled_from((NEW, OLD)), st.data())
def test_a_result_that_is_cut_is_malformed(capabilities: int, data: Any) -> None:
    payloads = p.build_text_result([p.Column("a"), p.Column("b")], [[b"1", None]], capabilities, 2)
    size = data.draw(st.integers(0, len(payloads) - 1))
    with pytest.raises(MalformedPacket):
        p.parse_text_result(payloads[:size], capabilities)


def full_login(**changes: object) -> p.Login:
    made = p.Login(NEW, 1 << 24, 45, "app", b"r" * 32, "shop", "caching_sha2_password", (("_os", "Linux"),))
    for name, value in changes.items():
        setattr(made, name, value)
    return made


FULL_LOGIN = full_login()
GREETING = p.Greeting("8.4.0", 7, b"n" * 20, NEW, 45, 2, "caching_sha2_password")
CHANGES = p.Changes("shop", (("time_zone", "UTC"),), True, "T_______", "")
READERS: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "greeting": (p.build_greeting(GREETING), p.parse_greeting),
    "login": (p.build_login(FULL_LOGIN), p.parse_login),
    "change_user": (
        p.build_change_user(p.ChangeUser("app", b"r" * 20, "shop", 45, "x", (("a", "b"),)), NEW),
        lambda payload: p.parse_change_user(payload, NEW),
    ),
    "ok": (
        p.build_ok(p.Ok(1, 300, 2, 1, b"info", p.build_trackers(CHANGES)), NEW),
        lambda payload: p.parse_ok(payload, NEW),
    ),
    "old_ok": (p.build_ok(p.Ok(1, 300, 2, 1, b"info"), OLD), lambda payload: p.parse_ok(payload, OLD)),
    "err": (p.build_err(1045, "28000", "Access denied", NEW), lambda payload: p.parse_err(payload, NEW)),
    "eof": (p.build_eof(1, 2), p.parse_eof),
    "auth_switch": (p.build_auth_switch("mysql_native_password", b"n" * 20 + b"\0"), p.parse_auth_switch),
    "auth_more": (p.build_auth_more(b"\x03"), p.parse_auth_more),
    "column": (p.build_column(p.Column("a", "t", "s", "oa", "ot")), p.parse_column),
    "prepare_ok": (p.build_prepare_ok(p.PrepareOk(1, 2, 3, 4)), p.parse_prepare_ok),
    "ssl_request": (p.build_ssl_request(NEW | c.CLIENT_SSL, 1 << 24, 45), p.parse_ssl_request),
    "row": (p.build_text_row([b"abc", None, b"x" * 300]), p.parse_text_row),
    "trackers": (p.build_trackers(CHANGES), p.parse_trackers),
}
# Those whose last fields real peers leave out, or whose last field is the rest of the packet.
WHOLE = {"eof", "column", "ssl_request"}


@pytest.mark.parametrize("which", READERS)
def test_cut_anywhere_a_packet_is_malformed_or_complete(which: str) -> None:
    payload, parse = READERS[which]
    whole = parse(payload)
    for size in range(len(payload)):
        try:
            got = parse(payload[:size])
        except (MalformedPacket, HandshakeFailed):
            continue
        assert type(got) is type(whole)
        assert which not in WHOLE or got == whole, size


@pytest.mark.parametrize("which", READERS)
@given(data=st.data())
def test_mutated_a_packet_raises_nothing_but_a_proxy_error(which: str, data: Any) -> None:
    payload, parse = READERS[which]
    mutated = bytearray(payload)
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, len(payload) - 1), u8), max_size=6)):
        mutated[at] = value
    with contextlib.suppress(ProxyError):
        parse(bytes(mutated))


@pytest.mark.parametrize("which", READERS)
@given(payload=st.binary(max_size=80))
def test_random_bytes_raise_nothing_but_a_proxy_error(which: str, payload: bytes) -> None:
    with contextlib.suppress(ProxyError):
        READERS[which][1](payload)
    with contextlib.suppress(ProxyError):
        READERS[which][1](READERS[which][0][:1] + payload)


@given(st.lists(st.binary(max_size=30), max_size=5), st.sampled_from((NEW, OLD)))
def test_a_random_answer_raises_nothing_but_a_proxy_error(payloads: list[bytes], capabilities: int) -> None:
    with contextlib.suppress(ProxyError):
        p.parse_text_result(payloads, capabilities)


@pytest.mark.parametrize(
    "which", sorted(READERS.keys() - {"err", "auth_switch", "auth_more", "row", "trackers", "old_ok"})
)
def test_trailing_bytes_are_tolerated(which: str) -> None:
    payload, parse = READERS[which]
    assert parse(payload + b"\0\xff") == parse(payload)


def test_mariadb_greets_with_a_prefix_and_extended_capabilities() -> None:
    greeting = p.Greeting("5.5.5-10.11.19-MariaDB", 1, b"n" * 20, NEW, 45, 2, c.PLUGIN_NATIVE, 0x1D)
    got = p.parse_greeting(p.build_greeting(greeting))
    assert got.is_mariadb
    assert got.release == "10.11.19-MariaDB"
    assert got.mariadb_capabilities == 0x1D
    assert p.parse_greeting(p.build_greeting(replace(greeting, capabilities=NEW | 1))).mariadb_capabilities == 0
    assert p.Greeting("11.8.2-MariaDB-log", 1, b"n" * 20, NEW, 45, 2).is_mariadb
    assert not GREETING.is_mariadb
    assert GREETING.release == "8.4.0"


@pytest.mark.parametrize("sqlstate", [b"", b"#HY000"])
def test_an_error_in_place_of_a_greeting_is_the_servers_refusal(sqlstate: bytes) -> None:
    with pytest.raises(ServerRefused) as refused:
        p.parse_greeting(b"\xff\x10\x04" + sqlstate + b"Too many connections")
    assert (refused.value.number, refused.value.text) == (1040, "Too many connections")


def test_a_server_of_another_age_is_refused() -> None:
    with pytest.raises(HandshakeFailed, match="protocol version 9"):
        p.parse_greeting(b"\x093.20\0")
    with pytest.raises(HandshakeFailed, match="older than MySQL"):
        p.parse_greeting(p.build_greeting(replace(GREETING, capabilities=c.CLIENT_LONG_PASSWORD)))


def test_a_client_older_than_4_1_is_refused() -> None:
    with pytest.raises(HandshakeFailed, match="older than MySQL"):
        p.parse_login(b"\x85\x24\0\0\0user\0")


def test_a_login_may_leave_out_what_it_announced_last() -> None:
    head = p.build_login(full_login(capabilities=NEW & ~(c.CLIENT_PLUGIN_AUTH | c.CLIENT_CONNECT_ATTRS)))
    payload = NEW.to_bytes(4, "little") + head[4:]
    got = p.parse_login(payload)
    assert (got.schema, got.plugin, got.attributes) == ("shop", "", ())
    assert p.parse_login(payload + b"caching_sha2_password").plugin == "caching_sha2_password"


def test_an_empty_schema_is_none() -> None:
    assert p.parse_login(p.build_login(full_login(schema=None))).schema is None
    change = p.ChangeUser("app", b"")
    assert p.parse_change_user(p.build_change_user(change, OLD), OLD) == change
    assert p.parse_change_user(b"\x11app\0\0", NEW) == change


def test_names_that_are_not_utf8_go_through_and_attributes_are_mended() -> None:
    payload = p.build_login(FULL_LOGIN).replace(b"shop", b"sh\xf6p").replace(b"Linux", b"Lin\xfcx")
    got = p.parse_login(payload)
    assert got.schema == "sh\udcf6p"
    assert got.attributes == (("_os", "Lin\ufffdx"),)
    assert b"sh\xf6p\0" in p.build_login(got)


def test_attributes_are_bounded() -> None:
    many = full_login(attributes=(("a", "b"),) * 1000)
    assert len(p.parse_login(p.build_login(many)).attributes) == 128
    with pytest.raises(MalformedPacket, match="64 KiB"):
        p.parse_login(p.build_login(full_login(attributes=(("a", "b" * 70000),))))


def test_info_is_empty_or_has_a_length_whatever_the_client() -> None:
    short = p.build_ok(p.Ok(1, 0, 2, 0), NEW)
    assert short == bytes.fromhex("00010002000000")
    assert p.build_ok(p.Ok(1, 0, 2, 0), OLD) == short
    assert p.build_ok(p.Ok(1, 0, 2, 0, b"hi"), OLD) == short + b"\x02hi"
    assert p.parse_ok(short + b"hi", OLD).info == b"hi"
    assert p.parse_ok(short + b"\x00", NEW).info == b""
    assert p.build_ok(p.Ok(status=c.STATUS_SESSION_STATE_CHANGED), NEW) == bytes(7)


def test_trackers_several_variables_in_one_entry_and_unknown_types() -> None:
    entry = b"\x00\x10\x08wsrep_on\x00\x01a\x03bcd"
    assert p.parse_trackers(entry + b"\x63\x02\x01x" + b"\x03\x02\x00\x00" + b"\x02\x010") == p.Changes(
        variables=(("wsrep_on", ""), ("a", "bcd"))
    )
    assert p.parse_trackers(b"") == p.Changes()
    assert p.parse_trackers(b"\x01\x02\x01a\x01\x01\x00").schema == ""


@given(changes, st.data())
def test_trackers_are_sifted(change: p.Changes, data: st.DataObject) -> None:
    """The schema's stay, and the variables that somebody wants."""
    names = [name for name, _ in change.variables]
    wanted = set(data.draw(st.lists(st.sampled_from([*names, "unheard_of"]))))
    sifted = p.filter_trackers(p.build_trackers(change), frozenset(name.encode() for name in wanted))
    variables = tuple((name, value) for name, value in change.variables if name in wanted)
    assert p.parse_trackers(sifted) == p.Changes(schema=change.schema, variables=variables)


@given(changes, changes)
def test_trackers_of_two_statements(first: p.Changes, second: p.Changes) -> None:
    """All in one; of two schemas the later one counts."""
    first, second = (p.Changes(schema=each.schema, variables=each.variables) for each in (first, second))
    together = p.parse_trackers(p.with_later(p.build_trackers(first), p.build_trackers(second)))
    schema = first.schema if second.schema is None else second.schema
    assert together == p.Changes(schema=schema, variables=first.variables + second.variables)
    block = p.with_later(p.build_trackers(first), p.build_trackers(second))
    assert sum(kind == c.TRACK_SCHEMA for kind in kinds(block)) == (schema is not None)


def kinds(trackers: bytes) -> list[int]:
    """The types of the entries."""
    found = []
    while trackers:
        found.append(trackers[0])
        _, end = read_lenenc_bytes(trackers, 1)
        trackers = trackers[end:]
    return found


def test_several_variables_in_one_entry_are_sifted() -> None:
    entry = b"\x00\x10\x08wsrep_on\x00\x01a\x03bcd"
    assert p.filter_trackers(entry, frozenset((b"a",))) == b"\x00\x06\x01a\x03bcd"
    assert p.filter_trackers(entry, frozenset()) == b""
    with pytest.raises(MalformedPacket):
        p.filter_trackers(entry[:-1], frozenset((b"a",)))


def test_errors_without_protocol_41_have_no_sqlstate() -> None:
    assert p.build_err(1043, "08S01", "Bad handshake", 0) == b"\xff\x13\x04Bad handshake"
    assert p.parse_err(b"\xff\x13\x04#08S01Bad handshake") == p.Err(1043, "08S01", "Bad handshake")
    assert p.parse_err(b"\xff\x13\x04Bad handshake") == p.Err(1043, "HY000", "Bad handshake")


def test_the_oldest_auth_switch_names_no_plugin() -> None:
    assert p.parse_auth_switch(b"\xfe") == ("mysql_old_password", b"")


def test_a_nonce_has_twenty_bytes() -> None:
    with pytest.raises(MalformedPacket):
        p.build_greeting(replace(GREETING, nonce=b"short"))


def test_a_binary_row_has_numbers_and_a_bitmap_of_nulls() -> None:
    columns = [p.Column("Level"), p.Column("Code", type=c.MYSQL_TYPE_LONG), p.Column("Message")]
    capabilities = c.CLIENT_PROTOCOL_41 | c.CLIENT_DEPRECATE_EOF
    payloads = p.build_text_result(columns, [[b"Note", b"1051", None]], capabilities, 0, binary=True)
    assert payloads[4] == b"\0" + b"\x10" + b"\4Note" + b"\x1b\4\0\0"
