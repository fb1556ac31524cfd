"""What type checkers make of declaring: never run, read by mypy --strict, where each mistake below is an error."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from attrs import frozen
from rest_framework.permissions import BasePermission, IsAdminUser, IsAuthenticated
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle
from typing_extensions import assert_type

from wsdrf.collect import ConsumerType
from wsdrf.declare import loads, on, receives, requires, throttle
from wsdrf.options import Options, Rate, resolve
from wsdrf.routing import Receptions, Route, Routes


@frozen
class Say:
    text: str
    line_id: int


class MaySpeak(BasePermission):
    pass


class MayLater:
    async def has_permission(self, request: Request, view: object) -> bool:
        return True


class NoPermission:
    pass


@requires(IsAuthenticated)
class Room(metaclass=ConsumerType):
    max_streams = 3

    @on("say", method="PUT", timeout=None, concurrent=True)
    @requires(MaySpeak, MayLater, IsAuthenticated & ~IsAdminUser)
    @throttle("20/m", UserRateThrottle)
    async def say(self, payload: Say) -> Say:
        return payload

    @on("delete", method="DELETE")
    @loads("line", object(), pk="line_id", name="text")
    def delete(self, payload: Say, line: object) -> None: ...

    @on("history", timeout=0.5)
    async def history(self, payload: Say) -> AsyncIterator[Say]:
        yield payload

    @receives(Say)
    async def said(self, event: Say) -> Say | None:
        return event


# A decorated method is the method that was written, and a decorated class the class.
room = Room()
say: Callable[[Say], Awaitable[Say]] = room.say
delete: Callable[[Say, object], None] = room.delete
history: Callable[[Say], AsyncIterator[Say]] = room.history
assert_type(room, Room)
wrong = room.say("hello")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the payload has a type

# Tables and options are typed values.
assert_type(Room.routes, Routes)
assert_type(Room.routes["say"], Route)
assert_type(Room.receptions, Receptions)
assert_type(resolve(Room, {}), Options)
assert_type(resolve(Room, {}).message_rate, Rate | None)
Room.routes["say"] = Room.routes["delete"]  # type: ignore[index]  # pyright: ignore[reportIndexIssue]  # a table cannot be written to
Room.routes["say"].action = "speak"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]  # nor can a route


# Each of these is refused by the checker before Python sees it.
def plain() -> None: ...


on(plain)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # no parentheses
on(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an action is a str
on("say", "PUT")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # the method is given by name
on("say", timeout="30")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # seconds are a number
on("say", concurrent="yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a flag is a bool
on("say")(7)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]  # only a function can be marked
requires(plain)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # no parentheses
requires(MaySpeak())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the class itself, not an instance
requires(NoPermission)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a class without has_permission()
requires([MaySpeak])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # one argument each
requires(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # nothing to ask
throttle(plain)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # no parentheses
throttle(20)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a rate is a str
loads(plain)  # type: ignore[arg-type, call-arg]  # pyright: ignore[reportCallIssue]  # no parentheses
loads("line", object(), pk=7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a lookup names a payload field
receives(plain)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # no parentheses
receives(Say("x", 1))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the class, not a message
