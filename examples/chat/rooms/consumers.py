"""The rooms over WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from attrs import field, frozen
from attrs.validators import ge, le, max_len, min_len
from django.urls import path
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated

from rooms.models import MAX_LINE, Line, Membership, Room
from rooms.permissions import CanSpeak, InThisRoom, IsAuthor, IsModerator, RoomAccess
from wsdrf import AuthorizationHeader, Consumer, FirstMessage, Subprotocol, loads, message, on, receives, requires


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


@message("chat.deleted")
class Deleted:
    line_id: int


@message("chat.typing")
class Typing:
    """Somebody is writing; published by the REST view."""

    author: str


@message("room.kick")
class Kick:
    user_id: int


@message("room.kicked")
class Kicked:
    """Somebody is no member any more, and was thrown out."""

    user_id: int
    username: str


@message("chat.history")
class History:
    """Ask for the last lines."""

    limit: int = field(default=50, validator=[ge(1), le(200)])


@frozen(kw_only=True)
class Member:
    id: int
    username: str
    role: str
    is_muted: bool


class RoomConsumer(Consumer):
    """Talk in one room."""

    # The first says what it is not to be logged in: 401 and close code 4401, where a session alone would be a 403.
    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [IsAuthenticated, RoomAccess]
    queryset = Room.objects.all()
    credential_carriers = (AuthorizationHeader(), Subprotocol(), FirstMessage())
    sends = [Said, Edited, Deleted, Typing, Kicked]

    @classmethod
    def group_of(cls, room_pk: int) -> str:
        """Name the group of everybody who is in a room."""
        return cls.group_name("room", room_pk)

    async def build_groups(self) -> list[str]:
        return [self.group_of(self.obj.pk)]

    @on("chat.say")
    @requires(CanSpeak)
    async def say(self, payload: Say) -> Said:
        """Say something."""
        said = Said.of(await Line.objects.acreate(room=self.obj, author=self.user, text=payload.text))
        await self.broadcast(said, exclude_self=True)
        return said

    @on("chat.edit", method="PATCH")
    @requires(InThisRoom, IsAuthor)
    @loads("line", Line.objects.select_related("author", "room"), pk="line_id")
    async def edit(self, payload: Edit, line: Line) -> Edited:
        """Change a line of one's own."""
        line.text = payload.text
        await line.asave(update_fields=["text"])
        edited = Edited(line_id=line.pk, text=line.text)
        await self.broadcast(edited, exclude_self=True)
        return edited

    @on("chat.delete", method="DELETE")
    @requires(InThisRoom, IsAuthor)
    @loads("line", Line.objects.select_related("author", "room"), pk="line_id")
    async def delete(self, payload: Delete, line: Line) -> None:
        """Delete a line of one's own or, as a moderator, anybody's."""
        await line.adelete()
        await self.broadcast(Deleted(line_id=payload.line_id), exclude_self=True)

    @on("chat.history", method="GET")
    async def history(self, payload: History) -> AsyncIterator[Said]:
        """Give the last lines one by one, oldest first."""
        latest = self.obj.lines.order_by("-pk").values("pk")[: payload.limit]
        async for line in Line.objects.filter(pk__in=latest).select_related("author").order_by("pk"):
            yield Said.of(line)

    @on("room.members", method="GET")
    def members(self) -> list[Member]:
        """List who belongs to the room."""
        return [
            Member(id=one.user_id, username=one.user.get_username(), role=one.role, is_muted=one.is_muted)
            for one in self.obj.memberships.select_related("user")
        ]

    @on("room.kick", method="DELETE")
    @requires(IsModerator)
    async def kick(self, payload: Kick) -> None:
        """End a membership, and throw its user out of the room. Moderators cannot be thrown out."""
        members = self.obj.memberships.exclude(role=Membership.Role.MODERATOR).select_related("user")
        member = await members.filter(user=payload.user_id).afirst()
        if member is None:
            raise NotFound("There is no such member, or it is a moderator.")
        await member.adelete()
        kicked = Kicked(user_id=member.user_id, username=member.user.get_username())
        await self.apublish(self.group_of(self.obj.pk), kicked)

    @receives(Kicked)
    async def kicked(self, event: Kicked) -> Kicked | None:
        """Tell those who stay; close the connections of the one who was thrown out."""
        if event.user_id != self.user.pk:
            return event
        await self.close(4403, "You were thrown out of this room.")
        return None

    @receives(Typing)
    async def typing(self, event: Typing) -> Typing | None:
        """Tell everybody but the one who types."""
        return event if event.author != self.user.get_username() else None


websocket_urlpatterns = [path("ws/rooms/<int:pk>/", RoomConsumer.as_asgi())]
