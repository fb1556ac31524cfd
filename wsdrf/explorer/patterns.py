"""Find a text that a regular expression matches: always the same one, and a short one where that will do."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import chain
from typing import Any, Final

from attrs import define, field

from wsdrf.schema import Text
from wsdrf.schema.matching import fits

_POOL: Final = string.ascii_letters + string.digits + "-_. " + string.punctuation + "\n" + "é中"
_COUNTS: Final = (1, 2, 3, 0, 4, 8)
"""How often what may be repeated is repeated, the most readable first."""

MOST_REPEATS: Final = 100
"""What has to be repeated more often than that makes no example."""

_PARSER: Final[Any] = getattr(re, "_parser", None) or import_module("sre_parse")
"""Python's own reader of patterns. What it gives is nobody's interface, so what is made of it is always tried out."""

_CATEGORIES: Final[dict[str, Callable[[str], bool]]] = {
    "CATEGORY_DIGIT": str.isdigit,
    "CATEGORY_NOT_DIGIT": lambda one: not one.isdigit(),
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_NOT_SPACE": lambda one: not one.isspace(),
    "CATEGORY_WORD": lambda one: one.isalnum() or one == "_",
    "CATEGORY_NOT_WORD": lambda one: not (one.isalnum() or one == "_"),
}


def matching_texts(shape: Text) -> Iterable[str]:
    """Give texts of ``shape`` that its patterns were read for; none where they are beyond that."""
    lengths = [one for one in (shape.min_length, shape.max_length) if one is not None and one <= MOST_REPEATS]
    counts = dict.fromkeys([*_COUNTS, *lengths])
    for pattern in shape.patterns:
        for count in counts:
            text = _text_of(pattern.regex, count)
            if text is not None and fits(text, shape):
                yield text


def _text_of(regex: re.Pattern[Any], count: int) -> str | None:
    try:
        return _Writer(count).write(_PARSER.parse(regex.pattern, regex.flags))
    except Exception:  # noqa: BLE001  # another Python may read patterns to other things, and then there is no text
        return None


@define
class _Writer:
    """Writes what a pattern that has been read matches, repeating as near to ``count`` times as it may be."""

    count: int
    groups: dict[int, str] = field(factory=dict)

    def write(self, parts: Iterable[Any]) -> str:
        return "".join(self.part(operation.name, argument) for operation, argument in parts)

    def part(self, name: str, argument: Any) -> str:
        if name == "LITERAL":
            return chr(argument)
        if name in ("NOT_LITERAL", "IN", "ANY"):
            return _character(name, argument)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, repeated = argument
            if least > MOST_REPEATS:
                raise KeyError(name)
            return "".join(self.write(repeated) for _ in range(min(max(self.count, least), most)))
        if name == "SUBPATTERN":
            (number, *_, inside) = argument
            text = self.write(inside)
            self.groups[number] = text
            return text
        if name == "ATOMIC_GROUP":
            return self.write(argument)
        if name == "BRANCH":
            return self.write(argument[1][0])
        if name == "GROUPREF":
            return self.groups[argument]
        if name in ("AT", "ASSERT", "ASSERT_NOT"):
            return ""  # whether it holds shows when the text is tried
        raise KeyError(name)


def _character(name: str, argument: Any) -> str:
    """Give the first character that a set, or what stands for one, takes."""
    if name == "ANY":
        return "a"
    if name == "NOT_LITERAL":
        return next(one for one in _POOL if one.lower() != chr(argument).lower())
    if argument[0][0].name == "NEGATE":
        taken = {one for one in _POOL if any(_takes(each, one) for each in argument[1:])}
        blindly = taken | {one.swapcase() for one in taken}  # should the pattern not care about case
        return next(chain(_without(blindly), _without(taken)))
    own = (chr(start[0] if isinstance(start, tuple) else start) for kind, start in argument if kind.name != "CATEGORY")
    return next(one for one in chain(_POOL, own) if any(_takes(each, one) for each in argument))


def _without(taken: set[str]) -> Iterator[str]:
    return (one for one in _POOL if one not in taken)


def _takes(member: Any, character: str) -> bool:
    kind, argument = member
    if kind.name == "CATEGORY":
        return _CATEGORIES[argument.name](character)
    least, most = argument if kind.name == "RANGE" else (argument, argument)
    return bool(least <= ord(character) <= most)
