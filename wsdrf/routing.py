"""The finished, immutable table of what a consumer answers and receives."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from attrs import field, frozen

from wsdrf.declare import Load, Place
from wsdrf.naming import class_name


class Kind(Enum):
    """How a handler is written, which decides where it runs."""

    COROUTINE = "async def"
    FUNCTION = "def"
    STREAM = "async generator"


@frozen
class Route:
    """One action of one consumer: everything that is known of it once the class is defined.

    ``handler`` is the method's name and ``payload`` the annotated type (``None``: it takes no payload); a handler with
    ``payload_required=False`` has a default of its own for a call without one. ``replies`` are the types that it may
    give back, ``None`` left out; for a stream, the types of its items. Without ``is_annotated`` nothing says what it
    gives back; ``may_give_none`` tells that ``None`` is among it. ``guards`` are the action's own, without those
    of the connection; they, like ``throttles``, stand base class first. ``timeout`` is in seconds. ``declared_by`` and
    ``place`` are the class and the line of the ``@on`` in force.
    """

    action: str
    handler: str
    kind: Kind
    payload: Any
    replies: tuple[Any, ...]
    guards: tuple[Any, ...]
    throttles: tuple[Any, ...]
    loads: tuple[Load, ...]
    method: str
    timeout: float | None
    concurrent: bool
    declared_by: str
    place: Place
    payload_required: bool = True
    is_annotated: bool = True
    may_give_none: bool = False


@frozen
class Reception:
    """One event that one consumer receives: ``handler`` is the method's name, ``guards`` are asked for each recipient.

    ``replies`` are the types that the method may send to its client instead of the event, ``None`` left out; without
    ``is_annotated`` nothing says which.
    """

    message: type
    handler: str
    guards: tuple[Any, ...]
    declared_by: str
    place: Place
    kind: Kind = Kind.COROUTINE
    replies: tuple[Any, ...] = ()
    is_annotated: bool = True

    @property
    def sends(self) -> tuple[Any, ...]:
        """Give the types that clients are to expect: a method that does not say most likely passes the event on."""
        return self.replies if self.is_annotated else (self.message,)


def _routes(entries: Mapping[str, Route]) -> Mapping[str, Route]:
    return MappingProxyType(dict(entries))


def _receptions(entries: Mapping[type, Reception]) -> Mapping[type, Reception]:
    return MappingProxyType(dict(entries))


@frozen(repr=False, eq=False)
class Routes(Mapping[str, Route]):
    """Map each action of a consumer to its route. Prints as a table."""

    _routes: Mapping[str, Route] = field(factory=dict, converter=_routes)

    def __getitem__(self, action: str) -> Route:
        return self._routes[action]

    def __iter__(self) -> Iterator[str]:
        return iter(self._routes)

    def __len__(self) -> int:
        return len(self._routes)

    def __hash__(self) -> int:
        return hash(frozenset(self._routes))

    def __repr__(self) -> str:
        return _table(_ROUTE_COLUMNS, self.values()) or "no actions"


@frozen(repr=False, eq=False)
class Receptions(Mapping[type, Reception]):
    """Map each message class that a consumer receives to its reception. Prints as a table."""

    _receptions: Mapping[type, Reception] = field(factory=dict, converter=_receptions)

    def __getitem__(self, message: type) -> Reception:
        return self._receptions[message]

    def __iter__(self) -> Iterator[type]:
        return iter(self._receptions)

    def __len__(self) -> int:
        return len(self._receptions)

    def __hash__(self) -> int:
        return hash(frozenset(self._receptions))

    def __repr__(self) -> str:
        return _table(_RECEPTION_COLUMNS, self.values()) or "no events"


def describe_type(annotation: Any) -> str:
    """Write a type as one would annotate it, without modules: ``list[Said] | None``."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in (None, types.NoneType):
        return "None"
    if origin in (Union, types.UnionType):
        return " | ".join(map(describe_type, arguments))
    if origin is Annotated:
        return describe_type(arguments[0])
    if origin is not None and isinstance(origin, type):
        return f"{origin.__qualname__}[{', '.join(map(_describe_argument, arguments))}]"
    if isinstance(annotation, type):
        return class_name(annotation)
    return str(annotation).replace("typing.", "")


def describe_guard(guard: Any) -> str:
    """Write a permission class, or an expression of them, as it was declared: ``IsMember & ~IsMuted``."""
    operator = getattr(guard, "operator_class", None)
    if isinstance(guard, type) or operator is None:
        return describe_type(guard)
    left = _bracketed(guard.op1_class)
    if not hasattr(guard, "op2_class"):
        return f"~{left}"
    sign = {"AND": "&", "OR": "|"}.get(operator.__name__, operator.__name__)
    return f"{left} {sign} {_bracketed(guard.op2_class)}"


def _describe_argument(argument: Any) -> str:
    if argument is Ellipsis:
        return "..."
    if isinstance(argument, list):
        return f"[{', '.join(map(describe_type, argument))}]"
    return describe_type(argument) if get_origin(argument) or isinstance(argument, type) else repr(argument)


def _bracketed(guard: Any) -> str:
    return f"({describe_guard(guard)})" if hasattr(guard, "op2_class") else describe_guard(guard)


def _listed(values: Iterable[Any], write: Callable[[Any], str]) -> str:
    return ", ".join(map(write, values))


Column = Callable[[Any], str]

_ROUTE_COLUMNS: Final[Mapping[str, Column]] = MappingProxyType(
    {
        "action": lambda route: route.action,
        "method": lambda route: route.method,
        "handler": lambda route: f"{route.declared_by}.{route.handler}",
        "payload": lambda route: "" if route.payload is None else describe_type(route.payload),
        "replies": lambda route: _listed(route.replies, describe_type) + "*" * (route.kind is Kind.STREAM),
        "guards": lambda route: _listed(route.guards, describe_guard),
        "throttles": lambda route: _listed(
            route.throttles, lambda one: one if isinstance(one, str) else describe_type(one)
        ),
        "loads": lambda route: _listed(route.loads, lambda load: load.name),
    }
)
_RECEPTION_COLUMNS: Final[Mapping[str, Column]] = MappingProxyType(
    {
        "event": lambda reception: describe_type(reception.message),
        "handler": lambda reception: f"{reception.declared_by}.{reception.handler}",
        "sends": lambda reception: _listed(reception.replies, describe_type),
        "guards": lambda reception: _listed(reception.guards, describe_guard),
    }
)


def _table(columns: Mapping[str, Column], entries: Iterable[Any]) -> str:
    rows = [[write(entry) or "-" for write in columns.values()] for entry in entries]
    if not rows:
        return ""
    return aligned([list(columns), *rows])


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Write rows of cells as lines, each column as wide as its widest cell."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
