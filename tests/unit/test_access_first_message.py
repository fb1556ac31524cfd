"""Logging in by the first message, and renewing by any later one."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny

from tests.unit.access_site import MembersDesk, variant
from wsdrf import AuthenticationResult, Authenticator, FirstMessage, on
from wsdrf.testing import WebsocketCommunicator

OK = {"status_code": 200, "status_text": "OK", "data": {"detail": "OK"}}


class Named(AnonymousUser):
    is_authenticated = True

    def __init__(self, name: str) -> None:
        self.pk = self.username = name


class ByName(BaseAuthentication):
    """Let in who says their name, but for one."""

    def authenticate(self, request: Any) -> Any:
        name = get_authorization_header(request).decode().removeprefix("Name ")
        if name == "eve":
            raise AuthenticationFailed("Not you.")
        return (Named(name.partition("-")[0]), name) if name else None

    def authenticate_header(self, request: Any) -> str:
        return "Name"


class Door(MembersDesk):
    authentication_classes = [ByName]
    credential_carriers = [FirstMessage()]
    events: list[str] = []

    async def connected(self) -> None:
        self.events.append("connected")

    async def build_groups(self) -> list[str]:
        return [self.group_name("user", self.user.pk or "nobody")]

    @on("auth", method="GET")
    async def tell(self) -> list[Any]:
        self.events.append("handled")
        return [self.user.username, self.auth, sorted(self.groups)]


class OpenDoor(Door):
    permission_classes = [AllowAny]


@pytest.fixture(autouse=True)
def events() -> list[str]:
    Door.events.clear()
    return Door.events


def door(consumer: Any = Door, **options: Any) -> WebsocketCommunicator:
    return WebsocketCommunicator(consumer.as_asgi(), "/", expect_authentication=False, **options)


def login(name: str, **keys: Any) -> dict[str, Any]:
    return {"action": "authenticate", "token": name, **keys}


async def test_login(events):
    """A token in the first frame is answered by an authentication frame, and then there are calls."""
    async with door() as socket:
        await socket.assert_nothing_received(0.02)
        assert [] == events
        await socket.send_json(login("ann", id=1))
        assert {"action": "authentication", "payload": OK, "id": 1} == await socket.receive_json()
        assert ["ann", "ann", ["user.ann"]] == (await socket.call("auth")).payload


async def test_token_in_the_payload():
    """The token may stand in the payload."""
    async with door() as socket:
        await socket.send_json({"action": "authenticate", "payload": {"token": "ann"}})
        assert OK == await socket.wait_for_auth()


@pytest.mark.parametrize(
    "frame",
    [
        {"action": "auth"},
        {"action": "auth", "token": "ann"},
        {"action": "ping"},
        {"action": "cancel", "id": 1},
        {"action": "nothing"},
        {"no": "action"},
        "{",
        "[]",
    ],
)
async def test_nothing_else_before_login(frame, events):
    """Any other first frame is answered with the refusal and the end, and reaches nobody."""
    async with door() as socket:
        if isinstance(frame, str):
            await socket.send_text(frame)
        else:
            await socket.send_json(frame)
        await socket.send_json(login("ann"))
        payload = await socket.wait_for_auth()
        assert (401, "Authentication credentials were not provided.") == (
            payload["status_code"],
            payload["data"]["detail"],
        )
        await socket.assert_closed(4401)
    assert [] == events


@pytest.mark.parametrize(
    ("token", "detail"), [("eve", "Not you."), ("", "Authentication credentials were not provided.")]
)
async def test_refused_login(token, detail, events):
    """A token that is refused is answered, and ends the connection: there is one attempt."""
    async with door() as socket:
        await socket.send_json(login(token, id="in"))
        await socket.send_json(login("ann"))
        frame = await socket.receive_json()
        assert (401, detail, "in") == (frame["payload"]["status_code"], frame["payload"]["data"]["detail"], frame["id"])
        await socket.assert_closed(4401)
    assert [] == events


async def test_a_call_before_login_is_answered_by_its_id():
    """Who calls before logging in is told why not under the call's id; a frame that is none has none."""
    for sent, expected in [({"action": "auth", "id": 5}, 5), ({"action": "auth"}, None), ({"id": 5}, None)]:
        async with door() as socket:
            await socket.send_json(sent)
            assert expected == (await socket.receive_json()).get("id")


async def test_a_renewal_needs_a_token():
    """An empty token renews nothing: it is refused as one is that nobody knows, and ends the connection."""
    async with door() as socket:
        await socket.send_json(login("ann"))
        assert OK == await socket.wait_for_auth()
        await socket.send_json(login("", id=2))
        frame = await socket.receive_json()
        assert ("authentication", 401, 2) == (frame["action"], frame["payload"]["status_code"], frame["id"])
        await socket.assert_closed(4401)


class Doorman(Authenticator):
    """Waits for a token, and lets nobody in whose name is not on the list."""

    async def authenticate(self, scope: Any) -> AuthenticationResult:
        if scope["path"] == "/shut":
            return AuthenticationResult(False, 403, "Forbidden", {"detail": "Not today."})
        if self.token is None:
            return AuthenticationResult(False, 401, "Unauthorized", {"detail": "Who are you?"})
        return AuthenticationResult(True, 200, "OK", {"detail": "OK"}, Named(self.token))


async def test_an_own_authenticator_refuses_at_once_or_waits_for_a_token():
    """A 401 of its own waits for the first message, as DRF's does; any other status is a refusal, and told at once."""
    desk = variant(Door, authenticator_class=Doorman)
    async with WebsocketCommunicator(desk.as_asgi(), "/shut", expect_authentication=False) as socket:
        assert "Not today." == (await socket.wait_for_auth())["data"]["detail"]
        await socket.assert_closed(4403)
    async with door(desk) as socket:
        await socket.send_json(login("ann"))
        assert OK == await socket.wait_for_auth()


async def test_timeout(events):
    """Who does not log in is told so and closed with 4408."""
    async with door(variant(Door, authentication_timeout=0.05)) as socket:
        assert 408 == (await socket.wait_for_auth())["status_code"]
        await socket.assert_closed(4408)
    assert [] == events


async def test_no_timeout_after_login():
    """Once logged in, the time to log in is over."""
    async with door(variant(Door, authentication_timeout=0.05)) as socket:
        await socket.send_json(login("ann"))
        assert OK == await socket.wait_for_auth()
        await socket.assert_nothing_received(0.1)
        assert ["ann", "ann", ["user.ann"]] == (await socket.call("auth")).payload


async def test_pipelined(events):
    """What is sent right behind the token is answered behind its answer, in order, when the connection is ready."""
    async with door() as socket:
        await socket.send_json(login("ann"))
        await socket.send_json({"action": "auth", "id": 1})
        await socket.send_json({"action": "ping", "id": 2})
        await socket.send_json(login("ann-2", id=3))
        await socket.send_json({"action": "auth", "id": 4})
        frames = [await socket.receive_json() for _ in range(5)]
    assert ["authentication", "auth", "pong", "authentication", "auth"] == [frame["action"] for frame in frames]
    assert [None, 1, 2, 3, 4] == [frame.get("id") for frame in frames]
    assert ["ann", "ann-2", ["user.ann"]] == frames[4]["payload"]
    assert ["connected", "handled", "handled"] == events


async def test_renewal():
    """The same user may renew at any time: the groups stay, and the new token counts."""
    async with door() as socket:
        await socket.send_json(login("ann-1"))
        assert OK == await socket.wait_for_auth()
        await socket.send_json(login("ann-2", id="again"))
        assert {"action": "authentication", "payload": OK, "id": "again"} == await socket.receive_json()
        assert ["ann", "ann-2", ["user.ann"]] == (await socket.call("auth")).payload


@pytest.mark.parametrize(("token", "detail"), [("bob", "The user of a connection cannot change."), ("eve", "Not you.")])
async def test_another_user(token, detail, events):
    """Another user, or none, does not take a connection over: it is refused and closed."""
    async with door() as socket:
        await socket.send_json(login("ann"))
        assert OK == await socket.wait_for_auth()
        await socket.send_json(login(token))
        await socket.send_json({"action": "auth"})
        payload = await socket.wait_for_auth()
        assert (401, detail) == (payload["status_code"], payload["data"]["detail"])
        await socket.assert_closed(4401)
    assert ["connected"] == events


async def test_anonymous_may_become_somebody_once():
    """Where anybody may come in, a token makes somebody of them, with that user's groups; and nobody else after."""
    async with door(OpenDoor) as socket:
        assert OK == await socket.wait_for_auth()
        assert ["", None, ["user.nobody"]] == (await socket.call("auth")).payload
        await socket.send_json(login("ann"))
        assert OK == await socket.wait_for_auth()
        assert ["ann", "ann", ["user.ann"]] == (await socket.call("auth")).payload
        await socket.send_json(login("bob"))
        await socket.assert_closed(4401)


async def test_handshake_denial_waits_for_the_message():
    """Nothing is denied at the handshake that a message may still put right."""
    async with door(variant(Door, denial="handshake")) as socket:
        await socket.send_json(login("ann"))
        assert OK == await socket.wait_for_auth()


async def test_foreign_origin_cannot_log_in(events):
    """A page of another site is refused at the handshake, whatever it would send."""
    async with door(headers=[("origin", "http://evil.com")]) as socket:
        assert 403 == (await socket.wait_for_auth())["status_code"]
        await socket.assert_closed(4403)
    assert [] == events
