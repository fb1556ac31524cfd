"""Consumers that between them send and take everything that an AsyncAPI document has to describe."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypedDict

import attrs
from attrs import validators as v
from channels.routing import URLRouter
from django.urls import path, re_path
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.exceptions import NotFound, Throttled
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework_simplejwt.authentication import JWTAuthentication

from tests.laws.serializer_zoo import SERIALIZERS
from tests.laws.strategies_zoo import TYPES
from wsdrf import Consumer, FirstMessage, QueryParameter, Subprotocol, message, on, receives, requires, throttle


def echo_of(name: str, *types: Any, **body: Any) -> Any:
    """Make a consumer with an action for each type, ``zoo.0`` and so on, that gives back a list of what it gets."""
    body |= {"__module__": __name__, "__qualname__": name}
    for index, tp in enumerate(types):
        body[f"echo_{index}"] = _echo(f"zoo.{index}", tp)
    return type(Consumer)(name, (Consumer,), body)


def _echo(action: str, tp: Any) -> Any:
    async def echo(self: Any, payload: Any) -> Any:
        return [payload]

    echo.__annotations__ = {"payload": tp, "return": list[tp]}
    return on(action)(echo)


def sink_of(name: str, *types: Any) -> Any:
    """Make a consumer with an action for each type that gives nothing back."""
    body: dict[str, Any] = {"__module__": __name__, "__qualname__": name}
    for index, tp in enumerate(types):
        body[f"take_{index}"] = _sink(f"zoo.{index}", tp)
    return type(Consumer)(name, (Consumer,), body)


def _sink(action: str, tp: Any) -> Any:
    async def take(self: Any, payload: Any) -> None: ...

    take.__annotations__ = {"payload": tp, "return": None}
    return on(action)(take)


Echo = echo_of("Echo", *TYPES.values())
Camel = echo_of("Camel", *TYPES.values(), camelize=True)
Forms = sink_of("Forms", *(specimen.type for specimen in SERIALIZERS))


@message("talk.say")
class Say:
    """Say something."""

    text: str = attrs.field(validator=[v.min_len(1), v.max_len(9)])
    times: int = attrs.field(default=1, validator=[v.ge(0), v.le(3)])


@message("talk.said")
class Said:
    """Something was said.

    By anybody in the room, oneself included.
    """

    author: str
    text: str


@message("talk.left")
class Left:
    """Somebody has left."""

    author: str | None = None


class Page(TypedDict, total=False):
    lines: list[str]
    next: int


class Talk(Consumer):
    """Talk, in every way that there is.

    Even alone.
    """

    authentication_classes = [SessionAuthentication, TokenAuthentication, JWTAuthentication]
    permission_classes = [AllowAny]
    credential_carriers = [Subprotocol(), QueryParameter("key"), FirstMessage()]
    message_rate = "1000/s"
    sends = [Said, Left]

    async def build_groups(self) -> list[str]:
        return ["talk"]

    @on("talk.say")
    @throttle("900/s")
    async def say(self, payload: Say) -> Said | None:
        """Say something, so often.

        Everybody hears it.
        """
        said = Said(author="me", text=payload.text)
        for _ in range(payload.times):
            await self.broadcast(said)
        return said if payload.times else None

    @on("talk.lines", method="GET")
    async def lines(self, payload: Page) -> AsyncIterator[str | Said]:
        for line in payload.get("lines", ()):
            yield line
            yield Said(author="me", text=line)

    @on("talk.fail")
    async def fail(self, payload: int) -> bool:
        raise [NotFound(), Throttled(wait=3), NotFound({"why": ["so"]}), ZeroDivisionError()][payload % 4]

    @on("talk.leave", method="DELETE")
    def leave_talk(self, payload: str = "me"):  # an answer of which nothing is said
        self.publish("talk", Left(author=payload))
        return [payload]

    @on("talk.beside", concurrent=True)
    @requires(AllowAny, ~IsAuthenticated)
    async def beside(self) -> None: ...

    @receives(Left)
    @requires(AllowAny)
    async def left(self, event: Left) -> Left | None:
        return event if event.author else None


class Empty(Consumer):
    """Nothing can be called."""

    permission_classes = [IsAuthenticated]


def _namesake() -> Any:
    @message("other.said")
    @attrs.frozen
    class Said:
        text: int

    @on("other.say")
    async def say(self: Any, payload: Said) -> Said:
        return payload

    say.__annotations__ = {"payload": Said, "return": Said}
    return type(Consumer)("Talk", (Consumer,), {"__module__": "other.talk", "__qualname__": "Talk", "say": say})


Namesake = _namesake()

application = URLRouter(
    [
        path("echo/", Echo.as_asgi()),
        path("camel/", Camel.as_asgi()),
        path("forms/", Forms.as_asgi()),
        path("talk/<slug:room>/<int:pk>/", Talk.as_asgi()),
        path("aside/", Talk.as_asgi()),
        re_path(r"^other/(?P<name>[a-z]{2,3})/([0-9]+)/$", Namesake.as_asgi()),
        path("{empty}/", Empty.as_asgi()),
    ]
)
