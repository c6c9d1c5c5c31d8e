"""The configuration: a YAML file and FOREBAY_* variables in, one ``Settings`` out, or one sentence about the mistake.

nodes        YAML text -> nodes that know their line
environment  variables laid over the nodes
build        nodes -> Settings; secrets fetched
checks       combinations that cannot work
values       each kind of value as text, both ways
document     config/forebay.yaml
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, NamedTuple

from proxy.config import values
from proxy.config.build import build
from proxy.config.checks import check
from proxy.config.environment import overlay
from proxy.config.nodes import ConfigError, Node, Where, parse
from proxy.settings import SECTION, Meta, Settings, walk

__all__ = ["ConfigError", "Difference", "difference", "effective", "load", "reloaded"]

LONGEST_FILE = 1024 * 1024


class Difference(NamedTuple):
    """Paths of the settings that changed: those that may while running, and those that need a restart."""

    reloadable: list[str]
    fixed: list[str]


def load(path: str | None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a file (None: none) and of the environment. Raises ``ConfigError``."""
    environ = os.environ if environ is None else environ
    root = parse(_text(path), path) if path is not None else Node(None, Where("the environment"))
    root = overlay(root, environ)
    tree = build(root, environ)
    check(tree, root)
    return tree


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            content = file.read(LONGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not the name of a file"
        raise ConfigError(Where(path), "", f"cannot be read: {reason}") from None
    if len(content) > LONGEST_FILE:
        raise ConfigError(Where(path), "", "longer than 1 MiB, not a configuration file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(Where(path, line), "", "expected UTF-8 text") from None


def difference(old: Settings, new: Settings) -> Difference:
    """What a reload changes. A user that came or went is one path, ``users[NAME]``."""
    before = {row.path: row for row in walk(old)}
    after = {row.path: row for row in walk(new)}
    moved = {user.name for user in old.users} ^ {user.name for user in new.users}
    changed = Difference([f"users[{name}]" for name in sorted(moved)], [])
    for path, row in after.items():
        if path in before and before[path].value != row.value:
            (changed.reloadable if row.reloadable else changed.fixed).append(path)
    return changed


def reloaded(old: Any, new: Any) -> Any:
    """The settings after a reload: ``new`` where it may change while running, else still ``old``.

    Takes and gives ``Settings`` (or a part of them). What needs a restart keeps telling what is in force, and is
    found different again by the next reload.
    """
    kept = {}
    for item in fields(old):
        meta: Meta = item.metadata["meta"]
        before = getattr(old, item.name)
        if meta.kind == SECTION:
            kept[item.name] = reloaded(before, getattr(new, item.name))
        elif not meta.reloadable:
            kept[item.name] = before
    return replace(new, **kept)


def effective(tree: Settings) -> list[str]:
    """``path: value`` for every setting, secrets hidden; what is not the default says what the default is."""
    lines = []
    for row in walk(tree):
        line = f"{row.path}: {values.show(row.kind, row.value)}".rstrip()
        default = values.show(row.kind, row.default)
        # A secret that was left out and one that was given differ in nothing else that may be shown.
        shown = row.value != row.default and not row.secret and default not in ("", '""')
        lines.append(f"{line}  # default {default}" if shown else line)
    return lines
