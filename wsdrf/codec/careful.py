"""Structure again what failed, and list everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import attrs
from typing_extensions import override

from wsdrf.codec.quick import Quick, all_kept, check_length, collected
from wsdrf.codec.validation import Subject, bare_instance, complaints
from wsdrf.codec.wrong import FAULTS, MAX_ERRORS, Hook, Wrong, missing, under, unfit, unknown, wrong
from wsdrf.envelope import FieldError
from wsdrf.schema import ArrayOf, Field, MapOf, Record, RecordKind, TupleOf


class Careful(Quick):
    """Makes hooks that go on after a mistake, to report several at once, each at its place."""

    @override
    def record(self, shape: Record) -> Hook:
        hooks = [(field, self.make(field.shape)) for field in shape.fields]
        known = frozenset(field.wire_name for field in shape.fields)

        def hook(value: Any, _: Any) -> Any:
            if type(value) is not dict:
                raise unfit(value, "an object")
            errors, typed = _structure(hooks, value)
            errors.extend(islice((unknown(key) for key in value if key not in known), MAX_ERRORS))
            if shape.kind is RecordKind.ATTRS:
                errors.extend(_validate(shape, typed, sound=not errors))
            if errors:
                raise Wrong(*errors[:MAX_ERRORS])
            return _build(shape, typed)

        return hook

    @override
    def array(self, shape: ArrayOf) -> Hook:
        item_hook = self.make(shape.items)

        def hook(value: Any, _: Any) -> Any:
            if type(value) is not list:
                raise unfit(value, "an array")
            typed = _each((index, item_hook, item) for index, item in enumerate(value))
            return typed if shape.type is list else collected(typed, shape.type)

        return hook

    @override
    def tuple(self, shape: TupleOf) -> Hook:
        hooks = tuple(map(self.make, shape.items))

        def hook(value: Any, _: Any) -> Any:
            check_length(value, len(hooks))
            return tuple(_each((index, *pair) for index, pair in enumerate(zip(hooks, value, strict=True))))

        return hook

    @override
    def map(self, shape: MapOf) -> Hook:
        key_hook = self.key(shape.keys)
        value_hook = self.make(shape.values)

        def hook(value: Any, _: Any) -> Any:
            if type(value) is not dict:
                raise unfit(value, "an object")
            keys = _each((key, key_hook, key) for key in value)
            items = _each((key, value_hook, item) for key, item in value.items())
            return all_kept(dict(zip(keys, items, strict=True)), value)

        return hook


def _each(parts: Iterable[tuple[str | int, Hook, Any]]) -> list[Any]:
    """Structure each part, given with its place and hook; raise all that is wrong, up to what one answer lists."""
    errors: list[FieldError] = []
    typed = []
    for place, hook, value in parts:
        try:
            typed.append(hook(value, None))
        except Wrong as error:
            errors.extend(under(place, error.errors))
            if len(errors) >= MAX_ERRORS:
                break
    if errors:
        raise Wrong(*errors[:MAX_ERRORS])
    return typed


def _structure(hooks: list[tuple[Field, Hook]], value: dict[str, Any]) -> tuple[list[FieldError], dict[str, Any]]:
    errors: list[FieldError] = []
    typed = {}
    for field, hook in hooks:
        if field.wire_name not in value:
            if field.required:
                errors.append(missing(field.wire_name))
            continue
        try:
            typed[field.name] = hook(value[field.wire_name], None)
        except Wrong as error:
            errors.extend(under(field.wire_name, error.errors))
    return errors, typed


def _validate(shape: Record, typed: dict[str, Any], sound: bool) -> list[FieldError]:
    """Ask the validator of each field that was structured. ``sound``: nothing was wrong with any field so far."""
    if attrs.validators.get_disabled():
        return []
    attributes = attrs.fields_dict(shape.cls)
    instance = bare_instance(shape.cls, typed) if sound else None
    errors: list[FieldError] = []
    for field in shape.fields:
        if field.validator is None or field.name not in typed:
            continue
        value = typed[field.name] if instance is None else getattr(instance, field.name)
        found = complaints(field.validator, Subject(instance, attributes[field.name]), value)
        errors.extend(under(field.wire_name, tuple(found)))
    return errors


def _build(shape: Record, typed: dict[str, Any]) -> Any:
    if shape.kind is RecordKind.TYPED_DICT:
        return typed
    try:
        return shape.cls(**{field.keyword: typed[field.name] for field in shape.fields if field.name in typed})
    except FAULTS:
        raise wrong("invalid", "Invalid value.") from None
