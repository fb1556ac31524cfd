"""Write what AsyncAPI has no words for, under ``x-wsdrf-*``: guards, throttles, limits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from wsdrf.access.plan import AccessPlan
from wsdrf.connection.blueprint import Blueprint
from wsdrf.options import Options, Rate
from wsdrf.routing import Kind, Route, describe_guard, describe_type

_LIMITS: Final = (
    "max_message_size",
    "max_queued_messages",
    "max_queued_bytes",
    "message_rate",
    "max_concurrent_actions",
    "max_streams",
    "max_errors",
    "authentication_timeout",
)
_CONVERTERS: Final = {
    "int": "A whole number, 0 or more.",
    "path": "Any text, slashes included.",
    "slug": "Letters, digits, hyphens and underscores of ASCII.",
    "str": "Any text without a slash.",
    "uuid": "A UUID, in lower case with hyphens.",
}
_UNITS: Final = {1: "s", 60: "m", 3600: "h", 86400: "d"}


def describe_converter(converter: str | None) -> str:
    """Say what one of Django's path converters takes; ``None`` is what a regular expression captures."""
    if converter is None:
        return "A part of the path."
    return _CONVERTERS.get(converter, f"What the path converter `{converter}` takes.")


def facts_of_consumer(blueprint: Blueprint) -> dict[str, Any]:
    """Write what holds for a whole connection."""
    consumer, access, options = blueprint.consumer_class, blueprint.access, blueprint.options
    return {
        "x-wsdrf-consumer": f"{consumer.__module__}.{consumer.__qualname__}",
        "x-wsdrf-guards": connection_guards(access),
        "x-wsdrf-throttles": list(map(describe_type, access.throttle_classes)),
        "x-wsdrf-denial": options.denial,
        "x-wsdrf-camelize": options.camelize,
        "x-wsdrf-limits": limits(options),
    }


def facts_of_action(route: Route, access: AccessPlan) -> dict[str, Any]:
    """Write what holds for one action; its guards are all that are asked, the connection's first."""
    return {
        "x-wsdrf-method": route.method,
        "x-wsdrf-guards": [*connection_guards(access), *map(describe_guard, route.guards)],
        "x-wsdrf-throttles": [rate if isinstance(rate, str) else describe_type(rate) for rate in route.throttles],
        "x-wsdrf-loads": [load.name for load in route.loads],
        "x-wsdrf-timeout": route.timeout,
        "x-wsdrf-concurrent": route.concurrent,
        "x-wsdrf-stream": route.kind is Kind.STREAM,
    }


def facts_of_event(guards: Iterable[Any]) -> dict[str, Any]:
    """Write who gets an event."""
    return {"x-wsdrf-guards": list(map(describe_guard, guards))}


def connection_guards(access: AccessPlan) -> list[str]:
    """Name the connection's guards, those in ``permission_classes`` before those of ``@requires``."""
    chosen = (
        ["get_permissions()"] if access.chooses_permissions else list(map(describe_guard, access.permission_classes))
    )
    return [*chosen, *map(describe_guard, access.class_guards)]


def limits(options: Options) -> dict[str, Any]:
    """Write the limits that a client can run into; ``null`` is none."""
    return {name: _written(getattr(options, name)) for name in _LIMITS}


def _written(value: Any) -> Any:
    return f"{value.count}/{_UNITS[value.period_seconds]}" if isinstance(value, Rate) else value
