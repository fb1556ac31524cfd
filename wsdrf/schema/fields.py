"""Read the fields of attrs classes, dataclasses and TypedDicts alike."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Iterator
from typing import Any, Final, get_origin

import attrs
from attrs import frozen
from typing_extensions import NotRequired, Required, is_typeddict

from wsdrf.envelope import ABSENT
from wsdrf.exceptions import DeclarationError
from wsdrf.schema.annotations import hints_of, name_of, qualifiers
from wsdrf.schema.shapes import RecordKind


@frozen
class RawField:
    """A field whose annotation is resolved but not yet described."""

    name: str
    wire_name: str
    keyword: str
    annotation: Any
    required: bool
    default: Any = ABSENT
    validator: Any = None


def kind_of(tp: Any) -> RecordKind | None:
    """Tell how the class of a record is written; ``None`` for what is no record."""
    cls = get_origin(tp) or tp
    if not isinstance(cls, type):
        return None
    if attrs.has(cls):
        return RecordKind.ATTRS
    if dataclasses.is_dataclass(cls):
        return RecordKind.DATACLASS
    return RecordKind.TYPED_DICT if is_typeddict(cls) else None


def fields_of(tp: Any, kind: RecordKind, camelize: bool) -> tuple[RawField, ...]:
    """Read the fields that travel, in order.

    Raises ``DeclarationError`` for a private field without default, for a field without annotation, and for two fields
    with one name on the wire.
    """
    read = {RecordKind.ATTRS: _attrs_fields, RecordKind.DATACLASS: _dataclass_fields}.get(kind, _typed_dict_fields)
    fields = tuple(read(tp))
    if camelize:
        fields = tuple(attrs.evolve(field, wire_name=camel(field.wire_name)) for field in fields)
    taken: dict[str, str] = {}
    for field in fields:
        if (other := taken.setdefault(field.wire_name, field.name)) != field.name:
            raise DeclarationError(
                f"{name_of(tp)}.{other} and {name_of(tp)}.{field.name} are both {field.wire_name!r} on the wire. "
                "Rename one of them."
            )
    return fields


def code_of(tp: Any, kind: RecordKind) -> tuple[str, ...]:
    """Name the code of a class that has a say when an instance is made, and that no description reads."""
    cls = get_origin(tp) or tp
    if kind is RecordKind.DATACLASS:
        return _written(cls, "__post_init__") + (() if cls.__dataclass_params__.init else ("__init__",))
    if kind is not RecordKind.ATTRS:
        return ()
    own_init = ("__init__",) if hasattr(cls, "__attrs_init__") else ()
    converters = (f"converter of {each.name}" for each in attrs.fields(cls) if each.init and each.converter is not None)
    return (*_written(cls, "__attrs_pre_init__", "__attrs_post_init__"), *own_init, *converters)


def _written(cls: type[Any], *names: str) -> tuple[str, ...]:
    return tuple(name for name in names if hasattr(cls, name))


def camel(name: str) -> str:
    """Write a snake_case name in camelCase; underscores at either end stay."""
    return re.sub(r"(?<=[A-Za-z0-9])_+([A-Za-z0-9])", lambda found: found[1].upper(), name)


def _attrs_fields(tp: Any) -> Iterator[RawField]:
    hints = hints_of(tp)
    for attribute in attrs.fields(get_origin(tp) or tp):
        default = ABSENT if attribute.default is attrs.NOTHING else attribute.default
        if not _travels(tp, attribute.name, attribute.init, default):
            continue
        annotation = hints.get(attribute.name, attribute.type)
        if annotation is None:
            raise DeclarationError(
                f"{name_of(tp)}.{attribute.name} has no type. Annotate it, as in `{attribute.name}: str`."
            )
        required = default is ABSENT
        keyword = attribute.alias or attribute.name
        yield RawField(attribute.name, keyword, keyword, annotation, required, default, attribute.validator)


def _dataclass_fields(tp: Any) -> Iterator[RawField]:
    cls = get_origin(tp) or tp
    for name, field in cls.__dataclass_fields__.items():
        if field._field_type is _INIT_VAR:
            raise DeclarationError(
                f"{name_of(tp)}.{name} is an InitVar, which cannot be written back. Make it an ordinary field."
            )
    hints = hints_of(tp)
    for field in dataclasses.fields(cls):
        default: Any = ABSENT
        if field.default is not dataclasses.MISSING:
            default = field.default
        elif field.default_factory is not dataclasses.MISSING:
            default = attrs.Factory(field.default_factory)
        if _travels(tp, field.name, field.init, default):
            yield RawField(field.name, field.name, field.name, hints[field.name], default is ABSENT, default)


def _typed_dict_fields(tp: Any) -> Iterator[RawField]:
    required_keys = (get_origin(tp) or tp).__required_keys__
    for name, hint in hints_of(tp).items():
        said = qualifiers(hint)
        # Under postponed annotations the class cannot know what only the resolved annotation says.
        required = (name in required_keys or bool(said & _REQUIRED)) and not said & _NOT_REQUIRED
        yield RawField(name, name, name, hint, required)


def _travels(tp: Any, name: str, init: bool, default: Any) -> bool:
    if not init:
        return False
    if not name.startswith("_"):
        return True
    if default is ABSENT:
        raise DeclarationError(
            f"{name_of(tp)}.{name} is private, so no client can send it, but it has no default. "
            "Give it a default, or a name without the underscore."
        )
    return False


# dataclasses.fields() leaves these out, and Python has no public name for their kind.
_INIT_VAR: Final = vars(dataclasses)["_FIELD_INITVAR"]
_REQUIRED: Final = {Required, getattr(typing, "Required", Required)}
_NOT_REQUIRED: Final = {NotRequired, getattr(typing, "NotRequired", NotRequired)}
