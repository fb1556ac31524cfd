"""Find every consumer of a project: where its ASGI application leads, and what cannot be reached."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from itertools import pairwise
from traceback import extract_tb
from types import FunctionType, MethodType
from typing import Any, Final, TypeAlias

from attrs import evolve, field, frozen
from channels.routing import ProtocolTypeRouter
from django.conf import settings

from wsdrf.connection.application import WebsocketApplication
from wsdrf.connection.paths import Leg, Parameter, Prefix, join, match
from wsdrf.exceptions import ConfigurationError
from wsdrf.naming import class_name

DEPTH: Final = 50
"""How many applications deep a survey looks; what is nested deeper has been going round in circles."""


@frozen
class Mount:
    """One consumer at one path, written as ``/ws/rooms/<int:pk>/``.

    ``application`` is what ``as_asgi()`` gave, and ``root`` is wsdrf's own ``Consumer``. ``obstacle`` says why no
    connection ever gets there; it is empty where one does.
    """

    path: str
    consumer_class: type[Any]
    parameters: tuple[Parameter, ...]
    obstacle: str
    root: type[Any] = field(repr=False)
    application: Any = field(repr=False)
    legs: tuple[Leg, ...] = field(repr=False)

    @property
    def name(self) -> str:
        """The consumer's name."""
        return class_name(self.consumer_class)

    def match(self, path: str) -> dict[str, Any] | None:
        """Give the kwargs of a connection to ``path``, or ``None`` where that leads elsewhere."""
        return match(self.legs, path)


@frozen
class Stranger:
    """Something at a path that is no consumer of wsdrf, or in which none can be seen.

    ``cure`` says what to route to instead; it is empty where nothing seems to be wrong.
    """

    path: str
    name: str
    cure: str = ""


@frozen
class Survey:
    """Where an application leads: to consumers, in order of routing, and to other things."""

    mounts: tuple[Mount, ...]
    strangers: tuple[Stranger, ...]

    @property
    def unmounted(self) -> tuple[type[Any], ...]:
        """The consumers of which ``as_asgi()`` was called, but to which no path was seen to lead."""
        found = {mount.consumer_class for mount in self.mounts}
        return tuple(consumer for consumer in built() if consumer not in found)


Sight: TypeAlias = Mount | Stranger


def mounts(application: Any) -> list[Mount]:
    """Give every consumer that a websocket can reach through ``application``, in order of routing."""
    return [mount for mount in survey(application).mounts if not mount.obstacle]


def survey(application: Any) -> Survey:
    """Look through protocol routers, URL routers and middleware, and say what is there.

    Middleware is looked through where it keeps the next application in an attribute, a closure, a ``partial``, or a
    global that it names.
    """
    found = list(_hide_doubles(_explore(application, (), ())))
    return Survey(
        tuple(sight for sight in found if isinstance(sight, Mount)),
        tuple(sight for sight in found if isinstance(sight, Stranger)),
    )


def built() -> dict[type[Any], type[Any]]:
    """Give each consumer class of which ``as_asgi()`` was called, with wsdrf's own ``Consumer``."""
    return {made.consumer: made.root for made in WebsocketApplication.__subclasses__()}


def application_of_project() -> Any:
    """Give the project's ``ASGI_APPLICATION``.

    Raises ``ConfigurationError`` where the setting is missing or cannot be imported.
    """
    path = getattr(settings, "ASGI_APPLICATION", None)
    if not path:
        raise ConfigurationError(
            "The settings name no ASGI_APPLICATION, so nobody knows what there is to connect to. "
            'Set ASGI_APPLICATION = "mysite.asgi.application".'
        )
    module, _, name = path.rpartition(".")
    module = module or path
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        place = _place_inside(error)
        if place is None:
            raise ConfigurationError(
                f"ASGI_APPLICATION = {path!r} cannot be imported: {error}. "
                'Name a module and the application in it, as in "mysite.asgi.application".'
            ) from error
        if isinstance(error, AttributeError):
            raise  # as any other error of the project's modules, with its traceback
        raise ConfigurationError(f"ASGI_APPLICATION = {path!r} cannot be imported: {error}. See {place}.") from error


def _place_inside(error: Exception) -> str | None:
    """Give file and line of what was raised inside the imported modules; ``None`` where the path itself is wrong."""
    frames = [frame for frame in extract_tb(error.__traceback__) if not frame.filename.startswith("<frozen ")]
    *_, last = [frame for frame in frames if frame.filename != importlib.__file__]
    return None if last.filename == __file__ else f"{last.filename}:{last.lineno}"


def _explore(application: Any, legs: tuple[Leg, ...], trail: tuple[int, ...]) -> Iterator[Sight]:
    if id(application) in trail or len(trail) > DEPTH:
        return
    trail = (*trail, id(application))
    made = getattr(application, "consumer_class", None)
    if isinstance(made, type) and issubclass(made, WebsocketApplication):
        yield _mount(application, made, legs)
    elif made is not None:
        yield Stranger(join(legs), _name(made))
    elif (bare := _without_as_asgi(application)) is not None:
        yield Stranger(join(legs), _name(bare), f"Route to {_name(bare)}.as_asgi().")
    elif isinstance(application, ProtocolTypeRouter):
        if "websocket" in application.application_mapping:
            yield from _explore(application.application_mapping["websocket"], legs, trail)
    elif isinstance(getattr(application, "routes", None), Iterable):
        for leg, routed in _routed(application):
            yield from _explore(routed, (*legs, leg), trail)
    else:
        yield from _look_through(application, legs, trail)


def _look_through(application: Any, legs: tuple[Leg, ...], trail: tuple[int, ...]) -> Iterator[Sight]:
    found = [sight for inner in _inner(application) for sight in _explore(inner, legs, trail)]
    consumers = [sight for sight in found if isinstance(sight, Mount)]
    # Where there is a consumer, whatever else the middleware holds is its own business.
    yield from consumers or (Stranger(join(legs), _name(application)),)


def _without_as_asgi(application: Any) -> type[Any] | None:
    """Give the consumer of which a route has the class itself, or ``as_asgi`` without its parentheses."""
    is_method = isinstance(application, MethodType) and application.__name__ == "as_asgi"
    named = application.__self__ if is_method else application
    return named if isinstance(named, type) and hasattr(named, "as_asgi") else None


def _mount(application: Any, made: type[WebsocketApplication], legs: tuple[Leg, ...]) -> Mount:
    return Mount(
        path=join(legs),
        consumer_class=made.consumer,
        parameters=tuple(parameter for leg in legs for parameter in leg.parameters),
        obstacle=_dead_end(legs),
        root=made.root,
        application=application,
        legs=legs,
    )


def _dead_end(legs: tuple[Leg, ...]) -> str:
    if legs and legs[0].begins_with_slash:
        return "Its pattern begins with '/', and paths are matched without their first one. Remove it."
    for before, after in pairwise(legs):
        if before.is_end and not after.pattern.match(""):
            return (
                f"{before.text!r} must be the end of the path there, because no URLRouter stands in its path() itself. "
                f"Put the middleware around the outermost URLRouter."
            )
    return ""


def _hide_doubles(sights: Iterable[Sight]) -> Iterator[Sight]:
    first: dict[str, str] = {}
    for sight in sights:
        if isinstance(sight, Mount) and not sight.obstacle and sight.path in first:
            yield evolve(sight, obstacle=f"{first[sight.path]} stands at the same path before it.")
        else:
            yield sight
        if isinstance(sight, Stranger) or not sight.obstacle:
            first.setdefault(sight.path, sight.name)


def _routed(router: Any) -> Iterator[tuple[Leg, Any]]:
    for route in router.routes:
        pattern = getattr(route, "pattern", None)
        if pattern is not None:
            yield Leg(pattern, dict(getattr(route, "default_args", {}))), getattr(route, "callback", None)
        elif not getattr(route, "methods", None):  # those are routes of HTTP
            yield Leg(Prefix(getattr(route, "path", ""))), getattr(route, "app", route)


def _inner(application: Any) -> Iterator[Any]:
    if isinstance(application, functools.partial):
        held = [application.func, *application.args, *application.keywords.values()]
    elif isinstance(application, MethodType):
        held = [application.__self__, application.__func__]
    elif isinstance(application, FunctionType):
        held = _variables(application)
    else:
        held = [getattr(application, name, None) for name in _attributes(application)]
    return (one for one in held if _may_serve(one))


def _variables(function: FunctionType) -> list[Any]:
    held = [*vars(function).values(), *(function.__globals__.get(name) for name in function.__code__.co_names)]
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # a variable that has not been set
            held.append(cell.cell_contents)
    return held


def _attributes(application: Any) -> list[str]:
    slots = [name for kind in type(application).__mro__ for name in getattr(kind, "__slots__", ())]
    return [*getattr(application, "__dict__", ()), *slots]


def _may_serve(value: Any) -> bool:
    """Tell whether ``value`` could be an ASGI application, or hold one."""
    if isinstance(value, (functools.partial, MethodType)):
        return True
    if isinstance(value, type) or not callable(value):
        return False
    called = value if isinstance(value, FunctionType) else type(value).__call__
    if not isinstance(called, FunctionType):
        return False
    parameters = called.__code__.co_varnames[: called.__code__.co_argcount]
    return "scope" in parameters or (inspect.iscoroutinefunction(called) and len(parameters) >= 3)


def _name(application: Any) -> str:
    return class_name(application if hasattr(application, "__qualname__") else type(application))
