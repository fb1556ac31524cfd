"""Each way to lose one's credentials ends what they opened: at once where Django tells, else at the next call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from time import time

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from tests.laws.identity_losses import ALL, LOSSES, SOON, Event, Listening, MayView, News, Visitor, ended, hears, visit
from wsdrf.connection.signals import connect_signals
from wsdrf.exceptions import NotConnected
from wsdrf.options import REVOCATIONS
from wsdrf.testing import WebsocketCommunicator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]

OLD, NEW = "an-old-key-that-was-used-until-yesterday", "a-new-key-that-is-used-from-today-on-only"


def change_own_password(request: HttpRequest) -> HttpResponse:
    """Do what Django's own view does."""
    form = SetPasswordForm(request.user, request.POST)
    assert form.is_valid(), form.errors
    form.save()
    update_session_auth_hash(request, form.user)
    return HttpResponse()


def who(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.user.get_username())


class Ann(User):
    class Meta:
        proxy = True
        app_label = "auth"


urlpatterns = [path("", who), path("password/", change_own_password)]

TOLD = [(name, kind) for name, one in LOSSES.items() for kind in one.kinds if one.told is not None]
SILENT = [(name, kind) for name, one in LOSSES.items() for kind in one.kinds if one.silent is not None]
WORDS = [(word, name, kind) for name, kind in TOLD for word in sorted(LOSSES[name].words)]


@pytest.fixture(autouse=True, scope="module")
def late_models() -> None:
    """Listen to the models of this module, too, which came after the apps were ready."""
    connect_signals()


@pytest.fixture(autouse=True)
def nothing_strikes() -> Iterator[None]:
    yield
    MayView.strike = None


async def ends(socket: WebsocketCommunicator, ann: Visitor) -> None:
    """Expect the end: one frame that says what REST says at this moment, and the close that goes with it."""
    await socket.assert_closed(timeout=SOON)
    status, data = await sync_to_async(ann.rest)()
    assert status in {401, 403}
    [frame] = await socket.receive_all_json(0)
    assert ("authentication", status, dict(data)) == (
        frame["action"],
        frame["payload"]["status_code"],
        frame["payload"]["data"],
    )
    await socket.assert_closed(4000 + status)


# -- the matrix --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "kind"), TOLD)
async def test_a_loss_that_is_told(name, kind):
    """A loss that a signal tells of ends a connection that asks for nothing, and what is sent afterwards stays out."""
    ann = await visit(kind)
    async with ann.socket() as socket:
        await hears(socket, "before")
        await sync_to_async(LOSSES[name].told)(ann)
        await Listening.apublish("news", News(text="after"))
        await Listening.apublish("news", Event(text="after"))
        await ends(socket, ann)


@pytest.mark.parametrize(("name", "kind"), TOLD)
async def test_no_call_after_a_loss_that_is_told(name, kind):
    """Nor is a call answered that comes right after."""
    ann = await visit(kind)
    async with ann.socket() as socket:
        await sync_to_async(LOSSES[name].told)(ann)
        with suppress(NotConnected):  # a quick machine has closed it by now
            await socket.send_json({"action": "who", "id": 1})
        await ends(socket, ann)


@pytest.mark.parametrize(("name", "kind"), SILENT)
async def test_a_loss_in_silence(name, kind):
    """A loss that nobody tells of is found before the next call is answered, where each call is looked at."""
    ann = await visit(kind)
    async with ann.socket(revalidate_after=0) as socket:
        assert "ann" == (await socket.call("who")).payload
        await sync_to_async(LOSSES[name].silent)(ann)
        await socket.send_json({"action": "who", "id": 1})
        await ends(socket, ann)


@pytest.mark.parametrize(("name", "kind"), SILENT)
async def test_no_event_after_a_loss_in_silence(name, kind):
    """An event that a method receives is a look, too: it is not delivered, and the connection ends."""
    ann = await visit(kind)
    async with ann.socket(revalidate_after=0) as socket:
        await sync_to_async(LOSSES[name].silent)(ann)
        await Listening.apublish("news", Event(text="after"))
        await ends(socket, ann)


@pytest.mark.parametrize(("name", "kind"), SILENT)
async def test_a_loss_in_silence_of_one_who_listens(name, kind):
    """Who asks for nothing is looked at from time to time, and is closed then."""
    ann = await visit(kind)
    async with ann.socket(revalidate_idle_after=0.05) as socket:
        await sync_to_async(LOSSES[name].silent)(ann)
        await ends(socket, ann)


@pytest.mark.parametrize(("name", "kind"), TOLD)
async def test_opting_out(name, kind):
    """What no word of ``revoke_on`` is about is not heeded: the connection goes on, until the next look finds it."""
    ann, words = await visit(kind), [word for word in REVOCATIONS if word not in LOSSES[name].words]
    async with ann.socket(revoke_on=words, revalidate_after=0) as socket:
        await sync_to_async(LOSSES[name].told)(ann)
        await hears(socket, "still here")
        await socket.assert_nothing_received(0.05)
        await socket.send_json({"action": "who", "id": 1})
        await ends(socket, ann)


@pytest.mark.parametrize(("word", "name", "kind"), [one for one in WORDS if one[1] != "user deleted"])
async def test_one_word(word, name, kind):
    """A word of ``revoke_on`` suffices alone."""
    ann = await visit(kind)
    async with ann.socket(revoke_on=[word]) as socket:
        await sync_to_async(LOSSES[name].told)(ann)
        await ends(socket, ann)


@pytest.mark.parametrize(("name", "kind"), TOLD)
async def test_a_loss_while_the_connection_opens(name, kind):
    """A loss that is told of after the authentication, before the client has been told that it is in, is not missed."""
    ann = await visit(kind)
    MayView.strike = lambda: LOSSES[name].told(ann)
    socket = ann.socket()
    async with socket:
        assert MayView.strike is None
        if (await socket.wait_for_auth())["status_code"] == 200:
            await Listening.apublish("news", News(text="after"))
            await ends(socket, ann)
        await socket.assert_closed(timeout=SOON)


# -- the end that credentials state ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["session", "knox", "jwt"])
async def test_the_stated_end(kind):
    """Credentials that state their end close the connection at that end, not before it, though nothing is asked."""
    ann = await visit(kind)
    end = await sync_to_async(ann.shorten)(1.5)
    async with ann.socket() as socket:
        await hears(socket, "before")
        await socket.assert_closed(timeout=2 * SOON)
        assert end <= time()
        await Listening.apublish("news", News(text="after"))
        await ends(socket, ann)


# -- sessions that Django changes --------------------------------------------------------------------------------------


async def test_the_own_password():
    """Who changes their own password gets a new session: the old cookie's socket ends, the new cookie opens another."""
    ann, other = await visit("session"), Client()
    await sync_to_async(other.force_login)(ann.user)
    elsewhere = Visitor("session", ann.user, ann.group, other.cookies["sessionid"].value, other)
    async with ann.socket() as here, elsewhere.socket() as there:
        await sync_to_async(ann.browser.post)("/password/", {"new_password1": "N3w-pass", "new_password2": "N3w-pass"})
        assert ann.text != ann.browser.cookies["sessionid"].value
        await ended(here, 403)
        await ended(there, 403)
    assert 200 == (await sync_to_async(ann.rest)())[0]
    ann.text = ann.browser.cookies["sessionid"].value
    async with ann.socket(revalidate_after=0) as again:
        assert "ann" == (await again.call("who")).payload


async def test_rotating_the_secret_key():
    """A socket outlives the rotation of ``SECRET_KEY``, and leaves its session to the browser's own next request.

    With that request Django gives the session a new key. The old one, the only one that the socket knows, is gone: the
    socket ends, and the browser's new cookie opens another.
    """
    with override_settings(SECRET_KEY=OLD):
        ann = await visit("session")
        socket = await ann.socket(revalidate_after=0, revalidate_idle_after=0.05).__aenter__()
    with override_settings(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[OLD]):
        await socket.assert_nothing_received(0.2)
        for _ in range(3):
            assert "ann" == (await socket.call("who")).payload
        assert 200 == (await sync_to_async(ann.rest)())[0]
        assert ann.text != ann.browser.cookies["sessionid"].value
        await ended(socket, 403)
        await socket.disconnect()
        ann.text = ann.browser.cookies["sessionid"].value
        async with ann.socket(revalidate_after=0) as again:
            assert "ann" == (await again.call("who")).payload


async def test_dropping_the_old_secret_key():
    """When the old key is no fallback any more, the sessions that were signed under it end."""
    with override_settings(SECRET_KEY=OLD):
        ann = await visit("session")
        socket = await ann.socket(revalidate_after=0).__aenter__()
    with override_settings(SECRET_KEY=NEW):
        await socket.send_json({"action": "who", "id": 1})
        await ends(socket, ann)
        await socket.disconnect()


# -- users under another name ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("way", ["save", "delete", "groups"])
async def test_a_proxy_of_the_user(way, kind):
    """What is done to a user through a proxy model is told of like what is done to the user."""
    ann = await visit(kind)

    def change() -> None:
        proxy = Ann.objects.get(pk=ann.user.pk)
        if way == "save":
            proxy.is_active = False
            proxy.save()
        elif way == "delete":
            proxy.delete()
        else:
            proxy.groups.clear()

    async with ann.socket() as socket:
        await sync_to_async(change)()
        await ends(socket, ann)
