"""A small zoo of DRF serializers, each with JSON that it takes as it is."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen
from django.contrib.auth.models import User
from hypothesis import strategies as st
from rest_framework import serializers as s

from tests.laws.zoo import dates, durations, floats, instants, integers, json_values, objects, times, uuids

words = st.text("abcde", min_size=1, max_size=5)


class Scalars(s.Serializer[Any]):
    flag = s.BooleanField(required=False)
    count = s.IntegerField(min_value=-5, max_value=5, required=False)
    ratio = s.FloatField(min_value=0, required=False)
    price = s.DecimalField(max_digits=4, decimal_places=2, required=False)
    share = s.DecimalField(max_digits=2, decimal_places=2, required=False)
    exact = s.DecimalField(max_digits=None, decimal_places=None, required=False)
    key = s.UUIDField(required=False, allow_null=True)


class Texts(s.Serializer[Any]):
    plain = s.CharField(required=False)
    short = s.CharField(min_length=2, max_length=4, required=False)
    blank = s.CharField(allow_blank=True, min_length=3, required=False)
    raw = s.CharField(trim_whitespace=False, required=False, allow_null=True)
    slug = s.SlugField(required=False)
    word = s.RegexField(r"^[a-z]+$", required=False)
    email = s.EmailField(required=False)
    site = s.URLField(required=False)
    host = s.IPAddressField(protocol="ipv4", required=False)


class Moments(s.Serializer[Any]):
    at = s.DateTimeField(required=False)
    day = s.DateField(required=False)
    hour = s.TimeField(required=False)
    span = s.DurationField(required=False)


class Choices(s.Serializer[Any]):
    tone = s.ChoiceField(["loud", "low"], default="low")
    level = s.ChoiceField([(1, "one"), (2, "two")], allow_null=True, required=False)
    tags = s.MultipleChoiceField(choices=["a", "b"], allow_empty=False, required=False)


class Containers(s.Serializer[Any]):
    numbers = s.ListField(child=s.IntegerField(allow_null=True), min_length=1, max_length=3, required=False)
    anything = s.ListField(required=False)
    scores = s.DictField(child=s.IntegerField(), allow_empty=False, required=False)
    data = s.JSONField(required=False)
    maybe = s.JSONField(required=False, allow_null=True)


class Line(s.Serializer[Any]):
    text = s.CharField(max_length=5)
    id = s.IntegerField(read_only=True)
    who = s.HiddenField(default="me")


class Book(s.Serializer[Any]):
    title = s.CharField()
    lines = Line(many=True, allow_empty=False, required=False)
    first = Line(required=False, allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "sequels": Book(many=True, required=False, max_length=2)}


class Upper(s.CharField):
    def to_internal_value(self, data: Any) -> Any:
        if data != str(data).upper():
            raise s.ValidationError("Not in capitals.")
        return super().to_internal_value(data)


class Own(s.Serializer[Any]):
    """What only its own code knows."""

    shout = Upper(required=False)
    even = s.IntegerField(required=False)
    low = s.IntegerField(default=0)
    high = s.IntegerField(default=9)
    user = s.PrimaryKeyRelatedField(queryset=User.objects.none(), required=False)

    def validate_even(self, value: int) -> int:
        if value % 2:
            raise s.ValidationError("Not even.")
        return value

    def validate(self, attrs: Any) -> Any:
        if attrs["low"] > attrs["high"]:
            raise s.ValidationError("Low is above high.")
        return attrs


class Account(s.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "first_name", "email", "is_active", "last_login"]


@frozen
class Specimen:
    """A serializer class and JSON that it takes as it is."""

    type: Any
    right: st.SearchStrategy[Any] = field(repr=False)

    @property
    def name(self) -> str:
        return self.type.__name__


lines = objects({"text": words}, {"id": json_values, "who": json_values})
books = st.deferred(
    lambda: objects(
        {"title": words},
        {
            "lines": st.lists(lines, min_size=1, max_size=2),
            "first": st.none() | lines,
            "sequels": st.lists(books, max_size=1),
        },
    )
)

SERIALIZERS = [
    Specimen(
        Scalars,
        objects(
            {},
            {
                "flag": st.booleans(),
                "count": st.integers(-5, 5),
                "ratio": st.floats(0, 1e9),
                "price": st.sampled_from(["0", "9.99", "-12.5", "12.00", "0.05", "-0"]),
                "share": st.sampled_from(["0.5", "0.05", "-0.99"]),
                "exact": st.sampled_from(["1", "-2.500", "123456789.123456789"]),
                "key": st.none() | uuids,
            },
        ),
    ),
    Specimen(
        Texts,
        objects(
            {},
            {
                "plain": words,
                "short": st.text("abc", min_size=2, max_size=4),
                "blank": st.just("") | st.text("abc", min_size=3, max_size=5),
                "raw": st.none() | st.just(" ") | words,
                "slug": st.sampled_from(["a", "a-b_C-9"]),
                "word": words,
                "email": st.sampled_from(["a@example.com"]),
                "site": st.sampled_from(["https://example.com/x?y=z"]),
                "host": st.sampled_from(["127.0.0.1"]),
            },
        ),
    ),
    Specimen(Moments, objects({}, {"at": instants, "day": dates, "hour": times, "span": durations})),
    Specimen(
        Choices,
        objects(
            {},
            {
                "tone": st.sampled_from(["loud", "low"]),
                "level": st.sampled_from([1, 2, None]),
                "tags": st.lists(st.sampled_from("ab"), min_size=1, max_size=3),
            },
        ),
    ),
    Specimen(
        Containers,
        objects(
            {},
            {
                "numbers": st.lists(st.none() | integers, min_size=1, max_size=3),
                "anything": st.lists(json_values, max_size=3),
                "scores": st.dictionaries(words, integers, min_size=1, max_size=3),
                "data": json_values.filter(lambda value: value is not None),
                "maybe": json_values,
            },
        ),
    ),
    Specimen(Book, books),
    Specimen(
        Own,
        objects(
            {},
            {"shout": st.sampled_from(["A", "HO"]), "even": st.just(2), "low": st.just(1), "high": st.just(5)},
        ),
    ),
    Specimen(
        Account,
        objects({}, {"first_name": words, "email": st.just("a@example.com"), "is_active": st.booleans(), "id": floats}),
    ),
]
"""Every serializer of the zoo."""
