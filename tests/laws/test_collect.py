"""Declaring, for every hierarchy of classes: what the metaclass gathers is what a naive reading of the MRO says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from attrs import evolve, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from wsdrf.collect import ConsumerType
from wsdrf.declare import class_guards, on, receives, requires, throttle
from wsdrf.exceptions import DeclarationError
from wsdrf.routing import Receptions, Routes


class Root(metaclass=ConsumerType):
    """Be the consumer that all others inherit, as users' consumers do."""


class Permission:
    def has_permission(self, request: Any, view: Any) -> bool:
        return True


@frozen
class Event:
    text: str


@frozen
class OtherEvent:
    text: str


PERMISSIONS = [type(f"P{number}", (Permission,), {}) for number in range(5)]
EVENTS = [Event, OtherEvent]
TYPES = [int, str]
NAMES = ("a", "b", "event")

guards = st.lists(st.sampled_from(PERMISSIONS), max_size=2).map(tuple)
some_guards = st.lists(st.sampled_from(PERMISSIONS), min_size=1, max_size=2).map(tuple)


@frozen
class Entry:
    """What one class body says of one name: nothing but a function, or marks on it."""

    deed: Any = None
    method: str = "POST"
    guards: tuple[type, ...] = ()
    rates: tuple[str, ...] = ()
    payload: Any = None

    def function(self) -> Any:
        async def handler(self: object, payload: Any) -> None: ...

        handler.__annotations__ = {"payload": self.payload} if self.payload else {}
        if self.guards:
            requires(*self.guards)(handler)
        if isinstance(self.deed, str):
            on(self.deed, method=self.method)(handler)
        elif self.deed is not None:
            receives(self.deed)(handler)
        if self.rates:
            throttle(*self.rates)(handler)
        return handler


@frozen
class Body:
    """One class to define: its bases by number, its entries by name (``None`` withdraws), and ``@requires`` on it."""

    bases: tuple[int, ...]
    is_consumer: bool
    entries: Mapping[str, Entry | None] = field(hash=False)
    guards: tuple[type, ...] = ()


def action_entries(name: str) -> st.SearchStrategy[Entry]:
    rates = st.sampled_from([(), (), ("1/s",), ("2/m", "3/h")])
    payloads = st.sampled_from(TYPES)
    deeds = st.sampled_from([f"{name}.0", f"{name}.1"])
    methods = st.sampled_from(["GET", "POST"])
    anew = st.builds(Entry, deed=deeds, method=methods, guards=guards, rates=rates, payload=payloads)
    return anew | st.builds(Entry, guards=guards, rates=rates, payload=st.none() | payloads)


event_entries = st.builds(Entry, deed=st.none() | st.sampled_from(EVENTS), guards=guards)
entries = st.fixed_dictionaries(
    {},
    optional={
        "a": st.none() | action_entries("a"),
        "b": st.none() | action_entries("b"),
        "event": st.none() | event_entries,
    },
)


@st.composite
def hierarchies(draw: st.DrawFn) -> list[Body]:
    bodies: list[Body] = []
    for number in range(draw(st.integers(1, 6))):
        bases = draw(st.lists(st.sampled_from(range(number)), unique=True, max_size=3)) if number else []
        bodies.append(Body(tuple(bases), draw(st.booleans()), draw(entries), draw(guards)))
    return bodies


class Refused(Exception):
    """The model says that a class is declared wrongly."""


def expected_route(name: str, entries: list[Entry | None]) -> Any:
    """Say what the entries of one name come to, the furthest base first, as the contract does in words."""
    deed, method, payload, stray = None, "", None, False
    permissions: tuple[type, ...] = ()
    rates: tuple[str, ...] = ()
    for entry in entries:
        if entry is None:
            deed, stray = None, False
            continue
        permissions += entry.guards
        rates += entry.rates
        if entry.deed is not None:
            deed, method, payload = entry.deed, entry.method, entry.payload
        elif deed is not None:
            payload = entry.payload or payload
        else:
            stray = stray or bool(entry.guards or entry.rates)
    if deed is None and stray:
        raise Refused(name)
    return deed, (name, method, payload, permissions, rates)


def expected_tables(mro: list[Body]) -> tuple[dict[str, Any], dict[type, Any]]:
    routes, receptions = {}, {}
    for name in NAMES:
        deed, expected = expected_route(name, [body.entries[name] for body in reversed(mro) if name in body.entries])
        if isinstance(deed, str):
            routes[deed] = expected
        elif deed is not None:
            receptions[deed] = (name, expected[3])
    return routes, receptions


def tables_of(cls: ConsumerType) -> tuple[dict[str, Any], dict[type, Any]]:
    routes = {
        action: (route.handler, route.method, route.payload, route.guards, route.throttles)
        for action, route in cls.routes.items()
    }
    return routes, {event: (one.handler, one.guards) for event, one in cls.receptions.items()}


def handlers_of(cls: ConsumerType) -> list[str]:
    return [route.handler for route in cls.routes.values()] + [one.handler for one in cls.receptions.values()]


@frozen
class World:
    """The classes that could be defined, each with its body, and those that were refused."""

    bodies: dict[type, Body] = field(factory=dict)
    refused: list[tuple[Body, list[Body]]] = field(factory=list)

    @property
    def consumers(self) -> list[ConsumerType]:
        return [cls for cls in self.bodies if isinstance(cls, ConsumerType)]

    def mro(self, cls: type) -> list[Body]:
        return [self.bodies[owner] for owner in cls.__mro__ if owner in self.bodies]

    def define(self, number: int, body: Body, bases: tuple[type, ...]) -> type | None:
        """Define a class; give ``None`` where Python finds no MRO, or the declaration is refused."""
        is_consumer = any(isinstance(base, ConsumerType) for base in bases)
        if body.is_consumer and not is_consumer:
            bases, is_consumer = (*bases, Root), True
        try:
            # The same shape without a body: its MRO is the one that the class would have.
            shape = type("Shape", bases, {}) if not is_consumer else ConsumerType("Shape", bases, dict.fromkeys(NAMES))
        except TypeError:
            return None
        namespace = {name: entry and entry.function() for name, entry in body.entries.items()}
        try:
            cls = (ConsumerType if is_consumer else type)(f"C{number}", bases, namespace)
        except DeclarationError:
            self.refused.append((body, [body, *self.mro(shape)]))
            return None
        self.bodies[cls] = body
        return requires(*body.guards)(cls) if body.guards else cls


def build(bodies: list[Body]) -> World:
    world = World()
    made: list[type | None] = []
    for number, body in enumerate(bodies):
        bases = tuple(base for base in (made[index] for index in body.bases) if base is not None)
        made.append(world.define(number, body, bases))
    return world


@given(hierarchies())
def test_tables_are_what_the_model_says(bodies: list[Body]) -> None:
    """Of every class that is defined, both tables hold what a naive reading of its MRO says."""
    world = build(bodies)
    for cls in world.consumers:
        assert expected_tables(world.mro(cls)) == tables_of(cls)


@given(hierarchies())
def test_class_is_refused_only_for_what_stands_on_no_handler(bodies: list[Body]) -> None:
    """Of every class that is refused, the model says that a guard or throttle stands on no handler."""
    for _, mro in build(bodies).refused:
        try:
            tables = expected_tables(mro)
        except Refused:
            continue
        raise AssertionError(tables)


@given(hierarchies())
def test_guards_only_grow(bodies: list[Body]) -> None:
    """Whatever a subclass does, a name that its base guards keeps each of these guards and throttles."""
    world = build(bodies)
    for cls in world.consumers:
        handlers = {route.handler: route for route in cls.routes.values()}
        bases = [base for base in cls.__mro__ if base in world.bodies and isinstance(base, ConsumerType)]
        for route in (route for base in bases for route in base.routes.values() if route.handler in handlers):
            own = handlers[route.handler]
            assert Counter(route.guards) <= Counter(own.guards)
            assert Counter(route.throttles) <= Counter(own.throttles)


@given(hierarchies())
def test_class_guards_only_grow(bodies: list[Body]) -> None:
    """`@requires` on classes adds up along the MRO, base first, on mixins as well."""
    world = build(bodies)
    for cls in world.bodies:
        expected = tuple(guard for body in reversed(world.mro(cls)) for guard in body.guards)
        assert expected == class_guards(cls)


@given(hierarchies())
def test_undecorated_override_keeps_its_contract(bodies: list[Body]) -> None:
    """A subclass that overrides every handler without a decorator has the tables of its base."""
    for cls in build(bodies).consumers:
        names = handlers_of(cls)
        child = ConsumerType("Child", (cls,), {name: Entry().function() for name in names})
        assert (cls.routes, cls.receptions) == (child.routes, child.receptions)


@given(hierarchies(), some_guards)
def test_requires_alone_adds_and_changes_nothing_else(bodies: list[Body], more: tuple[type, ...]) -> None:
    """A subclass that only requires more has the tables of its base with these guards behind its own."""
    for cls in build(bodies).consumers:
        names = handlers_of(cls)
        child = ConsumerType("Child", (cls,), {name: Entry(guards=more).function() for name in names})
        assert child.routes == {
            action: evolve(route, guards=route.guards + more) for action, route in cls.routes.items()
        }
        assert child.receptions == {
            event: evolve(one, guards=one.guards + more) for event, one in cls.receptions.items()
        }


@given(hierarchies())
def test_declaring_never_changes_a_base(bodies: list[Body]) -> None:
    """Subclasses that tighten, redeclare and withdraw leave the tables of every class above them as they were."""
    world = build(bodies)
    before: dict[ConsumerType, tuple[Routes, Receptions, str]] = {
        cls: (cls.routes, cls.receptions, f"{cls.routes}{cls.receptions}") for cls in world.consumers
    }
    for cls in world.consumers:
        names = [route.handler for route in cls.routes.values()]
        ConsumerType("Without", (cls,), dict.fromkeys(names))
        ConsumerType("Tight", (cls,), {name: Entry(guards=(PERMISSIONS[0],)).function() for name in names})
        ConsumerType("Anew", (cls,), {name: Entry(deed=f"new.{name}", payload=int).function() for name in names})
    for base, (routes, receptions, text) in before.items():
        assert routes is base.routes
        assert receptions is base.receptions
        assert text == f"{base.routes}{base.receptions}"
