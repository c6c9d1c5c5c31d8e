"""``parse_x`` / ``build_x`` pairs: payloads (without the 4-byte packet header) to values and back.

A parser raises ``MalformedPacket`` for anything it cannot read and tolerates trailing bytes, because real peers send
them. A builder trusts its caller. Nothing here knows sequence numbers, what came before, or what follows.
"""

from proxy.wire.packets.endings import (
    Eof,
    Err,
    Ok,
    build_eof,
    build_err,
    build_ok,
    parse_eof,
    parse_err,
    parse_ok,
)
from proxy.wire.packets.greeting import Greeting, build_greeting, fill_greeting, greeting_form, parse_greeting
from proxy.wire.packets.login import (
    ChangeUser,
    Login,
    SslRequest,
    build_change_user,
    build_login,
    build_ssl_request,
    is_ssl_request,
    parse_change_user,
    parse_login,
    parse_ssl_request,
)
from proxy.wire.packets.results import (
    Column,
    PrepareOk,
    TextResult,
    build_column,
    build_prepare_ok,
    build_text_result,
    build_text_row,
    parse_column,
    parse_prepare_ok,
    parse_text_result,
    parse_text_row,
)
from proxy.wire.packets.switch import build_auth_more, build_auth_switch, parse_auth_more, parse_auth_switch
from proxy.wire.packets.trackers import Changes, build_trackers, filter_trackers, parse_trackers, with_later

__all__ = [
    "ChangeUser",
    "Changes",
    "Column",
    "Eof",
    "Err",
    "Greeting",
    "Login",
    "Ok",
    "PrepareOk",
    "SslRequest",
    "TextResult",
    "build_auth_more",
    "build_auth_switch",
    "build_change_user",
    "build_column",
    "build_eof",
    "build_err",
    "build_greeting",
    "build_login",
    "build_ok",
    "build_prepare_ok",
    "build_ssl_request",
    "build_text_result",
    "build_text_row",
    "build_trackers",
    "fill_greeting",
    "filter_trackers",
    "greeting_form",
    "is_ssl_request",
    "parse_auth_more",
    "parse_auth_switch",
    "parse_change_user",
    "parse_column",
    "parse_eof",
    "parse_err",
    "parse_greeting",
    "parse_login",
    "parse_ok",
    "parse_prepare_ok",
    "parse_ssl_request",
    "parse_text_result",
    "parse_text_row",
    "parse_trackers",
    "with_later",
]
