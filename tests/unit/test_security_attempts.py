"""What somebody tries who means harm and is let in, or not yet: names, fields, headers, silence."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import field
from channels.layers import channel_layers
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import override_settings
from rest_framework.authentication import TokenAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.throttling import AnonRateThrottle

from tests.laws.living import fresh_layer
from tests.unit.access_site import Desk, MembersDesk, meet, sync, variant
from wsdrf import AuthenticationResult, Authenticator, Consumer, FirstMessage, message, on
from wsdrf.connection.connection import Connection
from wsdrf.envelope import RESERVED_ACTIONS
from wsdrf.testing import WebsocketCommunicator

CANARY = "canary-77ab"


def connected(consumer: type[Consumer], **options: Any) -> WebsocketCommunicator:
    return WebsocketCommunicator(consumer.as_asgi(), "/", **options)


# -- names ------------------------------------------------------------------------------------------------------------


def names_of(*classes: type) -> list[str]:
    """Give every attribute of ``classes`` as a client could write it, those of the protocol aside."""
    names = {name for one in classes for name in dir(one)}
    return sorted(names | {name.upper() for name in names} | {f"Desk.{name}" for name in names} - RESERVED_ACTIONS)


async def test_no_attribute_can_be_called() -> None:
    """No attribute of a consumer, of its application or of its connection is an action, in whatever spelling."""
    consumer = variant(max_errors=None)
    names = [name for name in names_of(consumer, type(consumer), Connection) if name != "who"]
    async with connected(consumer) as socket:
        codes = {name: (await socket.call(name)).payload["code"] for name in names}

        assert len(names) > 200
        assert dict.fromkeys(names, "unknown_action") == codes
        assert "nobody" == (await socket.call("who")).payload


# -- fields -----------------------------------------------------------------------------------------------------------


@message("edit.part")
class Part:
    text: str = ""
    _owner: str = "server"


@message("edit")
class Edit:
    part: Part = field(factory=Part)
    parts: list[Part] = field(factory=list)
    is_final: bool = field(default=False, init=False)


class Editing(Desk):
    max_errors = None
    seen: list[Any] = []

    @on("edit")
    async def edit(self, payload: Edit) -> None:
        self.seen.append(payload)


HOSTILE_KEYS = (
    *("self", "cls", "consumer", "payload", "user", "request", "scope", "auth", "obj", "kwargs", "groups"),
    *("pk", "id", "is_staff", "is_superuser", "password", "owner", "_owner", "_Part__owner", "is_final"),
    *("__class__", "__dict__", "__init__", "__proto__", "constructor", "", " text", "text\x00", "TEXT"),
)
PLACES: dict[str, tuple[Any, list[Any]]] = {
    "payload": (lambda key: {key: CANARY}, []),
    "record": (lambda key: {"part": {"text": "x", key: CANARY}}, ["part"]),
    "list": (lambda key: {"parts": [{"text": "x"}, {key: CANARY}]}, ["parts", 1]),
}


@pytest.mark.parametrize("place", PLACES)
async def test_no_key_reaches_what_is_not_declared(place: str) -> None:
    """A key that no field has is refused wherever it stands, and so are those that only the server sets."""
    make, where = PLACES[place]
    Editing.seen.clear()
    async with connected(Editing) as socket:
        for key in HOSTILE_KEYS:
            answer = (await socket.call("edit", make(key))).payload
            errors = [(error["loc"][:-1], error["code"]) for error in answer.get("errors", ())]
            assert ("invalid", [(["payload", *where], "unknown")]) == (answer["code"], errors), key
            assert CANARY not in str(answer)
        await socket.call("edit", make("text") if where else {})

    assert 1 == len(Editing.seen)
    assert not Editing.seen[0].is_final


# -- objects ----------------------------------------------------------------------------------------------------------


class IsOpen(BasePermission):
    message = "This one is closed."

    def has_object_permission(self, request: Any, view: Any, obj: Group) -> bool:
        return obj.name == "open"


class Rooms(Desk):
    permission_classes: list[Any] = [IsOpen]
    queryset = Group.objects.all()

    def get_queryset(self) -> Any:
        return Group.objects.filter(name="open")

    @on("look", method="GET")
    async def look(self, payload: str) -> None:
        await self.aget_object(self.get_queryset(), name=payload)


@pytest.mark.django_db
def test_a_narrow_queryset_tells_nothing_of_what_is_hidden() -> None:
    """Where the queryset leaves out what may not be seen, forbidden and missing are answered alike, to the letter."""
    Group.objects.create(name="closed")
    there, missing = Group.objects.create(name="open").pk, 10**6

    def route(pk: int) -> dict[str, Any]:
        return {"scope": {"url_route": {"args": (), "kwargs": {"pk": pk}}}}

    async def look(name: str) -> Any:
        socket = connected(Rooms)
        socket.scope.update(route(there)["scope"])
        async with socket:
            return (await socket.call("look", name)).payload

    hidden = Group.objects.get(name="closed").pk
    assert meet(Rooms, **route(hidden))[0] == meet(Rooms, **route(missing))[0]
    assert 404 == meet(Rooms, **route(hidden))[0]["status_code"]
    assert sync(look)("closed") == sync(look)("no such")
    assert "not_found" == sync(look)("closed")["code"]


# -- silence ----------------------------------------------------------------------------------------------------------


class Slow(Authenticator):
    async def authenticate(self, scope: Any) -> AuthenticationResult:
        await asyncio.sleep(30)
        return AuthenticationResult(True)


@pytest.mark.parametrize("denial", ["message", "handshake"])
async def test_an_authentication_that_takes_too_long_is_given_up(denial: str) -> None:
    """Who keeps the authentication busy beyond ``connect_timeout`` is refused with 408, and not let in later."""
    consumer = variant(authenticator_class=Slow, connect_timeout=0.05, denial=denial)
    socket = connected(consumer, expect_authentication=False)
    answer = await socket.connect()
    if denial == "handshake":
        assert (False, 408) == answer
    else:
        assert (True, None) == answer
        assert 408 == (await socket.receive_json())["payload"]["status_code"]
        await socket.assert_closed(4408)
    await socket.disconnect()


@pytest.fixture
def layer() -> Iterator[Any]:
    with fresh_layer() as layer:
        yield layer


class Grouped(MembersDesk):
    authentication_classes = [TokenAuthentication]
    credential_carriers = [FirstMessage()]

    async def build_groups(self) -> list[str]:
        return ["a"]


async def test_a_stranger_costs_the_layer_nothing(layer: Any) -> None:
    """Who has not logged in yet, or is refused, has no group and no channel of the channel layer."""
    async with connected(Grouped, expect_authentication=False) as waiting:
        async with connected(variant(Grouped, credential_carriers=[]), expect_authentication=False) as refused:
            await refused.assert_closed(4401)
        await waiting.assert_nothing_received(0.02)

        assert layer is channel_layers["default"]
        assert ({}, [], 0) == (layer.groups, layer.calls, len(layer.channels))


# -- headers and words ------------------------------------------------------------------------------------------------


class TwoAMinute(AnonRateThrottle):
    rate = "2/min"


@override_settings(REST_FRAMEWORK={"NUM_PROXIES": 1})
def test_an_invented_address_buys_no_budget() -> None:
    """With ``NUM_PROXIES`` a client that makes up addresses in front of its own has the one budget of that address."""
    cache.clear()
    desk = variant(throttle_classes=[TwoAMinute])

    def connect(invented: str, own: str = "203.0.113.7") -> int:
        status: int = meet(desk, headers=[("x-forwarded-for", f"{invented}, {own}")])[0]["status_code"]
        return status

    assert [200, 200, 429] == [connect(f"198.51.100.{number}") for number in range(3)]
    assert 200 == connect("198.51.100.0", own="203.0.113.8")


class Failing(Desk):
    @on("fail")
    async def fail(self) -> None:
        raise RuntimeError(CANARY)


@pytest.mark.parametrize("debug", [False, True])
async def test_debug_says_no_more(debug: bool) -> None:
    """What a handler raises is not told to the client in ``DEBUG`` either."""
    with override_settings(DEBUG=debug):
        async with connected(Failing) as socket:
            answer = (await socket.call("fail")).payload

    assert {"status_code": 500, "code": "error", "detail": "A server error occurred."} == answer
