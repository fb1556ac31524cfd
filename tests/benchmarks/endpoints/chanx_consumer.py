"""The endpoint on Chanx: DRF's permissions when the connection is made, pydantic models for the messages."""

from __future__ import annotations

import logging
from typing import Any, Literal

import structlog
from channels.auth import AuthMiddlewareStack
from chanx.channels.authenticator import DjangoAuthenticator
from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import ws_handler
from chanx.messages.base import BaseMessage
from pydantic import BaseModel
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import IsAuthenticated

from endpoints.common import Endpoint
from endpoints.guarded import SignedIn

# As a project does in production: nobody wants a line for each connection that ends.
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


class ChatPayload(BaseModel):
    text: str
    room: int
    tags: list[str]


class ReplyPayload(ChatPayload):
    n: int


class Chat(BaseMessage):
    action: Literal["chat"] = "chat"
    payload: ChatPayload


class Say(BaseMessage):
    action: Literal["say"] = "say"
    payload: ChatPayload


class Reply(BaseMessage):
    action: Literal["chat.reply"] = "chat.reply"
    payload: ReplyPayload


class Said(BaseMessage):
    action: Literal["chat.said"] = "chat.said"
    payload: ReplyPayload


def counted(payload: ChatPayload) -> ReplyPayload:
    """Count the letters."""
    return ReplyPayload(text=payload.text, room=payload.room, tags=payload.tags, n=len(payload.text))


class Known(DjangoAuthenticator):
    """Let in whom a DRF permission lets in."""

    authentication_classes = [SignedIn]
    permission_classes = [IsAuthenticated]


class KnownBySession(Known):
    authentication_classes = [SessionAuthentication]


class Chanx(AsyncJsonWebsocketConsumer):
    """Answer to who was let in."""

    authenticator_class = Known
    groups: Any = []

    @ws_handler
    async def chat(self, message: Chat) -> Reply:
        """Answer one call."""
        return Reply(payload=counted(message.payload))


class ChanxBySession(Chanx):
    authenticator_class = KnownBySession


class ChanxRoom(Chanx):
    """Tell the members of a group."""

    groups: Any = ["room"]

    @ws_handler(output_type=Said)
    async def say(self, message: Say) -> None:
        """Tell everybody."""
        await self.broadcast_message(Said(payload=counted(message.payload)))


ENDPOINTS = {
    ("Chanx", "chat"): Endpoint(Chanx.as_asgi(), ready='"authentication"'),
    ("Chanx", "session"): Endpoint(AuthMiddlewareStack(ChanxBySession.as_asgi()), ready='"authentication"'),
    ("Chanx", "room"): Endpoint(ChanxRoom.as_asgi(), ready='"authentication"'),
}
