"""Types whose attrs validators state every limit that strategies have to keep, and consumers made of types."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import attrs
from attrs import validators as v

from tests.laws.zoo import ZOO, Colour, Level
from wsdrf import Consumer, on

UTC = timezone.utc


@attrs.frozen
class Bounded:
    """Numbers and moments within bounds of every kind."""

    least: int = attrs.field(validator=v.ge(-(2**62)))
    between: int = attrs.field(validator=[v.gt(2.5), v.lt(Decimal("4.5"))])
    ratio: float = attrs.field(validator=[v.gt(0), v.lt(1)])
    exact: float = attrs.field(validator=[v.ge(0.1), v.le(Decimal("0.1000001"))])
    price: Decimal = attrs.field(validator=[v.gt(Decimal("0.001")), v.lt(Decimal("0.002"))])
    change: Decimal = attrs.field(validator=v.le(-5))
    day: date = attrs.field(validator=[v.gt(date(2024, 2, 28)), v.le(date(2024, 3, 1))])
    instant: datetime = attrs.field(
        validator=[v.ge(datetime(2026, 1, 1, tzinfo=UTC)), v.lt(datetime(2027, 1, 1, tzinfo=UTC))]
    )
    hour: time = attrs.field(validator=[v.ge(time(8)), v.lt(time(18, 30))])
    span: timedelta = attrs.field(validator=[v.gt(timedelta(0)), v.le(timedelta(days=1))])
    id: UUID = attrs.field(validator=v.ge(UUID(int=2**127)))
    page: int = attrs.field(default=1, validator=v.in_(range(1, 9)))


@attrs.frozen
class Measured:
    """Texts, bytes, arrays and maps of bounded length."""

    word: str = attrs.field(validator=[v.min_len(3), v.max_len(3)])
    long: str = attrs.field(validator=v.max_len(3000))
    data: bytes = attrs.field(validator=[v.min_len(2), v.max_len(5)])
    tags: list[str] = attrs.field(validator=v.deep_iterable(v.min_len(1), v.and_(v.min_len(1), v.max_len(3))))
    colours: set[Colour] = attrs.field(validator=v.min_len(2))
    numbers: frozenset[int] = attrs.field(validator=v.deep_iterable(v.ge(0), v.max_len(4)))
    flags: set[bool] = attrs.field(validator=v.max_len(1))
    pair: tuple[int, str] = attrs.field(factory=lambda: (1, "x"))
    days: dict[date, int] = attrs.field(
        factory=dict, validator=v.deep_mapping(v.ge(date(2000, 1, 1)), v.ge(1), v.max_len(2))
    )
    moments: dict[datetime, int] = attrs.field(
        factory=dict, validator=v.deep_mapping(v.ge(datetime(2026, 1, 1, tzinfo=UTC)), v.ge(1))
    )
    counts: dict[int, list[int]] = attrs.field(
        factory=dict, validator=v.deep_mapping(v.ge(1), v.deep_iterable(v.lt(5), v.min_len(1)), v.max_len(3))
    )


@attrs.frozen
class Patterned:
    """Texts that match patterns, in each of the three ways, alone and together with lengths."""

    slug: str = attrs.field(validator=[v.matches_re(r"[a-z0-9-]+"), v.min_len(30), v.max_len(40)])
    code: str = attrs.field(validator=v.matches_re(r"[A-Z]{2}-\d{3,5}"))
    begins: str = attrs.field(validator=v.matches_re(r"ab+", func=re.match))
    holds: str = attrs.field(validator=v.matches_re(r"\d", func=re.search))
    loud: str = attrs.field(validator=[v.matches_re("[a-z]{2,}", re.IGNORECASE), v.max_len(6)])
    two: str = attrs.field(validator=[v.matches_re(r"\w+"), v.matches_re(r"[^_]*")])
    address: str = attrs.field(validator=[v.matches_re(r"[^@\s]+@[^@\s]+\.[a-z]+"), v.max_len(60)])
    free: str = attrs.field(default="", validator=v.matches_re(r"(?s).*"))


@attrs.frozen
class Chosen:
    """Choices that validators narrow further."""

    level: Level = attrs.field(validator=v.in_([Level.HIGH]))
    size: str = attrs.field(validator=v.in_(("s", "m", "l")))
    port: int | None = attrs.field(validator=v.optional(v.in_(range(1, 1024))))
    sign: Literal["+", "-", "--"] = attrs.field(default="+", validator=v.max_len(1))
    either: int | str = attrs.field(default=1, validator=v.instance_of((int, str)))
    nothing: int | None = attrs.field(default=None, validator=v.optional(v.and_(v.ge(5), v.le(6))))


@attrs.define
class Window:
    """Rules that only its own code knows: between fields, of one field, of the whole."""

    start: int = attrs.field(validator=[v.ge(0), v.le(50)])
    end: int = attrs.field(validator=[v.ge(0), v.le(50)])
    step: int = attrs.field(default=2)
    name: str = attrs.field(default="ok", converter=str.strip, validator=v.min_len(1))

    @end.validator
    def _after_start(self, attribute: Any, value: int) -> None:
        if value < self.start:
            raise ValueError("end before start")

    @step.validator
    def _is_even(self, attribute: Any, value: int) -> None:
        if value % 2:
            raise ValueError("odd")

    def __attrs_post_init__(self) -> None:
        if self.start == 13:
            raise ValueError("unlucky")


@attrs.frozen
class Few:
    """Sets of so few values that equal ones in different writings would meet."""

    prices: frozenset[Decimal] = attrs.field(
        validator=[v.deep_iterable(v.ge(0)), v.deep_iterable(v.le(Decimal("0.1")))]
    )


@attrs.frozen
class Counted:
    """A set of which a validator refuses items."""

    numbers: set[int] = attrs.field(validator=v.deep_iterable(v.ge(0)))


LIMITED = [Few, Counted, Bounded, Measured, Patterned, Chosen, list[Bounded | None], dict[str, Patterned]]
"""Types whose limits are all stated."""

TYPES = {**{specimen.name: specimen.type for specimen in ZOO}, **{str(tp): tp for tp in LIMITED}}
"""The zoo, and the types whose limits are all stated."""


def consumer_of(*types: Any) -> Any:
    """Make a consumer with an action for each type: ``zoo.0``, ``zoo.1`` and so on."""
    body: dict[str, Any] = {"__module__": __name__, "__qualname__": "ZooConsumer"}
    for index, tp in enumerate(types):
        body[f"handle_{index}"] = _handler(f"zoo.{index}", tp)
    return type(Consumer)("ZooConsumer", (Consumer,), body)


def _handler(action: str, tp: Any) -> Any:
    async def handle(self: Any, payload: Any) -> None: ...

    handle.__annotations__ = {"payload": tp, "return": None}
    return on(action)(handle)
