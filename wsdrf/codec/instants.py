"""``datetime`` as RFC 3339, so that each accepted writing comes back exactly as it was sent."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Final

from typing_extensions import override

_FORM: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{3}|\d{6}))?(Z|[+-]\d\d:[0-5]\d)", re.ASCII)
_UNUSUAL_OFFSETS: Final = ("+00:00", "-00:00")


class WrittenZone(tzinfo):
    """A fixed offset that remembers how its time was written, where Python would write it otherwise.

    ``suffix`` is the offset as written (``Z``, ``+00:00``, ``+02:00``), ``digits`` the least number of digits of the
    fraction: 0, 3 or 6. As a time zone it equals, and computes like, any other of its offset.
    """

    __slots__ = ("_offset", "digits", "suffix")

    def __init__(self, suffix: str, digits: int) -> None:
        self.suffix: str = suffix
        self.digits: int = digits
        self._offset = offset_of(suffix)

    @override
    def utcoffset(self, when: datetime | None) -> timedelta:
        return self._offset

    @override
    def dst(self, when: datetime | None) -> None:
        return None

    @override
    def tzname(self, when: datetime | None) -> str:
        return timezone(self._offset).tzname(None)

    @override
    def fromutc(self, when: datetime) -> datetime:
        return when + self._offset

    def __repr__(self) -> str:
        return f"WrittenZone({self.suffix!r}, {self.digits})"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, WrittenZone):
            return (self.suffix, self.digits) == (other.suffix, other.digits)
        return NotImplemented

    def __hash__(self) -> int:
        return hash((self.suffix, self.digits))

    def __reduce__(self) -> tuple[type[WrittenZone], tuple[str, int]]:
        return WrittenZone, (self.suffix, self.digits)


def offset_of(suffix: str) -> timedelta:
    """Read ``Z`` or ``±hh:mm``. Raises ``ValueError`` for 24 hours and more."""
    if suffix == "Z":
        return timedelta(0)
    hours, minutes = int(suffix[1:3]), int(suffix[4:])
    if hours > 23:
        raise ValueError
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if suffix[0] == "-" else offset


def read_instant(text: str) -> datetime:
    """Read an aware ``datetime``: ``T`` and ``Z`` in upper case, a fraction of no, 3 or 6 digits.

    ``Z`` gives ``datetime.timezone.utc``, another offset a ``datetime.timezone``; only a writing that Python would not
    give back, such as JavaScript's milliseconds, gives a ``WrittenZone``. Raises ``ValueError`` for anything else, and
    for an instant that lies outside of the years 1 to 9999 in UTC.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError
    seconds, fraction, suffix = found.groups()
    naive = datetime.fromisoformat(seconds)
    digits = 0
    if fraction:
        digits = len(fraction)
        naive = naive.replace(microsecond=int(fraction.ljust(6, "0")))
    usual = digits == (6 if naive.microsecond else 0) and suffix not in _UNUSUAL_OFFSETS
    instant = naive.replace(tzinfo=timezone(offset_of(suffix)) if usual else WrittenZone(suffix, digits))
    if naive.year in (1, 9999):
        _utc(instant)
    return instant


def write_instant(value: datetime) -> str:
    """Write an aware ``datetime``; UTC is ``Z``, unless it was read in another writing.

    Raises ``ValueError`` for a naive one.
    """
    offset = value.utcoffset()
    if offset is None:
        raise ValueError("A naive datetime has no place in time. Make it aware, as with django.utils.timezone.now().")
    zone = value.tzinfo
    if isinstance(zone, WrittenZone):
        return value.replace(tzinfo=None).isoformat(timespec=_timespec(value, zone.digits)) + zone.suffix
    # Zones of long ago have offsets with seconds, which RFC 3339 cannot write.
    text = (_utc(value) if offset % timedelta(minutes=1) else value).isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def _timespec(value: datetime, digits: int) -> str:
    if value.microsecond % 1000 or digits == 6:
        return "microseconds"
    return "milliseconds" if value.microsecond or digits == 3 else "seconds"


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(timezone.utc)
    except OverflowError:
        raise ValueError("The datetime lies outside of the years 1 to 9999 in UTC.") from None
