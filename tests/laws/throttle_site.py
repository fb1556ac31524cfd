"""The same door twice, as a REST view and as a consumer, and who asks at either: what the law of throttles talks to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from asgiref.sync import sync_to_async
from attrs import evolve, field, frozen
from django.urls import path
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from wsdrf import Consumer, on, requires, throttle
from wsdrf.testing import WebsocketCommunicator

credentials: dict[str, dict[str, str]] = {}
"""The headers by which somebody logs in; the rows belong to the test that makes them."""

views: dict[str, Callable[..., Any]] = {}
urlpatterns = [path("<what>/", lambda request, what: views[what](request))]


class Clock:
    """A clock that moves when told to."""

    def __init__(self, now: float = 100_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class ByColour(SimpleRateThrottle):
    """A project's own: counts by the payload and the method, and does not count what has no colour."""

    scope = "colour"

    def get_cache_key(self, request: Any, view: Any) -> str | None:
        colour = request.data.get("colour")
        return None if colour is None else f"{request.method}-{colour}-{self.get_ident(request)}"


class NotRed(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return request.data.get("colour") != "red"


class Twin(APIView):
    """What the socket does, over REST."""

    def get(self, request: Any) -> Response:
        return Response()

    def post(self, request: Any) -> Response:
        if not isinstance(request.data["number"], int):
            raise ValidationError
        return Response()


@frozen
class Site:
    """What guards connects, what guards one action, and how often either may be done."""

    guards: list[Any]
    own: list[Any]
    connects: list[Any]
    acts: list[Any]
    throttle_scope: str | None
    revalidate_after: float | None

    @property
    def common(self) -> dict[str, Any]:
        scoped = {} if self.throttle_scope is None else {"throttle_scope": self.throttle_scope}
        return {"authentication_classes": [TokenAuthentication, SessionAuthentication], **scoped}

    def serve(self) -> None:
        """Serve connects and acts over REST."""
        connect = {"permission_classes": self.guards, "throttle_classes": self.connects}
        act = {"permission_classes": [*self.guards, *self.own], "throttle_classes": self.acts}
        for name, attributes in (("connect", connect), ("act", act)):
            views[name] = type("View", (Twin,), {**self.common, **attributes}).as_view()

    def application(self) -> Any:
        """Give the application that serves them on a socket."""

        async def act(self: Any, payload: Payload) -> None: ...

        for decorate in ([requires(*self.own)] if self.own else []) + ([throttle(*self.acts)] if self.acts else []):
            act = decorate(act)
        connection = {
            "permission_classes": self.guards,
            "throttle_classes": self.connects,
            "revalidate_after": self.revalidate_after,
            "denial": "handshake",
        }
        kind = type(Consumer)("Zoo", (Consumer,), {**self.common, **connection, "act": on("act")(act)})
        return kind.as_asgi()


@frozen
class Payload:
    number: int
    colour: str | None = None


@frozen
class Caller:
    """From where somebody calls, through which proxies, and who that is."""

    address: str
    forwarded: str | None = None
    login: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        return credentials.get(self.login or "", {}) | (
            {} if self.forwarded is None else {"x-forwarded-for": self.forwarded}
        )


@frozen
class Ask:
    """One request: ``what`` is asked, by whom, with which payload, so many seconds after the one before."""

    caller: Caller
    what: str
    payload: dict[str, Any] = field(factory=dict)
    pause: float = 0
    is_rest: bool = False


@frozen
class Verdict:
    status_code: int
    detail: str | None = None
    retry_after: int | None = None


def over_rest(ask: Ask) -> Verdict:
    """Ask DRF."""
    meta = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in ask.caller.headers.items()}
    meta["REMOTE_ADDR"] = ask.caller.address
    client = APIClient()
    if ask.what == "connect":
        response = client.get("/connect/", **meta)
    else:
        response = client.post("/act/", ask.payload, format="json", **meta)
    return verdict(response.status_code, response.data, response.headers.get("Retry-After"))


def verdict(status_code: int, data: Any, retry_after: Any) -> Verdict:
    if status_code in {200, 400}:  # what is wrong with a payload, either says in its own way
        return Verdict(status_code)
    return Verdict(status_code, str(data["detail"]), None if retry_after is None else int(retry_after))


async def over_socket(application: Any, caller: Caller) -> tuple[WebsocketCommunicator, Verdict]:
    """Connect; give the communicator, and what the handshake was answered."""
    socket = WebsocketCommunicator(application, "/", caller.headers)
    socket.scope["client"] = (caller.address, 1234)
    connected, _ = await socket.connect()
    if connected:
        await socket.assert_authenticated_status_ok()
        return socket, Verdict(200)
    assert socket.response is not None
    return socket, verdict(socket.response.status, socket.response.json(), socket.response.headers.get("retry-after"))


async def call(socket: WebsocketCommunicator, payload: dict[str, Any]) -> Verdict:
    answer = await socket.call("act", payload)
    if not answer.is_error:
        return Verdict(200)
    return verdict(answer.payload["status_code"], answer.payload, answer.payload.get("retry_after"))


async def play(site: Site, asks: Sequence[Ask], clock: Clock) -> list[tuple[float, Ask, Verdict]]:
    """Ask over REST and on sockets, as ``asks`` say; give what was asked when, and answered.

    Who acts on a socket without having one connects first, which is a request as well.
    """
    application, sockets, told = site.application(), {}, []
    for ask in asks:
        clock.now += ask.pause
        socket = sockets.get(ask.caller)
        if ask.is_rest:
            told.append((clock.now, ask, await sync_to_async(over_rest)(ask)))
            continue
        if ask.what == "connect" or socket is None:
            if socket is not None:
                await sockets.pop(ask.caller).disconnect()
            socket, answer = await over_socket(application, ask.caller)
            told.append((clock.now, evolve(ask, what="connect"), answer))
            if answer == Verdict(200):
                sockets[ask.caller] = socket
        if ask.what == "act" and ask.caller in sockets:
            told.append((clock.now, ask, await call(sockets[ask.caller], ask.payload)))
    for socket in sockets.values():
        await socket.disconnect()
    return told
