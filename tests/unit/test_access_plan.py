"""What is known of a consumer before anybody connects: whether letting somebody in needs a thread."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.throttling import BaseThrottle

from tests.laws.living import fresh_layer
from tests.unit.sockets import Socket, scope, settle, until
from wsdrf import AuthenticationResult, Authenticator, Consumer, requires
from wsdrf.connection.blueprint import blueprint_of
from wsdrf.connection.connection import Connection

threads: list[str] = []


def note() -> None:
    threads.append(threading.current_thread().name)


class Nobody(BaseAuthentication):
    def authenticate(self, request: Any) -> None:
        note()


class Asks(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        note()
        return True


class Counts(BaseThrottle):
    def allow_request(self, request: Any, view: Any) -> bool:
        note()
        return True


class Own(Authenticator):
    def make_request(self, scope: Any) -> Any:
        note()
        return super().make_request(scope)


class Open(Consumer):
    authentication_classes: list[Any] = []
    permission_classes: list[Any] = [AllowAny]
    throttle_classes: list[Any] = []


class ByClass(Open):
    authentication_classes = [Nobody]


class ByGuard(Open):
    permission_classes = [AllowAny, Asks]


class ByExpression(Open):
    permission_classes = [IsAuthenticated | Asks]


@requires(Asks)
class ByRequirement(Open): ...


class ByThrottle(Open):
    throttle_classes = [Counts]


class ByAuthenticator(Open):
    authenticator_class = Own


class Choosing(Open):
    def get_permissions(self) -> list[Any]:
        note()
        return []


class ChoosingAuthenticators(Open):
    def get_authenticators(self) -> list[Any]:
        note()
        return []


class ChoosingThrottles(Open):
    def get_throttles(self) -> list[Any]:
        note()
        return []


class Finding(Open):
    def get_object(self) -> Any:
        note()
        return object()


class Direct(Authenticator):
    async def authenticate(self, scope: Any) -> AuthenticationResult:
        note()
        return AuthenticationResult(True)


class ByItself(Open):
    authenticator_class = Direct


async def connect(consumer: type[Consumer]) -> None:
    threads.clear()
    with fresh_layer():
        socket = Socket()
        connection = Connection(blueprint_of(consumer, Consumer), scope(), socket.receive, socket.send)
        task = connection_task(connection)
        socket.connect()
        await until(lambda: bool(socket.frames))
        assert 200 == socket.frames[0]["payload"]["status_code"]
        socket.leave()
        await task
        await settle()


def connection_task(connection: Connection) -> Any:
    run = type(connection._lane).run

    async def noted(work: Any, *args: Any, **kwargs: Any) -> Any:
        threads.append("a thread was asked for")
        return await run(connection._lane, work, *args, **kwargs)

    connection.caller.run = noted
    return asyncio.ensure_future(connection.run())


@pytest.mark.parametrize(
    "consumer",
    [
        ByClass,
        ByGuard,
        ByExpression,
        ByRequirement,
        ByThrottle,
        ByAuthenticator,
        Choosing,
        ChoosingAuthenticators,
        ChoosingThrottles,
        Finding,
    ],
)
async def test_what_a_project_has_to_say_is_asked_in_a_thread(consumer: type[Consumer]) -> None:
    """Classes and methods of a project may block: no event loop waits for them."""
    await connect(consumer)

    assert "a thread was asked for" in threads
    asked = [name for name in threads if name != "a thread was asked for"]
    assert asked
    assert threading.current_thread().name not in asked


@pytest.mark.parametrize(("consumer", "expected"), [(Open, []), (ByItself, [threading.main_thread().name])])
async def test_who_is_asked_nothing_needs_no_thread(consumer: type[Consumer], expected: list[str]) -> None:
    """Everybody is let in without a hop to a thread where nobody but Django and DRF could have said anything."""
    await connect(consumer)

    assert expected == threads
