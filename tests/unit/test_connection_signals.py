"""What Django tells of lost credentials ends the connections that they opened, at once, whatever these are doing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import sleep
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import SESSION_KEY, logout, update_session_auth_hash
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.test import Client
from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.models import AuthToken, get_token_model
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.permissions import BasePermission
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken
from rest_framework_simplejwt.tokens import SlidingToken

from tests.unit.access_site import MembersDesk, variant
from wsdrf import message, on
from wsdrf.connection.signals import connect_signals
from wsdrf.testing import WebsocketCommunicator
from wsdrf.testing.scope import set_cookie

pytestmark = pytest.mark.django_db(transaction=True)

SOON = 1.0
"""Seconds within which a signal has ended a connection."""


@message("signals.news")
class News:
    text: str


class MayView(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return request.user.has_perm("auth.view_group")


class Listening(MembersDesk):
    """A consumer that asks for fresh credentials when it is told to, and otherwise never."""

    revalidate_after = None
    revalidate_idle_after = None
    sends = [News]
    cancelled: list[str] = []

    async def build_groups(self) -> list[str]:
        return ["news"]

    @on("wait", timeout=None)
    async def wait(self) -> None:
        await self.send_message(News(text="waiting"))
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.append(self.user.username)
            raise


class BySession(Listening):
    authentication_classes = [SessionAuthentication]


class ByToken(Listening):
    authentication_classes = [TokenAuthentication]


class ByKnox(Listening):
    authentication_classes = [KnoxAuthentication]


class Sliding(JWTAuthentication):
    def get_validated_token(self, raw_token: Any) -> Any:
        try:
            return SlidingToken(raw_token)
        except TokenError:
            raise InvalidToken from None


class ByJwt(Listening):
    authentication_classes = [Sliding]


class Viewers(ByToken):
    permission_classes = [MayView]


@pytest.fixture
def user() -> Any:
    return User.objects.create_user("ann", password="pass")


async def in_thread(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return await sync_to_async(work)(*args, **kwargs)


async def browser_of(user: Any) -> Client:
    client = Client()
    await in_thread(client.force_login, user)
    return client


def by_session(browser: Client, consumer: Any = BySession) -> WebsocketCommunicator:
    socket = WebsocketCommunicator(consumer.as_asgi(), "/")
    set_cookie(socket.scope, "sessionid", browser.cookies["sessionid"].value)
    return socket


async def by_token(user: Any, consumer: Any = ByToken) -> WebsocketCommunicator:
    token, _ = await in_thread(Token.objects.get_or_create, user=user)
    return WebsocketCommunicator(consumer.as_asgi(), "/", token=token.key)


async def by_knox(user: Any, consumer: Any = ByKnox) -> WebsocketCommunicator:
    _, token = await in_thread(get_token_model().objects.create, user=user)
    return WebsocketCommunicator(consumer.as_asgi(), "/", token=token)


async def ends(socket: WebsocketCommunicator, code: int) -> None:
    """Expect the end: one more frame, which says why, and the close code that goes with it."""
    await socket.assert_closed(code, timeout=SOON)
    frames = await socket.receive_all_json(0)
    assert [("authentication", code - 4000)] == [(one["action"], one["payload"]["status_code"]) for one in frames]


async def lives(socket: WebsocketCommunicator) -> None:
    """Expect nothing to have happened, and a call to be answered."""
    await socket.assert_nothing_received(0.1)
    assert (await socket.call("who")).code is None


# -- each loss ---------------------------------------------------------------------------------------------------------


def deactivate(user: Any) -> None:
    user.is_active = False
    user.save()


def change_password(user: Any) -> None:
    user.set_password("other")
    user.save(update_fields=["password"])


def delete_user(user: Any) -> None:
    User.objects.get(pk=user.pk).delete()


def delete_token(user: Any) -> None:
    Token.objects.filter(user=user).delete()


def delete_knox(user: Any) -> None:
    user.auth_token_set.all().delete()


class Colleague(User):
    """A user, as a project's own admin page might handle them."""

    class Meta:
        proxy = True
        app_label = "auth"


class Badge(Token):
    """A token likewise. DRF's own TokenProxy deletes no row before DRF 3.18: it takes the user's key for its own."""

    class Meta:
        proxy = True
        app_label = "authtoken"


connect_signals()  # again: these classes came after the apps were loaded


def delete_token_by_proxy(user: Any) -> None:
    Badge.objects.filter(user=user).delete()


def deactivate_by_proxy(user: Any) -> None:
    colleague = Colleague.objects.get(pk=user.pk)
    colleague.is_active = False
    colleague.save()


def delete_by_proxy(user: Any) -> None:
    Colleague.objects.filter(pk=user.pk).delete()


LOSSES: list[Any] = [
    ("session", change_password, 4403),
    ("session", deactivate, 4403),
    ("session", delete_user, 4403),
    ("token", deactivate, 4401),
    ("token", delete_user, 4401),
    ("token", delete_token, 4401),
    ("knox", deactivate, 4401),
    ("knox", delete_user, 4401),
    ("knox", delete_knox, 4401),
    ("token", delete_token_by_proxy, 4401),
    ("token", deactivate_by_proxy, 4401),
    ("token", delete_by_proxy, 4401),
]


async def socket_of(kind: str, user: Any, **options: Any) -> WebsocketCommunicator:
    if kind == "session":
        return by_session(await browser_of(user), variant(BySession, **options))
    if kind == "token":
        return await by_token(user, variant(ByToken, **options))
    return await by_knox(user, variant(ByKnox, **options))


@pytest.mark.parametrize(("kind", "lose", "code"), LOSSES)
async def test_a_loss_ends_a_connection_that_listens(kind, lose, code, user):
    """Whoever loses their credentials is told so and closed, though they ask for nothing."""
    async with await socket_of(kind, user) as socket:
        await in_thread(lose, user)
        await ends(socket, code)


@pytest.mark.parametrize(("kind", "lose", "code"), [LOSSES[0], LOSSES[5], LOSSES[8]])
async def test_a_loss_ends_a_handler_that_runs(kind, lose, code, user):
    """A handler that still runs is cancelled, and does not answer any more."""
    Listening.cancelled.clear()
    async with await socket_of(kind, user) as socket:
        await socket.send_json({"action": "wait", "id": 1})
        await socket.receive_message(News)
        await in_thread(lose, user)
        await ends(socket, code)
    assert ["ann"] == Listening.cancelled


def silently(change: str) -> Callable[[Any], None]:
    def make(user: Any) -> None:
        rows = User.objects.filter(pk=user.pk)
        if change == "is_active":
            rows.update(is_active=False)
        elif change == "password":
            rows.update(password="other")
        elif change == "token":
            Token.objects.filter(user=user)._raw_delete("default")
        elif change == "knox":
            AuthToken.objects.filter(user=user)._raw_delete("default")
        else:
            Session.objects.all()._raw_delete("default")

    return make


@pytest.mark.parametrize(
    ("kind", "change", "code"),
    [
        ("session", "is_active", 4403),
        ("session", "password", 4403),
        ("session", "session", 4403),
        ("token", "is_active", 4401),
        ("token", "token", 4401),
        ("knox", "knox", 4401),
    ],
)
async def test_a_silent_loss_ends_at_the_next_action(kind, change, code, user):
    """What no signal tells of is found before the next handler runs."""
    async with await socket_of(kind, user, revalidate_after=0) as socket:
        await in_thread(silently(change), user)
        await socket.assert_nothing_received(0.05)
        await socket.send_json({"action": "who", "id": 1})
        await ends(socket, code)


class Losing(BasePermission):
    """Let in, and let go at the same moment."""

    lose: Callable[[Any], None]

    def has_permission(self, request: Any, view: Any) -> bool:
        lose, Losing.lose = Losing.lose, lambda user: None
        lose(request.user)
        return True


def log_out(user: Any) -> None:
    request = HttpRequest()
    request.session, request.user = SessionStore(Session.objects.get().session_key), user
    logout(request)


@pytest.fixture(params=["in memory", "none"])
def layer(request: pytest.FixtureRequest, settings: Any) -> None:
    if request.param == "none":
        settings.CHANNEL_LAYERS = {}


@pytest.mark.usefixtures("layer")
@pytest.mark.parametrize(("kind", "lose", "code"), [*LOSSES, ("session", log_out, 4403)])
async def test_a_loss_at_the_moment_of_connecting(kind, lose, code, user):
    """What is lost after the credentials were read, and before the connection could be told of it, is lost."""
    Losing.lose = staticmethod(lose)
    socket = await socket_of(kind, user, permission_classes=[Losing], build_groups=MembersDesk.build_groups)
    socket.expect_authentication = False
    async with socket:
        await socket.assert_closed(code, timeout=SOON)
        assert {code - 4000} <= {one["payload"]["status_code"] for one in await socket.receive_all_json(0)}


# -- sessions ----------------------------------------------------------------------------------------------------------


async def test_logout_ends_that_session_alone(user):
    """Who logs out in one browser is closed there, and stays in the other."""
    here, there = await browser_of(user), await browser_of(user)
    async with by_session(here) as left, by_session(there) as stays:
        await in_thread(here.logout)
        await ends(left, 4403)
        await lives(stays)


async def test_a_token_outlives_a_logout(user):
    """A connection that a token has opened has nothing to do with the session of the same browser."""
    browser = await browser_of(user)
    async with await by_token(user) as socket:
        await in_thread(browser.logout)
        await lives(socket)


async def test_login_is_no_loss(user):
    """Another login of the same user, which saves ``last_login``, asks nobody for credentials."""
    async with by_session(await browser_of(user)) as socket:
        await browser_of(user)
        await lives(socket)


async def test_the_session_that_keeps_its_login_lets_in(user):
    """After ``update_session_auth_hash`` every connection of an old key is closed, and the kept session opens anew."""
    kept, other = await browser_of(user), await browser_of(user)

    def change() -> None:
        request = HttpRequest()
        request.session, request.user = kept.session, user
        with transaction.atomic():
            change_password(user)
            update_session_auth_hash(request, user)
            request.session.save()
        assert str(user.pk) == request.session[SESSION_KEY]
        kept.cookies["sessionid"] = request.session.session_key

    async with by_session(other) as thrown_out:
        await in_thread(change)
        await ends(thrown_out, 4403)
    async with by_session(kept) as socket:
        await lives(socket)


# -- rights ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def right() -> Any:
    return Permission.objects.get(codename="view_group", content_type__app_label="auth")


@pytest.fixture
def group(right: Any) -> Any:
    group = Group.objects.create(name="viewers")
    group.permissions.add(right)
    return group


def ways(user: Any, group: Any, right: Any) -> dict[str, Callable[[], Any]]:
    return {
        "user removed": lambda: user.groups.remove(group),
        "user cleared": user.groups.clear,
        "group removed": lambda: group.user_set.remove(user),
        "group cleared": group.user_set.clear,
        "right removed": lambda: group.permissions.remove(right),
        "right cleared": lambda: group.permissions.set([]),
        "right removed from the other side": lambda: right.group_set.remove(group),
        "group deleted": group.delete,
        "right deleted": right.delete,
    }


WAYS = [
    "user removed",
    "user cleared",
    "group removed",
    "group cleared",
    "right removed",
    "right cleared",
    "right removed from the other side",
    "group deleted",
    "right deleted",
]


@pytest.mark.parametrize("way", WAYS)
async def test_a_lost_right_ends_the_connection(way, user, group, right):
    """A right that the connection's guard asks for, once lost in whatever way, ends the connection as forbidden."""
    await in_thread(user.groups.add, group)
    async with await by_token(user, Viewers) as socket:
        await in_thread(ways(user, group, right)[way])
        await ends(socket, 4403)


@pytest.mark.parametrize("reverse", [False, True])
async def test_a_users_own_right(reverse, user, right):
    """So does a right that was the user's own."""
    await in_thread(user.user_permissions.add, right)
    async with await by_token(user, Viewers) as socket:
        await in_thread(*((right.user_set.remove, user) if reverse else (user.user_permissions.remove, right)))
        await ends(socket, 4403)


async def test_a_right_that_does_not_matter(user, group, right):
    """Who still may goes on."""
    await in_thread(user.groups.add, group)
    async with await by_token(user, Viewers) as socket:
        await in_thread(user.user_permissions.add, right)
        await lives(socket)


# -- simplejwt's list of what is not good any more ---------------------------------------------------------------------


async def test_a_blacklisted_token(user):
    """A token that its owner has had blacklisted ends its connection."""
    token = await in_thread(SlidingToken.for_user, user)
    async with WebsocketCommunicator(ByJwt.as_asgi(), "/", token=str(token)) as socket:
        await lives(socket)
        await in_thread(token.blacklist)
        assert 1 == await in_thread(BlacklistedToken.objects.count)
        await ends(socket, 4401)


# -- what else is told -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "kind", "lose", "code"),
    [("user", "session", change_password, 4403), ("token", "token", delete_token, 4401)],
)
async def test_opting_out(word, kind, lose, code, user):
    """A word left out of ``revoke_on`` is not heard; its loss is found before the next handler all the same."""
    rest = [one for one in ("logout", "user", "token", "permissions") if one != word]
    async with await socket_of(kind, user, revoke_on=rest, revalidate_after=0) as socket:
        await in_thread(lose, user)
        await socket.assert_nothing_received(0.1)
        await socket.send_json({"action": "who", "id": 1})
        await ends(socket, code)


async def test_opting_out_of_logout(user):
    """Nor is a logout heard without its word."""
    browser = await browser_of(user)
    async with by_session(browser, variant(BySession, revoke_on=["user"], revalidate_after=0)) as socket:
        await in_thread(browser.logout)
        await socket.assert_nothing_received(0.1)
        await socket.send_json({"action": "who"})
        await ends(socket, 4403)


async def test_opting_out_of_permissions(user, group, right):
    """Nor is a right that is lost."""
    await in_thread(user.groups.add, group)
    consumer = variant(Viewers, revoke_on=["user"], revalidate_after=0)
    async with await by_token(user, consumer) as socket:
        await in_thread(group.permissions.clear)
        await socket.assert_nothing_received(0.1)
        await socket.send_json({"action": "who"})
        await ends(socket, 4403)


class SlowToken(TokenAuthentication):
    """Take a while, so that something can happen meanwhile."""

    def authenticate_credentials(self, key: str) -> Any:
        found = super().authenticate_credentials(key) if Token.objects.filter(key=key).exists() else None
        sleep(0.1)
        return found or super().authenticate_credentials(key)


async def test_nothing_is_delivered_after_the_loss(user):
    """What is sent after the credentials were lost does not arrive, not even while they are still being looked at."""
    consumer = variant(ByToken, authentication_classes=[SlowToken])
    async with await by_token(user, consumer) as socket:
        await in_thread(delete_token, user)
        for text in "abc":
            await consumer.apublish("news", News(text=text))
        await ends(socket, 4401)


async def test_nothing_is_lost_where_nothing_was_lost(user):
    """What is sent while good credentials are looked at arrives afterwards, in its order."""
    consumer = variant(ByToken, authentication_classes=[SlowToken])
    async with await by_token(user, consumer) as socket:
        await in_thread(user.save)
        for text in "abc":
            await consumer.apublish("news", News(text=text))
        assert list("abc") == [(await socket.receive_message(News)).text for _ in range(3)]
        await lives(socket)


async def test_no_action_after_the_loss(user):
    """A call that comes while credentials are being looked at waits for the verdict, however young they are."""
    consumer = variant(ByToken, authentication_classes=[SlowToken])
    async with await by_token(user, consumer) as socket:
        await in_thread(delete_token, user)
        await socket.send_json({"action": "who", "id": 1})
        await ends(socket, 4401)


async def test_only_once_committed(user):
    """What is rolled back was no loss, and what is committed is one from then on."""

    def roll_back() -> None:
        with transaction.atomic():
            delete_token(user)
            transaction.set_rollback(True)

    def commit() -> None:
        with transaction.atomic():
            delete_token(user)

    async with await by_token(user) as socket:
        await in_thread(roll_back)
        await lives(socket)
        await in_thread(commit)
        await ends(socket, 4401)


async def test_a_handler_may_take_rights(user):
    """A ``def`` handler that deletes the token it was called with ends its own connection."""

    class Suicide(ByToken):
        @on("burn")
        def burn(self) -> None:
            Token.objects.filter(user=self.user).delete()

    async with await by_token(user, Suicide) as socket, await by_token(user) as other:
        await socket.send_json({"action": "burn"})
        await ends(socket, 4401)
        await ends(other, 4401)


async def test_other_users_stay(user):
    """One user's loss is not another's."""
    bea = await in_thread(User.objects.create_user, "bea")
    async with await by_token(user) as left, await by_token(bea) as stays:
        await in_thread(delete_token, user)
        await ends(left, 4401)
        await lives(stays)
