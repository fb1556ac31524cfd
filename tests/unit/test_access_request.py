"""The request of a handshake is the request that Django would have made of it."""

from __future__ import annotations

import copy
import io
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from tests.unit.access_site import Desk, handshake, meet, sync, variant
from wsdrf import on, requires
from wsdrf.access.carriers import Credentials
from wsdrf.access.request import drf_request, http_request, present, request_for_call
from wsdrf.access.view import View
from wsdrf.testing import WebsocketCommunicator

NAMES = ["host", "x-forwarded-for", "x-forwarded-proto", "accept", "accept-language", "content-type", "user-agent"]
ODD_NAMES = ["http-host", "x_real_ip", "remote_addr", "authorization_", "http_x_forwarded_for", "content-length"]
names = st.one_of(
    st.sampled_from(NAMES), st.sampled_from(ODD_NAMES), st.from_regex("[a-z][a-z_-]{0,8}", fullmatch=True)
)
hosts = st.sampled_from(
    [b"testserver", b"testserver:8000", b"localhost", b"evil.com", b"", b"a b", b"test_server", b"\xff"]
)
values = st.one_of(
    st.sampled_from([b"https", b"1.2.3.4, 5.6.7.8", b"application/xml", b"de", b"text/plain; charset=latin-1"]),
    st.binary(max_size=20),
)
headers = st.lists(
    st.one_of(st.tuples(names.map(str.encode), values), st.tuples(st.just(b"host"), hosts)), max_size=6
).map(lambda pairs: [pair for pair in pairs if pair[0] not in {b"authorization", b"cookie", b"sec-websocket-protocol"}])
queries = st.one_of(st.binary(max_size=20), st.sampled_from([b"a=1&a=2", b"a=%ff", b"\xff=1", b"a=%C3%A9", b"a;b"]))
cookies = st.sampled_from([None, b"a=1", b"a=1; b=2", b'a="x; y"; a=3', b"\xe9=1", b"sessionid", b";;"])
schemes = st.sampled_from(["ws", "wss", "http", "https"])
paths = st.sampled_from(["/", "/a b/", "/\xe9/", "/site/a/"])


def django_request(scope: dict[str, Any]) -> HttpRequest | None:
    """Give the request that a view of Django gets, or ``None`` where Django answers 400 before any view."""
    scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
    http = {**scope, "type": "http", "method": "GET", "scheme": scheme}
    request: HttpRequest | None = ASGIHandler().create_request(http, io.BytesIO())[0]
    return request


def facts(request: HttpRequest) -> dict[str, Any]:
    """Say everything that a permission class may ask of a request."""
    try:
        host = request.get_host()
    except DisallowedHost:
        host = "refused"
    return {
        "META": request.META,
        "headers": dict(request.headers),
        "COOKIES": request.COOKIES,
        "GET": dict(request.GET.lists()),
        "path": (request.path, request.path_info, request.get_full_path()),
        "type": vars(request)["scope"]["type"],
        "method": request.method,
        "host": host,
        "secure": (request.is_secure(), request.scheme),
        "ident": BaseThrottle().get_ident(request),
        "accepted": [str(kind) for kind in request.accepted_types],
        "body": request.read(),
    }


@given(headers, queries, cookies, schemes, st.tuples(st.sampled_from(["", "/site"]), paths))
def test_differential(headers, query, cookie, scheme, places):
    """Headers, path, query, cookies, host and client are what a view over HTTP sees; a bad query is none for both."""
    root, path = places
    pairs = headers + ([(b"cookie", cookie)] if cookie is not None else [])
    scope = handshake(pairs, path, scheme=scheme, query_string=query, root_path=root)
    with override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
        expected = django_request(scope)
        if expected is None:
            with pytest.raises(UnicodeDecodeError):
                http_request(scope, "GET")
        else:
            assert facts(expected) == facts(http_request(scope, "GET"))


@given(headers, queries, cookies, st.sampled_from(["ws", "wss", None]))
def test_never_an_exception(headers, query, cookie, scheme):
    """Whatever the handshake is made of, it is let in, or refused with 400 where Django would not take it."""
    pairs = headers + ([(b"cookie", cookie)] if cookie is not None else [])
    payload, _ = meet(Desk, headers=pairs, scope={"query_string": query, "scheme": scheme})
    assert payload["status_code"] in {200, 400}


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ([("host", "evil.com")], b"", 400),
        ([("host", "testserver"), ("host", "testserver")], b"", 400),
        ([], b"\xff", 400),
        ([], b"a=%ff", 200),
        ([("accept", "application/xml")], b"", 200),
        ([("content-type", "multipart/form-data")], b"", 200),
        ([("content-length", "-1")], b"", 200),
    ],
)
def test_refused_handshakes(headers, query, status):
    """A host that is not the site's, or a query that is not UTF-8, is refused with 400; odd content is no matter."""
    payload, _ = meet(Desk, headers=headers, scope={"query_string": query})
    assert status == payload["status_code"]
    assert status == 200 or payload["data"] == {"detail": "Bad request."}


def test_a_refused_host_is_logged(caplog):
    """A client is not told what is wrong with the host, but the log is, with the host."""
    meet(Desk, headers=[("host", "evil.com")])
    (record,) = caplog.records
    assert "WARNING" == record.levelname
    assert record.getMessage().startswith("The Host of a handshake is not in ALLOWED_HOSTS: Invalid HTTP_HOST header:")
    assert "'evil.com'" in record.reason


def test_without_optional_keys():
    """A scope with nothing but what ASGI demands makes a request: no client, server, scheme, headers or root path."""
    request = http_request({"type": "websocket", "path": "/", "query_string": b""}, "GET")
    assert ("/", False, None) == (request.path, request.is_secure(), request.META.get("REMOTE_ADDR"))


@pytest.mark.parametrize(("scheme", "is_secure"), [("ws", False), ("wss", True), ("http", False), ("https", True)])
def test_what_is_secure(scheme, is_secure):
    """A socket over TLS is as secure as a request over TLS, whichever word the server has for it."""
    assert is_secure is http_request(handshake(scheme=scheme), "GET").is_secure()


class Looked(APIView):
    def get(self, request: Request, **kwargs: Any) -> Response:
        return Response(sorted(request.parser_context))


def test_the_context_is_that_of_a_view():
    """What parsers, and whoever asks as they do, find beside a request is what an ``APIView`` puts there."""
    view = View(SimpleNamespace(kwargs={"pk": 1}), None, None, ())
    request: Any = drf_request(http_request(handshake(), "GET"), [], view)
    context = request.parser_context

    assert Looked.as_view()(APIRequestFactory().get("/"), pk=1).data == sorted(context)
    assert (view, (), {"pk": 1}) == (context["view"], context["args"], context["kwargs"])
    assert context["request"].parser_context is context


def test_cookies_in_two_headers():
    """Cookies that HTTP/2 split over two headers are all read."""
    assert {"a": "1", "b": "2"} == http_request(handshake([("cookie", "a=1"), ("cookie", "b=2")]), "GET").COOKIES


class Scribe(BasePermission):
    notes: list[Any] = []

    def has_permission(self, request: Any, view: Any) -> bool:
        leftover = getattr(request, "leftover", None)
        request.leftover = request._request.leftover = "left"
        request.META["LEFT"] = "left"
        self.notes.append((request.method, request._request.method, request.data, leftover, request.query_params["a"]))
        return True


class Noting(Desk):
    @on("put", method="PUT")
    @requires(Scribe)
    async def put(self, payload: dict[str, int]) -> bool:
        return "LEFT" in self.request.META


def test_each_call_has_a_request_of_its_own():
    """A permission sees the action's method, the raw payload and the query, and nothing that it left at another call."""
    Scribe.notes.clear()

    async def run() -> list[Any]:
        async with WebsocketCommunicator(Noting.as_asgi(), "/?a=1") as socket:
            return [(await socket.call("put", {"n": number})).payload for number in (1, 2)]

    assert [False, False] == sync(run)()
    assert [("PUT", "PUT", {"n": number}, None, "1") for number in (1, 2)] == Scribe.notes


class Reader(BaseAuthentication):
    """See the header in both places where Django shows it."""

    scheme: str | None = None
    heard: list[Any] = []

    def authenticate(self, request: Any) -> Any:
        self.heard.append((request.META.get("HTTP_AUTHORIZATION"), request.headers.get("Authorization")))

    def authenticate_header(self, request: Any) -> str | None:
        return self.scheme if request.META else "of nobody"


def reader(scheme: str | None) -> type[Reader]:
    return type("SomeReader", (Reader,), {"scheme": scheme})


def view_of(request: Any = None) -> View:
    return View(variant(kwargs={})(), request, None)


def test_a_view_can_be_copied():
    """What looks for a method of Python's own finds none of the consumer's."""
    view = view_of()
    view.note = "x"
    twin = copy.copy(view)

    assert ("x", {}) == (twin.note, twin.kwargs)
    assert view.consumer is twin.consumer
    assert not hasattr(View(SimpleNamespace(__len__=len), None, None), "__len__")


def test_a_bare_token_under_each_scheme():
    """All classes see the token under one scheme after the other, in META and headers alike; nothing of it is left."""
    Reader.heard.clear()
    http = http_request(handshake([("authorization", "stale")]), "GET")
    assert "stale" == http.headers["Authorization"]
    classes = [reader("One"), reader(None), reader('Two realm="x"'), reader("One"), reader("")]
    request = drf_request(http, [one() for one in classes], view_of())
    present(request, Credentials(token="t"))
    assert request.user.is_anonymous
    assert [("One t", "One t")] * 5 + [("Two t", "Two t")] * 5 == Reader.heard
    assert "HTTP_AUTHORIZATION" not in http.META
    assert "Authorization" not in http.headers


def test_a_bare_token_that_nobody_could_present():
    """Where no class has a scheme, none sees the token."""
    Reader.heard.clear()
    request = drf_request(http_request(handshake(), "GET"), [reader(None)()], view_of())
    present(request, Credentials(token="t"))
    assert request.user.is_anonymous
    assert [(None, None)] == Reader.heard


class Taking(Reader):
    scheme = "One"

    def authenticate(self, request: Any) -> Any:
        super().authenticate(request)
        del request.META["HTTP_AUTHORIZATION"]


def test_a_class_may_take_the_header_off():
    """What a class does to the header of a bare token costs nobody else anything."""
    Reader.heard.clear()
    request = drf_request(http_request(handshake(), "GET"), [Taking()], view_of())
    present(request, Credentials(token="t"))
    assert request.user.is_anonymous
    assert ["One t"] == [meta for meta, _ in Reader.heard]


class Picky(Reader):
    scheme = "One"

    def authenticate(self, request: Any) -> Any:
        if request.META.get("HTTP_AUTHORIZATION", "").startswith("One"):
            raise AuthenticationFailed


def test_the_user_of_the_site_is_there_under_each_scheme():
    """A scheme that is refused costs the next one nothing: DRF takes Django's user off the request, and it is back."""
    http = http_request(handshake(), "GET")
    http.user, http._dont_enforce_csrf_checks = User(username="ann"), True
    request = drf_request(http, [Picky(), reader("Two")(), SessionAuthentication()], view_of())
    present(request, Credentials(token="t"))

    assert "ann" == request.user.username
    assert isinstance(request.successful_authenticator, SessionAuthentication)


def test_a_whole_header_as_it_is():
    """An Authorization header is shown as it was sent to every class."""
    Reader.heard.clear()
    request = drf_request(http_request(handshake(), "GET"), [reader("One")(), reader(None)()], view_of())
    present(request, Credentials(authorization="Two t"))
    assert request.user.is_anonymous
    assert [("Two t", "Two t")] * 2 == Reader.heard


@pytest.mark.parametrize("credentials", [Credentials(token="t"), Credentials(authorization="Bearer  t")])
def test_what_was_presented_is_remembered(credentials):
    """The secret stays with the request, so that the connection ends once it is revoked."""
    request = drf_request(http_request(handshake(), "GET"), [], view_of())
    present(request, credentials)

    assert "t" == vars(request)["presented"]


def test_whom_a_test_forces_in_needs_no_token():
    """A token beside ``force_authenticate`` is shown to nobody, and user and token are those that the test names."""
    Reader.heard.clear()
    scope = {**handshake(), "wsdrf.testing.force_authenticate": ("ann", "forced")}
    request = drf_request(http_request(scope, "GET"), [reader("One")()], view_of())
    present(request, Credentials(token="t"))

    assert ("ann", "forced", []) == (request.user, request.auth, Reader.heard)


def test_request_for_call_leaves_the_handshake():
    """The request of a call is a copy: method and data are its own."""
    handshake_request = drf_request(http_request(handshake(), "GET"), [], view_of())
    request = request_for_call(handshake_request, "DELETE", [1])
    assert ("DELETE", [1], "DELETE") == (request.method, request.data, request.META["REQUEST_METHOD"])
    assert ("GET", {}, "GET") == (
        handshake_request.method,
        handshake_request.data,
        handshake_request.META["REQUEST_METHOD"],
    )
    assert isinstance(request, Request)
    assert (None, None, {}) == (request.version, request.versioning_scheme, request.FILES)
