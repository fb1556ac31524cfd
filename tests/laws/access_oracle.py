"""Who asks, what DRF answers them over HTTP, and what wsdrf answers them on a socket."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from asgiref.sync import async_to_sync
from attrs import field, frozen
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from hypothesis import strategies as st
from knox.models import AuthToken
from rest_framework.authentication import TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.tokens import AccessToken

from tests.laws.access_zoo import TOKEN_CLASSES, KnoxByName
from wsdrf import Authenticator
from wsdrf.options import METHODS
from wsdrf.testing import WebsocketCommunicator

User = get_user_model()

# -- callers -----------------------------------------------------------------------------------------------------------

STATES = ("member", "staff", "inactive", "expired", "bad")


@frozen
class Caller:
    """What one client sends: a session cookie, and an ``Authorization`` header or a bare token."""

    session: str | None = None
    authorization: str | None = field(default=None)
    token: str | None = None


@frozen
class Question:
    """What a client asks for: a row, by a method; and whether it wears the hat that one permission class wants."""

    method: str = "GET"
    row: str = "open"
    hat: bool = False

    def url(self, people: People) -> str:
        """Give the path to ask at."""
        return f"/groups/{people.pks[self.row]}/{'?hat=1' if self.hat else ''}"


questions = st.builds(Question, st.sampled_from(METHODS), st.sampled_from(["open", "closed", "missing"]), st.booleans())


class People:
    """The rows that the callers of a test are known by, made once for all its examples."""

    def __init__(self) -> None:
        self.sessions: dict[str, str] = {"bad": "x" * 32}
        self.tokens: dict[tuple[type, str], str] = {}
        for state in STATES[:-1]:
            user = User.objects.create_user(state, password="pass", is_staff=state == "staff")
            user.user_permissions.add(*Permission.objects.filter(codename__in=["add_group", "view_group"]))
            client = Client()
            client.force_login(user)
            self.sessions[state] = client.cookies[settings.SESSION_COOKIE_NAME].value
            self.tokens[TokenAuthentication, state] = Token.objects.create(user=user).key
            access = AccessToken.for_user(user)
            if state == "expired":
                Session.objects.filter(pk=self.sessions[state]).update(expire_date="2020-01-01T00:00:00Z")
                access.set_exp(lifetime=timedelta(hours=-1))
            self.tokens[JWTAuthentication, state] = str(access)
            expiry = timedelta(hours=-1 if state == "expired" else 1)
            self.tokens[KnoxByName, state] = AuthToken.objects.create(user=user, expiry=expiry)[1]
        for kind in TOKEN_CLASSES:
            self.tokens[kind, "bad"] = "bad"
        User.objects.filter(username="inactive").update(is_active=False)
        User.objects.filter(username="expired").update(password="changed")
        self.pks = {name: Group.objects.create(name=name).pk for name in ("open", "closed")}
        self.pks["missing"] = max(self.pks.values()) + 1

    def basic(self, state: str) -> str:
        """Give a Basic header; only ``member``, ``staff`` and ``inactive`` have the password that it says."""
        return "Basic " + base64.b64encode(f"{state}:pass".encode()).decode()

    def authorizations(self) -> st.SearchStrategy[str | None]:
        """Draw an ``Authorization`` header: of any scheme, in any state, or malformed."""
        known = [f"{scheme} {self.tokens[kind, state]}" for kind, scheme in TOKEN_CLASSES.items() for state in STATES]
        basics = [self.basic(state) for state in STATES]
        return st.sampled_from([None, *known, *basics, *MALFORMED])

    def callers(self) -> st.SearchStrategy[Caller]:
        """Draw who asks, and by what."""
        sessions = st.sampled_from([None, *STATES])
        tokens = st.sampled_from(sorted(set(self.tokens.values())))
        return st.one_of(st.builds(Caller, sessions, self.authorizations()), st.builds(Caller, sessions, token=tokens))


MALFORMED = ["Token", "Token a b", "Bearer", "Bearer a b", "Basic", "Basic !", "Knox", "Moon 1", "token", "", "\xe9"]

# -- the verdicts ------------------------------------------------------------------------------------------------------


@frozen
class Verdict:
    """What a caller was told."""

    status_code: int
    code: str = ""
    detail: Any = None
    challenge: str | None = None
    retry_after: int | None = None


INTERNAL = Verdict(500, "error", "A server error occurred.")
current_view: list[Callable[..., Any]] = []


@csrf_exempt
def serve(request: HttpRequest, **kwargs: Any) -> Any:
    return current_view[-1](request, **kwargs)


urlpatterns = [path("groups/<int:pk>/", serve)]


class View(GenericAPIView):
    """A generic view, where ``object_permission_classes`` may be fewer than those asked before there is an object."""

    object_permission_classes: Any = None

    def check_object_permissions(self, request: Any, obj: Any) -> None:
        if self.object_permission_classes is not None:
            self.permission_classes = self.object_permission_classes
        super().check_object_permissions(request, obj)


def ask_drf(attributes: dict[str, Any], caller: Caller, people: People, question: Question) -> Verdict:
    """Ask a generic view with ``attributes`` over HTTP."""

    def answer(self: Any, request: Any, **kwargs: Any) -> Response:
        self.get_object()
        return Response()

    view = type("View", (View,), {"queryset": Group.objects.all(), **attributes, question.method.lower(): answer})
    client = Client(raise_request_exception=False)
    authorization = caller.authorization
    if caller.token is not None:
        authorization = header_of(caller, attributes["authentication_classes"], people)
    headers = {} if authorization is None else {"HTTP_AUTHORIZATION": authorization}
    if caller.session:
        client.cookies[settings.SESSION_COOKIE_NAME] = people.sessions[caller.session]
    current_view[:] = [view.as_view()]
    response: Any = client.generic(question.method, question.url(people), **headers)
    return read_response(response)


def header_of(caller: Caller, authentications: list[Any], people: People) -> str | None:
    """Give the header by which the owner of a bare token would send it over HTTP.

    Under the first scheme by which somebody is known, or a class fails; or else the first by which it is refused.
    """
    refused = None
    members = {"authentication_classes": authentications, "permission_classes": [IsAuthenticated]}
    for kind in authentications:
        scheme = (kind().authenticate_header(RequestFactory().get("/")) or "").partition(" ")[0]
        header = f"{scheme} {caller.token}" if scheme else None
        verdict = ask_drf(members, Caller(caller.session, header), people, Question())
        if header is not None and verdict.status_code in {200, 500}:
            return header
        refused = refused or (header if verdict.code != "not_authenticated" else None)
    return refused


def read_response(response: Any) -> Verdict:
    """Read the verdict off DRF's response."""
    if response.status_code == 200:
        return Verdict(200)
    if response.status_code == 500:
        return INTERNAL
    data = response.data
    detail = data.get("detail", data)
    retry_after = response.headers.get("Retry-After")
    return Verdict(
        response.status_code,
        str(data.get("code") or getattr(detail, "code", "permission_denied")),
        detail if isinstance(detail, dict) else str(detail),
        response.headers.get("WWW-Authenticate"),
        None if retry_after is None else int(retry_after),
    )


class Remembering(Authenticator):
    """Keep what each connect was found to be worth."""

    results: list[Any] = []

    async def authenticate(self, scope: Any) -> Any:
        result = await super().authenticate(scope)
        self.results.append(result)
        return result


def talk(
    consumer: Any, caller: Caller, people: People, question: Question, call: dict[str, Any] | None = None
) -> list[Verdict]:
    """Connect to ``consumer`` at the question's path, send ``call`` where it lets in, and give the verdicts."""
    return async_to_sync(_talk)(open_socket(consumer, caller, people, question), call)


def open_socket(consumer: Any, caller: Caller, people: People, question: Question) -> WebsocketCommunicator:
    """Give the caller's communicator, not yet connected."""
    socket = WebsocketCommunicator(consumer.as_asgi(), question.url(people), token=caller.token)
    socket.scope["url_route"] = {"args": (), "kwargs": {"pk": people.pks[question.row]}}
    if caller.authorization is not None:
        socket.scope["headers"].append((b"authorization", caller.authorization.encode("latin-1")))
    if caller.session:
        cookie = f"{settings.SESSION_COOKIE_NAME}={people.sessions[caller.session]}"
        socket.scope["headers"].append((b"cookie", cookie.encode()))
    return socket


async def _talk(socket: WebsocketCommunicator, call: dict[str, Any] | None) -> list[Verdict]:
    Remembering.results.clear()
    async with socket:
        verdicts = [_read_result(await socket.wait_for_auth())]
        if verdicts[0].status_code != 200:
            await socket.assert_closed(4000 + verdicts[0].status_code)
        elif call is not None:
            verdicts.append(_read_answer(await socket.call(**call)))
    return verdicts


def _read_result(payload: Any) -> Verdict:
    result, status_code, data = Remembering.results[0], payload["status_code"], payload["data"]
    if status_code == 200:
        return Verdict(200)
    detail = data.get("detail", data)
    return Verdict(status_code, result.code, detail, result.challenge, result.retry_after)


def _read_answer(answer: Any) -> Verdict:
    if not answer.is_error:
        return Verdict(200)
    payload = answer.payload
    return Verdict(payload["status_code"], payload["code"], payload["detail"], None, payload.get("retry_after"))
