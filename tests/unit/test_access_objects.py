"""The connection's object, objects that an action finds, and what is said where there ought to be one."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission, DjangoModelPermissions, IsAuthenticated

from tests.unit.access_site import Desk, meet, sync, variant
from wsdrf import Consumer, loads, message, on, requires
from wsdrf.access.objects import as_queryset, find_object
from wsdrf.exceptions import ConfigurationError
from wsdrf.testing import WebsocketCommunicator

pytestmark = pytest.mark.django_db


class IsOpen(BasePermission):
    message = "This one is closed."
    code = "closed"

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return obj.name.startswith("open")


class IsOpenOrReading(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return True

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return request.method in {"GET", "HEAD"} or obj.name == "open"


@message("pick")
class Pick:
    name: str


class Groups(Desk):
    queryset = Group.objects.order_by("pk")

    @on("name", method="GET")
    async def name(self) -> str | None:
        return self.obj.name if self.obj else None

    @on("write")
    async def write(self) -> str:
        return "written"

    @on("find")
    @requires(IsOpen)
    async def find(self, payload: Pick) -> str:
        return (await self.aget_object(Group, name=payload.name)).name

    @on("load")
    @requires(IsOpen)
    @loads("group", Group, name="name")
    async def load(self, payload: Pick, group: Group) -> str:
        return group.name

    @on("ask")
    async def ask(self, payload: Pick) -> str:
        group = await Group.objects.aget(name=payload.name)
        await self.check_permissions()
        await self.check_object_permissions(group)
        return group.name


@pytest.fixture(autouse=True)
def groups() -> list[Group]:
    return [Group.objects.create(name=name) for name in ("open", "closed")]


def at(**kwargs: Any) -> dict[str, Any]:
    return {"scope": {"url_route": {"args": (), "kwargs": kwargs}}}


def ask(consumer: Any, *calls: tuple[Any, ...], **kwargs: Any) -> list[Any]:
    """Connect at a URL that captures ``kwargs``, and give the answers: payloads, or codes of errors."""

    async def run() -> list[Any]:
        socket = WebsocketCommunicator(consumer.as_asgi(), "/")
        socket.scope.update(at(**kwargs)["scope"])
        async with socket:
            answers = [await socket.call(*call) for call in calls]
        return [answer.code or answer.payload for answer in answers]

    return sync(run)()


@pytest.mark.parametrize("queryset", [Group, Group.objects, Group.objects.all()])
def test_queryset_may_be(queryset, groups):
    """A model, its manager or a queryset: the object is found anew for each connection."""
    consumer = variant(Groups, queryset=queryset)
    assert ["open"] == ask(consumer, ("name",), pk=groups[0].pk)
    Group.objects.filter(pk=groups[0].pk).update(name="renamed")
    assert ["renamed"] == ask(consumer, ("name",), pk=groups[0].pk)


@pytest.mark.parametrize("pk", [10**30, -1, "x", "", "\x00", None])
def test_no_such_object(pk):
    """A key that names nothing, or does not fit its field, is not found; nothing fails."""
    payload, _ = meet(Groups, **at(pk=pk))
    assert (404, False) == (payload["status_code"], repr(pk) in payload["data"]["detail"])


@given(
    st.one_of(
        st.text(), st.integers(), st.floats(), st.none(), st.lists(st.integers()), st.dictionaries(st.text(), st.none())
    )
)
def test_any_value_finds_or_not(value):
    """Whatever a client sends for a key, an object is found or it is not."""
    with suppress(Http404):
        assert isinstance(find_object(Group.objects.all(), {"pk": value}), Group)


def test_lookups(groups):
    """``lookup_field`` and ``lookup_url_kwarg`` are what they are on a generic view."""
    named = variant(Groups, lookup_field="name")
    assert ["closed"] == ask(named, ("name",), name="closed")
    assert ["closed"] == ask(variant(named, lookup_url_kwarg="slug"), ("name",), slug="closed")


class Chosen(Groups):
    queryset = None

    async def get_object(self) -> Group:
        return await Group.objects.aget(name=self.kwargs["name"])


class Narrowed(Groups):
    queryset = None

    def get_queryset(self) -> Any:
        return Group.objects.filter(name="open")


def test_own_ways_to_the_object(groups):
    """``get_object()`` may be ``async def``; ``get_queryset()`` may narrow."""
    assert ["open"] == ask(Chosen, ("name",), name="open")
    assert ["open"] == ask(Narrowed, ("name",), pk=groups[0].pk)
    assert 404 == meet(Narrowed, **at(pk=groups[1].pk))[0]["status_code"]


class IsOfTheUrl(BasePermission):
    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return bool(obj.name == view.kwargs["name"] and view.action is None)


def test_a_guard_of_the_connections_object_sees_its_view(groups):
    """At connect the guard reads the URL off its view, as over HTTP."""
    named = variant(Groups, lookup_field="name", permission_classes=[IsOfTheUrl])
    assert 200 == meet(named, **at(name="closed"))[0]["status_code"]
    swapped = variant(named, get_object=lambda self: Group(name="open"))
    assert 403 == meet(swapped, **at(name="closed"))[0]["status_code"]


def test_forbidden_object(groups):
    """The connection's guards are asked about its object, with their words."""
    payload, _ = meet(variant(Groups, permission_classes=[IsOpen]), **at(pk=groups[1].pk))
    assert (403, {"detail": "This one is closed."}) == (payload["status_code"], payload["data"])


def test_guards_hear_of_the_method(groups):
    """Who may only read the object may connect and read, and is refused an action that writes."""
    consumer = variant(Groups, permission_classes=[IsOpenOrReading])
    assert ["closed", "permission_denied"] == ask(consumer, ("name",), ("write",), pk=groups[1].pk)
    assert ["open", "written"] == ask(consumer, ("name",), ("write",), pk=groups[0].pk)


class Watching(BasePermission):
    seen: ClassVar[list[Any]] = []

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        self.seen.append((view.action, request.method, obj.name))
        return True


class Watched(Groups):
    permission_classes = [IsOpenOrReading]

    @on("write")
    @requires(Watching)
    async def write(self) -> str:
        return "written"

    @on("look")
    @requires(Watching)
    @loads("group", Group, name="name")
    async def look(self, payload: Pick, group: Group) -> str:
        return group.name


def test_guards_of_an_action_are_asked_beside_the_connections(groups):
    """An action's own guards are asked about the connection's object, and cannot open what the connection's shut."""
    Watching.seen.clear()
    assert ["permission_denied"] == ask(Watched, ("write",), pk=groups[1].pk)
    assert [] == Watching.seen
    assert ["written", "closed"] == ask(Watched, ("write",), ("look", {"name": "closed"}), pk=groups[0].pk)
    assert [("write", "POST", "open"), ("look", "POST", "closed")] == Watching.seen


class ChoosingGuards(Groups):
    def get_permissions(self) -> list[Any]:
        return [IsOpenOrReading()]


def test_chosen_guards_hear_of_the_method(groups):
    """Guards that ``get_permissions()`` makes are asked about the object as those of the class are."""
    assert ["closed", "permission_denied"] == ask(ChoosingGuards, ("name",), ("write",), pk=groups[1].pk)


def test_objects_of_an_action(groups):
    """``@loads`` and ``aget_object`` find one object and ask the action's guards about it; or there is none."""
    for action in ("find", "load"):
        calls = [(action, {"name": name}) for name in ("open", "closed", "missing")]
        assert ["open", "closed", "not_found"] == ask(Groups, *calls, pk=groups[0].pk)


def test_asking_within_an_action(groups):
    """``check_object_permissions`` asks the connection's guards where the action has none of its own."""
    consumer = variant(Groups, permission_classes=[IsOpen])
    calls = [("ask", {"name": name}) for name in ("open", "closed")]
    assert ["open", "closed"] == ask(consumer, *calls, pk=groups[0].pk)


class Noting(IsOpen):
    seen: ClassVar[list[Any]] = []

    def has_permission(self, request: Any, view: Any) -> bool:
        self.seen.append((request.method, view.request is request, view.action))
        return len(self.seen) != 2


class Asking(Desk):
    """A consumer that asks where there is no action."""

    permission_classes = [Noting]
    heard: ClassVar[list[Any]] = []

    async def connected(self) -> None:
        opened, closed = [await Group.objects.aget(name=name) for name in ("open", "closed")]
        for question in (
            self.check_permissions(),
            self.check_permissions(),
            self.check_object_permissions(opened),
            self.check_object_permissions(closed),
            self.aget_object(Group, name="open"),
            self.aget_object(Group, name="closed"),
            self.aget_object(7, name="open"),
        ):
            try:
                self.heard.append(await question)
            except (ImproperlyConfigured, PermissionDenied) as error:
                self.heard.append(str(error).partition(".")[0])


def test_asking_outside_of_an_action(groups):
    """Where no action runs, the connection's guards are asked, with its request and the method of its handshake."""
    Noting.seen.clear()
    Asking.heard.clear()
    assert ["nobody"] == ask(Asking, ("who",))
    assert [*[("GET", True, None)] * 3, ("GET", True, "who")] == Noting.seen
    closed = "This one is closed"
    assert [closed, None, None, closed, groups[0], closed] == Asking.heard[:-1]
    assert Asking.heard[-1].startswith("Asking needs a queryset")


class Fickle(BasePermission):
    """Lets in once for each action."""

    asked: ClassVar[list[str]] = []

    def has_permission(self, request: Any, view: Any) -> bool:
        self.asked.append(view.action)
        return self.asked != ["twice", "twice"]


class Twice(Desk):
    @on("twice")
    @requires(Fickle)
    async def twice(self) -> None:
        await self.check_permissions()

    @on("other")
    async def other(self) -> None:
        await self.check_permissions()


def test_asking_again_within_an_action():
    """``check_permissions`` asks the guards of the action that runs as well, and of no other."""
    Fickle.asked.clear()
    assert ["permission_denied", None] == ask(Twice, ("twice",), ("other",))
    assert ["twice", "twice"] == Fickle.asked


class Refuses(Desk):
    @on("act")
    @requires(IsOpen)
    async def act(self) -> None: ...


@pytest.mark.parametrize(
    ("consumer", "culprit"),
    [
        (variant(permission_classes=[IsOpen]), "Variant"),
        (requires(IsOpen)(variant()), "Variant"),
        (Refuses, r"Refuses\.act\(\)"),
    ],
)
def test_guards_without_an_object(consumer, culprit):
    """A guard that knows nothing but objects, where there can be none, is an error: it would let everybody in."""
    with pytest.raises(ConfigurationError, match=rf"^{culprit} is guarded by IsOpen, .*Set `queryset` on \w+"):
        consumer.as_asgi()


class Acts(Desk):
    queryset = Group

    @on("act")
    @requires(IsOpen)
    async def act(self) -> None: ...


class Loads(Desk):
    queryset = Group

    @on("load")
    @requires(IsOpen)
    @loads("group", Group, name="name")
    async def load(self, payload: Pick, group: Group) -> None: ...


def test_guards_of_what_an_action_loads_need_no_object_of_the_url():
    """They have an object to be asked about: that of the action."""
    assert 200 == meet(Loads)[0]["status_code"]


@pytest.mark.parametrize(
    ("consumer", "kwargs"),
    [
        (variant(Groups, permission_classes=[IsOpen]), {}),
        (variant(Groups, permission_classes=[IsOpen]), {"group_pk": 1}),
        (variant(Groups, permission_classes=[IsOpenOrReading]), {"group_pk": 1}),
        (variant(queryset=Group, permission_classes=[IsOpenOrReading]), {"group_pk": 1}),
        (Acts, {}),
    ],
)
def test_a_url_that_names_no_object(consumer, kwargs, caplog):
    """Where guards ask about an object that the URL does not name, nobody is let in, and the log says what it lacks."""
    payload, _ = meet(consumer, **at(**kwargs))
    assert 500 == payload["status_code"]
    assert "looks its object up by 'pk', which its URL does not capture. Name it in the path" in caplog.text


@pytest.mark.parametrize(
    ("permissions", "kwargs"),
    [
        ([], {}),
        ([DjangoModelPermissions], {}),
        ([IsAuthenticated], {}),
        ([IsOpenOrReading], {}),
        ([DjangoModelPermissions], {"shelf": 1}),
        ([IsAuthenticated], {"shelf": 1}),
    ],
)
def test_a_queryset_needs_no_object(permissions, kwargs, django_user_model):
    """A queryset without an object in the URL is for the guards that look at its model."""
    user = django_user_model.objects.create_superuser("root")
    payload, _ = meet(variant(permission_classes=permissions, queryset=Group), user=user, **at(**kwargs))
    assert 200 == payload["status_code"]


@pytest.mark.parametrize("wrong", ["Group", 7, [Group], None, object])
def test_wrong_querysets(wrong):
    """What is no queryset is an error that names the consumer and what would be right."""
    with pytest.raises(Exception, match=r"Desk needs a queryset.*a QuerySet, a Manager or a model class"):
        as_queryset(wrong, "Desk")


def test_a_wrong_queryset_lets_nobody_in(caplog):
    """A connection to a consumer whose queryset is none is refused, and the log says why."""
    payload, _ = meet(variant(queryset="Group"), **at(pk=1))
    assert 500 == payload["status_code"]
    assert "Variant needs a queryset to find its object." in caplog.text
    assert [logging.ERROR] == [record.levelno for record in caplog.records if record.name == "wsdrf.access"]


def test_chosen_queryset_is_asked_for():
    """``get_queryset()`` of a consumer without one says so."""
    with pytest.raises(Exception, match="Consumer needs a queryset"):
        Consumer().get_queryset()
