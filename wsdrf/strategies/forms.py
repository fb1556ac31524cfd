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
from wsdrf.strategies.numbers import Span, decimals
from wsdrf.strategies.sieve import NoValue, sieve
from wsdrf.strategies.texts import USUAL_LENGTH

_TICK: Final = timedelta(microseconds=1)
_OFFSETS: Final = ("Z", "+00:00", "-00:00", "+02:00", "-11:30", "+05:45", "+23:59")


def text_forms(shape: TextForm, plight: str) -> st.SearchStrategy[str]:
    """Draw texts of ``shape``. ``plight`` is the error where bounds leave hardly anything.

    Raises ``NoValue`` where bounds leave nothing.
    """
    draw = _DRAWN.get(shape.format)
    if draw is not None:
        return draw(shape)
    uuids = st.integers(0, 2**128 - 1).map(lambda number: str(UUID(int=number)))
    return sieve(uuids, lambda text: is_within(shape, UUID(text)), plight) if _is_bound(shape) else uuids


def is_within(shape: TextForm, value: Any) -> bool:
    """Tell whether a typed ``value`` keeps the bounds of ``shape``, lengths aside."""
    return (
        (shape.ge is None or value >= shape.ge)
        and (shape.gt is None or value > shape.gt)
        and (shape.le is None or value <= shape.le)
        and (shape.lt is None or value < shape.lt)
    )


def _is_bound(shape: TextForm) -> bool:
    return any(bound is not None for bound in (shape.ge, shape.gt, shape.le, shape.lt))


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


def _given(bound: Any) -> list[Any]:
    return [] if bound is None else [bound]


def _bytes(shape: TextForm) -> st.SearchStrategy[str]:
    least = shape.min_length or 0
    most = least + USUAL_LENGTH if shape.max_length is None else shape.max_length
    if most < least:
        raise NoValue(f"no bytes are at least {least} and at most {most} long")
    return st.binary(min_size=least, max_size=most).map(lambda data: base64.b64encode(data).decode())


def _dates(shape: TextForm) -> st.SearchStrategy[str]:
    return st.dates(*bounds(shape, date.min, date.max, timedelta(days=1))).map(date.isoformat)


def _durations(shape: TextForm) -> st.SearchStrategy[str]:
    low, high = bounds(shape, timedelta.min, -timedelta.min, _TICK)
    return st.timedeltas(low, high).map(TEXT_CODECS["duration"].write)


def _times(shape: TextForm) -> st.SearchStrategy[str]:
    low, high = time_span(shape)
    return st.times(low, high).map(time.isoformat)


def time_span(shape: TextForm) -> tuple[time, time]:
    """Give the first and the last time of the day within the bounds. Raises ``NoValue`` for none."""
    found = Span(
        max([0, *map(_ticks, _given(shape.ge)), *(_ticks(bound) + 1 for bound in _given(shape.gt))]),
        min([_ticks(time.max), *map(_ticks, _given(shape.le)), *(_ticks(bound) - 1 for bound in _given(shape.lt))]),
    )
    if not found.size:
        raise NoValue("no time is within the bounds")
    return _time_at(found.low), _time_at(found.high)


def _ticks(value: time) -> int:
    return ((value.hour * 60 + value.minute) * 60 + value.second) * 10**6 + value.microsecond


def _time_at(ticks: int) -> time:
    seconds, microsecond = divmod(ticks, 10**6)
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60, microsecond)


def _instants(shape: TextForm) -> st.SearchStrategy[str]:
    low, high = instant_span(shape)
    return st.builds(write_instant, st.datetimes(low, high), st.sampled_from(_OFFSETS), st.sampled_from((0, 3, 6)))


def instant_span(shape: TextForm) -> tuple[datetime, datetime]:
    """Give the first and the last instant within the bounds, as times in UTC without saying so. Raises ``NoValue``."""
    least, most = datetime.min.replace(tzinfo=timezone.utc), datetime.max.replace(tzinfo=timezone.utc)
    low, high = bounds(shape, least, most, _TICK)
    return low.astimezone(timezone.utc).replace(tzinfo=None), high.astimezone(timezone.utc).replace(tzinfo=None)


def write_instant(utc: datetime, suffix: str = "Z", digits: int = 0) -> str:
    """Write an instant as a client may: with an offset, and with 0, 3 or 6 digits of fraction if they suffice."""
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
    }
)
