"""``wsdrf_matrix --probe``: what really calling shows, and that it leaves no trace."""

from __future__ import annotations

import re
import warnings
from collections.abc import AsyncIterator
from contextlib import nullcontext
from io import StringIO
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.contrib.auth.models import Group, User
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import path
from rest_framework.authentication import TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated
from rest_framework.throttling import SimpleRateThrottle

from tests.unit.rights_site import people
from wsdrf import AuthorizationHeader, Consumer, FirstMessage, loads, message, on, requires, throttle
from wsdrf.access.request import FORCED
from wsdrf.management import probe
from wsdrf.testing.scope import Scope

pytestmark = pytest.mark.django_db

ran: list[str] = []
committed: list[str] = []


class Once(SimpleRateThrottle):
    rate = "1/day"

    def get_cache_key(self, request: Any, view: Any) -> str:
        return type(self).__name__


class OncePerDay(Once):
    pass


@message("named")
class Named:
    name: str


class Busy(Consumer):
    authentication_classes = [TokenAuthentication]
    permission_classes = [AllowAny]
    throttle_classes = [Once]

    @on("make")
    @requires(IsAuthenticated)
    @throttle(OncePerDay)
    async def make(self, payload: Named) -> None:
        ran.append("make")
        await Group.objects.acreate(name=f"made {payload.name}")
        await self.broadcast(payload, self.group_name("all"))
        await sync_to_async(transaction.on_commit)(lambda: committed.append("make"))
        mail.send_mail("made", "", None, ["a@example.com"])

    @on("find")
    @requires(IsAdminUser)
    @loads("group", Group, name="name")
    def find(self, payload: Named, group: Group) -> None:
        ran.append("find")

    @on("leave")
    @requires(IsAdminUser)
    async def leave_at_once(self) -> None:
        ran.append("leave")
        await self.close(4500)

    @on("stream")
    async def stream(self) -> AsyncIterator[int]:
        ran.append("stream")
        yield 1


class Door(Consumer):
    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated]

    @on("in")
    async def come_in(self) -> None: ...


class HandshakeDoor(Door):
    denial = "handshake"


class SilentDoor(Door):
    send_authentication_message = False


class WaitingDoor(Door):
    credential_carriers = (AuthorizationHeader(), FirstMessage())


class Smuggler:
    """Middleware that makes everybody an administrator."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        admin = await User.objects.aget(username="eve")
        await self.inner({**scope, FORCED: (admin, None)}, receive, send)


busy = AllowedHostsOriginValidator(URLRouter([path("busy/", Busy.as_asgi())]))
smuggled = Smuggler(URLRouter([path("door/", Door.as_asgi())]))
doors = URLRouter(
    [path(f"{door.__name__}/", door.as_asgi()) for door in (Door, HandshakeDoor, SilentDoor, WaitingDoor)]
)


@pytest.fixture(autouse=True)
def site(settings: Any, db: None) -> dict[str, Any]:
    settings.ASGI_APPLICATION = f"{__name__}.busy"
    ran.clear()
    committed.clear()
    return people()


def printed(*arguments: str, errors: StringIO | None = None) -> str:
    output = StringIO()
    call_command("wsdrf_matrix", "--probe", "--noinput", *arguments, stdout=output, stderr=errors or StringIO())
    return output.getvalue()


WHO = ["--as", "anonymous", "--as", "ann", "--as", "eve"]


def test_the_answers_are_what_calls_get() -> None:
    """Who may, and what became of it: an object that is not there, a handler that closes, a stream."""
    assert (
        "Busy  /busy/\n"
        "action     anonymous              ann                    eve\n"
        "(connect)  yes                    yes                    yes\n"
        "make       401 not_authenticated  yes                    yes\n"
        "find       401 not_authenticated  403 permission_denied  404 not_found\n"
        "leave      401 not_authenticated  403 permission_denied  500\n"
        "stream     yes                    yes                    yes\n"
    ) == printed(*WHO)
    assert ["stream", "make", "stream", "make", "leave", "stream"] == ran


def test_nothing_is_left_behind(settings: Any) -> None:
    """Rows are rolled back, what waits for a commit never runs; mail, caches and channel layers are not the project's."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "no.such.layer"}}
    if hasattr(settings, "MAILERS"):  # since Django 6.1
        settings.MAILERS = {"default": {"BACKEND": "no.such.backend"}}
    else:
        settings.EMAIL_BACKEND = "no.such.backend"
    cache.set("mine", 1)
    rights = printed(*WHO)

    assert {"make", "stream", "leave"} == set(ran)
    assert "make       401 not_authenticated  yes " in rights
    assert ([], [], 1) == (committed, mail.outbox, cache.get("mine"))
    assert not Group.objects.exists()


def mail_goes_by(settings: Any) -> str:
    """Give the backend of a project without ``MAILERS``; Django 6.1 warns whoever reads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return str(settings.EMAIL_BACKEND)


def test_project_without_mailers_is_silent_too(settings: Any) -> None:
    """Where the project has no ``MAILERS``, as before Django 6.1, nobody gets mail, and no warning is made of that."""
    if hasattr(settings, "MAILERS"):
        del settings.MAILERS
    before = mail_goes_by(settings)

    with probe.sealed():
        within = mail_goes_by(settings)

    assert ("django.core.mail.backends.dummy.EmailBackend", before) == (within, mail_goes_by(settings))


@pytest.mark.parametrize("name", ["Door", "HandshakeDoor", "SilentDoor", "WaitingDoor"])
def test_every_door_is_tried(name: str, settings: Any) -> None:
    """However a consumer refuses, and wherever it takes a token, the answer is that of the guards."""
    settings.ASGI_APPLICATION = f"{__name__}.doors"
    key = Token.objects.create(user=User.objects.get(username="ann")).key
    roles = ["anonymous", "ann", f"header:Token {key}", "header:Token x", f"token:{key}", "token:x"]
    arguments = [part for role in roles for part in ("--as", role)]
    output = StringIO()
    call_command("wsdrf_matrix", "--path", f"/{name}/", *arguments, stdout=output)

    connected, called = rows(printed("--path", f"/{name}/", *arguments))
    assert [connected, called] == rows(output.getvalue())
    wrong = "401 authentication_failed"
    assert ["(connect)", "401 not_authenticated", "yes", "yes", wrong, "yes", wrong] == connected
    assert connected[1:] == called[1:]


def rows(text: str) -> list[list[str]]:
    return [re.split("  +", line) for line in text.splitlines()[2:]]


def test_a_guard_that_is_passed_by_fails(settings: Any) -> None:
    """Middleware that lets everybody be somebody else is found out: exit code 1."""
    settings.ASGI_APPLICATION = f"{__name__}.smuggled"

    with pytest.raises(CommandError) as caught:
        printed("--as", "anonymous")

    assert 1 == caught.value.returncode
    assert (
        "The guards refuse anonymous (connect) at /door/, but the call was answered otherwise.\n"
        "The guards refuse anonymous in at /door/, but the call was answered otherwise."
    ) == str(caught.value)


def test_a_payload_that_nobody_can_make_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without hypothesis, or with a type that it cannot draw: the action keeps what the guards say, and is named."""
    monkeypatch.setattr(probe, "HAS_HYPOTHESIS", False)
    errors = StringIO()
    text = printed(*WHO, errors=errors)

    assert ["make", "401", "not_authenticated", "yes", "yes"] == text.splitlines()[3].split()
    assert "make of Busy was not called: there was no payload for it." in errors.getvalue()
    assert "make" not in ran


@pytest.mark.parametrize(("word", "is_called"), [("yes", True), ("no", False), ("", False), (None, False)])
def test_it_asks_before_it_calls(word: str | None, is_called: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Handlers run: nobody does that by mistake, and where nobody can be asked, none does."""

    def reply(_: str) -> str:
        if word is None:
            raise EOFError
        return word

    monkeypatch.setattr("builtins.input", reply)
    errors = StringIO()
    with nullcontext() if is_called else pytest.raises(CommandError, match="Nothing was called"):
        call_command("wsdrf_matrix", "--probe", stdout=StringIO(), stderr=errors)

    assert "anything else that a handler does is done" in errors.getvalue()
    assert is_called is bool(ran)
