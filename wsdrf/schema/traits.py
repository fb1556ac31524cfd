"""Tell what a shape is: its parts, its JSON kinds, whether it is text, whether its values are hashable."""

from __future__ import annotations

from typing import Final

from wsdrf.schema.fields import kind_of
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
    RecordKind,
    Reference,
    Shape,
    Tagged,
    Text,
    TextForm,
    TupleOf,
)

NAMES: Final[dict[type, str]] = {
    type(None): "null",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}
"""How a detail names the Python type that a JSON value is read as."""

_KINDS: Final[dict[type, tuple[type, ...]]] = {
    Null: (type(None),),
    Boolean: (bool,),
    Integer: (int,),
    Number: (float,),
    Text: (str,),
    TextForm: (str,),
    ArrayOf: (list,),
    TupleOf: (list,),
    MapOf: (dict,),
    Record: (dict,),
    Tagged: (dict,),
}


def kinds(shape: Shape) -> tuple[type, ...]:
    """List the types that the JSON values of ``shape`` are read as; empty where that is not known.

    ``float`` alone stands for integers too, unless another member of a union claims them.
    """
    if isinstance(shape, Choice):
        return tuple(dict.fromkeys(type(option.wire) for option in shape.options))
    if isinstance(shape, OneOf):
        return tuple(kind for member in shape.members for kind in kinds(member))
    if isinstance(shape, Reference):
        return (dict,) if kind_of(shape.type) else ()
    return _KINDS.get(type(shape), ())


def parts_of(shape: Shape) -> tuple[Shape, ...]:
    """Give the shapes that ``shape`` is made of."""
    if isinstance(shape, Record):
        return tuple(field.shape for field in shape.fields)
    if isinstance(shape, ArrayOf):
        return (shape.items,)
    if isinstance(shape, TupleOf):
        return shape.items
    if isinstance(shape, MapOf):
        return (shape.keys, shape.values)
    if isinstance(shape, OneOf):
        return shape.members
    return tuple(member.shape for member in shape.members) if isinstance(shape, Tagged) else ()


def is_text(shape: Shape) -> bool:
    """Tell whether every value of ``shape`` is a string on the wire."""
    return kinds(shape) == (str,)


def is_hashable(shape: Shape) -> bool:
    """Tell whether every typed value of ``shape`` can be in a set."""
    if isinstance(shape, Record):
        hashable = shape.kind is not RecordKind.TYPED_DICT and shape.cls.__hash__ is not None
        return hashable and all(is_hashable(field.shape) for field in shape.fields)
    if isinstance(shape, ArrayOf):
        return shape.type in (tuple, frozenset) and is_hashable(shape.items)
    if isinstance(shape, TupleOf):
        return all(map(is_hashable, shape.items))
    if isinstance(shape, OneOf):
        return all(map(is_hashable, shape.members))
    if isinstance(shape, Tagged):
        return all(is_hashable(member.shape) for member in shape.members)
    return not isinstance(shape, (Anything, MapOf))
