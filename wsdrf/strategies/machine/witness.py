"""See the consumers that serve an example's connections: which handlers begin, and what becomes of their class."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import wraps
from typing import Any, Final

from attrs import define, evolve, field

from wsdrf.access.current import current_view
from wsdrf.connection import blueprint as blueprints
from wsdrf.connection.blueprint import Blueprint, blueprint_of
from wsdrf.connection.connection import Connection
from wsdrf.connection.state import State
from wsdrf.consumer import Consumer
from wsdrf.envelope import ABSENT
from wsdrf.naming import class_name
from wsdrf.routing import Kind, Route
from wsdrf.strategies.machine.findings import Shared

SEAT: Final = "wsdrf.strategies.seat"
"""Key of the scope that tells whose connection it is; no server lets a client set keys of the scope."""


@define(eq=False)
class Observed:
    """One consumer of the example: how often each action began, and which began when none may."""

    consumer: Consumer
    began: Counter[str] = field(factory=Counter[str])
    too_early: list[str] = field(factory=list[str])
    _views: list[Any] = field(factory=list[Any])

    @property
    def connection(self) -> Connection:
        """The connection that the consumer serves."""
        return self.consumer._connection

    def watch(self, route: Route) -> None:
        """Count the calls of ``route`` that reach its handler; one that another handler makes is none."""
        method = getattr(self.consumer, route.handler)

        @wraps(method)
        def begin(*args: Any, **kwargs: Any) -> Any:
            view = current_view()
            if view is not None and view.action == route.action and not any(view is one for one in self._views):
                self._views.append(view)
                self.began[route.action] += 1
                # A thread may begin in the very moment in which the connection ends.
                if route.kind is not Kind.FUNCTION and self.connection.state is not State.READY:
                    self.too_early.append(route.action)
            return method(*args, **kwargs)

        setattr(self.consumer, route.handler, begin)


class Witness:
    """Stands beside a consumer class while an example runs."""

    def __init__(self, consumer: type[Consumer]) -> None:
        self.consumer = consumer
        self.observed: list[Observed] = []
        self._blueprint: Blueprint | None = None
        self._watched: Blueprint | None = None
        self._belongings = {owner: _belongings(owner) for owner in _own_classes(consumer)}

    def look(self) -> Blueprint:
        """See the connections that are made from now on; give the consumer's blueprint as it really is."""
        current = blueprint_of(self.consumer, Consumer)
        if current is not self._watched or self._blueprint is None:
            make: Any = self._make
            self._blueprint = current
            self._watched = evolve(current, consumer_class=make)
            blueprints._drawn[self.consumer] = self._watched
        return self._blueprint

    def look_away(self) -> None:
        """Leave the class as it was found."""
        if self._blueprint is not None and blueprints._drawn.get(self.consumer) is self._watched:
            blueprints._drawn[self.consumer] = self._blueprint

    def find(self, seat: int) -> Observed | None:
        """Give the consumer of the connection whose scope bears ``seat``, or ``None`` where no consumer was asked."""
        return next((one for one in self.observed if one.connection.scope.get(SEAT) == seat), None)

    def check_belongings(self) -> None:
        """Raise ``Shared`` where an attribute of the class has changed since the example began, and put it back."""
        changed = [
            f"{class_name(owner)}.{name}"
            for owner, before in self._belongings.items()
            for name in _put_back(owner, before)
        ]
        if changed:
            raise Shared(
                f"{changed[0]} was changed while connections were served. It belongs to the class, so all "
                "connections share it, whoever is behind them. Set it on the instance, in connected()."
            )

    def _make(self) -> Consumer:
        observed = Observed(self.consumer())
        for route in self.consumer.routes.values():
            observed.watch(route)
        self.observed.append(observed)
        return observed.consumer


def _own_classes(consumer: type[Consumer]) -> list[type]:
    return [owner for owner in consumer.__mro__ if owner is not object and owner not in Consumer.__mro__]


def _belongings(owner: type) -> Mapping[str, tuple[Any, Any]]:
    """Give each attribute of ``owner``: the object, and a copy of what is in it where that may change."""
    return {
        name: (value, _copy(value) if isinstance(value, _CONTAINERS) else ABSENT)
        for name, value in vars(owner).items()
        if not name.startswith("__")
    }


def _put_back(owner: type, before: Mapping[str, tuple[Any, Any]]) -> list[str]:
    changed: list[str] = []
    for name, value in list(vars(owner).items()):
        if not name.startswith("__") and (name not in before or before[name][0] is not value):
            changed.append(name)
            _set(owner, name, before[name][0] if name in before else ABSENT)
    for name, (value, content) in before.items():
        if name not in vars(owner):
            changed.append(name)
            _set(owner, name, value)
        if content is not ABSENT and value != content:
            changed.append(name)
            value.clear()
            _FILL[next(kind for kind in _CONTAINERS if isinstance(value, kind))](value, _copy(content))
    return changed


def _set(owner: type, name: str, value: Any) -> None:
    if value is ABSENT:
        delattr(owner, name)
    else:
        setattr(owner, name, value)


def _copy(value: Any) -> Any:
    try:
        copied = deepcopy(value)
        is_equal = bool(copied == value)
    except Exception:  # noqa: BLE001 - whatever a project's objects raise: the outermost content is still worth a look
        return value.copy()
    return copied if is_equal else value.copy()


_CONTAINERS: Final[tuple[Any, ...]] = (list, dict, set, deque)
_FILL: Final[dict[Any, Callable[[Any, Any], None]]] = {
    list: list.extend,
    dict: dict.update,
    set: set.update,
    deque: deque.extend,
}
