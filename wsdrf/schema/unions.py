"""Describe unions: of records told apart by a tag, of shapes told apart by the kind of JSON value."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any, Final, Literal, Union, get_args, get_origin

import typing_extensions

from wsdrf.exceptions import DeclarationError
from wsdrf.schema.annotations import is_alias, name_of, open_alias, plain
from wsdrf.schema.fields import fields_of, kind_of
from wsdrf.schema.shapes import Anything, Choice, Member, Null, OneOf, Shape, Tagged
from wsdrf.schema.traits import NAMES, kinds

Read = Callable[[Any, str], Shape]

UNIONS: Final = (Union, types.UnionType)
LITERALS: Final = (Literal, typing_extensions.Literal)


def choose(tp: Any, path: str, camelize: bool, read: Read) -> Shape:
    """Describe the union ``tp``, with ``read`` for its members.

    Raises ``DeclarationError`` where a value could belong to two members.
    """
    members = _members(tp)
    records = [member for member in members if kind_of(member) is not None]
    shapes = [read(member, path) for member in members if member not in records or len(records) == 1]
    if any(isinstance(shape, Anything) for shape in shapes):
        return _anything(tp, path, members)
    if len(records) > 1:
        shapes.append(_tagged(records, tp, path, camelize, read))
    if any(type(None) in kinds(shape) for shape in shapes if not isinstance(shape, Null)):
        shapes = [shape for shape in shapes if not isinstance(shape, Null)]
    _tell_apart(shapes, tp, path)
    return shapes[0] if len(shapes) == 1 else OneOf(tuple(shapes))


def _members(tp: Any) -> list[Any]:
    tp = plain(tp)
    if is_alias(tp) and get_origin(plain(open_alias(tp))) in UNIONS:
        tp = plain(open_alias(tp))
    if get_origin(tp) not in UNIONS:
        return [tp]
    found = [member for arg in get_args(tp) for member in _members(arg)]
    return [member for index, member in enumerate(found) if member not in found[:index]]


def _anything(tp: Any, path: str, members: list[Any]) -> Shape:
    if any(member not in (Any, object, type(None)) for member in members):
        raise DeclarationError(
            f"{path} is {name_of(tp)}: any value at all, so the other members are never chosen. "
            "Use Any alone, or leave it out."
        )
    return Anything()


def _tell_apart(shapes: list[Shape], tp: Any, path: str) -> None:
    taken: dict[type, Shape] = {}
    for shape in shapes:
        claims = kinds(shape)
        twice = next((kind for kind in claims if kind in taken), None)
        if twice is not None or not claims:
            both = f"two members that are {NAMES[twice]} in JSON" if twice else "a member that is the union itself"
            raise DeclarationError(
                f"{path} is {name_of(tp)}, with {both}, so they cannot be told apart. "
                "Keep one of them, or make them records with a Literal field that differs."
            )
        taken.update(dict.fromkeys(claims, shape))


def _tagged(records: list[Any], tp: Any, path: str, camelize: bool, read: Read) -> Shape:
    tags = [_literals(record, camelize) for record in records]
    for name in tags[0]:
        if all(name in each for each in tags) and _disjoint([each[name] for each in tags]):
            choices = [read(each[name], f"{path}.{name}") for each in tags]
            return Tagged(
                name,
                tuple(
                    Member(choice.options, read(record, path))
                    for record, choice in zip(records, choices, strict=True)
                    if isinstance(choice, Choice)
                ),
            )
    names = ", ".join(name_of(record) for record in records)
    raise DeclarationError(
        f"{path} is {name_of(tp)}, but nothing tells {names} apart. "
        'Give each a field with a value of its own, as in kind: Literal["circle"].'
    )


def _literals(record: Any, camelize: bool) -> dict[str, Any]:
    kind = kind_of(record)
    fields = fields_of(record, kind, camelize) if kind else ()
    return {
        field.wire_name: plain(field.annotation) for field in fields if get_origin(plain(field.annotation)) in LITERALS
    }


def _disjoint(literals: list[Any]) -> bool:
    values = [(type(value), value) for literal in literals for value in get_args(literal)]
    return len(values) == len(set(values))
