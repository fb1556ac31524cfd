"""Rooms, members and lines for the administrator: muting somebody is one tick."""

from __future__ import annotations

from django.contrib import admin

from rooms.models import Line, Membership, Room


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0


@admin.register(Room)
class RoomAdmin(admin.ModelAdmin):
    list_display = ["name", "is_public"]
    inlines = [MembershipInline]


@admin.register(Line)
class LineAdmin(admin.ModelAdmin):
    list_display = ["text", "author", "room", "created"]
    list_filter = ["room"]
    search_fields = ["text"]
