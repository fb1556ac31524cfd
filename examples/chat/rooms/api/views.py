"""The rooms over REST, guarded by the same permission classes as the WebSocket, and heard there."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import status
from rest_framework.generics import (
    GenericAPIView,
    ListAPIView,
    ListCreateAPIView,
    RetrieveAPIView,
    RetrieveUpdateDestroyAPIView,
)
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from rooms.api.serializers import LineSerializer, RoomSerializer
from rooms.consumers import Deleted, Edited, RoomConsumer, Said, Typing
from rooms.models import Line, Room
from rooms.permissions import CanSpeak, InThisRoom, IsAuthor, RoomAccess


class RoomList(ListAPIView):
    """List every room: a stranger sees the door, and finds it closed."""

    permission_classes = [IsAuthenticated]
    queryset = Room.objects.all()
    serializer_class = RoomSerializer


class RoomDetail(RetrieveAPIView):
    """Show one room."""

    permission_classes = [IsAuthenticated, RoomAccess]
    queryset = Room.objects.all()
    serializer_class = RoomSerializer


class LineList(ListCreateAPIView):
    """List what was said in a room, or say something."""

    permission_classes = [IsAuthenticated, CanSpeak, RoomAccess]
    serializer_class = LineSerializer

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.room = get_object_or_404(Room, pk=kwargs["pk"])
        self.check_object_permissions(request, self.room)

    def get_queryset(self) -> QuerySet:
        return self.room.lines.select_related("author")

    def perform_create(self, serializer: BaseSerializer) -> None:
        line = serializer.save(room=self.room, author=self.request.user)
        RoomConsumer.publish(RoomConsumer.group_of(self.room.pk), Said.of(line), on_commit=True)


class LineDetail(RetrieveUpdateDestroyAPIView):
    """Show, change or delete one line of a room."""

    permission_classes = [IsAuthenticated, InThisRoom, RoomAccess, IsAuthor]
    queryset = Line.objects.select_related("author", "room")
    serializer_class = LineSerializer
    lookup_url_kwarg = "line_pk"

    def perform_update(self, serializer: BaseSerializer) -> None:
        line = serializer.save()
        edited = Edited(line_id=line.pk, text=line.text)
        RoomConsumer.publish(RoomConsumer.group_of(line.room_id), edited, on_commit=True)

    def perform_destroy(self, instance: Line) -> None:
        deleted = Deleted(line_id=instance.pk)
        instance.delete()
        RoomConsumer.publish(RoomConsumer.group_of(instance.room_id), deleted, on_commit=True)


class TypingView(GenericAPIView):
    """Tell those who are in a room that one is writing (POST)."""

    permission_classes = [IsAuthenticated, CanSpeak, RoomAccess]
    queryset = Room.objects.all()

    def post(self, request: Request, pk: int) -> Response:
        room = self.get_object()
        RoomConsumer.publish(RoomConsumer.group_of(room.pk), Typing(author=request.user.get_username()))
        return Response(status=status.HTTP_204_NO_CONTENT)
