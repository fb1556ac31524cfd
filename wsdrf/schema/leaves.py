"""Write shapes without parts as JSON Schema."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable
from enum import Enum
from typing import Any, Final, TypeAlias

from wsdrf.envelope import INT_MAX, INT_MIN
from wsdrf.schema.annotations import name_of
from wsdrf.schema.ecma import END, translate
from wsdrf.schema.forms import form_schema, trimmed_pattern
from wsdrf.schema.shapes import Anything, Boolean, Choice, Integer, Null, Number, Text, TextForm
from wsdrf.schema.undescribed import Undescribed, leave_out

Schema: TypeAlias = dict[str, Any]


_BOUNDS: Final = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
_TYPES: Final[dict[type, str]] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
}


def title_of(tp: Any) -> str:
    """Name a type for a reader, without its module."""
    return re.sub(r"\b[\w.<>]+\.(?=\w)", "", name_of(tp))


def description_of(cls: type[Any]) -> str:
    """Give a class's own docstring, unless a machine wrote it; empty without."""
    doc = vars(cls).get("__doc__")
    if not isinstance(doc, str) or doc.startswith(f"{cls.__name__}(") or doc == "An enumeration.":
        return ""
    return inspect.cleandoc(doc)


def set_limits(schema: Schema, **limits: int | None) -> Schema:
    """Add those keywords to ``schema`` that have a value, and give it back."""
    schema.update({keyword: limit for keyword, limit in limits.items() if limit is not None})
    return schema


def _integer(shape: Integer) -> Schema:
    schema: Schema = {"type": "integer", "minimum": INT_MIN, "maximum": INT_MAX}
    leave_out(schema, Undescribed.INTEGER_FORM)
    return _bounded(schema, shape)


def _number(shape: Number) -> Schema:
    schema: Schema = {"type": "number"}
    leave_out(schema, Undescribed.EXACT_FLOAT)
    return _bounded(schema, shape)


def _bounded(schema: Schema, shape: Integer | Number) -> Schema:
    for name, keyword in _BOUNDS.items():
        bound = getattr(shape, name)
        if bound is None:
            continue
        if type(bound) in (int, float) and math.isfinite(bound):
            tighter = max if name in ("ge", "gt") else min
            schema[keyword] = tighter(bound, schema.get(keyword, bound))
        else:
            leave_out(schema, Undescribed.RANGE, f"{name} {bound}")
    return schema


def _text(shape: Text) -> Schema:
    schema: Schema = {"type": "string"}
    limits = set_limits({"format": shape.format} if shape.format else {}, minLength=shape.min_length)
    patterns = []
    for pattern in shape.patterns:
        written = translate(pattern)
        if written is None:
            leave_out(schema, Undescribed.PATTERN, f"{pattern.method} {pattern.regex.pattern}")
        else:
            patterns.append(written)
    if shape.trimmed and shape.min_length:
        patterns.append(trimmed_pattern(shape.min_length))
    if shape.without:
        refused = "".join(f"\\u{ord(character):04x}" for character in shape.without)
        patterns.append(f"^[^{refused}]*{END}")
    if patterns:
        limits["pattern"] = patterns[0]
    if len(patterns) > 1:
        limits["allOf"] = [{"pattern": each} for each in patterns[1:]]
    if shape.blank and (shape.format or shape.min_length or shape.patterns):
        schema["anyOf"] = [{"const": ""}, limits]
    else:
        schema.update(limits)
    return set_limits(schema, maxLength=shape.max_length)


def _choice(shape: Choice) -> Schema:
    schema: Schema = {}
    if isinstance(shape.type, type) and issubclass(shape.type, Enum):
        schema["title"] = title_of(shape.type)
        if description := description_of(shape.type):
            schema["description"] = description
    wires = [option.wire for option in shape.options]
    types = {_TYPES[type(wire)] for wire in wires}
    if len(types) == 1:
        schema["type"] = types.pop()
    if any(type(wire) is int for wire in wires):
        leave_out(schema, Undescribed.INTEGER_FORM)
    if not wires:
        return {**schema, "not": {}}
    return {**schema, "const": wires[0]} if len(wires) == 1 else {**schema, "enum": wires}


def _anything(shape: Anything) -> Schema:
    schema: Schema = {}
    if shape.undescribed:
        leave_out(schema, Undescribed.FIELD, shape.undescribed)
    return schema


LEAVES: Final[dict[type[Any], Callable[[Any], Schema]]] = {
    Anything: _anything,
    Null: lambda shape: {"type": "null"},
    Boolean: lambda shape: {"type": "boolean"},
    Integer: _integer,
    Number: _number,
    Text: _text,
    TextForm: form_schema,
    Choice: _choice,
}
"""How each shape without parts is written."""
