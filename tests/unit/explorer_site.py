"""A site for the tests of the explorer: what its page shows, what must not get out, and texts that are no markup."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal

import attrs
from attrs import validators as v
from channels.routing import ProtocolTypeRouter, URLRouter
from django.contrib.auth.models import User
from django.test import Client
from django.urls import path, re_path, register_converter
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, TokenAuthentication
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated
from rest_framework.throttling import UserRateThrottle

from wsdrf import Consumer, FirstMessage, QueryParameter, Subprotocol, loads, message, on, receives, requires, throttle

PAGE, CATALOGUE = "/ws-explorer/", "/ws-explorer/catalogue/"

HOSTILE = "</script><img src=x onerror=alert(1)>\u2028\"'&amp;<!--"
"""What a docstring, a description or a choice may hold, and no page may take for anything but text."""


class Hex:
    """A path converter of a project's own."""

    regex = "[0-9a-f]{4}"

    def to_python(self, value: str) -> int:
        return int(value, 16)

    def to_url(self, value: int) -> str:
        return f"{value:04x}"


register_converter(Hex, "hex")


@message("open.said")
class Said:
    """Somebody said it."""

    text: str = attrs.field(validator=[v.min_len(1), v.max_len(20)])


@message("secret.plan")
class SecretPlan:
    """The hidden plan of the board."""

    hidden_target: str


@attrs.frozen
class Even:
    """Code of its own decides."""

    number: int = attrs.field()
    tone: str = attrs.field(default="loud", validator=v.in_(["loud", HOSTILE]))

    @number.validator
    def _is_even(self, attribute: Any, value: int) -> None:
        if value % 2:
            raise ValueError(value)


@attrs.frozen
class Never:
    """Nothing is ever right."""

    number: int

    def __attrs_post_init__(self) -> None:
        raise ValueError(self.number)


@attrs.frozen
class Failing:
    """Asks what is not there."""

    number: int = attrs.field()

    @number.validator
    def _fails(self, attribute: Any, value: int) -> None:
        raise RuntimeError(value)


@attrs.frozen
class Window:
    """Nothing in it has to be there."""

    limit: int = 50


class Asking(serializers.Serializer[Any]):
    text = serializers.CharField()

    def validate(self, attrs: Any) -> Any:
        return self.context["request"].user.check(attrs)


class Invite(serializers.Serializer[Any]):
    email = serializers.EmailField()
    role = serializers.ChoiceField(["member", "guest"], default="guest")


class Unknown(BaseAuthentication):
    """Says nothing of itself."""


class Open(Consumer):
    authentication_classes = [SessionAuthentication, TokenAuthentication, Unknown]
    permission_classes = [IsAuthenticated]
    throttle_classes = [UserRateThrottle]
    credential_carriers = [Subprotocol(), QueryParameter("key"), FirstMessage()]
    sends = [Said]

    @on("open.say")
    @requires(IsAdminUser)
    @throttle("20/m")
    async def say(self, payload: Said) -> Said | None:
        """Say it.

        To everybody.
        """
        return payload

    @on("open.lines", method="GET", concurrent=True, timeout=None)
    async def lines(self) -> AsyncIterator[Said]:
        yield Said(text="x")

    @on("open.even")
    @loads("user", User.objects.all(), pk="number")
    async def even(self, payload: Even, user: User) -> Literal["yes"]:
        return "yes"

    @on("open.never")
    async def never(self, payload: Never) -> None: ...

    @on("open.fail")
    async def fail(self, payload: Failing) -> None: ...

    @on("open.ask")
    async def ask(self, payload: Asking) -> None: ...

    @on("open.look", method="GET")
    async def look(self, payload: Window) -> None: ...

    @on("open.invite")
    async def invite(self, payload: Invite) -> int | str:
        return 1

    @on("open.plan")
    async def plan(self, payload: SecretPlan) -> SecretPlan:
        """Carry out the hidden plan."""
        return payload

    @receives(Said)
    @requires(AllowAny)
    async def said(self, event: Said) -> Said:
        return event


Open.__doc__ = HOSTILE
Open.never.__doc__ = f"{HOSTILE}\ud800"


class Hidden(Consumer):
    """The hidden consumer of the board."""

    permission_classes = [IsAdminUser]

    @on("hidden.act")
    async def act(self, payload: SecretPlan) -> None: ...


async def oddity(scope: Any, receive: Any, send: Any) -> None: ...


application = ProtocolTypeRouter(
    {
        "websocket": URLRouter(
            [
                path("ws/open/<int:pk>/<hex:code>/<slug:name>/", Open.as_asgi()),
                path("ws/open/", Open.as_asgi()),
                path("ws/open/", Hidden.as_asgi()),  # where nobody gets, for Open stands before it
                re_path(r"^ws/(?P<year>[0-9]{4})/(a|b)/<x>/(?:(?P<rest>[^/(]+)/)?$", Hidden.as_asgi()),
                path("ws/oddity/", oddity),
            ]
        )
    }
)


def open_site(settings: Any) -> Any:
    """Have Django serve the explorer of this site, and give back its settings."""
    settings.ASGI_APPLICATION = f"{__name__}.application"
    settings.STATIC_URL = "/static/"
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
    settings.ROOT_URLCONF = "tests.unit.explorer_urls"
    return settings


def boss() -> Client:
    """Give the browser of somebody who is staff."""
    client = Client()
    client.force_login(User.objects.create_user("boss", is_staff=True))
    return client
