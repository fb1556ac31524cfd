"""Write shapes in Python: as annotations, as forms of the client's runtime, and defaults as expressions."""

from __future__ import annotations

import keyword
from collections.abc import Iterable
from enum import Enum
from typing import Any, Final

from attrs import frozen

from wsdrf.clients.names import Names
from wsdrf.envelope import ABSENT
from wsdrf.schema import (
    Anything,
    ArrayOf,
    Boolean,
    Choice,
    Field,
    Integer,
    MapOf,
    Null,
    Number,
    OneOf,
    Option,
    Record,
    Reference,
    Shape,
    Tagged,
    Text,
    TextForm,
    TupleOf,
)
from wsdrf.schema.defaults import Unwritable, write_default

_ANNOTATIONS: Final[dict[type[Any], str]] = {
    Anything: "Any",
    Null: "None",
    Boolean: "bool",
    Integer: "int",
    Number: "float",
    Text: "str",
}
_FORMS: Final[dict[type[Any], str]] = {
    Anything: "f.ANYTHING",
    Null: "f.NOTHING",
    Boolean: "f.BOOLEAN",
    Integer: "f.INTEGER",
    Number: "f.NUMBER",
    Text: "f.TEXT",
}
_TEXTS: Final = {
    "base64": "bytes",
    "date-time": "dt.datetime",
    "date": "dt.date",
    "time-local": "dt.time",
    "duration": "dt.timedelta",
    "decimal": "Decimal",
    "uuid": "UUID",
}
_SHADOWS: Final = frozenset(
    # what annotations and defaults say
    {"ABSENT", "Absent", "Any", "Decimal", "Literal", "UUID", "attrs", "bool", "bytes", "dict", "dt", "float"}
    | {"frozenset", "int", "list", "self", "set", "str", "tuple", "value_of"}
)


@frozen
class PythonTypes:
    """Writes shapes with the names of ``names``; classes of the messages have ``prefix`` before them."""

    names: Names
    prefix: str = ""

    def annotation(self, shape: Shape) -> str:
        """Write the type of a value."""
        if isinstance(shape, (Record, Reference)):
            return self.prefix + self.names.of(shape)
        if isinstance(shape, TextForm):
            return _TEXTS[shape.format]
        if isinstance(shape, Choice):
            return self._literal(shape)
        if isinstance(shape, ArrayOf):
            more = ", ..." if shape.type is tuple else ""
            return f"{shape.type.__name__}[{self.annotation(shape.items)}{more}]"
        if isinstance(shape, TupleOf):
            return f"tuple[{', '.join(map(self.annotation, shape.items)) or '()'}]"
        if isinstance(shape, MapOf):
            return f"dict[{self.annotation(shape.keys)}, {self.annotation(shape.values)}]"
        if isinstance(shape, (OneOf, Tagged)):
            return union(map(self.annotation, _members(shape)))
        return _ANNOTATIONS[type(shape)]

    def form(self, shape: Shape) -> str:
        """Write the form that reads and writes a value."""
        if isinstance(shape, (Record, Reference)):
            return self.names.of(shape)
        if isinstance(shape, TextForm):
            return f'TEXTS["{shape.format}"]'
        if isinstance(shape, Choice):
            options = (f"({option.wire!r}, {self.value(option)})" for option in shape.options)
            return f"f.Choice({', '.join(options)})"
        if isinstance(shape, ArrayOf):
            return f"f.Array({shape.type.__name__}, {self.form(shape.items)})"
        if isinstance(shape, TupleOf):
            return f"f.Row({', '.join(map(self.form, shape.items))})"
        if isinstance(shape, MapOf):
            keys = "f.INTEGER_KEY" if isinstance(shape.keys, Integer) else self.form(shape.keys)
            return f"f.Map({keys}, {self.form(shape.values)})"
        if isinstance(shape, Tagged):
            tags = [(option.wire, member.shape) for member in shape.members for option in member.tags]
            members = (f"({wire!r}, lambda: {self.form(record)})" for wire, record in tags)
            return f"f.Tagged({shape.tag!r}, {', '.join(members)})"
        if isinstance(shape, OneOf):
            # An integer is a number too, so a float has what the others leave.
            ordered = sorted(shape.members, key=lambda member: isinstance(member, Number))
            return f"f.OneOf({', '.join(map(self.form, ordered))})"
        return _FORMS[type(shape)]

    def value(self, option: Option) -> str:
        """Write one value of a choice."""
        if isinstance(option.value, Enum):
            return f"{self.prefix}{self.names.enums[type(option.value)]}.{member_name(option.value)}"
        return repr(option.wire)

    def default(self, field: Field) -> str:
        """Write the default of a field: nothing where it has none, ``ABSENT`` where only the server knows it."""
        if isinstance(field.shape, Choice) and len(field.shape.options) == 1:
            return self.value(field.shape.options[0])
        if field.required:
            return ""
        try:
            wire = ABSENT if field.default is ABSENT else write_default(field.shape, field.default)
        except Unwritable:
            wire = ABSENT
        return self._expression(field.shape, wire) or "ABSENT"

    def _expression(self, shape: Shape, wire: Any) -> str:
        if isinstance(shape, OneOf):
            written = (self._expression(member, wire) for member in shape.members)
            return next(filter(None, written), "")
        if isinstance(shape, Choice):
            chosen = (one for one in shape.options if (type(one.wire), one.wire) == (type(wire), wire))
            return next(map(self.value, chosen), "")
        if isinstance(shape, TextForm) and isinstance(wire, str):
            return f"attrs.field(factory=lambda: value_of({shape.format!r}, {wire!r}))"
        if isinstance(shape, (ArrayOf, TupleOf)) and wire == []:
            name = getattr(shape, "type", tuple).__name__
            return {"tuple": "()", "frozenset": "frozenset()"}.get(name, f"attrs.field(factory={name})")
        if isinstance(shape, MapOf) and wire == {}:
            return "attrs.field(factory=dict)"
        if isinstance(shape, Number) and type(wire) in (int, float):
            return repr(float(wire))
        return repr(wire) if _SCALARS.get(type(shape)) is type(wire) else ""

    def _literal(self, shape: Choice) -> str:
        if any(isinstance(option.wire, float) and not isinstance(option.value, Enum) for option in shape.options):
            return union(sorted({type(option.wire).__name__.replace("NoneType", "None") for option in shape.options}))
        kinds = {type(option.value) for option in shape.options}
        enum = next(iter(kinds))
        if len(kinds) == 1 and issubclass(enum, Enum) and len(shape.options) == len(enum):
            return self.prefix + self.names.enums[enum]
        return f"Literal[{', '.join(map(self.value, shape.options))}]"


_SCALARS: Final[dict[type[Any], type[Any]]] = {Null: type(None), Boolean: bool, Integer: int, Text: str}


def attribute(name: str, taken: set[str]) -> str:
    """Give the name of a field in Python: its own, unless it is a keyword or hides what annotations mean."""
    chosen = "".join(letter if f"_{letter}".isidentifier() else "_" for letter in name).lstrip("_") or "field"
    chosen = chosen if chosen.isidentifier() else f"field_{chosen}"
    while keyword.iskeyword(chosen) or chosen in _SHADOWS or chosen in taken:
        chosen += "_"
    taken.add(chosen)
    return chosen


def member_name(member: Enum) -> str:
    """Give the name of an Enum's member."""
    return attribute(member.name, {"mro", "name", "value"})


def union(types: Iterable[str]) -> str:
    """Write a union, each member once, and ``None`` last."""
    members = dict.fromkeys(types)
    return " | ".join([*(one for one in members if one != "None"), *(one for one in members if one == "None")])


def _members(shape: OneOf | Tagged) -> tuple[Shape, ...]:
    return shape.members if isinstance(shape, OneOf) else tuple(member.shape for member in shape.members)
