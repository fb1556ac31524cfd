"""Where in a type a shape stands: its path, its annotation, and how deep a type may still go into itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin

from attrs import evolve, frozen

from wsdrf.envelope import ABSENT
from wsdrf.schema import Null, Record, Shape, describe
from wsdrf.schema.annotations import is_alias, name_of, open_alias, plain
from wsdrf.schema.fields import fields_of, kind_of
from wsdrf.schema.traits import kinds
from wsdrf.schema.unions import UNIONS


@frozen
class Place:
    """One place in a type: ``path`` names it, as in ``Say.text``.

    ``depth`` is how many times a type may still occur within itself. ``annotation`` is as the author wrote it, or
    ``ABSENT`` where only the shape is known.
    """

    path: str
    depth: int = 0
    annotation: Any = ABSENT

    def within(self, index: int = 0) -> Place:
        """Give the place of an item: of the argument ``index`` of the annotation, as ``str`` in ``list[str]``."""
        args = get_args(opened(self.annotation))
        return evolve(self, path=f"{self.path}[]", annotation=args[index] if index < len(args) else ABSENT)

    def of_member(self, shape: Shape) -> Place:
        """Give the place of one member of a union."""
        if isinstance(shape, Null):
            return evolve(self, annotation=ABSENT)
        args = [arg for arg in _members(self.annotation) if arg is not type(None)]
        if len(args) == 1:
            return evolve(self, annotation=args[0])
        fitting = [arg for arg in args if kinds(describe(arg)) == kinds(shape)]
        return evolve(self, annotation=fitting[0] if len(fitting) == 1 else ABSENT)


def opened(annotation: Any) -> Any:
    """Strip every name off an annotation, down to what has arguments."""
    annotation = plain(annotation)
    while is_alias(annotation):
        annotation = plain(open_alias(annotation))
    return annotation


def annotations_of(shape: Record, camelize: bool) -> dict[str, Any]:
    """Give the annotation of each field of a record, as its author wrote it."""
    kind = kind_of(shape.type)
    return {field.name: field.annotation for field in fields_of(shape.type, kind, camelize)} if kind else {}


def name_of_record(shape: Record) -> str:
    """Name a record's class, without the function that it may be made in."""
    return name_of(shape.type).rpartition("<locals>.")[2]


def _members(annotation: Any) -> Iterator[Any]:
    inside = opened(annotation)
    if get_origin(inside) in UNIONS:
        for arg in get_args(inside):
            yield from _members(arg)
    else:
        yield annotation
