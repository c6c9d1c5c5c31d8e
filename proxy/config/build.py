"""Nodes to ``Settings``: every key known, every value of its kind, every secret fetched.

It walks the dataclasses of ``settings`` and so knows no setting by name, but for the users' secrets.
What settings mean for each other is decided in ``checks``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from proxy import settings
from proxy.config import values
from proxy.config.nodes import ConfigError, Node, Where
from proxy.settings import Meta, Secret, Settings, UserSettings, metas, walk

LONGEST_SECRET_FILE = 64 * 1024


def build(root: Node, environ: Mapping[str, str]) -> Settings:
    """The settings that a tree of nodes means. ``ConfigError`` names the first mistake."""
    tree: Settings = _Builder(environ).section(Settings, root, "")
    return tree


class _Builder:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def section(self, cls: type, node: Node, path: str) -> Any:
        entries = self.entries(cls, node, path)
        given: dict[str, Any] = {}
        for item in fields(cls):
            meta: Meta = item.metadata["meta"]
            here = f"{path}.{item.name}" if path else item.name
            child = entries.get(item.name)
            if meta.kind == settings.SECTION:
                given[item.name] = self.section(item.default_factory, child or Node(None, node.where), here)  # type: ignore[arg-type]
            elif child is not None:
                given[item.name] = self.value(meta, child, here)
            elif meta.required:
                raise ConfigError(node.where, here, f"missing. {meta.sentence}")
        return cls(**given)

    def entries(self, cls: type, node: Node, path: str) -> dict[str, Node]:
        known = list(metas(cls))
        if node.value is None:
            return {}
        if not isinstance(node.value, dict):
            raise ConfigError(node.where, path, f"expected keys below it: {', '.join(known)}")
        for key, child in node.value.items():
            if key not in known:
                raise ConfigError(child.where, f"{path}.{key}" if path else key, _unknown(key, known))
        return node.value

    def value(self, meta: Meta, node: Node, path: str) -> Any:
        if meta.kind == settings.USERS:
            return tuple(self.user(item, f"{path}[{at}]") for at, item in enumerate(_items(node, path, "users")))
        if meta.kind == settings.LISTENS:
            found = node if isinstance(node.value, list) else Node([node], node.where)
            items = _items(found, path, "addresses")
            return tuple(self.one(meta, item, f"{path}[{at}]") for at, item in enumerate(items))
        return self.one(meta, node, path)

    def one(self, meta: Meta, node: Node, path: str) -> Any:
        if not isinstance(node.value, str):
            got = {type(None): "nothing", list: "a list"}.get(type(node.value), "keys below it")
            raise ConfigError(node.where, path, f"expected a {_noun(meta.kind)}, got {got}")
        try:
            return values.read(meta, node.value)
        except ValueError as error:
            raise ConfigError(node.where, path, str(error)) from None

    def user(self, node: Node, path: str) -> UserSettings:
        user: UserSettings = self.section(UserSettings, node, path)
        given = {item.name: getattr(user, item.name) for item in fields(user)}
        for key in ("password", "server_password"):
            given[key] = self.secret(user, key, node, path)
        return UserSettings(**given)

    def secret(self, user: UserSettings, key: str, node: Node, path: str) -> Secret | None:
        """The secret of a user from the one source it names: the text itself, a file or a variable."""
        keys = [source for source in (key, f"{key}_file", f"{key}_env", f"{key}_hash") if getattr(user, source, "")]
        if len(keys) > 1:
            raise ConfigError(_place(node, keys[1]), f"{path}.{keys[1]}", f"expected one of {' and '.join(keys)}")
        if keys == [f"{key}_file"]:
            return _from_file(getattr(user, keys[0]), _place(node, keys[0]), f"{path}.{keys[0]}")
        if keys == [f"{key}_env"]:
            return self.from_variable(getattr(user, keys[0]), _place(node, keys[0]), f"{path}.{keys[0]}")
        text: Secret | None = getattr(user, key)
        return text

    def from_variable(self, name: str, where: Where, path: str) -> Secret:
        text = self.environ.get(name)
        if not text:
            what = "set" if text is None else "filled"
            raise ConfigError(where, path, f"the environment variable {name} is not {what}")
        return _checked(text, where, path)


def _from_file(name: str, where: Where, path: str) -> Secret:
    try:
        with open(name, "rb") as file:
            content = file.read(LONGEST_SECRET_FILE + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not the name of a file"
        raise ConfigError(where, path, f"cannot read {values.clip(name)}: {reason}") from None
    text = content.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")
    if not text or len(content) > LONGEST_SECRET_FILE:
        raise ConfigError(where, path, f"{values.clip(name)} is {'too long for a password' if text else 'empty'}")
    return _checked(text, where, path)


def _checked(text: str, where: Where, path: str) -> Secret:
    try:
        secret: Secret = values.read(metas(UserSettings)["password"], text)
    except ValueError as error:
        raise ConfigError(where, path, str(error)) from None
    return secret


def _items(node: Node, path: str, what: str) -> list[Node]:
    if not isinstance(node.value, list) or not node.value:
        raise ConfigError(node.where, path, f"expected a list of {what} with at least one in it")
    return node.value


def _place(node: Node, key: str) -> Where:
    return node.value[key].where if isinstance(node.value, dict) and key in node.value else node.where


def _noun(kind: str) -> str:
    return {
        settings.INTEGER: "whole number",
        settings.FLAG: "true or false",
        settings.CHOICE: "word",
        settings.SECRET: "text",
        settings.FILE: "file name",
        settings.FOLDER: "folder name",
        settings.LISTEN: "text host:port",
        settings.LISTENS: "text host:port",
        settings.ADDRESS: "text host:port",
    }.get(kind, kind)


def _unknown(key: str, known: list[str]) -> str:
    """Why a key is refused, and which one was probably meant: one beside it, or one of the same name elsewhere."""
    plain = re.sub(r"[^a-z0-9]+", "_", re.sub(r"([a-z])([A-Z])", r"\1_\2", key).lower())
    elsewhere = [row.path for row in walk(Settings()) if row.path.split(".")[-1] == plain]
    near = [plain] if plain in known else elsewhere or difflib.get_close_matches(plain, known, n=1)
    return f"unknown key, did you mean {near[0]}?" if near else f"unknown key, expected one of {', '.join(known)}"
