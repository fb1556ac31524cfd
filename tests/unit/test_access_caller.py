"""Who is on a connection is checked again, and what they may hear, load and raise is DRF's to say."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from time import monotonic, sleep
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser, Group
from django.core.cache import cache
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone
from rest_framework.authentication import TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import BasePermission, IsAdminUser
from rest_framework.serializers import CharField, Serializer
from rest_framework.throttling import ScopedRateThrottle
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.tokens import AccessToken

from tests.unit.access_site import Desk, MembersDesk, meet, sync, variant
from wsdrf import loads, message, on, receives, requires, throttle
from wsdrf.access import caller, slots
from wsdrf.testing import WebsocketCommunicator

pytestmark = pytest.mark.django_db


@message("news")
class News:
    text: str


class Newest(BasePermission):
    async def has_permission(self, request: Any, view: Any) -> bool:
        return request.method == "GET" and request.data["text"] != "old"


class TokenDesk(MembersDesk):
    authentication_classes = [TokenAuthentication]
    revalidate_after = 0.0
    revoke_on = ()

    async def build_groups(self) -> list[str]:
        return ["news"]

    @receives(News)
    @requires(Newest)
    async def news(self, event: News) -> News:
        return event

    @on("admin")
    @requires(IsAdminUser)
    async def admin(self) -> str:
        return self.user.username


@pytest.fixture
def user(django_user_model: Any) -> Any:
    return django_user_model.objects.create_user("ann")


@pytest.fixture
def token(user: Any) -> str:
    return Token.objects.create(user=user).key


def test_an_event_reaches_who_may_hear_it(token):
    """A guard of a reception sees the event as ``request.data``; who may not hear it gets nothing, and is told nothing."""

    async def run() -> list[Any]:
        async with WebsocketCommunicator(TokenDesk.as_asgi(), "/", token=token) as socket:
            for text in ("old", "new"):
                await TokenDesk.apublish("news", News(text=text))
            return [await socket.receive_json(), await socket.receive_all_json(0.02)]

    assert [{"action": "news", "payload": {"text": "new"}}, []] == sync(run)()


def loses(change: Any, token: str) -> list[Any]:
    """Connect, make ``change``, call; give what came back, and the close code."""

    async def run() -> list[Any]:
        async with WebsocketCommunicator(TokenDesk.as_asgi(), "/", token=token) as socket:
            first = (await socket.call("who")).payload
            await in_thread(change)
            await socket.send_json({"action": "who", "id": 1})
            frames = await socket.receive_all_json(0.05)
            return [first, [frame["payload"].get("status_code") for frame in frames], socket.closed.code]

    return sync(run)()


async def in_thread(work: Any) -> Any:
    return await sync_to_async(work)()


def test_deleted_token(token):
    """A token that was deleted ends its connection before the next handler."""
    assert ["ann", [401], 4401] == loses(Token.objects.all().delete, token)


def test_inactive_user(user, token):
    """So does a user who is not active any more."""

    def deactivate() -> None:
        user.is_active = False
        user.save()

    assert ["ann", [401], 4401] == loses(deactivate, token)


def test_rights_are_read_anew(user, token):
    """A right that was given or taken counts for the next call: the user is read again."""

    def promote(is_staff: bool) -> Any:
        def change() -> None:
            type(user).objects.filter(pk=user.pk).update(is_staff=is_staff)

        return change

    async def run() -> list[Any]:
        codes = []
        async with WebsocketCommunicator(TokenDesk.as_asgi(), "/", token=token) as socket:
            for is_staff in (False, True, False):
                await in_thread(promote(is_staff))
                codes.append((await socket.call("admin")).code)
        return codes

    assert ["permission_denied", None, "permission_denied"] == sync(run)()


class Disguise(MembersDesk):
    authentication_classes = [TokenAuthentication]

    @on("put")
    async def put(self, username: str) -> str:
        user_model = type(self.user)
        self.request.user = user_model(username=username, is_staff=True) if username else AnonymousUser()
        return username

    @on("admin")
    @requires(IsAdminUser)
    async def admin(self, name: str) -> str:
        return name


@pytest.mark.parametrize(("username", "expected"), [("bob", None), ("", "permission_denied")])
def test_guards_are_asked_about_the_user_of_the_request(username, expected, token):
    """As in DRF: whoever stands on the request is asked about, also where a handler has put them there."""

    async def run() -> list[Any]:
        async with WebsocketCommunicator(Disguise.as_asgi(), "/", token=token) as socket:
            before = (await socket.call("admin", "x")).code
            await socket.call("put", username)
            return [before, (await socket.call("admin", "x")).code]

    assert ["permission_denied", expected] == sync(run)()


class Counting(TokenAuthentication):
    count = 0

    def authenticate(self, request: Any) -> Any:
        Counting.count += 1
        return super().authenticate(request)


@pytest.mark.parametrize(("limit", "expected"), [(60, 1), (None, 1), (0, 4)])
def test_age_of_credentials(limit, expected, token):
    """Within ``revalidate_after`` nobody is asked again, ``None`` stands for ever, and 0 asks before each call."""
    Counting.count = 0
    consumer = variant(TokenDesk, authentication_classes=[Counting], revalidate_after=limit)

    async def run() -> None:
        async with WebsocketCommunicator(consumer.as_asgi(), "/", token=token) as socket:
            for _ in range(3):
                await socket.call("who")

    sync(run)()
    assert expected == Counting.count


def test_a_pause_between_two_looks_at_the_clock_is_no_doubt(token, monkeypatch):
    """However long the process is kept from running, credentials that are young are not looked at again."""
    Counting.count = 0
    consumer = variant(TokenDesk, authentication_classes=[Counting], revalidate_after=60)
    pauses = count()

    def clock() -> float:
        sleep(0.02 * next(pauses))
        return monotonic()

    monkeypatch.setattr(caller, "monotonic", clock)

    async def run() -> None:
        async with WebsocketCommunicator(consumer.as_asgi(), "/", token=token) as socket:
            await socket.call("who")

    sync(run)()
    assert 1 == Counting.count


def test_expired_jwt(user):
    """A JWT that runs out ends its connection, whatever ``revalidate_after`` says."""
    access = AccessToken.for_user(user)
    access.set_exp(lifetime=timedelta(seconds=4.9), from_time=timezone.now())  # whole seconds travel: 3.9 at least
    consumer = variant(TokenDesk, authentication_classes=[JWTAuthentication], revalidate_after=None)

    async def run() -> Any:
        async with WebsocketCommunicator(consumer.as_asgi(), "/", token=str(access)) as socket:
            await socket.assert_closed(4401)
            return [frame["payload"]["status_code"] for frame in await socket.receive_all_json(0)]

    assert [401] == sync(run)()


# -- what is raised ----------------------------------------------------------------------------------------------------


class Reworded(ValidationError):
    def __init__(self) -> None:
        super().__init__("Too odd.", code="required")
        self.detail = {"text": ["Set by hand."]}


class Raising(Desk):
    errors = {
        "reworded": Reworded(),
        "drf": ValidationError({"text": ["Too odd."], "non_field_errors": ["Both."]}),
        "django": DjangoValidationError({"text": "Too odd."}),
        "one": ValidationError("Only this."),
        "list": ValidationError(["One.", "Two."]),
        "many": ValidationError([{"text": ["Too odd."]}] * 5000),
        "deep": ValidationError({"lines": [{}, {"text": ["Too odd."]}]}),
    }

    @on("raise")
    async def act(self, payload: str) -> None:
        raise self.errors[payload]


@pytest.mark.parametrize(
    ("name", "detail", "errors"),
    [
        ("drf", "Invalid input.", [(["payload", "text"], "Too odd."), (["payload"], "Both.")]),
        ("django", "Invalid input.", [(["payload", "text"], "Too odd.")]),
        ("one", "Only this.", [(["payload"], "Only this.")]),
        ("list", "Invalid input.", [(["payload"], "One."), (["payload"], "Two.")]),
        ("deep", "Invalid input.", [(["payload", "lines", 1, "text"], "Too odd.")]),
        ("many", "Invalid input.", [(["payload", number, "text"], "Too odd.") for number in range(10)]),
        ("reworded", "Invalid input.", [(["payload", "text"], "Set by hand.")]),
    ],
)
def test_validation_errors(name, detail, errors):
    """A ``ValidationError``, DRF's or Django's, is answered as invalid, field by field."""

    async def run() -> Any:
        async with WebsocketCommunicator(Raising.as_asgi(), "/") as socket:
            return (await socket.call("raise", name)).payload

    payload = sync(run)()
    assert (400, "invalid", detail) == (payload["status_code"], payload["code"], payload["detail"])
    assert errors == [(error["loc"], error["detail"]) for error in payload["errors"]]
    assert {"invalid"} == {error["code"] for error in payload["errors"]}


class Chosen(Serializer):
    name = CharField()


class Scoped(Desk):
    throttle_scope = "desk"

    @on("load")
    @loads("group", Group, name="name")
    async def load(self, payload: Chosen, group: Group) -> str:
        return group.name

    @on("map")
    @loads("group", Group, name="name")
    async def from_map(self, payload: dict[str, str], group: Group) -> str:
        return group.name

    @on("scoped")
    @throttle(ScopedRateThrottle)
    async def scoped(self) -> int:
        return 1

    @on("atomic")
    def atomic(self) -> bool:
        return transaction.get_connection().in_atomic_block and len(connection.savepoint_ids) > 0

    @on("both")
    @loads("group", Group, name="name")
    def both(self, payload: Chosen, group: Group) -> list[str]:
        return [payload.validated_data["name"], group.name]

    @on("apart")
    @transaction.non_atomic_requests
    def apart(self) -> bool:
        return self.atomic()


def answers(*calls: Any) -> list[Any]:
    async def run() -> list[Any]:
        async with WebsocketCommunicator(Scoped.as_asgi(), "/") as socket:
            got = [await socket.call(*call) for call in calls]
        return [answer.code or answer.payload for answer in got]

    return sync(run)()


def test_loads_reads_any_payload():
    """The lookup of ``@loads`` reads the fields of a serializer and the keys of a mapping."""
    Group.objects.create(name="open")
    calls = [(action, {"name": name}) for action in ("load", "map") for name in ("open", "other")]
    assert ["open", "not_found"] * 2 == answers(*calls)


def test_a_def_handler_is_given_what_an_async_one_is():
    """The payload and what is loaded reach the thread."""
    Group.objects.create(name="open")
    assert [["open", "open"], "not_found"] == answers(("both", {"name": "open"}), ("both", {"name": "other"}))


def test_scoped_throttle(monkeypatch):
    """``ScopedRateThrottle`` reads ``throttle_scope`` off the consumer, as off a view."""
    cache.clear()
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"desk": "1/min"})
    assert [1, "throttled"] == answers(("scoped",), ("scoped",))


@pytest.mark.parametrize("atomic", [True, False])
def test_atomic_requests(atomic):
    """A ``def`` handler runs in a transaction where ``ATOMIC_REQUESTS`` asks for one, and it does not decline."""
    connection.settings_dict["ATOMIC_REQUESTS"], before = atomic, connection.settings_dict["ATOMIC_REQUESTS"]
    try:
        assert [atomic, False] == answers(("atomic",), ("apart",))
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = before


# -- places ------------------------------------------------------------------------------------------------------------


def test_max_connections_per_user(token):
    """A user has so many connections at once and no more; one that ends leaves its place to another."""
    cache.clear()
    consumer = variant(TokenDesk, max_connections_per_user=2)

    async def run() -> list[int]:
        async with WebsocketCommunicator(consumer.as_asgi(), "/", token=token):
            async with WebsocketCommunicator(consumer.as_asgi(), "/", token=token) as second:
                assert "ann" == (await second.call("who")).payload
                third = WebsocketCommunicator(consumer.as_asgi(), "/", token=token)
                async with third:
                    refused = (await third.wait_for_auth())["status_code"]
                    await third.assert_closed(4429)
            async with WebsocketCommunicator(consumer.as_asgi(), "/", token=token) as fourth:
                return [refused, (await fourth.wait_for_auth())["status_code"]]

    assert [429, 200] == sync(run)()


def test_a_place_is_one_holders(user):
    """No place is given twice; who lost one to another cannot renew or release it."""
    cache.clear()
    first = slots.claim(user, 1)
    assert slots.claim(user, 1) is None
    assert first.renew()
    cache.clear()
    second = slots.claim(user, 1)
    assert not first.renew()
    first.release()
    assert slots.claim(user, 1) is None
    second.release()
    assert slots.claim(user, 1) is not None


def test_nobody_has_no_place():
    """Anonymous connections are not counted."""
    assert [200] * 3 == [meet(variant(max_connections_per_user=1))[0]["status_code"] for _ in range(3)]


def test_override_of_settings_is_followed():
    """What ``REST_FRAMEWORK`` says is read again after it has changed."""
    consumer = variant(permission_classes=None)
    assert 200 == meet(consumer)[0]["status_code"]
    with override_settings(REST_FRAMEWORK={"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"]}):
        assert 403 == meet(consumer)[0]["status_code"]
    assert 200 == meet(consumer)[0]["status_code"]
