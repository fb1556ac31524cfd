"""Describe a type: from an annotation to a ``Shape``, or a ``DeclarationError`` that says what cannot travel."""

from __future__ import annotations

import typing
from collections import abc
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, Flag
from typing import Any, Final, TypeVar, get_args, get_origin
from uuid import UUID

import typing_extensions
from attrs import define, field

from wsdrf.exceptions import DeclarationError
from wsdrf.schema.annotations import documentation, is_alias, name_of, open_alias, plain
from wsdrf.schema.fields import code_of, fields_of, kind_of
from wsdrf.schema.limits import narrow
from wsdrf.schema.shapes import (
    Anything,
    ArrayOf,
    Boolean,
    Choice,
    Field,
    Integer,
    MapOf,
    Null,
    Number,
    Option,
    Record,
    RecordKind,
    Reference,
    Shape,
    Text,
    TextForm,
    TupleOf,
)
from wsdrf.schema.traits import is_hashable, is_text
from wsdrf.schema.unions import LITERALS, UNIONS, choose

PLAIN: Final[dict[Any, Shape]] = {
    Any: Anything(),
    object: Anything(),
    None: Null(),
    type(None): Null(),
    bool: Boolean(),
    int: Integer(),
    float: Number(),
    str: Text(),
    getattr(typing, "LiteralString", typing_extensions.LiteralString): Text(),
    typing_extensions.LiteralString: Text(),
    bytes: TextForm(bytes, "base64"),
    datetime: TextForm(datetime, "date-time"),
    date: TextForm(date, "date"),
    time: TextForm(time, "time-local"),
    timedelta: TextForm(timedelta, "duration"),
    Decimal: TextForm(Decimal, "decimal"),
    UUID: TextForm(UUID, "uuid"),
}
ARRAYS: Final[dict[Any, type[Any]]] = {
    list: list,
    abc.Sequence: list,
    abc.MutableSequence: list,
    abc.Collection: list,
    abc.Iterable: list,
    set: set,
    abc.MutableSet: set,
    frozenset: frozenset,
    abc.Set: frozenset,
}
MAPS: Final = (dict, abc.Mapping, abc.MutableMapping)


def describe(tp: Any, *, camelize: bool = False, where: str = "What is annotated") -> Shape:
    """Describe the JSON data that is a ``tp``, with every limit that attrs validators state.

    ``camelize`` puts field names in camelCase on the wire. Raises ``DeclarationError`` for what cannot be described,
    with the type, the path to it, and the cure; ``where`` says there what the whole is.
    """
    return _Reader(camelize, where).read(tp, where)


@define
class _Reader:
    """Reads one type; remembers the records it is inside of, to refer to them."""

    camelize: bool
    where: str
    inside: list[Any] = field(factory=list)
    known: dict[Any, Shape] = field(factory=dict)

    def read(self, tp: Any, path: str) -> Shape:
        tp = plain(tp)
        origin = get_origin(tp)
        if is_alias(tp):
            return self.named(tp, path)
        if (shape := _plain_shape(tp)) is not None:
            return shape
        if origin in LITERALS:
            return _literal(tp, path)
        if origin in UNIONS:
            return choose(tp, path, self.camelize, self.read)
        if kind_of(tp) is not None:
            return self.named(tp, path)
        if isinstance(tp, type) and issubclass(tp, Enum):
            return _enum(tp, path)
        if (origin or tp) is tuple:
            return self.tuple(tp, path)
        if (array := ARRAYS.get(origin or tp)) is not None:
            return self.array(array, tp, path)
        if (origin or tp) in MAPS:
            return self.map(tp, path)
        raise DeclarationError(_refusal(tp, path))

    def named(self, tp: Any, path: str) -> Shape:
        """Describe a record or named alias; within itself, refer to it."""
        if tp in self.known:
            return self.known[tp]
        if tp in self.inside:
            return Reference(tp, self.camelize)
        self.inside.append(tp)
        shape = self.read(open_alias(tp), path) if is_alias(tp) else self.record(tp, path)
        self.inside.pop()
        self.known[tp] = shape
        return shape

    def within(self, tp: Any, path: str) -> str:
        """Give the path that those of the parts of ``tp`` begin with: the whole goes by its own name."""
        return name_of(tp) if path == self.where else path

    def record(self, tp: Any, path: str) -> Shape:
        kind = kind_of(tp) or RecordKind.ATTRS
        path = self.within(tp, path)
        fields = []
        for raw in fields_of(tp, kind, self.camelize):
            opaque: list[Any] = []
            shape = narrow(self.read(raw.annotation, f"{path}.{raw.name}"), raw.validator, opaque)
            fields.append(
                Field(
                    name=raw.name,
                    wire_name=raw.wire_name,
                    keyword=raw.keyword,
                    shape=shape,
                    required=raw.required,
                    default=raw.default,
                    validator=raw.validator,
                    opaque=tuple(opaque),
                    description=documentation(raw.annotation),
                )
            )
        return Record(tp, get_origin(tp) or tp, kind, tuple(fields), code_of(tp, kind), camelize=self.camelize)

    def tuple(self, tp: Any, path: str) -> Shape:
        args = get_args(tp)
        path = self.within(tp, path)
        if tp in (tuple, typing.Tuple):  # noqa: UP006 - typing.Tuple is here a value that users' annotations may hold
            return ArrayOf(tuple, Anything())
        if len(args) == 2 and args[1] is Ellipsis:
            return ArrayOf(tuple, self.read(args[0], f"{path}[]"))
        return TupleOf(tuple(self.read(arg, f"{path}[{index}]") for index, arg in enumerate(args)))

    def array(self, array: type[Any], tp: Any, path: str) -> Shape:
        item = next(iter(get_args(tp)), Any)
        items = self.read(item, f"{self.within(tp, path)}[]")
        unique = array in (set, frozenset)
        if unique and not is_hashable(items):
            raise DeclarationError(
                f"{path} is {name_of(tp)}, but its items cannot be in a set. "
                "Use list, or items that are hashable: frozen classes, tuples, strings, numbers."
            )
        return ArrayOf(array, items, unique=unique)

    def map(self, tp: Any, path: str) -> Shape:
        key, value = get_args(tp) or (str, Any)
        inner = self.within(tp, path)
        keys = self.read(key, f"{inner} key")
        if not is_text(keys) and keys != Integer():
            raise DeclarationError(
                f"{path} is {name_of(tp)}, but a key in JSON is a string. "
                "Use keys of str, int, UUID, date, or an Enum or Literal of strings."
            )
        return MapOf(keys, self.read(value, f"{inner}{{}}"))


def _plain_shape(tp: Any) -> Shape | None:
    try:
        return PLAIN.get(tp)
    except TypeError:  # an annotation that is not hashable is not in the table
        return None


def _literal(tp: Any, path: str) -> Shape:
    options = []
    for value in get_args(tp):
        wire = value.value if isinstance(value, Enum) else value
        if wire is not None and type(wire) not in (str, int, bool):
            raise DeclarationError(
                f"{path} is {name_of(tp)}, but {value!r} is no JSON value. Use strings, integers, booleans or None."
            )
        options.append(Option(wire, value))
    return Choice(tp, tuple(options))


def _enum(tp: type[Enum], path: str) -> Shape:
    members = list(tp)
    if issubclass(tp, Flag) or not members:
        raise DeclarationError(
            f"{path} is {name_of(tp)}, whose values cannot be listed. "
            "Use an Enum with members; for flags, a list of them."
        )
    for member in members:
        value = member.value
        if isinstance(value, float) and value - value != 0:
            raise DeclarationError(f"{path} is {name_of(tp)}, but {member} is not finite. Give it a finite number.")
        if value is not None and type(value) not in (str, int, float, bool):
            raise DeclarationError(
                f"{path} is {name_of(tp)}, but the value of {member} is no JSON value. "
                "Give it a string, a number or a boolean."
            )
    return Choice(tp, tuple(Option(member.value, member) for member in members))


def _refusal(tp: Any, path: str) -> str:
    if isinstance(tp, TypeVar):
        return (
            f"{path} is the type variable {tp}, which stands for no type here. "
            "Write the generic class with a type, as in Page[int]."
        )
    if isinstance(tp, (str, typing.ForwardRef)):
        return (
            f"{path} is {tp!r}, a name that is not resolved. Use the class itself, or define the name at module level."
        )
    return (
        f"{path} is {name_of(tp)}, which cannot travel as JSON. Decorate a class of your own with @message; "
        "else use an attrs class, a dataclass, a TypedDict, "
        "or str, int, float, bool, None, bytes, datetime, date, time, timedelta, Decimal, UUID, Enum, Literal, "
        "and list, tuple, set, frozenset, dict or a union of these."
    )
