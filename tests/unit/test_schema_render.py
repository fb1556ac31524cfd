"""Writing the schema of one shape: keywords, records, defaults, and what is left out."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal, TypedDict
from uuid import UUID

import attrs
import pytest
from attrs import validators as v
from rest_framework import serializers as s
from typing_extensions import Doc, NotRequired

from tests.laws.serializer_zoo import Line
from tests.laws.zoo import Circle, Colour, Dot, Everything, Level, Movie, Say, Square
from wsdrf.access.shapes import shape_of
from wsdrf.schema import json_schema
from wsdrf.schema.ecma import END
from wsdrf.schema.undescribed import KEYWORD

INTEGER = {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1, KEYWORD: ["integer-form"]}
STRING = {"type": "string"}


def written(tp: Any, **options: Any) -> dict[str, Any]:
    """Write ``tp`` without the line that names the dialect."""
    schema = json_schema(tp, **options)
    assert schema.pop("$schema") == "https://json-schema.org/draft/2020-12/schema"
    return schema


def field_schema(annotation: Any, **options: Any) -> dict[str, Any]:
    """Write the field of a record made for it."""
    cls = attrs.make_class("Made", {"it": attrs.field(type=annotation, **options)})
    found: dict[str, Any] = written(cls)["properties"]["it"]
    return found


class TestKeywords:
    @pytest.mark.parametrize(
        ("tp", "expected"),
        [
            (Any, {}),
            (None, {"type": "null"}),
            (bool, {"type": "boolean"}),
            (int, INTEGER),
            (float, {"type": "number", KEYWORD: ["exact-float"]}),
            (str, STRING),
            (
                UUID,
                {**STRING, "format": "uuid", "pattern": f"^[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}{END}"},
            ),
            (Decimal, {**STRING, "x-wsdrf-format": "decimal", "pattern": rf"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?{END}"}),
            (Colour, {"title": "Colour", **STRING, "enum": ["red", "blue"]}),
            (Literal["a"], {**STRING, "const": "a"}),
            (Literal["a", True] | None, {"enum": ["a", True, None]}),
            (Level, {"title": "Level", "type": "integer", KEYWORD: ["integer-form"], "enum": [1, 2]}),
            (list[str], {"type": "array", "items": STRING}),
            (set[str], {"type": "array", "items": STRING, "uniqueItems": True}),
            (
                set[Decimal | None],
                {**written(list[Decimal | None]), "uniqueItems": True, KEYWORD: ["distinct: items"]},
            ),
            (
                tuple[str, bool],
                {
                    "type": "array",
                    "prefixItems": [STRING, {"type": "boolean"}],
                    "items": False,
                    "minItems": 2,
                    "maxItems": 2,
                },
            ),
            (tuple[()], {"type": "array", "maxItems": 0}),
            (dict[str, bool], {"type": "object", "additionalProperties": {"type": "boolean"}}),
            (
                Mapping[Colour, Any],
                {
                    "type": "object",
                    "propertyNames": {"title": "Colour", **STRING, "enum": ["red", "blue"]},
                    "additionalProperties": {},
                },
            ),
            (str | None, {"type": ["string", "null"]}),
            (Literal["a", "b"] | None, {"enum": ["a", "b", None]}),
            (Literal["a"] | None, {"anyOf": [{**STRING, "const": "a"}, {"type": "null"}]}),
            (str | bool | None, {"anyOf": [STRING, {"type": "boolean"}, {"type": "null"}]}),
            (int | float, {"anyOf": [INTEGER, {"type": "number", KEYWORD: ["exact-float"]}]}),
        ],
    )
    def test_each_shape_has_its_keywords(self, tp: Any, expected: dict[str, Any]) -> None:
        """A type is written in the keywords that say it."""
        assert expected == written(tp)

    def test_a_whole_number_of_a_union_belongs_to_its_integers(self) -> None:
        """Where a literal takes the integers of a union, the number is none."""
        one, number = written(Literal[1] | float)["anyOf"]

        assert 1 == one["const"]
        assert {"type": "integer"} == number["not"]

    def test_a_union_of_records_wants_its_tag(self) -> None:
        """The tag must be there, even where the record by itself has a default for it."""
        schema = written(Circle | Square)

        assert (["kind"], "object") == (schema["required"], schema["type"])
        assert [{"$ref": "#/$defs/Circle"}, {"$ref": "#/$defs/Square"}] == schema["oneOf"]
        assert ["radius"] == schema["$defs"]["Circle"]["required"]

    @pytest.mark.parametrize(
        ("annotation", "validator", "expected"),
        [
            (str, [v.min_len(1), v.max_len(3)], {**STRING, "minLength": 1, "maxLength": 3}),
            (str, v.in_(["a", "b"]), {**STRING, "enum": ["a", "b"]}),
            (str, v.in_([]), {"not": {}}),
            (str, v.matches_re("a+"), {**STRING, "pattern": f"^a+{END}"}),
            (
                str,
                [v.matches_re("a+"), v.matches_re("b", func=re.search)],
                {**STRING, "pattern": f"^a+{END}", "allOf": [{"pattern": "b"}]},
            ),
            (int, [v.ge(1), v.lt(5)], {**INTEGER, "minimum": 1, "exclusiveMaximum": 5}),
            (int, v.ge(-(2**70)), INTEGER),
            (float, [v.gt(0), v.le(1.5)], {**written(float), "exclusiveMinimum": 0, "maximum": 1.5}),
            (int | None, v.optional(v.ge(0)), {**INTEGER, "type": ["integer", "null"], "minimum": 0}),
            (
                list[str],
                v.deep_iterable(v.max_len(3), v.min_len(2)),
                {"type": "array", "items": {**STRING, "maxLength": 3}, "minItems": 2},
            ),
            (
                dict[str, str],
                v.and_(v.max_len(2), v.deep_mapping(v.min_len(1), v.max_len(3))),
                {
                    "type": "object",
                    "propertyNames": {**STRING, "minLength": 1},
                    "additionalProperties": {**STRING, "maxLength": 3},
                    "maxProperties": 2,
                },
            ),
            (bytes, [v.min_len(1), v.max_len(3)], {**written(bytes), "minLength": 4, "maxLength": 4}),
        ],
    )
    def test_validators_become_keywords(self, annotation: Any, validator: Any, expected: dict[str, Any]) -> None:
        """Validators of attrs are said exactly."""
        assert expected == field_schema(annotation, validator=validator)


class Odd:
    """A default of a class that JSON does not know."""


def is_odd(instance: Any, attribute: Any, value: int) -> None:
    """Refuse even numbers."""


class TestWhatIsLeftOut:
    @pytest.mark.parametrize(
        ("annotation", "options", "expected"),
        [
            (date, {"validator": v.ge(date(2026, 1, 31))}, ["range: ge 2026-01-31"]),
            (int, {"validator": v.lt(Decimal("1.5"))}, ["integer-form", "range: lt 1.5"]),
            (float, {"validator": v.le(float("inf"))}, ["exact-float", "range: le inf"]),
            (bytes, {"validator": v.min_len(2)}, ["length: at least 2 bytes"]),
            (bytes, {"validator": v.max_len(4)}, ["length: at most 4 bytes"]),
            (str, {"validator": v.matches_re(r"\w+")}, [r"pattern: fullmatch \w+"]),
            (int, {"validator": is_odd}, ["integer-form", "validator: is_odd"]),
            (bool, {"validator": v.ge(0)}, ["validator: <Validator for x >= 0>"]),
            (bool, {"factory": lambda: True}, ["default: made by TestWhatIsLeftOut.<lambda>"]),
            (timedelta, {"default": timedelta(1)}, ["default: a timedelta"]),
            (Any, {"default": Odd()}, ["default: a Odd"]),
            (datetime, {"default": datetime(2026, 1, 31)}, ["years", "default: a datetime"]),  # noqa: DTZ001 - the naive is the point
        ],
    )
    def test_it_is_named_at_its_place(self, annotation: Any, options: dict[str, Any], expected: list[str]) -> None:
        """What no keyword says is listed, with what it is about."""
        assert expected == field_schema(annotation, **options)[KEYWORD]

    def test_code_that_sees_the_whole_is_named_at_the_record(self) -> None:
        """``__attrs_post_init__``, converters and ``__init__`` of one's own may refuse what the fields allow."""

        @attrs.define
        class Checked:
            it: int = attrs.field(converter=abs)

            def __attrs_post_init__(self) -> None:
                pass

        @attrs.define(init=False)
        class Own:
            it: int

            def __init__(self, it: int) -> None:
                self.__attrs_init__(it)

        @dataclass
        class Point:
            x: int

            def __post_init__(self) -> None:
                pass

        assert ["init: __attrs_post_init__", "init: converter of it"] == written(Checked)[KEYWORD]
        assert ["init: __init__"] == written(Own)[KEYWORD]
        assert ["init: __post_init__"] == written(Point)[KEYWORD]

    def test_a_serializer_says_that_it_converts(self) -> None:
        """A serializer's schema is of what it takes as it is."""
        assert ["conversion"] == written(shape_of(Line))[KEYWORD]

    def test_a_field_of_ones_own_is_named(self) -> None:
        """What reads in its own way takes anything."""

        class Own(s.Serializer[Any]):
            files = s.ListField(child=s.FileField())

        assert {KEYWORD: ["field: FileField"]} == written(shape_of(Own))["properties"]["files"]["items"]


class TestRecords:
    def test_a_record_is_an_object_of_its_fields(self) -> None:
        """Names, requirement and the docstring travel; other names are refused."""

        class Film(TypedDict):
            """A film."""

            title: str
            year: NotRequired[bool]

        assert {
            "title": "Film",
            "description": "A film.",
            "type": "object",
            "properties": {"title": STRING, "year": {"type": "boolean"}},
            "required": ["title"],
            "additionalProperties": False,
        } == written(Film)

    def test_a_machines_docstring_is_none(self) -> None:
        """What ``dataclass`` writes, and what a class inherits, describes nothing."""

        @dataclass
        class Point:
            x: int

        class Farther(Say):
            pass

        assert "description" not in written(Point)
        assert "description" not in written(Farther)

    def test_fields_are_described_by_their_authors(self) -> None:
        """``Doc`` and ``help_text`` describe a field."""

        class Noted(s.Serializer[Any]):
            it = s.BooleanField(help_text="Whether it is.")

        expected = {"type": "boolean", "description": "Whether it is."}
        assert expected == field_schema(Annotated[bool, "more", Doc("Whether it is.")])
        assert expected == written(shape_of(Noted))["properties"]["it"]

    def test_a_reference_has_nothing_beside_it(self) -> None:
        """What is said of a field that is a record stands around the reference, which hides its neighbours."""
        assert {"allOf": [{"$ref": "#/$defs/Dot"}], "description": "A dot."} == field_schema(
            Annotated[Dot, Doc("A dot.")]
        )
        assert {"$ref": "#/$defs/Dot"} == field_schema(Dot)

    def test_camelize_reaches_every_name(self) -> None:
        """Names of fields are in camelCase, in records within too; keys of data are not."""
        schema = written(Everything, camelize=True)

        assert {"userId", "createdAt", "bestPages"} <= schema["properties"].keys()
        assert ["userId", "createdAt"] == schema["required"]

    def test_what_is_ignored_may_stand_there(self) -> None:
        """Read-only fields of a serializer are allowed and mean nothing."""
        assert {"readOnly": True} == written(shape_of(Line))["properties"]["id"]


class Shade(enum.Enum):
    """How dark it is."""

    DARK = "dark"


class TestDefaults:
    @pytest.mark.parametrize(
        ("annotation", "default", "expected"),
        [
            (str, "x", "x"),
            (float, 1, 1),
            (int | None, None, None),
            (Shade, Shade.DARK, "dark"),
            (date, date(2026, 1, 31), "2026-01-31"),
            (time, time(12), "12:00:00"),
            (datetime, datetime(2026, 1, 31, tzinfo=timezone.utc), "2026-01-31T00:00:00Z"),
            (datetime, datetime(2026, 1, 31, tzinfo=timezone(timedelta(hours=2))), "2026-01-31T00:00:00+02:00"),
            (Decimal, Decimal("1.50"), "1.50"),
            (UUID, UUID(int=1), "00000000-0000-0000-0000-000000000001"),
            (bytes, b"ab", "YWI="),
            (set[str], frozenset({"b", "a"}), ["a", "b"]),
            (tuple[int, str], (1, "a"), [1, "a"]),
            (dict[int, Shade], {1: Shade.DARK}, {"1": "dark"}),
            (Circle | Square, Square("rect", 2), {"kind": "rect", "side": 2}),
            (Movie, {"title": "x"}, {"title": "x"}),
            (Any, {"a": [1, None]}, {"a": [1, None]}),
            (list[str], attrs.Factory(list), []),
        ],
    )
    def test_a_default_is_what_a_client_would_send(self, annotation: Any, default: Any, expected: Any) -> None:
        """A default is written as JSON of its field."""
        assert expected == field_schema(annotation, default=default)["default"]

    @pytest.mark.parametrize(
        ("annotation", "default"),
        [
            (int, "x"),
            (int, True),
            (float, float("nan")),
            (Decimal, Decimal("NaN")),
            (time, time(12, tzinfo=timezone.utc)),
            (date, datetime(2026, 1, 31, tzinfo=timezone.utc)),
            (Shade, "dark"),
            (tuple[int, str], (1,)),
            (Movie, {"name": "x"}),
            (Circle, Say(text="x")),
            (Circle | Square, 1),
            (list[str], 1),
            (dict[str, int], []),
            (Any, Shade.DARK),
            (Any, {1: 2}),
        ],
    )
    def test_a_default_that_no_client_could_send_is_named(self, annotation: Any, default: Any) -> None:
        """What is no JSON of its field is not written."""
        schema = field_schema(annotation, default=default)

        assert "default" not in schema
        assert any(each.startswith("default: ") for each in schema[KEYWORD])
