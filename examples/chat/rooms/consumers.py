"""The rooms over WebSocket."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen
from attrs.validators import ge, le, max_len, min_len
from django.urls import path
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.permissions import IsAuthenticated

from rooms.models import MAX_LINE, Line, Room
from rooms.permissions import CanSpeak, InThisRoom, IsAuthor, RoomAccess
from wsdrf import AuthorizationHeader, Consumer, FirstMessage, Subprotocol, loads, message, on, requires


@message("chat.say")
class Say:
    text: str = field(validator=[min_len(1), max_len(MAX_LINE)])


@message("chat.said")
class Said:
    """A line of the room, new or old."""

    id: int
    author: str
    text: str
    created: datetime

    @classmethod
    def of(cls, line: Line) -> Said:
        return cls(id=line.pk, author=line.author.get_username(), text=line.text, created=line.created)


@message("chat.edit")
class Edit:
    line_id: int
    text: str = field(validator=[min_len(1), max_len(MAX_LINE)])


@message("chat.edited")
class Edited:
    line_id: int
    text: str


@message("chat.delete")
class Delete:
    line_id: int


@message("chat.history")
class History:
    """Ask for the last lines."""

    limit: int = field(default=50, validator=[ge(1), le(200)])


@frozen(kw_only=True)
class Member:
    username: str
    role: str
    is_muted: bool


class RoomConsumer(Consumer):
    """Talk in one room."""

    authentication_classes = [SessionAuthentication, TokenAuthentication]
    permission_classes = [IsAuthenticated, RoomAccess]
    queryset = Room.objects.all()
    credential_carriers = (AuthorizationHeader(), Subprotocol(), FirstMessage())

    @on("chat.say")
    @requires(CanSpeak)
    async def say(self, payload: Say) -> Said:
        """Say something."""
        return Said.of(await Line.objects.acreate(room=self.obj, author=self.user, text=payload.text))

    @on("chat.edit", method="PATCH")
    @requires(InThisRoom, IsAuthor)
    @loads("line", Line.objects.select_related("author", "room"), pk="line_id")
    async def edit(self, payload: Edit, line: Line) -> Edited:
        """Change a line of one's own."""
        line.text = payload.text
        await line.asave(update_fields=["text"])
        return Edited(line_id=line.pk, text=line.text)

    @on("chat.delete", method="DELETE")
    @requires(InThisRoom, IsAuthor)
    @loads("line", Line.objects.select_related("author", "room"), pk="line_id")
    async def delete(self, payload: Delete, line: Line) -> None:
        """Delete a line of one's own or, as a moderator, anybody's."""
        await line.adelete()

    @on("chat.history", method="GET")
    async def history(self, payload: History) -> list[Said]:
        """List the last lines, oldest first."""
        latest = self.obj.lines.select_related("author").order_by("-pk")[: payload.limit]
        return [Said.of(line) async for line in latest][::-1]

    @on("room.members", method="GET")
    def members(self) -> list[Member]:
        """List who belongs to the room."""
        return [
            Member(username=one.user.get_username(), role=one.role, is_muted=one.is_muted)
            for one in self.obj.memberships.select_related("user")
        ]


websocket_urlpatterns = [path("ws/rooms/<int:pk>/", RoomConsumer.as_asgi())]
