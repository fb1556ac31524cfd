"""Values that are almost right: JSON that is right, with one or two small changes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

from tests.laws.zoo import json_values, texts

Path = tuple[str | int, ...]
Draw = Callable[[st.SearchStrategy[Any]], Any]

TWEAKS: list[Callable[[str], str]] = [
    lambda text: text + "\n",
    lambda text: text + " ",
    lambda text: " " + text,
    lambda text: text + "0",
    lambda text: "-" + text,
    lambda text: "0" + text,
    lambda text: text[:-1],
    lambda text: text[1:],
    lambda text: text * 2,
    str.upper,
    str.lower,
    lambda text: text.replace("-0", "-3"),
    lambda text: text.replace("T", "t"),
    lambda text: text.replace("Z", "+00:00"),
    lambda text: text.replace("0", "9", 1),
    lambda text: text.replace("1", "\u0661", 1),
    lambda text: "9999" + text[4:],
    lambda text: "0001" + text[4:],
    lambda text: "",
    lambda text: "\0",
]


@st.composite
def near_misses(draw: Draw, right: st.SearchStrategy[Any]) -> Any:
    """Draw right JSON and change it in one place or two."""
    value = copy.deepcopy(draw(right))
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(list(_paths(value))))
        value = _changed(value, path, lambda part: draw(_neighbours(part)))
    return value


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from _paths(part, (*path, key))


def _changed(value: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    if not path:
        return change(value)
    value[path[0]] = _changed(value[path[0]], path[1:], change)
    return value


def _neighbours(value: Any) -> st.SearchStrategy[Any]:
    near = {str: _texts, bool: _booleans, int: _numbers, float: _numbers, list: _arrays, dict: _objects}.get(
        type(value)
    )
    return json_values if near is None else near(value) | json_values


def _texts(text: str) -> st.SearchStrategy[Any]:
    return st.sampled_from([tweak(text) for tweak in TWEAKS]) | texts


def _booleans(value: bool) -> st.SearchStrategy[Any]:
    return st.sampled_from([int(value), str(value).lower(), not value])


def _numbers(value: float) -> st.SearchStrategy[Any]:
    near: list[Any] = [-value, float(value), str(value), [value], bool(value)]
    if abs(value) < 2**62:
        near += [value + 1, value - 1, int(value), int(value) + 0.5, 2**53 + 1, 2**63 - 1]
    return st.sampled_from([each for each in near if type(each) is not int or each < 2**63])  # as the wire has it


def _arrays(items: list[Any]) -> st.SearchStrategy[Any]:
    near = [items[:-1], items[1:], items * 2, [*items, None], [*items, True], [*items, 1.0], {}, items[::-1]]
    return st.sampled_from(near) | json_values.map(lambda value: [*items, value])


def _objects(value: dict[str, Any]) -> st.SearchStrategy[Any]:
    without = [{key: part for key, part in value.items() if key != gone} for gone in value]
    renamed = [
        {tweak(key) if key == old else key: part for key, part in value.items()} for old in value for tweak in TWEAKS
    ]
    more = st.builds(lambda key, part: {**value, key: part}, texts, json_values)
    return st.sampled_from([*without, *renamed, [value], [], {}]) | more
