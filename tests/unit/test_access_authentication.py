"""An authenticator of the project's own decides, and cannot undo what comes before and after it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import pytest
from attrs import evolve
from django.contrib.auth.models import AnonymousUser, User
from rest_framework.authentication import TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.permissions import BasePermission, IsAdminUser, IsAuthenticated

from tests.unit.access_site import Desk, MembersDesk, meet, variant
from wsdrf import AuthenticationResult, Authenticator, FirstMessage, QueryParameter, adisconnect, on, requires
from wsdrf.exceptions import ConfigurationError
from wsdrf.testing import WebsocketCommunicator


class Member(AnonymousUser):
    is_authenticated = True

    def __init__(self, name: str) -> None:
        self.pk = self.username = name


LET_IN = AuthenticationResult(True, user=Member("ann"), auth="ticket", data={"detail": "Welcome.", "seats": 2})
SENT_AWAY = AuthenticationResult(False, 402, "Payment Required", {"detail": "Pay first.", "sum": 5})


class Own(Authenticator):
    results: list[AuthenticationResult] = []
    calls: list[tuple[str | None, bool]] = []

    async def authenticate(self, scope: Any) -> AuthenticationResult:
        self.calls.append((self.token, self.is_connect))
        return self.results.pop(0) if len(self.results) > 1 else self.results[0]


class OwnDesk(Desk):
    authenticator_class = Own
    revalidate_after = 0.0

    @on("tell")
    @requires(IsAuthenticated)
    async def tell(self) -> list[Any]:
        return [self.user.username, self.auth, self.request.user.username, self.request.auth, self.request.method]


async def knock(*results: AuthenticationResult, consumer: Any = OwnDesk, frames: Sequence[Any] = ()) -> Any:
    """Connect with these results to come; call ``tell`` for each; give the first payload, the answers and the code."""
    Own.results[:], Own.calls[:] = results, []
    async with WebsocketCommunicator(consumer.as_asgi(), "/", expect_authentication=False) as socket:
        first = await socket.wait_for_auth()
        for number, frame in enumerate(frames):
            await socket.send_json({"id": number, **frame})
        rest = await socket.receive_all_json(0.05)
        return first, rest, socket.closed and socket.closed.code


async def test_own_result_lets_in():
    """The result's user, auth and data are the connection's, and guards see them; the next call asks again."""
    first, frames, code = await knock(LET_IN, frames=[{"action": "tell"}])
    assert {"status_code": 200, "status_text": "OK", "data": {"detail": "Welcome.", "seats": 2}} == first
    assert ["ann", "ticket", "ann", "ticket", "GET"] == frames[0]["payload"]
    assert [(None, True), (None, False)] == Own.calls
    assert code is None


async def test_own_result_sends_away():
    """A result with any status is told as it is, and closes with its code."""
    first, frames, code = await knock(SENT_AWAY)
    assert {"status_code": 402, "status_text": "Payment Required", "data": {"detail": "Pay first.", "sum": 5}} == first
    assert ([], 4402) == (frames, code)


async def test_own_result_is_asked_again():
    """Who is sent away later is told so and closed before the handler runs."""
    _, frames, code = await knock(LET_IN, SENT_AWAY, frames=[{"action": "tell"}])
    assert (["authentication"], 4402) == ([frame["action"] for frame in frames], code)


async def test_own_result_cannot_change_the_user():
    """Another user than the one who was let in is refused, whoever says so."""
    for other in (evolve(LET_IN, user=Member("bob")), evolve(LET_IN, user=None)):
        _, frames, code = await knock(LET_IN, other, frames=[{"action": "tell"}])
        assert (["authentication"], 4403) == ([frame["action"] for frame in frames], code)


async def test_own_result_by_message():
    """A token that comes in a message is the authenticator's to judge."""
    consumer = variant(OwnDesk, credential_carriers=[FirstMessage()])
    Own.results[:], Own.calls[:] = [evolve(SENT_AWAY, code="not_authenticated"), LET_IN], []
    async with WebsocketCommunicator(consumer.as_asgi(), "/", expect_authentication=False) as socket:
        await socket.send_json({"action": "authenticate", "token": "t"})
        assert 200 == (await socket.wait_for_auth())["status_code"]
        assert (await socket.call("tell")).payload[0] == "ann"
    assert [(None, True), ("t", True), ("t", False)] == Own.calls


class Lazy(Authenticator):
    async def authenticate(self, scope: Any) -> AuthenticationResult:
        raise LookupError("who?")


class Adding(Authenticator):
    async def authenticate(self, scope: Any) -> AuthenticationResult:
        result = await super().authenticate(scope)
        return evolve(result, data={**result.data, "version": 2})


async def test_adding_to_the_usual():
    """An override may ask wsdrf's own authenticator first, and add to what it found."""
    async with WebsocketCommunicator(variant(MembersDesk, authenticator_class=Adding).as_asgi(), "/") as socket:
        assert 2 == (await socket.wait_for_auth())["data"]["version"]


def test_an_authenticator_is_of_a_connect_unless_it_is_told_otherwise():
    """Made by hand, as in a project's test, it has no token and no request, and is for a connect."""
    one = Authenticator(None)
    assert (None, True, None) == (one.token, one.is_connect, one.request)


class Doubting(Authenticator):
    looks = 0

    async def authenticate(self, scope: Any) -> AuthenticationResult:
        Doubting.looks += 1
        self.consumer._caller.doubt()
        return AuthenticationResult(True)


async def test_a_doubt_during_a_look_has_it_repeated():
    """What came while somebody looked may have come too late for that look, each time anew."""
    Doubting.looks = 0
    consumer = variant(authenticator_class=Doubting, revalidate_after=None)
    async with WebsocketCommunicator(consumer.as_asgi(), "/") as socket:
        for _ in range(3):
            await socket.call("who")
    assert 4 == Doubting.looks


class Slow(Authenticator):
    asked: list[tuple[str | None, bool]] = []
    may_answer = asyncio.Event()

    async def authenticate(self, scope: Any) -> AuthenticationResult:
        self.asked.append((self.token, self.is_connect))
        if self.token == "old" and not self.is_connect:
            await self.may_answer.wait()
        is_good = self.token == "new" or (self.token == "old" and self.is_connect)
        return AuthenticationResult(is_good, 200 if is_good else 401, user=Member("ann"))


async def test_a_look_that_a_renewal_overtakes_is_of_the_new_token():
    """What is found about a token that was replaced meanwhile says nothing of the one that counts now."""
    Slow.asked.clear()
    Slow.may_answer.clear()
    consumer = variant(authenticator_class=Slow, credential_carriers=[FirstMessage()])
    held: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    class Holding(consumer):  # type: ignore[misc, valid-type]
        async def connected(self) -> None:
            held.set_result(self._caller)

    async with WebsocketCommunicator(Holding.as_asgi(), "/", expect_authentication=False) as socket:
        await socket.send_json({"action": "authenticate", "token": "old"})
        caller = await held
        look = asyncio.ensure_future(caller.revalidate())
        await asyncio.sleep(0)
        assert (await caller.authenticate("new", is_connect=False)).is_authenticated
        Slow.may_answer.set()
        await look  # and is not told that its credentials are lost

    assert [(None, True), ("old", True), ("old", False), ("new", False), ("new", False)] == Slow.asked


class Rerouted(Authenticator):
    async def authenticate(self, scope: Any) -> AuthenticationResult:
        return await super().authenticate({**scope, "query_string": b"a=1&key=secret"})


class Asked(BasePermission):
    seen: list[Any] = []

    async def has_permission(self, request: Any, view: Any) -> bool:
        self.seen.append((request.META["QUERY_STRING"], vars(request)["presented"]))
        return True


async def test_a_scope_of_ones_own_is_stripped_as_well():
    """The token of a scope that an override makes is read, and then it is in no request."""
    Asked.seen.clear()
    attributes = {"authenticator_class": Rerouted, "permission_classes": [Asked]}
    desk = variant(Desk, credential_carriers=[QueryParameter("key")], **attributes)
    async with WebsocketCommunicator(desk.as_asgi(), "/"):
        assert [("a=1", "secret")] == Asked.seen


async def test_an_authenticator_that_fails(caplog):
    """An authenticator that fails lets nobody in: the client is told of an internal error, and the log of the cause."""
    consumer = variant(authenticator_class=Lazy)
    async with WebsocketCommunicator(consumer.as_asgi(), "/", expect_authentication=False) as socket:
        assert 500 == (await socket.wait_for_auth())["status_code"]
        await socket.assert_closed(4500)
    assert "who?" in caplog.text
    assert [logging.ERROR] == [record.levelno for record in caplog.records if record.name.startswith("wsdrf")]


@pytest.mark.parametrize("wrong", [Own.authenticate, "no.such.Thing", object, IsAuthenticated, 7])
def test_a_wrong_authenticator(wrong):
    """What is no authenticator is an error when the application is built, naming option and consumer."""
    with pytest.raises(ConfigurationError, match=r"authenticator_class"):
        variant(authenticator_class=wrong).as_asgi()


@pytest.mark.parametrize(
    ("options", "status"),
    [({"headers": [("origin", "http://evil.com")]}, 403), ({"headers": [("host", "evil.com")]}, 400)],
)
def test_the_origin_comes_before_an_authenticator_of_ones_own(options, status):
    """A foreign page, or a host that is not the site's, is refused before the project's own code is asked."""
    Own.results[:], Own.calls[:] = [LET_IN], []
    assert status == meet(OwnDesk, **options)[0]["status_code"]
    assert [] == Own.calls


class Forgetful(Authenticator):
    async def authenticate(self, scope: Any) -> Any:
        return True


def test_an_authenticator_that_gives_no_result(caplog):
    """Anything but a result lets nobody in, and the log says what it should have been."""
    assert 500 == meet(variant(authenticator_class=Forgetful))[0]["status_code"]
    assert "Forgetful.authenticate() returned True. It must return an AuthenticationResult." in caplog.text


@pytest.mark.parametrize("name", ["authentication_classes", "permission_classes", "throttle_classes"])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (IsAuthenticated, "is a class"),
        ([IsAuthenticated, IsAuthenticated()], "has an instance of IsAuthenticated"),
        ("IsAuthenticated", "is 'IsAuthenticated'"),
        (["x"], "has 'x'"),
        (7, "is 7"),
    ],
)
def test_wrong_classes(name, wrong, said):
    """What is no list of classes is an error when the application is built, naming attribute, consumer and culprit."""
    with pytest.raises(ConfigurationError, match=rf"Variant.{name} {said}\. It must be a list of classes"):
        variant(**{name: wrong}).as_asgi()


def test_repr_hides_the_token():
    """A result does not show what DRF calls auth."""
    assert "ticket" not in repr(LET_IN)


class Impersonating(Authenticator):
    """Ask wsdrf's own, and let somebody else in."""

    async def authenticate(self, scope: Any) -> AuthenticationResult:
        result = await super().authenticate(scope)
        if result.is_authenticated:
            return evolve(result, user=await User.objects.aget(username="victim"))
        return AuthenticationResult(True, user=await User.objects.aget(username="guest"), auth="ticket")


class Told(Desk):
    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated]
    authenticator_class = Impersonating

    @on("tell")
    async def tell(self) -> list[str]:
        return [self.user.username, self.request.user.username, str(self.request.auth)]

    @on("rule")
    @requires(IsAdminUser)
    async def rule(self) -> None: ...


@pytest.mark.django_db(transaction=True)
async def test_whom_an_override_names_is_who_is_there():
    """Guards, throttles, handlers and logouts know the user of the result, whoever DRF has found."""
    staff, victim, _ = [
        await User.objects.acreate(username=name, is_staff=name == "staff") for name in ("staff", "victim", "guest")
    ]
    token = await Token.objects.acreate(user=staff)
    async with WebsocketCommunicator(Told.as_asgi(), "/", token=token.key) as socket:
        assert ["victim", "victim", token.key] == (await socket.call("tell")).payload
        assert "permission_denied" == (await socket.call("rule")).code
        await adisconnect(victim)
        await socket.assert_closed(4401)
    async with WebsocketCommunicator(Told.as_asgi(), "/") as socket:
        assert ["guest", "guest", "ticket"] == (await socket.call("tell")).payload


class Half(Authenticator):
    """Make wsdrf's request, and decide without DRF's classes."""

    async def authenticate(self, scope: Any) -> AuthenticationResult:
        self.make_request(scope)
        return LET_IN


async def test_an_override_may_make_the_request_and_not_ask_it():
    """A request of which nobody has read the user stands for the user of the result, and for no authenticator."""
    async with WebsocketCommunicator(variant(OwnDesk, authenticator_class=Half).as_asgi(), "/") as socket:
        assert ["ann", "ticket", "ann", "ticket", "GET"] == (await socket.call("tell")).payload
