"""A type described once: the codec, JSON Schema and strategies all read the same records."""

from __future__ import annotations

from wsdrf.schema.describe import describe
from wsdrf.schema.document import Definitions, json_schema
from wsdrf.schema.shapes import (
    Anything,
    ArrayOf,
    Boolean,
    Choice,
    Field,
    Integer,
    MapOf,
    Member,
    Null,
    Number,
    OneOf,
    Option,
    Pattern,
    Record,
    RecordKind,
    Reference,
    Shape,
    Tagged,
    Text,
    TextForm,
    TupleOf,
)

__all__ = [
    "Anything",
    "ArrayOf",
    "Boolean",
    "Choice",
    "Definitions",
    "Field",
    "Integer",
    "MapOf",
    "Member",
    "Null",
    "Number",
    "OneOf",
    "Option",
    "Pattern",
    "Record",
    "RecordKind",
    "Reference",
    "Shape",
    "Tagged",
    "Text",
    "TextForm",
    "TupleOf",
    "describe",
    "json_schema",
]
