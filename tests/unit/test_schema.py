"""Describing a type: its shape, its limits, and the words for what cannot travel."""

from __future__ import annotations

import re
import typing
from datetime import date, datetime
from typing import Annotated, Any, Literal, Optional, Union

import attrs
import pytest
from attrs import validators as v

from tests.laws.zoo import (
    ZOO,
    Aliased,
    Box,
    Circle,
    Colour,
    Dot,
    Expression,
    Json,
    Limits,
    Literally,
    Loose,
    Movie,
    Node,
    NumberPage,
    Page,
    Pair,
    Plus,
    Point,
    Specimen,
    Square,
    UserId,
)
from wsdrf.envelope import ABSENT
from wsdrf.schema import (
    Anything,
    ArrayOf,
    Boolean,
    Choice,
    Field,
    Integer,
    MapOf,
    Member,
    Null,
    Number,
    OneOf,
    Option,
    Pattern,
    Record,
    RecordKind,
    Reference,
    Shape,
    Tagged,
    Text,
    TextForm,
    TupleOf,
    describe,
)

NULLABLE = Literal["a", None]  # noqa: PYI061 - one way to write it


def shapes_of(tp: Any) -> dict[str, Shape]:
    """Describe a record; give its fields' shapes by name."""
    record = describe(tp)
    assert isinstance(record, Record)
    return {each.name: each.shape for each in record.fields}


def constrained(annotation: Any, *validators: Any) -> Field:
    """Describe one attrs field with these validators."""
    record = describe(attrs.make_class("One", {"x": attrs.field(type=annotation, validator=list(validators))}))
    assert isinstance(record, Record)
    return record.fields[0]


@pytest.mark.parametrize(
    ("tp", "expected"),
    [
        (Any, Anything()),
        (object, Anything()),
        (Optional[Any], Anything()),  # noqa: UP045 - the old writing is supported too
        (None, Null()),
        (Annotated[UserId, "x"], Integer()),
        (typing.List[int], ArrayOf(list, Integer())),  # noqa: UP006 - the old writing is supported too
        (typing.Tuple[int, str], TupleOf((Integer(), Text()))),  # noqa: UP006 - the old writing is supported too
        (tuple, ArrayOf(tuple, Anything())),
        (tuple[()], TupleOf(())),
        (set[str], ArrayOf(set, Text(), unique=True)),
        (typing.Sequence[bool], ArrayOf(list, Boolean())),
        (typing.Mapping[str, float], MapOf(Text(), Number())),
        (dict, MapOf(Text(), Anything())),
        (dict[date, int], MapOf(TextForm(date, "date"), Integer())),
        (datetime, TextForm(datetime, "date-time")),
        (Literal["a", 1], Choice(Literal["a", 1], (Option("a", "a"), Option(1, 1)))),
        (Colour, Choice(Colour, (Option("red", Colour.RED), Option("blue", Colour.BLUE)))),
        (int | None, OneOf((Integer(), Null()))),
        (Union[int, str | None], OneOf((Integer(), Text(), Null()))),  # noqa: UP007 - the old writing is supported too
        (NULLABLE | None, Choice(NULLABLE, (Option("a", "a"), Option(None, None)))),
    ],
)
def test_plain_types(tp: Any, expected: Shape) -> None:
    """Each type has its shape; wrappers that say nothing of JSON are stripped."""
    assert expected == describe(tp)


@pytest.mark.parametrize("specimen", ZOO, ids=lambda specimen: specimen.name)
def test_every_specimen_can_be_described(specimen: Specimen) -> None:
    """Every type of the zoo has a shape, the same each time."""
    assert describe(specimen.type) == describe(specimen.type)


class TestRecords:
    def test_names_defaults_and_kinds(self) -> None:
        """A record has its fields with names, defaults and whether they are required; private ones do not travel."""
        aliased, point = describe(Aliased), describe(Point)

        assert isinstance(aliased, Record)
        assert (RecordKind.ATTRS, Aliased, Aliased) == (aliased.kind, aliased.type, aliased.cls)
        assert [("kind", "type", "type", True, ABSENT)] == [
            (each.name, each.wire_name, each.keyword, each.required, each.default) for each in aliased.fields
        ]
        assert isinstance(point, Record)
        assert RecordKind.DATACLASS is point.kind
        assert [("x", ABSENT), ("y", 0.0), ("labels", attrs.Factory(list))] == [
            (each.name, each.default) for each in point.fields
        ]

    def test_typed_dicts(self) -> None:
        """Required and NotRequired are seen under postponed annotations, in both kinds of TypedDict."""
        for tp, expected in [
            (Movie, {"title": True, "year": False}),
            (Loose, {"name": True, "rating": False, "sequel": False}),
        ]:
            record = describe(tp)
            assert isinstance(record, Record)
            assert expected == {each.name: each.required for each in record.fields}

    def test_recursion_is_a_reference(self) -> None:
        """A record within itself is a reference to itself."""
        reference = Reference(Node)

        assert {"name": Text(), "next": OneOf((reference, Null())), "children": ArrayOf(list, reference)} == shapes_of(
            Node
        )
        assert describe(reference.type) == describe(Node)

    def test_generics(self) -> None:
        """Type variables stand for what they are bound to, inherited ones too."""
        assert {"items": ArrayOf(list, Integer()), "following": OneOf((Integer(), Null()))} == shapes_of(Page[int])
        assert {"key": Text(), "value": ArrayOf(list, Integer())} == shapes_of(Pair[str, list[int]])
        assert {"content": TextForm(date, "date")} == shapes_of(Box[date])
        assert ArrayOf(list, Integer()) == shapes_of(NumberPage)["items"]
        record = describe(Page[int])
        assert isinstance(record, Record)
        assert (Page[int], Page) == (record.type, record.cls)

    def test_camelize(self) -> None:
        """Camelizing changes the wire names only, underscores at the ends stay."""

        @attrs.frozen
        class Names:
            user_id: int
            line_2: int
            a__b: int
            last_: int
            already: int

        record = describe(Names, camelize=True)

        assert isinstance(record, Record)
        assert ["userId", "line2", "aB", "last_", "already"] == [each.wire_name for each in record.fields]
        assert ["user_id", "line_2", "a__b", "last_", "already"] == [each.name for each in record.fields]


class TestUnions:
    def test_tagged(self) -> None:
        """Records are told apart by the first Literal field that differs in each."""
        shape = describe(Circle | Square | Dot)

        assert isinstance(shape, Tagged)
        assert "kind" == shape.tag
        assert [
            (Option("circle", "circle"),),
            (Option("square", "square"), Option("rect", "rect")),
            (Option("dot", "dot"),),
        ] == [member.tags for member in shape.members]

    def test_recursive(self) -> None:
        """A union may be within its own members."""
        shape = describe(Expression)

        assert isinstance(shape, Tagged)
        plus = shape.members[0].shape
        assert isinstance(plus, Record)
        literally = describe(Literally)
        assert (
            Tagged("op", (Member((Option("+", "+"),), Reference(Plus)), Member((Option("=", "="),), literally)))
            == plus.fields[0].shape
        )

    def test_named_alias(self) -> None:
        """A named alias may be within itself, and is referred to by its name."""
        shape = describe(Json)

        assert isinstance(shape, OneOf)
        assert ArrayOf(list, Reference(Json)) in shape.members


class TestLimits:
    def test_all_that_validators_state(self) -> None:
        """Limits of attrs validators are in the shapes."""
        assert {
            "text": Text(2, 4, (Pattern(re.compile("[a-z]+")),)),
            "number": Integer(ge=1, lt=10),
            "ratio": Number(gt=0, le=1),
            "maybe": OneOf((Integer(ge=0), Null())),
            "kind": Choice(str, (Option("a", "a"), Option("b", "b"))),
            "tags": ArrayOf(list, Text(max_length=3), max_items=2),
            "scores": MapOf(Text(min_length=1), Integer(ge=0)),
            "even": Integer(),
        } == shapes_of(Limits)

    @pytest.mark.parametrize(
        ("annotation", "validators", "expected"),
        [
            (int, [v.ge(1), v.ge(3), v.le(9), v.le(7)], Integer(ge=3, le=7)),
            (str, [v.min_len(1), v.min_len(2), v.max_len(9), v.max_len(5)], Text(2, 5)),
            (str, [v.matches_re("a", func=re.search)], Text(patterns=(Pattern(re.compile("a"), "search"),))),
            (str, [v.instance_of(str)], Text()),
            (bool, [v.instance_of(int)], Boolean()),
            (str, [v.min_len(2), v.in_(["a", "bb", "cc"])], Choice(str, (Option("bb", "bb"), Option("cc", "cc")))),
            (int, [v.in_(range(3, 6))], Integer(ge=3, le=5)),
            (int, [v.in_([1, 2]), v.gt(1)], Choice(int, (Option(2, 2),))),
            (Colour, [v.in_([Colour.RED])], Choice(Colour, (Option("red", Colour.RED),))),
            (bytes, [v.max_len(3)], TextForm(bytes, "base64", max_length=3)),
            (date, [v.ge(date(2026, 1, 1))], TextForm(date, "date", ge=date(2026, 1, 1))),
            (dict[str, int], [v.max_len(3)], MapOf(Text(), Integer(), max_items=3)),
            (tuple[int, str], [v.deep_iterable(v.instance_of((int, str)))], TupleOf((Integer(), Text()))),
            (int | str | None, [v.optional(v.instance_of((int, str)))], OneOf((Integer(), Text(), Null()))),
            (list[list[int]], [v.deep_iterable(v.deep_iterable(v.ge(1)))], ArrayOf(list, ArrayOf(list, Integer(ge=1)))),
        ],
    )  # fmt: skip
    def test_each(self, annotation: Any, validators: list[Any], expected: Shape) -> None:
        """Each validator narrows the shape that it speaks of, the tightest limit wins, and nothing is left over."""
        one = constrained(annotation, *validators)

        assert expected == one.shape
        assert () == one.opaque

    @pytest.mark.parametrize(
        ("annotation", "validator"),
        [
            (int, v.not_(v.ge(3))),
            (int, v.or_(v.ge(3), v.le(1))),
            (str, v.in_("abc")),
            (str, v.instance_of(int)),
            (int, v.in_([True, 2])),
            (int, v.in_(range(0, 9, 2))),
            (float, v.in_([0.5])),
            (int, lambda _, __, value: None),
            (Any, v.min_len(1)),
            (tuple[int, str], v.min_len(1)),
            (str, v.ge("b")),
            (list[int], v.deep_iterable(v.not_(v.ge(3)))),
            (dict[str, int], v.deep_mapping(v.not_(v.in_("x")), v.ge(0))),
            (int | None, v.ge(1)),
            (Literal["a"], v.not_(v.in_("b"))),
        ],
    )
    def test_what_no_shape_says_is_opaque(self, annotation: Any, validator: Any) -> None:
        """A validator that no shape can say is kept, so that nobody believes the shape to be all."""
        one = constrained(annotation, validator)

        assert 1 == len(one.opaque)


def test_a_class_in_a_function_may_name_itself() -> None:
    """A class that no module holds can still be within itself."""

    @attrs.frozen
    class Local:
        next: Local | None = None

    assert {"next": OneOf((Reference(Local), Null()))} == shapes_of(Local)
