"""Ann, her credentials of each kind, and each way to lose them: what the matrix of losses is made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from threading import Semaphore
from time import time
from typing import Any

from asgiref.sync import sync_to_async
from attrs import define, frozen
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.models import AuthToken
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView
from rest_framework_simplejwt.tokens import SlidingToken

from tests.laws.identity_site import Sliding
from wsdrf import Consumer, message, on, receives
from wsdrf.testing import WebsocketCommunicator
from wsdrf.testing.scope import set_cookie

SOON = 5.0
"""Seconds within which a signal has ended a connection on a machine that has much else to do; mostly it takes 0.01."""

AUTHENTICATION = {
    "session": SessionAuthentication,
    "token": TokenAuthentication,
    "knox": KnoxAuthentication,
    "jwt": Sliding,
}


@message("losses.news")
class News:
    text: str


@message("losses.event")
class Event:
    text: str


class MayView(BasePermission):
    """Ask for a right; and let something happen once, when a connection has just been authenticated."""

    strike: Callable[[], Any] | None = None

    def has_permission(self, request: Any, view: Any) -> bool:
        may = request.user.has_perm("auth.view_group")
        strike, MayView.strike = MayView.strike, None
        if strike is not None:
            strike()
        return bool(may)


class SlowToken(BaseAuthentication):
    """Know two tokens of Ann's; whoever shows the old one waits to pass ``gate``, and ``began`` tells of it."""

    known: set[str] = set()
    is_slow = False
    began, gate = Semaphore(0), Semaphore(0)

    def authenticate(self, request: Any) -> Any:
        token = request.META.get("HTTP_AUTHORIZATION", "").removeprefix("Token ")
        is_known = token in self.known
        if token == "old" and self.is_slow:
            self.began.release()
            self.gate.acquire(timeout=SOON)
        if not is_known:
            raise AuthenticationFailed
        return User(pk=1, username="ann", is_superuser=True), token

    def authenticate_header(self, request: Any) -> str:
        return "Token"


class Listening(Consumer):
    permission_classes = [MayView]
    throttle_classes: list[Any] = []
    revalidate_after = None
    revalidate_idle_after = None
    sends = [News, Event]

    async def build_groups(self) -> list[str]:
        return ["news"]

    @on("who", method="GET")
    async def who(self) -> str:
        return self.user.username

    @receives(Event)
    async def heard(self, event: Event) -> Event:
        return event


@define
class Visitor:
    """Ann, who has a right through a group and one credential of the kind ``kind``: ``text`` is what she sends."""

    kind: str
    user: Any
    group: Any
    text: str
    browser: Client

    @classmethod
    def make(cls, kind: str) -> Visitor:
        user, group, browser = User.objects.create_user("ann"), Group.objects.create(name="viewers"), Client()
        User.objects.create_user("bea")
        group.permissions.add(Permission.objects.get(codename="view_group"))
        user.groups.add(group)
        if kind == "session":
            browser.force_login(user)
            text = browser.cookies["sessionid"].value
        elif kind == "token":
            text = Token.objects.create(user=user).key
        elif kind == "knox":
            _, text = AuthToken.objects.create(user=user)
        else:
            text = str(SlidingToken.for_user(user))
        return cls(kind, user, group, text, browser)

    @property
    def status(self) -> int:
        """Give the status of a refusal of these credentials: DRF knows no challenge of a session, and so says 403."""
        return 403 if self.kind == "session" else 401

    def socket(self, **options: Any) -> WebsocketCommunicator:
        options["authentication_classes"] = [AUTHENTICATION[self.kind]]
        consumer = type(Consumer)("Site", (Listening,), options)
        token = None if self.kind == "session" else self.text
        socket = WebsocketCommunicator(consumer.as_asgi(), "/", token=token)
        if self.kind == "session":
            set_cookie(socket.scope, "sessionid", self.text)
        return socket

    def shorten(self, seconds: float) -> float:
        """Let the credential end in about ``seconds``; give when, in seconds since the epoch."""
        end = time() + seconds
        moment = datetime.fromtimestamp(end, timezone.utc)
        if self.kind == "session":
            Session.objects.update(expire_date=moment)
        elif self.kind == "knox":
            AuthToken.objects.update(expiry=moment)
        else:
            token = SlidingToken.for_user(self.user)
            token.payload["exp"] = end = int(end) + 1  # simplejwt knows whole seconds
            self.text = str(token)
        return end

    def rest(self) -> tuple[int, Any]:
        """Give what a REST view with the same classes answers at this moment."""

        class Rest(APIView):
            authentication_classes = [AUTHENTICATION[self.kind]]
            permission_classes = [MayView]

            def get(self, request: Any) -> Response:
                return Response("welcome")

        if self.kind == "session":
            request = self.browser.get("/").wsgi_request  # goes through Django's middleware, as in a browser
        else:
            scheme = "Bearer" if self.kind == "jwt" else "Token"
            request = APIRequestFactory().get("/", headers={"authorization": f"{scheme} {self.text}"})
        response = Rest.as_view()(request)
        return response.status_code, response.data


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@frozen
class Loss:
    """One way to lose something. ``words`` are those of ``revoke_on`` that tell of it: none where nobody does."""

    kinds: tuple[str, ...]
    words: frozenset[str]
    told: Callable[[Visitor], Any] | None
    silent: Callable[[Visitor], Any] | None


def set_and_save(visitor: Visitor, **values: Any) -> None:
    row = User.objects.get(pk=visitor.user.pk)
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


def change_password(visitor: Visitor) -> None:
    row = User.objects.get(pk=visitor.user.pk)
    row.set_password("other")
    row.save(update_fields=["password"])


def delete_user_in_silence(visitor: Visitor) -> None:
    for table in ("authtoken_token", "knox_authtoken", "auth_user_groups"):
        sql(f"DELETE FROM {table} WHERE user_id = %s", visitor.user.pk)
    sql("UPDATE token_blacklist_outstandingtoken SET user_id = NULL WHERE user_id = %s", visitor.user.pk)
    sql("DELETE FROM auth_user WHERE id = %s", visitor.user.pk)


def blacklist_in_silence(visitor: Visitor) -> None:
    sql(
        "INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id)"
        " SELECT CURRENT_TIMESTAMP, id FROM token_blacklist_outstandingtoken WHERE token = %s",
        visitor.text,
    )


ALL = ("session", "token", "knox", "jwt")
PAST = "2020-01-01 00:00:00"


def loss(kinds: str, words: str, told: Any, silent: Any) -> Loss:
    return Loss(ALL if kinds == "all" else (kinds,), frozenset(words.split()), told, silent)


LOSSES: dict[str, Loss] = {
    "logout": loss("session", "logout", lambda ann: ann.browser.logout(), None),
    "session deleted": loss("session", "", None, lambda ann: sql("DELETE FROM django_session")),
    "session over": loss("session", "", None, lambda ann: sql("UPDATE django_session SET expire_date = %s", PAST)),
    "password": loss(
        "session",
        "user",
        change_password,
        lambda ann: User.objects.filter(pk=ann.user.pk).update(password="other"),
    ),
    "inactive": loss(
        "all",
        "user",
        lambda ann: set_and_save(ann, is_active=False),
        lambda ann: sql("UPDATE auth_user SET is_active = %s", False),
    ),
    "user deleted": loss(
        "all", "user token permissions", lambda ann: User.objects.get(pk=ann.user.pk).delete(), delete_user_in_silence
    ),
    "token deleted": loss(
        "token",
        "token",
        lambda ann: Token.objects.get(user=ann.user).delete(),
        lambda ann: sql("DELETE FROM authtoken_token"),
    ),
    "token renamed": loss("token", "", None, lambda ann: Token.objects.update(key="0" * 40)),
    "knox deleted": loss(
        "knox",
        "token",
        lambda ann: ann.user.auth_token_set.all().delete(),
        lambda ann: sql("DELETE FROM knox_authtoken"),
    ),
    "knox over": loss("knox", "", None, lambda ann: sql("UPDATE knox_authtoken SET expiry = %s", PAST)),
    "blacklisted": loss(
        "jwt", "token", lambda ann: SlidingToken(ann.text, verify=False).blacklist(), blacklist_in_silence
    ),
    "group left": loss(
        "all",
        "permissions",
        lambda ann: ann.user.groups.remove(ann.group),
        lambda ann: sql("DELETE FROM auth_user_groups"),
    ),
    "right taken": loss(
        "all",
        "permissions",
        lambda ann: ann.group.permissions.clear(),
        lambda ann: sql("DELETE FROM auth_group_permissions"),
    ),
    "put out of the group": loss(
        "token",
        "permissions",
        lambda ann: ann.group.user_set.remove(ann.user),
        lambda ann: sql("UPDATE auth_user_groups SET user_id = (SELECT id FROM auth_user WHERE username = 'bea')"),
    ),
    "group emptied": loss("token", "permissions", lambda ann: ann.group.user_set.clear(), None),
    "group deleted": loss("all", "permissions", lambda ann: ann.group.delete(), None),
}


async def visit(kind: str) -> Visitor:
    return await sync_to_async(Visitor.make)(kind)


async def ended(socket: WebsocketCommunicator, status: int) -> None:
    await socket.assert_closed(4000 + status, timeout=SOON)
    [frame] = await socket.receive_all_json(0)
    assert ("authentication", status) == (frame["action"], frame["payload"]["status_code"])


async def hears(socket: WebsocketCommunicator, text: str) -> None:
    await Listening.apublish("news", News(text=text))
    assert text == (await socket.receive_message(News)).text
