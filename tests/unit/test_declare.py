"""The marks: what each decorator leaves on a function or class, and what it refuses."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, cast

import pytest
from attrs import frozen
from rest_framework.permissions import IsAdminUser, IsAuthenticated

from wsdrf.declare import (
    Action,
    Guards,
    Load,
    Receipt,
    Throttles,
    class_guards,
    loads,
    marks_of,
    on,
    receives,
    requires,
    seal,
    throttle,
)
from wsdrf.envelope import RESERVED_ACTIONS
from wsdrf.exceptions import DeclarationError

QUERYSET = object()


class May:
    def has_permission(self, request: Any, view: Any) -> bool:
        return True


class MayLater:
    async def has_permission(self, request: Any, view: Any) -> bool:
        return True


class Shared:
    def allow_request(self, request: Any, view: Any) -> bool:
        return True


@frozen
class Renamed:
    name: str


def handler() -> Callable[..., Any]:
    async def say(self: object, payload: Renamed) -> None: ...

    return say


def test_every_decorator_returns_the_function_itself() -> None:
    """A marked function is the very object that was defined."""
    for decorate in (
        on("a"),
        requires(May),
        throttle("1/s"),
        loads("line", QUERYSET, pk="id"),
        receives(Renamed),
    ):
        function = handler()
        assert function is decorate(function)


def test_marks_stand_in_reading_order() -> None:
    """Marks are kept from top to bottom, whatever their kind."""

    @requires(May)
    @on("chat.say", method="PUT", timeout=None, concurrent=True)
    @throttle("20/m", Shared)
    @requires(MayLater, IsAuthenticated)
    @loads("line", QUERYSET, pk="line_id")
    async def say() -> None: ...

    first, action, rates, second, load = marks_of(say)
    place = action.place
    assert Guards((May,), place) == first
    assert Action("chat.say", "PUT", None, True, place) == action
    assert Throttles(("20/m", Shared), place) == rates
    assert Guards((MayLater, IsAuthenticated), place) == second
    assert Load("line", QUERYSET, {"pk": "line_id"}, place) == load


def test_receives_keeps_the_message_class() -> None:
    """`@receives` leaves a receipt of its class."""
    function = receives(Renamed)(handler())
    assert [Renamed] == [mark.message for mark in marks_of(function) if isinstance(mark, Receipt)]


def test_marks_are_values() -> None:
    """Marks of equal content are equal and have one hash, loads included."""
    place = marks_of(on("a")(handler()))[0].place
    one, other = (Load("line", QUERYSET, {"pk": "id"}, place) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)


def test_place_names_method_and_line() -> None:
    """A mark knows the method that it stands on, and the file and line."""
    function = on("a")(handler())
    place = marks_of(function)[0].place
    assert f"{__name__}.handler.<locals>.say" == place.qualname
    assert f"{__file__}:{function.__code__.co_firstlineno}" == str(place)


def test_wraps_keeps_marks_and_place() -> None:
    """A decorator made with functools.wraps keeps the marks below it, and those above point to the function."""
    inner = requires(May)(handler())

    @on("a")
    @functools.wraps(inner)
    async def wrapper(*args: Any) -> None: ...

    action, guards = marks_of(wrapper)
    assert guards is marks_of(inner)[0]
    assert guards.place == action.place
    assert 1 == len(marks_of(inner))


def test_class_guards_accumulate_base_first() -> None:
    """`@requires` on classes adds up along the MRO, the furthest base first, top to bottom in each class."""

    @requires(May)
    class Base: ...

    @requires(MayLater)
    @requires(May, IsAuthenticated)
    class Mixin: ...

    @requires(IsAdminUser)
    class Child(Mixin, Base): ...

    assert (May,) == class_guards(Base)
    assert (May, MayLater, May, IsAuthenticated, IsAdminUser) == class_guards(Child)


@pytest.mark.parametrize("guard", [May, MayLater, IsAuthenticated, IsAuthenticated & ~IsAdminUser | IsAdminUser])
def test_requires_takes_guard(guard: Any) -> None:
    """A permission class of any make is a guard, and so is an expression of them."""
    function = requires(guard)(handler())
    assert [(guard,)] == [mark.permissions for mark in marks_of(function) if isinstance(mark, Guards)]


NOT_GUARDS: dict[str, tuple[Any, str]] = {
    "no parentheses": (handler(), r"say\(\) without parentheses"),
    "instance": (May(), r"an instance of May\. Name the class itself: @requires\(May\)"),
    "None": (None, "got None"),
    "no permission": (Renamed, r"the class Renamed, which has no has_permission\(\)"),
    "or None": (IsAuthenticated | cast("Any", None), "got None"),
    "not None": (~(IsAuthenticated & cast("Any", None)), "got None"),
    "deep instance": (IsAuthenticated | (IsAdminUser & cast("Any", May())), "an instance of May"),
    "list": ([May], "got \\["),
    "name": ("May", "got 'May'"),
}


@pytest.mark.parametrize(("guard", "says"), NOT_GUARDS.values(), ids=NOT_GUARDS)
def test_requires_refuses(guard: Any, says: str) -> None:
    """What is no permission class is refused where it is written, deep in an expression as well."""
    with pytest.raises(DeclarationError, match=says):
        requires(guard)


MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "on without parentheses": (lambda: on(handler()), r"say\(\) without parentheses\. Write @on\("),  # type: ignore[arg-type]  # the mistake
    "no name": (lambda: on(None), "@on got None"),  # type: ignore[arg-type]  # the mistake
    "empty": (lambda: on(""), "is no action"),
    "space": (lambda: on("chat say"), "is no action"),
    "newline": (lambda: on("say\n"), "is no action"),
    "letter of another alphabet": (lambda: on("cafe\u0301"), "is no action"),
    "too long": (lambda: on("x" * 101), "is no action"),
    "prefix": (lambda: on("wsdrf.say"), "belongs to the protocol"),
    "method": (lambda: on("say", method="delete"), r"method='delete'\. Use one of GET, HEAD"),
    "no time": (lambda: on("say", timeout=0), r"timeout=0\. Use seconds"),
    "endless": (lambda: on("say", timeout=math.inf), "timeout=inf"),
    "time in words": (lambda: on("say", timeout="30"), "timeout='30'"),  # type: ignore[arg-type]  # the mistake
    "true time": (lambda: on("say", timeout=True), "timeout=True"),
    "concurrent": (lambda: on("say", concurrent=2), "concurrent=2"),  # type: ignore[arg-type]  # the mistake
    "requires nothing": (requires, r"@requires\(\) asks for nothing"),
    "throttle nothing": (throttle, r"@throttle\(\) limits nothing"),
    "throttle without parentheses": (lambda: throttle(handler()), "without parentheses"),  # type: ignore[arg-type]  # the mistake
    "rate": (lambda: throttle("20/month"), r"got '20/month'\. It must be a rate"),
    "no throttle": (lambda: throttle(May), "@throttle got <class"),
    "loads without parentheses": (lambda: loads(handler(), QUERYSET, pk="id"), "without parentheses"),  # type: ignore[arg-type]  # the mistake
    "loads no identifier": (lambda: loads("the line", QUERYSET, pk="id"), "Name the handler's parameter first"),
    "loads keyword": (lambda: loads("class", QUERYSET, pk="id"), "Name the handler's parameter first"),
    "loads no lookup": (lambda: loads("line", QUERYSET), "does not say which object"),
    "loads no queryset": (lambda: loads("line", None, pk="id"), "has no queryset but None"),
    "loads no field": (lambda: loads("line", QUERYSET, pk=7), "has pk=7"),  # type: ignore[arg-type]  # the mistake
    "receives without parentheses": (lambda: receives(handler()), "without parentheses"),  # type: ignore[arg-type]  # the mistake
    "receives a plain class": (lambda: receives(May), "Name a @message class"),
    "receives an instance": (lambda: receives(Renamed(name="x")), "Name a @message class"),  # type: ignore[arg-type]  # the mistake
    "on a class": (lambda: on("a")(May), "@on stands on the class May. Put it on a method"),
    "throttle a class": (lambda: throttle("1/s")(May), "Set throttle_classes on it instead"),
    "staticmethod": (lambda: on("a")(staticmethod(handler())), "@on stands on a staticmethod"),
    "classmethod": (lambda: requires(May)(classmethod(handler())), "@requires stands on a classmethod"),  # type: ignore[type-var]  # the mistake
    "property": (lambda: on("a")(property(handler())), "@on stands on a property"),  # type: ignore[type-var]  # the mistake
    "partial": (lambda: on("a")(functools.partial(handler())), "which is no function"),
}


@pytest.mark.parametrize(("make", "says"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_refused_where_it_is_written(make: Callable[[], object], says: str) -> None:
    """A wrong use of a decorator fails at once and says what is wrong."""
    with pytest.raises(DeclarationError, match=says):
        make()


@pytest.mark.parametrize("action", sorted(RESERVED_ACTIONS))
def test_protocol_actions_are_reserved(action: str) -> None:
    """No action of the protocol can be declared."""
    with pytest.raises(DeclarationError, match="belongs to the protocol"):
        on(action)


@pytest.mark.parametrize("action", ["a", "chat.say", "A-b_c:d/e.9", "x" * 100, "wsdrf"])
def test_action_may_have(action: str) -> None:
    """An action is 1 to 100 letters, digits and a few signs."""
    assert [action] == [mark.name for mark in marks_of(on(action)(handler())) if isinstance(mark, Action)]


def test_sealed_function_takes_no_mark() -> None:
    """What a consumer has gathered cannot be marked any more."""
    function = on("a")(handler())
    seal(function)
    before = marks_of(function)
    with pytest.raises(DeclarationError, match="already belongs to a consumer, which @requires would change"):
        requires(May)(function)
    assert before is marks_of(function)


def test_lookup_may_be_called_name() -> None:
    """A lookup may have any name, such as `name`."""
    function = loads("line", QUERYSET, name="line_name", queryset="q")(handler())
    assert [{"name": "line_name", "queryset": "q"}] == [
        mark.lookup for mark in marks_of(function) if isinstance(mark, Load)
    ]


def test_asking_for_marks_wakes_nothing() -> None:
    """To ask an object for its marks does not run the object's own attribute access."""

    class Lazy:
        def __getattribute__(self, name: str) -> Any:
            if name == "__class__":
                return Lazy
            raise RuntimeError(name)

    assert () == marks_of(Lazy())
