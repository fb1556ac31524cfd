"""The same endpoint, written three ways: checked payload in, the same and a number out, for a user who is signed in."""

from __future__ import annotations

import json
from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, TokenAuthentication
from rest_framework.permissions import IsAuthenticated

from wsdrf import Consumer, message, on, requires


class User:
    """Somebody who is signed in, without a database."""

    pk = 1
    is_authenticated = True
    is_active = True


USER = User()


def checked(content: dict[str, Any]) -> dict[str, Any]:
    """Check a payload by hand, as strictly as a person would."""
    payload = content["payload"]
    text, room, tags = payload["text"], payload["room"], payload["tags"]
    if not isinstance(text, str) or type(room) is not int or not isinstance(tags, list):
        raise TypeError
    if not all(isinstance(tag, str) for tag in tags):
        raise TypeError
    return {"text": text, "room": room, "tags": tags, "n": len(text)}


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """Answer with nothing but ASGI and ``json``."""
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        content = json.loads(event["text"])
        if content["action"] == "chat" and USER.is_authenticated:
            answer = {"action": "chat.reply", "payload": checked(content)}
            await send({"type": "websocket.send", "text": json.dumps(answer)})


class Plain(AsyncJsonWebsocketConsumer):
    """Answer with Channels, everything else by hand."""

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Check and answer one frame."""
        if content["action"] == "chat" and self.scope["user"].is_authenticated:
            await self.send_json({"action": "chat.reply", "payload": checked(content)})


@message("chat")
class Chat:
    text: str
    room: int
    tags: list[str]


@message("chat.reply")
class Reply:
    text: str
    room: int
    tags: list[str]
    n: int


class SignedIn(BaseAuthentication):
    """Let everybody be the same user."""

    def authenticate(self, request: Any) -> tuple[Any, None]:
        """Give that user."""
        return USER, None


class Guarded(Consumer):
    """Answer with wsdrf, guarded by a permission class at each call."""

    authentication_classes = [SignedIn]

    @on("chat")
    @requires(IsAuthenticated)
    async def chat(self, payload: Chat) -> Reply:
        """Answer one call."""
        return Reply(text=payload.text, room=payload.room, tags=payload.tags, n=len(payload.text))


LOGINS = {"session": SessionAuthentication, "token": TokenAuthentication}
AGES = (None, 5, 0)


def fresh(authentication: type[BaseAuthentication], revalidate_after: float | None) -> Any:
    """Answer as ``Guarded`` does, to somebody of the database whose login is looked at again at that age."""
    options = {"authentication_classes": [authentication], "revalidate_after": revalidate_after}
    return type(Consumer)("Fresh", (Guarded,), options).as_asgi()


CONTENDERS = {"bare ASGI, json": bare, "plain Channels": Plain.as_asgi(), "wsdrf": Guarded.as_asgi()}
FRESHNESS = {
    f"wsdrf, {login}, revalidate_after={age}": (login, fresh(authentication, age))
    for login, authentication in LOGINS.items()
    for age in AGES
}
"""By name: the kind of login, a key of ``LOGINS``, and the application."""
