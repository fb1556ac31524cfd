"""Credentials that end, grow old or cannot be looked at: what becomes of the connection that they opened."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from time import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from attrs import define
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import OperationalError
from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.models import AuthToken, get_token_model
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.exceptions import AuthenticationFailed

from tests.unit.access_site import MembersDesk, variant
from wsdrf import Authenticator, AuthorizationHeader, FirstMessage, Subprotocol, disconnect, message, on
from wsdrf.connection import watch
from wsdrf.connection.hub import hub_of
from wsdrf.testing import WebsocketCommunicator


@message("watch.news")
class News:
    text: str


@define
class Registry:
    """Who is known by which token, until when; and how often the registry was asked, and whether it is down."""

    users: dict[str, Any]
    ends: dict[str, float]
    asked: int = 0
    is_down: bool = False


registry = Registry({}, {})


class ByRegistry(BaseAuthentication):
    """Ask the registry: claims as ``request.auth``, as of a JWT."""

    def authenticate(self, request: Any) -> Any:
        registry.asked += 1
        if registry.is_down:
            raise OperationalError("The database is down.")
        token = request.META.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        if not token:
            return None
        if token not in registry.users or registry.ends.get(token, time() + 1) <= time():
            raise AuthenticationFailed
        return registry.users[token], {
            "token": token,
            **({"exp": registry.ends[token]} if token in registry.ends else {}),
        }

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"


class Watched(MembersDesk):
    authentication_classes = [ByRegistry]
    credential_carriers = (AuthorizationHeader(), Subprotocol(), FirstMessage())
    revalidate_after = None
    revalidate_idle_after = None
    sends = [News]

    async def build_groups(self) -> list[str]:
        return [self.group_name("of", self.user.pk)]

    @on("groups", method="GET")
    async def list_groups(self) -> list[str]:
        return sorted(self.groups)


@pytest.fixture(autouse=True)
def people() -> Iterator[None]:
    ann, bea = User(pk=1, username="ann"), User(pk=2, username="bea")
    registry.users, registry.ends, registry.asked, registry.is_down = {"a": ann, "a2": ann, "b": bea}, {}, 0, False
    yield
    registry.users.clear()


def socket_of(token: str | None = "a", **options: Any) -> WebsocketCommunicator:
    return WebsocketCommunicator(variant(Watched, **options).as_asgi(), "/", token=token)


async def ends(socket: WebsocketCommunicator, code: int, timeout: float = 1) -> None:
    await socket.assert_closed(code, timeout=timeout)
    frames = await socket.receive_all_json(0)
    assert [("authentication", code - 4000)] == [(one["action"], one["payload"]["status_code"]) for one in frames]


# -- the stated end ----------------------------------------------------------------------------------------------------


async def test_the_end_of_claims():
    """A connection ends when its credentials say so, not before, and without any action."""
    registry.ends["a"] = end = time() + 0.3
    async with socket_of() as socket:
        assert "ann" == (await socket.call("who")).payload
        await ends(socket, 4401)
        assert end <= time() <= end + 0.5


async def test_no_action_after_the_end(monkeypatch):
    """An action that comes when the credentials have ended, before the timer has, is refused all the same."""
    monkeypatch.setattr(watch, "MARGIN", 60)
    registry.ends["a"] = time() + 0.1
    async with socket_of() as socket:
        registry.ends["a"] = 0.0
        await socket.assert_nothing_received(0.11)
        await socket.send_json({"action": "who"})
        await ends(socket, 4401)


async def test_an_end_that_was_put_off():
    """Credentials that were prolonged meanwhile go on, until their new end."""
    registry.ends["a"] = time() + 0.1
    async with socket_of() as socket:
        registry.ends["a"] += 0.3
        await socket.assert_nothing_received(0.25)
        await ends(socket, 4401)


async def shorten(model: Any, **ends: Any) -> None:
    await sync_to_async(model.objects.update)(**ends)


@pytest.mark.django_db(transaction=True)
async def test_the_end_of_a_knox_token(django_user_model):
    """A knox token ends its connection when its row says so."""
    user = await sync_to_async(django_user_model.objects.create_user)("ann")
    _, token = await sync_to_async(get_token_model().objects.create)(user=user)
    await shorten(AuthToken, expiry=datetime.now(timezone.utc) + timedelta(seconds=0.5))
    consumer = variant(Watched, authentication_classes=[KnoxAuthentication])
    async with WebsocketCommunicator(consumer.as_asgi(), "/", token=token) as socket:
        assert "ann" == (await socket.call("who")).payload
        await ends(socket, 4401)


@pytest.mark.django_db(transaction=True)
async def test_the_end_of_a_session(django_user_model):
    """A session ends its connection when its stored time is over."""
    user = await sync_to_async(django_user_model.objects.create_user)("ann")
    consumer = variant(Watched, authentication_classes=[SessionAuthentication])
    socket = WebsocketCommunicator(consumer.as_asgi(), "/")
    await socket.login(user)
    await shorten(Session, expire_date=datetime.now(timezone.utc) + timedelta(seconds=0.5))
    async with socket:
        assert "ann" == (await socket.call("who")).payload
        await ends(socket, 4403)


# -- renewal -----------------------------------------------------------------------------------------------------------


async def renew(socket: WebsocketCommunicator) -> None:
    await socket.send_json({"action": "authenticate", "token": "a2", "id": 7})
    frame = await socket.receive_json()
    assert ("authentication", 200, 7) == (frame["action"], frame["payload"]["status_code"], frame["id"])


async def test_renewal():
    """The same user goes on with new credentials, in the same groups; the end is the new one's, and so is the say."""
    registry.ends["a"] = time() + 0.3
    async with socket_of() as socket:
        groups = (await socket.call("groups")).payload
        await renew(socket)
        assert groups == (await socket.call("groups")).payload
        await socket.assert_nothing_received(0.5)
        await Watched.apublish(groups[0], News(text="still here"))
        assert "still here" == (await socket.receive_message(News)).text


async def test_renewal_arms_the_new_end():
    """New credentials that end close the connection in their turn."""
    async with socket_of() as socket:
        registry.ends["a2"] = time() + 0.2
        await renew(socket)
        await ends(socket, 4401)


@pytest.mark.parametrize("token", ["b", "nobody's"])
async def test_renewal_as_another(token):
    """Another user's token is refused and ends the connection, and so does one that is nobody's."""
    async with socket_of() as socket:
        await socket.send_json({"action": "authenticate", "token": token, "id": 1})
        await ends(socket, 4401)


@pytest.mark.django_db(transaction=True)
async def test_renewal_of_what_was_revoked():
    """After a renewal the old credentials can no longer end the connection, and the new ones can."""
    async with socket_of(revalidate_after=0) as socket:
        await renew(socket)
        del registry.users["a"]
        assert "ann" == (await socket.call("who")).payload
        await sync_to_async(disconnect)(token="a")
        await socket.assert_nothing_received(0.05)
        await sync_to_async(disconnect)(token="a2")
        await ends(socket, 4401)


# -- age ---------------------------------------------------------------------------------------------------------------


async def test_a_silent_loss_of_one_who_listens():
    """Who only listens is looked at every ``revalidate_idle_after``, and closed when nothing is left."""
    async with socket_of(revalidate_idle_after=0.1) as socket:
        await socket.assert_nothing_received(0.25)
        assert registry.asked > 2
        registry.users.clear()
        await ends(socket, 4401)


async def test_one_who_acts_is_not_asked_twice():
    """A look that a call has made puts the next off; with ``None`` nobody who listens is looked at."""
    async with socket_of(revalidate_idle_after=0.3, revalidate_after=0) as socket:
        for _ in range(8):
            await socket.assert_nothing_received(0.05)
            assert (await socket.call("who")).code is None
        assert 9 == registry.asked
    registry.asked = 0
    async with socket_of() as socket:
        await socket.assert_nothing_received(0.2)
    assert 1 == registry.asked


# -- a layer that may have lost a notice ------------------------------------------------------------------------------


def lose_something() -> None:
    """Have the hub tell its members that parcels may have been lost."""
    for member in {one for members in hub_of("default")._members.values() for one in members.values()}:
        member.resync()


async def test_who_may_have_missed_a_notice_is_looked_at(monkeypatch):
    """After a layer has failed, who only listens is looked at soon, though ``None`` says never; once is enough."""
    monkeypatch.setattr(watch, "MISSED_WITHIN", 0.05)
    async with socket_of() as socket:
        lose_something()
        assert "wsdrf.resync" == (await socket.receive_json())["action"]
        await socket.assert_nothing_received(0.2)
        assert 2 == registry.asked
        registry.users.clear()
        lose_something()
        await ends_after_resync(socket)


async def test_who_may_have_missed_a_notice_does_nothing_more(monkeypatch):
    """After a layer has failed, the next action looks at the credentials first, however young they are."""
    monkeypatch.setattr(watch, "MISSED_WITHIN", 60)
    async with socket_of(revalidate_after=60) as socket:
        assert (await socket.call("who")).code is None
        registry.users.clear()
        lose_something()
        await socket.send_json({"action": "who", "id": 1})
        await ends_after_resync(socket)


async def ends_after_resync(socket: WebsocketCommunicator) -> None:
    await socket.assert_closed(4401, timeout=1)
    actions = [frame["action"] for frame in await socket.receive_all_json(0)]
    assert "authentication" == actions[-1]
    assert {"wsdrf.resync"} >= {*actions[:-1]}


# -- what cannot be found out ------------------------------------------------------------------------------------------


async def test_a_look_that_fails_before_a_handler():
    """While nobody can tell whether the credentials hold, an action is an error, and the connection lives."""
    async with socket_of(revalidate_after=0) as socket:
        registry.is_down = True
        answer = await socket.call("who")
        assert (500, "error") == (answer.payload["status_code"], answer.code)
        registry.is_down = False
        assert "ann" == (await socket.call("who")).payload


async def test_three_looks_that_fail(monkeypatch):
    """Three looks in a row that fail close with 4500; the client is told nothing about its credentials."""
    monkeypatch.setattr(watch, "RETRY_AFTER", 0.03)
    async with socket_of(revalidate_idle_after=0.05) as socket:
        registry.is_down = True
        before = registry.asked
        await socket.assert_closed(4500, timeout=1)
        assert [] == await socket.receive_all_json(0)
        assert 3 == registry.asked - before


async def test_a_look_that_succeeds_again(monkeypatch):
    """One look that succeeds makes the count of those that failed start anew."""
    monkeypatch.setattr(watch, "RETRY_AFTER", 0.03)
    async with socket_of(revalidate_idle_after=0.05) as socket:
        for _ in range(3):
            registry.is_down, before = True, registry.asked
            while registry.asked < before + 2:
                await socket.assert_nothing_received(0.002)
            registry.is_down, before = False, registry.asked
            while registry.asked < before + 2:
                await socket.assert_nothing_received(0.002)


class Brittle(Authenticator):
    """Cannot always be made."""

    is_broken = False

    def __init__(self, *given: Any, **named: Any) -> None:
        if self.is_broken:
            raise RuntimeError("Not now.")
        super().__init__(*given, **named)


async def test_a_look_that_cannot_even_begin(monkeypatch, caplog):
    """Who cannot be looked at, for a fault of the server's, is closed with 4500, and the log says why."""
    async with socket_of(authenticator_class=Brittle, revalidate_idle_after=0.05) as socket:
        monkeypatch.setattr(Brittle, "is_broken", True)
        await socket.assert_closed(4500, timeout=1)
        assert [] == await socket.receive_all_json(0)
    assert "Not now." in caplog.text


class Renaming(MembersDesk):
    authentication_classes = [ByRegistry]
    revalidate_idle_after = 0.02
    permission_classes = []

    def get_object(self) -> Any:
        return Registry({}, {}, registry.asked)

    @on("rename")
    async def rename(self) -> list[bool]:
        before = [self.obj, self.user, self.request]
        asked = registry.asked
        while registry.asked < asked + 2:  # noqa: ASYNC110 - a count has no event
            await asyncio.sleep(0.01)
        return [one is other for one, other in zip(before, [self.obj, self.user, self.request], strict=True)]

    @on("read")
    async def read(self) -> int:
        """Tell which look has found the object."""
        return self.obj.asked


async def test_a_look_takes_nothing_from_under_a_handler():
    """What a handler has changed it can save, for it is still there; the next call has what was read meanwhile."""
    async with WebsocketCommunicator(Renaming.as_asgi(), "/", token="a") as socket:
        before = (await socket.call("read")).payload
        assert [True, True, True] == (await socket.call("rename")).payload
        assert before + 2 <= (await socket.call("read")).payload


@pytest.mark.django_db(transaction=True)
async def test_a_user_with_a_real_row(django_user_model):
    """The user of each look is read anew, and the one of the connection stays the one that was let in."""
    user = await sync_to_async(django_user_model.objects.create_user)("ann")
    token = await sync_to_async(Token.objects.create)(user=user)
    consumer = variant(Watched, authentication_classes=[TokenAuthentication], revalidate_after=0)
    async with WebsocketCommunicator(consumer.as_asgi(), "/", token=token.key) as socket:
        await sync_to_async(django_user_model.objects.update)(username="anna")
        assert "anna" == (await socket.call("who")).payload
        bea = await sync_to_async(django_user_model.objects.create_user)("bea")
        await sync_to_async(Token.objects.update)(user=bea)
        await socket.send_json({"action": "who"})
        await ends(socket, 4401)
