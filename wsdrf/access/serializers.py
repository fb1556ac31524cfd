"""Validate a payload with a DRF serializer, as a view would, and strictly: unknown fields are errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.serializers import BaseSerializer, Serializer

from wsdrf.access.failures import field_errors
from wsdrf.access.view import View
from wsdrf.envelope import ABSENT, FieldError
from wsdrf.exceptions import InvalidCall


def is_serializer(kind: Any) -> bool:
    """Tell whether a payload's annotation is a DRF serializer class."""
    return isinstance(kind, type) and issubclass(kind, BaseSerializer)


def valid_serializer(kind: type[BaseSerializer[Any]], payload: Any, view: View) -> BaseSerializer[Any]:
    """Give the serializer of ``payload``, valid. Raises ``InvalidCall`` with DRF's field errors; may block."""
    if payload is ABSENT:
        raise InvalidCall([FieldError(("payload",), "required", "This is required.")])
    serializer = kind(data=payload, context={"request": view.request, "view": view, "format": None})
    unknown = _unknown_fields(serializer, payload)
    try:
        serializer.is_valid(raise_exception=True)
    except ValidationError as error:
        raise InvalidCall([*field_errors(error.detail), *unknown]) from None
    if unknown:
        raise InvalidCall(unknown)
    return serializer


def _unknown_fields(serializer: BaseSerializer[Any], payload: Any) -> list[FieldError]:
    if not isinstance(serializer, Serializer) or not isinstance(payload, Mapping):
        return []
    known = serializer.fields
    return [FieldError(("payload", name), "unknown", "This field is unknown.") for name in payload if name not in known]
