"""The shapes that JSON data of a type can have, as frozen records.

Limits come from attrs validators and are inclusive (``ge``, ``le``), exclusive (``gt``, ``lt``), or lengths. They hold
for the typed value: the length of ``bytes`` counts bytes, and ``ge`` of a ``date`` is a ``date``.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any, Literal, TypeAlias

from attrs import frozen

from wsdrf.envelope import ABSENT

MatchMethod: TypeAlias = Literal["fullmatch", "match", "search"]


@frozen
class Anything:
    """Any JSON value; the typed value is the JSON value itself.

    ``undescribed`` names what stands here where no shape can say what it takes, such as a serializer field of one's
    own.
    """

    undescribed: str = ""


@frozen
class Null:
    """``null``."""


@frozen
class Boolean:
    """``true`` or ``false``."""


@frozen
class Integer:
    """A JSON number without fraction or exponent, within signed 64 bits."""

    ge: Any = None
    gt: Any = None
    le: Any = None
    lt: Any = None


@frozen
class Number:
    """A JSON number that a ``float`` holds exactly as it was read."""

    ge: Any = None
    gt: Any = None
    le: Any = None
    lt: Any = None


@frozen
class Pattern:
    """A regular expression that a text must satisfy, and which method of ``regex`` decides."""

    regex: re.Pattern[Any]
    method: MatchMethod = "fullmatch"


@frozen
class Text:
    """A string. Lengths count code points.

    Serializer fields say more: ``trimmed`` takes white space off both ends before all else is asked, ``blank`` allows
    an empty text whatever the limits say, ``without`` are characters that may not occur, and ``format`` is JSON
    Schema's name of what the text is (``email``, ``uri``, ``ipv4``, ``ipv6``), where only its validator knows it all.
    """

    min_length: int | None = None
    max_length: int | None = None
    patterns: tuple[Pattern, ...] = ()
    trimmed: bool = False
    blank: bool = False
    without: str = ""
    format: str = ""


@frozen
class TextForm:
    """A string that writes a value of ``type`` in its one canonical form, named by ``format``.

    ``format`` is JSON Schema's name where there is one (``date-time``, ``date``, ``uuid``, ``duration``), else
    ``time-local``, ``decimal`` or ``base64``. A decimal may be bound to ``max_digits``, of them ``decimal_places``
    behind the point at most.
    """

    type: type[Any]
    format: str
    ge: Any = None
    gt: Any = None
    le: Any = None
    lt: Any = None
    min_length: int | None = None
    max_length: int | None = None
    max_digits: int | None = None
    decimal_places: int | None = None


@frozen
class Option:
    """One allowed value: ``wire`` in JSON, ``value`` in Python."""

    wire: str | int | float | bool | None
    value: Any


@frozen
class Choice:
    """One of a few values: an ``Enum`` by its values, a ``Literal``, or what ``in_`` leaves.

    ``type`` is what was asked. Values are told apart with their types: ``1`` is not ``True``.
    """

    type: Any
    options: tuple[Option, ...]


@frozen
class ArrayOf:
    """An array whose items are all alike; ``type`` is ``list``, ``tuple``, ``set`` or ``frozenset``."""

    type: type[Any]
    items: Shape
    min_items: int | None = None
    max_items: int | None = None
    unique: bool = False


@frozen
class TupleOf:
    """An array of fixed length whose places differ."""

    items: tuple[Shape, ...]


@frozen
class MapOf:
    """An object whose keys are data: each key is a text of ``keys``, each value a ``values``."""

    keys: Shape
    values: Shape
    min_items: int | None = None
    max_items: int | None = None


@frozen
class Field:
    """One field of a record: ``name`` in Python, ``wire_name`` in JSON, ``keyword`` where its class is called.

    ``default`` is ``ABSENT``, a value, or an ``attrs.Factory``. ``validator`` is attrs' own, whole. ``opaque`` are
    those parts of it that ``shape`` cannot say; of a serializer's field, those of its validators, and the names of
    methods that have a say. ``description`` is what its author says of it: ``Annotated[..., Doc("...")]`` or
    ``help_text``.
    """

    name: str
    wire_name: str
    keyword: str
    shape: Shape
    required: bool
    default: Any = ABSENT
    validator: Any = None
    opaque: tuple[Any, ...] = ()
    description: str = ""


class RecordKind(Enum):
    """How a record's class is written."""

    ATTRS = "attrs class"
    DATACLASS = "dataclass"
    TYPED_DICT = "TypedDict"
    SERIALIZER = "serializer"


@frozen
class Record:
    """An object with named fields and no others. ``type`` is what was asked (``Page[int]``), ``cls`` its class.

    ``opaque`` names what else has a say, such as ``__post_init__``. ``ignored`` are names, read-only fields of a
    serializer, that may stand there and mean nothing. A serializer also takes what it can convert, such as ``"1"`` for
    an integer: its shape says what it takes as it is. ``camelize`` says that names were put in camelCase.
    """

    type: Any
    cls: type[Any]
    kind: RecordKind
    fields: tuple[Field, ...]
    opaque: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    camelize: bool = False


@frozen
class Member:
    """One record of a tagged union and the tags that stand for it."""

    tags: tuple[Option, ...]
    shape: Shape


@frozen
class Tagged:
    """An object that is one of several records, told apart by the field ``tag`` (its name on the wire)."""

    tag: str
    members: tuple[Member, ...]


@frozen
class OneOf:
    """One of several shapes, told apart by the kind of JSON value. ``int`` goes before ``float`` where both stand."""

    members: tuple[Shape, ...]


@frozen
class Reference:
    """A record (or named alias) within itself. ``wsdrf.schema.describe(reference.type)`` gives it."""

    type: Any
    camelize: bool = False


Shape: TypeAlias = (
    Anything
    | Null
    | Boolean
    | Integer
    | Number
    | Text
    | TextForm
    | Choice
    | ArrayOf
    | TupleOf
    | MapOf
    | Record
    | Tagged
    | OneOf
    | Reference
)
