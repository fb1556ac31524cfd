"""Validate a payload with a DRF serializer, as a view would, and strictly: unknown fields are errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from types import SimpleNamespace
from typing import Any, Final

from rest_framework.exceptions import ValidationError
from rest_framework.fields import DictField, ListField
from rest_framework.serializers import BaseSerializer, ListSerializer, Serializer

from wsdrf.access.failures import field_errors
from wsdrf.access.view import View
from wsdrf.codec.wrong import MAX_ERRORS, bounded, missing, unknown
from wsdrf.envelope import ABSENT, FieldError
from wsdrf.exceptions import InvalidCall

NOWHERE: Final[Any] = SimpleNamespace(request=None)
"""Stands for the view where a serializer is asked outside of any call."""


def is_serializer(kind: Any) -> bool:
    """Tell whether a payload's annotation is a DRF serializer class."""
    return isinstance(kind, type) and issubclass(kind, BaseSerializer)


def valid_serializer(kind: type[BaseSerializer[Any]], payload: Any, view: View) -> BaseSerializer[Any]:
    """Give the serializer of ``payload``, valid. Raises ``InvalidCall`` with DRF's field errors; may block."""
    if payload is ABSENT:
        raise InvalidCall([missing("payload")])
    serializer = kind(data=payload, context={"request": view.request, "view": view, "format": None})
    strangers = tuple(islice(_unknown_fields(serializer, payload, ()), MAX_ERRORS))
    try:
        serializer.is_valid(raise_exception=True)
    except ValidationError as error:
        raise InvalidCall(bounded(chain(field_errors(error.detail), strangers), "payload")) from None
    if strangers:
        raise InvalidCall(bounded(strangers, "payload"))
    return serializer


def _unknown_fields(field: Any, value: Any, loc: tuple[str | int, ...]) -> Iterator[FieldError]:
    if isinstance(field, Serializer) and isinstance(value, Mapping):
        for name, inner in value.items():
            if name in field.fields:
                yield from _unknown_fields(field.fields[name], inner, (*loc, name))
            else:
                yield unknown(*loc, name)
    elif isinstance(field, (ListSerializer, ListField)) and isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unknown_fields(field.child, inner, (*loc, index))
    elif isinstance(field, DictField) and isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _unknown_fields(field.child, inner, (*loc, name))


def field_of(payload: Any, name: str) -> Any:
    """Read one field of what a handler gets: a message, a mapping, or a valid serializer."""
    if isinstance(payload, BaseSerializer):
        payload = payload.validated_data
    return payload[name] if isinstance(payload, Mapping) else getattr(payload, name)
