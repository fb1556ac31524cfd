"""What a client needs to know of a project: its consumers, what they answer and what they send, in no language yet."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any, Final, Union
from urllib.parse import quote

from attrs import frozen

from wsdrf.access.carriers import AuthorizationHeader, FirstMessage, QueryParameter, Subprotocol, token_scheme
from wsdrf.access.shapes import may_lack_payload, shape_of
from wsdrf.connection.blueprint import Blueprint, blueprint_of
from wsdrf.connection.mounts import Mount
from wsdrf.connection.paths import Parameter, placeholders
from wsdrf.exceptions import DeclarationError
from wsdrf.messages import action_of
from wsdrf.routing import Kind, Route
from wsdrf.schema import Anything, Shape

CARRIERS: Final[dict[type[Any], str]] = {
    AuthorizationHeader: "header",
    Subprotocol: "subprotocol",
    FirstMessage: "message",
    QueryParameter: "query",
}
"""How clients call the ways of a token."""


@frozen
class Answer:
    """What a frame with ``action`` carries."""

    action: str
    shape: Shape


@frozen
class Operation:
    """One action of a consumer. ``payload`` is ``None`` where it takes none.

    ``may_be_nothing`` tells that the handler may give ``None``, or that nothing says it does not.
    """

    action: str
    description: str
    payload: Shape | None
    is_payload_required: bool
    replies: tuple[Answer, ...]
    may_be_nothing: bool
    is_stream: bool


@frozen
class Happening:
    """A message that comes without a call. ``shape`` is its record, or what a wrong one is described as."""

    action: str
    shape: Shape


@frozen
class Portal:
    """One consumer at one path. ``path`` is as in an address, with parameters in braces: ``/ws/rooms/{pk}/``.

    ``scheme`` is what stands before a token in a header, ``query`` the parameter that carries one in the address.
    """

    consumer: type[Any]
    name: str
    path: str
    parameters: tuple[Parameter, ...]
    description: str
    carriers: tuple[str, ...]
    scheme: str
    query: str
    greets: bool
    operations: tuple[Operation, ...]
    happenings: tuple[Happening, ...]

    @property
    def slashed(self) -> tuple[str, ...]:
        """Name the parameters that hold slashes of the path: those of Django's converter ``path``."""
        return tuple(one.name for one in self.parameters if one.converter == "path")

    @property
    def shapes(self) -> Iterator[Shape]:
        """Everything that travels, in order."""
        for operation in self.operations:
            if operation.payload is not None:
                yield operation.payload
            yield from (reply.shape for reply in operation.replies)
        yield from (happening.shape for happening in self.happenings)


def plan_clients(mounts: Iterable[Mount]) -> tuple[Portal, ...]:
    """Read what the consumers at ``mounts`` are to their clients. Raises ``ConfigurationError`` for a wrong option."""
    return tuple(_portal(mount) for mount in mounts)


def enums_of(shape: Shape) -> Iterator[type[Enum]]:
    """Give the Enum of each option of a choice."""
    for option in getattr(shape, "options", ()):
        if isinstance(option.value, Enum):
            yield type(option.value)


def text_of(documented: Any) -> str:
    """Give a docstring that somebody has written, clean of its indentation."""
    text = getattr(documented, "__doc__", None)
    is_made = isinstance(documented, type) and (text or "").startswith((f"{documented.__name__}(", "Method generated"))
    return "" if not text or is_made else inspect.cleandoc(text)


def _portal(mount: Mount) -> Portal:
    blueprint = blueprint_of(mount.consumer_class, mount.root)
    consumer, access = mount.consumer_class, blueprint.access
    carriers = [carrier for carrier in access.carriers if type(carrier) in CARRIERS]
    queries = (carrier.name for carrier in carriers if isinstance(carrier, QueryParameter))
    return Portal(
        consumer=consumer,
        name=mount.name,
        path="".join(quote(literal) + (name and f"{{{name}}}") for literal, name in placeholders(mount.path)),
        parameters=tuple(_parameters(mount)),
        description=text_of(consumer) if "__doc__" in vars(consumer) else "",
        carriers=tuple(CARRIERS[type(carrier)] for carrier in carriers),
        scheme=token_scheme(access.authentication_classes),
        query=next(queries, "token"),
        greets=blueprint.options.send_authentication_message,
        operations=tuple(_operation(route, blueprint) for route in consumer.routes.values()),
        happenings=tuple(_happenings(consumer, blueprint)),
    )


def _parameters(mount: Mount) -> Iterator[Parameter]:
    """Give what stands in the path, once each: a name may come again, and a group may be inside another."""
    converters = {one.name: one.converter for one in mount.parameters}
    for name in dict.fromkeys(name for _, name in placeholders(mount.path) if name):
        yield Parameter(name, converters.get(name))


def _operation(route: Route, blueprint: Blueprint) -> Operation:
    payload = None if route.payload is None else describe_safely(route.payload, blueprint.options.camelize)
    return Operation(
        action=route.action,
        description=text_of(getattr(blueprint.consumer_class, route.handler)),
        payload=payload,
        is_payload_required=not may_lack_payload(route, payload),
        replies=tuple(_answers(route, blueprint.options.camelize)),
        may_be_nothing=route.kind is not Kind.STREAM and (not route.replies or route.may_give_none),
        is_stream=route.kind is Kind.STREAM,
    )


def _answers(route: Route, camelize: bool) -> Iterator[Answer]:
    own: list[Any] = []
    if not route.is_annotated:
        yield Answer(route.action, Anything())  # whatever it is, nothing says so
    for reply in route.replies:
        action = action_of(reply)
        if action is None or action == route.action:
            own.append(reply)
        else:
            yield Answer(action, describe_safely(reply, camelize))
    if own:
        yield Answer(route.action, describe_safely(_union(own), camelize))


def _union(types: list[Any]) -> Any:
    return types[0] if len(types) == 1 else Union[tuple(types)]  # noqa: UP007 - the members are values here


def _happenings(consumer: Any, blueprint: Blueprint) -> Iterator[Happening]:
    reactions = (sent for reception in consumer.receptions.values() for sent in reception.sends)
    known: dict[str, Any] = {}
    for message in (*consumer.sends, *reactions):
        action = action_of(message)
        if action is not None and action not in known:
            known[action] = message
            yield Happening(action, describe_safely(message, blueprint.options.camelize))


def describe_safely(tp: Any, camelize: bool) -> Shape:
    """Describe a type; one that has no description, which only a reply can have, is anything."""
    try:
        return shape_of(tp, camelize=camelize)
    except DeclarationError:
        return Anything()
