"""Valid calls of a consumer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from weakref import WeakKeyDictionary

from django.conf import settings
from hypothesis import strategies as st

from wsdrf.access.shapes import may_lack_payload, shape_of
from wsdrf.consumer import Consumer
from wsdrf.envelope import INT_MAX, INT_MIN, MAX_ID_LENGTH
from wsdrf.naming import class_name
from wsdrf.options import resolve
from wsdrf.routing import Route
from wsdrf.strategies.jsons import objects
from wsdrf.strategies.named import named
from wsdrf.strategies.payloads import drawing
from wsdrf.strategies.registry import heed
from wsdrf.strategies.texts import characters

ids: Final[st.SearchStrategy[str | int]] = st.one_of(
    st.integers(0, 999), st.text("abcdefghijklmnopqrstuvwxyz0123456789-", max_size=8),
    st.integers(INT_MIN, INT_MAX), st.text(characters, max_size=MAX_ID_LENGTH),
)  # fmt: skip
"""What a call may be known by."""


def calls(consumer: type[Consumer], action: str | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Draw valid frames of ``consumer``: of one ``action``, or of any that it has.

    A frame is a dict of ``action``, the ``payload`` where the action takes one, and mostly an ``id``: an ``int`` or a
    ``str``. Valid means that the codec accepts it; what the guards, the loaded objects and the handler say of it is
    theirs. Raises ``ValueError`` for an action that the consumer does not have, or a consumer without any.
    """
    routes, camelize = routes_of(consumer, action), is_camelized(consumer)
    strategy: st.SearchStrategy[dict[str, Any]] = kept(
        consumer, (calls, action, camelize), lambda: st.one_of([_calls_of(route, camelize) for route in routes])
    )
    return named(f"calls({shown(consumer, action)})", strategy)


def shown(consumer: type[Consumer], action: str | None) -> str:
    """Write arguments as a test does."""
    name = class_name(consumer)
    return name if action is None else f"{name}, {action!r}"


def kept(consumer: type[Consumer], key: Any, make: Callable[[], Any]) -> Any:
    """Give what ``make`` made for ``consumer`` and ``key`` before, as long as nothing new is registered."""
    known = _kept.setdefault(consumer, {})
    if key not in known:
        known[key] = make()
    return known[key]


_kept: WeakKeyDictionary[type[Consumer], dict[Any, Any]] = WeakKeyDictionary()
heed(_kept.clear)


def is_camelized(consumer: type[Consumer]) -> bool:
    """Tell whether field names of ``consumer`` are in camelCase on the wire, by its own options or the project's."""
    return resolve(consumer, getattr(settings, "WSDRF", {})).camelize


def routes_of(consumer: type[Consumer], action: str | None) -> list[Route]:
    """Give the route of ``action``, or all. Raises ``ValueError`` where there is none."""
    routes = list(consumer.routes.values())
    name = class_name(consumer)
    if not routes:
        raise ValueError(f"{name} has no actions, so nothing can be called. Mark a method with @on.")
    if action is None:
        return routes
    if action not in consumer.routes:
        raise ValueError(f"{name} has no action {action!r}. It has {', '.join(sorted(consumer.routes))}.")
    return [consumer.routes[action]]


def frames_of(route: Route, payload: st.SearchStrategy[Any] | None, lacking: bool) -> st.SearchStrategy[dict[str, Any]]:
    """Draw frames that call ``route`` with ``payload``, and some without where it may be ``lacking``."""
    required: dict[str, st.SearchStrategy[Any]] = {"action": st.just(route.action)}
    optional: dict[str, st.SearchStrategy[Any]] = {"id": ids}
    if payload is not None:
        (optional if lacking else required)["payload"] = payload
    return objects(required, optional)


def _calls_of(route: Route, camelize: bool) -> st.SearchStrategy[dict[str, Any]]:
    if route.payload is None:
        return frames_of(route, None, lacking=True)
    may_lack = may_lack_payload(route, shape_of(route.payload, camelize=camelize))
    return frames_of(route, drawing(camelize).of(route.payload), may_lack)
