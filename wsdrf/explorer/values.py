"""Choose an example for a shape without parts: the plainest value that its limits allow, the same every time."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import chain
from typing import Any, Final
from uuid import UUID

from wsdrf.codec.texts import TEXT_CODECS
from wsdrf.envelope import INT_MAX, INT_MIN
from wsdrf.explorer.patterns import matching_texts
from wsdrf.schema import Boolean, Choice, Integer, Null, Number, Text, TextForm
from wsdrf.schema.forms import form_schema
from wsdrf.schema.matching import fits

MOST_CHARACTERS: Final = 500
"""How long a text in an example may be; one that has to be longer is nothing to read."""


class NoExample(ValueError):
    """Say why no example was found."""


_WORDS: Final = ("example", "a", "A", "1", "ab", "abc", "AB", "example-1", "+10000000000", "name@example.com", "")
_OF_FORMAT: Final = {
    "email": "name@example.com",
    "uri": "https://example.com/",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}
_NOON: Final = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
_USUAL: Final[dict[str, tuple[Any, ...]]] = {
    "base64": (b"example", b"", b"e"),
    "date": (_NOON.date(),),
    "date-time": (_NOON,),
    "decimal": (Decimal("1.50"), Decimal(1), Decimal("0.5"), Decimal(0), Decimal(-1)),
    "duration": (timedelta(hours=1), timedelta(0), timedelta(hours=-1)),
    "time-local": (time(12),),
    "uuid": (UUID("0f4b7a52-6d3e-4c18-9a70-2b5c8d1e6f93"),),
}
_STEPS: Final[dict[str, tuple[Any, ...]]] = {
    "date": (timedelta(days=1),),
    "date-time": (timedelta(hours=1), timedelta(microseconds=1)),
    "decimal": (Decimal(1), Decimal("0.01"), Decimal("1e-9")),
    "duration": (timedelta(hours=1), timedelta(microseconds=1)),
}


def value_of(shape: Any, turn: int) -> Any:
    """Give the example of a shape without parts; ``turn`` is which of several that differ. Raises ``NoExample``."""
    return _VALUES[type(shape)](shape, turn)


def _integer(shape: Integer, turn: int) -> int:
    low = max([INT_MIN, *_whole(shape.ge, math.ceil), *(bound + 1 for bound in _whole(shape.gt, math.floor))])
    high = min([INT_MAX, *_whole(shape.le, math.floor), *(bound - 1 for bound in _whole(shape.lt, math.ceil))])
    if low > high:
        raise NoExample("No integer is within the limits.")
    if low <= turn <= high:
        return turn
    return min(low + max(turn - 1, 0), high) if turn < low else max(high - max(turn - 1, 0), low)


def _whole(bound: Any, towards: Callable[[Any], int]) -> Iterator[int]:
    try:
        yield from [] if bound is None else [towards(bound)]
    except (ArithmeticError, TypeError, ValueError):  # of infinity, and of what is no number
        return


def _number(shape: Number, turn: int) -> float:
    bounds = [float(bound) for bound in (shape.ge, shape.gt, shape.le, shape.lt) if bound is not None]
    near = [nearby for bound in bounds for nearby in (bound + turn, bound - turn, bound)]
    close = [math.nextafter(bound, towards) for bound in bounds for towards in (math.inf, -math.inf)]
    for number in (turn + 0.5, float(turn), *near, turn / 2, sum(bounds) / 2, *close):
        if math.isfinite(number) and _is_within(number, shape):
            return number
    raise NoExample("No number was found within the limits.")


def _text(shape: Text, turn: int) -> str:
    if shape.format in _OF_FORMAT:
        return _OF_FORMAT[shape.format]
    most, least = shape.max_length, _readable(shape.min_length)
    suffix = str(turn) if turn > 1 else ""
    cut = _WORDS[0][: None if most is None else max(most - len(suffix), 0)]
    long = "example-" * (least // 8 + 1)
    candidates = chain((cut + suffix, long[:least], *_WORDS), matching_texts(shape))
    text: str = _first(candidates, lambda each: fits(each, shape), shape)
    return text


def _readable(least: int | None) -> int:
    """Give the least length, unless it is more than anybody wants to read."""
    if least and least > MOST_CHARACTERS:
        raise NoExample(f"It would be at least {least} characters long.")
    return least or 0


def _text_form(shape: TextForm, turn: int) -> str:
    pattern = re.compile(form_schema(shape)["pattern"])
    codec = TEXT_CODECS[shape.format]

    def is_right(value: Any) -> bool:
        text = codec.write(value)
        long_enough = shape.min_length is None or len(value) >= shape.min_length
        short_enough = shape.max_length is None or len(value) <= shape.max_length
        return bool(pattern.search(text)) and long_enough and short_enough and _is_within(value, shape)

    return codec.write(_first(_forms(shape, turn), is_right, shape))


def _forms(shape: TextForm, turn: int) -> Iterator[Any]:
    usual, steps = _USUAL[shape.format], _STEPS.get(shape.format, ())
    if turn > 1 and steps:
        yield usual[0] + steps[0] * (turn - 1)
    yield from usual
    if shape.format == "base64":
        least = _readable(shape.min_length)
        yield (b"example " * (least // 8 + 1))[:least]
    bounds = [bound for bound in (shape.ge, shape.le, shape.gt, shape.lt) if bound is not None]
    for bound in bounds:
        yield from _around(bound, steps)
    if len(bounds) > 1 and shape.format in ("date-time", "decimal", "duration"):
        yield bounds[0] + (bounds[1] - bounds[0]) / 2


def _around(bound: Any, steps: Iterable[Any]) -> Iterator[Any]:
    """Give what is near a bound, in both directions, and the bound itself."""
    if isinstance(bound, UUID):
        yield from (UUID(int=number) for number in (bound.int, bound.int + 1, bound.int - 1) if 0 <= number < 2**128)
    elif isinstance(bound, time):
        yield from (bound, bound.replace(microsecond=1), time(23, 59, 59), time(0))
    else:
        typed = Decimal(str(bound)) if isinstance(bound, (int, float)) else bound
        yield typed
        for step in steps:
            try:
                yield from (typed + step, typed - step)
            except (ArithmeticError, TypeError):
                continue


def _first(candidates: Iterable[Any], is_right: Callable[[Any], bool], shape: Text | TextForm) -> Any:
    for candidate in candidates:
        try:
            if is_right(candidate):
                return candidate
        except (ArithmeticError, TypeError, ValueError):  # beside the type's range, or not to be compared with a bound
            continue
    patterns = [pattern.regex.pattern for pattern in getattr(shape, "patterns", ())]
    wanted = f" matches {' and '.join(map(repr, patterns))}" if patterns else ""
    raise NoExample(f"No text was found that{wanted or ' is'} within the limits.")


def _is_within(value: Any, shape: Number | TextForm) -> bool:
    return (
        (shape.ge is None or value >= shape.ge)
        and (shape.gt is None or value > shape.gt)
        and (shape.le is None or value <= shape.le)
        and (shape.lt is None or value < shape.lt)
    )


def _choice(shape: Choice, turn: int) -> Any:
    if not shape.options:
        raise NoExample("No option is left.")
    return shape.options[max(turn - 1, 0) % len(shape.options)].wire


_VALUES: Final[dict[type[Any], Callable[[Any, int], Any]]] = {
    Null: lambda shape, turn: None,
    Boolean: lambda shape, turn: bool(turn % 2),
    Integer: _integer,
    Number: _number,
    Text: _text,
    TextForm: _text_form,
    Choice: _choice,
}
