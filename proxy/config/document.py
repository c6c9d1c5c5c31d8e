"""The documented configuration file, made from the settings: ``config/forebay.yaml`` is this text.

``forebay check --defaults`` prints it. It knows the layout of the file and an example for what has no default.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from typing import Any

from proxy import settings
from proxy.config import values
from proxy.settings import Meta, Settings, UserSettings

_HEAD = """\
# Every setting of Forebay with its default. Leave out what you do not change; config/minimal.yaml is enough for most.
#
# Durations: 250ms 10s 5m 1h. Sizes: 16KiB 64MiB. Values that begin with * & or ! need quotes.
# Each key can come from the environment: FOREBAY_POOL__MAX_CONNECTIONS=20, lists as YAML or JSON. It wins.
# FOREBAY_TARGET=mysql://user:password@host:3306/schema?tls=required sets the target and adds a user.
#
# SIGHUP reads the file again: keys marked * change without a restart, for what happens from then on."""

# What has no default that could be shown.
_EXAMPLES = {
    "target.address": "127.0.0.1:3306",
    "users[].name": "app",
    "users[].password_env": "FOREBAY_APP_PASSWORD",
}


def document() -> str:
    """The whole file. It loads, with the environment variable FOREBAY_APP_PASSWORD set, to the defaults."""
    return "\n".join([_HEAD, *_section(Settings, "", "")]) + "\n"


def _section(cls: type, path: str, indent: str) -> Iterator[str]:
    for item in fields(cls):
        meta: Meta = item.metadata["meta"]
        here = f"{path}.{item.name}" if path else item.name
        if not path:
            yield ""
        yield f"{indent}# {meta.sentence}{_note(meta)}"
        if meta.kind == settings.SECTION:
            yield f"{indent}{item.name}:"
            yield from _section(item.default_factory, here, indent + "  ")  # type: ignore[arg-type]
        elif meta.kind == settings.USERS:
            yield f"{indent}{item.name}:"
            yield from _user(indent + "  ")
        else:
            yield f"{indent}{item.name}: {_value(item, meta, here)}"


def _user(indent: str) -> Iterator[str]:
    """One user: the keys without an example are shown switched off, for most exclude each other."""
    for at, item in enumerate(fields(UserSettings)):
        meta: Meta = item.metadata["meta"]
        here = f"users[].{item.name}"
        off = "" if here in _EXAMPLES else "# "
        yield f"{indent}{'' if at == 0 else '  '}# {meta.sentence}{_note(meta)}"
        yield f"{indent}{'- ' if at == 0 else '  '}{off}{item.name}: {_value(item, meta, here)}"


def _note(meta: Meta) -> str:
    return " *" if meta.reloadable else ""


def _value(item: Field[Any], meta: Meta, path: str) -> str:
    if path in _EXAMPLES:
        return values.show(settings.TEXT, _EXAMPLES[path])
    assert item.default is not MISSING
    others = [choice for choice in meta.choices if choice != item.default]
    return (values.show(meta.kind, item.default) or '""') + (f"  # or {', '.join(others)}" if others else "")


if __name__ == "__main__":
    print(document(), end="")
