"""Numbers within bounds: integers, floats, decimals. Bounds are of any kind of number that Python compares."""

from __future__ import annotations

import math
import sys
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from attrs import evolve, frozen
from hypothesis import strategies as st

from wsdrf.envelope import INT_MAX, INT_MIN
from wsdrf.schema import TextForm
from wsdrf.strategies.sieve import NoValue

FLOAT_EXACT: Final = 2**53
"""Every integer up to here is a ``float`` without loss."""

_FAR: Final = 10**15
_WIDE: Final = 128
"""Beyond so many integers hypothesis draws the least and the greatest more often by itself."""
_EDGE: Final = 16
"""One in about so many integers is the greatest, and one the least, however many there are."""
_PLACES: Final = 3
_MOST_PLACES: Final = 400


@frozen
class Span:
    """The integers from ``low`` to ``high``, both included."""

    low: int
    high: int

    @property
    def size(self) -> int:
        """Count them."""
        return max(0, self.high - self.low + 1)


def span(limited: Any, low: int = INT_MIN, high: int = INT_MAX, scale: int = 1) -> Span:
    """Give the integers that, divided by ``scale``, keep the bounds of ``limited`` (``ge``, ``gt``, ``le``, ``lt``)."""
    for bound in filter(_is_finite, (limited.ge,)):
        low = max(low, math.ceil(_exact(bound) * scale))
    for bound in filter(_is_finite, (limited.gt,)):
        low = max(low, math.floor(_exact(bound) * scale) + 1)
    for bound in filter(_is_finite, (limited.le,)):
        high = min(high, math.floor(_exact(bound) * scale))
    for bound in filter(_is_finite, (limited.lt,)):
        high = min(high, math.ceil(_exact(bound) * scale) - 1)
    return Span(low, high)


def integers(limited: Any, low: int = INT_MIN, high: int = INT_MAX) -> st.SearchStrategy[int]:
    """Draw integers within the bounds of ``limited``. Raises ``NoValue`` where there is none."""
    found = span(limited, low, high)
    if not found.size:
        raise NoValue("no integer is within the bounds")
    if found.size > _WIDE:
        return st.integers(found.low, found.high)
    more = found.size // _EDGE + 1
    return st.integers(found.low - more, found.high + more).map(lambda number: min(max(number, found.low), found.high))


def floats(limited: Any) -> st.SearchStrategy[float]:
    """Draw finite floats within the bounds of ``limited``. Raises ``NoValue`` where there is none."""
    low, high = -sys.float_info.max, sys.float_info.max
    for bound, beyond in ((limited.ge, False), (limited.gt, True)):
        if _is_finite(bound):
            low = max(low, _float_above(bound, beyond))
    for bound, beyond in ((limited.le, False), (limited.lt, True)):
        if _is_finite(bound):
            high = min(high, -_float_above(-bound, beyond))
    if low > high:
        raise NoValue("no float is within the bounds")
    return st.floats(
        None if low == -sys.float_info.max else low,
        None if high == sys.float_info.max else high,
        allow_nan=False,
        allow_infinity=False,
    )


def numbers(limited: Any, whole: bool) -> st.SearchStrategy[float]:
    """Draw what JSON reads as a ``float`` within the bounds; with ``whole``, integers that a float holds too.

    Raises ``NoValue`` where there is none.
    """
    fractional = floats(limited)
    exact = span(limited, -FLOAT_EXACT, FLOAT_EXACT)
    return st.integers(exact.low, exact.high) | fractional if whole and exact.size else fractional


def decimals(limited: TextForm) -> st.SearchStrategy[str]:
    """Draw decimals within the bounds of ``limited``, as they are written. Raises ``NoValue`` where there is none."""
    most = _MOST_PLACES if limited.decimal_places is None else limited.decimal_places
    if limited.max_digits is not None:
        limit = 10 ** (limited.max_digits - most)
        tighter = [bound for bound in (limited.lt, limit) if bound is not None]
        looser = [bound for bound in (limited.gt, -limit) if bound is not None]
        limited = evolve(limited, lt=min(tighter, key=_exact), gt=max(looser, key=_exact))
    first = next((places for places in range(most + 1) if _at_places(limited, places).size), None)
    if first is None:
        raise NoValue("no decimal is within the bounds")
    return st.one_of([_written(limited, places) for places in range(first, min(first + _PLACES, most) + 1)])


def _written(limited: Any, places: int) -> st.SearchStrategy[str]:
    found = _at_places(limited, places)
    return st.integers(found.low, found.high).map(lambda number: _decimal_text(number, places))


def _at_places(limited: Any, places: int) -> Span:
    """Give the decimals of ``places`` digits after the point, each as an integer of that many more digits."""
    scale = 10**places
    wide = span(limited, -(10**400), 10**400, scale)
    low = wide.low if wide.low > -(10**400) else min(-_FAR, wide.high - _FAR)
    high = wide.high if wide.high < 10**400 else max(_FAR, low + _FAR)
    return Span(low, high)


def _decimal_text(number: int, places: int) -> str:
    digits = tuple(map(int, str(abs(number))))
    return format(Decimal((int(number < 0), digits, -places)), "f")


def _is_finite(bound: Any) -> bool:
    return bound is not None and bound not in (math.inf, -math.inf)


def _exact(bound: Any) -> Fraction:
    return Fraction(bound)


def _float_above(bound: Any, beyond: bool) -> float:
    """Give the least float that is at least ``bound``, or ``beyond`` it."""
    exact = _exact(bound)
    try:
        nearest = float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -sys.float_info.max
    while nearest < exact or (beyond and nearest == exact):
        nearest = math.nextafter(nearest, math.inf)
    return nearest
