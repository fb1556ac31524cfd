"""``disconnect`` throws out whom it names, and nobody else, from wherever it is called."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client, override_settings
from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.models import get_token_model
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from tests.unit.access_site import MembersDesk
from wsdrf import adisconnect, disconnect, on
from wsdrf.connection.revocation import own_groups
from wsdrf.testing import WebsocketCommunicator
from wsdrf.testing.scope import set_cookie

pytestmark = pytest.mark.django_db(transaction=True)


class Anyone(MembersDesk):
    authentication_classes = [SessionAuthentication, TokenAuthentication]

    @on("leave")
    def throw_out(self) -> None:
        disconnect(self.user, code=4001)


class ByKnox(MembersDesk):
    authentication_classes = [KnoxAuthentication]


@pytest.fixture
def user() -> Any:
    return User.objects.create_user("ann")


@pytest.fixture
def token(user: Any) -> Any:
    return Token.objects.create(user=user)


@pytest.fixture
def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def by_token(token: Any) -> WebsocketCommunicator:
    return WebsocketCommunicator(Anyone.as_asgi(), "/", token=token.key)


def by_session(browser: Client) -> WebsocketCommunicator:
    socket = WebsocketCommunicator(Anyone.as_asgi(), "/")
    set_cookie(socket.scope, "sessionid", browser.session.session_key)
    return socket


async def ends(socket: WebsocketCommunicator, code: int, status: int) -> None:
    await socket.assert_closed(code, timeout=1)
    frames = await socket.receive_all_json(0)
    assert [("authentication", status)] == [(one["action"], one["payload"]["status_code"]) for one in frames]


async def lives(socket: WebsocketCommunicator) -> None:
    await socket.assert_nothing_received(0.05)
    assert (await socket.call("who")).code is None


@pytest.mark.parametrize("by_key", [False, True])
async def test_a_user(by_key, user, token, browser):
    """A user, by instance or by key, is thrown out of all connections, whatever had opened them."""
    bea = await sync_to_async(User.objects.create_user)("bea")
    others = await sync_to_async(Token.objects.create)(user=bea)
    async with by_token(token) as one, by_session(browser) as two, by_token(others) as stays:
        await adisconnect(user.pk if by_key else user)
        await ends(one, 4401, 401)
        await ends(two, 4401, 401)
        await lives(stays)


async def test_a_session(user, token, browser):
    """One session's connections end, and neither another's nor a token's."""
    other = Client()
    await sync_to_async(other.force_login)(user)
    async with by_session(browser) as left, by_session(other) as stays, by_token(token) as too:
        await adisconnect(session=browser.session.session_key)
        await ends(left, 4401, 401)
        await lives(stays)
        await lives(too)


@pytest.mark.parametrize("by_text", [False, True])
async def test_a_token(by_text, token, browser):
    """One token's connections end, named by what the client sent or by its row."""
    async with by_token(token) as left, by_session(browser) as stays:
        await adisconnect(token=token.key if by_text else token)
        await ends(left, 4401, 401)
        await lives(stays)


@pytest.mark.parametrize("by_text", [False, True])
async def test_a_token_of_several(by_text, user):
    """Of a user with several tokens, one alone may be named."""
    create = sync_to_async(get_token_model().objects.create)
    (row, text), (_, other) = await create(user=user), await create(user=user)
    application = ByKnox.as_asgi()
    one, two = (WebsocketCommunicator(application, "/", token=one) for one in (text, other))
    async with one as left, two as stays:
        await adisconnect(token=text if by_text else row)
        await ends(left, 4401, 401)
        await lives(stays)


async def test_a_session_that_came_with_a_token(token, browser):
    """A connection that its session has opened ends with it, though it has shown a token beside."""
    socket = by_token(token)
    set_cookie(socket.scope, "sessionid", browser.session.session_key)
    async with socket:
        await sync_to_async(browser.logout)()
        await ends(socket, 4403, 403)


@pytest.mark.parametrize(("code", "status"), [(4403, 403), (4001, 401), (1000, 401), (3000, 401)])
async def test_the_code(code, status, user, token):
    """The connection is closed with the code that was asked for, and the frame before has the status it says, or 401."""
    async with by_token(token) as socket:
        await adisconnect(user, code=code)
        await ends(socket, code, status)


@pytest.mark.parametrize("code", [0, 999, 1001, 1006, 2999, 5000])
def test_a_code_that_no_server_sends(code, user):
    """A close code that not every server can send is refused where it is written."""
    with pytest.raises(ValueError, match=str(code)):
        disconnect(user, code=code)


@pytest.mark.parametrize("arguments", [{}, {"user": 1, "session": "x"}, {"session": "x", "token": "y"}, {"user": None}])
async def test_one_of_three(arguments):
    """Exactly one of user, session and token is named; anything else is a ``TypeError``."""
    with pytest.raises(TypeError, match="one of"):
        await sync_to_async(disconnect)(**arguments)
    with pytest.raises(TypeError, match="one of"):
        await adisconnect(**arguments)


async def test_within_a_transaction(user, token):
    """Within a transaction nobody is thrown out before it is committed, nor after it was rolled back."""

    def within(*, commit: bool) -> None:
        with transaction.atomic():
            disconnect(user)
            transaction.set_rollback(not commit)

    async with by_token(token) as socket:
        await sync_to_async(within)(commit=False)
        await lives(socket)
        await sync_to_async(within)(commit=True)
        await ends(socket, 4401, 401)


async def test_from_a_handler(token):
    """A ``def`` handler may throw its own user out."""
    async with by_token(token) as socket, by_token(token) as other:
        await socket.send_json({"action": "leave"})
        await ends(socket, 4001, 401)
        await ends(other, 4001, 401)


@override_settings(CHANNEL_LAYERS={})
async def test_without_a_layer(user, token):
    """Without a channel layer, the connections of this process are thrown out."""
    async with by_token(token) as socket:
        await adisconnect(user)
        await ends(socket, 4401, 401)


async def test_a_layer_that_fails(user, token):
    """A layer that fails is told to who calls ``disconnect``; a save or a logout succeeds, and the log has it."""
    broken = {"default": {"BACKEND": "tests.unit.sockets.FailingLayer"}}
    with override_settings(CHANNEL_LAYERS=broken):
        get_channel_layer().fail(["group_send"])
        with pytest.raises(ConnectionError):
            await adisconnect(user)
        await sync_to_async(user.save)()
        await sync_to_async(token.delete)()
    assert 0 == await Token.objects.acount()


async def test_a_layer_sees_no_secret(user, token):
    """The names of wsdrf's own groups tell no token, no session and no user."""
    request = Request(APIRequestFactory().get("/"))
    request.user, request.auth = user, token
    names = list(own_groups(request))
    assert 3 == len(names)
    assert not any(token.key in name or "ann" in name for name in names)
