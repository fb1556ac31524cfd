"""The strict codec: what it reads, what it refuses and in which words, what it writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, TypedDict
from uuid import UUID

import attrs
import pytest
from attrs import field
from attrs import validators as v
from hypothesis import example, given
from hypothesis import strategies as st
from typing_extensions import TypeAliasType

from tests.laws.zoo import Aliased, Circle, Dot, Everything, Level, Limits, Movie, Node, NumberPage, Odd, Page, Square
from wsdrf.codec import Codec
from wsdrf.codec.wrong import bounded
from wsdrf.envelope import ABSENT, FieldError
from wsdrf.exceptions import DeclarationError, InvalidCall

CODEC = Codec()
CANARY = "c4n4ry"


def errors_of(tp: Any, payload: Any, codec: Codec = CODEC) -> set[tuple[str, str]]:
    """Structure what is wrong; give its errors as ``loc`` below the payload, dotted, and code."""
    with pytest.raises(InvalidCall) as caught:
        codec.structurer(tp)(payload)
    return {(".".join(map(str, error.loc[1:])), error.code) for error in caught.value.failure.errors}


@attrs.frozen
class Inner:
    text: str = field(validator=v.min_len(2))


@attrs.frozen
class Outer:
    inner: Inner
    items: list[Inner] = field(factory=list)
    by_name: dict[str, Inner] = field(factory=dict)
    pair: tuple[int, Inner] | None = None
    either: Circle | Square | Dot | None = None


@attrs.frozen
class Worded:
    text: str = field(default="ab", validator=v.min_len(2))
    data: bytes = field(default=b"a", validator=v.min_len(1))
    items: list[int] = field(factory=lambda: [1], validator=[v.min_len(1), v.max_len(2)])
    more: int = field(default=1, validator=v.gt(0))
    most: int = field(default=1, validator=v.le(1))
    less: int = field(default=0, validator=v.lt(1))
    day: date = field(default=date(2026, 1, 1), validator=v.in_([date(2026, 1, 1)]))
    pattern: str = field(default="a", validator=v.matches_re("[a-z]"))
    number: Any = field(default=1, validator=v.instance_of(int))
    each: list[str] = field(factory=list, validator=v.deep_iterable(v.min_len(2)))
    own: int = field(default=0)

    @own.validator
    def _is_nothing(self, attribute: Any, value: int) -> None:
        if value:
            raise ValueError(value)


class Tone(Enum):
    LOW = "l"
    HIGH = "h"


@attrs.frozen
class Deep:
    """Validators within collections, where a shape cannot say them and where it can."""

    names: frozenset[str] = field(factory=frozenset, validator=v.deep_iterable(v.max_len(1), v.max_len(2)))
    tones: dict[Tone, int] = field(factory=dict, validator=v.deep_mapping(v.in_(Tone), v.ge(0), v.max_len(1)))
    anything: Any = field(factory=list, validator=v.deep_iterable(v.instance_of(int)))
    mapping: Any = field(factory=dict, validator=v.deep_mapping(v.instance_of(str), v.instance_of(int)))


@attrs.frozen
class Agenda:
    notes: dict[datetime, int] = field(validator=v.deep_mapping(v.instance_of(datetime), v.ge(1)))
    files: dict[bytes, int] = field(factory=dict, validator=v.deep_mapping(v.max_len(1), v.ge(1)))


def test_place_within_a_mapping_is_the_key_as_it_was_sent() -> None:
    """A validator's complaint about an entry names its key as the client wrote it, not as Python prints it."""
    payload = {"notes": {"2026-01-01T00:00:00.000Z": 0}, "files": {"AAA=": 1}}

    assert {("notes.2026-01-01T00:00:00.000Z", "too_small"), ("files.AAA=", "too_long")} == errors_of(Agenda, payload)


class TestCodes:
    @pytest.mark.parametrize(
        ("tp", "payload", "expected"),
        [
            (Movie, {}, {("title", "required")}),
            (Movie, {"title": "x", "years": 1}, {("years", "unknown")}),
            (Movie, {"title": None}, {("title", "null")}),
            (Movie, {"title": 1, "year": "1"}, {("title", "wrong_type"), ("year", "wrong_type")}),
            (Movie, [], {("", "wrong_type")}),
            (Movie, None, {("", "null")}),
            (int, True, {("", "wrong_type")}),
            (int, 1.0, {("", "wrong_type")}),
            (int, "1", {("", "wrong_type")}),
            (str, 1, {("", "wrong_type")}),
            (bool, 1, {("", "wrong_type")}),
            (bool, "true", {("", "wrong_type")}),
            (float, "1.5", {("", "wrong_type")}),
            (float, True, {("", "wrong_type")}),
            (float, 2**53 + 1, {("", "invalid")}),
            (None, 0, {("", "wrong_type")}),
            (list[int], "123", {("", "wrong_type")}),
            (list[int], {"0": 1}, {("", "wrong_type")}),
            (list[int], [1, "2", 3, None], {("1", "wrong_type"), ("3", "null")}),
            (tuple[int, str], [1], {("", "too_short")}),
            (tuple[int, str], [1, "a", 2], {("", "too_long")}),
            (tuple[int, str], ["a", 1], {("0", "wrong_type"), ("1", "wrong_type")}),
            (set[int], [1, 2, 1], {("", "invalid")}),
            (dict[str, int], [["a", 1]], {("", "wrong_type")}),
            (dict[str, int], {"a": "b"}, {("a", "wrong_type")}),
            (dict[int, int], {"01": 1}, {("01", "invalid")}),
            (dict[int, int], {"9223372036854775808": 1}, {("9223372036854775808", "invalid")}),
            (dict[int, int], {"\u0663": 1}, {("\u0663", "invalid")}),
            (dict[date, int], {"2026-1-1": 1}, {("2026-1-1", "invalid")}),
            (dict[Literal["x"], int], {"y": 1}, {("y", "choice")}),
            (Level, 3, {("", "choice")}),
            (Level, True, {("", "wrong_type")}),
            (Level, 1.0, {("", "wrong_type")}),
            (Level, "LOW", {("", "wrong_type")}),
            (Odd, 1, {("", "choice")}),
            (Literal[1], True, {("", "wrong_type")}),
            (Literal[True], 1, {("", "wrong_type")}),
            (Literal["a", "b"], "c", {("", "choice")}),
            (Literal["a"], None, {("", "null")}),
            (int | None, "x", {("", "wrong_type")}),
            (int | str, None, {("", "null")}),
            (Circle | Square, {"radius": 1.0}, {("kind", "required")}),
            (Circle | Square, {"kind": "dot"}, {("kind", "choice")}),
            (Circle | Square, {"kind": 1}, {("kind", "wrong_type")}),
            (Circle | Square, {"kind": []}, {("kind", "wrong_type")}),
            (Circle | Square, {"kind": None}, {("kind", "null")}),
            (Circle | Square, {"kind": "circle"}, {("radius", "required")}),
            (Circle | Square, 1, {("", "wrong_type")}),
            (Limits, {"text": "a"}, {("text", "too_short")}),
            (Limits, {"text": "abcde"}, {("text", "too_long")}),
            (Limits, {"text": "ab1"}, {("text", "pattern")}),
            (Limits, {"number": 0}, {("number", "too_small")}),
            (Limits, {"number": 10}, {("number", "too_large")}),
            (Limits, {"ratio": 0.0}, {("ratio", "too_small")}),
            (Limits, {"ratio": 1.5}, {("ratio", "too_large")}),
            (Limits, {"maybe": -1}, {("maybe", "too_small")}),
            (Limits, {"kind": "c"}, {("kind", "choice")}),
            (Limits, {"tags": ["a", "b", "c"]}, {("tags", "too_long")}),
            (Limits, {"tags": ["a", "bbbb"]}, {("tags.1", "too_long")}),
            (Limits, {"tags": ["bbbb", "a"]}, {("tags.0", "too_long")}),
            (Limits, {"tags": ["bbbb", "cccc"]}, {("tags.0", "too_long"), ("tags.1", "too_long")}),
            (Limits, {"tags": ["a", "bbbb", "c"]}, {("tags", "too_long")}),
            (Limits, {"scores": {"": 1}}, {("scores.", "too_short")}),
            (Limits, {"scores": {"": 1, "b": -1}}, {("scores.", "too_short"), ("scores.b", "too_small")}),
            (Limits, {"scores": {"a": -1, "": 1}}, {("scores.a", "too_small"), ("scores.", "too_short")}),
            (Deep, {"names": ["a", "bb", "cc"]}, {("names", "too_long")}),
            (Deep, {"names": ["a", "bb"]}, {("names", "too_long")}),
            (Deep, {"tones": {"l": -1}}, {("tones.l", "too_small")}),
            (Deep, {"tones": {"l": -1, "h": 1}}, {("tones", "too_long")}),
            (Deep, {"anything": 5}, {("", "invalid")}),
            (Deep, {"anything": ["a"]}, {("anything.0", "wrong_type")}),
            (Deep, {"mapping": 5}, {("", "invalid")}),
            (Deep, {"mapping": {"a": "b"}}, {("mapping.a", "wrong_type")}),
            (
                Deep,
                {"mapping": {str(n): "b" for n in range(12)}},
                {(f"mapping.{n}", "wrong_type") for n in range(10)},
            ),
            (Limits, {"scores": {"a": -1}}, {("scores.a", "too_small")}),
            (Limits, {"even": 3}, {("even", "invalid")}),
            (Limits, {"number": 0, "even": 3, "text": ""}, {("number", "too_small"), ("even", "invalid"), ("text", "too_short")}),
            (Limits, {"number": 0, "text": 1}, {("number", "too_small"), ("text", "wrong_type")}),
            (Aliased, {"kind": "x"}, {("kind", "unknown"), ("type", "required")}),
            (Aliased, {"type": "x", "_secret": 1, "secret": 1}, {("_secret", "unknown"), ("secret", "unknown")}),
            (Aliased, {"type": "x", "computed": 1}, {("computed", "unknown")}),
            (NumberPage, {"items": ["a"], "total": None}, {("items.0", "wrong_type"), ("total", "null")}),
            (Node, {"name": "a", "next": {"name": "b", "children": [{}]}}, {("next.children.0.name", "required")}),
        ],
    )  # fmt: skip
    def test_each_mistake_has_its_place_and_code(self, tp: Any, payload: Any, expected: set[tuple[str, str]]) -> None:
        """Each mistake is reported at its loc with its code, several at once."""
        assert expected == errors_of(tp, payload)

    def test_nested_validators(self) -> None:
        """Validators of nested records report at their own place, wherever the record stands."""
        bad = {"text": "x"}
        payload = {
            "inner": bad,
            "items": [{"text": "ok"}, bad],
            "by_name": {"k": bad},
            "pair": [1, bad],
            "either": {"kind": "square", "side": "1"},
        }

        assert {
            ("inner.text", "too_short"),
            ("items.1.text", "too_short"),
            ("by_name.k.text", "too_short"),
            ("pair.1.text", "too_short"),
            ("either.side", "wrong_type"),
        } == errors_of(Outer, payload)

    @pytest.mark.parametrize(
        ("tp", "texts"),
        [
            (datetime, ["2026-01-31", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "2026-01-31T12:00:00z",
                        "2026-01-31t12:00:00Z", "2026-01-31T12:00Z", "2026-01-31T12:00:00.1Z", "2026-02-30T12:00:00Z",
                        "2026-01-31T24:00:00Z", "2026-01-31T12:00:60Z", "2026-01-31T12:00:00+24:00", "",
                        "2026-01-31T12:00:00+0200", "2026-01-31T12:00:00+02:60", "20260131T120000Z", "0000-01-01T00:00:00Z",
                        "2026-01-31T12:00:00Z\n", "\uff12026-01-31T12:00:00Z", "0001-01-01T00:00:00+01:00",
                        "9999-12-31T23:59:59-01:00", "2026-01-31T12:00:00.120+24:00"]),
            (date, ["2026-1-31", "20260131", "2026-W05-6", "2026-02-30", "2026-01-31T00:00:00Z", "", "\uff12026-01-31"]),
            (time, ["12:00", "12", "120000", "24:00:00", "12:00:00.1", "12:00:00.000000", "12:00:00+00:00", "12:00:00Z", ""]),
            (timedelta, ["", "P", "PT", "P1DT", "PT60M", "PT24H", "P0D", "PT1.50S", "-PT0S", "+PT1S", "P1W", "P1Y",
                         "PT1H0M", "1:00:00", "P9999999999D", "PT0.0000001S", "P1D ", "-P999999999DT1S", "p1d"]),
            (Decimal, ["", "NaN", "Infinity", "1e5", "1E+5", "+1", ".5", "5.", "01", "1_0", " 1", "\u0661", "1,5", "1\n"]),
            (UUID, ["", "x", "0" * 32, "{00000000-0000-0000-0000-000000000000}", "ABCDEF00-0000-0000-0000-000000000000",
                    "urn:uuid:00000000-0000-0000-0000-000000000000"]),
            (bytes, ["a", "YQ", "YR==", "Y Q==", "YQ==\n", "__8=", "YQ===", "é"]),
        ],
    )  # fmt: skip
    def test_texts_that_would_not_come_back(self, tp: Any, texts: list[str]) -> None:
        """A text that is none of its type, or not in its one form, is invalid; never converted."""
        for text in texts:
            assert {("", "invalid")} == errors_of(tp, text), text


class Numbered(TypedDict):
    kind: Literal[1]


class Lettered(TypedDict):
    kind: Literal["a"]


class TestErrors:
    def test_are_ten_at_most(self) -> None:
        """However much is wrong, an answer lists ten errors."""
        many = {f"k{number}": 1 for number in range(10_000)}
        for tp, payload in [(Movie, many), (list[int], ["x"] * 10_000), (dict[str, str], many), (Page[Movie], many),
                            (Deep, {"anything": ["x"] * 10_000}), (Deep, {"mapping": {**many, "k": "x"}})]:  # fmt: skip
            with pytest.raises(InvalidCall) as caught:
                CODEC.structurer(tp)(payload)
            assert 1 <= len(caught.value.failure.errors) <= 10

    def test_have_bounded_places(self) -> None:
        """A key that the client made long is cut."""
        with pytest.raises(InvalidCall) as caught:
            CODEC.structurer(dict[str, dict[str, int]])({"x" * 50_000: {"y" * 50_000: "z"}})

        assert len(CODEC.encode_failure(caught.value.failure)) < 600

    def test_never_hold_values(self) -> None:
        """No error holds what the client sent, nor what a validator says about it."""
        deep: Any = {"name": CANARY, "next": {"name": 5, "children": CANARY}}
        payloads: list[tuple[Any, Any]] = [
            (tp, CANARY) for tp in (int, float, bool, None, bytes, datetime, date, time, timedelta, Decimal, UUID,
                                    Level, Literal["a"], list[int], set[int], dict[str, int], Movie, Circle | Square)
        ]  # fmt: skip
        payloads += [(Node, deep), (Circle | Square, {"kind": CANARY}), (Limits, {"text": CANARY, "kind": CANARY})]
        payloads += [(Telltale, {"text": CANARY}), (TelltalePost, {"text": CANARY})]
        for tp, payload in payloads:
            with pytest.raises(InvalidCall) as caught:
                CODEC.structurer(tp)(payload)
            assert CANARY not in CODEC.encode_failure(caught.value.failure), tp

    def test_name_the_limit(self) -> None:
        """A detail names the limit that the schema declares."""
        with pytest.raises(InvalidCall) as caught:
            CODEC.structurer(Limits)({"number": 0, "text": "abcdefg", "tags": ["a"] * 3})

        assert {"Must be at least 1.", "Must have at most 4 characters.", "Must have at most 2 items."} == {
            error.detail for error in caught.value.failure.errors
        }

    @pytest.mark.parametrize(
        ("payload", "code", "detail"),
        [
            ({"text": "a"}, "too_short", "Must have at least 2 characters."),
            ({"data": ""}, "too_short", "Must have at least 1 byte."),
            ({"items": []}, "too_short", "Must have at least 1 item."),
            ({"items": [1, 2, 3]}, "too_long", "Must have at most 2 items."),
            ({"more": 0}, "too_small", "Must be greater than 0."),
            ({"most": 2}, "too_large", "Must be at most 1."),
            ({"less": 1}, "too_large", "Must be less than 1."),
            ({"day": "2026-01-02"}, "choice", "Not one of the allowed values."),
            ({"pattern": "A"}, "pattern", "Does not match the required pattern."),
            ({"number": "a"}, "wrong_type", "Not of the required type."),
            ({"each": ["a"]}, "too_short", "Must have at least 2 characters."),
            ({"own": 1}, "invalid", "Invalid value."),
        ],
    )
    def test_of_validators_have_their_words(self, payload: Any, code: str, detail: str) -> None:
        """What a validator of attrs refuses has its code, and a sentence with its limit; any other is invalid."""
        with pytest.raises(InvalidCall) as caught:
            CODEC.structurer(Worded)(payload)

        assert [(code, detail)] == [(error.code, error.detail) for error in caught.value.failure.errors]

    @pytest.mark.parametrize(
        ("tp", "payload", "detail"),
        [
            (None, 0, "Expected null."),
            (bool, 1, "Expected a boolean."),
            (float, "1", "Expected a number."),
            (float, 2**53 + 1, "Expected a number that a 64-bit float holds exactly."),
            (int, "1", "Expected an integer."),
            (str, 1, "Expected a string."),
            (UUID, 1, "Expected a string."),
            (UUID, None, "This field may not be null."),
            (UUID, "x", "Expected a UUID in lower case with hyphens."),
            (date, "20260131", "Expected a date, as in 2026-01-31."),
            (Literal["a", 1], 1.5, "Expected a string or an integer."),
            (Literal["a", 1], "b", "Not one of the allowed values."),
            (Circle | Square, 5, "Expected an object."),
            (Circle | Square, {"kind": 5}, "Expected a string."),
            (Circle | Square, {"kind": "x"}, "Not one of the allowed values."),
            (Circle | Square, {}, "This field is required."),
            (list[int], ABSENT, "This field is required."),
            (Movie, 5, "Expected an object."),
            (dict[str, int], 5, "Expected an object."),
            (list[int], 5, "Expected an array."),
            (dict[int, int], {"x": 1}, "Expected a key that is an integer."),
            (dict[Decimal, int], {"1.5": 1, "1.50": 2}, "Expected keys that all differ."),
            (set[int], [1, 1], "Expected items that all differ."),
            (tuple[int, int], 5, "Expected an array."),
            (tuple[int, int], None, "This field may not be null."),
            (tuple[int, int], [1], "Must have exactly 2 items."),
            (tuple[int], [1, 2], "Must have exactly 1 item."),
            (int, None, "This field may not be null."),
            (int | str, 1.5, "Expected an integer or a string."),
            (Literal[()], "x", "Expected nothing."),
            (Numbered | Lettered, {"kind": 1.5}, "Expected a string or an integer."),
        ],
    )
    def test_of_types_have_their_words(self, tp: Any, payload: Any, detail: str) -> None:
        """What is not of its type is told in a sentence that says what was expected."""
        with pytest.raises(InvalidCall) as caught:
            CODEC.structurer(tp)(payload)

        assert [detail] == [error.detail for error in caught.value.failure.errors]

    @given(st.lists(st.text(max_size=120) | st.integers(0, 10**6)))
    @example(["a" * 248, "b", "c"])
    @example(["a" * 249, "b"])
    def test_are_cut_where_their_place_gets_too_long(self, loc: list[str | int]) -> None:
        """256 characters of a place are told, each part whole but the last."""
        (error,) = bounded([FieldError(tuple(loc), "invalid", "x")], "payload")

        whole, *before, last = ["payload", *loc], *error.loc
        room = 256 - sum(len(str(part)) for part in before)
        original = whole[len(before)]
        assert whole[: len(before)] == before
        assert room > 0
        assert last == (original[:room] if isinstance(original, str) else original)
        assert len(error.loc) == len(whole) or len(str(last)) >= room

    @pytest.mark.parametrize(("tp", "payload"), [(dict[Decimal, int], {"1.5": 1, "1.50": 2}), (set[int], [1, 1])])
    def test_of_what_is_there_twice_are_invalid(self, tp: Any, payload: Any) -> None:
        """Keys and items that mean the same are told with a code of their own kind."""
        assert {("", "invalid")} == errors_of(tp, payload)

    def test_of_post_init_are_at_the_record(self) -> None:
        """What __post_init__ refuses is invalid at the record, in a list too."""
        with pytest.raises(InvalidCall) as caught:
            CODEC.structurer(list[TelltalePost])([{"text": "x"}, {"text": "y"}])

        expected = [FieldError(("payload", place), "invalid", "Invalid value.") for place in (0, 1)]
        assert expected == list(caught.value.failure.errors)

    def test_of_a_validator_that_sees_other_fields(self) -> None:
        """A validator may look at the other fields, converted and at their defaults."""
        assert {("end", "invalid")} == errors_of(Span, {"start": 5, "end": 4})
        assert {("end", "invalid")} == errors_of(Span, {"start": 1, "end": 0})
        assert Span(start=1, end=2) == CODEC.structurer(Span)({"start": 1, "end": 2})

    @pytest.mark.parametrize("tp", ["Foreign", "ForeignPost"])
    def test_of_other_kinds_come_through(self, tp: str) -> None:
        """An exception that is no verdict, such as a framework's ValidationError, comes through as it is."""
        with pytest.raises(ForeignError) as caught:
            CODEC.structurer(list[globals()[tp]])([{"text": "x"}])

        assert caught.value.__suppress_context__ or caught.value.__context__ is None

    def test_refused_with_only_foreign_trouble_last(self) -> None:
        """Wrong types are told before a validator of the user's own is asked."""
        assert {("text", "wrong_type")} == errors_of(Foreign, {"text": 1})

    @pytest.mark.parametrize("payload", [{"text": "x", "number": "x"}, {"text": "x"}])
    def test_of_a_field_are_told_before_a_validator_sees_the_others(self, payload: Any) -> None:
        """A validator of the user's own is not asked while another field is wrong, which it could look at."""
        assert {("number", "required" if len(payload) == 1 else "wrong_type")} == errors_of(Paired, payload)

    @pytest.mark.parametrize("name", ["plain", "of_self", "of_field", "of_both"])
    def test_of_limits_are_about_what_a_converter_made(self, name: str) -> None:
        """A limit holds for the converted value, whatever the converter asks for, and is told with its own code."""
        assert {(name, "too_small")} == errors_of(Converted, {name: 10})
        assert {(name, "too_large")} == errors_of(Converted, {name: 1000})


class ForeignError(Exception):
    pass


def _raise(error: Exception) -> None:
    raise error


@attrs.frozen
class Telltale:
    text: str = field(validator=lambda _, __, value: _raise(ValueError(value)))


@dataclass
class TelltalePost:
    text: str

    def __post_init__(self) -> None:
        raise ValueError(self.text)


@attrs.frozen
class Foreign:
    text: str = field(validator=lambda _, __, value: _raise(ForeignError(value)))


@dataclass
class ForeignPost:
    text: str

    def __post_init__(self) -> None:
        raise ForeignError(self.text)


@attrs.frozen
class Paired:
    text: str = field(validator=lambda _, __, value: _raise(ForeignError(value)))
    number: int


def _less_base(value: int, instance: Any) -> int:
    return value - instance.base  # type: ignore[no-any-return]


def _less_hundred(value: int, attribute: Any) -> int:
    return value - attribute.metadata["less"]  # type: ignore[no-any-return]


def _less_both(value: int, instance: Any, attribute: Any) -> int:
    return value - instance.base + 50 - attribute.metadata["less"]  # type: ignore[no-any-return]


_LIMITS: Any = [v.ge(0), v.lt(100)]


@attrs.frozen
class Converted:
    base: int = 100
    plain: int = field(default=100, converter=lambda value: value - 100, validator=_LIMITS)
    of_self: int = field(default=100, converter=attrs.Converter(_less_base, takes_self=True), validator=_LIMITS)
    of_field: int = field(
        default=100,
        converter=attrs.Converter(_less_hundred, takes_field=True),
        validator=_LIMITS,
        metadata={"less": 100},
    )
    of_both: int = field(
        default=100,
        converter=attrs.Converter(_less_both, takes_self=True, takes_field=True),
        validator=_LIMITS,
        metadata={"less": 50},
    )


@attrs.frozen
class Span:
    end: int = field()
    start: int = field(converter=lambda value: value + 0)
    step: list[int] = field(factory=lambda: [1])
    least: int = attrs.Factory(lambda self: self.start, takes_self=True)  # type: ignore[misc]

    @end.validator
    def _after_start(self, attribute: Any, value: int) -> None:
        if value < self.start + self.step[0] or self.least != self.start:
            raise ValueError(value)


@attrs.define
class Summed:
    first: int
    total: int = field(init=False)
    second: int = field()

    @second.validator
    def _beyond_first(self, attribute: Any, value: int) -> None:
        if self.second <= self.first:
            raise ValueError(value)

    def __attrs_post_init__(self) -> None:
        self.total = self.first + self.second


class TestStructure:
    def test_absent_payload(self) -> None:
        """A record's fields are missed one by one where there is no payload; anything else is required."""
        assert {("title", "required")} == errors_of(Movie, ABSENT)
        assert {("", "required")} == errors_of(list[int], ABSENT)
        assert {("", "required")} == errors_of(Any, ABSENT)
        with pytest.raises(InvalidCall) as refusal:
            CODEC.structurer(int)(ABSENT)
        assert [("payload",)] == [error.loc for error in refusal.value.failure.errors]
        assert Limits() == CODEC.structurer(Limits)(ABSENT)

    def test_a_validator_reads_fields_beside_one_that_is_made_later(self) -> None:
        """What ``__attrs_post_init__`` makes is not there yet when validators are asked; the fields after it are."""
        assert 3 == CODEC.structurer(Summed)({"first": 1, "second": 2}).total
        assert {("second", "invalid")} == errors_of(Summed, {"first": 2, "second": 1})

    def test_aliases_that_contain_themselves_stay_apart(self) -> None:
        """Each of two recursive aliases has its own items, read and written."""
        tp = tuple[Numbers, Words]  # type: ignore[valid-type]
        sent = [[1, [2]], ["a", ["b"]]]

        assert CODEC.unstructurer(tp)(CODEC.structurer(tp)(sent)) == sent
        assert {("1.1.0", "wrong_type")} == errors_of(tp, [[1], ["a", [1]]])

    def test_depth_is_no_danger(self) -> None:
        """A recursive type as deep as a frame may be is read, or refused in one pass."""
        payload: dict[str, Any] = {"name": 1}
        for _ in range(30):
            payload = {"name": "x", "next": payload}

        assert {(".".join(["next"] * 30 + ["name"]), "wrong_type")} == errors_of(Node, payload)

    def test_private_fields_have_their_default(self) -> None:
        """What no client can send is at its default, and is not sent either."""
        typed = CODEC.structurer(Aliased)({"type": "x"})

        assert Aliased(type="x") == typed
        assert {"type": "x"} == CODEC.unstructure(typed)


class Shaped(TypedDict):
    some_name: int


Nest = TypeAliasType("Nest", "list[Nest] | dict[str, Shaped]")
Numbers = TypeAliasType("Numbers", "int | list[Numbers]")
Words = TypeAliasType("Words", "str | list[Words]")


@attrs.frozen
class Colliding:
    user_id: int
    userId: int  # noqa: N815 - the collision


class TestCamelize:
    codec = Codec(camelize=True)

    def test_places_are_in_wire_names(self) -> None:
        """Errors speak of fields as the client writes them; the snake_case name is unknown."""
        assert {("userId", "required"), ("createdAt", "invalid"), ("user_id", "unknown")} == errors_of(
            Everything, {"user_id": 1, "createdAt": "x"}, self.codec
        )

    def test_user_data_is_not_touched(self) -> None:
        """Keys of a dict are data, under Any and by class too."""
        assert {"some_key": {"inner_key": 1}} == self.codec.unstructure({"some_key": {"inner_key": 1}})
        assert {"some_key": 1} == self.codec.structurer(dict[str, int])({"some_key": 1})

    def test_typed_dicts(self) -> None:
        """A TypedDict's keys are field names."""
        assert {"some_name": 1} == self.codec.structurer(Shaped)({"someName": 1})
        assert {"someName": 1} == self.codec.unstructurer(Shaped)({"some_name": 1})

    def test_fields_within_an_alias_that_contains_itself(self) -> None:
        """However deep a record stands in a recursive alias, its names are camelCase."""
        sent = [[{"far": {"someName": 1}}], {"near": {"someName": 2}}]
        typed = [[{"far": {"some_name": 1}}], {"near": {"some_name": 2}}]

        codec = Codec(camelize=True)  # which has not met the record yet
        assert typed == codec.structurer(Nest)(sent)
        assert sent == codec.unstructurer(Nest)(typed)

    def test_collisions_are_declaration_errors(self) -> None:
        """Two fields that would be one on the wire are told when the structurer is made."""
        with pytest.raises(DeclarationError, match=r"Colliding.user_id and Colliding.userId are both 'userId'"):
            self.codec.structurer(Colliding)
        assert Colliding(1, 2) == CODEC.structurer(Colliding)({"user_id": 1, "userId": 2})


@attrs.frozen
class Nothing:
    """A record of no fields."""


@pytest.mark.parametrize("payload", [[], "", 0, None, True])
def test_a_record_of_no_fields_is_an_object_all_the_same(payload: Any) -> None:
    """What has no keys because it is no object is refused."""
    assert {("", "null" if payload is None else "wrong_type")} == errors_of(Nothing, payload)


@pytest.mark.parametrize("kind", [str, int, bool])
def test_a_list_is_no_part_of_the_payload(kind: Any) -> None:
    """What a handler does to its list changes neither what guards saw nor what is sent later."""
    sent = [kind()]
    typed = CODEC.structurer(list[kind])(sent)
    typed.append(kind())
    written = CODEC.unstructurer(list[kind])(typed)
    typed.clear()

    assert ([kind()], [kind(), kind()]) == (sent, written)


@pytest.mark.parametrize("value", [["a", 1], [None], [b"a"], "ab", {"a": 1}, 1])
def test_a_list_of_text_holds_text(value: Any) -> None:
    """What is no collection of strings is not sent as one."""
    with pytest.raises(TypeError):
        CODEC.unstructurer(list[str])(value)
