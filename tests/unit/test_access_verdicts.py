"""A rehearsal asks the guards of a connection and of its calls, and leaves nothing behind."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from rest_framework.authentication import TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.permissions import AllowAny, BasePermission, IsAdminUser, IsAuthenticated
from rest_framework.throttling import BaseThrottle

from wsdrf import AuthenticationResult, Authenticator, Consumer, FirstMessage, loads, message, on, requires, throttle
from wsdrf.access.request import FORCED
from wsdrf.access.verdicts import ALLOWED, Rehearsal, Verdict
from wsdrf.connection.blueprint import blueprint_of
from wsdrf.connection.pool import thread_sensitive
from wsdrf.envelope import ABSENT
from wsdrf.testing.scope import build_scope

pytestmark = pytest.mark.django_db

NOBODY = Verdict(False, 403, "not_authenticated", "Authentication credentials were not provided.")
DENIED = Verdict(False, 403, "permission_denied", "You do not have permission to perform this action.")
STRANGER = Verdict(False, 401, "not_authenticated", "Authentication credentials were not provided.")

seen: ContextVar[int] = ContextVar("seen", default=0)


class Refusing(BaseThrottle):
    def allow_request(self, request: Any, view: Any) -> bool:
        return False


class Counting(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        seen.set(seen.get() + 1)
        return seen.get() == 1


class NotReading(BasePermission):
    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return request.method != "PUT"


class IsOpen(BasePermission):
    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return obj.name == "open"


class AsksTheSocket(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(view.consumer.groups)


@message("pick")
class Pick:
    name: str


class Desk(Consumer):
    permission_classes = [AllowAny]

    async def connected(self) -> None:
        raise RuntimeError("A rehearsal is no connection.")

    @on("open")
    async def open(self) -> None:
        raise RuntimeError("A rehearsal runs no handler.")

    @on("member")
    @requires(IsAuthenticated)
    async def member(self) -> None: ...

    @on("staff")
    @requires(IsAdminUser)
    async def staff(self) -> None: ...

    @on("count")
    @requires(Counting)
    async def count(self) -> None: ...

    @on("socket")
    @requires(AsksTheSocket)
    async def socket(self) -> None: ...

    @on("load")
    @requires(IsOpen)
    @loads("group", Group, name="name")
    async def load(self, payload: Pick, group: Group) -> None: ...


def variant(base: Any = Desk, **attributes: Any) -> Any:
    return type(Consumer)("Variant", (base,), attributes)


def asked(consumer: Any, *calls: Any, user: Any = None, **options: Any) -> list[Verdict]:
    """Give the verdict of connecting to ``consumer``, and of each call: an action, or an action and a payload."""
    scope = build_scope("/", (), ())
    scope["url_route"] = {"args": (), "kwargs": options.pop("kwargs", {})}
    if user is not None:
        scope[FORCED] = (user, None)

    async def ask() -> list[Verdict]:
        rehearsal = Rehearsal(blueprint_of(consumer, Consumer), scope, **options)
        verdicts = [await rehearsal.connect()]
        for call in calls:
            action, payload = call if isinstance(call, tuple) else (call, ABSENT)
            verdicts.append(await rehearsal.call(action, payload))
        return verdicts

    with thread_sensitive():
        return async_to_sync(ask)()


@pytest.fixture
def user() -> Any:
    return User.objects.create_user("ann")


def test_what_fails_at_connect_is_an_internal_error() -> None:
    """The verdict of a connect that failed has the code of an internal error, and no word of the cause."""
    failing = variant(get_permissions=lambda self: 1 / 0)
    assert [Verdict(False, 500, "error", "A server error occurred.")] == asked(failing)


def test_a_payload_for_an_action_that_takes_none() -> None:
    """Where a handler takes no payload, one that comes is left alone, as on a connection."""
    assert [ALLOWED, ALLOWED] == asked(variant(), ("open", {}))


def test_each_action_has_its_own_verdict(user: Any) -> None:
    """The connection lets in, and each action is decided by its own guards; no hook and no handler runs."""
    calls = ["open", "member", "staff"]

    assert [ALLOWED, ALLOWED, NOBODY, NOBODY] == asked(variant(authentication_classes=[Silent]), *calls)
    assert [ALLOWED, ALLOWED, ALLOWED, DENIED] == asked(Desk, *calls, user=user)


class Silent(TokenAuthentication):
    def authenticate_header(self, request: Any) -> Any:
        return None


def test_who_is_not_let_in_may_call_nothing() -> None:
    """The verdict of the handshake is that of every call."""
    shut = variant(permission_classes=[IsAuthenticated], authentication_classes=[TokenAuthentication])

    assert [STRANGER, STRANGER] == asked(shut, "open")


def test_the_handshake_comes_first_unasked() -> None:
    """A call connects where nobody has asked to."""

    async def ask() -> Verdict:
        shut = variant(permission_classes=[IsAuthenticated], authentication_classes=[TokenAuthentication])
        return await Rehearsal(blueprint_of(shut, Consumer), build_scope("/", (), ())).call("open")

    with thread_sensitive():
        assert STRANGER == async_to_sync(ask)()


def test_an_unknown_action_is_none() -> None:
    """What the consumer does not answer is refused as on a socket."""
    assert [ALLOWED, Verdict(False, 404, "unknown_action", "Unknown action.")] == asked(Desk, "dance")


def test_no_throttle_is_asked(user: Any) -> None:
    """Neither those that count connects nor those of an action: DRF's, or wsdrf's own."""

    class Throttled(Desk):
        throttle_classes = [Refusing]

        @on("slow")
        @throttle(Refusing)
        async def slow(self) -> None: ...

        @on("once")
        @throttle("1/d")
        async def once(self) -> None: ...

    assert [ALLOWED] * 4 == asked(Throttled, "slow", "once", "once", user=user)


def test_no_place_is_taken(user: Any) -> None:
    """A rehearsal does not count among a user's connections."""
    cache.clear()
    few = variant(max_connections_per_user=1)

    assert [[ALLOWED], [ALLOWED]] == [asked(few, user=user), asked(few, user=user)]


def test_a_guard_leaves_nothing_in_the_context() -> None:
    """Context variables end with the call, as on a connection."""
    assert [ALLOWED, ALLOWED, ALLOWED] == asked(Desk, "count", "count")
    assert 0 == seen.get()


def test_the_connections_object_is_asked_about_with_the_actions_method(user: Any) -> None:
    """It was permitted to look when connecting, and is not to put."""

    class Room(Desk):
        permission_classes = [NotReading]
        queryset = Group

        @on("look", method="GET")
        async def look(self) -> None: ...

        @on("put", method="PUT")
        async def put(self) -> None: ...

        @on("put.other", method="PUT")
        @loads("group", Group, name="name")
        async def put_other(self, payload: Pick, group: Group) -> None: ...

    kwargs = {"pk": Group.objects.create(name="open").pk}

    assert [ALLOWED, ALLOWED, DENIED, DENIED] == asked(Room, "look", "put", "put.other", user=user, kwargs=kwargs)
    missing = Verdict(False, 404, "not_found", "No Group matches the given query.")
    assert [missing] == asked(Room, user=user, kwargs={"pk": 0})


def test_a_payload_leads_up_to_the_handler(user: Any) -> None:
    """With a payload, its object is found and asked about, and a wrong one is told from a refusal."""
    for name in ("open", "closed"):
        Group.objects.create(name=name)
    calls = ["load", *(("load", {"name": name}) for name in ("open", "closed", "none", 7))]

    missing = Verdict(False, 404, "not_found", "No Group matches the given query.")
    invalid = Verdict(False, 400, "invalid", "Invalid input.")
    assert [ALLOWED, ALLOWED, ALLOWED, DENIED, missing, invalid] == asked(Desk, *calls, user=user)


def test_a_first_message_brings_the_token(user: Any) -> None:
    """A token that the handshake cannot carry is tried where the connection would wait for it, and only there."""
    token = Token.objects.create(user=user).key
    waiting = variant(
        permission_classes=[IsAuthenticated],
        authentication_classes=[TokenAuthentication],
        credential_carriers=(FirstMessage(),),
    )
    deaf = variant(waiting, credential_carriers=())

    assert [ALLOWED, ALLOWED] == asked(waiting, "member", token=token)
    assert [Verdict(False, 401, "authentication_failed", "Invalid token.")] == asked(waiting, token="wrong")
    assert [STRANGER] == asked(waiting)
    assert [STRANGER] == asked(deaf, token=token)


@pytest.mark.parametrize("code", ["", "not_authenticated", "authentication_failed", None])
def test_a_token_is_tried_by_who_may_still_log_in(code: str | None) -> None:
    """A handshake that failed, or that let in, is not tried again with the token; one that named nobody is."""
    tried = []

    class Noting(Authenticator):
        async def authenticate(self, scope: Any) -> AuthenticationResult:
            tried.append(self.token)
            return AuthenticationResult(code is None, 401, "Unauthorized", {"why": "so"}, code=code or "")

    waiting = variant(authenticator_class=Noting, credential_carriers=(FirstMessage(),))
    expected = ALLOWED if code is None else Verdict(False, 401, code, {"why": "so"})

    assert [expected] == asked(waiting, token="t")
    assert ([None, "t"] if code in {"", "not_authenticated"} else [None]) == tried


def test_credentials_that_are_lost_end_it(user: Any) -> None:
    """Where every call looks at them again, a connection that is no longer let in answers nothing more."""
    left = [True, False, True]

    class Once(Authenticator):
        async def authenticate(self, scope: Any) -> AuthenticationResult:
            if left.pop(0):
                return AuthenticationResult(True, user=user)
            return AuthenticationResult(False, 401, "Unauthorized", {"detail": "Gone."}, code="gone")

    gone = Verdict(False, 401, "gone", "Gone.")
    assert [ALLOWED, gone, gone] == asked(variant(authenticator_class=Once, revalidate_after=0), "open", "open")
    assert [True] == left


@pytest.mark.parametrize(
    ("hook", "expected"),
    [
        (NotFound(), Verdict(False, 404, "not_found", "Not found.")),
        (PermissionDenied("Later.", "later"), Verdict(False, 403, "later", "Later.")),
        (None, DENIED),
        ("reply", DENIED),
    ],
)
def test_the_consumers_own_words_count(user: Any, hook: Any, expected: Verdict) -> None:
    """What handle_exception() raises is the answer; where it replies, the refusal stands: the handler does not run."""

    async def handle_exception(self: Any, exc: Exception) -> Any:
        if isinstance(hook, Exception):
            raise hook
        return hook

    worded = variant(handle_exception=handle_exception)

    assert [ALLOWED, expected] == asked(worded, "staff", user=user)


def test_a_reply_to_what_drf_does_not_know_is_an_internal_error() -> None:
    """Where the consumer replies to an error of a guard, nobody is let through by it."""

    class Broken(BasePermission):
        def has_permission(self, request: Any, view: Any) -> bool:
            return view.action is None or 1 / 0 > 0

    async def handle_exception(self: Any, exc: Exception) -> Any:
        return "reply"

    soothing = variant(permission_classes=[Broken], handle_exception=handle_exception)
    assert [ALLOWED, Verdict(False, 500, "error", "A server error occurred.")] == asked(soothing, "open")


def test_a_guard_that_needs_the_socket_is_an_internal_error(user: Any, caplog: Any) -> None:
    """There is no socket, and nobody is let through by mistake; the log says why."""
    assert [ALLOWED, Verdict(False, 500, "error", "A server error occurred.")] == asked(Desk, "socket", user=user)
    assert ["Internal error in an action"] == [record.message for record in caplog.records]
