"""Values that are almost right: JSON that is right, with one or two small changes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

from tests.laws.zoo import texts

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


EDGES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 1.0, -0.0, 0.5, 1e300, 2**53 + 1, 2**63 - 1, -(2**63), [], {}),
    *(
        "",
        " ",
        "\n",
        "\0",
        "a",
        " a",
        "a ",
        " ab ",
        "a\n",
        "abc\n",
        "\x85\x85",
        "\u3000a",
        "a\0",
        "\ufeff",
        "true",
        "null",
        "RED",
    ),
    *(
        "0",
        "1",
        "-0",
        "01",
        "+1",
        "1.",
        ".5",
        "0.5",
        "1.0",
        "1.00",
        "9.999",
        "100.00",
        "99.99",
        "0.500",
        "1e3",
        "\u0661",
        "1_0",
    ),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775809", "-01", "12345678901234567890"),
    *("YQ==", "YR==", "YWI=", "YWJ=", "YWJj", "YWJjZA==", "YQ", "YQ= =", "YQ==\n", "a-_b", "===="),
    *(
        "2026-01-31",
        "2026-02-30",
        "2024-02-29",
        "2023-02-29",
        "1900-02-29",
        "0000-01-01",
        "2026-1-31",
        "2026-13-01",
        "2026-04-31",
    ),
    *("20260131", "2026-01-31 ", "2026-W05-6", "2026-11-31", "2026-12-31", "2026-00-10", "2026-01-00", "2026-01-32"),
    *(
        "12:00:00",
        "12:00",
        "24:00:00",
        "12:60:00",
        "12:00:60",
        "12:00:00.000000",
        "12:00:00.100000",
        "12:00:00.1",
        "12:00:00Z",
    ),
    *(
        "2026-01-31T12:00:00Z",
        "2026-01-31t12:00:00Z",
        "2026-01-31T12:00:00z",
        "2026-01-31 12:00:00Z",
        "2026-01-31T12:00:00",
    ),
    *("2026-01-31T12:00:00+24:00", "2026-01-31T12:00:00-00:00", "2026-01-31T12:00:00+0200", "2026-01-31T12:00:00.12Z"),
    *("2026-01-31T12:00:00.000Z", "2026-01-31T24:00:00Z", "2026-02-30T12:00:00Z", "2026-01-31T12:00:00+02:60"),
    *("0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00Z"),
    *(
        "P",
        "PT",
        "P1D",
        "P01D",
        "P0D",
        "PT0S",
        "-PT0S",
        "P1DT",
        "P1DT0S",
        "PT24H",
        "PT60M",
        "PT60S",
        "PT0.5S",
        "PT0.50S",
        "PT.5S",
    ),
    *(
        "PT1H",
        "PT1M1S",
        "PT1S1M",
        "P1Y",
        "P999999999D",
        "-P999999999D",
        "P1000000000D",
        "-P999999999DT1S",
        "P999999999DT23H",
        "p1d",
    ),
    *(
        "00000000-0000-0000-0000-000000000000",
        "0000000000000000000000000000000A",
        "00000000-0000-0000-0000-00000000000A",
    ),
    *(
        "{00000000-0000-0000-0000-000000000000}",
        "nobody",
        "a@example.com",
        "https://example.com",
        "127.0.0.1",
        "a b",
        "a.b",
        "ABC",
    ),
]
"""Values at which something ends, of every kind."""


@st.composite
def near_misses(draw: Draw, right: st.SearchStrategy[Any]) -> Any:
    """Draw right JSON and change it in one place or two."""
    value = copy.deepcopy(draw(right))
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(list(_paths(value))))
        value = _changed(value, path, lambda part: draw(_neighbours(part)))
    return value


EDGE = st.sampled_from(EDGES).map(copy.deepcopy)


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
    return EDGE if near is None else st.one_of(near(value), near(value), EDGE)


def _texts(text: str) -> st.SearchStrategy[Any]:
    return st.sampled_from([tweak(text) for tweak in TWEAKS])


def _booleans(value: bool) -> st.SearchStrategy[Any]:
    return st.sampled_from([int(value), str(value).lower(), not value])


def _numbers(value: float) -> st.SearchStrategy[Any]:
    near: list[Any] = [-value, float(value), str(value), [value], bool(value)]
    if abs(value) < 2**62:
        near += [value + 1, value - 1, int(value), int(value) + 0.5, 2**53 + 1, 2**63 - 1]
    return st.sampled_from([each for each in near if type(each) is not int or each < 2**63])  # as the wire has it


def _arrays(items: list[Any]) -> st.SearchStrategy[Any]:
    near = [items[:-1], items[1:], items * 2, [*items, None], [*items, True], [*items, 1.0], {}, items[::-1]]
    return st.sampled_from(near) | EDGE.map(lambda value: [*items, value])


def _objects(value: dict[str, Any]) -> st.SearchStrategy[Any]:
    without = [{key: part for key, part in value.items() if key != gone} for gone in value]
    renamed = [
        {tweak(key) if key == old else key: part for key, part in value.items()} for old in value for tweak in TWEAKS
    ]
    more = st.builds(lambda key, part: {**value, key: part}, texts, EDGE)
    return st.sampled_from([*without, *renamed, [value], [], {}]) | more
