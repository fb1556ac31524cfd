"""What ``manage.py check`` says of a project's consumers."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Final

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import FieldError
from django.db.models import F
from django.utils.module_loading import import_string
from rest_framework.permissions import DjangoModelPermissions
from rest_framework.settings import api_settings

from wsdrf.access.carriers import QueryParameter, reads_session
from wsdrf.access.objects import as_queryset
from wsdrf.access.permissions import asks_objects, leaves
from wsdrf.access.plan import AccessPlan, open_actions
from wsdrf.connection.blueprint import Blueprint, blueprint_of
from wsdrf.connection.mounts import Mount, Survey, application_of_project, built, survey
from wsdrf.exceptions import ConfigurationError
from wsdrf.naming import class_name
from wsdrf.routing import Route

LEAST_CAPACITY: Final = 1000
"""Messages that a core Redis layer should hold for a process: all its connections share one channel."""

DEFAULT_CAPACITY: Final = 100
"""What channels_redis takes where ``CONFIG`` says nothing."""

OBJECT_HINT: Final = "Set `queryset`, override `get_object()`, or load an object with @loads."

BY_HAND: Final = ("check_object_permissions", "aget_object")
"""What handlers call to have guards asked about an object that they found themselves."""

_CORE: Final = ("channels_redis.core", "RedisChannelLayer")

HINT: Final = "Guard it with @requires(...) or permission_classes; @requires(AllowAny) states that everybody may."


def register_checks() -> None:
    """Have Django run the checks, those for deployment included."""
    register(Tags.security)(warn_of_open_actions)
    register(Tags.security, deploy=True)(refuse_open_actions)
    register(Tags.urls)(warn_of_unreachable_consumers)
    register(Tags.urls)(refuse_routes_to_classes)
    register(Tags.security)(warn_of_tokens_in_addresses)
    register(Tags.security)(warn_of_any_host)
    register(Tags.security, deploy=True)(warn_of_invented_addresses)
    register(warn_of_groups_without_layer)
    register(warn_of_small_layers)
    register(Tags.security)(warn_of_guards_without_object)
    register(Tags.urls)(warn_of_paths_without_lookup)
    register(Tags.models)(refuse_unknown_lookups)


def warn_of_open_actions(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each action that nothing but ``AllowAny`` covers (``wsdrf.W001``), or that there is no telling."""
    try:
        application_of_project()
    except ConfigurationError as error:
        if getattr(settings, "ASGI_APPLICATION", None):
            return [Error(str(error), id="wsdrf.E002")]
        return [checks.Warning(str(error), id="wsdrf.W010")]
    return [checks.Warning(text, hint=HINT, obj=consumer, id="wsdrf.W001") for consumer, text in _open_actions()]


def refuse_open_actions(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report the same as errors (``wsdrf.E001``), before a project is deployed."""
    return [Error(text, hint=HINT, obj=consumer, id="wsdrf.E001") for consumer, text in _open_actions()]


def warn_of_unreachable_consumers(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each consumer that the project routes to, but that no connection ever gets to (``wsdrf.W002``)."""
    return [
        checks.Warning(
            f"{mount.name} at {mount.path} is never reached.",
            hint=mount.obstacle,
            obj=mount.consumer_class,
            id="wsdrf.W002",
        )
        for mount in _survey().mounts
        if mount.obstacle
    ]


def refuse_routes_to_classes(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each route that has a consumer's class, where what its ``as_asgi()`` gives should be (``wsdrf.E004``)."""
    return [
        Error(f"{stranger.name} at {stranger.path} is no ASGI application.", hint=stranger.cure, id="wsdrf.E004")
        for stranger in _survey().strangers
        if stranger.cure
    ]


def warn_of_paths_without_lookup(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each path that does not capture what its consumer looks the object up by (``wsdrf.W009``)."""
    return [
        checks.Warning(
            f"{mount.name} looks its object up by {name!r}, which {mount.path} does not capture: whoever connects is "
            "closed with 4500.",
            hint="Name it in the path, or set `lookup_field` or `lookup_url_kwarg`.",
            obj=mount.consumer_class,
            id="wsdrf.W009",
        )
        for mount in _survey().mounts
        if (name := _missing_lookup(mount))
    ]


def _missing_lookup(mount: Mount) -> str:
    """Give the name that the path of ``mount`` should capture and does not; empty where nothing is missing."""
    consumer = mount.consumer_class
    access = blueprint_of(consumer, mount.root).access
    name: str = consumer.lookup_url_kwarg or consumer.lookup_field
    captured = {parameter.name for parameter in mount.parameters}.union(*(leg.defaults for leg in mount.legs))
    is_missed = access.needs_object or (access.asks_objects and captured)
    return (
        name if access.has_queryset and not access.overrides_get_object and is_missed and name not in captured else ""
    )


def refuse_unknown_lookups(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each object that is looked up by what its model does not have (``wsdrf.E003``)."""
    return [
        Error(
            f"{where} looks {what} up by {key!r}: {problem}",
            hint="Name a field of the model, or what leads to one, as a filter of the queryset would take it.",
            obj=consumer,
            id="wsdrf.E003",
        )
        for consumer, blueprint in _blueprints()
        for where, what, queryset, keys in _lookups(consumer, blueprint.access)
        for key in keys
        if (problem := _problem_with(queryset, key))
    ]


def _lookups(consumer: type[Any], access: AccessPlan) -> Iterator[tuple[str, str, Any, Iterable[str]]]:
    name = class_name(consumer)
    queryset = getattr(consumer, "queryset", None)
    if queryset is not None and not access.overrides_get_object and not _is_overridden(consumer.get_queryset):
        yield name, "its object", queryset, [consumer.lookup_field]
    for route in consumer.routes.values():
        for load in route.loads:
            yield f"{name}.{route.handler}()", f'@loads("{load.name}")', load.queryset, load.lookup


def _problem_with(queryset: Any, key: str) -> str:
    """Say why the queryset cannot be filtered by ``key``; empty where it can, or where only its values would tell."""
    try:
        as_queryset(queryset, "").filter(**{key: F("pk")})
    except FieldError as error:
        return str(error)
    except Exception:  # noqa: BLE001 - what only values would tell, or a project's manager: each call meets it again
        return ""
    return ""


def warn_of_tokens_in_addresses(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each consumer that reads tokens from the address (``wsdrf.W003``)."""
    return [
        checks.Warning(
            f"{class_name(consumer)} reads tokens from the address, which servers and proxies write to their logs.",
            hint="Let browsers send the token by Subprotocol() or FirstMessage() instead of QueryParameter().",
            obj=consumer,
            id="wsdrf.W003",
        )
        for consumer, blueprint in _blueprints()
        if any(isinstance(carrier, QueryParameter) for carrier in blueprint.access.carriers)
    ]


def warn_of_any_host(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each consumer that trusts sessions where ``ALLOWED_HOSTS`` has ``"*"`` (``wsdrf.W004``)."""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        checks.Warning(
            f"{class_name(consumer)} trusts session cookies, but ALLOWED_HOSTS has '*', so any host name passes for "
            "the site's own when the origin is checked.",
            hint="Name the site's hosts in ALLOWED_HOSTS.",
            obj=consumer,
            id="wsdrf.W004",
        )
        for consumer, blueprint in _blueprints()
        if any(map(reads_session, blueprint.access.authentication_classes))
    ]


def warn_of_invented_addresses(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report throttles that go by an address that clients can make up (``wsdrf.W005``), before deployment."""
    if api_settings.NUM_PROXIES is not None:
        return []
    return [
        checks.Warning(
            f"{class_name(consumer)} is throttled by {', '.join(names)}, but NUM_PROXIES is not set, so a client "
            "that sends another X-Forwarded-For each time is never throttled.",
            hint='Set REST_FRAMEWORK["NUM_PROXIES"] to the number of proxies before the server; 0 for none.',
            obj=consumer,
            id="wsdrf.W005",
        )
        for consumer, blueprint in _blueprints()
        if (names := _throttles_by_address(blueprint))
    ]


def warn_of_groups_without_layer(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each consumer that uses groups, but has no channel layer (``wsdrf.W006``)."""
    return [
        checks.Warning(
            f"{class_name(consumer)} uses groups, but CHANNEL_LAYERS has no {blueprint.layer_alias!r}: whoever is to "
            "join one is refused.",
            hint="Configure a channel layer; channels.layers.InMemoryChannelLayer will do for a single process.",
            obj=consumer,
            id="wsdrf.W006",
        )
        for consumer, blueprint in _blueprints()
        if _uses_groups(consumer) and blueprint.layer_alias not in getattr(settings, "CHANNEL_LAYERS", {})
    ]


def warn_of_small_layers(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each core Redis layer of a consumer that drops messages early (``wsdrf.W007``)."""
    aliases = dict.fromkeys(blueprint.layer_alias for _, blueprint in _blueprints())
    layers = getattr(settings, "CHANNEL_LAYERS", {})
    return [
        checks.Warning(
            f"CHANNEL_LAYERS[{alias!r}] holds {capacity} messages for a server process, all its connections together, "
            "and drops the others.",
            hint=f'Set "capacity" in its CONFIG to {LEAST_CAPACITY} or more, or use '
            "channels_redis.pubsub.RedisPubSubChannelLayer.",
            obj=f"CHANNEL_LAYERS[{alias!r}]",
            id="wsdrf.W007",
        )
        for alias in aliases
        if alias in layers and (capacity := _core_capacity(layers[alias])) is not None and capacity < LEAST_CAPACITY
    ]


def warn_of_guards_without_object(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each guard that knows about objects where there is none for it (``wsdrf.W008``)."""
    return [
        checks.Warning(text, hint=OBJECT_HINT, obj=consumer, id="wsdrf.W008")
        for consumer, blueprint in _blueprints()
        for text in _objectless(consumer, blueprint.access)
    ]


def _objectless(consumer: type[Any], access: AccessPlan) -> Iterator[str]:
    if access.chooses_permissions or access.has_queryset:
        return
    routes: list[Route] = list(getattr(consumer, "routes", {}).values())
    connection = (*access.permission_classes, *access.class_guards)
    name = class_name(consumer)
    guarded = [(name, connection, routes)]
    guarded += [(f"{name}.{route.handler}()", route.guards, [route]) for route in routes]
    for where, guards, asked in guarded:
        kinds = dict.fromkeys(leaf for guard in guards for leaf in leaves(guard) if isinstance(leaf, type))
        for kind in kinds:
            if issubclass(kind, DjangoModelPermissions):
                yield f"{where} has no queryset, by which {kind.__qualname__} knows the model: whoever is asked fails."
            elif asks_objects(kind) and not _has_objects(consumer, access, asked):
                yield (
                    f"{where} has no object that {kind.__qualname__} could be asked about: its "
                    "has_object_permission() is never called."
                )


def _has_objects(consumer: type[Any], access: AccessPlan, routes: list[Route]) -> bool:
    """Tell whether there may be an object to ask about: the connection's own, a loaded one, or one found by hand."""
    return access.overrides_get_object or any(route.loads for route in routes) or _asks_by_hand(consumer)


def _asks_by_hand(consumer: type[Any]) -> bool:
    own = (kind for kind in consumer.__mro__ if not kind.__module__.startswith("wsdrf."))
    functions = (inspect.unwrap(one) for kind in own for one in vars(kind).values() if inspect.isfunction(one))
    return any(name in BY_HAND for one in functions for name in one.__code__.co_names)


def _survey() -> Survey:
    try:
        return survey(application_of_project())
    except ConfigurationError:
        return Survey((), ())  # reported as E002 or W010


def _blueprints() -> Iterator[tuple[type[Any], Blueprint]]:
    # Those that the project routes to are made when its application is imported, and Django runs checks in any order.
    with suppress(ConfigurationError):  # reported as E002 or W010
        application_of_project()
    for consumer, root in built().items():
        yield consumer, blueprint_of(consumer, root)


def _throttles_by_address(blueprint: Blueprint) -> list[str]:
    """Name the throttles that count clients by DRF's ``get_ident()``, as DRF's own do for who is not logged in."""
    routes: list[Route] = list(getattr(blueprint.consumer_class, "routes", {}).values())
    throttles = [*blueprint.access.throttle_classes, *(one for route in routes for one in route.throttles)]
    return list(dict.fromkeys(one.__qualname__ for one in throttles if isinstance(one, type) and _asks_address(one)))


def _asks_address(throttle: type[Any]) -> bool:
    # By name: to import DRF's throttles is to read the project's rates, once and for all.
    methods = [getattr(throttle, name, None) for name in ("get_cache_key", "get_ident")]
    return all(getattr(method, "__module__", "") == "rest_framework.throttling" for method in methods)


def _uses_groups(consumer: Any) -> bool:
    return _is_overridden(consumer.build_groups) or bool(consumer.receptions)


def _is_overridden(method: Any) -> bool:
    return not str(method.__module__).startswith("wsdrf.")


def _core_capacity(layer: Any) -> int | None:
    """Give the capacity of a core layer of channels_redis; ``None`` for any other."""
    try:
        backend = import_string(layer["BACKEND"])
    except (ImportError, KeyError, TypeError):
        return None  # Channels says what is wrong with it
    if not any((kind.__module__, kind.__name__) == _CORE for kind in getattr(backend, "__mro__", ())):
        return None
    return int(layer.get("CONFIG", {}).get("capacity", DEFAULT_CAPACITY))


def _open_actions() -> Iterator[tuple[type, str]]:
    for consumer, blueprint in _blueprints():
        for action in open_actions(blueprint.access, consumer.routes.values()):
            yield consumer, f"Everybody may call {action!r} of {class_name(consumer)}."
