"""Write an example of a payload: small, readable, and the same every time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from attrs import evolve, frozen

from wsdrf.access.shapes import shape_of
from wsdrf.envelope import ABSENT
from wsdrf.explorer.values import NoExample, value_of
from wsdrf.schema import (
    Anything,
    ArrayOf,
    Field,
    MapOf,
    Null,
    OneOf,
    Record,
    Reference,
    Shape,
    Tagged,
    TupleOf,
)
from wsdrf.schema.defaults import Unwritable, write_default

DEPTH: Final = 4
"""How many times a type that contains itself may do so in an example."""

MOST_ITEMS: Final = 20
"""How many items an array or a map may have in an example."""


def examples_of(shape: Shape) -> Iterator[Any]:
    """Give examples of ``shape``, JSON data, the best first, for the case that code of the project refuses some.

    Raises ``NoExample``, before it has given any, where there is none.
    """
    depth = _depth_of(shape)
    for turn, is_whole in ((1, True), (2, True), (0, True), (1, False), (2, False), (0, False)):
        try:
            yield _Writer(depth, turn, is_whole).write(shape)
        except NoExample:
            if (turn, is_whole) == (1, True):
                raise


def _depth_of(shape: Shape) -> int:
    """Tell how many times what contains itself has to, as far as examples go."""
    for depth in range(DEPTH):
        try:
            _Writer(depth).write(shape)
        except NoExample:
            continue
        return depth
    return DEPTH


@frozen
class _Writer:
    """Writes one example. ``turn`` is which of several; without ``is_whole`` what may be left out is."""

    depth: int
    turn: int = 1
    is_whole: bool = True

    def write(self, shape: Shape) -> Any:
        """Write an example of ``shape``. Raises ``NoExample``."""
        writer = _WRITERS.get(type(shape))
        return writer(self, shape) if writer else value_of(shape, self.turn)

    def record(self, shape: Record) -> dict[str, Any]:
        """Write an object with the fields that are required, and what is there anyway or says something."""
        written: dict[str, Any] = {}
        for field in shape.fields:
            try:
                value = self.field(field)
            except NoExample as reason:
                if field.required:
                    raise NoExample(f"{field.wire_name}: {reason}") from None
                continue
            if value is not ABSENT:
                written[field.wire_name] = value
        return written

    def field(self, field: Field) -> Any:
        """Write the value of a field; ``ABSENT`` for one that is better left out."""
        if field.required:
            return self.write(field.shape)
        if not self.is_whole:
            return ABSENT
        if field.default is ABSENT:
            return self.write(field.shape)
        try:
            default = write_default(field.shape, field.default)
        except Unwritable:
            return ABSENT
        return ABSENT if default in (None, "", [], {}) else default

    def array(self, shape: ArrayOf) -> list[Any]:
        """Write an array of as few items as may be, but one."""
        items = self.several(shape.min_items or 0, shape.max_items, lambda writer: writer.write(shape.items))
        if shape.unique and len({json.dumps(item) for item in items}) < len(items):
            raise NoExample("No items were found that all differ.")
        return items

    def map(self, shape: MapOf) -> dict[str, Any]:
        """Write an object of as few keys as may be, but one."""
        least = shape.min_items or 0
        pairs = self.several(least, shape.max_items, lambda one: (_key(one.write(shape.keys)), one.write(shape.values)))
        written = dict(pairs)
        if len(written) < least:
            raise NoExample("No keys were found that all differ.")
        return written

    def several(self, least: int, most: int | None, write: Callable[[_Writer], Any]) -> list[Any]:
        """Write several that differ, as far as that is possible."""
        if least > MOST_ITEMS:
            raise NoExample(f"It would have at least {least} items.")
        count = max(least, 1) if most is None else min(max(least, 1), most)
        try:
            return [write(evolve(self, turn=self.turn + number)) for number in range(count)]
        except NoExample:
            if least:
                raise
            return []

    def tagged(self, shape: Tagged) -> Any:
        """Write the first member of a union that can be written, with its tag."""

        def write(member: Any) -> Any:
            return {shape.tag: member.tags[0].wire} | self.write(member.shape) | {shape.tag: member.tags[0].wire}

        return self.first(shape.members, write)

    def one_of(self, shape: OneOf) -> Any:
        """Write the first member of a union that can be written, and ``null`` only where nothing else can."""
        return self.first(sorted(shape.members, key=lambda member: isinstance(member, Null)), self.write)

    def first(self, members: Any, write: Callable[[Any], Any]) -> Any:
        """Write the first member that can be written."""
        reason = NoExample("The union has no member.")
        for member in members:
            try:
                return write(member)
            except NoExample as error:
                reason = error
        raise reason

    def reference(self, shape: Reference) -> Any:
        """Write a record within itself, unless that has gone deep enough."""
        if not self.depth:
            raise NoExample("It contains itself without an end.")
        return evolve(self, depth=self.depth - 1).write(shape_of(shape.type, camelize=shape.camelize))


def _key(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


_WRITERS: Final[dict[type[Any], Callable[[_Writer, Any], Any]]] = {
    Anything: lambda writer, shape: "example",
    Record: _Writer.record,
    ArrayOf: _Writer.array,
    TupleOf: lambda writer, shape: [writer.write(item) for item in shape.items],
    MapOf: _Writer.map,
    Tagged: _Writer.tagged,
    OneOf: _Writer.one_of,
    Reference: _Writer.reference,
}
