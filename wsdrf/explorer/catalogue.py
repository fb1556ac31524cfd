"""Write everything that the page shows: consumers, what they are asked and what they send, as JSON data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

from wsdrf.access.carriers import QueryParameter, reads_session, scheme_of
from wsdrf.access.plan import AccessPlan
from wsdrf.access.serializers import NOWHERE, is_serializer, valid_serializer
from wsdrf.asyncapi.facts import connection_guards, limits
from wsdrf.asyncapi.names import channel_keys
from wsdrf.asyncapi.outline import Asked, Outline, Told, outline
from wsdrf.clients.plan import CARRIERS
from wsdrf.connection.mounts import Mount
from wsdrf.exceptions import InvalidCall
from wsdrf.explorer.examples import examples_of
from wsdrf.explorer.parameters import parameters_of, path_of
from wsdrf.explorer.values import NoExample
from wsdrf.routing import Kind, Route, describe_guard, describe_type
from wsdrf.schema import Definitions, Null
from wsdrf.schema.leaves import Schema

MayList: TypeAlias = Callable[[Mount, Route | None], bool]
"""Tells whether somebody may know of a consumer, or of one of its actions."""

_NOTHING: Final[Schema] = {"type": "null"}


def describe_consumers(mounts: Iterable[Mount], may_list: MayList) -> list[dict[str, Any]]:
    """Describe the consumers that may be listed, and nothing of what may not: as if the rest were not there."""
    listed = [mount for mount in mounts if may_list(mount, None)]
    keys = channel_keys(listed)
    return [_consumer(key.replace(".", "-"), mount, may_list) for key, mount in zip(keys, listed, strict=True)]


def _consumer(key: str, mount: Mount, may_list: MayList) -> dict[str, Any]:
    described = outline(key, mount, lambda route: may_list(mount, route))
    access, options = described.blueprint.access, described.blueprint.options
    definitions = Definitions(described.shapes, prefix="#/$defs/")
    told = {one.action: _payload(one, definitions) for one in described.told}
    return {
        "id": key,
        "name": mount.name,
        "module": mount.consumer_class.__module__,
        "path": path_of(mount),
        "doc": described.description,
        "camelize": options.camelize,
        "denial": options.denial,
        "parameters": parameters_of(mount),
        "guards": connection_guards(access),
        "throttles": list(map(describe_type, access.throttle_classes)),
        "limits": limits(options),
        **_authentication(access),
        "actions": [_action(asked, described, definitions, told) for asked in described.asked],
        "events": [
            {
                "action": one.action,
                "doc": one.description,
                "payload": told[one.action],
                "guards": list(map(describe_guard, one.guards)),
            }
            for one in described.told
            if one.is_event
        ],
        "$defs": definitions.definitions(),
    }


def _action(asked: Asked, described: Outline, definitions: Definitions, told: dict[str, Schema]) -> dict[str, Any]:
    route = asked.route
    example, reason = _example(asked, described)
    return {
        "action": route.action,
        "doc": asked.description,
        "method": route.method,
        "stream": route.kind is Kind.STREAM,
        "concurrent": route.concurrent,
        "timeout": route.timeout,
        "payload": None if asked.payload is None else definitions.schema(asked.payload),
        "payload_required": not asked.is_optional,
        "example": example,
        "example_missing": reason,
        "replies": [{"action": action, "payload": told.get(action, _NOTHING)} for action in asked.answers],
        "guards": list(map(describe_guard, route.guards)),
        "throttles": [rate if isinstance(rate, str) else describe_type(rate) for rate in route.throttles],
        "loads": [load.name for load in route.loads],
    }


def _payload(told: Told, definitions: Definitions) -> Schema:
    (first, *others) = (definitions.schema(shape) for shape in told.shapes)
    return {"anyOf": [first, *others]} if others else first


# -- who one is --------------------------------------------------------------------------------------------------------


def _authentication(access: AccessPlan) -> dict[str, Any]:
    classes = [_authentication_class(kind) for kind in access.authentication_classes]
    tokens = [CARRIERS[type(carrier)] for carrier in access.carriers if type(carrier) in CARRIERS]
    names = (carrier.name for carrier in access.carriers if isinstance(carrier, QueryParameter))
    return {
        "authentication": classes,
        "carriers": [
            *(["session"] if any(one["kind"] == "session" for one in classes) else []),
            *(tokens if any(one["kind"] == "token" for one in classes) else []),
        ],
        "query_name": next(names, None),
    }


def _authentication_class(kind: Any) -> dict[str, str]:
    scheme = scheme_of(kind)
    known = "session" if reads_session(kind) else "token" if scheme else "other"
    return {"name": describe_type(kind), "kind": known, "scheme": scheme}


# -- examples ----------------------------------------------------------------------------------------------------------


def _example(asked: Asked, described: Outline) -> tuple[Any, str]:
    """Give an example of a payload, or why there is none."""
    if asked.payload is None or isinstance(asked.payload, Null):
        return None, ""
    try:
        for example in examples_of(asked.payload):
            if _is_taken(example, asked.route, described):
                return example, ""
    except NoExample as reason:
        return None, str(reason)
    return None, "What was tried is refused by code of the payload's own."


def _is_taken(example: Any, route: Route, described: Outline) -> bool:
    """Tell whether a payload gets as far as the handler: the consumer's own codec, or serializer, reads it."""
    structure = described.blueprint.steps[route.action].structure
    try:
        if is_serializer(route.payload):
            valid_serializer(route.payload, example, NOWHERE)
        elif structure is not None:
            structure(example)
    except InvalidCall:
        return False
    except Exception:  # noqa: BLE001  # a validator of the project's own, asked outside of what it was written for
        return is_serializer(route.payload)
    return True
