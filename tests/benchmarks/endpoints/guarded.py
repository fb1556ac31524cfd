"""The endpoint on wsdrf: guarded by a permission class at each call."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, TokenAuthentication
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework_simplejwt.authentication import JWTAuthentication

from endpoints.common import USER, Endpoint
from wsdrf import Consumer, message, on, requires


@message("chat")
class Chat:
    text: str
    room: int
    tags: list[str]


@message("chat.reply")
class Reply:
    text: str
    room: int
    tags: list[str]
    n: int


@message("chat.said")
class Said:
    text: str
    room: int
    tags: list[str]
    n: int


class SignedIn(BaseAuthentication):
    """Let everybody be the same user."""

    def authenticate(self, request: Any) -> tuple[Any, None]:
        """Give that user."""
        return USER, None


class Guarded(Consumer):
    """Answer, guarded at each call."""

    authentication_classes = [SignedIn]

    @on("chat")
    @requires(IsAuthenticated)
    async def chat(self, payload: Chat) -> Reply:
        """Answer one call."""
        return Reply(text=payload.text, room=payload.room, tags=payload.tags, n=len(payload.text))


class Room(Guarded):
    """Tell the members of a group."""

    async def build_groups(self) -> Iterable[str]:
        """Join the one room there is."""
        return ["room"]

    @on("say")
    @requires(IsAuthenticated)
    async def say(self, payload: Chat) -> None:
        """Tell everybody."""
        await self.broadcast(Said(text=payload.text, room=payload.room, tags=payload.tags, n=len(payload.text)))


class IsKnown(BasePermission):
    """Ask the database."""

    def has_permission(self, request: Any, view: Any) -> bool:
        """Look for the user."""
        return get_user_model().objects.filter(username="ann", is_active=True).exists()


class Asking(Consumer):
    """Ask the database before each answer."""

    authentication_classes = [SignedIn]
    permission_classes = [IsAuthenticated]

    @on("chat")
    @requires(IsKnown)
    async def chat(self, payload: Chat) -> Reply:
        """Answer one call."""
        return Reply(text=payload.text, room=payload.room, tags=payload.tags, n=len(payload.text))


class Slow(Guarded):
    """Take 50 ms of a thread for each answer."""

    @on("chat")
    @requires(IsAuthenticated)
    def chat(self, payload: Chat) -> Reply:
        """Answer one call, late."""
        time.sleep(0.05)
        return Reply(text=payload.text, room=payload.room, tags=payload.tags, n=len(payload.text))


LOGINS = {"session": SessionAuthentication, "token": TokenAuthentication, "jwt": JWTAuthentication}
AGES = (None, 5, 0)


def variant(parent: type[Consumer] = Guarded, **options: Any) -> Endpoint:
    """Make an endpoint that differs from ``parent`` in its options."""
    consumer = type(Consumer)("Variant", (parent,), options)
    return Endpoint(consumer.as_asgi(), ready='"authentication"')


def logged_in(kind: str, **options: Any) -> Endpoint:
    """Make an endpoint that lets in whom the database knows."""
    return variant(authentication_classes=[LOGINS[kind]], permission_classes=[IsAuthenticated], **options)


NAME = "wsdrf"
ENDPOINTS = {
    (NAME, "chat"): variant(),
    (NAME, "anonymous"): variant(authentication_classes=[], permission_classes=[AllowAny]),
    (NAME, "session"): logged_in("session"),
    (NAME, "token"): logged_in("token"),
    (NAME, "jwt"): logged_in("jwt"),
    (NAME, "room"): variant(Room),
    (NAME, "database"): variant(Asking),
    (NAME, "slow"): variant(Slow),
    **{
        (NAME, f"{kind}, revalidate_after={age}"): logged_in(kind, revalidate_after=age)
        for kind in ("session", "token")
        for age in AGES
    },
}
