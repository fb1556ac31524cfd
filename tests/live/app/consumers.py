"""The consumers of the live tests. Each path ends in a key that one test made up, so that none sees another's traces."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterable
from typing import Any

from attrs import field
from attrs.validators import ge, max_len
from channels.layers import get_channel_layer
from django.contrib.auth.models import Group
from django.urls import path
from opentelemetry import trace
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.permissions import BasePermission, IsAdminUser, IsAuthenticated

from tests.live.app.observed import listen, spans
from tests.live.app.witness import witness
from wsdrf import AuthorizationHeader, Consumer, FirstMessage, Subprotocol, message, on, receives, requires
from wsdrf.connection.connection import Connection


@message("note")
class Note:
    n: int = field(default=0, validator=ge(0))
    text: str = field(default="", validator=max_len(60_000))


@message("noted")
class Noted:
    """How often the key's connection was called before, and how many handlers ran at once."""

    n: int
    together: int


@message("told")
class Told:
    text: str


@message("renamed")
class Renamed:
    name: str


@message("greeted")
class Greeted:
    user: str
    name: str


@message("spread")
class Spread:
    text: str = ""
    size: int = 0
    times: int = 1
    exclude_self: bool = False


@message("stream")
class Stream:
    """Ask for ``items`` of ``size`` characters, one every ``pause`` seconds; by default as fast as they can be sent."""

    items: int
    size: int = 1
    pause: float = 0.0


@message("item")
class Item:
    n: int
    text: str


class Door(Consumer):
    """Let in who is authenticated, by cookie or token; told by a message who is not."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [IsAuthenticated]
    sends = [Told, Greeted]
    running = 0

    async def build_groups(self) -> Iterable[str]:
        return [self.group_name("key", self.kwargs["key"])]

    async def connected(self) -> None:
        self.witness("connected")

    async def disconnected(self, code: int) -> None:
        self.witness("disconnected", code=code, groups=sorted(self.groups))

    @on("whoami", method="GET")
    def whoami(self) -> str:
        self.witness("ran")
        return self.user.get_username()

    @on("note")
    async def note(self, payload: Note) -> Noted:
        self.witness("ran")
        self.running += 1
        together = self.running
        await asyncio.sleep(0)
        together = max(together, self.running)
        self.running -= 1
        return Noted(n=payload.n, together=together)

    @on("wait")
    async def wait(self) -> None:
        self.witness("waiting")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.witness("cancelled")
            raise

    @on("remains", method="GET")
    async def remains(self) -> dict[str, int]:
        """Count what the process holds, this connection included."""
        gc.collect()
        return {
            "connections": sum(type(one) is Connection for one in gc.get_objects()),
            "tasks": len(asyncio.all_tasks()),
            "groups": len(get_channel_layer().groups),
        }

    @on("break")
    async def break_(self) -> None:
        raise RuntimeError("A fault of the project's own code.")

    @on("part")
    async def part(self, payload: str) -> None:
        await self.close(4000, payload)

    @on("admin")
    @requires(IsAdminUser)
    async def admin(self, payload: Note) -> None:
        self.witness("ran")

    @on("spread")
    async def spread(self, payload: Spread) -> None:
        for _ in range(payload.times):
            await self.broadcast(Told(text=payload.text + "x" * payload.size), exclude_self=payload.exclude_self)

    @on("stream", method="GET")
    async def stream(self, payload: Stream) -> AsyncIterator[Item]:
        n = 0
        try:
            while n < payload.items:
                yield Item(n=n, text="x" * payload.size)
                n += 1
                if payload.pause:
                    await asyncio.sleep(payload.pause)
        finally:
            self.witness("streamed", items=n)

    @receives(Renamed)
    async def renamed(self, event: Renamed) -> Greeted:
        return Greeted(user=self.user.get_username(), name=event.name)

    def witness(self, event: str, **facts: object) -> None:
        witness(event, self.kwargs["key"], **facts)


class Gate(Door):
    """Refuse in the handshake."""

    denial = "handshake"


class Counter(Gate):
    """Ask for a cookie first: DRF then answers 403 to who is nobody."""

    authentication_classes = [SessionAuthentication, TokenAuthentication]


class Lobby(Door):
    """Take the token from the first message, too."""

    credential_carriers = (AuthorizationHeader(), Subprotocol(), FirstMessage())
    authentication_timeout = 1


class Staff(Door):
    """Let in only staff."""

    permission_classes = [IsAdminUser]


class MayLook(BasePermission):
    """A right of Django's, given to the user or to a group of theirs."""

    def has_permission(self, request: Any, view: object) -> bool:
        return bool(request.user.has_perm("auth.view_group"))


class Wary(Door):
    """Look at credentials again when they are a second old."""

    revalidate_after = 1


class Gallery(Door):
    """Let in by a right that can be taken away."""

    permission_classes = [IsAuthenticated, MayLook]


class IsMember(BasePermission):
    def has_object_permission(self, request: object, view: object, obj: Group) -> bool:
        return obj.name == "open"


class Club(Door):
    """Let in by the object that the URL names."""

    permission_classes = [IsAuthenticated, IsMember]
    queryset = Group.objects.all()


class Seen(Door):
    """Be observed by all that there is."""

    observers = [spans, "wsdrf.telemetry.metrics.Prometheus"]

    @on("trace")
    def trace(self) -> str:
        return f"{trace.get_current_span().get_span_context().trace_id:032x}"


listen(Seen)

websocket_urlpatterns = [
    *(
        path(f"ws/{one.__name__.lower()}/<str:key>/", one.as_asgi())
        for one in (Door, Gate, Counter, Lobby, Staff, Wary, Gallery, Seen)
    ),
    path("ws/club/<int:pk>/<str:key>/", Club.as_asgi()),
]
