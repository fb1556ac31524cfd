"""What type checkers make of a consumer: never run; each mistake below is an error to mypy and to pyright."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import QuerySet
from rest_framework.authentication import BaseAuthentication, TokenAuthentication
from rest_framework.permissions import IsAdminUser, IsAuthenticated
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle
from typing_extensions import assert_type, override

from wsdrf import (
    AuthenticationResult,
    Authenticator,
    AuthorizationHeader,
    Consumer,
    FirstMessage,
    QueryParameter,
    Subprotocol,
    adisconnect,
    disconnect,
    loads,
    message,
    on,
    receives,
    requires,
    throttle,
)


@message("say")
class Say:
    text: str
    line_id: int = 0


@message("said")
class Said:
    text: str


class Careful(Authenticator):
    @override
    async def authenticate(self, scope: Any) -> AuthenticationResult:
        result = await super().authenticate(scope)
        assert_type(result, AuthenticationResult)
        return result if result.is_authenticated else AuthenticationResult(False, 403, "Forbidden", {"detail": "No."})


@requires(IsAuthenticated)
class Room(Consumer):
    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated, IsAuthenticated & ~IsAdminUser]
    throttle_classes = [UserRateThrottle]
    authenticator_class = Careful
    credential_carriers = (AuthorizationHeader(), Subprotocol(), QueryParameter("token"), FirstMessage())
    queryset = Group.objects.all()
    lookup_field = "name"
    lookup_url_kwarg = "room"
    sends = [Said]
    denial = "handshake"
    max_streams = 3

    @override
    async def build_groups(self) -> Iterable[str]:
        return [self.group_name("room", self.obj.pk)]

    @override
    async def connected(self) -> None:
        assert_type(self.request, Request)
        assert_type(self.kwargs, Mapping[str, Any])
        assert_type(self.groups, frozenset[str])
        await self.join("other")
        await self.leave("other")

    @override
    async def disconnected(self, code: int) -> None: ...

    @override
    async def handle_exception(self, exc: Exception) -> Any:
        return await super().handle_exception(exc)

    @override
    def get_authenticators(self) -> list[BaseAuthentication]:
        return [TokenAuthentication()]

    @override
    def get_queryset(self) -> QuerySet[Group]:
        return super().get_queryset()

    @on("say", method="PUT", timeout=None)
    @requires(IsAdminUser)
    @throttle("20/m")
    async def say(self, payload: Say) -> Said:
        said = Said(text=payload.text)
        await self.send_message(said)
        await self.broadcast(said, groups=["other"], exclude_self=True)
        await self.check_permissions()
        await self.check_object_permissions(self.obj)
        heard = await self.expect(Said)
        assert_type(heard, Said)
        return said

    @on("delete")
    @loads("line", Group.objects.all(), pk="line_id")
    def delete(self, payload: Say, line: Group) -> None: ...

    @on("history", concurrent=True)
    async def history(self) -> AsyncIterator[Said]:
        yield Said(text="hello")

    @receives(Said)
    async def heard(self, event: Said) -> Said | None:
        await self.close(4000, "Enough.")
        return None

    @on("wrong")
    async def wrong(self, payload: Say) -> None:
        await self.join(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a group is a str
        await self.close("now")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a code is an int
        await self.broadcast(payload, groups=7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # groups are str
        await self.broadcast(payload, exclude_self="yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a flag is a bool
        await self.expect(payload)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the class, not a message
        await self.expect("said")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the class, not its action
        self.groups = frozenset()  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]  # groups are joined and left
        self.groups.add("other")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # groups are joined and left
        self.nothing()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # a consumer has no such method
        await self.connected(7)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # it is called without an argument


class WrongHooks(Consumer):
    def connected(self) -> None: ...  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # the hook is async

    @override
    async def disconnected(self) -> None: ...  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # the hook is told the code

    @override
    async def build_groups(self) -> int: ...  # type: ignore[empty-body, override]  # pyright: ignore[reportIncompatibleMethodOverride]  # groups are str

    @override
    async def conected(self) -> None: ...  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]  # there is no such hook to override


# What is asked of the class is typed as well.
assert_type(Room.group_name("room", 7), str)
assert_type(Room.publish("room.7", Said(text="x")), None)
assert_type(Room.publish("room.7", Said(text="x"), on_commit=True), None)
assert_type(AuthenticationResult(True).status_code, int)
assert_type(QueryParameter().name, str)
application = Room.as_asgi()


async def outside() -> None:
    assert_type(await Room.apublish("room.7", Said(text="x")), None)
    assert_type(await adisconnect(token="abc"), None)
    disconnect(session="abc", code=4401)
    Room.publish(7, Said(text="x"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a group is a str
    Room.publish("room.7")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # a message is required
    await Room.apublish("room.7", Said(text="x"), "later")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a flag is a bool
    disconnect(session=7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a session's key is a str
    await adisconnect(code="4401")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a code is an int
    Room().say("hello")  # type: ignore[arg-type, unused-coroutine]  # pyright: ignore[reportArgumentType]  # the payload has a type
    AuthenticationResult("yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a flag is a bool
    AuthenticationResult(True).user = None  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]  # a result cannot be changed
    QueryParameter(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a name is a str
    AuthorizationHeader("Token")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # it takes nothing
    Subprotocol("token")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # it takes nothing
    FirstMessage(10)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # it takes nothing
    Authenticator()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # a consumer is required
