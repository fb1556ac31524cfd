"""Write a type as one JSON Schema document (Draft 2020-12), or many types that share their definitions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, get_args

from wsdrf.schema.describe import describe
from wsdrf.schema.gather import Gathered, choose_names
from wsdrf.schema.leaves import Schema
from wsdrf.schema.render import Renderer
from wsdrf.schema.shapes import Record, Reference, Shape

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema(tp: Any, *, camelize: bool = False) -> Schema:
    """Write the JSON Schema of what the codec takes for ``tp``: a type, or a ``Shape``.

    Records within are in ``$defs``. What JSON Schema cannot say is listed where it is missing, under
    ``x-wsdrf-undescribed``. The same type gives the same document in every process. ``camelize`` is for a type; a shape
    has its names. Raises ``DeclarationError`` for a type that cannot travel.
    """
    shape = tp if isinstance(tp, get_args(Shape)) else describe(tp, camelize=camelize)
    definitions = Definitions([shape], prefix="#/$defs/")
    written = definitions.definitions()
    root = definitions.schema(shape)
    if isinstance(shape, Record) and root["$ref"] not in _references(written):
        root = written.pop(definitions.name(shape))
    return {"$schema": DIALECT, **root, **({"$defs": written} if written else {})}


class Definitions:
    """The records of many shapes, each defined once, under names that do not clash.

    ``prefix`` is where references look for them, such as ``#/components/schemas/``. A name is that of the class, as far
    as no other record has it; else the module goes before it. Names consist of letters, digits, ``.``, ``-`` and ``_``.
    """

    def __init__(self, shapes: Iterable[Shape], *, prefix: str) -> None:
        self._prefix = prefix
        self._found = Gathered()
        for shape in shapes:
            self._found.gather(shape)
        self._names = choose_names(self._found.entries)
        self._renderer = Renderer(self._refer)

    def schema(self, shape: Shape) -> Schema:
        """Write the schema of one of the shapes, with references to its records. Raises ``KeyError`` for another's."""
        return self._renderer.schema(shape)

    def name(self, shape: Record | Reference) -> str:
        """Give the name of a record. Raises ``KeyError`` for one that is of none of the shapes."""
        return self._names[self._found.place(shape)]

    def definitions(self) -> dict[str, Schema]:
        """Write all records, by name, in the order of names."""
        shapes = (entry.shape for entry in self._found.entries)
        return dict(sorted(zip(self._names, map(self._renderer.whole, shapes), strict=True)))

    def _refer(self, shape: Record | Reference) -> Schema:
        return {"$ref": self._prefix + self.name(shape)}


def _references(schema: Any) -> Iterator[str]:
    parts = schema if isinstance(schema, list) else schema.values() if isinstance(schema, dict) else ()
    for part in parts:
        yield from _references(part)
    if isinstance(schema, dict) and isinstance(schema.get("$ref"), str):
        yield schema["$ref"]
