"""Everything about a consumer that is the same for all its connections, made once."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

from attrs import frozen
from django.conf import settings
from django.core.signals import setting_changed

from wsdrf.access.plan import AccessPlan, plan_access, plan_guards
from wsdrf.access.serializers import is_serializer
from wsdrf.codec import Codec
from wsdrf.connection.parcel import Parcel, event_name
from wsdrf.connection.pool import Pool, pool_of
from wsdrf.dispatch import Hearing, Step
from wsdrf.exceptions import ConfigurationError
from wsdrf.messages import action_of
from wsdrf.naming import class_name
from wsdrf.observing import Observer
from wsdrf.options import Options, resolve
from wsdrf.routing import Route

ENTERING: Final = ("build_groups", "connected")
"""The hooks that are called while a client is let in."""


@frozen
class Blueprint:
    """How the connections of one consumer are made.

    ``has_hooks`` tells whether it has code of its own to be called while a client is let in, which may take its time.
    """

    consumer_class: type
    options: Options
    access: AccessPlan
    codec: Codec
    steps: Mapping[str, Step]
    hearings: Mapping[str | None, Hearing]
    pool: Pool
    layer_alias: str
    has_hooks: bool
    sendable: frozenset[Any]
    observers: tuple[Observer, ...]

    def check_sendable(self, message: Any) -> None:
        """Raise ``TypeError``, in DEBUG, for a message that the consumer does not declare."""
        kind = type(message)
        # A consumer that lists nothing has not begun to say what it sends; in production nobody reads the error.
        if settings.DEBUG and self.sendable and kind not in self.sendable and action_of(kind) is not None:
            owner = class_name(self.consumer_class)
            raise TypeError(
                f"{owner} sends {kind.__qualname__}, but does not say so, and its clients cannot know. "
                f"Add {kind.__name__} to {owner}.sends."
            )

    def parcel(self, groups: Sequence[str], message: Any, excluded: str | None = None) -> Parcel:
        """Make the parcel of a broadcast: one frame for all."""
        return Parcel(tuple(groups), self.frame(message), excluded)

    def event(self, group: str, message: Any) -> Parcel:
        """Make the parcel of a published event, its class named for those who receive it in a method."""
        event = event_name(type(message))
        if event not in self.hearings:  # then clients get it as it is
            self.check_sendable(message)
        return Parcel((group,), self.frame(message), event=event, payload=self.codec.unstructure(message))

    def frame(self, message: Any) -> str:
        """Write the frame of a message. Raises ``TypeError`` for what is no instance of a ``@message`` class."""
        action = action_of(message)
        if action is None:
            raise TypeError(
                f"A value of class {type(message).__qualname__} is no message. "
                "Send an instance of a class with @message('...')."
            )
        return self.codec.encode_reply(action, self.codec.unstructure(message))


_drawn: WeakKeyDictionary[type, Blueprint] = WeakKeyDictionary()


def blueprint_of(consumer_class: Any, root: type) -> Blueprint:
    """Give the blueprint of ``consumer_class``, drawn anew after a setting has changed, as it does in tests.

    ``root`` is wsdrf's own ``Consumer``. Raises ``ConfigurationError`` for a wrong option or guard.
    """
    blueprint = _drawn.get(consumer_class)
    if blueprint is None:
        blueprint = _drawn[consumer_class] = _draw(consumer_class, root)
    return blueprint


def _forget(**kwargs: Any) -> None:
    _drawn.clear()


setting_changed.connect(_forget, dispatch_uid="wsdrf.connection.blueprint")


def _draw(consumer_class: Any, root: type) -> Blueprint:
    options = resolve(consumer_class, getattr(settings, "WSDRF", {}))
    access = plan_access(consumer_class, root, options)
    codec = Codec(camelize=options.camelize)
    return Blueprint(
        consumer_class=consumer_class,
        options=options,
        access=access,
        codec=codec,
        steps={route.action: _step(route, access, codec) for route in consumer_class.routes.values()},
        hearings={
            event_name(reception.message): Hearing(
                reception, plan_guards(access, reception), codec.structurer(reception.message)
            )
            for reception in consumer_class.receptions.values()
        },
        pool=pool_of(options.sync_threads),
        layer_alias=consumer_class.channel_layer_alias,
        has_hooks=any(getattr(consumer_class, name) is not getattr(root, name) for name in ENTERING),
        sendable=_sendable(consumer_class),
        observers=tuple(_observer(one, options) for one in options.observers),
    )


_observers: dict[type, Observer] = {}


def _observer(named: Any, options: Options) -> Observer:
    # One of a class for the whole process: counters and tracers are the process's own.
    observer = _observers.get(named) if isinstance(named, type) else named
    if observer is None and issubclass(named, Observer):
        try:
            observer = _observers[named] = named()
        except Exception as error:
            raise ConfigurationError(
                f"{options.where('observers')} names {named.__qualname__}, which cannot be made: {error}. "
                "Make it where the setting is, and name the instance."
            ) from error
    if not isinstance(observer, Observer):
        raise ConfigurationError(
            f"{options.where('observers')} names {reprlib.repr(named)}, which is no observer. "
            "Name a subclass of wsdrf.telemetry.Observer, or an instance of one."
        )
    return observer


def _sendable(consumer_class: Any) -> frozenset[Any]:
    if not consumer_class.sends:
        return frozenset()
    for kind in consumer_class.sends:
        if not isinstance(kind, type) or action_of(kind) is None:
            named = getattr(kind, "__qualname__", None) or reprlib.repr(kind)
            raise ConfigurationError(
                f"{class_name(consumer_class)}.sends names {named}, which is no message. "
                'Put @message("...") above its class.'
            )
    declared = (*consumer_class.routes.values(), *consumer_class.receptions.values())
    return frozenset([*consumer_class.sends, *(reply for one in declared for reply in one.replies)])


def _step(route: Route, access: AccessPlan, codec: Codec) -> Step:
    serializer = is_serializer(route.payload)
    guard = plan_guards(access, route, route.throttles)
    return Step(
        route=route,
        guard=guard,
        loads=bool(guard.loads) or guard.asks_object or guard.asks_connection,
        structure=None if route.payload is None or serializer else codec.structurer(route.payload),
        is_serializer=serializer,
        unstructure=codec.unstructurer(route.replies[0] if len(route.replies) == 1 else None),
    )
