"""Values that travel as text, each in one form: what is read is written back as it came."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from attrs import frozen

from wsdrf.codec.instants import read_instant, write_instant

_DURATION: Final = re.compile(
    r"(-?)P(?:(\d{1,9})D)?(?:T(?:(\d{1,2})H)?(?:(\d{1,2})M)?(?:(\d{1,2})(?:\.(\d{1,6}))?S)?)?", re.ASCII
)
_DECIMAL: Final = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_SECOND: Final = timedelta(seconds=1)


@frozen
class TextCodec:
    """How values of ``type`` are read from and written to text.

    ``read`` raises ``ValueError``, ``TypeError`` or ``ArithmeticError`` for a text that is none. ``exact`` says that it
    refuses by itself what ``write`` would not give back. ``expected`` completes "Expected ...".
    """

    type: type[Any]
    read: Callable[[str], Any]
    write: Callable[[Any], str]
    expected: str
    exact: bool = False


def _read_duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError
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


def _read_decimal(text: str) -> Decimal:
    if not _DECIMAL.fullmatch(text):
        raise ValueError
    return Decimal(text)


def _write_decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError("A Decimal that is not finite cannot travel. Send None, or a text of your own.")
    return format(value, "f")


def _write_time(value: time) -> str:
    if value.tzinfo is not None:
        raise ValueError("A time with a time zone has no meaning without its date. Send a datetime.")
    return value.isoformat()


def _write_base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


TEXT_CODECS: Final[dict[str, TextCodec]] = {
    "base64": TextCodec(
        bytes, lambda text: base64.b64decode(text, validate=True), _write_base64, "base64 with its padding"
    ),
    "date-time": TextCodec(
        datetime, read_instant, write_instant, "a date and time with offset, as in 2026-01-31T12:00:00Z", exact=True
    ),
    "date": TextCodec(date, date.fromisoformat, date.isoformat, "a date, as in 2026-01-31"),
    "time-local": TextCodec(time, time.fromisoformat, _write_time, "a time without offset, as in 12:00:00"),
    "duration": TextCodec(timedelta, _read_duration, _write_duration, "a duration in its shortest form, as in P1DT2H"),
    "decimal": TextCodec(Decimal, _read_decimal, _write_decimal, "a decimal number in a string, as in 12.50"),
    "uuid": TextCodec(UUID, UUID, str, "a UUID in lower case with hyphens"),
}
"""The codec of each ``TextForm``, by its ``format``."""
