"""Read what travels on one consumer's connections: its calls, and everything that it sends."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from attrs import evolve, field, frozen

from wsdrf.access.serializers import is_serializer
from wsdrf.access.shapes import may_lack_payload, shape_of
from wsdrf.connection.blueprint import Blueprint, blueprint_of
from wsdrf.connection.mounts import Mount
from wsdrf.messages import action_of
from wsdrf.routing import Kind, Reception, Route
from wsdrf.schema import Anything, Shape
from wsdrf.schema.leaves import description_of


@frozen
class Asked:
    """One action that a client may call. ``payload`` is ``None`` where it takes none; ``answers`` are actions."""

    route: Route
    payload: Shape | None
    is_optional: bool
    answers: tuple[str, ...]
    description: str


@frozen
class Told:
    """One action that the server sends: as an answer, as an event, or both.

    ``guards`` are asked for each recipient of an event.
    """

    action: str
    shapes: tuple[Shape, ...] = field(repr=False)
    is_answer: bool
    is_event: bool
    description: str = ""
    guards: tuple[Any, ...] = ()


@frozen
class Outline:
    """Everything that travels at one mount."""

    key: str
    mount: Mount
    blueprint: Blueprint
    asked: tuple[Asked, ...]
    told: tuple[Told, ...]
    description: str

    @property
    def shapes(self) -> Iterator[Shape]:
        """Give all shapes, in order."""
        for one in self.asked:
            if one.payload is not None:
                yield one.payload
        for told in self.told:
            yield from told.shapes


def outline(key: str, mount: Mount, listed: Callable[[Route], bool] = lambda route: True) -> Outline:
    """Read the consumer of ``mount``, which the document calls ``key``; of its routes those that are ``listed``."""
    consumer = mount.consumer_class
    blueprint = blueprint_of(consumer, mount.root)
    routes: list[Route] = [route for route in getattr(consumer, "routes", {}).values() if listed(route)]
    return Outline(
        key=key,
        mount=mount,
        blueprint=blueprint,
        asked=tuple(_asked(consumer, route, camelize=blueprint.options.camelize) for route in routes),
        told=_merge(_told(consumer, routes, camelize=blueprint.options.camelize)),
        description=_docstring(consumer, mount.root),
    )


def _asked(consumer: Any, route: Route, *, camelize: bool) -> Asked:
    payload = None if route.payload is None else shape_of(route.payload, camelize=camelize)
    answers = [told.action for told in _answers(route, camelize=camelize)]
    if route.kind is Kind.STREAM or not answers or route.may_give_none:
        answers.append("complete")
    return Asked(
        route=route,
        payload=payload,
        is_optional=may_lack_payload(route, payload),
        answers=tuple(dict.fromkeys(answers)),
        description=inspect.getdoc(getattr(consumer, route.handler)) or "",
    )


def _told(consumer: Any, routes: list[Route], *, camelize: bool) -> Iterator[Told]:
    for route in routes:
        yield from _answers(route, camelize=camelize)
    for kind in consumer.sends:
        yield from _event(kind, (), camelize=camelize)
    receptions: list[Reception] = list(getattr(consumer, "receptions", {}).values())
    for reception in receptions:
        for kind in reception.sends:
            yield from _event(kind, reception.guards, camelize=camelize)


def _answers(route: Route, *, camelize: bool) -> Iterator[Told]:
    if not route.is_annotated:
        yield Told(route.action, (Anything(),), is_answer=True, is_event=False)
    for kind in route.replies:
        action = action_of(kind) or route.action
        shape = Anything(kind.__qualname__) if is_serializer(kind) else shape_of(kind, camelize=camelize)
        yield Told(action, (shape,), is_answer=True, is_event=False, description=_words(kind))


def _event(kind: Any, guards: tuple[Any, ...], *, camelize: bool) -> Iterator[Told]:
    action = action_of(kind)
    if action is not None:
        shape = shape_of(kind, camelize=camelize)
        yield Told(action, (shape,), is_answer=False, is_event=True, description=_words(kind), guards=guards)


def _merge(told: Iterator[Told]) -> tuple[Told, ...]:
    """Have one entry an action: a client knows a frame by nothing else. Answers come before events."""
    found: dict[str, Told] = {}
    for one in told:
        known = found.get(one.action)
        found[one.action] = one if known is None else _both(known, one)
    return tuple(found.values())


def _both(known: Told, other: Told) -> Told:
    return evolve(
        known,
        shapes=(*known.shapes, *(shape for shape in other.shapes if shape not in known.shapes)),
        is_event=known.is_event or other.is_event,
        description=known.description or other.description,
        guards=known.guards or other.guards,
    )


def _words(kind: Any) -> str:
    return "" if action_of(kind) is None else description_of(kind)


def _docstring(consumer: type[Any], root: type[Any]) -> str:
    """Give the docstring of a consumer, or of the nearest base that has one and is no class of wsdrf's."""
    owners = consumer.__mro__[: consumer.__mro__.index(root)] if root in consumer.__mro__ else (consumer,)
    return next(filter(None, map(description_of, owners)), "")
