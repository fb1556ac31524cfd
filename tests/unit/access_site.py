"""What the tests of access share: handshakes, consumers, and one frame after another from a synchronous test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from asgiref.sync import async_to_sync
from rest_framework.permissions import AllowAny, IsAuthenticated

from wsdrf import Consumer, on
from wsdrf.testing import WebsocketCommunicator
from wsdrf.testing.scope import build_scope

T = TypeVar("T")

PATIENCE = 60
"""Seconds that a handshake may take: a machine that has much else to do refuses nobody."""


class Desk(Consumer):
    """A consumer that tells who asks."""

    authentication_classes = []
    permission_classes = [AllowAny]
    connect_timeout = PATIENCE

    @on("who", method="GET")
    async def who(self) -> str:
        return getattr(self.user, "username", None) or "nobody"


class MembersDesk(Desk):
    permission_classes = [IsAuthenticated]


def variant(base: type[Consumer] = Desk, **attributes: Any) -> Any:
    """Give a consumer class that differs from ``base`` in ``attributes``."""
    return type(Consumer)("Variant", (base,), attributes)


def handshake(headers: Any = (), path: str = "/", **keys: Any) -> dict[str, Any]:
    """Give the scope of a handshake, with some keys set."""
    return {**build_scope(path, headers, ()), **keys}


def sync(test: Callable[..., Awaitable[T]]) -> Callable[..., T]:
    """Let an ``async def`` run inside a synchronous test, whose transaction its blocking work then sees."""
    return async_to_sync(test)


def meet(consumer: Any, **options: Any) -> tuple[Any, WebsocketCommunicator]:
    """Connect and leave at once; give the ``authentication`` frame's payload, and the communicator."""
    changes = options.pop("scope", {})
    forced = options.pop("user", None)
    options.setdefault("timeout", PATIENCE)
    socket = WebsocketCommunicator(consumer.as_asgi(), options.pop("path", "/"), **options)
    socket.scope.update(changes)
    if forced is not None:
        socket.force_authenticate(forced)

    async def run() -> Any:
        async with socket:
            payload = await socket.wait_for_auth()
            if payload["status_code"] != 200:
                await socket.assert_closed(4000 + payload["status_code"])
            return payload

    return async_to_sync(run)(), socket
