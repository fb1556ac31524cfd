"""Sessions on a socket are Django's, and a socket leaves them as they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.authtoken.models import Token

from tests.unit.access_site import MembersDesk, meet, sync, variant
from wsdrf import on
from wsdrf.access.request import http_request
from wsdrf.testing import WebsocketCommunicator
from wsdrf.testing.scope import build_scope, set_cookie

COOKIE = settings.SESSION_COOKIE_NAME
OLD, NEW = "an-old-key-that-was-used-until-yesterday", "a-new-key-that-is-used-from-today-on-only"


def who(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.user.get_username())


urlpatterns = [path("who/", who)]


class SessionDesk(MembersDesk):
    authentication_classes = [SessionAuthentication]
    revalidate_after = 0.0

    @on("session", method="GET")
    async def session(self) -> str | None:
        return self.request.session.session_key

    @on("end")
    def end(self) -> None:
        self.request.session.flush()


@pytest.fixture
def user(db: None, django_user_model: Any) -> Any:
    return django_user_model.objects.create_user("ann", password="pass")


@pytest.fixture
def browser(user: Any) -> Client:
    """Give the browser of a user who has logged in."""
    client = Client()
    client.force_login(user)
    return client


def key_of(browser: Client) -> str:
    return browser.cookies[COOKIE].value


def socket_of(browser: Client, consumer: Any = SessionDesk) -> WebsocketCommunicator:
    socket = WebsocketCommunicator(consumer.as_asgi(), "/")
    set_cookie(socket.scope, COOKIE, key_of(browser))
    return socket


def status(browser: Client) -> int:
    payload, _ = meet(SessionDesk, headers=[("cookie", f"{COOKIE}={key_of(browser)}")])
    return payload["status_code"]


def test_session_of_the_browser(browser):
    """The socket's session is the browser's, and its user is the session's."""

    async def run() -> list[Any]:
        async with socket_of(browser) as socket:
            return [(await socket.call("session")).payload, (await socket.call("who")).payload]

    assert [key_of(browser), "ann"] == sync(run)()


def test_secret_key_rotation(user):
    """A session signed under an old key lets the socket in, and goes on in the browser under its own key."""
    with override_settings(SECRET_KEY=OLD):
        browser = Client()
        browser.force_login(user)
    key = key_of(browser)
    with override_settings(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[OLD], ROOT_URLCONF=__name__):
        before = Session.objects.get(pk=key).session_data

        async def run() -> list[Any]:
            async with socket_of(browser) as socket:
                return [(await socket.call("session")).payload for _ in range(2)]

        assert [key, key] == sync(run)()
        assert before == Session.objects.get(pk=key).session_data
        assert b"ann" == browser.get("/who/").content
        assert key != key_of(browser)
        assert 200 == status(browser)


def test_secret_key_without_fallback(user):
    """A session signed under a key that is known no more lets nobody in, and is left to the browser's next request."""
    with override_settings(SECRET_KEY=OLD):
        browser = Client()
        browser.force_login(user)
    with override_settings(SECRET_KEY=NEW):
        assert 403 == status(browser)
    assert Session.objects.filter(pk=key_of(browser)).exists()


def test_an_action_may_end_the_session(browser):
    """Only looking at a session leaves it alone: an action that ends it has ended it, in the browser as well."""

    async def run() -> None:
        async with socket_of(browser) as socket:
            await socket.call("end")

    sync(run)()
    assert not Session.objects.filter(pk=key_of(browser)).exists()
    assert 403 == status(browser)


def test_let_in(browser):
    """A good session lets in; the refusals below are about what becomes of it."""
    assert 200 == status(browser)


def test_changed_password(browser, user):
    """A session from before the password was changed is refused, and its row stays."""
    user.set_password("other")
    user.save()
    assert 403 == status(browser)
    assert Session.objects.filter(pk=key_of(browser)).exists()


def test_inactive(browser, user):
    """A user who is not active is refused."""
    user.is_active = False
    user.save()
    assert 403 == status(browser)


def test_deleted_user(browser, user):
    """A session whose user is gone is refused."""
    user.delete()
    assert 403 == status(browser)


def test_flushed(browser):
    """A session that was logged out is refused."""
    key = key_of(browser)
    browser.logout()
    browser.cookies[COOKIE] = key
    assert 403 == status(browser)


def test_expired(browser):
    """A session whose time is over is refused."""
    session = Session.objects.get(pk=key_of(browser))
    session.expire_date -= timedelta(days=365)
    session.save()
    assert 403 == status(browser)


@pytest.mark.parametrize("key", ["", "x", "a" * 32, "\xe9", "a b", '"'])
def test_no_such_session(db, key):
    """Whatever stands in the cookie, it is a session or nobody."""
    payload, _ = meet(SessionDesk, headers=[("cookie", f"{COOKIE}={key}".encode("latin-1"))])
    assert 403 == payload["status_code"]


@pytest.mark.parametrize("engine", ["cache", "cached_db", "db", "signed_cookies"])
def test_engines(user, engine):
    """Every engine of Django's serves a socket."""
    with override_settings(SESSION_ENGINE=f"django.contrib.sessions.backends.{engine}"):
        browser = Client()
        browser.force_login(user)
        assert 200 == status(browser)


def test_user_code_may_change_its_session(browser):
    """What user code stores in the session and saves is there for the browser, under the same key."""

    class Writing(SessionDesk):
        @on("write")
        def write(self) -> None:
            self.request.session["seen"] = True
            self.request.session.save()

    async def run() -> None:
        async with socket_of(browser, Writing) as socket:
            assert (await socket.call("write")).is_complete

    sync(run)()
    assert browser.session["seen"]


def test_without_the_sessions_app(user):
    """A project without sessions has no request.session, and its tokens work."""
    with override_settings(INSTALLED_APPS=[app for app in settings.INSTALLED_APPS if "sessions" not in app]):
        assert not hasattr(http_request(build_scope("/", (), ()), "GET"), "session")
        consumer = variant(MembersDesk, authentication_classes=[SessionAuthentication, TokenAuthentication])
        payload, _ = meet(consumer, token=Token.objects.create(user=user).key)
    assert 200 == payload["status_code"]
    assert hasattr(http_request(build_scope("/", (), ()), "GET"), "session")


def test_the_settings_of_sessions_are_followed() -> None:
    """What tests override is followed at once: the cookie's name, the engine, and whether there are users at all."""
    scope = build_scope("/", [("cookie", "sessionid=the-first-one; other=the-other-one")], ())

    def key() -> Any:
        return http_request(scope, "GET").session.session_key

    assert "the-first-one" == key()
    with override_settings(SESSION_COOKIE_NAME="other"):
        assert "the-other-one" == key()
    with override_settings(SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies"):
        assert "SessionStore" == type(http_request(scope, "GET").session).__qualname__
        assert "signed_cookies" in type(http_request(scope, "GET").session).__mro__[1].__module__
    assert "the-first-one" == key()
