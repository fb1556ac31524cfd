"""The law of one description: JSON Schema and decoder give the same verdict on every value, named exceptions aside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import attrs
import pytest
from attrs import validators as v
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.laws import serializer_zoo
from tests.laws.near_misses import EDGES, near_misses
from tests.laws.serializer_zoo import SERIALIZERS
from tests.laws.zoo import ZOO, Limits, Point, Specimen, json_values, objects, texts
from wsdrf.access.serializers import is_serializer, valid_serializer
from wsdrf.access.shapes import shape_of
from wsdrf.codec import Codec
from wsdrf.exceptions import InvalidCall
from wsdrf.schema import json_schema
from wsdrf.schema.undescribed import KEYWORD, Undescribed

PAGE = Path(__file__).parent.parent.parent / "docs" / "reference" / "schema.md"
DURATION = re.compile(r"(-?\d+ )?\d\d:\d\d:\d\d(\.\d{6})?")
NOBODY: Any = SimpleNamespace(request=None)


@attrs.frozen
class Bounded:
    """Limits that JSON Schema cannot say, or not in full."""

    since: date = attrs.field(default=date(2020, 1, 1), validator=v.ge(date(2020, 1, 1)))
    price: Decimal = attrs.field(default=Decimal(1), validator=v.gt(Decimal(0)))
    key: bytes = attrs.field(default=b"ab", validator=[v.min_len(2), v.max_len(4)])
    word: str = attrs.field(default="x", validator=v.matches_re(r"\w+"))
    line: str = attrs.field(default="x", validator=v.matches_re(r"[^\s.]x?|.{,3}$|\$", func=re.search))
    start: str = attrs.field(default="x", validator=v.matches_re(r"x|[\s-]{2}", func=re.match))
    ages: dict[int, int] = attrs.field(factory=dict, validator=v.deep_mapping(v.ge(0), v.instance_of(int)))
    half: Literal[1] | float = 0.5
    number: int | float = attrs.field(default=1, converter=abs)


BOUNDED = Specimen(
    "bounded",
    Bounded,
    objects(
        {},
        {
            "since": st.dates(date(2020, 1, 1)).map(date.isoformat),
            "price": st.sampled_from(["0.1", "5"]),
            "key": st.sampled_from(["YWI=", "YWJj", "YWJjZA=="]),
            "word": st.sampled_from(["a", "b_1"]),
            "line": texts,
            "start": st.sampled_from(["x", "x\n", " -", "-\t"]),
            "ages": st.dictionaries(st.integers(0, 2**62).map(str), st.integers(0, 9), max_size=2),
            "half": st.sampled_from([1, 0.5]),
            "number": st.integers(0, 9),
        },
    ),
)
TYPES = [*ZOO, BOUNDED]


@attrs.frozen
class Verdicts:
    """What schema and decoder say of one value. ``codes`` are the decoder's, where it refuses."""

    schema: bool
    decoder: bool
    codes: frozenset[str] = frozenset()


@attrs.frozen
class Judge:
    """Asks both of one type."""

    validator: Draft202012Validator
    decode: Callable[[Any], Any]
    left_out: frozenset[Undescribed]

    @classmethod
    def of(cls, tp: Any) -> Judge:
        schema = json_schema(shape_of(tp))
        Draft202012Validator.check_schema(schema)
        decode = (lambda value: valid_serializer(tp, value, NOBODY)) if is_serializer(tp) else Codec().structurer(tp)
        said = (Undescribed(name.partition(":")[0]) for place in places(schema) for name in place.get(KEYWORD, ()))
        return cls(Draft202012Validator(schema), decode, frozenset(said))

    def ask(self, value: Any) -> Verdicts:
        schema = self.validator.is_valid(value)
        try:
            self.decode(value)
        except InvalidCall as error:
            return Verdicts(schema, decoder=False, codes=frozenset(each.code for each in error.failure.errors))
        return Verdicts(schema, decoder=True)

    def explains(self, value: Any, verdicts: Verdicts) -> bool:
        """Tell whether one of the exceptions that the schema names is why the verdicts differ."""
        return any(EXCEPTIONS[name](value, verdicts, self) for name in self.left_out if name in EXCEPTIONS)


def places(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema within a schema."""
    if isinstance(schema, dict):
        yield schema
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from places(part)


def parts(value: Any) -> Iterator[Any]:
    """Every value within ``value``, keys included."""
    yield value
    for part in [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(part)


def refused(*codes: str, of: Callable[[Any], bool]) -> Callable[[Any, Verdicts, Judge], bool]:
    """Explain that only the decoder refuses, with one of ``codes``, a value in which ``of`` is true of something."""

    def explain(value: Any, verdicts: Verdicts, judge: Judge) -> bool:
        return verdicts.schema and bool(verdicts.codes & {*codes}) and any(map(of, parts(value)))

    return explain


def is_whole(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer()


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def has_limits(value: Any) -> bool:
    """Tell whether a value is a text that limits of numbers or dates may be about."""
    return is_text(value) and bool(re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?|\d{4}-\d\d-\d\d", value, re.ASCII))


def integer_form(value: Any, verdicts: Verdicts, judge: Judge) -> bool:
    return any(map(is_whole, parts(value)))


def conversion(value: Any, verdicts: Verdicts, judge: Judge) -> bool:
    """Explain that only a serializer takes a value: it gives another back, or reads Django's own form of a duration."""
    converts = verdicts.decoder and differs(value, dict(judge.decode(value).data))
    return converts or (verdicts.decoder and any(is_text(part) and DURATION.fullmatch(part) for part in parts(value)))


def differs(sent: Any, given: Any) -> bool:
    if isinstance(sent, dict) and isinstance(given, dict):
        return any(differs(part, given[key]) for key, part in sent.items() if key in given)
    if isinstance(sent, list) and isinstance(given, list):
        return len(sent) != len(given) or any(map(differs, sent, given))
    return type(sent) is not type(given) or sent != given


EXCEPTIONS: dict[Undescribed, Callable[[Any, Verdicts, Judge], bool]] = {
    Undescribed.INTEGER_FORM: integer_form,
    Undescribed.EXACT_FLOAT: refused("invalid", of=lambda value: type(value) is int and float(value) != value),
    Undescribed.DISTINCT: refused("invalid", of=lambda value: isinstance(value, (list, dict)) and len(value) > 1),
    Undescribed.RANGE: refused("invalid", "too_small", "too_large", of=has_limits),
    Undescribed.YEARS: refused("invalid", of=lambda value: is_text(value) and value[:4] in ("0001", "9999")),
    Undescribed.LENGTH: refused("too_short", "too_long", of=is_text),
    Undescribed.PATTERN: refused("pattern", of=is_text),
    Undescribed.VALIDATOR: refused("invalid", of=lambda value: isinstance(value, (int, str))),
    Undescribed.INIT: refused("invalid", of=lambda value: isinstance(value, dict)),
    Undescribed.FIELD: refused("invalid", "null", "too_short", of=is_text),
    Undescribed.CONVERSION: conversion,
}
"""When the verdicts may differ, for each name. What the page says of them is tested to be the same list."""

WITNESSES: list[tuple[Undescribed, Any, Any]] = [
    (Undescribed.INTEGER_FORM, int, 1.0),
    (Undescribed.INTEGER_FORM, Literal[1] | float, 5.0),
    (Undescribed.EXACT_FLOAT, float, 2**53 + 1),
    (Undescribed.DISTINCT, set[Decimal], ["1.0", "1.00"]),
    (Undescribed.DISTINCT, dict[Decimal, int], {"1.0": 1, "1.00": 1}),
    (Undescribed.RANGE, Bounded, {"since": "2019-12-31"}),
    (Undescribed.RANGE, dict[int, int], {"9999999999999999999": 1}),
    (Undescribed.YEARS, datetime, "0001-01-01T00:00:00+01:00"),
    (Undescribed.LENGTH, Bounded, {"key": "YQ=="}),
    (Undescribed.PATTERN, Bounded, {"word": " "}),
    (Undescribed.VALIDATOR, Limits, {"even": 1}),
    (Undescribed.INIT, Point, {"x": 1.5e300}),
    (Undescribed.VALIDATOR, serializer_zoo.Texts, {"email": "nobody"}),
    (Undescribed.INIT, serializer_zoo.Own, {"low": 5, "high": 4}),
    (Undescribed.FIELD, serializer_zoo.Own, {"shout": "low"}),
    (Undescribed.CONVERSION, serializer_zoo.Scalars, {"count": "1"}),
]


def values(right: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(right, near_misses(right), near_misses(right), json_values)


def check_agreement(judge: Judge, value: Any) -> None:
    verdicts = judge.ask(value)
    if verdicts.schema != verdicts.decoder:
        assert judge.explains(value, verdicts), f"{verdicts} of {value!r}"


@pytest.mark.parametrize("specimen", TYPES, ids=lambda specimen: specimen.name)
def test_schema_and_codec_agree(specimen: Specimen) -> None:
    """Right values, near misses and any JSON: what the codec takes, the schema takes, and nothing else."""
    judge = Judge.of(specimen.type)

    @given(values(specimen.right))
    def agree(value: Any) -> None:
        check_agreement(judge, value)

    agree()


@pytest.mark.parametrize("specimen", SERIALIZERS, ids=lambda specimen: specimen.name)
def test_schema_and_serializer_agree(specimen: serializer_zoo.Specimen) -> None:
    """What a serializer takes as it is, its schema takes, and nothing else."""
    judge = Judge.of(specimen.type)

    @given(values(specimen.right))
    def agree(value: Any) -> None:
        check_agreement(judge, value)

    agree()


@pytest.mark.parametrize("specimen", [*TYPES, *SERIALIZERS], ids=lambda specimen: specimen.name)
def test_they_agree_at_every_edge(specimen: Specimen | serializer_zoo.Specimen) -> None:
    """Values at which something ends, alone, in an array, as a key, in an object and in every field."""
    judge = Judge.of(specimen.type)
    names = {name for place in places(judge.validator.schema) for name in place.get("properties", ())}

    for edge in EDGES:
        check_agreement(judge, edge)
        check_agreement(judge, [edge])
        check_agreement(judge, [edge, edge])
        for key in [*names, "2026-01-31", "1"]:
            check_agreement(judge, {key: edge})
            check_agreement(judge, {key: [edge]})
        if isinstance(edge, str):
            check_agreement(judge, {edge: 1})
            check_agreement(judge, {edge: "a"})


@pytest.mark.parametrize("specimen", [*TYPES, *SERIALIZERS], ids=lambda specimen: specimen.name)
def test_what_is_right_is_right_for_both(specimen: Specimen | serializer_zoo.Specimen) -> None:
    """No right value is refused, by either: they do not agree by refusing everything."""
    judge = Judge.of(specimen.type)

    @given(specimen.right)
    def agree(value: Any) -> None:
        assert Verdicts(schema=True, decoder=True) == judge.ask(value)

    agree()


@pytest.mark.parametrize("specimen", [*TYPES, *SERIALIZERS], ids=lambda specimen: specimen.name)
def test_defaults_are_right(specimen: Specimen | serializer_zoo.Specimen) -> None:
    """Each default that a schema states is a value of its own schema."""
    schema = json_schema(shape_of(specimen.type))

    for place in places(schema):
        if "default" in place:
            Draft202012Validator({**place, "$defs": schema.get("$defs", {})}).validate(place["default"])


@pytest.mark.parametrize(("name", "tp", "value"), WITNESSES, ids=str)
def test_each_exception_is_one(name: Undescribed, tp: Any, value: Any) -> None:
    """For each exception there is a value that schema and decoder disagree about, and the schema names it."""
    judge = Judge.of(tp)
    verdicts = judge.ask(value)

    assert verdicts.schema is not verdicts.decoder
    assert EXCEPTIONS[name](value, verdicts, judge)
    assert name in judge.left_out


def test_all_exceptions_are_documented() -> None:
    """The page lists what the law knows, in the same words, and both know all that a schema may name."""
    section = PAGE.read_text().partition("## Known exceptions")[2]
    documented = re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)

    assert [name.value for name in EXCEPTIONS] == documented
    assert {*EXCEPTIONS} == {name for name, _, _ in WITNESSES}
    assert {*Undescribed} - {*EXCEPTIONS} == {Undescribed.DEFAULT}
