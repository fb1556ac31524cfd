"""Values to plain JSON data: by annotation, by class, and instants as they were sent."""

from __future__ import annotations

import copy
import json
import pickle
import time as clock
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.utils.safestring import SafeString
from typing_extensions import TypedDict

from tests.laws.zoo import Circle, Dot, Movie, Page, Square
from wsdrf.codec import Codec
from wsdrf.codec.instants import WrittenZone
from wsdrf.messages import message

CODEC = Codec()


class TestInstants:
    @pytest.mark.parametrize(
        "text",
        [
            "2026-01-31T12:00:00Z",
            "2026-01-31T12:00:00.123456Z",
            "2026-01-31T12:00:00+02:00",
            "2026-01-31T12:00:00+05:30",
            "2026-01-31T12:00:00.000001-23:59",
        ],
    )
    def test_usual_writings_have_python_zones(self, text: str) -> None:
        """What Python itself would write has a plain datetime.timezone."""
        value = CODEC.structurer(datetime)(text)

        assert type(value.tzinfo) is timezone
        assert datetime.fromisoformat(text.replace("Z", "+00:00")) == value

    def test_z_is_utc(self) -> None:
        """Z is datetime.timezone.utc itself."""
        assert CODEC.structurer(datetime)("2026-01-31T12:00:00Z").tzinfo is timezone.utc

    @pytest.mark.parametrize(
        "text",
        ["2026-01-31T12:00:00.123Z", "2026-01-31T12:00:00.000Z", "2026-01-31T12:00:00+00:00", "2026-01-31T12:00:00-00:00",
         "2026-01-31T12:00:00.000000Z", "2026-01-31T12:00:00.120000+00:00", "2026-01-31T12:00:00.120+05:30"],
    )  # fmt: skip
    def test_unusual_writings_are_remembered(self, text: str) -> None:
        """JavaScript's milliseconds and +00:00 come back as sent, also from a copy and a pickle."""
        value = CODEC.structurer(datetime)(text)

        assert datetime.fromisoformat(text.replace("Z", "+00:00")) == value
        for same in (value, copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
            assert text == CODEC.unstructure(same)
            assert value == same
            assert hash(value) == hash(same)
            assert value.tzinfo == same.tzinfo

    def test_a_written_zone_computes_like_any_other(self) -> None:
        """Comparison, conversion and arithmetic do not see how it was written."""
        written = CODEC.structurer(datetime)("2026-01-31T12:00:00.000+02:00")
        usual = datetime(2026, 1, 31, 10, tzinfo=timezone.utc)

        assert usual == written
        assert hash(usual) == hash(written)
        assert usual == written.astimezone(timezone.utc)
        assert written == usual.astimezone(written.tzinfo)
        assert "2026-01-31T12:00:00.000+02:00" == CODEC.unstructure(usual.astimezone(written.tzinfo))
        assert "UTC+02:00" == written.tzname()
        assert "2026-01-31T12:00:00.000001+02:00" == CODEC.unstructure(written + timedelta(microseconds=1))
        assert WrittenZone("+02:00", 3) != WrittenZone("+02:00", 6)
        assert "WrittenZone('+02:00', 3)" == repr(written.tzinfo)
        assert written.dst() is None

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (datetime(2026, 1, 31, 12, tzinfo=timezone.utc), "2026-01-31T12:00:00Z"),
            (datetime(2026, 1, 31, 12, tzinfo=ZoneInfo("UTC")), "2026-01-31T12:00:00Z"),
            (datetime(2026, 1, 31, 12, tzinfo=ZoneInfo("Europe/Berlin")), "2026-01-31T12:00:00+01:00"),
            (datetime(2026, 7, 31, 12, tzinfo=ZoneInfo("Europe/Berlin")), "2026-07-31T12:00:00+02:00"),
            (datetime(1890, 1, 1, 12, tzinfo=ZoneInfo("Europe/Amsterdam")), "1890-01-01T11:42:30Z"),
            (datetime(2026, 1, 31, 12, 0, 0, 5, tzinfo=timezone.utc), "2026-01-31T12:00:00.000005Z"),
        ],
    )
    def test_the_servers_own(self, value: datetime, expected: str) -> None:
        """The server's instants are written as RFC 3339, UTC as Z."""
        written = CODEC.unstructure(value)

        assert CODEC.structurer(datetime)(written) == value
        if value.year > 1900:
            assert expected == written

    def test_the_zone_of_the_machine_is_not_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An offset that RFC 3339 cannot write becomes UTC, wherever the server stands."""
        odd = datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=1, seconds=30)))
        try:
            with monkeypatch.context() as machine:
                machine.setenv("TZ", "Asia/Tokyo")
                clock.tzset()
                assert "2026-01-31T10:59:30Z" == CODEC.unstructure(odd)
        finally:
            clock.tzset()

    def test_an_instant_beyond_the_years_says_so(self) -> None:
        """An instant that has no date in UTC is refused, with the reason."""
        late = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=1, seconds=30)))

        with pytest.raises(ValueError, match=r"^The datetime lies outside of the years 1 to 9999 in UTC\.$"):
            CODEC.unstructure(late)


NAIVE = datetime.fromisoformat("2026-01-31T00:00:00")
AWARE = "A naive datetime has no place in time. Make it aware, as with django.utils.timezone.now()."
AS_STR = "The int is beyond 64 bits, which no client is sure to read. Send it as a str."


def inherited(value: Any) -> Any:
    """Give ``value`` as one of a subclass, and what it holds too; ``str()`` and ``repr()`` of it say something else."""
    said = {name: lambda self: "something else" for name in ("__str__", "__repr__")}
    heir: Any = type("Heir", (type(value),), said)
    if isinstance(value, date):
        return heir(value.year, value.month, value.day)
    if isinstance(value, dict):
        return heir({inherited(key): inherited(item) for key, item in value.items()})
    return heir(map(inherited, value)) if isinstance(value, (list, tuple)) else heir(value)


class Rgb(str, Enum):
    RED = "red"


class Number(IntEnum):
    ONE = 1


@message("x.y")
class Sent:
    at: datetime
    cost: Decimal = Decimal("1E+2")
    kinds: frozenset[int] = frozenset({7})
    extra: Any = None


class Loud(Circle):
    pass


@message("x.leaf")
class NestedLeaf:
    kind: Literal["leaf"] = "leaf"
    leaf_size: int = 1


@message("x.twig")
class NestedTwig:
    kind: Literal["twig"] = "twig"
    next_part: NestedLeaf | NestedTwig | None = None


class Fork(TypedDict):
    node_kind: Literal["fork"]
    next_node: Fork | Tip | None


class Tip(TypedDict):
    node_kind: Literal["tip"]
    next_node: Fork | Tip | None


class Named(TypedDict):
    kind: Literal["named"]
    label: str


class Other(TypedDict):
    kind: Literal["other"]
    label: str
    more: int


class TestUnstructure:
    def test_a_message(self) -> None:
        """All fields are written, defaults too, each in its form."""
        now = datetime(2026, 1, 31, tzinfo=timezone.utc)
        expected = {"at": "2026-01-31T00:00:00Z", "cost": "100", "kinds": [7], "extra": {"k": ["1.5", "2026-01-31"]}}
        sent = Sent(at=now, extra={"k": [Decimal("1.5"), now.date()]})

        assert expected == CODEC.unstructure(sent)
        assert expected == CODEC.unstructurer(Sent)(sent)
        assert expected == CODEC.unstructurer()(sent)

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (None, None), (True, True), (5, 5), (1.5, 1.5), ("x", "x"), (b"a", "YQ=="), (Rgb.RED, "red"), (Number.ONE, 1),
            (time(1, 2, 3), "01:02:03"), (timedelta(hours=-1), "-PT1H"), (timedelta(0), "PT0S"),
            (UUID(int=1), "00000000-0000-0000-0000-000000000001"), ((1, (2,)), [1, [2]]), ({1}, [1]),
            ({1: 2, date(2026, 1, 31): Rgb.RED}, {"1": 2, "2026-01-31": "red"}), (Page([1], None), {"items": [1], "following": None}),
            ([Circle(1.0), {"x": Square("rect", 2)}], [{"radius": 1.0, "kind": "circle"}, {"x": {"kind": "rect", "side": 2}}]),
        ],
    )  # fmt: skip
    def test_by_class(self, value: Any, expected: Any) -> None:
        """Without an annotation a value is written by its class."""
        assert json.dumps(expected) == json.dumps(CODEC.unstructure(value))

    @pytest.mark.parametrize(
        ("tp", "value"),
        [
            (str, "x"), (int, 5), (float, 1.5), (float, 2), (list[int], [1]), (dict[str, int], {"a": 1}),
            (dict[int, int], {1: 2}), (list[str], ["a", "b"]), (tuple[str, ...], ("a",)), (str | int, "x"),
            (date, date(2026, 1, 31)), (Literal["a"] | list[str], ["b"]),
        ],
    )  # fmt: skip
    def test_subclasses(self, tp: Any, value: Any) -> None:
        """Values of subclasses are written as those of known classes are, themselves and within others."""
        for written, made in [
            (CODEC.unstructurer(tp), inherited(value)),
            (CODEC.unstructurer(Any), inherited(value)),
            (CODEC.unstructure, inherited(value)),
        ]:
            assert CODEC.encode_frame("a", written(value)) == CODEC.encode_reply("a", written(made))

    def test_a_safe_string_travels(self) -> None:
        """What Django's templates call safe is a text like any other."""
        for tp, value in [
            (str, SafeString("<b>")),
            (list[str], ["a", SafeString("<b>")]),
            (Any, {"x": SafeString("<b>")}),
        ]:
            assert "<b>" in CODEC.encode_reply("a", CODEC.unstructurer(tp)(value))

    @pytest.mark.parametrize(
        ("tp", "value", "sentence"),
        [
            (datetime, NAIVE, AWARE), (Any, NAIVE, AWARE), (datetime, "x", "Expected a datetime, got str."),
            (time, time(1, tzinfo=timezone.utc), "A time with a time zone has no meaning without its date. Send a datetime."),
            (float, float("nan"), "NaN and infinities are not JSON. Send None instead."),
            (Any, float("inf"), "NaN and infinities are not JSON. Send None instead."),
            (int, 2**63, AS_STR), (Any, [-(2**63) - 1], AS_STR), (float, 2**70, AS_STR),
            (Decimal, Decimal("NaN"), "A Decimal that is not finite cannot travel. Send None, or a text of your own."),
            (str, None, "Expected a str, got NoneType."), (str, 5, "Expected a str, got int."),
            (list[str], ["a", 5], "Expected a str, got int."), (int, "5", "Expected an int, got str."),
            (int, True, "Expected an int, got bool."), (bool, 1, "Expected a bool, got int."),
            (float, "1", "Expected an int, got str."), (list[None], [0], "Expected None, got int."),
            (list[int], "ab", "Expected a collection, got str."), (list[int], 5, "Expected a collection, got int."),
            (list[str], {"a": 1}, "Expected a collection, got dict."), (dict[str, int], [1], "Expected a mapping, got list."),
            (dict[str, Any], {None: 1}, "Expected a str, got NoneType."), (dict[int, int], {"1": 2}, "Expected an int, got str."),
            (Any, {(1, 2): 3}, "A value of class tuple cannot be a key in JSON."), (Any, {None: 3}, "A value of class NoneType cannot be a key in JSON."),
            (Rgb, "red", "The str is not one of the allowed values."),
            (Literal["a"], "b", "The str is not one of the allowed values."),
            (tuple[int, str], (1,), "Expected a tuple of 2 items."), (int | None, "x", "A value of class str is no member of the union."),
            (Circle | Dot, {"kind": "x"}, "The value has the tag of no member of the union."),
            (Circle | Dot, 5, "A value of class int is no member of the union."), (date, "x", "Expected a date, got str."),
            (Movie, {}, "The value does not have the keys of Movie."),
            (Movie, {"title": "x", "other": 1}, "The value does not have the keys of Movie."),
            (Movie, Circle(1.0), "The value does not have the keys of Movie."),
            (Any, object(), "A value of class object cannot travel as JSON. Make it a message, or plain data."),
            (Circle | Square, Dot(kind="dot"), "The value has the tag of no member of the union."),
        ],
    )  # fmt: skip
    def test_mistakes_of_the_server_say_what_to_do(self, tp: Any, value: Any, sentence: str) -> None:
        """What is no JSON, or not what the annotation says, is a ValueError or TypeError that names the class."""
        with pytest.raises((ValueError, TypeError)) as caught:
            CODEC.unstructurer(tp)(value)

        assert sentence == str(caught.value)

    def test_a_tuple_is_as_long_as_its_annotation(self) -> None:
        """Each item of a tuple is written by its own annotation; a list of that length will do, and no other."""
        write = CODEC.unstructurer(tuple[int, date])

        assert [1, "2026-01-31"] == write((1, date(2026, 1, 31))) == write([1, date(2026, 1, 31)])
        for wrong in ((1,), (1, date(2026, 1, 31), 2), {1: 2, 3: 4}, "ab"):
            with pytest.raises(TypeError, match=r"^Expected a tuple of 2 items\.$"):
                write(wrong)

    def test_choices_are_written_as_a_client_may_send_them(self) -> None:
        """A member of an enumeration is written by its value; what is none of the choices is refused by its class."""
        assert "red" == CODEC.unstructurer(Rgb)(Rgb.RED)
        assert ["a", 1] == [CODEC.unstructurer(Literal["a", 1])(value) for value in ("a", 1)]
        for tp, wrong, cls in [(Rgb, "red", "str"), (Literal["a", 1], True, "bool"), (Literal["a"], [], "list")]:
            with pytest.raises(ValueError, match=rf"^The {cls} is not one of the allowed values\.$"):
                CODEC.unstructurer(tp)(wrong)

    def test_keys_are_written_as_texts(self) -> None:
        """A key that is an integer or has a form of text is written as the client sends it; a key is a string."""
        assert {"1": 2} == CODEC.unstructurer(dict[int, int])({1: 2})
        assert {"2026-01-31": 2} == CODEC.unstructurer(dict[date, int])({date(2026, 1, 31): 2})
        with pytest.raises(TypeError):
            CODEC.unstructurer(dict[int, int])({"1": 2})

    def test_a_typed_dict_has_the_keys_of_its_annotation(self) -> None:
        """What is required must be there, what is not may be, and nothing else is written."""
        write = CODEC.unstructurer(Movie)

        assert [{"title": "x"}, {"title": "x", "year": 5}] == [write({"title": "x"}), write({"title": "x", "year": 5})]
        for wrong in ({}, {"year": 5}, {"title": "x", "other": 1}, ["title"], None):
            with pytest.raises(TypeError, match=r"^The value does not have the keys of Movie\.$"):
                write(wrong)

    def test_a_list_of_texts_holds_texts(self) -> None:
        """A collection of ``str`` is written as a new list, and nothing else is in it."""
        write, sent = CODEC.unstructurer(list[str]), ["a", type("Heir", (str,), {})("b")]

        assert sent == write(sent)
        assert write(sent) is not sent
        assert ["a", "b"] == write(("a", "b"))
        for wrong in (["a", 5], ("a", 5), 5, None):
            with pytest.raises(TypeError):
                write(wrong)

    def test_an_heir_is_written_as_the_member_of_the_union_that_it_is(self) -> None:
        """A value of a subclass is written by the annotation of its base."""
        for write in (CODEC.unstructurer(Circle | Square), CODEC.unstructurer(list[int] | Circle | None)):
            assert {"radius": 1.0, "kind": "circle"} == write(Loud(1.0))

    def test_a_union_that_nests_is_written_in_camel_case(self) -> None:
        """However deep the members of a union stand in each other, with camelize all names are camelCase."""
        value = NestedTwig(next_part=NestedTwig(next_part=NestedLeaf()))

        leaf = {"kind": "leaf", "leafSize": 1}
        expected = {"kind": "twig", "nextPart": {"kind": "twig", "nextPart": leaf}}
        assert expected == Codec(camelize=True).unstructurer(NestedLeaf | NestedTwig)(value)
        assert expected == Codec(camelize=True).unstructure(value)
        for tp in (NestedTwig, NestedLeaf | NestedTwig):
            assert value == Codec(camelize=True).structurer(tp)(expected)

    def test_typed_dicts_that_contain_each_other_are_told_apart_in_camel_case(self) -> None:
        """The tag is found by its name in camelCase, however often the union stands in itself."""
        sent = {"nodeKind": "fork", "nextNode": {"nodeKind": "tip", "nextNode": {"nodeKind": "fork", "nextNode": None}}}
        codec = Codec(camelize=True)
        value = codec.structurer(Fork | Tip)(sent)

        assert "tip" == value["next_node"]["node_kind"]
        assert sent == codec.unstructurer(Fork | Tip)(value)

    def test_the_tag_alone_tells_typed_dicts_apart(self) -> None:
        """What another key says is no tag, and without a tag there is no telling."""
        write = CODEC.unstructurer(Named | Other)
        sent = {"kind": "named", "label": "other"}

        assert sent == write(sent)
        for wrong in ({"label": "named"}, {}, {"kind": "none", "label": "named"}, {"kind": 1}):
            with pytest.raises(TypeError, match=r"^The value has the tag of no member of the union\.$"):
                write(wrong)

    def test_unions(self) -> None:
        """A union is written by the class of the value, a TypedDict by its tag."""
        write = CODEC.unstructurer(list[Circle | Square | Dot | float | None])

        assert [{"radius": 1.0, "kind": "circle"}, {"kind": "dot"}, 2, 2.5, None] == write(
            [Circle(1.0), {"kind": "dot"}, 2, 2.5, None]
        )
