"""Write what the path to a consumer captures as fields of a form: name, type, and a pattern for HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from attrs import frozen
from django.urls.resolvers import RegexPattern, RoutePattern

from wsdrf.asyncapi.facts import describe_converter
from wsdrf.connection.mounts import Mount
from wsdrf.connection.paths import captured, placeholders
from wsdrf.schema import Pattern
from wsdrf.schema.ecma import translate

_TYPES: Final = {"int": "integer"}
_SET: Final = re.compile(r"\\.|\[(?P<sign>\^?)(?P<inside>(?:\\.|[^\]\\])*)\]", re.DOTALL)
_IN_SET: Final = re.compile(r"\\.|.", re.DOTALL)
_DOUBLE: Final = re.compile(r"([&!#$%*+,.:;<=>?@^`~])\1")
"""What means something of its own in a set, for HTML."""


@frozen
class Capture:
    """One part of a path that is captured."""

    name: str
    converter: str | None
    regex: str


def path_of(mount: Mount) -> str:
    """Write the path of a mount so that each parameter in it has a name: ``/ws/<int:pk>/<group_1>/``."""
    converters = {parameter.name: parameter.converter for parameter in mount.parameters}
    written = ""
    for literal, name in placeholders(mount.path):
        converter = converters.get(name)
        written += literal + (f"<{converter}:{name}>" if converter else f"<{name}>" if name else "")
    return written


def parameters_of(mount: Mount) -> list[dict[str, Any]]:
    """Describe each parameter of a path once, in order."""
    unnamed = iter([one for one in _captures(mount) if not one.name])
    named = {one.name: one for one in _captures(mount) if one.name}
    names = dict.fromkeys(name for _, name in placeholders(mount.path) if name)
    return [_written(name, named.get(name) or next(unnamed, None)) for name in names]


def html_pattern(regex: str) -> str:
    r"""Write a regular expression as the ``pattern`` of an ``<input>``; empty where that would mean something else.

    HTML reads it with the flag ``v``, by which ``/`` and ``-`` in a set have to be escaped.
    """
    try:
        compiled = re.compile(regex)
    except re.error:
        return ""
    translated = translate(Pattern(compiled, "search"))
    if translated is None or any(_DOUBLE.search(found["inside"] or "") for found in _SET.finditer(translated)):
        return ""
    return _SET.sub(_for_html, translated)


def _written(name: str, capture: Capture | None) -> dict[str, Any]:
    converter = capture.converter if capture else None
    return {
        "name": name,
        "type": _TYPES.get(converter or "", "string"),
        "pattern": html_pattern(capture.regex) if capture else "",
        "description": describe_converter(converter),
    }


def _captures(mount: Mount) -> Iterator[Capture]:
    for leg in mount.legs:
        if isinstance(leg.pattern, RoutePattern):
            converters: dict[str, Any] = leg.pattern.converters
            for parameter in leg.parameters:
                regex = getattr(converters.get(parameter.name), "regex", "")
                yield Capture(parameter.name, parameter.converter, regex)
        elif isinstance(leg.pattern, RegexPattern):
            for name, regex in captured(leg.pattern.regex.pattern):
                yield Capture(name, None, regex)


def _for_html(found: re.Match[str]) -> str:
    if found["inside"] is None:
        return found[0]
    parts = _IN_SET.findall(found["inside"])
    last = len(parts) - 1
    written = (
        f"\\{part}" if part in "(){}/|" or (part == "-" and place in (0, last)) else part
        for place, part in enumerate(parts)
    )
    return f"[{found['sign']}{''.join(written)}]"
