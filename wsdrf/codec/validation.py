"""Ask attrs validators one by one, so that each says its own code at its own place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, Final

import attrs
from attrs import frozen

from wsdrf.codec.texts import TEXT_CODECS
from wsdrf.codec.wrong import FAULTS, MAX_ERRORS, counted
from wsdrf.envelope import FieldError
from wsdrf.schema import limits
from wsdrf.schema.defaults import FACTORY

_INVALID: Final = ("invalid", "Invalid value.")
_COMPARISONS: Final = {
    ">=": ("too_small", "Must be at least {}."),
    ">": ("too_small", "Must be greater than {}."),
    "<=": ("too_large", "Must be at most {}."),
    "<": ("too_large", "Must be less than {}."),
}
_CONVERTER: Final[type[Any]] = attrs.Converter
_KEY_WRITERS: Final[dict[type, Callable[[Any], str]]] = {codec.type: codec.write for codec in TEXT_CODECS.values()}
_UNITS: Final[dict[type, str]] = {str: "character", bytes: "byte"}


@frozen
class Subject:
    """What is validated: an instance that is built but for its validation, and one attribute of it.

    ``instance`` is ``None`` where other fields are wrong; validators that are not attrs' own are not asked then.
    """

    instance: Any
    attribute: attrs.Attribute[Any]


def bare_instance(cls: type[Any], typed: Mapping[str, Any]) -> Any:
    """Build an attrs instance as its ``__init__`` does, but without its validators and ``__attrs_post_init__``."""
    instance: Any = object.__new__(cls)
    for attribute in attrs.fields(cls):
        if attribute.name in typed:
            value = typed[attribute.name]
        elif attribute.default is attrs.NOTHING:
            continue
        else:
            value = _default(attribute.default, instance)
        object.__setattr__(instance, attribute.name, _convert(attribute, instance, value))
    return instance


def complaints(validator: Any, subject: Subject, value: Any) -> list[FieldError]:
    """List what ``validator`` has against ``value``; each ``loc`` starts at the value.

    An exception that is no verdict on the value goes up as it is.
    """
    if isinstance(validator, limits.AND):
        parts = [complaints(part, subject, value) for part in validator._validators]
        return next((found for found in parts if found), [])
    if isinstance(validator, limits.OPTIONAL):
        return [] if value is None else complaints(validator.validator, subject, value)
    if isinstance(validator, limits.DEEP_ITERABLE):
        return _of_items(validator, subject, value)
    if isinstance(validator, limits.DEEP_MAPPING):
        return _of_entries(validator, subject, value)
    if subject.instance is None and type(validator) not in limits.LEAVES:
        return []
    try:
        validator(subject.instance, subject.attribute, value)
    except FAULTS as error:
        return [FieldError((), *_verdict(validator, value, error))]
    return []


def _of_items(validator: Any, subject: Subject, value: Any) -> list[FieldError]:
    found = _of_whole(validator.iterable_validator, subject, value)
    if found or not isinstance(value, Iterable):
        return found
    ordered = isinstance(value, (list, tuple))
    for index, item in enumerate(value):
        # The order of a set is not the one that the client sent.
        found += _at((index,) if ordered else (), complaints(validator.member_validator, subject, item))
        if len(found) >= MAX_ERRORS:
            break
    return found


def _of_entries(validator: Any, subject: Subject, value: Any) -> list[FieldError]:
    found = _of_whole(validator.mapping_validator, subject, value)
    if found or not isinstance(value, Mapping):
        return found
    for key, item in value.items():
        loc = (_key_text(key),)
        found += _at(loc, _of_whole(validator.key_validator, subject, key))
        found += _at(loc, _of_whole(validator.value_validator, subject, item))
        if len(found) >= MAX_ERRORS:
            break
    return found


def _key_text(key: Any) -> str:
    """Give the key of an object as the client wrote it."""
    if isinstance(key, Enum):
        return str(key.value)
    write = _KEY_WRITERS.get(type(key), str)
    return write(key)


def _of_whole(validator: Any, subject: Subject, value: Any) -> list[FieldError]:
    return [] if validator is None else complaints(validator, subject, value)


def _at(loc: tuple[str | int, ...], errors: list[FieldError]) -> list[FieldError]:
    return [FieldError((*loc, *error.loc), error.code, error.detail) for error in errors]


def _verdict(validator: Any, value: Any, error: Exception) -> tuple[str, str]:
    """Give code and detail. The exception's own text may hold the value, so it is never used."""
    if isinstance(validator, limits.INSTANCE_OF):
        return "wrong_type", "Not of the required type."
    if not isinstance(error, ValueError):
        return _INVALID
    if isinstance(validator, limits.MIN_LEN):
        return "too_short", f"Must have at least {_count(validator.min_length, value)}."
    if isinstance(validator, limits.MAX_LEN):
        return "too_long", f"Must have at most {_count(validator.max_length, value)}."
    if isinstance(validator, limits.NUMBER):
        code, detail = _COMPARISONS[validator.compare_op]
        return code, detail.format(validator.bound)
    if isinstance(validator, limits.IN):
        return "choice", "Not one of the allowed values."
    if isinstance(validator, limits.MATCHES):
        return "pattern", "Does not match the required pattern."
    return _INVALID


def _count(length: int, value: Any) -> str:
    return counted(length, _UNITS.get(type(value), "item"))


def _default(default: Any, instance: Any) -> Any:
    if not isinstance(default, FACTORY):
        return default
    return default.factory(instance) if default.takes_self else default.factory()


def _convert(attribute: attrs.Attribute[Any], instance: Any, value: Any) -> Any:
    converter: Any = attribute.converter
    if converter is None:
        return value
    if not isinstance(converter, _CONVERTER):
        return converter(value)
    extra = ([instance] if converter.takes_self else []) + ([attribute] if converter.takes_field else [])
    return converter.converter(value, *extra)
