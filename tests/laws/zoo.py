"""A zoo of types: one specimen of everything that the codec supports, each with JSON that is right for it."""

from __future__ import annotations

import base64
import enum
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NewType, Optional, TypedDict, TypeVar
from uuid import UUID

import attrs
import typing_extensions
from attrs import validators as v
from hypothesis import strategies as st
from typing_extensions import NotRequired, Required

from wsdrf.messages import message

T = TypeVar("T")
K = TypeVar("K")

# --- JSON of every kind -------------------------------------------------------------------------------------------

texts = st.text(st.characters(codec="utf-8"), max_size=12)
integers = st.integers(-(2**63), 2**63 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | integers | floats | texts
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)

# --- JSON of the text forms ---------------------------------------------------------------------------------------

offsets = st.sampled_from(["Z", "+00:00", "-00:00", "+02:00", "-11:30", "+23:59"])
fractions = st.sampled_from(["", ".000", ".000000", ".123", ".100", ".120000", ".123456", ".000001"])
seconds = st.builds("{}T{}".format, st.dates(date(2, 1, 1), date(9998, 12, 31)), st.times().map("{:%H:%M:%S}".format))
instants = st.builds(lambda *parts: "".join(parts), seconds, fractions, offsets)
dates = st.dates().map(date.isoformat)
times = st.times().map(time.isoformat)
durations = st.sampled_from(
    ["PT0S", "P1D", "-P1D", "PT1H", "PT59M", "PT1M0.5S", "P3DT4H5M6.000007S", "-PT0.1S", "P999999999D", "PT23H59M59S"]
)

decimals = st.decimals(allow_nan=False, allow_infinity=False, places=3).map(lambda value: format(value, "f"))
uuids = st.uuids().map(str)
base64s = st.binary(max_size=20).map(lambda data: base64.b64encode(data).decode())


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Odd(enum.Enum):
    """Values of every scalar kind that an Enum can keep apart."""

    TRUE = True
    TWO = 2
    HALF = 0.5
    THREE = 3.0
    TEXT = "2"
    NOTHING = None


@message("zoo.say")
class Say:
    text: str = attrs.field(validator=[v.min_len(1), v.max_len(20)])


@attrs.frozen
class Limits:
    """Every validator that states a limit."""

    text: str = attrs.field(default="ab", validator=[v.min_len(2), v.max_len(4), v.matches_re("[a-z]+")])
    number: int = attrs.field(default=5, validator=[v.ge(1), v.lt(10)])
    ratio: float = attrs.field(default=0.5, validator=[v.gt(0), v.le(1)])
    maybe: int | None = attrs.field(default=None, validator=v.optional(v.ge(0)))
    kind: str = attrs.field(default="a", validator=v.in_(["a", "b"]))
    tags: list[str] = attrs.field(factory=list, validator=v.deep_iterable(v.max_len(3), v.max_len(2)))
    scores: dict[str, int] = attrs.field(factory=dict, validator=v.deep_mapping(v.min_len(1), v.ge(0)))
    even: int = attrs.field(default=0)

    @even.validator
    def _is_even(self, attribute: Any, value: int) -> None:
        if value % 2:
            raise ValueError(f"{value} is odd")


@attrs.define
class Node:
    """A record within itself."""

    name: str
    next: Optional[Node] = None  # noqa: UP045 - the old writing is supported too
    children: list[Node] = attrs.field(factory=list)


@attrs.define(slots=False)
class Aliased:
    kind: str = attrs.field(alias="type")
    _secret: int = 7
    computed: int = attrs.field(init=False, default=3)


@dataclass(frozen=True)
class Point:
    x: float
    y: float = 0.0
    labels: list[str] = field(default_factory=list)
    _cache: int = 0

    def __post_init__(self) -> None:
        if self.x > 1e300:
            raise ValueError(self.x)


class Movie(TypedDict):
    title: str
    year: NotRequired[int]


class Loose(typing_extensions.TypedDict, total=False):
    name: Required[str]
    rating: float
    sequel: Loose


@attrs.frozen
class Page(Generic[T]):
    items: list[T]
    following: T | None = None


@dataclass
class Pair(Generic[K, T]):
    key: K
    value: T


@attrs.frozen
class NumberPage(Page[int]):
    total: int = 0


class Box(typing_extensions.TypedDict, Generic[T]):
    content: T


@attrs.frozen
class Circle:
    radius: float
    kind: Literal["circle"] = "circle"


@dataclass(frozen=True)
class Square:
    kind: Literal["square", "rect"]
    side: int


class Dot(TypedDict):
    kind: Literal["dot"]


@attrs.frozen
class Plus:
    """A recursive tagged union."""

    left: Expression
    right: Expression
    op: Literal["+"] = "+"


@attrs.frozen
class Literally:
    value: int
    op: Literal["="] = "="


Expression = Plus | Literally
UserId = NewType("UserId", int)
Slug = NewType("Slug", str)
Json = typing_extensions.TypeAliasType("Json", "None | bool | str | list[Json] | dict[str, Json]")  # noqa: RUF036 - null is one kind among others


@attrs.frozen
class Everything:
    """Many kinds of field in one record, with names that ``camelize`` changes."""

    user_id: UserId
    created_at: datetime
    favourite_colour: Colour = Colour.RED
    raw_data: dict[str, Any] = attrs.field(factory=dict)
    best_pages: Page[Say] | None = None
    some_shapes: tuple[Circle | Square | Dot, ...] = ()
    day_notes: dict[date, str] = attrs.field(factory=dict)
    file_hash: bytes = b""


@attrs.frozen
class Specimen:
    """A type and JSON that is right for it."""

    name: str
    type: Any
    right: st.SearchStrategy[Any] = attrs.field(repr=False)


def objects(required: dict[str, Any], optional: dict[str, Any] | None = None) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(required, optional=optional or {})


def arrays(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(items, max_size=4)


def sets(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(items, max_size=4, unique=True)


numbers = floats | st.integers(-(2**53), 2**53)
says = objects({"text": st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)})
limited = objects(
    {},
    {
        "text": st.text("abc", min_size=2, max_size=4),
        "number": st.integers(1, 9),
        "ratio": st.floats(0, 1, exclude_min=True),
        "maybe": st.none() | st.integers(0, 99),
        "kind": st.sampled_from("ab"),
        "tags": st.lists(st.text("xyz", max_size=3), max_size=2),
        "scores": st.dictionaries(st.text("xyz", min_size=1, max_size=3), st.integers(0, 99), max_size=3),
        "even": st.sampled_from([0, 2, 4]),
    },
)
nodes = st.deferred(
    lambda: objects({"name": texts}, {"next": st.none() | nodes, "children": st.lists(nodes, max_size=2)})
)
loose = st.deferred(lambda: objects({"name": texts}, {"rating": floats, "sequel": loose}))
circles = objects({"kind": st.just("circle"), "radius": floats})
squares = objects({"kind": st.sampled_from(["square", "rect"]), "side": integers})
dots = objects({"kind": st.just("dot")})
expressions = st.recursive(
    objects({"op": st.just("="), "value": integers}),
    lambda inner: objects({"op": st.just("+"), "left": inner, "right": inner}),
    max_leaves=4,
)
trees = st.recursive(
    st.none() | st.booleans() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
everything = objects(
    {"user_id": integers, "created_at": instants},
    {
        "favourite_colour": st.sampled_from(["red", "blue"]),
        "raw_data": st.dictionaries(texts, json_values, max_size=3),
        "best_pages": st.none() | objects({"items": arrays(says)}, {"following": st.none() | says}),
        "some_shapes": arrays(circles | squares | dots),
        "day_notes": st.dictionaries(dates, texts, max_size=3),
        "file_hash": base64s,
    },
)

ZOO = [
    Specimen("str", str, texts),
    Specimen("int", int, integers),
    Specimen("float", float, numbers),
    Specimen("bool", bool, st.booleans()),
    Specimen("None", None, st.none()),
    Specimen("bytes", bytes, base64s),
    Specimen("datetime", datetime, instants),
    Specimen("date", date, dates),
    Specimen("time", time, times),
    Specimen("timedelta", timedelta, durations),
    Specimen("Decimal", Decimal, decimals),
    Specimen("UUID", UUID, uuids),
    Specimen("Any", Any, json_values),
    Specimen("object", object, json_values),
    Specimen("Enum of str", Colour, st.sampled_from(["red", "blue"])),
    Specimen("IntEnum", Level, st.sampled_from([1, 2])),
    Specimen("Enum of all kinds", Odd, st.sampled_from([True, 2, 0.5, 3, 3.0, "2", None])),
    Specimen("Literal", Literal["a", 1, False] | None, st.sampled_from(["a", 1, False, None])),
    Specimen("Literal of 1", Literal[1], st.just(1)),
    Specimen("Literal of True", Literal[True], st.just(True)),
    Specimen("Literal of Enum", Literal[Colour.RED], st.just("red")),
    Specimen("Optional", Optional[int], st.none() | integers),  # noqa: UP045 - the old writing is supported too
    Specimen("int | str | None", int | str | None, st.none() | integers | texts),
    Specimen("int | float", int | float, integers | floats),
    Specimen("float | None", float | None, st.none() | numbers),
    Specimen("bool | list | dict", bool | list[int] | dict[str, date], st.booleans() | arrays(integers)),
    Specimen("datetime | bool", datetime | bool, instants | st.booleans()),
    Specimen("list", list[int], arrays(integers)),
    Specimen("bare list", list, arrays(json_values)),
    Specimen("Sequence", Sequence[str], arrays(texts)),
    Specimen("tuple", tuple[int, str], st.tuples(integers, texts).map(list)),
    Specimen("empty tuple", tuple[()], st.just([])),
    Specimen("variadic tuple", tuple[bool, ...], arrays(st.booleans())),
    Specimen("set", set[int], sets(integers)),
    Specimen("frozenset", frozenset[tuple[int, str]], sets(st.tuples(integers, texts)).map(lambda x: [*map(list, x)])),
    Specimen("abstract Set", AbstractSet[Decimal], sets(st.sampled_from(["1", "2.5", "-3"]))),
    Specimen("set of bool and int", set[bool | int], sets(st.integers(2, 9)).map(lambda x: [*x, True])),
    # However its fraction is written, a second stands there once: 00Z and 00.000Z are the same instant.
    Specimen(
        "set of instants",
        set[datetime],
        st.lists(instants.filter(lambda text: text.endswith("Z")), unique_by=lambda text: text[:19], max_size=3),
    ),
    Specimen("set of records", set[Circle], st.lists(circles, max_size=1)),
    Specimen("dict", dict[str, int], st.dictionaries(texts, integers, max_size=4)),
    Specimen("bare dict", dict, st.dictionaries(texts, json_values, max_size=4)),
    Specimen("Mapping", Mapping[str, list[date]], st.dictionaries(texts, arrays(dates), max_size=2)),
    Specimen("dict of int", dict[int, str], st.dictionaries(integers.map(str), texts, max_size=3)),
    Specimen("dict of UUID", dict[UUID, str], st.dictionaries(uuids, texts, max_size=3)),
    Specimen("dict of Enum", dict[Colour, int], st.dictionaries(st.sampled_from(["red", "blue"]), integers)),
    Specimen("dict of Literal", dict[Literal["x", "y"], int], st.dictionaries(st.sampled_from("xy"), integers)),
    Specimen("dict of date", dict[date, int], st.dictionaries(dates, integers, max_size=3)),
    Specimen("NewType", Slug, texts),
    Specimen("Annotated", Annotated[int, {"any": "thing"}], integers),
    Specimen("alias", Json, trees),
    Specimen("message", Say, says),
    Specimen("validators", Limits, limited),
    Specimen("recursive", Node, nodes),
    Specimen("aliases and private fields", Aliased, objects({"type": texts})),
    Specimen("dataclass", Point, objects({"x": st.floats(-9, 9)}, {"y": floats, "labels": arrays(texts)})),
    Specimen("TypedDict", Movie, objects({"title": texts}, {"year": integers})),
    Specimen("TypedDict, total=False", Loose, loose),
    Specimen("generic attrs class", Page[int], objects({"items": arrays(integers)}, {"following": integers})),
    Specimen("generic of a record", Page[Movie], objects({"items": arrays(objects({"title": texts}))})),
    Specimen("generic dataclass", Pair[str, list[int]], objects({"key": texts, "value": arrays(integers)})),
    Specimen("generic TypedDict", Box[date], objects({"content": dates})),
    Specimen("heir of a generic", NumberPage, objects({"items": arrays(integers)}, {"total": integers})),
    Specimen("tagged union", Circle | Square | Dot, circles | squares | dots),
    Specimen("optional tagged union", list[Circle | Square | None], arrays(circles | squares | st.none())),
    Specimen("recursive tagged union", Expression, expressions),
    Specimen("everything", Everything, everything),
]
"""Every specimen of the zoo."""
