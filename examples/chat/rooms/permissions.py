"""Who may do what: plain REST framework permissions, asked by the REST views and by the WebSocket alike."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from rooms.models import Line, Membership, Room


class RoomAccess(BasePermission):
    """Let members into a room and to what is in it, and everybody into a public one."""

    message = "Only members may enter this room."
    code = "not_a_member"

    def has_object_permission(self, request: Request, view: Any, obj: Room | Line) -> bool:
        room = obj.room if isinstance(obj, Line) else obj
        return room.is_public or Membership.objects.filter(room=room, user=request.user).exists()


class CanSpeak(BasePermission):
    """Let everybody read, and only members who are not muted speak, in the room that the URL names."""

    message = "Only members who are not muted may speak here."
    code = "may_not_speak"

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method in SAFE_METHODS:
            return True
        return Membership.objects.filter(room=view.kwargs["pk"], user=request.user, is_muted=False).exists()


class IsModerator(BasePermission):
    """Let only those in who moderate the room that the URL names."""

    message = "Only moderators of this room may do this."
    code = "not_a_moderator"

    def has_permission(self, request: Request, view: Any) -> bool:
        moderators = Membership.objects.filter(room=view.kwargs["pk"], role=Membership.Role.MODERATOR)
        return moderators.filter(user=request.user).exists()


class InThisRoom(BasePermission):
    """Let nobody reach from one room into another: a line of another room does not exist here."""

    def has_object_permission(self, request: Request, view: Any, obj: Line) -> bool:
        if obj.room_id != view.kwargs["pk"]:
            raise Http404
        return True


class IsAuthor(BasePermission):
    """Let everybody read a line, its author change it, and its author or a moderator of the room delete it."""

    message = "This line is not yours."
    code = "not_the_author"

    def has_object_permission(self, request: Request, view: Any, obj: Line) -> bool:
        if request.method in SAFE_METHODS or obj.author_id == request.user.pk:
            return True
        moderators = Membership.objects.filter(room=obj.room_id, role=Membership.Role.MODERATOR)
        return request.method == "DELETE" and moderators.filter(user=request.user).exists()
