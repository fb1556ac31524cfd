"""Invalid calls of a consumer: each breaks the schema in one way that has a name."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from attrs import frozen
from hypothesis import strategies as st

from wsdrf.access.serializers import is_serializer
from wsdrf.access.shapes import may_lack_payload, shape_of
from wsdrf.codec.wrong import bounded
from wsdrf.consumer import Consumer
from wsdrf.envelope import FieldError
from wsdrf.naming import class_name
from wsdrf.routing import Route
from wsdrf.schema import Record, describe
from wsdrf.schema.annotations import name_of
from wsdrf.strategies.breaking import Breaking
from wsdrf.strategies.calls import frames_of, is_camelized, kept, routes_of, shown
from wsdrf.strategies.faults import Breach, Fault
from wsdrf.strategies.named import named
from wsdrf.strategies.payloads import Drawing, drawing
from wsdrf.strategies.places import Place
from wsdrf.strategies.serialized import as_told

Strategy = st.SearchStrategy["InvalidCall"]


@frozen
class InvalidCall:
    """A frame that breaks the schema of its action in one way.

    ``violation`` names the way, ``loc`` is the path to it from the frame's root, ``code`` the field error's: what the
    answer's ``errors`` list for it.
    """

    frame: dict[str, Any]
    violation: str
    loc: tuple[str | int, ...]
    code: str


def invalid_calls(consumer: type[Consumer], action: str | None = None) -> Strategy:
    """Draw invalid calls of ``consumer``: of one ``action``, or of any whose payload can be wrong.

    Each has exactly one thing wrong, maybe deep inside: a field that is missing or unknown, a value of another type, a
    text too short. Raises ``ValueError`` for an action that the consumer does not have, and where nothing that is sent
    would be invalid.
    """
    routes, camelize = routes_of(consumer, action), is_camelized(consumer)
    found = kept(consumer, (invalid_calls, action, camelize), lambda: _all_of(routes, camelize))
    if found is None:
        name = class_name(consumer)
        who = f"{name} takes with {action!r}" if action else f"{name} takes with each of its actions"
        raise ValueError(
            f"{who} any payload, or none, so that no call of it is invalid. "
            "Draw calls() or frames() instead, or give a handler a payload with a type."
        )
    strategy: Strategy = found
    return named(f"invalid_calls({shown(consumer, action)})", strategy)


def _all_of(routes: list[Route], camelize: bool) -> Strategy | None:
    found = [breaches for route in routes if (breaches := _breaches_of(route, camelize))]
    return st.sampled_from(found).flatmap(_one_of) if found else None


def _one_of(breaches: dict[str, list[Strategy]]) -> Strategy:
    """Choose the violation first, so that one that has many places does not crowd the others out."""
    return st.sampled_from(list(breaches.values())).flatmap(st.one_of)


def _breaches_of(route: Route, camelize: bool) -> dict[str, list[Strategy]]:
    if route.payload is None:
        return {}
    found: dict[str, list[Strategy]] = {}
    for each in _of_payload(route.payload, drawing(camelize)):
        found.setdefault(each.violation, []).append(_calls_of(route, each))
    if not may_lack_payload(route, shape_of(route.payload, camelize=camelize)):
        found.setdefault("missing", []).append(_without_payload(route, camelize))
    return found


def _of_payload(tp: Any, making: Drawing) -> Iterable[Breach]:
    shape = shape_of(tp, camelize=making.camelize)
    place = Place(name_of(tp), annotation=tp)
    depth = making.depth(shape, place) + 1
    found = Breaking(making).of(shape, Place(place.path, depth, tp))
    return (_as_serialized(tp, each) for each in found) if is_serializer(tp) else found


def _as_serialized(kind: Any, found: Breach) -> Breach:
    told: Any = found.faults.map(partial(as_told, kind)).filter(lambda fault: fault is not None)
    return Breach(found.violation, told)


def _calls_of(route: Route, found: Breach) -> Strategy:
    frames = frames_of(route, found.faults, lacking=False)
    return frames.map(lambda frame: _invalid_call(frame, found.violation))


def _invalid_call(frame: dict[str, Any], violation: str) -> InvalidCall:
    fault: Fault = frame["payload"]
    (error,) = bounded((FieldError(fault.loc, fault.code, ""),), "payload")
    return InvalidCall({**frame, "payload": fault.value}, violation, error.loc, fault.code)


def _without_payload(route: Route, camelize: bool) -> Strategy:
    shape = None if is_serializer(route.payload) else describe(route.payload, camelize=camelize)
    loc: tuple[str, ...] = ("payload",)
    if isinstance(shape, Record):  # no payload is an object without fields
        loc = (*loc, next(each.wire_name for each in shape.fields if each.required))
    frames = frames_of(route, None, lacking=True)
    return frames.map(lambda frame: InvalidCall(frame, "missing", loc, "required"))
