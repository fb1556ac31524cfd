"""What is fuzzed on real servers: a consumer that is right, and one that is not, with the ASGI application to both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from attrs import field
from attrs.validators import ge, le, max_len
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

django_asgi = get_asgi_application()

from django.urls import path  # noqa: E402  (the rest can be imported only now)
from rest_framework.authentication import SessionAuthentication, TokenAuthentication  # noqa: E402
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated  # noqa: E402

from wsdrf import Consumer, message, on, requires  # noqa: E402


@message("post")
class Post:
    text: str = field(default="", validator=max_len(50))


@message("posted")
class Posted:
    text: str


@message("count")
class Count:
    to: int = field(validator=[ge(0), le(20)])


@message("number")
class Number:
    number: int


class Board(Consumer):
    """Right in every way."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [IsAuthenticated]
    sends = [Posted]

    async def build_groups(self) -> list[str]:
        return [self.group_name("board")]

    @on("post")
    async def post(self, payload: Post) -> Posted:
        posted = Posted(text=payload.text)
        await self.broadcast(posted, exclude_self=True)
        return posted

    @on("count", method="GET")
    async def count(self, payload: Count) -> AsyncIterator[Number]:
        for number in range(payload.to):
            yield Number(number=number)

    @on("beside", concurrent=True)
    async def beside(self) -> None:
        await asyncio.sleep(0)

    @on("clear", method="DELETE")
    @requires(IsAdminUser)
    def clear(self) -> None: ...


@requires(AllowAny)
class Faulty(Consumer):
    """Breaks at one value, and takes it that everybody sends a smaller one."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [AllowAny]

    @on("count")
    async def count(self, payload: Count) -> Number:
        return Number(number=12 // (payload.to - 3))


application = ProtocolTypeRouter(
    {
        "http": django_asgi,
        "websocket": URLRouter([path("ws/board/", Board.as_asgi()), path("ws/faulty/", Faulty.as_asgi())]),
    }
)
