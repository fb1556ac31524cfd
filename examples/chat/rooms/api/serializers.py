"""Rooms and lines as JSON."""

from __future__ import annotations

from rest_framework import serializers

from rooms.models import Line, Membership, Room


class RoomSerializer(serializers.ModelSerializer):
    """A room, and what the asking user is in it: ``member``, ``moderator`` or null."""

    role = serializers.SerializerMethodField()

    class Meta:
        model = Room
        fields = ["id", "name", "is_public", "role"]

    def get_role(self, room: Room) -> str | None:
        user = self.context["request"].user
        mine = Membership.objects.filter(room=room, user=user).first()
        return mine.role if mine else None


class LineSerializer(serializers.ModelSerializer):
    author = serializers.CharField(source="author.username", read_only=True)

    class Meta:
        model = Line
        fields = ["id", "author", "text", "created"]
