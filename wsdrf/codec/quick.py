"""Structure what is right, quickly; what is wrong only has to fail here, since the careful pass then says why.

What both passes share says it here already.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import attrs
from cattrs import Converter, gen
from typing_extensions import override

from wsdrf.codec import scalars
from wsdrf.codec.hooks import HookMaker
from wsdrf.codec.wrong import Hook, Wrong, counted, missing, unfit, wrong
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
    Shape,
    Tagged,
    Text,
    TextForm,
    TupleOf,
)
from wsdrf.schema.traits import NAMES, kinds


class Quick(HookMaker):
    """Makes hooks that stop at the first mistake. cattrs writes the code for attrs classes and dataclasses."""

    def __init__(self) -> None:
        super().__init__()
        self._converter = Converter(detailed_validation=False)

    @override
    def plain(self, shape: Any) -> Hook:
        if (scalar := scalar_hook(shape)) is not None:
            return scalar
        if isinstance(shape, ArrayOf):
            return self.array(shape)
        if isinstance(shape, TupleOf):
            return self.tuple(shape)
        if isinstance(shape, MapOf):
            return self.map(shape)
        return self.tagged(shape) if isinstance(shape, Tagged) else self.one_of(shape)

    @override
    def record(self, shape: Record) -> Hook:
        if shape.kind is RecordKind.TYPED_DICT:
            return self.typed_dict(shape)
        hooks: dict[str, Any] = {
            field.name: gen.override(rename=field.wire_name, struct_hook=self.make(field.shape))
            for field in shape.fields
        }
        is_whole = all(field.required for field in shape.fields)
        # Where each key must be there, their number tells of one more, in a fifth of the time that cattrs takes for it.
        hook: Hook = gen.make_dict_structure_fn_from_attrs(
            attributes(shape),
            shape.cls,
            self._converter,
            bound_to_any(shape.cls),
            _cattrs_forbid_extra_keys=not is_whole,
            **hooks,
        )
        return of_length(len(shape.fields), hook) if is_whole else hook

    def typed_dict(self, shape: Record) -> Hook:
        """Make the hook of a TypedDict."""
        hooks = {field.wire_name: (field.name, self.make(field.shape)) for field in shape.fields}
        required = frozenset(field.wire_name for field in shape.fields if field.required)

        def hook(value: Any, _: Any) -> Any:
            if type(value) is not dict or not required <= value.keys():
                raise Wrong
            typed = {}
            for key, item in value.items():
                name, item_hook = hooks[key]
                typed[name] = item_hook(item, None)
            return typed

        return hook

    def array(self, shape: ArrayOf) -> Hook:
        """Make the hook of an array whose items are alike."""
        item_hook = self.make(shape.items)
        collect = shape.type
        if collect is list and (kind := _EXACT.get(type(shape.items))) is not None:
            return list_of(kind, item_hook)

        def hook(value: Any, _: Any) -> Any:
            if type(value) is not list:
                raise Wrong
            typed = [item_hook(item, None) for item in value]
            return typed if collect is list else collected(typed, collect)

        return hook

    def tuple(self, shape: TupleOf) -> Hook:
        """Make the hook of an array of fixed length."""
        hooks = tuple(map(self.make, shape.items))

        def hook(value: Any, _: Any) -> Any:
            check_length(value, len(hooks))
            return tuple(item_hook(item, None) for item_hook, item in zip(hooks, value, strict=True))

        return hook

    def map(self, shape: MapOf) -> Hook:
        """Make the hook of an object whose keys are data."""
        key_hook = self.key(shape.keys)
        value_hook = self.make(shape.values)

        def hook(value: Any, _: Any) -> Any:
            if type(value) is not dict:
                raise Wrong
            return all_kept({key_hook(key, None): value_hook(item, None) for key, item in value.items()}, value)

        return hook

    def key(self, shape: Shape) -> Hook:
        """Make the hook of an object's keys."""
        return scalars.integer_key if isinstance(shape, Integer) else self.make(shape)

    def tagged(self, shape: Tagged) -> Hook:
        """Make the hook of a tagged union: its tag chooses the record."""
        tag = shape.tag
        hooks = {
            (type(option.wire), option.wire): hook
            for member in shape.members
            for hook in (self.make(member.shape),)
            for option in member.tags
        }
        types = frozenset(kind for kind, _ in hooks)
        expected = " or ".join(sorted(NAMES[kind] for kind in types))

        def hook(value: Any, _: Any) -> Any:
            if type(value) is not dict:
                raise unfit(value, "an object")
            if tag not in value:
                raise Wrong(missing(tag))
            chosen = value[tag]
            if type(chosen) not in types:
                raise unfit(chosen, expected, tag)
            if (type(chosen), chosen) not in hooks:
                raise wrong("choice", "Not one of the allowed values.", tag)
            return hooks[type(chosen), chosen](value, None)

        return hook

    def one_of(self, shape: OneOf) -> Hook:
        """Make the hook of a union whose members differ in kind."""
        hooks = {kind: hook for member in shape.members for hook in (self.make(member),) for kind in kinds(member)}
        expected = " or ".join(NAMES[kind] for kind in hooks)
        if float in hooks:
            hooks.setdefault(int, hooks[float])

        def hook(value: Any, _: Any) -> Any:
            member_hook = hooks.get(type(value))
            if member_hook is None:
                raise unfit(value, expected)
            return member_hook(value, None)

        return hook


def of_length(count: int, hook: Hook) -> Hook:
    """Make the hook that has ``hook`` structure an object of ``count`` keys."""

    def counted(value: Any, _: Any) -> Any:
        if type(value) is not dict or len(value) != count:
            raise Wrong
        return hook(value, None)

    return counted


def list_of(kind: type[Any], item_hook: Hook) -> Hook:
    """Make the hook of a list of strings, integers or booleans: its items stay as they are, if that is their class."""

    def hook(value: Any, _: Any) -> Any:
        if type(value) is not list:
            raise Wrong
        for item in value:
            if type(item) is not kind:
                item_hook(item, None)
        return value[:]

    return hook


def scalar_hook(shape: Any) -> Hook | None:
    """Give the hook of a shape without parts; ``None`` for one with parts."""
    if isinstance(shape, TextForm):
        return scalars.text_form(shape)
    if isinstance(shape, Choice):
        return scalars.choice(shape)
    return _SCALARS.get(type(shape))


def collected(typed: list[Any], collect: type[Any]) -> Any:
    """Make a tuple or a set of ``typed``; a set must have lost nothing."""
    collection = collect(typed)
    if len(collection) != len(typed):
        raise wrong("invalid", "Expected items that all differ.")
    return collection


def all_kept(typed: dict[Any, Any], value: dict[str, Any]) -> dict[Any, Any]:
    """Check that no two keys of ``value`` mean the same."""
    if len(typed) != len(value):
        raise wrong("invalid", "Expected keys that all differ.")
    return typed


def check_length(value: Any, length: int) -> None:
    """Check an array of fixed length."""
    if type(value) is not list:
        raise unfit(value, "an array")
    if len(value) != length:
        code = "too_short" if len(value) < length else "too_long"
        raise wrong(code, f"Must have exactly {counted(length, 'item')}.")


def attributes(shape: Record) -> list[attrs.Attribute[Any]]:
    """List a record's fields as attrs does, for cattrs to write code from."""
    return list(_attributes(tuple((field.name, field.keyword, field.required) for field in shape.fields)))


@cache
def _attributes(fields: tuple[tuple[str, str, bool], ...]) -> tuple[attrs.Attribute[Any], ...]:
    # Only a class has them: it is made once for all records with such fields, since that takes its time.
    made = {
        name: attrs.field(default=attrs.NOTHING if required else None, alias=keyword, kw_only=True)
        for name, keyword, required in fields
    }
    return tuple(attrs.fields(attrs.make_class("Fields", made)))


def bound_to_any(cls: type[Any]) -> dict[str, Any]:
    """Bind the type variables of ``cls`` for cattrs, which wants them though every field has its hook."""
    return {variable.__name__: Any for variable in getattr(cls, "__parameters__", ())}


_EXACT: Final[dict[type, type]] = {Boolean: bool, Integer: int, Text: str}
_SCALARS: Final[dict[type, Hook]] = {
    Anything: scalars.anything,
    Null: scalars.null,
    Boolean: scalars.boolean,
    Integer: scalars.integer,
    Number: scalars.number,
    Text: scalars.text,
}
