"""The endpoint on djangochannelsrestframework: with a permission of its own kind, and with one of DRF's."""

from __future__ import annotations

from typing import Any

from channels.auth import AuthMiddlewareStack
from django.contrib.auth import get_user_model
from djangochannelsrestframework.consumers import AsyncAPIConsumer
from djangochannelsrestframework.decorators import action
from djangochannelsrestframework.permissions import IsAuthenticated as OwnIsAuthenticated
from rest_framework.permissions import BasePermission, IsAuthenticated

from endpoints.common import Endpoint, checked, signed_in


class Own(AsyncAPIConsumer):
    """Answer, guarded at each call."""

    permission_classes = [OwnIsAuthenticated]

    @action()
    async def chat(self, payload: Any, **kwargs: Any) -> None:
        """Check and answer one call."""
        await self.reply(action="chat.reply", data=checked({"payload": payload}))


class Drf(Own):
    permission_classes = [IsAuthenticated]


class Room(Own):
    """Tell the members of a group."""

    groups = ["room"]

    @action()
    async def say(self, payload: Any, **kwargs: Any) -> None:
        """Tell everybody."""
        await self.channel_layer.group_send("room", {"type": "room.said", "payload": checked({"payload": payload})})

    async def room_said(self, event: Any) -> None:
        """Send one member what was said."""
        await self.send_json({"action": "chat.said", "payload": event["payload"]})


class DrfRoom(Room):
    permission_classes = [IsAuthenticated]


class IsKnown(BasePermission):
    """Ask the database."""

    def has_permission(self, request: Any, view: Any) -> bool:
        """Look for the user."""
        return get_user_model().objects.filter(username="ann", is_active=True).exists()


class Asking(Own):
    permission_classes = [IsKnown]


OWN, DRF = "djangochannelsrestframework, own permission", "djangochannelsrestframework, DRF permission"
ENDPOINTS = {
    (OWN, "chat"): Endpoint(signed_in(Own.as_asgi())),
    (OWN, "session"): Endpoint(AuthMiddlewareStack(Own.as_asgi())),
    (OWN, "room"): Endpoint(signed_in(Room.as_asgi())),
    (DRF, "chat"): Endpoint(signed_in(Drf.as_asgi())),
    (DRF, "session"): Endpoint(AuthMiddlewareStack(Drf.as_asgi())),
    (DRF, "room"): Endpoint(signed_in(DrfRoom.as_asgi())),
    (DRF, "database"): Endpoint(signed_in(Asking.as_asgi())),
}
