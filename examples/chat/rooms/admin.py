"""Rooms, members, lines and people for the administrator: muting somebody is one tick, throwing out one action."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from rooms.models import Line, Membership, Room
from wsdrf import disconnect

THROWN_OUT = 4900
"""The close code by which the page knows that an administrator did it: 4000 to 4999 may mean what a project likes."""

admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(UserAdmin):
    """Django's own, and one action more."""

    actions = ("throw_out",)

    @admin.action(description="Throw out: end every connection, in every window", permissions=["change"])
    def throw_out(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """End the connections of the chosen users. They stay signed in; without a tick at Active they would not."""
        for user in queryset:
            disconnect(user, code=THROWN_OUT)
        names = ", ".join(user.get_username() for user in queryset)
        self.message_user(request, f"The connections of {names} were ended.")


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
