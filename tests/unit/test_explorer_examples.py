"""Examples of payloads: for every type that can travel one that the codec takes, or a reason."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any, Literal
from uuid import UUID

import attrs
import pytest
from attrs import validators as v
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.laws.serializer_zoo import SERIALIZERS
from tests.laws.strategies_zoo import TYPES
from wsdrf.access.serializers import valid_serializer
from wsdrf.access.shapes import shape_of
from wsdrf.codec import Codec
from wsdrf.explorer import patterns
from wsdrf.explorer.examples import examples_of
from wsdrf.explorer.values import NoExample
from wsdrf.schema import Pattern, Text
from wsdrf.schema.leaves import INT_MAX, INT_MIN

CODECS = {camelize: Codec(camelize=camelize) for camelize in (False, True)}
LONGEST = 700
"""Characters of JSON that one still reads."""


def example(tp: Any, *, camelize: bool = False) -> Any:
    """Give the example of a type; the codec takes it, and those that would be tried after it."""
    first, *others = examples_of(shape_of(tp, camelize=camelize))
    structure = CODECS[camelize].structurer(tp)
    for each in (first, *others):
        structure(json.loads(json.dumps(each)))
    return first


def of_field(tp: Any, *validators: Any) -> Any:
    """Give the example of a field with validators; raises ``NoExample``."""
    made = attrs.make_class("Made", {"value": attrs.field(type=tp, validator=list(validators))}, frozen=True)
    return example(made)["value"]


# -- laws --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("camelize", [False, True])
@pytest.mark.parametrize("name", TYPES)
def test_every_type_has_an_example(name: str, camelize: bool) -> None:
    """Each type of the zoo has an example that the codec takes, short, and the same when it is asked again."""
    found = example(TYPES[name], camelize=camelize)

    assert found == example(TYPES[name], camelize=camelize)
    assert LONGEST > len(json.dumps(found))


@pytest.mark.django_db
@pytest.mark.parametrize("specimen", SERIALIZERS, ids=lambda one: one.name)
def test_every_serializer_has_an_example(specimen: Any) -> None:
    """Each serializer of the zoo takes one of the examples; the first, where its fields say all."""
    found = list(examples_of(shape_of(specimen.type)))
    taken = found if specimen.name == "Own" else found[:1]

    assert any(_is_taken(specimen.type, each) for each in taken)


def _is_taken(kind: Any, payload: Any) -> bool:
    nowhere: Any = SimpleNamespace(request=None)
    try:
        valid_serializer(kind, payload, nowhere)
    except Exception:  # noqa: BLE001 - whatever it says, it has not taken it
        return False
    return True


def bounds_of(least: Any, most: Any, has_ends: tuple[bool, bool]) -> list[Any]:
    first = [] if least is None else [(v.ge if has_ends[0] else v.gt)(least)]
    last = [] if most is None else [(v.le if has_ends[1] else v.lt)(most)]
    return first + last


ends = st.tuples(st.booleans(), st.booleans())
whole = st.none() | st.integers(-5, 5) | st.integers(INT_MIN - 2, INT_MAX + 2)


@given(least=whole | st.floats(-5, 5) | st.decimals(-5, 5, places=2), most=whole, has_ends=ends)
def test_integers_are_within_their_limits(least: Any, most: Any, has_ends: tuple[bool, bool]) -> None:
    """For any limits, the example is within them, or there is no integer that is."""
    exact = Fraction(INT_MIN if least is None else least)
    low = max(INT_MIN, exact if least is None or has_ends[0] else exact // 1 + 1)
    high = INT_MAX if most is None else min(INT_MAX, most if has_ends[1] else most - 1)
    try:
        found = of_field(int, *bounds_of(least, most, has_ends))
    except NoExample:
        assert math.ceil(low) > high
    else:
        assert low <= found <= high


@given(
    least=st.none() | st.floats(-1e300, 1e300),
    most=st.none() | st.floats(-1e300, 1e300),
    has_ends=ends,
)
def test_numbers_are_within_their_limits(least: Any, most: Any, has_ends: tuple[bool, bool]) -> None:
    """For any limits with room between them, there is an example within, which is a float."""
    assume(least is None or most is None or least < most)
    assume(has_ends[0] or least is None or most is None or (most - least) > abs(most) / 1e9)

    found = of_field(float, *bounds_of(least, most, has_ends))

    assert isinstance(found, float)
    assert least is None or least < found or (has_ends[0] and least == found)
    assert most is None or found < most or (has_ends[1] and most == found)


MOMENTS = {
    Decimal: st.decimals(-100, 100, places=3),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(timezone.utc)),
    timedelta: st.timedeltas(timedelta(-9999), timedelta(9999)),
    time: st.times(),
    UUID: st.uuids(),
}


@pytest.mark.parametrize("tp", MOMENTS)
@given(data=st.data())
def test_what_is_written_as_text_is_within_its_limits(tp: Any, data: st.DataObject) -> None:
    """For a least and a greatest value, both included, there is an example between them."""
    least, most = sorted([data.draw(MOMENTS[tp]), data.draw(MOMENTS[tp])])

    found = of_field(tp, v.ge(least), v.le(most))

    assert least <= CODECS[False].structurer(tp)(found) <= most


@given(least=st.integers(0, 40), more=st.none() | st.integers(0, 40))
def test_lengths_are_kept(least: int, more: int | None) -> None:
    """Texts, bytes, lists and maps are as long as they may be."""
    limits = [v.min_len(least), *([] if more is None else [v.max_len(least + more)])]

    for tp in (str, bytes, *([list[bool], dict[str, int], set[int], dict[int, str]] if least <= 20 else [])):
        found = CODECS[False].structurer(tp)(of_field(tp, *limits))
        assert least <= len(found) <= least + (math.inf if more is None else more)


PIECES = [
    "a", "[a-z]", "[^a-z]", r"\d", r"\w{2,}", r"\s", r"\S", r"\D", r"\W", "(b|c)", "(?:x+)", "-?", ".", "[.-]", r"\.",
    "(?P<one>[0-9]{3})", "[^\\d]", "é", "中*", "(?=[a-z])[^b]", "[A-F0-9]{4,6}", "z??", "[\\s,]",
]  # fmt: skip


@given(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=5, unique=True).map("".join),
    st.sampled_from([0, re.IGNORECASE, re.DOTALL]),
)
def test_texts_match_their_pattern(pattern: str, flags: int) -> None:
    """For a pattern of what patterns are made of, there is an example that matches."""
    assert re.fullmatch(pattern, of_field(str, v.matches_re(pattern, flags)), flags)


@pytest.mark.parametrize(
    ("pattern", "flags", "least"),
    [
        ("=[^a-z]", re.IGNORECASE, 1),  # an A is refused as well
        ("=[^A]", re.IGNORECASE, 1),
        (r"(q+)-(\d)\2-\1", 0, 1),
        (r"[A-Z]{2}\d{2,}", 0, 9),
        (r"[A-Z]{2}(x|y)?[!?]*", 0, 12),
        (r"(?:é){2}[^\w-]", 0, 1),
    ],
)
def test_patterns_are_read(pattern: str, flags: int, least: int) -> None:
    """Cases, groups that come again, and lengths beside a pattern are minded."""
    assert re.fullmatch(pattern, of_field(str, v.matches_re(pattern, flags), v.min_len(least)), flags)


# -- examples of examples ----------------------------------------------------------------------------------------------


@attrs.frozen
class Branch:
    name: str
    left: Branch | None
    others: list[Branch]
    note: str = ""
    limit: int = 50
    tags: list[str] = attrs.field(factory=list)
    made: int = attrs.field(factory=lambda: 7)


def test_a_record_is_what_one_would_write() -> None:
    """Fields that are required are there, and defaults that say something; a record within itself ends at once."""
    assert {"name": "example", "left": None, "others": [], "limit": 50} == example(Branch)


def test_null_is_the_last_resort() -> None:
    """Where something may be null or not, the example is not."""
    assert 1 == example(None | int)


def test_names_are_those_of_the_wire() -> None:
    """With camelize, an example has the names that the codec takes."""
    assert {"userId", "createdAt", "favouriteColour"} == example(TYPES["everything"], camelize=True).keys()


def test_items_differ_where_they_have_to() -> None:
    """A set of several has several, and so has a map."""
    assert ["red", "blue"] == example(
        attrs.make_class("S", {"x": attrs.field(type=set[Literal["red", "blue"]], validator=v.min_len(2))})
    )["x"]
    assert 3 == len(of_field(dict[str, int], v.min_len(3)))
    assert 3 == len(of_field(set[date], v.min_len(3)))


@pytest.mark.parametrize(
    ("tp", "validators", "words"),
    [
        (str, [v.matches_re(r"(?=a)b")], r"value: No text was found that matches '\(\?=a\)b' within the limits."),
        (str, [v.min_len(501)], "value: It would be at least 501 characters long."),
        (bytes, [v.min_len(501)], "value: It would be at least 501 characters long."),
        (list[int], [v.min_len(21)], "value: It would have at least 21 items."),
        (int, [v.gt(1), v.lt(2)], "value: No integer is within the limits."),
        (set[bool], [v.min_len(3)], "value: No items were found that all differ."),
        (str, [v.matches_re("(a{101})")], r"value: No text was found that matches"),
    ],
)
def test_a_reason_stands_for_what_is_missing(tp: Any, validators: list[Any], words: str) -> None:
    """Where no example is found, the reason names the field and what it demands."""
    with pytest.raises(NoExample, match=words):
        of_field(tp, *validators)


def test_what_never_ends_has_no_example() -> None:
    """A record that must contain itself has a reason and no example."""
    with pytest.raises(NoExample, match=r"next: It contains itself without an end"):
        example(Endless)


@attrs.frozen
class Endless:
    next: Endless


def test_optional_fields_that_nothing_fits_are_left_out() -> None:
    """A field that may be left out is, where no value for it is found."""
    odd = attrs.field(type=str, default=attrs.Factory(lambda: "x"), validator=v.matches_re("(?=a)b"))

    assert {} == next(examples_of(shape_of(attrs.make_class("Odd", {"odd": odd}))))


def test_another_reader_of_patterns_only_costs_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Python reads patterns to something else, there are the usual words, and no failure."""
    parser: Callable[..., Any] = lambda *arguments: [("LITERAL", 97)]  # noqa: E731
    monkeypatch.setattr(patterns, "_PARSER", SimpleNamespace(parse=parser))

    assert [] == list(patterns.matching_texts(Text(patterns=(Pattern(re.compile("[q]{3}")),))))
    assert "ab" == of_field(str, v.matches_re("[a-c]{2}"))
