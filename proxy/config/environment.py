"""FOREBAY_* variables laid over the nodes of the file.

``FOREBAY_POOL__MAX_CONNECTIONS=20`` is ``pool.max_connections``; lists are YAML or JSON. ``FOREBAY_TARGET`` is a whole
minimal configuration: ``mysql://user:password@host:3306/schema?tls=required``. A variable wins over the file.

Other variables may begin with FOREBAY_ too: a ``password_env``, or the FOREBAY_PORT=tcp://... that Kubernetes makes
for a service of that name. So an unknown one is refused only if it has two underscores or is nearly one of ours.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from proxy import settings
from proxy.config.nodes import ConfigError, Node, Where, parse
from proxy.settings import Settings, metas, walk

PREFIX = "FOREBAY_"
TARGET = "FOREBAY_TARGET"
URL = "mysql://user:password@host:3306/schema"

# What may follow the ? of FOREBAY_TARGET, and which key it means.
OPTIONS = {"tls": "target.tls.mode", "ca": "target.tls.ca", "cert": "target.tls.cert", "key": "target.tls.key"}
_LISTS = frozenset((settings.LISTENS, settings.USERS))


def names() -> dict[str, str]:
    """Variable -> path of the setting, for all that can come from the environment."""
    paths = [row.path for row in walk(Settings())]
    return {variable(path): path for path in (*paths, "users")}


def variable(path: str) -> str:
    return PREFIX + path.upper().replace(".", "__")


def overlay(root: Node, environ: Mapping[str, str]) -> Node:
    """``root`` with the variables in it. ``ConfigError`` names the variable and never quotes a URL."""
    known = names()
    laid = {} if root.value is None else root.value
    if not isinstance(laid, dict):
        return root
    root = Node(laid, root.where)
    for name in sorted(name for name in environ if name.startswith(PREFIX) and name != TARGET):
        if name in known:
            _put(root, known[name], _node(name, known[name], environ[name]))
        else:
            _refuse_mistyped(name, known)
    if TARGET in environ:
        _put_target(root, environ)
    return root


def _node(name: str, path: str, text: str) -> Node:
    kinds = {key: meta.kind for key, meta in metas(Settings).items()}
    if kinds.get(path) not in _LISTS:
        return Node(text, Where(name))
    return Node(parse(text, name, numbered=False).value, Where(name))


def _refuse_mistyped(name: str, known: Mapping[str, str]) -> None:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.9)
    if near:
        raise ConfigError(Where(name), "", f"unknown variable, did you mean {near[0]}?")
    sections = [key for key, meta in metas(Settings).items() if meta.kind == settings.SECTION]
    if name in (variable(key) for key in sections):
        raise ConfigError(Where(name), "", f"a section; its keys are {name}__KEY")
    if any(name.startswith(variable(key) + "__") for key in (*sections, "users")):
        raise ConfigError(Where(name), "", "unknown variable; `forebay check --defaults` shows every key")


def _put(root: Node, path: str, node: Node) -> None:
    """Sets a key, making sections on the way. A section that the file fills with a text is left to ``build``."""
    *sections, last = path.split(".")
    inside = root.value
    for section in sections:
        assert isinstance(inside, dict)
        child = inside.setdefault(section, Node(None, node.where))
        if child.value is None:
            child.value = {}
        if not isinstance(child.value, dict):
            return
        inside = child.value
    assert isinstance(inside, dict)
    inside[last] = node


def _put_target(root: Node, environ: Mapping[str, str]) -> None:
    where = Where(TARGET)
    parts = _split(environ[TARGET], where)
    found = {"target.address": _address(parts, where), **_options(parts, where)}
    if parts.path.strip("/"):
        found["target.schema"] = _decode(parts.path[1:], where)
    for path, text in found.items():
        if variable(path) in environ:
            raise ConfigError(where, path, f"{variable(path)} says it too; expected one of them")
        _put(root, path, Node(text, where))
    if "@" in parts.netloc:
        _add_user(root, parts, where)


def _split(text: str, where: Where) -> SplitResult:
    if "://" not in text and "@" not in text:
        text = f"mysql://{text}"  # an address alone
    try:
        parts = urlsplit(text)
    except ValueError:
        raise _refused(where, "not readable") from None
    if parts.scheme not in ("mysql", "mariadb"):
        raise ConfigError(where, "", f"expected {URL}, got another scheme than mysql:")
    if parts.fragment or "#" in text:
        raise _refused(where, "a # was not expected")
    if any(char.isspace() or not char.isprintable() for char in text):
        raise _refused(where, "blanks were not expected")
    return parts


def _refused(where: Where, why: str) -> ConfigError:
    return ConfigError(
        where, "", f"expected {URL}: {why}; in the password write @ as %40, / as %2F, # as %23, % as %25"
    )


def _address(parts: SplitResult, where: Where) -> str:
    login, _, address = parts.netloc.rpartition("@")
    if not address or address.startswith(":"):
        raise _refused(where, "no host")
    # user:pass/word@host ends the address at the slash and leaves an @ behind.
    if not login and ("@" in parts.path or "@" in parts.query):
        raise _refused(where, "an @ after the path begins")
    return address


def _options(parts: SplitResult, where: Where) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        if key not in OPTIONS:
            raise ConfigError(where, "", f"unknown option after the ?, expected one of {', '.join(OPTIONS)}")
        if OPTIONS[key] in found:
            raise ConfigError(where, OPTIONS[key], f"the option {key} is written twice")
        found[OPTIONS[key]] = value
    return found


def _add_user(root: Node, parts: SplitResult, where: Where) -> None:
    login = parts.netloc.rpartition("@")[0]
    name, colon, password = login.partition(":")
    if not colon:
        raise _refused(where, "no password, and user:@host for an empty one")
    user = {"name": Node(_decode(name, where), where), "password": Node(_decode(password, where), where)}
    assert isinstance(root.value, dict)
    users = root.value.setdefault("users", Node(None, where))
    if users.value is None:
        users.value = []
    if isinstance(users.value, list):
        users.value = [*users.value, Node(dict(user), where)]


def _decode(text: str, where: Where) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise _refused(where, "a % code that is not UTF-8") from None
