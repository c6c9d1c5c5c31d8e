"""What settings mean for each other: combinations that cannot work are refused before anything starts.

A check is a function that yields ``(steps, text)``: the way to the key at fault and what was expected of it.
A new check is one function in ``CHECKS``. It does not know where a value was written; ``check`` finds that.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from proxy.config.nodes import ConfigError, Node, Where
from proxy.settings import Settings, split_address

Steps: TypeAlias = tuple[str | int, ...]
Problem: TypeAlias = tuple[Steps, str]

_LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))
_EVERYWHERE = frozenset(("0.0.0.0", "::"))


def check(tree: Settings, root: Node) -> None:
    """Raises ``ConfigError`` for the first combination that is impossible."""
    for find in CHECKS:
        for steps, text in find(tree):
            raise ConfigError(_locate(root, steps), _spell(steps), text)


def _listens(tree: Settings) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for at, address in enumerate((*tree.listen, tree.status.listen)):
        steps: Steps = ("listen", at) if at < len(tree.listen) else ("status", "listen")
        if address in seen and not address.endswith(":0"):
            yield steps, f"{address} is already listen[{seen[address]}]"
        seen[address] = at


def _target(tree: Settings) -> Iterator[Problem]:
    target = split_address(tree.target.address)
    for address in tree.listen:
        here = split_address(address)
        if isinstance(target, str) or isinstance(here, str):
            same = target == here
        else:
            hosts = _LOOPBACK | {here[0]} if here[0] in _LOOPBACK | _EVERYWHERE else {here[0]}
            same = target[1] == here[1] and target[0] in hosts
        if same:
            yield ("target", "address"), f"expected a MySQL server, got {address} where Forebay itself listens"


def _target_tls(tree: Settings) -> Iterator[Problem]:
    tls = tree.target.tls
    verifies = tls.mode in ("verify_ca", "verify_identity")
    if tls.mode == "verify_ca" and not tls.ca:
        yield ("target", "tls", "mode"), "verify_ca needs target.tls.ca"
    if tls.ca and not verifies:
        yield ("target", "tls", "ca"), f"mode {tls.mode} does not check it; expected mode verify_ca or verify_identity"
    yield from _pair("target", tls.mode, tls.cert, tls.key)
    yield from _authorities("target", tls.ca)


def _client_tls(tree: Settings) -> Iterator[Problem]:
    tls = tree.clients.tls
    yield from _pair("clients", tls.mode, tls.cert, tls.key)
    if tls.ca and tls.mode == "disabled":
        yield ("clients", "tls", "ca"), "has no use with mode disabled"
    yield from _authorities("clients", tls.ca)
    if tls.mode == "disabled" and not any(address.startswith("unix:") for address in tree.listen):
        for at, user in enumerate(tree.users):
            if user.tls_required:
                yield ("users", at, "tls_required"), "this user cannot log in: clients.tls.mode is disabled"


def _pair(part: str, mode: str, cert: str, key: str) -> Iterator[Problem]:
    if cert and not key:
        yield (part, "tls", "cert"), f"needs {part}.tls.key"
    if key and not cert:
        yield (part, "tls", "key"), f"needs {part}.tls.cert"
    if cert and mode == "disabled":
        yield (part, "tls", "cert"), "has no use with mode disabled"
    if cert and key:
        yield from _readable(part, "cert", lambda context: context.load_cert_chain(cert, key, password=""))


def _authorities(part: str, ca: str) -> Iterator[Problem]:
    if ca:
        yield from _readable(part, "ca", lambda context: context.load_verify_locations(ca))


def _readable(part: str, key: str, load: Callable[[ssl.SSLContext], None]) -> Iterator[Problem]:
    """OpenSSL's errors name no file, so it is tried here, where the key is known. No passphrase is ever asked for."""
    try:
        load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    except (OSError, ValueError) as error:
        what = (
            "PEM certificates" if key == "ca" else "a PEM certificate and, in key, its private key without passphrase"
        )
        yield (part, "tls", key), f"expected {what}; OpenSSL says {error}"


def _users(tree: Settings) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for at, user in enumerate(tree.users):
        if user.name in seen:
            yield ("users", at, "name"), f"users[{seen[user.name]}] has the same name"
        seen[user.name] = at
        if user.password is None and user.password_hash is None:
            yield ("users", at), "expected one of password, password_file, password_env, password_hash"
        if user.password_hash is not None:
            # Deferred: most configurations have no hash, and need none of the arithmetic of logins to be checked.
            from proxy.wire.auth import parse_password_hash

            try:
                parse_password_hash(user.name, user.password_hash.reveal())
            except ValueError as error:
                yield ("users", at, "password_hash"), f"{error}; `forebay hash-password` prints one"


def _pool(tree: Settings) -> Iterator[Problem]:
    pool = tree.pool
    if pool.min_idle > pool.max_connections:
        text = f"expected at most pool.max_connections ({pool.max_connections}), got {pool.min_idle}"
        yield ("pool", "min_idle"), text


CHECKS = (_listens, _target, _target_tls, _client_tls, _users, _pool)


def _spell(steps: Steps) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _locate(root: Node, steps: Steps) -> Where:
    """Where the key at the end of ``steps`` is written, or the last key on the way to it that is."""
    node = root
    for step in steps:
        inside = node.value
        table: Any = dict(enumerate(inside)) if isinstance(inside, list) else inside
        if not isinstance(table, dict) or step not in table:
            break
        node = table[step]
    return node.where
