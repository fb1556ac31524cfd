"""Permission classes are asked as DRF asks them, and those that are ``async def`` are awaited."""

from __future__ import annotations

import threading
from itertools import count, product
from types import SimpleNamespace
from typing import Any, ClassVar, TypeAlias

import pytest
from django.contrib.auth.models import AnonymousUser, User
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import (
    AllowAny,
    BasePermission,
    DjangoModelPermissions,
    IsAdminUser,
    IsAuthenticated,
    IsAuthenticatedOrReadOnly,
)

from tests.unit.access_site import Desk, meet, sync, variant
from wsdrf import on, requires, throttle
from wsdrf.access.permissions import (
    asks_objects,
    asks_only_objects,
    check_object_permissions,
    check_permissions,
    leaves,
    may_block,
    needs_steps,
)
from wsdrf.access.steps import drive, here
from wsdrf.testing import WebsocketCommunicator


class Says(BasePermission):
    """Answer one thing, and keep in which order who was asked."""

    answer: Any = True
    asked: list[str] = []

    def has_permission(self, request: Any, view: Any) -> Any:
        self.asked.append(type(self).__name__)
        return self.answer


class SaysLater(Says):
    async def has_permission(self, request: Any, view: Any) -> Any:
        self.asked.append(type(self).__name__)
        return self.answer


def says(name: str, answer: Any, base: type[Says] = Says) -> Any:
    return type(name, (base,), {"answer": answer})


class AboutObjects(BasePermission):
    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return True


class AboutBoth(AboutObjects):
    def has_permission(self, request: Any, view: Any) -> bool:
        return True


class Duck:
    """No relative of DRF's, but it can be asked."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return True


class Recording(BasePermission):
    """Answer both questions, and keep what was asked of whom."""

    answers: tuple[bool, bool]
    asked: ClassVar[list[Any]] = []

    def has_permission(self, request: Any, view: Any) -> Any:
        self.asked.append((type(self).__name__, request, view))
        return self.answers[0]

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> Any:
        self.asked.append((type(self).__name__, request, view, obj))
        return self.answers[1]


class RecordingLater(Recording):
    async def has_permission(self, request: Any, view: Any) -> Any:
        return super().has_permission(request, view)

    async def has_object_permission(self, request: Any, view: Any, obj: Any) -> Any:
        return super().has_object_permission(request, view, obj)


Expression: TypeAlias = Any
"""Answers of one class to both questions, or an operator with one or two expressions."""

expressions: st.SearchStrategy[Expression] = st.recursive(
    st.tuples(st.booleans(), st.booleans()),
    lambda inner: st.one_of(
        st.tuples(st.just("and"), inner, inner),
        st.tuples(st.just("or"), inner, inner),
        st.tuples(st.just("not"), inner),
    ),
    max_leaves=6,
)


def guard_of(expression: Expression, base: type[Recording]) -> Any:
    """Make the permission that an expression describes; its classes are numbered from left to right."""
    number = count()

    def make(one: Expression) -> Any:
        match one:
            case ("and", left, right):
                return make(left) & make(right)
            case ("or", left, right):
                return make(left) | make(right)
            case ("not", operand):
                return ~make(operand)
        return type(f"Guard{next(number)}", (base,), {"answers": one})

    return make(expression)


@given(expressions, st.sampled_from([Recording, RecordingLater]))
def test_expressions_are_asked_as_drf_asks_them(expression, base):
    """Of any expression, both questions get DRF's answer, and the same classes are asked with the same arguments."""
    request = SimpleNamespace(authenticators=[], successful_authenticator=None)
    view, obj = object(), object()

    def told(ask: Any) -> tuple[bool, list[Any]]:
        Recording.asked.clear()
        return ask(), [*Recording.asked]

    def ours(steps: Any) -> bool:
        try:
            sync(drive)(steps, here)
        except PermissionDenied:
            return False
        return True

    theirs = guard_of(expression, Recording)()
    mine = guard_of(expression, base)()
    assert told(lambda: theirs.has_permission(request, view)) == told(
        lambda: ours(check_permissions([mine], request, view))
    )
    assert told(lambda: theirs.has_object_permission(request, view, obj)) == told(
        lambda: ours(check_object_permissions([mine], request, view, obj))
    )


@pytest.mark.parametrize("base", [Says, SaysLater])
@pytest.mark.parametrize(("left", "right"), [*product([True, False], repeat=2)])
def test_operators(left, right, base):
    """``&``, ``|`` and ``~`` are what they are in DRF, short-circuits included, for ``async def`` as well."""
    one, two = says("One", left, base), says("Two", right, base)
    for guard, verdict, asked in [
        (one & two, left and right, ["One", "Two"] if left else ["One"]),
        (one | two, left or right, ["One"] if left else ["One", "Two"]),
        (~one, not left, ["One"]),
        (~(one & ~two), not (left and not right), ["One", "Two"] if left else ["One"]),
    ]:
        Says.asked.clear()
        payload, _ = meet(variant(permission_classes=[guard]))
        assert (200 if verdict else 403, asked) == (payload["status_code"], Says.asked)


@pytest.mark.parametrize("base", [Says, SaysLater])
@pytest.mark.parametrize("answer", [None, 0, "", [], False, 1, "no", [0]])
def test_truth(answer, base):
    """What a class answers counts as true or false, as in DRF; a coroutine never counts as true."""
    payload, _ = meet(variant(permission_classes=[says("Any", answer, base)]))
    assert bool(answer) == (payload["status_code"] == 200)


def test_first_refusal_decides():
    """Guards are asked in order: the connection's, the class's, the action's; after the first refusal nobody is."""
    Says.asked.clear()
    consumer = requires(says("Second", True))(
        variant(
            permission_classes=[says("First", True, SaysLater)], act=acting(says("Third", False), says("Fourth", True))
        )
    )
    assert ["permission_denied"] == call(consumer, "act")
    assert ["First", "Second", "First", "Second", "Third"] == Says.asked


def acting(*guards: Any) -> Any:
    async def act(self: Any) -> str:
        return "acted"

    return on("act")(requires(*guards)(act))


def call(consumer: Any, action: str) -> list[Any]:
    async def run() -> list[Any]:
        async with WebsocketCommunicator(consumer.as_asgi(), "/") as socket:
            answer = await socket.call(action)
            return [answer.code or answer.payload]

    return sync(run)()


class Fresh(BasePermission):
    made: list[Any] = []

    def __init__(self) -> None:
        self.made.append(self)

    def has_permission(self, request: Any, view: Any) -> bool:
        return True


def test_instances_are_fresh():
    """A permission is made anew for each question, as in DRF."""
    Fresh.made.clear()
    call(variant(permission_classes=[Fresh], act=acting(AllowAny)), "act")
    assert 2 == len(set(map(id, Fresh.made)))


def closed() -> Any:
    return says("Closed", False)()


def test_a_callable_stands_for_what_it_makes():
    """A function that makes a permission is as good as its class, and as nobody knows what it asks, it may ask all."""
    payload, _ = meet(variant(permission_classes=[closed]))
    assert 403 == payload["status_code"]
    assert (True, True, False) == (needs_steps(closed), asks_objects(closed), asks_only_objects(closed))


def test_a_duck_is_asked():
    """What can be asked for permission need not inherit from DRF's."""
    assert ["acted"] == call(variant(permission_classes=[Duck], act=acting(Duck)), "act")


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        (AllowAny, (False, False, False)),
        (IsAuthenticated & ~IsAdminUser | IsAuthenticatedOrReadOnly, (False, False, False)),
        (type("Sub", (IsAuthenticated,), {}), (True, False, False)),
        (DjangoModelPermissions, (True, False, False)),
        (AboutObjects, (True, True, True)),
        (AboutBoth, (True, True, False)),
        (AllowAny & ~AboutObjects, (True, True, False)),
        (AboutObjects | IsAdminUser, (True, True, False)),
        (Duck, (True, False, False)),
        (BasePermission, (True, False, False)),
    ],
)
def test_what_is_known_of_a_guard(guard, expected):
    """A guard may block unless every class in it is known not to; and it asks about objects if any class does."""
    assert expected == (needs_steps(guard), asks_objects(guard), asks_only_objects(guard))


@pytest.mark.parametrize(
    ("guard", "expected"),
    [(AboutObjects, False), (BasePermission, False), (AboutBoth, True), (closed, True), (Duck, True)],
)
def test_a_guard_that_says_nothing_before_there_is_an_object_does_not_block(guard, expected):
    """DRF's own yes needs no thread."""
    assert expected is may_block(guard)


class NotClosed(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return view.action != "closed"


def test_guards_that_a_consumer_chooses_are_asked_for_each_action():
    """What ``get_permissions()`` makes is asked at connect and again for each call, beside the action's own."""

    @on("open")
    @requires(AllowAny)
    async def opened(self: Any) -> None: ...

    @on("closed")
    @requires(AllowAny)
    async def closed(self: Any) -> None: ...

    desk = variant(get_permissions=lambda self: [NotClosed()], opened=opened, closed=closed)

    async def run() -> list[Any]:
        async with WebsocketCommunicator(desk.as_asgi(), "/") as socket:
            return [(await socket.call(action)).code for action in ("open", "closed", "open")]

    assert [None, "permission_denied", None] == sync(run)()


def test_leaves():
    """The classes of an expression come in reading order."""
    assert [AllowAny, IsAdminUser, Duck] == [*leaves(AllowAny | ~IsAdminUser), *leaves(Duck)]


class Looking(BasePermission):
    """Look at everything that a permission class may look at."""

    seen: list[Any] = []

    def has_permission(self, request: Any, view: Any) -> bool:
        self.seen.append(
            {
                "user": request.user.__class__,
                "auth": request.auth,
                "method": request.method,
                "data": request.data,
                "by": request.successful_authenticator,
                "page": request.query_params.get("page"),
                "session": request.session.session_key,
                "address": request.META["REMOTE_ADDR"],
                "action": view.action,
                "kwargs": view.kwargs,
                "args": view.args,
                "same": view.request is request,
                "queryset": view.queryset,
                "permission_classes": view.permission_classes,
                "scope": view.throttle_scope,
                "consumer": view.consumer.__class__.__name__,
                "left": getattr(view, "left", None),
            }
        )
        view.left = "here"
        return True


class Looked(Desk):
    permission_classes = [Looking]
    throttle_scope = "looks"

    @on("look", method="PATCH")
    @requires(Looking)
    async def look(self, payload: dict[str, int]) -> str:
        return getattr(self, "left", "nothing")


def test_what_a_permission_sees():
    """Request and view have what they have over HTTP; what one class leaves on the view the next one finds, and no more."""
    Looking.seen.clear()

    async def run() -> Any:
        socket = WebsocketCommunicator(Looked.as_asgi(), "/?page=2")
        socket.scope["url_route"] = {"args": (), "kwargs": {"room": 7}}
        async with socket:
            return (await socket.call("look", {"n": 1})).payload

    assert "nothing" == sync(run)()
    connect = {
        "user": AnonymousUser,
        "auth": None,
        "method": "GET",
        "data": {},
        "by": None,
        "page": "2",
        "session": None,
        "address": "127.0.0.1",
        "action": None,
        "kwargs": {"room": 7},
        "args": (),
        "same": True,
        "queryset": None,
        "permission_classes": [Looking],
        "scope": "looks",
        "consumer": "Looked",
        "left": None,
    }
    call = {**connect, "method": "PATCH", "data": {"n": 1}, "action": "look"}
    assert [connect, call, {**call, "left": "here"}] == [
        {**seen, "permission_classes": list(seen["permission_classes"])} for seen in Looking.seen
    ]


class InThread(BasePermission):
    """Keep where it was asked."""

    threads: list[int] = []

    def has_permission(self, request: Any, view: Any) -> Any:
        self.threads.append(threading.get_ident())
        return True


class Slow(InThread):
    """Be a throttle that may wait for a cache."""

    def allow_request(self, request: Any, view: Any) -> bool:
        return bool(self.has_permission(request, view))


class Here(InThread):
    blocking = False


class BelowHere(Here):
    pass


class Awaited(InThread):
    async def has_permission(self, request: Any, view: Any) -> Any:
        return InThread.has_permission(self, request, view)


class MadeWithWork(Here):
    blocking = False

    def __init__(self) -> None:
        InThread.threads.append(threading.get_ident())


class Forgetful(BasePermission):
    """Say that nothing blocks, and give something to await, or to wait for."""

    blocking = False
    answer: Any = None

    def has_permission(self, request: Any, view: Any) -> Any:
        async def later() -> bool:
            return bool(self.answer)

        return later() if self.answer is not None else User.objects.exists()


class Answering(Forgetful):
    blocking = False
    answer = True


class Refusing(Forgetful):
    blocking = False
    answer = False


def loop_of_a_call(act: Any) -> int:
    """Call ``act``, and give the thread of the event loop."""

    async def run() -> int:
        async with WebsocketCommunicator(variant(act=on("act", method="POST")(act)).as_asgi(), "/") as socket:
            assert (await socket.call("act")).is_complete
        return threading.get_ident()

    return sync(run)()


@pytest.mark.parametrize(
    ("guard", "is_here"),
    [
        (InThread, False),
        (Here, True),
        (BelowHere, False),
        (Awaited, True),
        (MadeWithWork, False),
        (Here & ~~Awaited, True),
        (Here & InThread, False),
        (IsAuthenticatedOrReadOnly | Here, True),
    ],
)
def test_where_a_guard_is_asked(guard, is_here):
    """What says that it does not block, and what is awaited, is asked on the event loop; a subclass says so itself."""
    InThread.threads.clear()

    @requires(guard)
    async def act(self: Any) -> None: ...

    loop = loop_of_a_call(act)
    assert [is_here] * len(InThread.threads) == [thread == loop for thread in InThread.threads]
    assert InThread.threads


@pytest.mark.parametrize("guards", [[IsAuthenticatedOrReadOnly], [IsAuthenticatedOrReadOnly | IsAdminUser]])
def test_a_guard_that_looks_at_the_method(guards):
    """Who may only read may read: the guard is asked with the action's method."""

    @on("read", method="GET")
    async def read(self: Any) -> None: ...

    @on("write", method="POST")
    async def write(self: Any) -> None: ...

    async def run() -> list[Any]:
        desk = variant(permission_classes=guards, read=read, write=write)
        async with WebsocketCommunicator(desk.as_asgi(), "/") as socket:
            return [(await socket.call(action)).code for action in ("read", "write")]

    assert [None, "permission_denied"] == sync(run)()


class Bodied(BasePermission):
    seen: list[Any] = []

    def has_permission(self, request: Any, view: Any) -> bool:
        if view.action is not None:
            self.seen.append((view.action, request.data))
        return True


def test_a_rate_counts_beside_a_guard_that_blocks():
    """Calls are counted after the guard was asked in its thread; the guard sees the action, and no payload as none."""
    Bodied.seen.clear()

    @on("rated.act", method="POST")
    @requires(Bodied)
    @throttle("2/h")
    async def act(self: Any) -> None: ...

    @on("other.act", method="POST")
    @requires(Bodied)
    @throttle("2/h")
    async def other(self: Any) -> None: ...

    async def run() -> list[Any]:
        async with WebsocketCommunicator(variant(act=act, other=other).as_asgi(), "/") as socket:
            return [(await socket.call(action)).code for action in ("rated.act", "rated.act", "other.act", "rated.act")]

    assert [None, None, None, "throttled"] == sync(run)()
    assert [(name, {}) for name in ("rated.act", "rated.act", "other.act", "rated.act")] == Bodied.seen


def test_a_throttle_is_asked_in_a_thread():
    """A throttle counts in a cache, which may be a server somewhere: the event loop does not wait for it."""
    InThread.threads.clear()

    @throttle(Slow)
    async def act(self: Any) -> None: ...

    loop = loop_of_a_call(act)
    assert 1 == len(InThread.threads)
    assert loop not in InThread.threads


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("guard", "code"),
    [
        (Answering, None),
        (Refusing, "permission_denied"),
        (~Refusing, None),
        (Refusing & Here, "permission_denied"),
        (Forgetful, "error"),
        (Here & Forgetful, "error"),
    ],
)
def test_what_says_wrongly_that_it_does_not_block(guard, code):
    """What it hands out is awaited and never taken for a yes; the database is refused to it, and the action with it."""

    @requires(guard)
    async def act(self: Any) -> None: ...

    async def run() -> Any:
        async with WebsocketCommunicator(variant(act=on("act")(act)).as_asgi(), "/") as socket:
            return (await socket.call("act")).code

    assert code == sync(run)()


def test_classes_from_the_settings():
    """A view shows the classes that come from ``REST_FRAMEWORK``, too."""
    Looking.seen.clear()
    consumer = type(Desk)("Bare", (Looked,), {"permission_classes": None})
    meet(consumer)
    call(variant(consumer, permission_classes=None), "look")
    assert [] == [seen for seen in Looking.seen if not seen["permission_classes"]]


class Members(BasePermission):
    message = "Members only."
    code = "members"

    def has_permission(self, request: Any, view: Any) -> bool:
        return False


class MembersAtOnce(Members):
    blocking = False


class MembersLater(Members):
    async def has_permission(self, request: Any, view: Any) -> bool:
        return False


@pytest.mark.parametrize("guard", [Members, MembersAtOnce, MembersLater])
def test_a_refusal_has_the_words_of_its_guard(guard: Any) -> None:
    """Wherever a guard is asked, at connect, in a thread, at once or awaited, its ``message`` and ``code`` are told."""

    class Club(Desk):
        @on("enter")
        @requires(guard)
        async def enter(self) -> None: ...

    async def run() -> Any:
        async with WebsocketCommunicator(Club.as_asgi(), "/") as socket:
            return (await socket.call("enter")).payload

    connect, _ = meet(variant(permission_classes=[guard]))

    assert {"status_code": 403, "code": "members", "detail": "Members only."} == sync(run)()
    assert (403, {"detail": "Members only."}) == (connect["status_code"], connect["data"])
