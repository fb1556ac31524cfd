"""Write the default of a field as the JSON that a client would send, where that is possible."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from attrs import Factory

from wsdrf.schema.shapes import (
    Anything,
    ArrayOf,
    Boolean,
    Choice,
    Integer,
    MapOf,
    Null,
    Number,
    OneOf,
    Record,
    Shape,
    Tagged,
    Text,
    TextForm,
    TupleOf,
)


class Unwritable(ValueError):
    """Say that a default is made anew each time, or cannot be written without the codec."""


def write_default(shape: Shape, default: Any) -> Any:
    """Write ``default`` as JSON of ``shape``. Raises ``Unwritable``; never calls code of the project."""
    if isinstance(default, FACTORY):
        if default.takes_self or default.factory not in _EMPTY:
            raise Unwritable
        default = default.factory()
    return _write(shape, default)


def _write(shape: Shape, value: Any) -> Any:
    if isinstance(shape, (OneOf, Tagged)):
        members = shape.members if isinstance(shape, OneOf) else tuple(member.shape for member in shape.members)
        return _write_member(members, value)
    if isinstance(shape, Anything):
        return _plain(value)
    writer = _WRITERS.get(type(shape))
    if writer is None:
        raise Unwritable
    return writer(shape, value)


def _write_member(members: tuple[Shape, ...], value: Any) -> Any:
    for member in members:
        try:
            return _write(member, value)
        except Unwritable:
            continue
    raise Unwritable


def _exactly(*types: type[Any]) -> Callable[[Any, Any], Any]:
    def write(shape: Any, value: Any) -> Any:
        if type(value) not in types or (type(value) is float and not math.isfinite(value)):
            raise Unwritable
        return value

    return write


def _choice(shape: Choice, value: Any) -> Any:
    for option in shape.options:
        if type(option.value) is type(value) and option.value == value:
            return option.wire
    raise Unwritable


def _text_form(shape: TextForm, value: Any) -> Any:
    write = _FORMS.get(type(value))
    if write is None or type(value) is not shape.type:
        raise Unwritable
    return write(value)


def _instant(value: datetime) -> str:
    text = value.isoformat()
    offset = value.utcoffset()
    if offset is None or offset.total_seconds() % 60:
        raise Unwritable
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def _time(value: time) -> str:
    if value.tzinfo is not None:
        raise Unwritable
    return value.isoformat()


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise Unwritable
    return format(value, "f")


def _array(shape: ArrayOf, value: Any) -> list[Any]:
    if not isinstance(value, (list, tuple, set, frozenset)):
        raise Unwritable
    written = [_write(shape.items, item) for item in value]
    return sorted(written, key=json.dumps) if shape.unique else written  # a set has no order of its own


def _tuple(shape: TupleOf, value: Any) -> list[Any]:
    if not isinstance(value, tuple) or len(value) != len(shape.items):
        raise Unwritable
    return [_write(item, part) for item, part in zip(shape.items, value, strict=True)]


def _map(shape: MapOf, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise Unwritable
    return {str(_write(shape.keys, key)): _write(shape.values, item) for key, item in value.items()}


def _record(shape: Record, value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        known = {field.name: field for field in shape.fields}
        if not known.keys() >= value.keys():
            raise Unwritable
        return {known[name].wire_name: _write(known[name].shape, item) for name, item in value.items()}
    if type(value) is not shape.cls:
        raise Unwritable
    return {field.wire_name: _write(field.shape, getattr(value, field.name)) for field in shape.fields}


def _plain(value: Any) -> Any:
    if isinstance(value, dict) and all(type(key) is str for key in value):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        raise Unwritable
    return _exactly(type(None), bool, int, float, str)(None, value)


FACTORY: Final[type[Any]] = type(Factory(list))
_EMPTY: Final = (list, dict, set, tuple, frozenset, str, bytes, int, float, bool)
_FORMS: Final[dict[type[Any], Callable[[Any], str]]] = {
    bytes: lambda value: base64.b64encode(value).decode("ascii"),
    datetime: _instant,
    date: date.isoformat,
    time: _time,
    Decimal: _decimal,
    UUID: str,
}
_WRITERS: Final[dict[type[Any], Callable[[Any, Any], Any]]] = {
    Null: _exactly(type(None)),
    Boolean: _exactly(bool),
    Integer: _exactly(int),
    Number: _exactly(int, float),
    Text: _exactly(str),
    Choice: _choice,
    TextForm: _text_form,
    ArrayOf: _array,
    TupleOf: _tuple,
    MapOf: _map,
    Record: _record,
}
