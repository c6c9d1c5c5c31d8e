"""YAML text to plain nodes that remember where they were written.

A node's value is the text exactly as written, a list, a dict, or None for nothing. Which type a text has is
decided by the setting it is for, so a password of ``0123`` or ``no`` stays what it is. Built from YAML's events
and not from its objects: a duplicate key is seen, nothing is constructed, no alias can multiply.

It knows YAML; it does not know a single setting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import yaml

MAX_DEPTH = 8
QUOTES = "a value that begins with *, & or ! must be in quotes"
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))


class Where(NamedTuple):
    """A file and a line, or an environment variable and line 0."""

    source: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}" if self.line else self.source


class ConfigError(Exception):
    """One mistake in the configuration, as one line: where, the path of the key, what was expected."""

    def __init__(self, where: Where, path: str, text: str) -> None:
        self.where = where
        self.path = path
        self.text = " ".join(text.split())
        super().__init__(": ".join(part for part in (str(where), path, self.text) if part))


@dataclass(slots=True)
class Node:
    """``where`` is the line of the key for what stands behind a key, else the line of the value."""

    value: str | list[Node] | dict[str, Node] | None
    where: Where


def parse(text: str, source: str, *, numbered: bool = True) -> Node:
    """The one document in ``text``; an empty one is a node of None. Raises ``ConfigError``."""
    try:
        return _Reader(text, source, numbered).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark and numbered else 0
        problem = error.problem or error.context or "unreadable"
        # PyYAML quotes the tag, which may be the start of a password written without quotes.
        raise ConfigError(Where(source, line), "", f"not YAML: {QUOTES if 'tag' in problem else problem}") from None
    except yaml.YAMLError:
        raise ConfigError(Where(source), "", "not YAML: it holds bytes that are not printable text") from None


class _Reader:
    """Reads events one after another; ``depth`` is bounded, so recursion is."""

    def __init__(self, text: str, source: str, numbered: bool) -> None:
        self.events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self.source = source
        self.numbered = numbered

    def document(self) -> Node:
        next(self.events)  # the start of the stream
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return Node(None, Where(self.source))
        node = self.node(next(self.events), 0)
        next(self.events)  # the end of the document
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise ConfigError(self.where(event), "", "expected one YAML document, found a second one")
        return node

    def where(self, event: yaml.Event) -> Where:
        mark = event.start_mark
        return Where(self.source, mark.line + 1 if mark and self.numbered else 0)

    def node(self, event: yaml.Event, depth: int) -> Node:
        where = self.where(event)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or getattr(event, "tag", None):
            raise ConfigError(where, "", f"aliases and tags are not used here; {QUOTES}")
        if isinstance(event, yaml.ScalarEvent):
            nothing = event.style is None and event.value in _NULLS
            return Node(None if nothing else event.value, where)
        if depth == MAX_DEPTH:
            raise ConfigError(where, "", f"nested more than {MAX_DEPTH} deep")
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(self.items(depth + 1), where)
        return Node(self.entries(depth + 1), where)

    def items(self, depth: int) -> list[Node]:
        items = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(event, depth))
        return items

    def entries(self, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            where = self.where(event)
            key = self.node(event, depth).value
            if not isinstance(key, str):
                raise ConfigError(where, "", "expected the name of a setting before the colon")
            if key in entries:
                raise ConfigError(where, key, f"written twice, first at {entries[key].where}")
            entries[key] = Node(self.node(next(self.events), depth).value, where)
        return entries
