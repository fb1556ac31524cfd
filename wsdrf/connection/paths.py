"""Read the patterns of URLs: as text, with their parameters, and against a path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from attrs import field, frozen
from django.urls.resolvers import RegexPattern, RoutePattern

_ROUTE_PARAMETER: Final = re.compile(r"<(?:(?P<converter>[^>:]+):)?(?P<name>[^>]+)>")
_PLACEHOLDER: Final = re.compile(r"<(?:[^<>:]*:)?(?P<name>[^<>]*)>")
_GROUP_NAME: Final = re.compile(r"\?P<(?P<name>\w+)>")
_ANCHORS: Final = frozenset({r"\A", r"\Z", r"\z", r"\b", r"\B"})
_UNREAD: Final = frozenset("^$?*+")


class Pattern(Protocol):
    """What Django's ``path()`` and ``re_path()`` match with."""

    def match(self, path: str) -> Any:
        """Give the rest of the path, args and kwargs, or ``None``."""


@frozen
class Prefix:
    """The literal beginning of a path, as under ``Mount`` of other ASGI frameworks."""

    text: str

    def match(self, path: str) -> tuple[str, tuple[()], dict[str, Any]] | None:
        """Give what comes after the prefix, or ``None``."""
        prefix = self.text.strip("/")
        return (path[len(prefix) :], (), {}) if path.startswith(prefix) else None


@frozen
class Parameter:
    """What a path captures: under which name, by which of Django's converters (``None``: by a regular expression)."""

    name: str
    converter: str | None


@frozen
class Leg:
    """One pattern on the way to a consumer, and the kwargs that the routing adds there."""

    pattern: Pattern
    defaults: Mapping[str, Any] = field(factory=dict, hash=False)

    @property
    def begins_with_slash(self) -> bool:
        """Whether a path has to begin with a slash, which Channels takes away before it matches."""
        if isinstance(self.pattern, RegexPattern):
            return self.pattern.regex.pattern.startswith(("^/", r"\A/"))
        return isinstance(self.pattern, RoutePattern) and str(self.pattern).startswith("/")

    @property
    def text(self) -> str:
        """The pattern as one reads it, without slashes around it: ``rooms/<int:pk>/``."""
        if isinstance(self.pattern, RoutePattern):
            return str(self.pattern)
        if isinstance(self.pattern, RegexPattern):
            return simplify(self.pattern.regex.pattern)
        return getattr(self.pattern, "text", str(self.pattern))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What it captures, in order."""
        if isinstance(self.pattern, RoutePattern):
            found = _ROUTE_PARAMETER.finditer(str(self.pattern))
            return tuple(Parameter(one["name"], one["converter"] or "str") for one in found)
        if isinstance(self.pattern, RegexPattern):
            return tuple(Parameter(name, None) for name in self.pattern.regex.groupindex)
        return ()

    @property
    def is_end(self) -> bool:
        """Tell whether nothing of the path may come after it."""
        if isinstance(self.pattern, RegexPattern):
            return re.search(r"(?<!\\)\$$", self.pattern.regex.pattern) is not None
        pattern: Any = self.pattern
        return bool(getattr(pattern, "_is_endpoint", False))


def join(legs: tuple[Leg, ...]) -> str:
    """Write the way that ``legs`` make as one path: ``/ws/rooms/<int:pk>/``."""
    last = len(legs) - 1
    texts = [leg.text + "/" * (isinstance(leg.pattern, Prefix) and number < last) for number, leg in enumerate(legs)]
    return re.sub("/{2,}", "/", "/" + "".join(texts))


def match(legs: tuple[Leg, ...], path: str) -> dict[str, Any] | None:
    """Give the kwargs that Channels' routers make of ``path``, or ``None`` where it leads elsewhere."""
    kwargs: dict[str, Any] = {}
    for leg in legs:
        found = leg.pattern.match(path.lstrip("/"))
        if found is None:
            return None
        path = found[0]
        kwargs |= {**found[2], **leg.defaults}
    return kwargs


def placeholders(path: str) -> Iterator[tuple[str, str]]:
    """Split a path, as ``join`` writes it: give each literal with the name of the parameter behind it.

    What captures without a name is ``group_0``, ``group_1`` and so on, by its place. The last literal has no name.
    """
    position = 0
    for number, found in enumerate(_PLACEHOLDER.finditer(path)):
        yield path[position : found.start()], found["name"] or f"group_{number}"
        position = found.end()
    yield path[position:], ""


def captured(regex: str) -> Iterator[tuple[str, str]]:
    """Give name and pattern of each group that ``simplify`` writes as a parameter, in order; an empty name for none."""
    position = 0
    while position < len(regex):
        if regex[position] != "(":
            position += 2 if regex[position] == "\\" else 1
            continue
        end = _end_of_group(regex, position)
        group = regex[position + 1 : end - 1]
        if named := _GROUP_NAME.match(group):
            yield named["name"], group[named.end() :]
        elif not group.startswith("?"):
            yield "", group
        elif group.startswith("?:"):
            yield from captured(group[2:])
        position = end


def simplify(regex: str) -> str:
    """Write a regular expression as one reads a path: ``^rooms/(?P<pk>[0-9]+)/$`` is ``rooms/<pk>/``."""
    text, position = "", 0
    while position < len(regex):
        character = regex[position]
        if character == "(":
            end = _end_of_group(regex, position)
            text += _written(regex[position + 1 : end - 1])
            position = end
        elif character == "\\":
            escape = regex[position : position + 2]
            text += "" if escape in _ANCHORS else escape if escape[1:].isalpha() else escape[1:]
            position += 2
        else:
            text += "" if character in _UNREAD else character
            position += 1
    return text


def _written(group: str) -> str:
    if named := _GROUP_NAME.match(group):
        return f"<{named['name']}>"
    if not group.startswith("?"):
        return "<>"
    return simplify(group[2:]) if group.startswith("?:") else ""


def _end_of_group(regex: str, start: int) -> int:
    depth, position, in_class = 0, start, False
    while position < len(regex):
        character = regex[position]
        if character == "\\":
            position += 1
        elif in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
        elif character in "()":
            depth += 1 if character == "(" else -1
            if not depth:
                return position + 1
        position += 1
    return position
