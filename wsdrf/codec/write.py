"""Unstructure: typed values to plain JSON data, by annotation where there is one, else by the value's own class."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Final, cast

from cattrs import Converter, gen
from typing_extensions import override

from wsdrf.codec.hooks import HookMaker
from wsdrf.codec.quick import attributes
from wsdrf.codec.texts import TEXT_CODECS
from wsdrf.codec.wrong import Hook
from wsdrf.envelope import INT_MAX, INT_MIN
from wsdrf.schema import (
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
    describe,
)
from wsdrf.schema.fields import kind_of


class Writing(HookMaker):
    """Makes hooks that write typed values as plain data, and writes any value by its class.

    What the annotation does not allow raises ``TypeError`` or ``ValueError``: it is a mistake in the server's code.
    """

    def __init__(self, camelize: bool) -> None:
        super().__init__()
        self._camelize = camelize
        self._converter = Converter()
        self._by_class: dict[type[Any], Hook] = dict(_BY_CLASS)

    def value(self, value: Any) -> Any:
        """Write a value by its own class."""
        hook = self._by_class.get(type(value))
        if hook is None:
            hook = self._by_class[type(value)] = self._hook_of(type(value))
        return hook(value)

    @override
    def record(self, shape: Record) -> Hook:
        if shape.kind is RecordKind.TYPED_DICT:
            return self.typed_dict(shape)
        hooks: dict[str, Any] = {
            field.name: gen.override(rename=field.wire_name, unstruct_hook=self.make(field.shape))
            for field in shape.fields
        }
        return gen.make_dict_unstructure_fn_from_attrs(attributes(shape), shape.cls, self._converter, **hooks)

    @override
    def plain(self, shape: Any) -> Hook:
        if isinstance(shape, TextForm):
            return text_form(shape.type, TEXT_CODECS[shape.format].write)
        if isinstance(shape, Choice):
            return choice(shape)
        if isinstance(shape, ArrayOf):
            return list_of_text if isinstance(shape.items, Text) else array(self.make(shape.items))
        if isinstance(shape, TupleOf):
            return self.tuple(shape)
        if isinstance(shape, MapOf):
            return mapping(self.make(shape.keys), self.make(shape.values))
        if isinstance(shape, Tagged):
            return self.tagged(shape)
        if isinstance(shape, OneOf):
            return by_class({cls: self.make(member) for member in shape.members for cls in self.produced(member)})
        return self.value if isinstance(shape, Anything) else _SCALARS[type(shape)]

    def typed_dict(self, shape: Record) -> Hook:
        """Make the hook of a TypedDict, which must have the keys that it says."""
        hooks = {field.name: (field.wire_name, self.make(field.shape)) for field in shape.fields}
        required = frozenset(field.name for field in shape.fields if field.required)

        def hook(value: Any) -> Any:
            if not isinstance(value, dict) or not required <= value.keys() <= hooks.keys():
                raise TypeError(f"The value does not have the keys of {shape.cls.__qualname__}.")
            return {hooks[key][0]: hooks[key][1](item) for key, item in value.items()}

        return hook

    def tuple(self, shape: TupleOf) -> Hook:
        """Make the hook of a tuple of fixed length."""
        hooks = tuple(map(self.make, shape.items))

        def hook(value: Any) -> Any:
            if not isinstance(value, (tuple, list)) or len(value) != len(hooks):
                raise TypeError(f"Expected a tuple of {len(hooks)} items.")
            return [item_hook(item) for item_hook, item in zip(hooks, value, strict=True)]

        return hook

    def tagged(self, shape: Tagged) -> Hook:
        """Make the hook of a tagged union: classes are told apart by themselves, TypedDicts by their tag."""
        records = [(member, self.record_of(member.shape)) for member in shape.members]
        classes = {record.cls: self.make(record) for _, record in records if record.kind is not RecordKind.TYPED_DICT}
        names = {field.name for _, record in records for field in record.fields if field.wire_name == shape.tag}
        dicts = {
            (type(option.value), option.value): self.make(record)
            for member, record in records
            if record.kind is RecordKind.TYPED_DICT
            for option in member.tags
        }

        def typed_dict(value: Any) -> Any:
            for name in names & value.keys():
                if (hook := dicts.get((type(value[name]), value[name]))) is not None:
                    return hook(value)
            raise TypeError("The value has the tag of no member of the union.")

        return by_class({**classes, dict: typed_dict})

    def record_of(self, shape: Shape) -> Record:
        """Follow a reference to its record: a union refers to nothing else."""
        return cast(Record, describe(shape.type, camelize=shape.camelize) if isinstance(shape, Reference) else shape)

    def produced(self, shape: Shape) -> list[type[Any]]:
        """List the classes that typed values of a union's member have."""
        if isinstance(shape, Choice):
            return list({type(option.value) for option in shape.options})
        if isinstance(shape, Tagged):
            return [cls for member in shape.members for cls in self.produced(member.shape)]
        if isinstance(shape, (Record, Reference)):
            record = self.record_of(shape)
            return [dict if record.kind is RecordKind.TYPED_DICT else record.cls]
        if isinstance(shape, (TextForm, ArrayOf)):
            return [shape.type]
        return [_PRODUCED[type(shape)]]

    def _hook_of(self, cls: Any) -> Hook:
        if issubclass(cls, Enum):
            return lambda value: self.value(value.value)
        if kind_of(cls) is not None:
            variables = getattr(cls, "__parameters__", ())
            return self.make(describe(cls[(Any,) * len(variables)] if variables else cls, camelize=self._camelize))
        if issubclass(cls, Mapping):
            return mapping(self.value, self.value)
        if issubclass(cls, (list, tuple, set, frozenset)):
            return array(self.value)
        for base in cls.__mro__:
            if base in _BY_CLASS:
                return _BY_CLASS[base]
        raise TypeError(f"A value of class {cls.__qualname__} cannot travel as JSON. Make it a message, or plain data.")


def null(value: Any) -> None:
    """Write ``None``."""
    if value is not None:
        raise TypeError(f"Expected None, got {type(value).__qualname__}.")


def boolean(value: Any) -> bool:
    """Write a ``bool``."""
    if type(value) is not bool:
        raise TypeError(f"Expected a bool, got {type(value).__qualname__}.")
    return value


def integer(value: Any) -> int:
    """Write an ``int``."""
    if not isinstance(value, int) or type(value) is bool:
        raise TypeError(f"Expected an int, got {type(value).__qualname__}.")
    if not INT_MIN <= value <= INT_MAX:
        raise ValueError("The int is beyond 64 bits, which no client is sure to read. Send it as a str.")
    return value if type(value) is int else int.__int__(value)


def number(value: Any) -> float:
    """Write a ``float``."""
    if not isinstance(value, float):
        return integer(value)
    if not math.isfinite(value):
        raise ValueError("NaN and infinities are not JSON. Send None instead.")
    return value if type(value) is float else float.__float__(value)


def text(value: Any) -> str:
    """Write a ``str``; one of a subclass, as of Django's ``SafeString``, as the ``str`` that it is."""
    if type(value) is str:
        return value
    if not isinstance(value, str):
        raise TypeError(f"Expected a str, got {type(value).__qualname__}.")
    return str.__str__(value)


def text_form(cls: type[Any], write: Any) -> Hook:
    """Make the hook that writes values of ``cls`` as text."""

    def hook(value: Any) -> str:
        if not isinstance(value, cls):
            raise TypeError(f"Expected a {cls.__qualname__}, got {type(value).__qualname__}.")
        written: str = write(value)
        return written

    return hook


def choice(shape: Choice) -> Hook:
    """Make the hook that writes an ``Enum`` or ``Literal``."""
    wires = {(type(option.value), option.value): option.wire for option in shape.options}

    def hook(value: Any) -> Any:
        try:
            return wires[type(value), value]
        except (KeyError, TypeError):
            raise ValueError(f"The {type(value).__qualname__} is not one of the allowed values.") from None

    return hook


def array(item_hook: Hook) -> Hook:
    """Make the hook that writes a collection as an array."""

    def hook(value: Any) -> list[Any]:
        if type(value) is not list and (not isinstance(value, Iterable) or isinstance(value, (str, bytes, Mapping))):
            raise TypeError(f"Expected a collection, got {type(value).__qualname__}.")
        return [item_hook(item) for item in value]

    return hook


def list_of_text(value: Any) -> list[Any]:
    """Write a collection of ``str`` as an array, as ``array(text)`` does."""
    if type(value) is not list:
        written: list[Any] = _array_of_text(value)
        return written
    for item in value:
        if type(item) is not str:
            return [text(item) for item in value]
    return value[:]


def mapping(key_hook: Hook, value_hook: Hook) -> Hook:
    """Make the hook that writes a mapping as an object; integer keys become text."""

    def key_text(key: Any) -> str:
        written = key_hook(key)
        if type(written) is int:
            return str(written)
        if not isinstance(written, str):
            raise TypeError(f"A value of class {type(key).__qualname__} cannot be a key in JSON.")
        return written

    def hook(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise TypeError(f"Expected a mapping, got {type(value).__qualname__}.")
        return {key_text(key): value_hook(item) for key, item in value.items()}

    return hook


def by_class(hooks: dict[type[Any], Hook]) -> Hook:
    """Make the hook that chooses by the value's class, then by its base classes."""
    if float in hooks:
        hooks.setdefault(int, hooks[float])

    def hook(value: Any) -> Any:
        chosen = hooks.get(type(value))
        if chosen is None:
            chosen = next((hooks[base] for base in type(value).__mro__ if base in hooks), None)
        if chosen is None:
            raise TypeError(f"A value of class {type(value).__qualname__} is no member of the union.")
        return chosen(value)

    return hook


_array_of_text: Final = array(text)
_PRODUCED: Final[dict[type[Any], type[Any]]] = {
    Null: type(None),
    Boolean: bool,
    Integer: int,
    Number: float,
    Text: str,
    TupleOf: tuple,
    MapOf: dict,
}
_SCALARS: Final[dict[type[Any], Hook]] = {
    Null: null,
    Boolean: boolean,
    Integer: integer,
    Number: number,
    Text: text,
}
_BY_CLASS: Final[dict[type[Any], Hook]] = {
    type(None): null,
    bool: boolean,
    int: integer,
    float: number,
    str: text,
    **{codec.type: text_form(codec.type, codec.write) for codec in TEXT_CODECS.values()},
}
