"""The test's client: with which credentials it comes to the handshake."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model

from wsdrf.testing import WebsocketCommunicator


async def admit(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    admit.scope = scope
    await receive()


async def headers_of(communicator: WebsocketCommunicator) -> dict[bytes, bytes]:
    """Connect, and give the headers that the application saw."""
    await communicator.connect()
    await communicator.disconnect()
    return dict(admit.scope["headers"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("origin", "expected"), [({}, b"http://testserver"), ({"Origin": "null"}, b"null")])
async def test_login_makes_a_real_session(origin, expected):
    """``login`` sends the cookie of a stored session of that user, and an origin unless one was given."""
    user = await get_user_model().objects.acreate_user("ann")
    communicator = WebsocketCommunicator(admit, "/", {"Cookie": "theme=dark", **origin})

    await communicator.login(user)

    headers = await headers_of(communicator)
    theme, session = headers[b"cookie"].decode().split("; ")
    name, _, key = session.partition("=")
    store = import_module(settings.SESSION_ENGINE).SessionStore(key)
    assert (settings.SESSION_COOKIE_NAME, "theme=dark") == (name, theme)
    assert str(user.pk) == await store.aget(SESSION_KEY)
    assert expected == headers[b"origin"]


@pytest.mark.django_db(transaction=True)
async def test_login_again_is_another_user():
    """A second ``login`` replaces the cookie of the first."""
    communicator = WebsocketCommunicator(admit, "/")
    for name in ("ann", "bob"):
        await communicator.login(await get_user_model().objects.acreate_user(name))

    headers = await headers_of(communicator)

    assert 1 == headers[b"cookie"].count(settings.SESSION_COOKIE_NAME.encode())


async def test_forced_user_travels_in_the_scope():
    """``force_authenticate`` passes user and token under its one key, and takes both back."""
    communicator = WebsocketCommunicator(admit, "/")
    communicator.force_authenticate("ann", token="t")
    await headers_of(communicator)
    assert ("ann", "t") == admit.scope["wsdrf.testing.force_authenticate"]

    communicator.force_authenticate()
    await headers_of(communicator)
    assert "wsdrf.testing.force_authenticate" not in admit.scope


async def test_nobody_again_has_no_session():
    """``force_authenticate`` without anybody takes the session's cookie back too, and leaves others."""
    communicator = WebsocketCommunicator(admit, "/", {"Cookie": f"{settings.SESSION_COOKIE_NAME}=x; theme=dark"})

    communicator.force_authenticate(None)

    assert b"theme=dark" == (await headers_of(communicator))[b"cookie"]


async def test_credentials_are_headers():
    """``credentials`` replaces what it set before, and only that."""
    communicator = WebsocketCommunicator(admit, "/", {"X-Kept": "1"})
    communicator.credentials(HTTP_AUTHORIZATION="Token a", HTTP_X_TENANT="7")
    headers = await headers_of(communicator)
    assert (b"Token a", b"7", b"1") == (headers[b"authorization"], headers[b"x-tenant"], headers[b"x-kept"])

    communicator.credentials(HTTP_AUTHORIZATION="Token b")
    headers = await headers_of(communicator)
    assert (b"Token b", False) == (headers[b"authorization"], b"x-tenant" in headers)

    communicator.credentials()
    headers = await headers_of(communicator)
    assert (b"1", False) == (headers[b"x-kept"], b"authorization" in headers)


async def test_token_is_offered_and_not_shown():
    """``token`` is offered among the subprotocols, and the communicator's ``repr`` does not tell it."""
    communicator = WebsocketCommunicator(admit, "/", token="secret")
    await headers_of(communicator)

    assert ["wsdrf", "wsdrf.token.c2VjcmV0"] == admit.scope["subprotocols"]
    assert "secret" not in repr(communicator)


async def test_scope_can_be_changed_before_the_connection():
    """What a test puts into ``scope`` reaches the application; what that does to it stays there."""
    communicator = WebsocketCommunicator(admit, "/")
    communicator.scope["scheme"] = "wss"
    await headers_of(communicator)
    admit.scope["headers"].clear()

    assert "wss" == admit.scope["scheme"]
    assert [] != communicator.scope["headers"]
