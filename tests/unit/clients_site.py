"""Consumers whose clients are hard to write: clashing names, words of Python, optional payloads, odd replies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from enum import Enum
from typing import Any, Literal, TypedDict

from attrs import field, frozen
from channels.routing import URLRouter
from django.urls import path, re_path
from rest_framework import serializers
from rest_framework.authentication import TokenAuthentication
from rest_framework.permissions import AllowAny
from typing_extensions import NotRequired

from tests.unit import rights_site
from wsdrf import Consumer, Subprotocol, message, on, receives


class Colour(Enum):
    """What a thing looks like."""

    RED = "red"
    BLUE = "blue"


class Scope:
    """Holds a class of a name that another one has."""

    @frozen
    class Thing:
        number: int


@frozen
class Thing:
    r"""Has "quotes", a \ backslash, and an end. "Quoted"."""

    day: date
    numbers: list[int]
    colour: Colour = Colour.BLUE
    days: tuple[date, ...] = ()
    since: date = date(2026, 1, 31)
    seen_by: list[str] = field(factory=lambda: ["nobody"])


class Loose(TypedDict):
    text: str
    why: NotRequired[str]


Awkward = TypedDict("Awkward", {"class": int, "two words": str, "list": list[int], "date": date})


@message("odd.call")
class Client:
    """Is named like a class of the client's own."""

    kind: Literal["only"] = "only"


@message("odd.happened")
class Happened:
    first_thing: Thing


@message("odd.heard")
class Heard:
    text: str


class NoteSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=10)


class Odd(Consumer):
    """Is odd."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [AllowAny]
    credential_carriers = (Subprotocol(),)
    sends = [Happened]

    @on("odd.things")
    async def things(self, payload: Thing) -> Scope.Thing | None:
        """Give a thing, or nothing."""
        return None

    @on("odd.either")
    async def either(self, payload: Loose) -> Happened | Client | int:
        return 1

    @on("odd.awkward")
    async def awkward(self, payload: Awkward) -> Awkward:
        return payload

    @on("odd.anything")
    async def anything(self):  # type: ignore[no-untyped-def]  # what a handler without annotations gives, nobody knows
        return 1

    @on("odd.note")
    async def note(self, payload: NoteSerializer) -> None: ...

    @on("odd.maybe")
    async def maybe(self, payload: Client | None = None) -> bool:
        return payload is None

    @on("odd.count")
    async def count(self) -> AsyncIterator[int]:
        yield 1

    @receives(Heard)
    async def heard(self, event: Heard) -> Heard:
        return event


class Camel(Consumer):
    permission_classes = [AllowAny]
    camelize = True
    send_authentication_message = False

    @on("camel.turn")
    async def turn(self, payload: Happened) -> Happened:
        return payload


class Silent(Consumer):
    permission_classes = [AllowAny]


class Room(Consumer):
    """Has the name of another consumer."""

    permission_classes = [AllowAny]


application = URLRouter(
    [
        path("odd/<uuid:key>/<str:class>/", Odd.as_asgi()),
        re_path(r"^camel/(?P<number>[0-9]+)/([a-z]+)/$", Camel.as_asgi()),
        path("silent/", Silent.as_asgi()),
        path("quiet/", Silent.as_asgi()),
        path("room/", Room.as_asgi()),
        path("other/", rights_site.Room.as_asgi()),
    ]
)
