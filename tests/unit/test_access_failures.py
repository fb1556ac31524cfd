"""What is answered for an exception, and how a refusal is told, are what DRF answers and tells."""

from __future__ import annotations

import threading
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.test import override_settings
from django.utils.translation import gettext_lazy
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, TokenAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed, ErrorDetail, NotAuthenticated, Throttled
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler

from tests.unit.access_site import Desk, MembersDesk, meet, sync, variant
from wsdrf import AuthenticationResult, Authenticator, on, requires
from wsdrf.access.failures import challenge_of, code_of, denied, plain, status_text
from wsdrf.access.view import View
from wsdrf.testing import WebsocketCommunicator


class Nobody(BaseAuthentication):
    def authenticate(self, request: Any) -> Any:
        raise AuthenticationFailed({"reason": "moon", "count": 1})

    def authenticate_header(self, request: Any) -> str:
        return 'Moon realm="\u263d"'


class Gone(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        raise Http404


@pytest.mark.parametrize(
    ("attributes", "status", "challenge", "body"),
    [
        ({}, 403, None, {"detail": "Authentication credentials were not provided."}),
        (
            {"authentication_classes": [TokenAuthentication]},
            401,
            "Token",
            {"detail": "Authentication credentials were not provided."},
        ),
        (
            {"authentication_classes": [SessionAuthentication, TokenAuthentication]},
            403,
            None,
            {"detail": "Authentication credentials were not provided."},
        ),
        ({"authentication_classes": [Nobody]}, 401, 'Moon realm="?"', {"reason": "moon", "count": "1"}),
        ({"permission_classes": [Gone]}, 404, None, {"detail": "Not found."}),
    ],
)
def test_denial_at_the_handshake(attributes, status, challenge, body):
    """``denial="handshake"`` answers with REST's status, challenge and body; a server that cannot says 403."""
    base = {"authentication_classes": [SessionAuthentication], "denial": "handshake"}
    desk = variant(MembersDesk, **{**base, **attributes})
    socket = WebsocketCommunicator(desk.as_asgi(), "/", expect_authentication=False)
    assert (False, status) == sync(socket.connect)()
    assert (status, challenge, body) == (
        socket.response.status,
        socket.response.headers.get("www-authenticate"),
        socket.response.json(),
    )
    assert "application/json" == socket.response.headers["content-type"]
    plain = WebsocketCommunicator(desk.as_asgi(), "/", expect_authentication=False, denial_response=False)
    assert False is sync(plain.connect)()[0]
    assert (403, {}, b"") == (plain.response.status, plain.response.headers, plain.response.body)


def test_without_the_authentication_frame():
    """``send_authentication_message = False`` leaves the close code alone to tell."""
    desk = variant(MembersDesk, send_authentication_message=False)

    async def run() -> list[Any]:
        async with WebsocketCommunicator(desk.as_asgi(), "/", expect_authentication=False) as socket:
            await socket.assert_closed(4403)
            return await socket.receive_all_json(0)

    assert [] == sync(run)()


class Teapot(APIException):
    status_code = 418
    default_code = "teapot"
    default_detail = "Short and stout."


contexts: list[dict[str, Any]] = []
threads: list[threading.Thread] = []


def own_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Handle a project's own way: nothing is found, a bug is a teapot, and the rest is wrapped."""
    contexts.append(context)
    threads.append(threading.current_thread())
    if isinstance(error, LookupError):
        return None
    if isinstance(error, ZeroDivisionError):
        return Response({"detail": "Brewing.", "pot": 1}, status=418)
    response = exception_handler(error, context)
    if response is not None:
        response.data = {"wrapped": response.data}
    return response


def failing_handler(error: Exception, context: dict[str, Any]) -> Response:
    raise RuntimeError("The handler is broken.")


class Raising(BasePermission):
    error: Exception

    def has_permission(self, request: Any, view: Any) -> bool:
        if view.action is not None or view.consumer.kwargs:
            raise self.error
        return True


def raising(error: Exception) -> type[Raising]:
    return type("SomeRaising", (Raising,), {"error": error})


def verdicts(error: Exception) -> tuple[Any, Any]:
    """Give the payloads of the frames for ``error`` at connect and in a call."""

    class Mine(Desk):
        @on("act")
        @requires(raising(error))
        async def act(self) -> None: ...

    url = {"url_route": {"kwargs": {"pk": 1}}}
    connect = meet(variant(permission_classes=[raising(error)]), scope=url)[0]

    async def call() -> Any:
        async with WebsocketCommunicator(Mine.as_asgi(), "/") as socket:
            return (await socket.call("act")).payload

    return connect, sync(call)()


@pytest.mark.parametrize(
    ("error", "status", "code", "detail"),
    [
        (Teapot(), 418, "teapot", "Short and stout."),
        (Teapot("Other words.", code="other"), 418, "other", "Other words."),
        (Http404(), 404, "not_found", "Not found."),
        (PermissionDenied(), 403, "permission_denied", "You do not have permission to perform this action."),
        (ZeroDivisionError(), 500, "error", "A server error occurred."),
    ],
)
def test_exceptions(error, status, code, detail):
    """What user code raises is answered with DRF's status, code and detail; what DRF does not know tells nothing."""
    connect, call = verdicts(error)
    assert (status, {"detail": detail}) == (connect["status_code"], connect["data"])
    assert HTTPStatus(status).phrase == connect["status_text"]
    assert {"status_code": status, "code": code, "detail": detail} == call


@pytest.mark.parametrize(
    ("error", "status", "data", "code"),
    [
        (Teapot(), 418, {"wrapped": {"detail": "Short and stout."}}, "teapot"),
        (ZeroDivisionError(), 418, {"detail": "Brewing.", "pot": 1}, "error"),
        (LookupError(), 500, {"detail": "A server error occurred."}, "error"),
    ],
)
def test_exception_handler(error, status, data, code):
    """The project's ``EXCEPTION_HANDLER`` is called with DRF's context, and its status and data stand."""
    contexts.clear()
    with override_settings(REST_FRAMEWORK={"EXCEPTION_HANDLER": f"{__name__}.own_handler"}):
        connect, call = verdicts(error)
    assert (status, data) == (connect["status_code"], connect["data"])
    assert (status, code, data.get("detail", data)) == (call["status_code"], call["code"], call["detail"])
    assert [{"view", "args", "kwargs", "request"}] * 2 == [set(context) for context in contexts]
    assert [{"pk": 1}, {}] == [context["kwargs"] for context in contexts]
    assert [None, "act"] == [context["view"].action for context in contexts]


class Asking(TokenAuthentication):
    def authenticate_header(self, request: Any) -> str:
        return f"Token realm={request.get_host()}"


async def test_an_exception_handler_runs_in_a_thread() -> None:
    """What a project does with an exception may block: the event loop does not wait for it; status and challenge stay."""
    threads.clear()
    desk = variant(MembersDesk, authentication_classes=[Asking], denial="handshake")
    with override_settings(REST_FRAMEWORK={"EXCEPTION_HANDLER": f"{__name__}.own_handler"}):
        socket = WebsocketCommunicator(desk.as_asgi(), "/", expect_authentication=False)
        assert (False, 401) == await socket.connect()
    assert "Token realm=testserver" == socket.response.headers["www-authenticate"]
    assert threads
    assert threading.current_thread() not in threads


class Speechless(Authenticator):
    async def authenticate(self, scope: Any) -> AuthenticationResult:
        self.make_request(scope)
        raise NotAuthenticated


async def test_an_authenticator_that_raises_is_answered_with_its_request() -> None:
    """Who is refused after the request was made is told by which scheme to come back, as over HTTP."""
    options = {"authenticator_class": Speechless, "authentication_classes": [TokenAuthentication]}
    desk = variant(Desk, denial="handshake", **options)
    socket = WebsocketCommunicator(desk.as_asgi(), "/", expect_authentication=False)
    assert (False, 401) == await socket.connect()
    assert "Token" == socket.response.headers["www-authenticate"]


@pytest.mark.parametrize("error", [Teapot(), ZeroDivisionError()])
def test_an_exception_handler_that_fails(error, caplog):
    """A handler that fails itself is an internal error, told without a word of the cause, and logged."""
    with override_settings(REST_FRAMEWORK={"EXCEPTION_HANDLER": f"{__name__}.failing_handler"}):
        connect, call = verdicts(error)
    assert (500, {"detail": "A server error occurred."}) == (connect["status_code"], connect["data"])
    assert {"status_code": 500, "code": "error", "detail": "A server error occurred."} == call
    assert "The handler is broken." in caplog.text


@pytest.mark.parametrize("setting", [None, "django.contrib.auth.models.AnonymousUser"])
def test_unauthenticated_user(setting):
    """Where DRF's ``UNAUTHENTICATED_USER`` is ``None``, so is the user, and guards say the same."""
    with override_settings(REST_FRAMEWORK={"UNAUTHENTICATED_USER": setting}):
        assert 403 == meet(MembersDesk)[0]["status_code"]
        assert 401 == meet(variant(MembersDesk, authentication_classes=[TokenAuthentication]))[0]["status_code"]

        async def call() -> Any:
            async with WebsocketCommunicator(variant(Guarded).as_asgi(), "/") as socket:
                return [(await socket.call("who")).payload, (await socket.call("own")).code]

        assert ["nobody", "permission_denied"] == sync(call)()


class Guarded(Desk):
    @on("own")
    @requires(IsAuthenticated)
    async def own(self) -> None: ...


@pytest.mark.parametrize("request_", [None, Request(HttpRequest())])
def test_who_can_log_in_by_nothing_is_not_challenged(request_: Request | None) -> None:
    """Without authentication classes, as without a request, DRF's view has no header for a refusal: 403."""
    view = View(SimpleNamespace(kwargs={}), request_, None)
    for error in (NotAuthenticated(), AuthenticationFailed()):
        answer = denied(error, view, [], exception_handler)
        assert answer is not None
        assert 403 == answer.failure.status_code
    assert None is challenge_of([TokenAuthentication()], None)


def test_details_of_many_sentences_have_the_code_of_their_class() -> None:
    """DRF gives a code to each sentence of a list, and none to the list."""
    assert "teapot" == code_of(Teapot(["Short.", "Stout."], code="other"))
    assert "authentication_failed" == code_of(AuthenticationFailed({"reason": "moon"}))
    assert "moon" == code_of(AuthenticationFailed({"code": "moon"}))


class Endless(Throttled):
    def __init__(self) -> None:
        APIException.__init__(self)


def test_who_is_throttled_without_an_end_is_told_of_none() -> None:
    """An exception that does not say how long to wait is answered all the same."""
    answer = denied(Endless(), View(SimpleNamespace(kwargs={}), None, None), [], exception_handler)

    assert answer is not None
    assert (429, None) == (answer.failure.status_code, answer.failure.retry_after)


def words_alone(error: Exception, context: dict[str, Any]) -> Response:
    return Response({"detail": "Later."}, status=503)


@pytest.mark.parametrize("wait", [float("inf"), float("nan"), -1, 10**400, "7", lambda: 7, None])
def test_what_is_no_time_to_wait_is_not_told(wait: Any) -> None:
    """An exception of a project's may have anything under that name; the rest of the answer stands."""
    error = type("Odd", (APIException,), {"wait": wait})()
    answer = denied(error, View(SimpleNamespace(kwargs={}), None, None), [], words_alone)

    assert answer is not None
    assert (503, "Later.", None) == (answer.failure.status_code, answer.failure.detail, answer.failure.retry_after)


class Later(APIException):
    wait = 2.0


def test_whatever_says_how_long_to_wait_is_heard() -> None:
    """DRF's handler sets ``Retry-After`` for any exception that has a ``wait``."""
    answer = denied(Later(), View(SimpleNamespace(kwargs={}), None, None), [], exception_handler)

    assert answer is not None
    assert 2 == answer.failure.retry_after
    assert "2" == exception_handler(Later(), {})["Retry-After"]


@pytest.mark.parametrize("text", [ErrorDetail("x", code="y"), gettext_lazy("x"), "x"])
def test_texts_of_a_response_are_plain(text: Any) -> None:
    """Whatever says it, a text is a ``str`` in what goes to the client; numbers and nothing stay what they are."""
    given = plain({"a": [text, (text,)], "b": [None, True, 1, 1.5]})

    assert {"a": ["x", ["x"]], "b": [None, True, 1, 1.5]} == given
    assert {str} == {type(given["a"][0]), type(given["a"][1][0])}
    assert True is given["b"][1]


def test_statuses_have_their_phrase() -> None:
    """The phrase is that of RFC 9110; one that nobody has defined has none."""
    assert ("Forbidden", "") == (status_text(403), status_text(599))
