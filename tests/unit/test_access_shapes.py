"""Describing a payload: types as the codec reads them, serializers as far as their fields say."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from attrs import Factory
from django.contrib.auth.models import Group, User
from django.core import validators as v
from django.core.validators import EmailValidator
from rest_framework import serializers as s
from rest_framework.authtoken.models import Token
from rest_framework.validators import UniqueTogetherValidator

from tests.laws.zoo import ZOO, Everything, Specimen
from tests.unit.access_site import variant
from wsdrf import message, on
from wsdrf.access.shapes import may_lack_payload, shape_of
from wsdrf.envelope import ABSENT
from wsdrf.schema import (
    Anything,
    ArrayOf,
    Boolean,
    Choice,
    Field,
    Integer,
    MapOf,
    Null,
    Number,
    OneOf,
    Option,
    Pattern,
    Record,
    RecordKind,
    Reference,
    Shape,
    Text,
    TextForm,
    describe,
)
from wsdrf.testing import WebsocketCommunicator


def record_of(cls: type[s.Serializer[Any]]) -> Record:
    shape = shape_of(cls)
    assert isinstance(shape, Record)
    return shape


def field_of(field: s.Field[Any, Any, Any, Any], **more: Any) -> Field:
    cls = type("Made", (s.Serializer,), {"it": field, **more})
    (found,) = record_of(cls).fields
    return found


class Tone(Enum):
    LOW = "l"


PLAIN = Text(min_length=1, trimmed=True, without="\0")
FIELDS: list[tuple[s.Field[Any, Any, Any, Any], Shape]] = [
    (s.CharField(), PLAIN),
    (s.CharField(trim_whitespace=False), Text(min_length=1, without="\0")),
    (s.CharField(min_length=3, max_length=5), Text(3, 5, trimmed=True, without="\0")),
    (s.CharField(allow_blank=True), Text(trimmed=True, blank=True, without="\0")),
    (s.CharField(allow_null=True), OneOf((PLAIN, Null()))),
    (s.EmailField(), Text(1, trimmed=True, without="\0", format="email")),
    (s.URLField(), Text(1, trimmed=True, without="\0", format="uri")),
    (s.IPAddressField(protocol="ipv6"), Text(1, trimmed=True, without="\0", format="ipv6")),
    (s.IPAddressField(protocol="IPv4"), Text(1, trimmed=True, without="\0", format="ipv4")),
    (s.IPAddressField(), PLAIN),
    (
        s.RegexField(r"^[a-z]+$"),
        Text(1, patterns=(Pattern(re.compile("^[a-z]+$"), "search"),), trimmed=True, without="\0"),
    ),
    (s.BooleanField(), Boolean()),
    (s.IntegerField(), Integer()),
    (s.IntegerField(min_value=1, max_value=9), Integer(ge=1, le=9)),
    (
        s.IntegerField(min_value=1, max_value=9, validators=[v.MinValueValidator(3), v.MaxValueValidator(7)]),
        Integer(ge=3, le=7),
    ),
    (
        s.IntegerField(min_value=3, max_value=7, validators=[v.MinValueValidator(1), v.MaxValueValidator(9)]),
        Integer(ge=3, le=7),
    ),
    (s.CharField(min_length=3, validators=[v.MinLengthValidator(2)]), Text(3, trimmed=True, without="\0")),
    (s.CharField(min_length=3, validators=[v.MinLengthValidator(4)]), Text(4, trimmed=True, without="\0")),
    *([(s.BigIntegerField(), Integer())] if hasattr(s, "BigIntegerField") else []),  # since DRF 3.17
    (s.FloatField(min_value=0), Number(ge=0)),
    (
        s.DecimalField(max_digits=5, decimal_places=2, min_value=Decimal(1)),
        TextForm(Decimal, "decimal", ge=Decimal(1), max_digits=5, decimal_places=2),
    ),
    (s.DateTimeField(), TextForm(datetime, "date-time")),
    (s.DateField(), TextForm(date, "date")),
    (s.TimeField(), TextForm(time, "time-local")),
    (s.DurationField(), TextForm(timedelta, "duration")),
    (s.UUIDField(), TextForm(UUID, "uuid")),
    (s.ChoiceField(["a", "b"]), Choice(s.ChoiceField, (Option("a", "a"), Option("b", "b")))),
    (s.ChoiceField([("A", [(1, "one")])]), Choice(s.ChoiceField, (Option(1, 1),))),
    (s.ChoiceField(["a"], allow_blank=True), Choice(s.ChoiceField, (Option("a", "a"), Option("", "")))),
    (s.ChoiceField(["", "a"], allow_blank=True), Choice(s.ChoiceField, (Option("", ""), Option("a", "a")))),
    (s.ChoiceField([(Tone.LOW, "low")]), Choice(s.ChoiceField, (Option("l", Tone.LOW),))),
    (s.MultipleChoiceField(choices=["a"]), ArrayOf(list, Choice(s.MultipleChoiceField, (Option("a", "a"),)))),
    (
        s.ChoiceField([(Decimal("1.5"), "one and a half")]),
        Choice(s.ChoiceField, (Option("1.5", Decimal("1.5")),)),
    ),
    (
        s.MultipleChoiceField(choices=["a"], allow_empty=False),
        ArrayOf(list, Choice(s.MultipleChoiceField, (Option("a", "a"),)), min_items=1),
    ),
    (s.ListField(), ArrayOf(list, Anything())),
    (
        s.ListField(child=s.IntegerField(max_value=3), min_length=2, max_length=4),
        ArrayOf(list, Integer(le=3), 2, 4),
    ),
    (s.ListField(child=s.IntegerField(), allow_empty=False), ArrayOf(list, Integer(), 1)),
    (s.DictField(child=s.IntegerField(allow_null=True)), MapOf(Text(), OneOf((Integer(), Null())))),
    (s.DictField(child=s.IntegerField(), allow_empty=False), MapOf(Text(), Integer(), min_items=1)),
    (
        s.ListField(child=s.IntegerField(), min_length=2, validators=[v.MinLengthValidator(3)]),
        ArrayOf(list, Integer(), min_items=3),
    ),
    (
        s.ListField(child=s.IntegerField(), min_length=3, validators=[v.MinLengthValidator(2)]),
        ArrayOf(list, Integer(), min_items=3),
    ),
    (s.HStoreField(), MapOf(Text(), OneOf((Text(trimmed=True, blank=True, without="\0"), Null())))),
    (s.JSONField(allow_null=True), Anything()),
    (
        s.JSONField(),
        OneOf((Boolean(), Integer(), Number(), Text(), ArrayOf(list, Anything()), MapOf(Text(), Anything()))),
    ),
    (s.JSONField(binary=True), Text()),
    (s.PrimaryKeyRelatedField(queryset=User.objects.all()), Integer()),
    (s.PrimaryKeyRelatedField(queryset=User.objects.all(), many=True), ArrayOf(list, Integer())),
    (
        s.PrimaryKeyRelatedField(queryset=User.objects.all(), many=True, allow_empty=False),
        ArrayOf(list, Integer(), min_items=1),
    ),
    (
        s.PrimaryKeyRelatedField(
            queryset=User.objects.all(), pk_field=s.IntegerField(allow_null=True), allow_null=True
        ),
        OneOf((Integer(), Null())),
    ),
    (
        s.PrimaryKeyRelatedField(queryset=User.objects.all(), pk_field=s.JSONField(), allow_null=True),
        OneOf((Boolean(), Integer(), Number(), Text(), ArrayOf(list, Anything()), MapOf(Text(), Anything()), Null())),
    ),
    (s.SlugRelatedField("user", queryset=Token.objects.all()), Integer()),
    (
        s.PrimaryKeyRelatedField(queryset=User.objects.all(), pk_field=s.UUIDField(format="hex_verbose")),
        TextForm(UUID, "uuid"),
    ),
    (s.SlugRelatedField("username", queryset=User.objects.all()), Text()),
    (s.SlugRelatedField("date_joined", queryset=User.objects.all()), Anything("the DateTimeField of a related object")),
    (s.SlugRelatedField("profile__name", queryset=User.objects.all()), Anything("a related object")),
    (s.HyperlinkedRelatedField("user-detail", queryset=User.objects.all()), Text(format="uri-reference")),
    (s.FileField(), Anything("FileField")),
]


class Colour(s.CharField):
    """A field of one's own."""

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(data).lower()


class Quiet(s.CharField):
    """A field of one's own that reads as its base does."""

    def to_representation(self, value: Any) -> Any:
        return str(value).lower()


class Line(s.Serializer[Any]):
    text = s.CharField(max_length=9, help_text="What is said.")
    at = s.DateTimeField(read_only=True)
    who = s.HiddenField(default="me")
    tone = s.ChoiceField(["loud", "low"], default="low")


class Book(s.Serializer[Any]):
    lines = Line(many=True, allow_empty=False, max_length=3)
    first = Line(required=False, allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "sequels": Book(many=True, required=False)}

    def validate(self, attrs: Any) -> Any:
        return attrs

    def validate_first(self, value: Any) -> Any:
        return value


class GroupSerializer(s.ModelSerializer[Group]):
    class Meta:
        model = Group
        fields = ["id", "name", "permissions"]


@pytest.mark.parametrize("specimen", ZOO, ids=lambda specimen: specimen.name)
def test_a_type_is_described_as_the_codec_reads_it(specimen: Specimen) -> None:
    """``shape_of`` a type is what ``describe`` gives."""
    assert describe(specimen.type) == shape_of(specimen.type)


def test_camelize_reaches_types() -> None:
    """``camelize`` puts the names of a class in camelCase."""
    assert describe(Everything, camelize=True) == shape_of(Everything, camelize=True)


@pytest.mark.parametrize(("field", "expected"), FIELDS, ids=lambda each: type(each).__name__)
def test_a_field_says_what_it_takes(field: s.Field[Any, Any, Any, Any], expected: Shape) -> None:
    """Each field of DRF's is described with its limits."""
    assert expected == field_of(field).shape


OF_THE_QUERYSET = "an object of the queryset"
FOREIGN_DATE = s.DateField(input_formats=["%d.%m.%Y"])
OPAQUE: list[tuple[s.Field[Any, Any, Any, Any], Shape, tuple[str, ...]]] = [
    (s.DecimalField(max_digits=5, decimal_places=None), TextForm(Decimal, "decimal"), ("max_digits",)),
    (s.DecimalField(max_digits=None, decimal_places=2), TextForm(Decimal, "decimal"), ("decimal_places",)),
    (s.DecimalField(max_digits=None, decimal_places=None), TextForm(Decimal, "decimal"), ()),
    (s.JSONField(binary=True), Text(), ("JSON in a string",)),
    (s.DictField(child=FOREIGN_DATE), MapOf(Text(), Text()), ("input_formats",)),
    (s.SlugRelatedField("username", queryset=User.objects.all()), Text(), (OF_THE_QUERYSET,)),
    (
        s.HyperlinkedRelatedField("user-detail", queryset=User.objects.all()),
        Text(format="uri-reference"),
        (OF_THE_QUERYSET,),
    ),
    (
        s.PrimaryKeyRelatedField(queryset=User.objects.all(), pk_field=FOREIGN_DATE),
        Text(),
        (OF_THE_QUERYSET, "input_formats"),
    ),
]


@pytest.mark.parametrize(("field", "shape", "opaque"), OPAQUE, ids=lambda each: type(each).__name__)
def test_a_field_names_what_its_shape_cannot_say(
    field: s.Field[Any, Any, Any, Any], shape: Shape, opaque: tuple[str, ...]
) -> None:
    """What only Django or the database knows stands beside the shape, by name."""
    found = field_of(field)

    assert (shape, opaque) == (found.shape, found.opaque)


VALIDATORS: list[tuple[s.Field[Any, Any, Any, Any], Shape]] = [
    (s.CharField(validators=[v.RegexValidator("a", inverse_match=True)]), PLAIN),
    (s.CharField(validators=[v.MinValueValidator("b")]), PLAIN),
    (s.IntegerField(validators=[v.MinValueValidator(lambda: 1)]), Integer()),
    (s.IntegerField(validators=[v.StepValueValidator(2)]), Integer()),
    (s.BooleanField(validators=[v.MinLengthValidator(2)]), Boolean()),
    (s.BooleanField(validators=[v.MaxValueValidator(2)]), Boolean()),
]


@pytest.mark.parametrize(("field", "expected"), VALIDATORS)
def test_a_validator_that_says_more_than_a_shape_is_kept(field: s.Field[Any, Any, Any, Any], expected: Shape) -> None:
    """A validator narrows the shape only where a shape can say what it says; elsewhere it stands beside it."""
    found = field_of(field)

    assert (expected, (field.validators[0],)) == (found.shape, found.opaque)


class TestSerializer:
    def test_a_serializer_is_a_record_of_what_a_client_writes(self) -> None:
        """Read-only and hidden fields are left out, and named as ignored."""
        line = record_of(Line)

        assert (RecordKind.SERIALIZER, Line, Line) == (line.kind, line.type, line.cls)
        names = [(field.name, field.wire_name, field.keyword) for field in line.fields]
        assert [("text", "text", "text"), ("tone", "tone", "tone")] == names
        assert ("at", "who") == line.ignored
        assert () == line.opaque

    def test_a_field_says_whether_it_must_be_there(self) -> None:
        """A default makes a field optional; ``help_text`` describes it."""
        text, tone = record_of(Line).fields

        assert (True, ABSENT, "What is said.") == (text.required, text.default, text.description)
        assert (False, "low", "") == (tone.required, tone.default, tone.description)

    def test_a_default_that_is_made_is_a_factory(self) -> None:
        """A callable default is called for each object, so it is not the default itself."""
        assert Factory(date.today) == field_of(s.DateField(default=date.today)).default

    def test_serializers_nest(self) -> None:
        """A nested serializer is a record, many of it an array, itself a reference."""
        lines, first, sequels = record_of(Book).fields

        assert ArrayOf(list, record_of(Line), 1, 3) == lines.shape
        assert OneOf((record_of(Line), Null())) == first.shape
        assert ArrayOf(list, Reference(Book)) == sequels.shape

    def test_a_list_of_a_serializer_has_its_limits(self) -> None:
        """``min_length`` and ``max_length`` of many records are the array's, and one that may not be empty has one."""
        line = record_of(Line)

        assert ArrayOf(list, line, 2, 3) == field_of(Line(many=True, min_length=2, max_length=3)).shape
        assert ArrayOf(list, line, 2) == field_of(Line(many=True, min_length=2, allow_empty=False)).shape
        assert ArrayOf(list, line, 1) == field_of(Line(many=True, min_length=0, allow_empty=False)).shape

    def test_a_list_serializer_of_fields_is_an_array(self) -> None:
        """What an item's shape cannot say is nobody's in a list serializer."""
        assert ArrayOf(list, field_of(s.EmailField()).shape) == field_of(s.ListSerializer(child=s.EmailField())).shape

    def test_methods_that_have_a_say_are_named(self) -> None:
        """``validate`` and ``validate_<field>`` are code: no shape says what they refuse."""
        book = record_of(Book)

        assert ("validate",) == book.opaque
        assert [(), ("validate_first",), ()] == [field.opaque for field in book.fields]

    def test_a_model_serializer_is_described_by_its_model(self) -> None:
        """Limits come from the model's columns; what only the database knows is named."""
        name, permissions = record_of(GroupSerializer).fields

        assert Text(1, 150, trimmed=True, without="\0") == name.shape
        assert ["UniqueValidator"] == [type(each).__name__ for each in name.opaque]
        assert ArrayOf(list, Integer()) == permissions.shape
        assert ("an object of the queryset",) == permissions.opaque
        assert ("id",) == record_of(GroupSerializer).ignored

    def test_validators_of_the_whole_are_named(self) -> None:
        """A validator of several fields stands at the record."""

        class Pair(s.Serializer[Any]):
            a = s.CharField()

            class Meta:
                validators = [UniqueTogetherValidator(User.objects.all(), ["username"])]

        assert ("UniqueTogetherValidator",) == record_of(Pair).opaque


class Reading(s.ListSerializer[Any]):
    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(data)[:1]


class Checking(s.ListSerializer[Any]):
    def validate(self, attrs: Any) -> Any:
        return attrs


class TestWhatCannotBeDescribed:
    @pytest.mark.parametrize("cls", [Reading, Checking])
    def test_a_list_of_ones_own_is_anything_by_name(self, cls: type[s.ListSerializer[Any]]) -> None:
        """A list serializer that reads or validates in its own way takes whatever it takes."""
        assert Anything(cls.__qualname__) == field_of(cls(child=Line())).shape

    def test_a_field_of_ones_own_is_anything_by_name(self) -> None:
        """A field class that reads in its own way takes whatever it takes."""
        assert Anything("Colour") == field_of(Colour()).shape
        assert ArrayOf(list, Anything("Colour")) == field_of(s.ListField(child=Colour())).shape

    def test_a_field_that_reads_as_its_base_is_described(self) -> None:
        """Only what reads the client's data matters."""
        assert PLAIN == field_of(Quiet()).shape

    def test_opaque_validators_are_kept(self) -> None:
        """A validator that no shape can say stands at its field, that of an item at the field of the list."""
        email = field_of(s.EmailField())
        emails = field_of(s.ListField(child=s.EmailField()))

        assert [EmailValidator] == [type(each) for each in email.opaque]
        assert [EmailValidator] == [type(each) for each in emails.opaque]

    def test_formats_of_ones_own_make_a_date_a_text(self) -> None:
        """A date that is not written in ISO 8601 is described as a text, with the reason."""
        found = field_of(s.DateField(input_formats=["%d.%m.%Y"]))

        assert (Text(), ("input_formats",)) == (found.shape, found.opaque)

    def test_a_serializer_without_fields_is_anything_by_name(self) -> None:
        """A ``BaseSerializer`` has no fields to describe."""

        class Whole(s.BaseSerializer[Any]):
            pass

        assert Anything(Whole.__qualname__) == shape_of(Whole)

    def test_a_serializer_that_needs_a_request_is_anything_by_name(self) -> None:
        """Fields that depend on the request are not known without one."""

        class Asking(s.Serializer[Any]):
            def get_fields(self) -> dict[str, Any]:
                return {} if self.context["request"].user else super().get_fields()

        class AskingAtOnce(s.Serializer[Any]):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self.user = self.context["request"].user

        assert Anything(Asking.__qualname__) == shape_of(Asking)
        assert Anything(AskingAtOnce.__qualname__) == shape_of(AskingAtOnce)

    def test_a_serializer_that_looks_for_a_request_is_described_without_one(self) -> None:
        """A context is there, with nothing in it."""

        class Glancing(Line):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self.is_asked = "request" in kwargs["context"]

        assert record_of(Line).fields == record_of(Glancing).fields


@message("shapes.loose")
class Loose:
    text: str = ""


@message("shapes.strict")
class Strict:
    text: str
    more: str = ""


class Optional(s.Serializer[Any]):
    text = s.CharField(required=False)


def by_default(payload: Any, default: Any = None) -> Any:
    """Make a handler that takes ``payload``, or else ``default``."""

    async def handler(self: Any, payload: Any = default) -> None: ...

    handler.__annotations__["payload"] = payload
    return handler


def taking(payload: Any) -> Any:
    """Make a handler that takes ``payload``."""

    async def handler(self: Any, payload: Any) -> None: ...

    handler.__annotations__["payload"] = payload
    return handler


async def bare(self: Any) -> None: ...


@pytest.mark.parametrize(
    "handler",
    [
        bare,
        *(taking(kind) for kind in (Loose, Strict, Optional, Line, list[int], str | None, Any)),
        *(by_default(kind) for kind in (Loose | None, Strict | None, list[int] | None, Optional)),
    ],
)
async def test_a_call_may_lack_its_payload_where_one_without_is_taken(handler: Any) -> None:
    """What documents, clients and strategies are told is what a connection does."""
    desk = variant(act=on("act")(handler))
    route = desk.routes["act"]
    payload = None if route.payload is None else shape_of(route.payload)
    async with WebsocketCommunicator(desk.as_asgi(), "/") as socket:
        answer = await socket.call("act")

    assert may_lack_payload(route, payload) is (answer.code is None)
    assert answer.code in {None, "invalid"}
