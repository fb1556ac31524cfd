"""What the tests of ``wsdrf_fuzz`` share: consumers right and faulty, and where they are."""

from __future__ import annotations

from uuid import uuid4

from attrs import field
from attrs.validators import ge, le, max_len
from channels.routing import URLRouter
from django.contrib.auth.models import Group
from django.core import mail
from django.urls import path
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated

from wsdrf import Consumer, FirstMessage, message, on, requires


@message("say")
class Say:
    text: str = field(default="", validator=max_len(20))


@message("count")
class Count:
    to: int = field(validator=[ge(0), le(20)])


class Right(Consumer):
    """Nothing is wrong with it."""

    authentication_classes = [SessionAuthentication, TokenAuthentication]
    permission_classes = [IsAuthenticated]

    @on("say")
    async def say(self, payload: Say) -> Say:
        await Group.objects.acreate(name=uuid4().hex)
        mail.send_mail("said", payload.text, None, ["board@example.com"])
        return payload

    @on("clear", method="DELETE")
    @requires(IsAdminUser)
    def clear(self) -> None: ...


@requires(AllowAny)
class Faulty(Consumer):
    """Breaks where somebody counts to three."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [AllowAny]
    divisor = 3

    @on("count")
    async def count(self, payload: Count) -> int:
        return 12 // (payload.to - self.divisor)


@requires(AllowAny)
class Greeting(Consumer):
    """Takes its token from the first message, and breaks in its one action."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated]
    credential_carriers = (FirstMessage(),)

    @on("greet")
    async def greet(self) -> str:
        raise LookupError("no greeting")


class Idle(Consumer):
    """Has no actions."""

    permission_classes = [IsAuthenticated]


class Room(Right):
    """Stands at a path that captures something."""


application = URLRouter(
    [
        path("right/", Right.as_asgi()),
        path("faulty/", Faulty.as_asgi()),
        path("greeting/", Greeting.as_asgi()),
        path("idle/", Idle.as_asgi()),
        path("rooms/<int:pk>/", Room.as_asgi()),
    ]
)
