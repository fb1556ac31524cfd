"""Values that travel as text: instants, dates, times, durations, decimals, UUIDs, bytes, each as it is written."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta, timezone
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from hypothesis import strategies as st

from wsdrf.codec.instants import offset_of
from wsdrf.codec.texts import TEXT_CODECS
from wsdrf.schema import TextForm
from wsdrf.strategies.numbers import decimals
from wsdrf.strategies.sieve import NoValue
from wsdrf.strategies.texts import USUAL_LENGTH

_TICK: Final = timedelta(microseconds=1)
_SECOND: Final = timedelta(seconds=1)
_SIMPLEST: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - all times in here are UTC's, and do not say so
_FRACTIONS: Final = (0, 500_000, 123_000, 123_456, 1, 999_999)
_OFFSETS: Final = ("Z", "+00:00", "-00:00", "+02:00", "-11:30", "+05:45", "+23:59")
_WRITINGS: Final = tuple((offset, digits) for offset in _OFFSETS for digits in (0, 3, 6))


def text_forms(shape: TextForm) -> st.SearchStrategy[str]:
    """Draw texts of ``shape``. Raises ``NoValue`` where its bounds leave nothing."""
    return _DRAWN[shape.format](shape)


def bounds(shape: TextForm, least: Any, most: Any, step: timedelta) -> tuple[Any, Any]:
    """Give the least and the greatest value within the bounds, both included. Raises ``NoValue`` for none."""
    try:
        low = max([least, *_given(shape.ge), *(bound + step for bound in _given(shape.gt))])
        high = min([most, *_given(shape.le), *(bound - step for bound in _given(shape.lt))])
    except OverflowError:
        raise NoValue(f"no {shape.type.__name__} is within the bounds") from None
    if low > high:
        raise NoValue(f"no {shape.type.__name__} is within the bounds")
    return low, high


def _uuids(shape: TextForm) -> st.SearchStrategy[str]:
    low = max([0, *(bound.int for bound in _given(shape.ge)), *(bound.int + 1 for bound in _given(shape.gt))])
    most = 2**128 - 1
    high = min([most, *(bound.int for bound in _given(shape.le)), *(bound.int - 1 for bound in _given(shape.lt))])
    if low > high:
        raise NoValue("no UUID is within the bounds")
    return st.integers(low, high).map(lambda number: str(UUID(int=number)))


def _given(bound: Any) -> list[Any]:
    return [] if bound is None else [bound]


def _bytes(shape: TextForm) -> st.SearchStrategy[str]:
    least = shape.min_length or 0
    most = least + USUAL_LENGTH if shape.max_length is None else shape.max_length
    if most < least:
        raise NoValue(f"no bytes are at least {least} and at most {most} long")
    return st.binary(min_size=least, max_size=most).map(lambda data: base64.b64encode(data).decode())


def _dates(shape: TextForm) -> st.SearchStrategy[str]:
    low, high = bounds(shape, date.min, date.max, timedelta(days=1))
    days = st.integers((low - _SIMPLEST.date()).days, (high - _SIMPLEST.date()).days)
    return days.map(lambda number: (_SIMPLEST.date() + timedelta(days=number)).isoformat())


def _durations(shape: TextForm) -> st.SearchStrategy[str]:
    low, high = bounds(shape, timedelta.min, -timedelta.min, _TICK)
    return _moments(low, high, timedelta()).map(TEXT_CODECS["duration"].write)


def _times(shape: TextForm) -> st.SearchStrategy[str]:
    low = max([time.min, *_given(shape.ge), *(_next(bound, _TICK) for bound in _given(shape.gt))])
    high = min([time.max, *_given(shape.le), *(_next(bound, -_TICK) for bound in _given(shape.lt))])
    if low > high:
        raise NoValue("no time is within the bounds")
    moments = _moments(datetime.combine(_SIMPLEST, low), datetime.combine(_SIMPLEST, high), _SIMPLEST)
    return moments.map(lambda moment: moment.time().isoformat())


def _next(bound: time, step: timedelta) -> time:
    moved = datetime.combine(_SIMPLEST, bound) + step
    if moved.date() != _SIMPLEST.date():
        raise NoValue("no time is within the bounds")
    return moved.time()


def _instants(shape: TextForm) -> st.SearchStrategy[str]:
    least, most = datetime.min.replace(tzinfo=timezone.utc), datetime.max.replace(tzinfo=timezone.utc)
    low, high = (bound.astimezone(timezone.utc).replace(tzinfo=None) for bound in bounds(shape, least, most, _TICK))
    return st.builds(write_instant, _moments(low, high, _SIMPLEST), st.sampled_from(_WRITINGS))


def _moments(low: Any, high: Any, simplest: Any) -> st.SearchStrategy[Any]:
    """Draw what lies between ``low`` and ``high``, seconds first: few choices, and the shortest texts."""

    def at(seconds: int, microseconds: int) -> Any:
        whole, part = max(simplest + timedelta(seconds=seconds), low), timedelta(microseconds=microseconds)
        return whole if whole > high - part else whole + part

    first, last = (low - simplest) // _SECOND, (high - simplest) // _SECOND
    return st.builds(at, st.integers(first, last), st.sampled_from(_FRACTIONS))


def write_instant(utc: datetime, writing: tuple[str, int] = ("Z", 0)) -> str:
    """Write an instant as a client may: with an offset, and with 0, 3 or 6 digits of fraction if they suffice."""
    suffix, digits = writing
    try:
        local = utc + offset_of(suffix)
    except OverflowError:
        local, suffix = utc, "Z"
    needed = 6 if local.microsecond % 1000 else 3 if local.microsecond else 0
    timespec = {0: "seconds", 3: "milliseconds", 6: "microseconds"}[max(needed, digits)]
    return local.isoformat(timespec=timespec) + suffix


_DRAWN: Final[Mapping[str, Callable[[TextForm], st.SearchStrategy[str]]]] = MappingProxyType(
    {
        "base64": _bytes,
        "date": _dates,
        "date-time": _instants,
        "decimal": decimals,
        "duration": _durations,
        "time-local": _times,
        "uuid": _uuids,
    }
)
