"""What can be known of a consumer's guards before anybody calls: made once, when the application is built."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Sequence
from typing import Any

from attrs import frozen
from rest_framework.permissions import AllowAny
from rest_framework.settings import api_settings

from wsdrf.access.authentication import Authenticator
from wsdrf.access.carriers import AuthorizationHeader, Carrier, Subprotocol
from wsdrf.access.failures import ExceptionHandler
from wsdrf.access.origin import OriginRule
from wsdrf.access.permissions import (
    asks_objects,
    asks_only_objects,
    covers,
    looks_at_user_alone,
    may_block,
    needs_steps,
)
from wsdrf.declare import Load, class_guards
from wsdrf.exceptions import ConfigurationError
from wsdrf.options import Options, Rate
from wsdrf.routing import Reception, Route


@frozen
class GuardPlan:
    """How one action is guarded.

    ``permissions`` are the connection's guards, then the action's; ``None`` where the consumer chooses its own at run
    time. ``object_permissions`` are asked about objects that the action finds. ``asks_object`` and ``asks_connection``:
    the action's guards, and the connection's, have something to say about the connection's own object. ``inline``:
    those of ``permissions`` that may say no, made once, where asking them blocks nothing, awaits nothing and leaves
    nothing behind; else ``None``.
    ``may_block``: asking needs a thread. ``asks_user_alone``: whatever the request is, only its user counts.
    """

    action: str
    method: str
    permissions: tuple[Any, ...] | None
    own: tuple[Any, ...]
    object_permissions: tuple[Any, ...]
    loads: tuple[Load, ...]
    asks_object: bool
    asks_connection: bool
    rates: tuple[Rate, ...]
    throttles: tuple[Any, ...]
    inline: tuple[Any, ...] | None
    may_block: bool
    asks_user_alone: bool


@frozen
class AccessPlan:
    """How one consumer is guarded, the project's defaults filled in.

    ``owner`` names the consumer for messages, and ``class_guards`` are those of ``@requires`` on the class.
    ``chooses_permissions`` and ``overrides_get_object``: the consumer has a method of its own for that. ``may_block``
    and ``handler_may_block``: a connect, and the project's ``exception_handler``, need a thread. ``asks_objects``: some
    guard has something to say about the connection's object; ``needs_object``: some guard says nothing without one.
    ``revalidate_after`` is in seconds, ``None`` for never.
    """

    owner: str
    auth_method: str
    authenticator_class: type[Authenticator]
    authentication_classes: tuple[Any, ...]
    permission_classes: tuple[Any, ...]
    class_guards: tuple[Any, ...]
    throttle_classes: tuple[Any, ...]
    carriers: tuple[Carrier, ...]
    origin_rule: OriginRule
    exception_handler: ExceptionHandler
    handler_may_block: bool
    chooses_permissions: bool
    may_block: bool
    overrides_get_object: bool
    has_queryset: bool
    needs_object: bool
    asks_objects: bool
    revalidate_after: float | None
    max_connections_per_user: int | None

    def connecting_may_block(self, consumer: Any) -> bool:
        """Tell whether letting a connection in needs a thread, as it does unless it asks nobody anything."""
        return self.may_block or self.finds_object(consumer)

    def finds_object(self, consumer: Any) -> bool:
        """Tell whether a connection has an object: ``get_object()`` is the consumer's own, or the URL names one.

        Or ought to: where guards would have nobody to ask about, ``get_object()`` says what the URL lacks.
        """
        if self.overrides_get_object:
            return True
        is_named = (consumer.lookup_url_kwarg or consumer.lookup_field) in consumer.kwargs
        is_missed = self.needs_object or (self.asks_objects and consumer.kwargs)
        return self.has_queryset and bool(is_named or is_missed)


def plan_access(consumer: Any, root: type, options: Options) -> AccessPlan:
    """Read how ``consumer`` is guarded, off the class, then ``REST_FRAMEWORK``. ``root`` is wsdrf's own class.

    Raises ``ConfigurationError`` for a class that cannot guard what it is put on.
    """
    handler: Any = api_settings.EXCEPTION_HANDLER
    carriers = options.credential_carriers
    guards = _guards_of_object(consumer)
    plan = AccessPlan(
        owner=consumer.__qualname__,
        auth_method=options.auth_method,
        authenticator_class=_authenticator(options),
        authentication_classes=_classes(consumer, "authentication_classes"),
        permission_classes=_classes(consumer, "permission_classes"),
        class_guards=class_guards(consumer),
        throttle_classes=_classes(consumer, "throttle_classes"),
        carriers=(AuthorizationHeader(), Subprotocol()) if carriers is None else carriers,
        origin_rule=OriginRule(options.allowed_origins),
        exception_handler=handler,
        handler_may_block=handler.__module__ != "rest_framework.views",
        chooses_permissions=_overrides(consumer, root, "get_permissions"),
        may_block=_may_block_at_connect(consumer, root, options),
        overrides_get_object=_overrides(consumer, root, "get_object"),
        has_queryset=consumer.queryset is not None or _overrides(consumer, root, "get_queryset"),
        needs_object=any(asks_only_objects(guard) for guard in guards),
        asks_objects=any(asks_objects(guard) for guard in guards),
        revalidate_after=options.revalidate_after,
        max_connections_per_user=options.max_connections_per_user,
    )
    for guard in (*plan.permission_classes, *plan.class_guards):
        _check_has_object(plan, guard, plan.owner)
    return plan


def plan_guards(plan: AccessPlan, declared: Route | Reception, rates: Sequence[Any] = ()) -> GuardPlan:
    """Plan how one action, or one event, is guarded. Raises ``ConfigurationError`` as ``plan_access`` does."""
    loads = declared.loads if isinstance(declared, Route) else ()
    if not loads:
        for guard in declared.guards:
            _check_has_object(plan, guard, f"{plan.owner}.{declared.handler}()")
    connection = (*plan.permission_classes, *plan.class_guards)
    throttles = tuple(rate for rate in rates if not isinstance(rate, str))
    permissions = None if plan.chooses_permissions else (*connection, *declared.guards)
    return GuardPlan(
        action=declared.action if isinstance(declared, Route) else declared.handler,
        method=declared.method if isinstance(declared, Route) else "GET",
        permissions=permissions,
        own=declared.guards,
        object_permissions=declared.guards or connection,
        loads=loads,
        asks_object=not loads and any(asks_objects(guard) for guard in declared.guards),
        asks_connection=isinstance(declared, Route)
        and (plan.chooses_permissions or any(asks_objects(guard) for guard in connection)),
        rates=tuple(Rate.parse(rate) for rate in rates if isinstance(rate, str)),
        throttles=throttles,
        inline=None if throttles else _inline(permissions),
        may_block=plan.chooses_permissions
        or bool(throttles)
        or any(may_block(guard) for guard in (*connection, *declared.guards)),
        asks_user_alone=all(looks_at_user_alone(guard) for guard in (*connection, *declared.guards)),
    )


def open_actions(plan: AccessPlan, routes: Iterable[Route]) -> list[str]:
    """Name the actions among ``routes`` that nothing but ``AllowAny`` covers, without it being stated."""
    if plan.chooses_permissions or covers(plan.permission_classes) or plan.class_guards:
        return []
    return [route.action for route in routes if not route.guards]


def _inline(permissions: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    if permissions is None or any(map(needs_steps, permissions)):
        return None
    return tuple(permission() for permission in permissions if permission is not AllowAny)


def _may_block_at_connect(consumer: type, root: type, options: Options) -> bool:
    chooses = any(_overrides(consumer, root, f"get_{what}") for what in ("authenticators", "permissions", "throttles"))
    asks = _classes(consumer, "authentication_classes") or _classes(consumer, "throttle_classes")
    guards = (*_classes(consumer, "permission_classes"), *class_guards(consumer))
    return chooses or bool(asks) or options.max_connections_per_user is not None or any(map(may_block, guards))


def _authenticator(options: Options) -> type[Authenticator]:
    chosen = options.authenticator_class
    if chosen is None:
        return Authenticator
    if not isinstance(chosen, type) or not issubclass(chosen, Authenticator):
        raise ConfigurationError(
            f"{options.where('authenticator_class')} is {reprlib.repr(chosen)}, which is no authenticator. "
            f"Name a subclass of wsdrf.Authenticator; DRF's classes belong into authentication_classes."
        )
    return chosen


def _classes(consumer: type, name: str) -> tuple[Any, ...]:
    chosen = getattr(consumer, name, None)
    if chosen is None:
        return tuple(getattr(api_settings, f"DEFAULT_{name.upper()}"))
    if isinstance(chosen, type):
        raise ConfigurationError(
            f"{consumer.__qualname__}.{name} is a class. It must be a list of classes: "
            f"{name} = [{chosen.__qualname__}]."
        )
    if not isinstance(chosen, (list, tuple)):
        raise ConfigurationError(
            f"{consumer.__qualname__}.{name} is {reprlib.repr(chosen)}. It must be a list of classes."
        )
    for one in chosen:
        if not callable(one):
            what = reprlib.repr(one) if isinstance(one, str) else f"an instance of {type(one).__qualname__}"
            raise ConfigurationError(f"{consumer.__qualname__}.{name} has {what}. It must be a list of classes.")
    return tuple(chosen)


def _guards_of_object(consumer: Any) -> list[Any]:
    declared = [*consumer.receptions.values(), *(route for route in consumer.routes.values() if not route.loads)]
    own = [guard for each in declared for guard in each.guards]
    return [*_classes(consumer, "permission_classes"), *class_guards(consumer), *own]


def _overrides(consumer: type, root: type, name: str) -> bool:
    return getattr(consumer, name) is not getattr(root, name)


def _check_has_object(plan: AccessPlan, guard: Any, owner: str) -> None:
    if asks_only_objects(guard) and not (plan.has_queryset or plan.overrides_get_object):
        raise ConfigurationError(
            f"{owner} is guarded by {guard.__name__}, which only knows about objects, and there is no object: it would "
            f"let everybody in. Set `queryset` on {plan.owner}, override `get_object()`, or load one with @loads."
        )
