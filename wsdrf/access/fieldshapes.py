"""Describe each kind of DRF serializer field: what it takes as it is, without converting."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeAlias
from uuid import UUID

from attrs import evolve
from django.core import validators as v
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from rest_framework import ISO_8601, fields, relations
from rest_framework.settings import api_settings
from rest_framework.validators import ProhibitSurrogateCharactersValidator

from wsdrf.schema import (
    Anything,
    ArrayOf,
    Boolean,
    Choice,
    Integer,
    MapOf,
    Number,
    OneOf,
    Option,
    Pattern,
    Shape,
    Text,
    TextForm,
)
from wsdrf.schema.limits import tighten

Read: TypeAlias = Callable[[Any, list[Any]], Shape]
"""Describes a child of a field, and adds to a list what the child's shape cannot say."""

FieldShape: TypeAlias = Callable[[Any, Read, list[Any]], Shape]

_READING: Final = ("get_value", "run_validation", "validate_empty_values", "to_internal_value", "run_validators")
# A Text says the first, and of the second no frame has any.
_SAID: Final = (v.ProhibitNullCharactersValidator, ProhibitSurrogateCharactersValidator)


def overridden(field: Any, known: type[Any]) -> bool:
    """Tell whether a subclass of the field class ``known`` reads what the client sent in its own way."""
    return any(getattr(type(field), name) is not getattr(known, name) for name in _READING)


def narrow(shape: Shape, field: Any, opaque: list[Any]) -> Shape:
    """Narrow ``shape`` by what the validators of ``field`` state; the others are added to ``opaque``."""
    for validator in field.validators:
        if isinstance(validator, _SAID):
            continue
        narrowed = _narrowed(shape, validator)
        if narrowed is None:
            opaque.append(validator)
        else:
            shape = narrowed
    return shape


def _narrowed(shape: Shape, validator: Any) -> Shape | None:
    """Narrow by one validator of Django's; ``None`` where it says more than a shape can."""
    if type(validator) is v.RegexValidator and isinstance(shape, Text):
        if validator.inverse_match or not isinstance(validator.regex, re.Pattern):
            return None
        return evolve(shape, patterns=(*shape.patterns, Pattern(validator.regex, "search")))
    limit = getattr(validator, "limit_value", None)
    if limit is None or callable(limit):
        return None
    if type(validator) in _LENGTHS and isinstance(shape, (Text, ArrayOf, MapOf)):
        return tighten(shape, _LENGTHS[type(validator)][isinstance(shape, (ArrayOf, MapOf))], limit)
    if type(validator) in _BOUNDS and isinstance(shape, (Integer, Number, TextForm)):
        return tighten(shape, _BOUNDS[type(validator)], limit)
    return None


def _text(field: Any, read: Read, opaque: list[Any]) -> Text:
    blank: bool = field.allow_blank
    return Text(min_length=None if blank else 1, trimmed=field.trim_whitespace, blank=blank, without="\0")


def _formatted(name: str) -> FieldShape:
    def text(field: Any, read: Read, opaque: list[Any]) -> Shape:
        return evolve(_text(field, read, opaque), format=name)

    return text


def _address(field: Any, read: Read, opaque: list[Any]) -> Shape:
    name = {"ipv4": "ipv4", "ipv6": "ipv6"}.get(str(field.protocol).lower(), "")
    return _formatted(name)(field, read, opaque)


def _fixed(shape: Shape) -> FieldShape:
    return lambda field, read, opaque: shape


def _moment(shape: TextForm, formats: str) -> FieldShape:
    """Describe a date or time, which has its one form unless the project has formats of its own."""

    def moment(field: Any, read: Read, opaque: list[Any]) -> Shape:
        accepted = getattr(field, "input_formats", getattr(api_settings, formats))
        if any(str(each).lower() == ISO_8601 for each in accepted):
            return shape
        opaque.append("input_formats")
        return Text()

    return moment


def _decimal(field: Any, read: Read, opaque: list[Any]) -> Shape:
    shape = TextForm(Decimal, "decimal")
    if field.max_digits is not None and field.decimal_places is not None:
        return evolve(shape, max_digits=field.max_digits, decimal_places=field.decimal_places)
    opaque.extend(name for name in ("max_digits", "decimal_places") if getattr(field, name) is not None)
    return shape


def _choice(field: Any, read: Read, opaque: list[Any]) -> Choice:
    options = [Option(_wire(key), key) for key in field.choices]
    if field.allow_blank and all(option.wire != "" for option in options):
        options.append(Option("", ""))
    return Choice(type(field), tuple(options))


def _wire(key: Any) -> str | int | float | bool | None:
    key = key.value if isinstance(key, Enum) else key
    return key if type(key) in (str, int, float, bool) else str(key)


def _choices(field: Any, read: Read, opaque: list[Any]) -> Shape:
    return ArrayOf(list, _choice(field, read, opaque), min_items=None if field.allow_empty else 1)


def _list(field: Any, read: Read, opaque: list[Any]) -> Shape:
    return ArrayOf(list, read(field.child, opaque), min_items=None if field.allow_empty else 1)


def _dict(field: Any, read: Read, opaque: list[Any]) -> Shape:
    return MapOf(Text(), read(field.child, opaque), min_items=None if field.allow_empty else 1)


def _json(field: Any, read: Read, opaque: list[Any]) -> Shape:
    if field.binary:
        opaque.append("JSON in a string")
        return Text()
    return Anything() if field.allow_null else NOT_NULL


def _related(field: Any, read: Read, opaque: list[Any]) -> Shape:
    opaque.append("an object of the queryset")
    if field.pk_field is not None:
        return read(field.pk_field, opaque)
    return _column(_model_field(field, "pk"))


def _slug(field: Any, read: Read, opaque: list[Any]) -> Shape:
    opaque.append("an object of the queryset")
    return _column(_model_field(field, field.slug_field))


def _hyperlinked(field: Any, read: Read, opaque: list[Any]) -> Shape:
    opaque.append("an object of the queryset")
    return Text(format="uri-reference")


def _many_related(field: Any, read: Read, opaque: list[Any]) -> Shape:
    return ArrayOf(list, read(field.child_relation, opaque), min_items=None if field.allow_empty else 1)


def _model_field(field: Any, name: str) -> Any:
    """Find the column that a related object is looked up by; ``None`` where the lookup goes across models."""
    if field.queryset is None:
        return None
    model = field.queryset.model
    try:
        found = model._meta.pk if name == "pk" else model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    while isinstance(found, models.ForeignKey):  # the primary key of a child table is its parent's
        found = found.target_field
    return found


def _column(found: Any) -> Shape:
    shape = next((shape for column, shape in _COLUMNS if isinstance(found, column)), None)
    return shape or Anything(f"the {type(found).__name__} of a related object" if found else "a related object")


NOT_NULL: Final = OneOf(
    (Boolean(), Integer(), Number(), Text(), ArrayOf(list, Anything()), MapOf(Text(), Anything())),
)
"""Any JSON value but ``null``."""

_LENGTHS: Final[dict[type[Any], tuple[str, str]]] = {
    v.MinLengthValidator: ("min_length", "min_items"),
    v.MaxLengthValidator: ("max_length", "max_items"),
}
_BOUNDS: Final[dict[type[Any], str]] = {v.MinValueValidator: "ge", v.MaxValueValidator: "le"}
_COLUMNS: Final[tuple[tuple[type[Any], Shape], ...]] = (
    (models.IntegerField, Integer()),
    (models.UUIDField, TextForm(UUID, "uuid")),
    (models.CharField, Text()),
)

FIELDS: Final[dict[type[Any], FieldShape]] = {
    fields.BooleanField: _fixed(Boolean()),
    fields.CharField: _text,
    fields.EmailField: _formatted("email"),
    fields.URLField: _formatted("uri"),
    fields.IPAddressField: _address,
    fields.UUIDField: _fixed(TextForm(UUID, "uuid")),
    fields.IntegerField: _fixed(Integer()),
    fields.FloatField: _fixed(Number()),
    fields.DecimalField: _decimal,
    fields.DateTimeField: _moment(TextForm(datetime, "date-time"), "DATETIME_INPUT_FORMATS"),
    fields.DateField: _moment(TextForm(date, "date"), "DATE_INPUT_FORMATS"),
    fields.TimeField: _moment(TextForm(time, "time-local"), "TIME_INPUT_FORMATS"),
    fields.DurationField: _fixed(TextForm(timedelta, "duration")),
    fields.ChoiceField: _choice,
    fields.MultipleChoiceField: _choices,
    fields.ListField: _list,
    fields.DictField: _dict,
    fields.JSONField: _json,
    fields._UnvalidatedField: _fixed(Anything()),
    relations.PrimaryKeyRelatedField: _related,
    relations.SlugRelatedField: _slug,
    relations.HyperlinkedRelatedField: _hyperlinked,
    relations.ManyRelatedField: _many_related,
}
"""How each class of DRF's is described, itself and subclasses that read alike. Others are not described."""
