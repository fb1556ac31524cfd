"""The endpoint on Channels, everything else by hand."""

from __future__ import annotations

from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.contrib.auth import get_user_model
from rest_framework.authtoken.models import Token
from rest_framework_simplejwt.authentication import JWTAuthentication

from endpoints.common import Endpoint, checked, signed_in


class Plain(AsyncJsonWebsocketConsumer):
    """Answer to who is signed in."""

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Check and answer one frame."""
        if content["action"] == "chat" and self.scope["user"].is_authenticated:
            await self.send_json({"action": "chat.reply", "payload": checked(content)})


class Door(Plain):
    """Let in who is signed in, nobody else."""

    async def connect(self) -> None:
        """Look at the user."""
        if self.scope["user"].is_authenticated:
            await self.accept()
        else:
            await self.close()


class Room(Plain):
    """Tell the members of a group."""

    groups = ["room"]

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Tell everybody."""
        if content["action"] == "say" and self.scope["user"].is_authenticated:
            await self.channel_layer.group_send("room", {"type": "room.said", "payload": checked(content)})
            return
        await super().receive_json(content)

    async def room_said(self, event: Any) -> None:
        """Send one member what was said."""
        await self.send_json({"action": "chat.said", "payload": event["payload"]})


@database_sync_to_async
def is_known() -> bool:
    """Ask the database."""
    return get_user_model().objects.filter(username="ann", is_active=True).exists()


class Asking(Plain):
    """Ask the database before each answer."""

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Ask, check and answer one frame."""
        if self.scope["user"].is_authenticated and await is_known():
            await super().receive_json(content)


@database_sync_to_async
def owner_of_token(header: str) -> Any:
    """Look a token up, and its user with it."""
    return Token.objects.select_related("user").get(key=header.removeprefix("Token ")).user


@database_sync_to_async
def owner_of_jwt(header: str) -> Any:
    """Verify a JSON web token, and look its user up."""
    verifier = JWTAuthentication()
    return verifier.get_user(verifier.get_validated_token(header.removeprefix("Bearer ").encode()))


def by_header(find: Any, application: Any) -> Any:
    """Authenticate by the ``Authorization`` header, as people write such a middleware by hand."""

    async def authenticate(scope: Any, receive: Any, send: Any) -> None:
        header = dict(scope["headers"])[b"authorization"].decode()
        await application({**scope, "user": await find(header)}, receive, send)

    return authenticate


NAME = "plain Channels"
ENDPOINTS = {
    (NAME, "chat"): Endpoint(signed_in(Plain.as_asgi())),
    (NAME, "anonymous"): Endpoint(Plain.as_asgi()),
    (NAME, "session"): Endpoint(AuthMiddlewareStack(Door.as_asgi())),
    (NAME, "token"): Endpoint(by_header(owner_of_token, Door.as_asgi())),
    (NAME, "jwt"): Endpoint(by_header(owner_of_jwt, Door.as_asgi())),
    (NAME, "room"): Endpoint(signed_in(Room.as_asgi())),
    (NAME, "database"): Endpoint(signed_in(Asking.as_asgi())),
}
