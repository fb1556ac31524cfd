"""The consumers of the project whose explorer the tests open: a form of every kind, a stream without an end, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Literal

import attrs
from attrs import validators as v
from channels.routing import URLRouter
from django.contrib.auth.models import User
from django.urls import path
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated

from tests.laws.asyncapi_zoo import Camel, Echo
from tests.unit.explorer_site import Open
from wsdrf import Consumer, FirstMessage, QueryParameter, Subprotocol, loads, message, on, receives, requires, throttle


@attrs.frozen
class Card:
    """Paid by card."""

    number: str = attrs.field(validator=v.matches_re(r"\d{4}"))
    by: Literal["card"] = "card"


@attrs.frozen
class Cash:
    """Paid at the door."""

    given: int
    by: Literal["cash"] = "cash"


@attrs.frozen
class Guest:
    """Somebody who comes along, and may bring others."""

    name: str = attrs.field(validator=[v.min_len(1), v.max_len(20)])
    age: int | None = attrs.field(default=None, validator=v.optional(v.ge(0)))
    brings: list[Guest] = attrs.field(factory=list)


@message("hall.booking")
@attrs.frozen
class Booking:
    """A table, for whom, and how it is paid."""

    table: int = attrs.field(validator=[v.ge(1), v.le(9)])
    guests: list[Guest] = attrs.field(validator=v.min_len(1))
    payment: Card | Cash
    area: Literal["inside", "terrace"] = "inside"
    at: datetime | None = None
    is_quiet: bool = False
    wishes: dict[str, int] = attrs.field(factory=dict)


@message("hall.number")
class Number:
    n: int


@message("hall.rung")
class Rung:
    """The bell was rung."""

    by: str


class Feedback(serializers.Serializer[Any]):
    email = serializers.EmailField()
    stars = serializers.IntegerField(min_value=1, max_value=5)


class HallConsumer(Consumer):
    """Book a table in the hall.

    Whoever is logged in may come; the `boss` may close it.
    """

    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [IsAuthenticated]
    credential_carriers = [Subprotocol(), FirstMessage(), QueryParameter("key")]
    sends = [Rung]

    async def build_groups(self) -> list[str]:
        return ["hall"]

    @on("hall.book")
    async def book(self, payload: Booking) -> Booking:
        """Book a table."""
        return payload

    @on("hall.rate")
    async def rate(self, payload: Feedback) -> int:
        """Say how it was."""
        return int(payload.validated_data["stars"])

    @on("hall.count", method="GET")
    async def count(self) -> AsyncIterator[Number]:
        """Count, without an end."""
        n = 0
        while True:
            n += 1
            yield Number(n=n)
            await asyncio.sleep(0.05)

    @on("hall.great")
    async def great(self, payload: int) -> int:
        """Give the number back, whatever its size."""
        return payload

    @on("hall.ring")
    async def ring(self) -> None:
        """Ring the bell for everybody."""
        await self.apublish("hall", Rung(by=self.user.get_username()))

    @on("hall.close", method="DELETE")
    @requires(IsAdminUser)
    async def shut(self) -> None:
        """Close the hall for oneself."""
        await self.close(4900, "The hall is closed.")

    @on("hall.find", method="GET")
    @loads("guest", User.objects.all(), username="name")
    async def find(self, payload: Guest, guest: User) -> str:
        """Find a guest who is here."""
        return guest.get_username()

    @on("hall.once")
    @throttle("1/h")
    async def once(self) -> str:
        """Do what can be done once an hour."""
        return "done"

    @on("hall.deny")
    async def deny(self, payload: str = "") -> None:
        """Refuse, with words of the project's own."""
        raise PermissionDenied("Not today.", "not_today")

    @receives(Rung)
    async def rung(self, event: Rung) -> Rung:
        return event


class CellarConsumer(Consumer):
    """Be refused at the handshake, for which browsers have no words."""

    authentication_classes = [SessionAuthentication]
    permission_classes = [IsAdminUser]
    denial = "handshake"

    @on("cellar.look", method="GET")
    async def look(self) -> str:
        return "dark"


class StreetConsumer(Consumer):
    """Everybody may pass."""

    authentication_classes = [SessionAuthentication]
    permission_classes = [AllowAny]

    @on("street.pass")
    @requires(AllowAny)
    async def pass_by(self) -> str:
        return self.user.get_username() or "nobody"


websocket_urlpatterns = [
    path("ws/hall/<slug:name>/", HallConsumer.as_asgi()),
    path("ws/cellar/", CellarConsumer.as_asgi()),
    path("ws/street/", StreetConsumer.as_asgi()),
    path("ws/open/<int:pk>/", Open.as_asgi()),
    path("ws/zoo/", URLRouter([path("echo/", Echo.as_asgi()), path("camel/", Camel.as_asgi())])),
]
