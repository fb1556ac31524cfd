"""Values that are strings in JSON: dates, times, durations, decimals, UUIDs and bytes."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from attrs import frozen

_DURATION: Final = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,6}))?S)?)?", re.ASCII)


@frozen
class TextForm:
    """A value of ``type`` that travels as a string."""

    type: type[Any]
    decode: Callable[[str], Any]
    encode: Callable[[Any], str]

    def read(self, data: Any) -> Any:
        """Give the value of a string. Raises ``TypeError`` or ``ValueError`` for anything else."""
        if not isinstance(data, str):
            raise TypeError(f"Expected a string, not {data!r}.")
        return self.decode(data)

    def write(self, value: Any) -> str:
        """Give the string of a value. Raises ``TypeError`` or ``ValueError`` for what cannot be written."""
        if not isinstance(value, self.type):
            raise TypeError(f"Expected {self.type.__name__}, not {value!r}.")
        return self.encode(value)


def _read_instant(text: str) -> datetime:
    return datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)


def _write_instant(value: datetime) -> str:
    offset = value.utcoffset()
    if offset is None:
        raise ValueError("A naive datetime has no place in time. Give it a time zone.")
    text = (value.astimezone(timezone.utc) if offset % timedelta(minutes=1) else value).isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def _write_time(value: time) -> str:
    if value.tzinfo is not None:
        raise ValueError("A time with a time zone has no meaning without its date.")
    return value.isoformat()


def _read_duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"Expected a duration, not {text!r}.")
    sign, days, hours, minutes, seconds, fraction = found.groups("0")
    value = timedelta(
        days=int(days),
        hours=int(hours),
        minutes=int(minutes),
        seconds=int(seconds),
        microseconds=int(fraction.ljust(6, "0")),
    )
    return -value if sign == "-" else value


def _write_duration(value: timedelta) -> str:
    sign, value = ("-", -value) if value < timedelta(0) else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{value.microseconds:06}".rstrip("0") if value.microseconds else ""
    days = f"{value.days}D" if value.days else ""
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if seconds or fraction or not (days or clock):
        clock += f"{seconds}{fraction}S"
    return f"{sign}P{days}T{clock}" if clock else f"{sign}P{days}"


def _write_decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError("A Decimal that is not finite cannot travel.")
    return format(value, "f")


TEXTS: Final[dict[str, TextForm]] = {
    "base64": TextForm(
        bytes, lambda text: base64.b64decode(text, validate=True), lambda value: base64.b64encode(value).decode("ascii")
    ),
    "date-time": TextForm(datetime, _read_instant, _write_instant),
    "date": TextForm(date, date.fromisoformat, date.isoformat),
    "time-local": TextForm(time, time.fromisoformat, _write_time),
    "duration": TextForm(timedelta, _read_duration, _write_duration),
    "decimal": TextForm(Decimal, Decimal, _write_decimal),
    "uuid": TextForm(UUID, UUID, str),
}
"""The form of each string, by JSON Schema's name for it or wsdrf's own."""


def value_of(form: str, text: str) -> Any:
    """Give the value that ``text`` writes, such as a default."""
    return TEXTS[form].read(text)
