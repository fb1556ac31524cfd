"""Which pages may open a socket: those that Django would take a form from."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.test import RequestFactory, override_settings
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import PermissionDenied

from tests.unit.access_site import Desk, MembersDesk, handshake, meet, sync, variant
from wsdrf.access.origin import OriginRule
from wsdrf.access.request import http_request
from wsdrf.exceptions import ConfigurationError
from wsdrf.testing import WebsocketCommunicator

SECRET = "a" * 32
SCHEMES = ["http", "https", "ftp", "ws", "HTTP", ""]
HOSTS = [
    "testserver",
    "localhost",
    "evil.com",
    "a.example.com",
    "example.com",
    "aexample.com",
    "EXAMPLE.com",
    "[::1]",
    "[::1",
]
PORTS = ["", ":80", ":443", ":8000", ":99999", ":x"]
REPEATED = [
    "http://testserver, http://testserver",
    "https://evil.com,.example.com",
    "null",
    "",
    "://",
    "http://",
    "http:///",
]

origins = st.one_of(
    st.builds("{}://{}{}".format, st.sampled_from(SCHEMES), st.sampled_from(HOSTS), st.sampled_from(PORTS)),
    st.sampled_from(REPEATED),
    st.text(st.characters(max_codepoint=255)),
)
trusted = st.lists(
    st.sampled_from(["https://example.com", "https://*.example.com", "http://localhost:8000", "http://evil.com:8000"]),
    max_size=2,
)
sites = st.builds(
    "{}{}".format, st.sampled_from(["testserver", "localhost", "127.0.0.1"]), st.sampled_from(["", ":80", ":8000"])
)


class Strict(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return HttpResponse(reason, status=403)


def takes_form(origin: str, host: str, scheme: str, forwarded: str | None) -> bool:
    """Tell whether Django takes a form from ``origin``, its token being right."""
    meta: dict[str, Any] = {"HTTP_ORIGIN": origin, "HTTP_HOST": host, "HTTP_X_CSRFTOKEN": SECRET}
    if forwarded:
        meta["HTTP_X_FORWARDED_PROTO"] = forwarded
    request = RequestFactory().post("/", secure=scheme == "wss", **meta)
    request.COOKIES["csrftoken"] = SECRET
    rule = Strict(lambda request: HttpResponse())
    rule.process_request(request)
    return rule.process_view(request, lambda request: HttpResponse(), (), {}) is None


@given(origins, sites, st.sampled_from(["ws", "wss"]), st.sampled_from([None, "http", "https"]), trusted, trusted)
def test_differential(origin, host, scheme, forwarded, project, own):  # noqa: PLR0917  # each is drawn
    """An origin passes where ``CsrfViewMiddleware`` would take its POST, and never where it is a list."""
    headers = [("host", host), ("origin", origin.encode("latin-1"))]
    headers += [("x-forwarded-proto", forwarded)] if forwarded else []
    proxy = ("HTTP_X_FORWARDED_PROTO", "https")
    with override_settings(CSRF_TRUSTED_ORIGINS=[*project, *own], SECURE_PROXY_SSL_HEADER=proxy):
        expected = takes_form(origin, host, scheme, forwarded) and "," not in origin
    with override_settings(CSRF_TRUSTED_ORIGINS=project, SECURE_PROXY_SSL_HEADER=proxy):
        request = http_request(handshake(headers, scheme=scheme), "GET")
        assert expected == OriginRule(own).admits(request)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 200),
        ([("origin", "http://testserver")], 200),
        ([("origin", "http://testserver"), ("origin", "http://testserver")], 403),
        ([("origin", "http://testserver, http://evil.com")], 403),
        ([("origin", "https://evil.com,.example.org")], 403),
        ([("origin", "https://evil.com"), ("origin", ".example.org")], 403),
        ([("origin", "http://testserver:8000")], 403),
        ([("origin", "https://testserver")], 403),
        ([("origin", "https://evil.com")], 403),
        ([("origin", "http://app.example.com")], 200),
        ([("origin", "https://shop.example.org")], 200),
        ([("origin", "null")], 403),
        ([("origin", "")], 403),
        ([("origin", "http://[::1")], 403),
        ([("origin", b"http://\xff")], 403),
        ([("origin", "http://testserver/")], 403),
        ([("origin", "http://evil.com"), ("host", "evil.com")], 400),
    ],
)
@override_settings(CSRF_TRUSTED_ORIGINS=["https://*.example.org"])
def test_table(headers, status):
    """Where a handshake may come from."""
    payload, _ = meet(variant(allowed_origins=["http://app.example.com"]), headers=headers)
    assert status == payload["status_code"]
    assert status != 403 or payload["data"] == {"detail": "Origin checking failed."}


def test_a_refused_origin_is_logged(caplog):
    """The log has what was compared: the page's origin, the host, and whether the handshake was secure."""
    meet(Desk, headers=[("origin", "http://127.0.0.1:8000")])
    (record,) = caplog.records
    assert "WARNING" == record.levelname
    assert record.getMessage() == (
        "The Origin of a handshake, 'http://127.0.0.1:8000', is neither the site's own nor in CSRF_TRUSTED_ORIGINS: "
        "the Host is 'testserver', TLS is False"
    )
    assert ("http://127.0.0.1:8000", "testserver", False) == (record.origin, record.host, record.is_secure)


def test_a_long_origin_is_cut_in_the_log(caplog):
    """What a client has sent cannot fill the log, nor make lines in it."""
    meet(Desk, headers=[("origin", "http://evil.example\nERROR " + "x" * 5000)])
    (record,) = caplog.records
    assert "\n" not in record.getMessage()
    assert len(record.getMessage()) < 400


@given(st.lists(st.one_of(st.binary(max_size=30), origins.map(lambda text: text.encode("latin-1"))), max_size=2))
def test_no_origin_is_an_exception(values):
    """Whatever stands in ``Origin``, the handshake is let in or refused with 403."""
    payload, _ = meet(Desk, headers=[("origin", value) for value in values])
    assert payload["status_code"] in {200, 403}


@pytest.mark.parametrize("denial", ["message", "handshake"])
def test_foreign_page_with_good_cookies(denial, db, django_user_model):
    """The cookies of a logged-in user open no socket for a page of another site."""
    user = django_user_model.objects.create_user("ann")
    consumer = variant(MembersDesk, authentication_classes=[SessionAuthentication], denial=denial)

    async def status(origin: str) -> int:
        socket = WebsocketCommunicator(consumer.as_asgi(), "/", [("origin", origin)], expect_authentication=False)
        await socket.login(user)
        connected, _ = await socket.connect()
        code = (await socket.wait_for_auth())["status_code"] if connected else socket.response.status
        await socket.disconnect()
        return code

    assert 200 == sync(status)("http://testserver")
    assert 403 == sync(status)("http://evil.com")


class Peeking(SessionAuthentication):
    seen: list[Any] = []

    def authenticate(self, request: Any) -> Any:
        self.seen.append(getattr(request._request, "_dont_enforce_csrf_checks", False))


class Stricter(SessionAuthentication):
    def authenticate(self, request: Any) -> Any:
        self.enforce_csrf(request)

    def enforce_csrf(self, request: Any) -> None:
        raise PermissionDenied("Not by this door.")


def test_a_rule_of_ones_own_is_not_excused():
    """The origin stands in for DRF's CSRF check, and not for one that a project has put in its place."""
    payload, _ = meet(variant(authentication_classes=[Stricter]))
    assert (403, {"detail": "Not by this door."}) == (payload["status_code"], payload["data"])


@pytest.mark.parametrize(("origin", "seen"), [("http://testserver", [True]), (None, [True]), ("http://evil.com", [])])
def test_no_csrf_token_only_after_the_origin(origin, seen):
    """Authentication is excused from the CSRF token once the origin has passed, and never runs otherwise."""
    Peeking.seen.clear()
    meet(variant(authentication_classes=[Peeking]), headers=[("origin", origin)] if origin else [])
    assert seen == Peeking.seen


def test_unsafe_actions_need_no_token(db, django_user_model):
    """A session's user may call an action whose method is unsafe: the origin was checked."""
    user = django_user_model.objects.create_user("ann")
    consumer = variant(
        MembersDesk, authentication_classes=[SessionAuthentication], auth_method="POST", revalidate_after=0
    )

    async def name() -> Any:
        socket = WebsocketCommunicator(consumer.as_asgi(), "/")
        await socket.login(user)
        async with socket:
            return (await socket.call("who")).payload

    assert "ann" == sync(name)()


@pytest.mark.parametrize("origin", ["example.com", "*", "https://example.com/path", "null"])
def test_allowed_origins_are_origins(origin):
    """An allowed origin without its scheme, or with a path, would never match: it is an error."""
    with pytest.raises(ConfigurationError, match="allowed_origins"):
        variant(allowed_origins=[origin]).as_asgi()
