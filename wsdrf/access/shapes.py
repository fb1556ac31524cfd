"""Describe any payload of a handler: types as the codec reads them, serializers as far as their fields say."""

from __future__ import annotations

from typing import Any, Final

from attrs import Factory, define, field
from django.core.exceptions import ImproperlyConfigured
from rest_framework.fields import Field as SerializerField
from rest_framework.fields import HiddenField, empty
from rest_framework.serializers import BaseSerializer, ListSerializer, Serializer

from wsdrf.access.fieldshapes import FIELDS, Read, narrow, overridden
from wsdrf.access.serializers import is_serializer
from wsdrf.envelope import ABSENT
from wsdrf.routing import Route
from wsdrf.schema import Anything, ArrayOf, Field, Null, OneOf, Record, RecordKind, Reference, Shape, describe
from wsdrf.schema.traits import kinds

_UNREADABLE: Final = (AssertionError, AttributeError, ImproperlyConfigured, LookupError, TypeError, ValueError)
"""What ``get_fields`` may raise for lack of a request; it is asked without one."""

_WHOLE: Final = ("run_validation", "to_internal_value", "validate")


def shape_of(payload: Any, *, camelize: bool = False) -> Shape:
    """Describe the JSON data that is a ``payload``: any type that the codec reads, or a DRF serializer class.

    Of a serializer, read-only fields are left out, and what no shape can say is named: a field of one's own is
    ``Anything`` with its name, validators and ``validate`` methods are in ``opaque``. ``camelize`` is for types; a
    serializer's names are its own. Raises ``DeclarationError`` for a type that cannot travel.
    """
    if is_serializer(payload):
        return _Reader().payload(payload)
    return describe(payload, camelize=camelize)


def may_lack_payload(route: Route, payload: Shape | None) -> bool:
    """Tell whether a call of ``route`` needs no payload; ``payload`` describes what it takes, ``None`` for nothing.

    A call without is one with an empty object where the payload is a record; a serializer wants its object sent.
    """
    if payload is None or not route.payload_required:
        return True
    if is_serializer(route.payload) or not isinstance(payload, Record):
        return False
    return not any(one.required for one in payload.fields)


@define
class _Reader:
    """Reads one serializer; remembers the classes it is inside of, to refer to them."""

    inside: list[Any] = field(factory=list)

    def payload(self, cls: type[BaseSerializer[Any]]) -> Shape:
        """Describe a serializer class, made without a request."""
        try:
            found = cls(context={})
        except _UNREADABLE:
            return Anything(cls.__qualname__)
        return self.serializer(found)

    def read(self, found: SerializerField[Any, Any, Any, Any], opaque: list[Any]) -> Shape:
        """Describe a field; what its shape cannot say is added to ``opaque``."""
        shape = self.serializer(found) if isinstance(found, BaseSerializer) else _described(found, self.read, opaque)
        if not isinstance(found, Serializer):  # whose record has already said it
            shape = narrow(shape, found, opaque)
        if not found.allow_null or isinstance(shape, Anything) or type(None) in kinds(shape):
            return shape
        members = shape.members if isinstance(shape, OneOf) else (shape,)
        return OneOf((*members, Null()))

    def serializer(self, found: BaseSerializer[Any]) -> Shape:
        cls = type(found)
        if isinstance(found, ListSerializer):
            return self.many(found)
        if not isinstance(found, Serializer):
            return Anything(cls.__qualname__)
        if cls in self.inside:
            return Reference(cls)
        self.inside.append(cls)
        try:
            return self.record(found)
        except _UNREADABLE:
            return Anything(cls.__qualname__)
        finally:
            self.inside.pop()

    def many(self, found: ListSerializer[Any]) -> Shape:
        """Describe a list of records."""
        if found.child is None or overridden(found, ListSerializer) or not _is_drfs(type(found).validate):
            return Anything(type(found).__qualname__)
        bounds: Any = found  # the stubs leave them out
        least = bounds.min_length if found.allow_empty else bounds.min_length or 1
        return ArrayOf(list, self.read(found.child, []), least, bounds.max_length)

    def record(self, found: Serializer[Any]) -> Record:
        fields: list[Field] = []
        ignored: list[str] = []
        for name, each in found.fields.items():
            if each.read_only or isinstance(each, HiddenField):
                ignored.append(name)
            else:
                fields.append(self.field(name, each))
        cls = type(found)
        return Record(cls, cls, RecordKind.SERIALIZER, tuple(fields), _opaque_of(found), tuple(ignored))

    def field(self, name: str, found: SerializerField[Any, Any, Any, Any]) -> Field:
        opaque: list[Any] = []
        shape = self.read(found, opaque)
        checked = f"validate_{name}"
        if hasattr(found.parent, checked):
            opaque.append(checked)
        return Field(
            name=name,
            wire_name=name,
            keyword=name,
            shape=shape,
            required=found.required,
            default=_default(found),
            opaque=tuple(opaque),
            description=str(found.help_text or ""),
        )


def _described(found: SerializerField[Any, Any, Any, Any], read: Read, opaque: list[Any]) -> Shape:
    """Describe a field that is no serializer, unless its class reads the client's data in its own way."""
    known = next((cls for cls in type(found).__mro__ if cls in FIELDS), None)
    if known is None or overridden(found, known):
        return Anything(type(found).__qualname__)
    return FIELDS[known](found, read, opaque)


def _default(found: SerializerField[Any, Any, Any, Any]) -> Any:
    if found.default is empty:
        return ABSENT
    return Factory(found.default) if callable(found.default) else found.default


def _opaque_of(found: Serializer[Any]) -> tuple[str, ...]:
    """Name what looks at the whole object: overridden methods, then validators such as ``unique_together``'s."""
    methods = [name for name in _WHOLE if not _is_drfs(getattr(type(found), name))]
    return (*methods, *dict.fromkeys(type(validator).__qualname__ for validator in found.validators))


def _is_drfs(method: Any) -> bool:
    return str(method.__module__).startswith("rest_framework.")
