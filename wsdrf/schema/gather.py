"""Find every record within shapes, each once, and names for them that do not clash."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, get_args, get_origin

from attrs import field, frozen

from wsdrf.schema.describe import describe
from wsdrf.schema.leaves import Schema
from wsdrf.schema.render import Renderer
from wsdrf.schema.shapes import Record, RecordKind, Reference, Shape
from wsdrf.schema.traits import parts_of


@frozen
class Entry:
    """A record, or what a named alias stands for; two shapes of one type differ in ``text``, the schema as a whole."""

    type: Any
    shape: Shape
    text: str


@frozen
class Gathered:
    """Every record, and every alias that is referred to, in the order in which they were found."""

    entries: list[Entry] = field(factory=list)
    described: dict[tuple[Any, bool], tuple[Shape, str]] = field(factory=dict)
    serializers: dict[int, tuple[Shape, str]] = field(factory=dict)

    def gather(self, shape: Shape) -> None:
        """Enter ``shape``, if it is a record, and all that are in it."""
        if isinstance(shape, (Record, Reference)):
            whole, text = self._whole(shape)
            if self._find(shape.type, text) is not None:
                return
            self.entries.append(Entry(shape.type, whole, text))
            shape = whole
        for part in parts_of(shape):
            self.gather(part)

    def place(self, shape: Record | Reference) -> int:
        """Find the entry of ``shape``. Raises ``KeyError`` where there is none."""
        place = self._find(shape.type, self._whole(shape)[1])
        if place is None:
            raise KeyError(shape.type)
        return place

    def _find(self, tp: Any, text: str) -> int | None:
        places = (place for place, entry in enumerate(self.entries) if (entry.type, entry.text) == (tp, text))
        return next(places, None)

    def _whole(self, shape: Record | Reference) -> tuple[Shape, str]:
        """Give ``shape`` as it is described by itself, not as part of another, and its text."""
        if isinstance(shape, Record) and _is_serializer(shape):
            # Each has its own fields, whatever its class. The shape is kept so that no other gets its id.
            if id(shape) not in self.serializers:
                self.serializers[id(shape)] = (shape, _text(shape))
            return self.serializers[id(shape)]
        for entry in self.entries:
            # A serializer refers to itself only from within.
            if entry.type is shape.type and _is_serializer(entry.shape):
                return entry.shape, entry.text
        key = (shape.type, shape.camelize)
        if key not in self.described:
            whole = describe(shape.type, camelize=shape.camelize)
            self.described[key] = (whole, _text(whole))
        return self.described[key]


def choose_names(entries: list[Entry]) -> list[str]:
    """Name each entry, the same whatever the order in which they were found."""
    names = [_simple(entry.type) for entry in entries]
    names = [
        _qualified(entry.type) if names.count(name) > 1 else name for name, entry in zip(names, entries, strict=True)
    ]
    for name in {name for name in names if names.count(name) > 1}:
        places = sorted((place for place, each in enumerate(names) if each == name), key=lambda at: entries[at].text)
        for number, place in enumerate(places[1:], 2):
            names[place] = f"{name}.{number}"
    return names


def _is_serializer(shape: Shape) -> bool:
    return isinstance(shape, Record) and shape.kind is RecordKind.SERIALIZER


def _text(shape: Shape) -> str:
    return json.dumps(Renderer(_refer).whole(shape))


def _refer(shape: Record | Reference) -> Schema | None:
    """Write records out where they stand, except for one within itself."""
    return {"$ref": f"{_qualified(shape.type)} {shape.camelize}"} if isinstance(shape, Reference) else None


def _simple(tp: Any) -> str:
    return _joined(_last_name(tp), map(_simple, get_args(tp)))


def _qualified(tp: Any) -> str:
    cls = get_origin(tp) or tp
    module = getattr(cls, "__module__", "builtins")
    name = str(getattr(cls, "__qualname__", _last_name(tp))).replace("<locals>.", "")
    return _joined(name if module == "builtins" else f"{module}.{name}", map(_qualified, get_args(tp)))


def _last_name(tp: Any) -> str:
    cls = get_origin(tp) or tp
    return str(getattr(cls, "__name__", cls))


def _joined(name: str, arguments: Iterable[str]) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", "_".join([name, *arguments])).strip("_")
