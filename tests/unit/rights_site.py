"""What the tests of rights share: consumers with guards of several kinds, where they are, and who asks."""

from __future__ import annotations

from typing import Any

from channels.routing import URLRouter
from django.contrib.auth.models import Group, User
from django.urls import path
from rest_framework.authentication import TokenAuthentication
from rest_framework.permissions import AllowAny, BasePermission, IsAdminUser, IsAuthenticated

from wsdrf import Consumer, loads, message, on, requires, throttle


class IsOwner(BasePermission):
    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return request.method == "GET" or request.user.groups.contains(obj)


class Desk(Consumer):
    authentication_classes = [TokenAuthentication]
    permission_classes = [AllowAny]

    @on("look", method="GET")
    async def look(self) -> None: ...

    @on("write")
    @requires(IsAuthenticated)
    async def write(self) -> None: ...

    @on("shut", method="DELETE")
    @requires(IsAdminUser)
    async def shut(self) -> None: ...


@message("pick")
class Pick:
    pk: int


class Room(Consumer):
    authentication_classes = [TokenAuthentication]
    permission_classes = [IsOwner]
    queryset = Group

    @on("look", method="GET")
    async def look(self) -> None: ...

    @on("rename", method="PUT")
    async def rename(self) -> None: ...

    @on("take", method="GET")
    @requires(IsOwner | IsAdminUser)
    @throttle("10/m")
    @loads("group", Group, pk="pk")
    async def take(self, payload: Pick, group: Group) -> list[Pick]: ...


application = URLRouter([path("desk/", Desk.as_asgi()), path("rooms/<int:pk>/", Room.as_asgi())])


def people() -> dict[str, Any]:
    ann, eve = User.objects.create_user("ann"), User.objects.create_user("eve", is_staff=True)
    return {"nobody": None, "ann": ann, "eve": eve}
