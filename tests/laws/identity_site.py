"""What the people of the law of identity connect to: one consumer for each kind of credentials and of attention."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

from attrs import define, field
from django.contrib.auth.models import User
from knox.auth import TokenAuthentication as KnoxAuthentication
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.permissions import BasePermission
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError
from rest_framework_simplejwt.tokens import SlidingToken

from tests.laws.identity_world import KINDS
from wsdrf import AuthorizationHeader, Consumer, FirstMessage, Subprotocol, loads, message, on, receives, requires

looks: Counter[str] = Counter()
"""How often the guard of each connection was asked about the connection itself, by its path."""


@message("identity.news")
class News:
    number: int


@message("identity.secret")
class Secret:
    number: int


@message("identity.find")
class Find:
    user: int


class Member(BasePermission):
    """Ask for a right, which Django keeps on the user once it has looked."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if view.action is None:
            looks[request.path] += 1
        return bool(request.user.has_perm("auth.view_group"))


class Speaker(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user.has_perm("auth.add_group"))


class SpeakerNow(BasePermission):
    """Ask the database each time."""

    async def has_permission(self, request: Any, view: Any) -> bool:  # type: ignore[override]  # wsdrf awaits it
        groups = request.user.groups.filter(name="speakers", permissions__codename="add_group")
        return bool(request.user.is_active and await groups.aexists())


class Oneself(BasePermission):
    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return bool(obj == request.user and request.user.has_perm("auth.add_group"))


class Sliding(JWTAuthentication):
    """Take tokens that can be blacklisted."""

    def get_validated_token(self, raw_token: Any) -> Any:
        try:
            return SlidingToken(raw_token)
        except TokenError:
            raise InvalidToken from None


@define
class Gate:
    """Holds what runs long until it is opened; ``began`` and ``ended`` count handlers, by the path of the connection."""

    event: asyncio.Event | None = None
    began: Counter[str] = field(factory=Counter)
    ended: Counter[str] = field(factory=Counter)

    async def pass_through(self, consumer: Any) -> str:
        """Wait for it, and give the name of the user."""
        path = consumer.scope["path"]
        self.began[path] += 1
        if self.event is not None:
            await self.event.wait()
        self.ended[path] += 1
        return str(consumer.user.username)


gate = Gate()


class Hall(Consumer):
    permission_classes = [Member]
    throttle_classes: list[Any] = []
    max_errors = None
    revalidate_after = None
    revalidate_idle_after = None
    sends = [News, Secret]

    async def build_groups(self) -> list[str]:
        return ["everybody", self.group_name("of", self.user.pk)]

    @on("who")
    async def who(self) -> str:
        gate.ended[self.scope["path"]] += 1
        return self.user.username

    @on("speak")
    @requires(Speaker)
    def speak(self) -> str:
        return self.user.username

    @on("now")
    @requires(SpeakerNow)
    async def now(self) -> str:
        return self.user.username

    @on("both")
    @requires(Speaker & SpeakerNow)
    async def both(self) -> str:
        return self.user.username

    @on("find")
    @requires(Oneself)
    @loads("found", User.objects.all(), pk="user")
    async def find(self, payload: Find, found: User) -> str:
        return found.username

    @on("long", timeout=None)
    async def long(self) -> str:
        return await gate.pass_through(self)

    @on("beside", timeout=None, concurrent=True)
    async def beside(self) -> str:
        return await gate.pass_through(self)

    @on("flow", timeout=None)
    async def flow(self) -> AsyncIterator[str]:
        yield await gate.pass_through(self)

    @receives(Secret)
    @requires(Speaker)
    async def heard(self, event: Secret) -> Secret:
        return event


ACTIONS = ("who", "speak", "now", "both", "find", "find another")
LONG = ("long", "beside", "flow")

_AUTHENTICATION = {
    "session": SessionAuthentication,
    "token": TokenAuthentication,
    "knox": KnoxAuthentication,
    "jwt": Sliding,
}
ATTENTION: dict[str, dict[str, Any]] = {
    "told": {},
    "each call": {"revalidate_after": 0},
    "idle": {"revalidate_idle_after": 0.03},
    "deaf": {"revalidate_after": 0, "revoke_on": []},
}
"""What a connection does to know of losses: hear of them, look before each call, look by itself, and not hear."""

SITES: dict[tuple[str, str], Any] = {
    (kind, attention): type(Consumer)(
        "Site",
        (Hall,),
        {
            **options,
            "authentication_classes": [_AUTHENTICATION[kind]],
            # Whoever has no session must be told so at once, and not be waited for.
            "credential_carriers": (
                AuthorizationHeader(),
                Subprotocol(),
                *(() if kind == "session" else (FirstMessage(),)),
            ),
        },
    )
    for kind in KINDS
    for attention, options in ATTENTION.items()
}
