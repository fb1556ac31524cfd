"""Write shapes with parts as JSON Schema, and say by name what it cannot say."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID

from attrs import frozen

from wsdrf.envelope import ABSENT
from wsdrf.schema.defaults import FACTORY, Unwritable, write_default
from wsdrf.schema.forms import INTEGER_KEY
from wsdrf.schema.leaves import LEAVES, Schema, description_of, set_limits, title_of
from wsdrf.schema.shapes import (
    ArrayOf,
    Boolean,
    Choice,
    Field,
    Integer,
    MapOf,
    Null,
    Number,
    OneOf,
    Record,
    RecordKind,
    Reference,
    Shape,
    Tagged,
    Text,
    TextForm,
    TupleOf,
)
from wsdrf.schema.traits import kinds
from wsdrf.schema.undescribed import KEYWORD, Undescribed, leave_out

Refer: TypeAlias = Callable[[Record | Reference], "Schema | None"]
"""Gives the reference that stands for a record, or ``None`` for one that is to be written out where it stands."""


@frozen
class Renderer:
    """Writes shapes; ``refer`` says what becomes of the records within."""

    refer: Refer

    def schema(self, shape: Shape) -> Schema:
        """Write the schema of ``shape``."""
        if isinstance(shape, (Record, Reference)) and (reference := self.refer(shape)) is not None:
            return reference
        writer = _WRITERS.get(type(shape))
        return writer(self, shape) if writer else LEAVES[type(shape)](shape)

    def whole(self, shape: Shape) -> Schema:
        """Write ``shape`` out, and only its parts as ``refer`` says."""
        return self.record(shape) if isinstance(shape, Record) else self.schema(shape)

    def record(self, shape: Record) -> Schema:
        """Write an object with named fields."""
        schema: Schema = {"title": title_of(shape.type)}
        if description := description_of(shape.cls):
            schema["description"] = description
        schema["type"] = "object"
        schema["properties"] = {
            **{field.wire_name: self.field(field) for field in shape.fields},
            **{name: {"readOnly": True} for name in shape.ignored},
        }
        if required := [field.wire_name for field in shape.fields if field.required]:
            schema["required"] = required
        schema["additionalProperties"] = False
        for name in shape.opaque:
            leave_out(schema, Undescribed.INIT, name)
        if shape.kind is RecordKind.SERIALIZER:
            leave_out(schema, Undescribed.CONVERSION)
        return schema

    def field(self, field: Field) -> Schema:
        """Write the schema of a field, with its default and what its author says of it."""
        more: Schema = {"description": field.description} if field.description else {}
        if field.default is not ABSENT:
            try:
                more["default"] = write_default(field.shape, field.default)
            except Unwritable:
                leave_out(more, Undescribed.DEFAULT, _name_of(field.default))
        for validator in field.opaque:
            leave_out(more, Undescribed.VALIDATOR, _name_of(validator))
        schema = self.schema(field.shape)
        if more and "$ref" in schema:
            schema = {"allOf": [schema]}  # older drafts ignore what stands beside a reference
        said = [*schema.pop(KEYWORD, ()), *more.pop(KEYWORD, ())]
        return {**schema, **more, **({KEYWORD: said} if said else {})}

    def array(self, shape: ArrayOf) -> Schema:
        """Write an array whose items are alike."""
        schema: Schema = {"type": "array", "items": self.schema(shape.items)}
        if shape.unique:
            schema["uniqueItems"] = True
        if shape.unique and not _is_one_to_one(shape.items):
            leave_out(schema, Undescribed.DISTINCT, "items")
        return set_limits(schema, minItems=shape.min_items, maxItems=shape.max_items)

    def tuple(self, shape: TupleOf) -> Schema:
        """Write an array of fixed length."""
        schema: Schema = {"type": "array"}
        if shape.items:
            schema.update(prefixItems=[self.schema(item) for item in shape.items], items=False)
        return set_limits(schema, minItems=len(shape.items) or None, maxItems=len(shape.items))

    def map(self, shape: MapOf) -> Schema:
        """Write an object whose keys are data."""
        schema: Schema = {"type": "object"}
        keys = _integer_keys(shape.keys) if isinstance(shape.keys, Integer) else self.schema(shape.keys)
        if keys != {"type": "string"}:
            schema["propertyNames"] = keys
        schema["additionalProperties"] = self.schema(shape.values)
        if not _is_one_to_one(shape.keys):
            leave_out(schema, Undescribed.DISTINCT, "keys")
        return set_limits(schema, minProperties=shape.min_items, maxProperties=shape.max_items)

    def tagged(self, shape: Tagged) -> Schema:
        """Write a union of records that a tag tells apart; the tag must be there, even where it has a default."""
        members = [self.schema(member.shape) for member in shape.members]
        return {"type": "object", "required": [shape.tag], "oneOf": members}

    def one_of(self, shape: OneOf) -> Schema:
        """Write a union of shapes that the kind of JSON value tells apart."""
        members = [member for member in shape.members if not isinstance(member, Null)]
        schemas = [self._member(member, shape) for member in members]
        if len(members) == len(shape.members):
            return {"anyOf": schemas}
        return _or_null(schemas[0]) if len(schemas) == 1 else {"anyOf": [*schemas, {"type": "null"}]}

    def _member(self, member: Shape, union: OneOf) -> Schema:
        schema = self.schema(member)
        if isinstance(member, Number):
            others = [other for other in union.members if other is not member and int in kinds(other)]
            if others and others != [Integer(member.ge, member.gt, member.le, member.lt)]:
                # An integer belongs to the other member, whatever the number would say of it.
                schema["not"] = {"type": "integer"}
                leave_out(schema, Undescribed.INTEGER_FORM)
        return schema


def _or_null(schema: Schema) -> Schema:
    """Allow ``null`` beside what ``schema`` says."""
    if "enum" in schema:
        schema.pop("type", None)
        return {**schema, "enum": [*schema["enum"], None]}
    if isinstance(schema.get("type"), str) and schema.keys().isdisjoint({"const", "anyOf", "oneOf", "not"}):
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _integer_keys(shape: Integer) -> Schema:
    schema: Schema = {"pattern": INTEGER_KEY}
    leave_out(schema, Undescribed.RANGE, "64 bits")
    for name in ("ge", "gt", "le", "lt"):
        if (bound := getattr(shape, name)) is not None:
            leave_out(schema, Undescribed.RANGE, f"{name} {bound}")
    return schema


def _is_one_to_one(shape: Shape) -> bool:
    """Tell whether two values of ``shape`` differ in Python exactly where they differ in JSON."""
    if isinstance(shape, TextForm):
        return shape.type in _ONE_TO_ONE
    if isinstance(shape, Choice):
        return all(type(option.wire) is str for option in shape.options)
    if isinstance(shape, TupleOf):
        return all(map(_is_one_to_one, shape.items))
    return isinstance(shape, (Text, Integer, Number, Boolean, Null))


def _name_of(part: Any) -> str:
    """Name a validator or a default for a reader, the same in every run."""
    if isinstance(part, str):
        return part
    if isinstance(part, FACTORY):
        return f"made by {_name_of(part.factory)}"
    if isinstance(part, type) or callable(part):
        name = getattr(part, "__qualname__", "")
        # attrs' validators are instances, whose repr says what they ask.
        return name.rpartition("<locals>.")[2] or _ADDRESS.sub("", repr(part))
    return f"a {type(part).__qualname__}"


_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")
_ONE_TO_ONE: Final = (bytes, date, time, timedelta, UUID)
_WRITERS: Final[dict[type[Any], Callable[[Renderer, Any], Schema]]] = {
    Record: Renderer.record,
    ArrayOf: Renderer.array,
    TupleOf: Renderer.tuple,
    MapOf: Renderer.map,
    Tagged: Renderer.tagged,
    OneOf: Renderer.one_of,
}
