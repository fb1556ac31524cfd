"""One server process of the law of places: told on standard input, it opens connections of one user and ends them.

A command is a line, ``end quit`` or ``open 3``; its answer is a line of JSON: ``[how many were let in, how many are open]``.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.http import Http404
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission

from tests.unit.access_site import Desk
from wsdrf import on
from wsdrf.connection.hub import deliver_locally
from wsdrf.connection.parcel import NOTICE, Parcel
from wsdrf.connection.revocation import user_group
from wsdrf.testing import WebsocketCommunicator

LIMIT = 3
"""How many connections one user may have."""

ENDS = ("leave", "vanish", "quit", "fail", "too big", "malformed", "lost", "cancelled", "thrown out")
"""How a connection ends. Who is thrown out loses every connection of the process."""

FAILURES = ("missing", "hook", "hung up")
"""How a connection fails to open once it has a place, or while it gets one."""


class NotBanned(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return not getattr(request.user, "is_banned", False)


class Places(Desk):
    permission_classes = [NotBanned]
    max_connections_per_user = LIMIT
    max_errors = "1/h"
    revalidate_after = None
    revalidate_idle_after = None

    def get_object(self) -> None:
        if self.scope["path"] == "/missing/":
            raise Http404

    async def connected(self) -> None:
        if self.scope["path"] == "/hook/":
            raise PermissionDenied

    @on("quit")
    async def quit(self) -> None:
        await self.close(4001)


class Process:
    """The connections of this process."""

    def __init__(self) -> None:
        self.sockets: list[tuple[User, WebsocketCommunicator]] = []

    async def obey(self, command: str, argument: str) -> list[int]:
        before = len(self.sockets)
        if command == "open":
            await asyncio.gather(*(self.open() for _ in range(int(argument))))
        elif command == "fail":
            await self.fail(argument)
        elif command == "reset":
            while self.sockets:
                await self.sockets.pop()[1].disconnect()
        elif self.sockets:
            await self.end(argument)
        return [len(self.sockets) - before, len(self.sockets)]

    async def open(self, path: str = "/") -> None:
        user = User(pk=1, username="ann")
        socket = WebsocketCommunicator(Places.as_asgi(), path, timeout=60)
        socket.force_authenticate(user)
        await socket.connect()
        status_code = (await socket.wait_for_auth())["status_code"]
        if status_code == 200 and path == "/":
            self.sockets.append((user, socket))
            return
        await socket.assert_closed()
        await socket.disconnect()

    async def fail(self, how: str) -> None:
        if how != "hung up":
            await self.open(f"/{how}/")
            return
        socket = WebsocketCommunicator(Places.as_asgi(), "/", timeout=60)
        socket.force_authenticate(User(pk=1, username="ann"))
        connecting = asyncio.ensure_future(socket.connect())
        await asyncio.sleep(0.001)  # about when its place is taken, by a thread
        await socket._require_server().abort()
        await asyncio.wait({connecting})
        connecting.exception()

    async def end(self, how: str) -> None:
        user, socket = self.sockets.pop(0)
        if how in {"quit", "malformed", "too big"}:
            for frame in {"quit": ['{"action": "quit"}'], "malformed": ["{", "{"]}.get(how, ["x" * 70_000]):
                await socket.send_text(frame)
            await socket.assert_closed()
        elif how == "lost":
            user.is_banned = True  # type: ignore[attr-defined]  # what the permission looks at
            notify({"kind": "recheck", "reason": "user"})
            await socket.assert_closed(4403)
        elif how == "thrown out":
            notify({"kind": "disconnect", "code": 4401})
            while self.sockets:
                await self.sockets.pop()[1].disconnect()
        elif how == "cancelled":
            await socket._require_server().abort()
        await socket.disconnect(1006 if how == "vanish" else 1000)


def notify(notice: dict[str, Any]) -> None:
    deliver_locally(Parcel((user_group(1),), "", event=NOTICE, payload=notice))


async def main() -> None:
    process = Process()
    while command := await asyncio.to_thread(sys.stdin.readline):
        verb, _, argument = command.strip().partition(" ")
        print(json.dumps(await process.obey(verb, argument)), flush=True)  # how it answers


def run() -> None:
    """Be the process, once Django is set up."""
    logging.disable(logging.CRITICAL)
    call_command("createcachetable", verbosity=0)
    asyncio.run(main())
