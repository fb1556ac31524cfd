"""Endpoints with more of what a project may have: routes, guards, groups, bytes in a message."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from attrs import evolve
from rest_framework.permissions import BasePermission

from endpoints import endpoint
from endpoints.common import PAYLOAD, Endpoint
from endpoints.guarded import Chat, Guarded, Reply, variant
from wsdrf import on, requires


def made(number: int) -> Any:
    """Make a handler; a function of its own each time, as if it had been written down."""

    async def handler(self: Any, payload: Chat) -> Reply:
        return Reply(text=payload.text, room=payload.room, tags=payload.tags, n=number)

    handler.__name__ = handler.__qualname__ = f"handle_{number}"
    return handler


def with_routes(name: str, count: int) -> Endpoint:
    """Make an endpoint with so many routes."""
    return variant(**{f"handle_{number}": on(f"chat.{number}")(made(number)) for number in range(count - 1)})


def with_guards(name: str, count: int) -> Endpoint:
    """Make an endpoint whose action has so many guards, all of which look at the user and nothing else."""

    class IsActive(BasePermission):
        async def has_permission(self, request: Any, view: Any) -> bool:
            return bool(request.user.is_active)

    guards = [type(f"IsActive{number}", (IsActive,), {}) for number in range(count)]

    class Held(Guarded):
        @on("chat")
        @requires(*guards)
        async def chat(self, payload: Chat) -> Reply:
            return Reply(text=payload.text, room=payload.room, tags=payload.tags, n=len(payload.text))

    return variant(Held)


def with_groups(name: str, count: int) -> Endpoint:
    """Make an endpoint whose connections are in so many groups."""

    class Social(Guarded):
        async def build_groups(self) -> Iterable[str]:
            return [self.group_name("room", number) for number in range(count)]

    return variant(Social)


def with_payload(name: str, size: int) -> Endpoint:
    """Say a text so long that the payload has ``size`` bytes, more or less."""
    payload = {**PAYLOAD, "text": "x" * (size - 40)}
    return evolve(endpoint(name), frame=json.dumps({"action": "chat", "payload": payload}))


MAKERS = {"routes": with_routes, "guards": with_guards, "groups": with_groups, "B": with_payload}
