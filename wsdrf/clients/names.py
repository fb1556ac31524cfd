"""Names for everything that a client is made of: each once, without clashes, the same in every run."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from enum import Enum
from typing import Any, Final

from attrs import frozen

from wsdrf.clients.plan import Portal, enums_of
from wsdrf.schema import Record, Reference, Shape
from wsdrf.schema.gather import Gathered, choose_names
from wsdrf.schema.traits import parts_of

COMPANIONS: Final = ("Calls", "Events", "Face", "Params", "Streams")
"""What a client may have beside it, each named after its consumer."""


@frozen
class Names:
    """The records, aliases and enumerations of all consumers, each with its name, and the clients."""

    gathered: Gathered
    records: tuple[str, ...]
    enums: dict[type[Enum], str]
    clients: tuple[str, ...]

    def of(self, shape: Record | Reference) -> str:
        """Give the name of a record or alias."""
        return self.records[self.gathered.place(shape)]

    @property
    def entries(self) -> Iterator[tuple[str, Shape]]:
        """Each record and alias with its name, in the order of names."""
        shapes = (entry.shape for entry in self.gathered.entries)
        return iter(sorted(zip(self.records, shapes, strict=True), key=lambda pair: pair[0]))


def name_everything(portals: Collection[Portal], reserved: Collection[str]) -> Names:
    """Choose names, none of them ``reserved``."""
    gathered = Gathered()
    shapes = [shape for portal in portals for shape in portal.shapes]
    for shape in shapes:
        gathered.gather(shape)
    taken = set(reserved)
    clients = tuple(_free(f"{name}Client", taken) for name in _of_consumers(portals))
    taken.update(name.removesuffix("Client") + more for name in clients for more in COMPANIONS)
    records = choose_names(gathered.entries)
    found = {name: _free(pascal(name), taken) for name in sorted(records)}
    walked = [part for shape in (*shapes, *(entry.shape for entry in gathered.entries)) for part in walk(shape)]
    return Names(gathered, tuple(found[name] for name in records), _name_enums(walked, taken), clients)


def walk(shape: Shape) -> Iterator[Shape]:
    """Give ``shape`` and every shape in it."""
    yield shape
    for part in parts_of(shape):
        yield from walk(part)


def pascal(name: str) -> str:
    """Write ``rooms.consumers.Said`` as ``RoomsConsumersSaid``."""
    words = re.split(r"[^A-Za-z0-9]+", name)
    joined = "".join(word[:1].upper() + word[1:] for word in words)
    return joined if joined[:1].isalpha() else f"T{joined}"


def _of_consumers(portals: Iterable[Portal]) -> list[str]:
    """Give each consumer its class's name, with the module's before it where two classes share theirs."""
    known: dict[str, set[type[Any]]] = {}
    for portal in portals:
        known.setdefault(portal.name, set()).add(portal.consumer)
    return [
        pascal(portal.name if len(known[portal.name]) == 1 else f"{portal.consumer.__module__}.{portal.name}")
        for portal in portals
    ]


def _name_enums(shapes: Iterable[Shape], taken: set[str]) -> dict[type[Enum], str]:
    enums = list(dict.fromkeys(enum for shape in shapes for enum in enums_of(shape)))
    enums.sort(key=lambda enum: (enum.__name__, enum.__module__, enum.__qualname__))
    shared = [enum.__name__ for enum in enums]
    names: dict[type[Enum], str] = {}
    for enum in enums:
        is_shared = shared.count(enum.__name__) > 1 or enum.__name__ in taken
        names[enum] = _free(pascal(f"{enum.__module__}.{enum.__name__}" if is_shared else enum.__name__), taken)
    return names


def _free(name: str, taken: set[str]) -> str:
    number, chosen = 1, name
    while chosen in taken:
        number += 1
        chosen = f"{name}{number}"
    taken.add(chosen)
    return chosen
