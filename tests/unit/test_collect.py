"""The metaclass: what it gathers from a class, its bases and its mixins."""

from __future__ import annotations

import functools
import typing
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, NoReturn

import pytest
from attrs import define, evolve, frozen
from typing_extensions import TypeAliasType

from tests.unit.declared import QUERYSET, Also, Consumer, Data, May, Room, Said, Say, Third, Typed
from wsdrf.collect import ConsumerType
from wsdrf.collect.signature import _Names
from wsdrf.declare import class_guards, loads, on, receives, requires, throttle
from wsdrf.exceptions import DeclarationError
from wsdrf.routing import Kind, Reception, Route, Routes


def only(cls: ConsumerType) -> Route:
    (route,) = cls.routes.values()
    return route


# -- what is gathered --------------------------------------------------------------------------------------------------


def test_route_says_everything_that_is_declared() -> None:
    """A route holds what the decorators and annotations of its method say."""
    route = Room.routes["say"]
    expected = Route(
        action="say",
        handler="say",
        kind=Kind.COROUTINE,
        payload=Say,
        replies=(Said,),
        guards=(May,),
        throttles=("20/m",),
        loads=(),
        method="PUT",
        timeout=5,
        concurrent=True,
        declared_by="Room",
        place=route.place,
        payload_required=True,
        may_give_none=True,
    )
    assert expected == route
    assert "declared.py" == Path(route.place.file).name


def test_kinds_and_replies_are_read_off_the_method() -> None:
    """`def`, `async def` and async generators are told apart, and a stream's replies are its items."""
    delete, history, tick = (Room.routes[action] for action in ("delete", "history", "tick"))
    assert (Kind.FUNCTION, Say, ()) == (delete.kind, delete.payload, delete.replies)
    assert (Kind.STREAM, Say, (Said, int)) == (history.kind, history.payload, history.replies)
    assert (Kind.COROUTINE, None, ()) == (tick.kind, tick.payload, tick.replies)
    assert ["line"] == [load.name for load in delete.loads]


def test_reception_says_everything_that_is_declared() -> None:
    """A reception holds its message class, method and guards."""
    reception = Room.receptions[Said]
    assert Reception(Said, "said", (Also,), "Room", reception.place, Kind.COROUTINE, (Said,)) == reception


def test_reception_is_read_off_the_method_that_runs() -> None:
    """An override may receive an event in another way, and send something else for it."""

    class Child(Room):
        def said(self, event: Said) -> Say: ...

    (reception,) = Child.receptions.values()
    assert (Kind.FUNCTION, (Say,)) == (reception.kind, reception.replies)


def test_order_of_decorators_does_not_matter() -> None:
    """The same decorators in another order declare the same route."""

    class One(Consumer):
        @throttle("20/m")
        @requires(May)
        @on("a")
        async def a(self): ...

    class Other(Consumer):
        @on("a")
        @throttle("20/m")
        @requires(May)
        async def a(self): ...

    one = only(One)
    assert evolve(one, declared_by="Other", place=only(Other).place) == only(Other)


def test_plain_mixins_contribute_each_mark_once() -> None:
    """A mixin that is no consumer brings its handlers, and in a diamond each mark counts once."""

    class Base:
        @on("a")
        @requires(May)
        async def a(self): ...

    class Left(Base):
        @requires(Also)
        async def a(self): ...

    class Right(Base):
        @requires(Third)
        async def a(self): ...

    class Both(Left, Right, Consumer):
        pass

    assert (May, Third, Also) == only(Both).guards
    assert "test_plain_mixins_contribute_each_mark_once" not in only(Both).declared_by
    assert "Base" == only(Both).declared_by


def test_undecorated_override_keeps_its_contract() -> None:
    """An override without decorators answers under the whole contract that it inherits."""

    class Child(Room):
        async def say(self, payload):
            return await super().say(payload)

        def delete(self, *args, **kwargs):
            return super().delete(*args, **kwargs)

    assert Room.routes == Child.routes


def test_override_may_annotate_anew() -> None:
    """An override's own annotations replace the inherited ones, and its own kind is what counts."""

    class Child(Room):
        def say(self, payload: Said) -> int: ...

    expected = evolve(Room.routes["say"], payload=Said, replies=(int,), kind=Kind.FUNCTION, may_give_none=False)
    assert expected == Child.routes["say"]


def test_requires_alone_adds() -> None:
    """`@requires` and `@throttle` on an override add to what it inherits, below it in the table."""

    class Child(Room):
        @requires(Also)
        @throttle("1/s")
        async def say(self, payload): ...

    expected = evolve(Room.routes["say"], guards=(May, Also), throttles=("20/m", "1/s"))
    assert expected == Child.routes["say"]
    assert (May,) == Room.routes["say"].guards


def test_mixin_tightens_from_either_side() -> None:
    """A mixin that only requires something tightens an action, whether it stands before the consumer or after it."""

    class Tight:
        @requires(Also)
        async def say(self, payload): ...

    class Before(Tight, Room):
        pass

    class After(Room, Tight):
        pass

    assert (May, Also) == Before.routes["say"].guards
    assert (Also, May) == After.routes["say"].guards


def test_new_action_keeps_guards() -> None:
    """An override with its own `@on` is another action with other settings, and keeps guards and throttles."""

    class Child(Room):
        @on("speak")
        @requires(Also)
        async def say(self, payload) -> None: ...

    route = Child.routes["speak"]
    assert "say" not in Child.routes
    assert ((May, Also), ("20/m",), Say) == (route.guards, route.throttles, route.payload)
    assert ("POST", 30, False, "Child") == (route.method, route.timeout, route.concurrent, route.declared_by)


def test_new_action_may_take_no_payload() -> None:
    """An override with its own `@on` and no second parameter takes no payload."""

    class Child(Room):
        @on("speak")
        async def say(self): ...

    assert None is Child.routes["speak"].payload


def test_nearest_load_of_a_name_counts() -> None:
    """A load of the same name replaces the inherited one; one of another name is added."""
    other = object()

    class Child(Room):
        @loads("line", other, pk="line_id")
        @loads("room", QUERYSET, pk="line_id")
        def delete(self, payload: Say, line: Any, room: Any) -> None: ...

    assert [("line", other), ("room", QUERYSET)] == [
        (load.name, load.queryset) for load in Child.routes["delete"].loads
    ]


def test_none_withdraws() -> None:
    """`name = None` takes an action or an event away, from the subclass alone."""

    class Child(Room):
        say = None
        said = None

    assert ["delete", "history", "tick"] == list(Child.routes)
    assert {} == Child.receptions
    assert "say" in Room.routes


def test_withdrawn_action_comes_back_as_tight() -> None:
    """What is declared anew after a withdrawal keeps every guard that its name ever had, and nothing else."""

    class Without(Room):
        say = None
        delete = None

    class Again(Without):
        @on("say")
        @requires(Also)
        async def say(self): ...

        def delete(self, anything, whatever): ...

    route = Again.routes["say"]
    assert ((May, Also), ("20/m",), None, ()) == (route.guards, route.throttles, route.payload, route.replies)
    assert "delete" not in Again.routes


def test_withdrawn_action_may_be_received() -> None:
    """After a withdrawal the name is free for another use."""

    class Without(Room):
        say = None

    class Again(Without):
        @receives(Say)
        async def say(self, event): ...

    assert (May,) == Again.receptions[Say].guards


def test_what_a_reception_sends_is_said_by_its_annotation() -> None:
    """Without one it may hand on the event itself, and with ``None`` nothing."""

    class Bare(Consumer):
        @receives(Say)
        async def say(self, event): ...

        @receives(Said)
        async def said(self, event) -> None: ...

    class Answering(Consumer):
        @receives(Said)
        async def said(self, event) -> Say | None: ...

    assert ((Say,), ()) == (Bare.receptions[Say].sends, Bare.receptions[Said].sends)
    assert (Say,) == Answering.receptions[Said].sends


def test_class_guards_are_not_the_actions() -> None:
    """`@requires` on a class stays with the class, which is the connection's guard."""

    @requires(Third)
    class Child(Room):
        pass

    assert (Third,) == class_guards(Child)
    assert Room.routes == Child.routes


def test_tables_cannot_be_changed() -> None:
    """A consumer's tables are immutable."""
    assert isinstance(Room.routes, Routes)
    with pytest.raises(TypeError):
        Room.routes["x"] = Room.routes["say"]


def test_hook_is_called_with_the_tables_complete() -> None:
    """`__wsdrf_declared__` is called once for each class, when its routes are there."""

    class Seen(Consumer):
        seen: ClassVar[list[tuple[str, tuple[str, ...]]]] = []

        @classmethod
        def __wsdrf_declared__(cls):
            cls.seen.append((cls.__name__, tuple(cls.routes)))

        @on("a")
        async def a(self): ...

    class Child(Seen):
        @on("b")
        async def b(self): ...

    assert [("Seen", ("a",)), ("Child", ("a", "b"))] == Child.seen


def test_hook_may_refuse() -> None:
    """What the hook raises is raised where the class is defined."""
    with pytest.raises(DeclarationError, match="no schema"):

        class Seen(Consumer):
            @classmethod
            def __wsdrf_declared__(cls):
                raise DeclarationError("no schema")


def test_abstract_classes_mix_in() -> None:
    """A consumer may have abstract bases; an abstract handler hands down its contract."""

    class Speaks(ABC):
        @on("speak")
        @abstractmethod
        async def speak(self, payload: Say) -> Said: ...

    class Child(Speaks, Consumer):
        async def speak(self, payload):
            return Said(text=payload.text)

    assert (Say, (Said,)) == (only(Child).payload, only(Child).replies)
    Child()


def test_slotted_class_is_gathered_again() -> None:
    """A class decorator that makes the class anew, as attrs does for slots, loses nothing."""

    @define
    class Child(Consumer):
        count: int = 0

        @on("a")
        @requires(May)
        async def a(self, payload: Say) -> None: ...

    assert (May,) == only(Child).guards


def test_marks_under_wraps_count() -> None:
    """A decorator made with functools.wraps may stand anywhere among the others, on streams as well."""

    def timed(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)

        return wrapper

    class Child(Consumer):
        @timed
        @on("a")
        @timed
        @requires(May)
        async def a(self, payload: Say) -> AsyncIterator[Said]:
            yield Said("x")

        @on("b")
        @timed
        async def b(self) -> None: ...

        @on("c")
        @timed
        def c(self) -> None: ...

    assert (Kind.STREAM, Say, (Said,), (May,)) == (
        Child.routes["a"].kind,
        Child.routes["a"].payload,
        Child.routes["a"].replies,
        Child.routes["a"].guards,
    )
    assert (Kind.COROUTINE, Kind.FUNCTION) == (Child.routes["b"].kind, Child.routes["c"].kind)


def test_wrapper_decides_how_a_method_runs() -> None:
    """A stream that wraps a coroutine with `functools.wraps` is a stream, for it is what runs."""

    def twice(function):
        @functools.wraps(function)
        async def wrapper(self):
            yield await function(self)
            yield await function(self)

        return wrapper

    class Child(Consumer):
        @on("a")
        @twice
        async def a(self): ...

    assert Kind.STREAM is only(Child).kind


def test_handler_may_wrap_a_partial() -> None:
    """A method that wraps a partial with `functools.wraps` is a handler, and stands where it is written itself."""

    async def named(name, self, payload): ...

    named.__annotations__["payload"] = Say  # as where annotations are not postponed

    class Child(Consumer):
        @on("a")
        @functools.wraps(functools.partial(named, "x"))
        async def a(self, payload): ...

    assert Say is only(Child).payload
    assert only(Child).place.qualname.endswith("Child.a")


def test_root_may_have_handlers() -> None:
    """A class without bases may declare actions, and a subclass override them and add its own."""

    class Root(metaclass=ConsumerType):
        @on("a")
        async def a(self): ...

    class Child(Root):
        def a(self): ...

        @on("b")
        async def b(self): ...

    assert [("a", Kind.FUNCTION), ("b", Kind.COROUTINE)] == [(one.action, one.kind) for one in Child.routes.values()]


def test_override_that_wraps_its_base_counts_marks_once() -> None:
    """An override made with functools.wraps of what it overrides bears its base's marks, and adds nothing."""

    class Child(Room):
        @functools.wraps(Room.say)
        async def say(self, payload):
            return await Room.say(self, payload)

    assert Room.routes["say"] == Child.routes["say"]


def test_function_of_a_base_may_be_chosen() -> None:
    """A class may pick the method of one of its bases by assigning it, and keeps what the other requires."""

    class Left(Room):
        @requires(Also)
        async def say(self, payload): ...

    class Right(Room):
        @requires(Third)
        async def say(self, payload): ...

    class Child(Left, Right):
        say = Right.say

    assert (May, Third, Also) == Child.routes["say"].guards


def test_handlers_of_a_class_inside_a_class_are_its_own() -> None:
    """A plain class that is defined in a consumer's body and has marks is no business of that consumer's."""

    class Child(Consumer):
        class Inner:
            @on("a")
            async def a(self): ...

    class Grown(Child.Inner, Consumer):
        pass

    assert {} == Child.routes
    assert ["a"] == list(Grown.routes)


def test_function_may_be_bound_again_in_the_body() -> None:
    """A body may decorate a method after its definition, by name."""

    class Child(Consumer):
        async def a(self): ...

        a = requires(May)(on("a")(a))

    assert (May,) == only(Child).guards


# -- annotations -------------------------------------------------------------------------------------------------------


def test_annotations_see_the_names_around_the_class() -> None:
    """An annotation may name what is local to the function, what the class defines, and what its module imports."""

    @frozen
    class Local:
        x: int

    class Child(Consumer):
        class Inner:
            pass

        @on("local")
        async def local(self, payload: list[Local]) -> Local | Inner | Said | None: ...

    assert (list[Local], (Local, Child.Inner, Said)) == (only(Child).payload, only(Child).replies)


def test_subclass_elsewhere_keeps_the_types() -> None:
    """A subclass does not need to see the names that its base's annotations use."""

    def make() -> tuple[type, ConsumerType]:
        @frozen
        class Hidden:
            x: int

        class Base(Consumer):
            @on("a")
            async def a(self, payload: Hidden) -> Hidden: ...

        return Hidden, Base

    hidden, base = make()

    class Child(base):
        pass

    assert (hidden, (hidden,)) == (only(Child).payload, only(Child).replies)


def test_function_of_another_module_does_not_see_the_names_around_the_class() -> None:
    """A name that is local to where the class stands means nothing in a method that another module wrote."""
    local: dict[str, Any] = {}
    exec("async def a(self, payload: Local): ...", {"__name__": "elsewhere"}, local)

    def make() -> None:
        Local = int  # noqa: F841, N806 - the name that must not be seen

        class Child(Consumer):
            a = on("a")(local["a"])

    with pytest.raises(DeclarationError, match="annotates payload with 'Local', which cannot be resolved"):
        make()


def test_replies_are_named_once() -> None:
    """A type that a union names twice, through an alias, is one reply."""
    Named = TypeAliasType("Named", Said | str)  # noqa: N806 - a type

    class Child(Consumer):
        @on("a")
        async def a(self) -> Said | Named | None: ...

    assert (Said, str) == only(Child).replies


@pytest.mark.parametrize("nothing", [None, NoReturn, getattr(typing, "Never", NoReturn)])
def test_nothing_is_no_reply(nothing: Any) -> None:
    """A method that is said to return nothing, or not to return, has no replies."""

    class Child(Consumer):
        @on("a")
        async def a(self) -> nothing: ...

    assert () == only(Child).replies


def test_self_may_have_another_name_or_a_type() -> None:
    """The first parameter is the consumer, called `self` or whatever is neither annotated nor `payload`."""

    class Child(Consumer):
        @on("a")
        async def a(this, payload: Say): ...  # noqa: N805 - the point

        @on("b")
        async def b(self: Any, payload: Say): ...

    assert [Say, Say] == [route.payload for route in Child.routes.values()]


def test_method_does_not_hide_a_type() -> None:
    """A handler that is called like a built-in type does not stand for it in annotations."""

    class Child(Consumer):
        @on("list")
        async def list(self, payload: list[Say]) -> list[Said]: ...

    assert ([Say], [Said]) == ([*only(Child).payload.__args__], [*only(Child).replies[0].__args__])


def test_names_can_be_listed() -> None:
    """What an annotation may name can be listed, as Python does for generic methods: it is what can be looked up."""
    names = _Names({"list": only, "Here": int, "both": str}, {"around": bytes, "list": set, "both": float})

    assert {"Here": int, "both": str, "around": bytes, "list": set} == dict(names)
    assert 4 == len(names)
    assert {"around": bytes} == dict(_Names({"method": only}, {"around": bytes}))


def test_only_payload_and_return_are_resolved() -> None:
    """Other annotations may name what exists for type checkers only."""

    class Child(Consumer):
        @on("a")
        @loads("line", QUERYSET, pk="line_id")
        async def a(self, payload: Say, line: OnlyForCheckers, *, extra: Nowhere = None) -> None: ...  # noqa: F821 - the point

    assert Say is only(Child).payload


def test_metadata_of_annotated_is_kept() -> None:
    """`Annotated` reaches the route whole."""

    class Child(Consumer):
        @on("a")
        async def a(self, payload: Annotated[int, "positive"]) -> NoReturn: ...

    assert Annotated[int, "positive"] == only(Child).payload
    assert () == only(Child).replies


@pytest.mark.parametrize("annotation", [AsyncIterator[Said], AsyncIterable[Said], AsyncGenerator[Said, None]])
def test_stream_may_be_annotated_as(annotation: Any) -> None:
    """The three ways to annotate an async generator mean the same."""

    class Child(Consumer):
        @on("a")
        async def a(self) -> annotation:
            yield Said("x")

    assert (Said,) == only(Child).replies


def test_stream_may_be_annotated_barely_or_not_at_all() -> None:
    """A stream that does not say what it yields has no known replies."""

    class Child(Consumer):
        @on("a")
        async def a(self) -> AsyncIterator:
            yield 1

        @on("b")
        async def b(self):
            yield 1

    assert [(), ()] == [route.replies for route in Child.routes.values()]


def test_payload_may_have_a_default() -> None:
    """A payload with a default need not be sent."""

    class Child(Consumer):
        @on("a")
        async def a(self, payload: Say | None = None) -> None: ...

    class Grandchild(Child):
        async def a(self, *args): ...

    assert (Say | None, False) == (only(Child).payload, only(Child).payload_required)
    assert Child.routes == Grandchild.routes


@pytest.mark.parametrize("payload", [Say, Data, Typed, Say | Data])
def test_load_by_a_field_is_accepted(payload: Any) -> None:
    """A load may look up by a field of an attrs class, a dataclass or a TypedDict; of a union, nothing is claimed."""

    class Child(Consumer):
        @on("a")
        @loads("line", QUERYSET, pk="line_id")
        async def a(self, payload: payload, line: Any): ...

    assert payload == only(Child).payload


def test_unrelated_closures_are_no_lost_marks() -> None:
    """A method that merely calls another class's handler has not lost that one's marks."""
    say = Room.say

    class Child(Room):
        @on("other")
        async def other(self, payload: Say) -> Said | None:
            return await say(self, payload)

    assert "other" in Child.routes


def test_names_of_ones_own_may_be_like_others() -> None:
    """A method, a property or a class that is defined in the body is no misspelt option, and a handler no misspelt hook."""

    class Child(Consumer):
        connect = "a plain attribute"

        @property
        def max_message_sise(self) -> int:
            return 1

        def auth_methods(self): ...

        class permission_class:  # noqa: N801 - the point
            pass

        @on("a")
        async def conected(self): ...

    assert "conected" == only(Child).handler


def test_ordinary_redefinitions_are_left_alone() -> None:
    """What is no handler may be defined again, as Python's properties and constants are."""

    class Child(Consumer):
        limit = 1
        limit = 2  # noqa: PIE794 - the point

        @property
        def size(self) -> int:
            return self._size

        @size.setter
        def size(self, value: int) -> None:
            self._size = value

        def helper(self): ...

        def helper(self): ...  # noqa: F811 - the point

    assert {} == Child.routes


MAYBE = TypeAliasType("MAYBE", Said | None)

# Annotation of the result, the replies that it means, and whether the handler may give nothing.
RESULTS: list[tuple[Any, tuple[Any, ...], bool]] = [
    ("Said", (Said,), False),
    ("Said | None", (Said,), True),
    (MAYBE, (Said,), True),
    (Annotated[Said | None, "seldom"], (Said,), True),
    (None, (), True),
    (NoReturn, (), False),
    (Any, (Any,), True),
]


@pytest.mark.parametrize(("annotation", "replies", "may_give_none"), RESULTS)
def test_a_route_says_whether_its_handler_may_give_nothing(
    annotation: Any, replies: tuple[Any, ...], may_give_none: bool
) -> None:
    """The annotation says it, under whatever name; an override without one gives what the method before it gave."""

    async def act(self): ...

    act.__annotations__["return"] = annotation

    class One(Consumer):
        a = on("a")(act)

    class Child(One):
        async def a(self): ...

    for route in (only(One), only(Child)):
        assert (replies, True, may_give_none) == (route.replies, route.is_annotated, route.may_give_none)


def test_what_is_not_annotated_may_be_anything() -> None:
    """Without an annotation, and with a bare one for a stream, nothing says what a handler gives."""

    class One(Consumer):
        @on("a")
        async def a(self): ...

    class Other(Consumer):
        @on("a")
        async def a(self) -> AsyncIterator:
            yield 1

    assert (False, True, False) == (only(One).is_annotated, only(One).may_give_none, only(Other).is_annotated)
