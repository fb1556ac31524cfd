"""A layer that hangs keeps nobody from reading what a client sends."""

from __future__ import annotations

import asyncio
from typing import Any

from channels.layers import BaseChannelLayer, channel_layers
from rest_framework.permissions import AllowAny

from tests.unit.sockets import Socket, scope, until
from wsdrf import Consumer
from wsdrf.connection.blueprint import blueprint_of
from wsdrf.connection.connection import Connection


class Hanging(BaseChannelLayer):
    """A layer of several processes that never answers."""

    async def new_channel(self, prefix: str = "specific.") -> str:
        await asyncio.Event().wait()
        return prefix


class Plain(Consumer):
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    throttle_classes: list[Any] = []
    max_queued_messages = 3


async def test_a_flood_is_noticed_while_the_layer_hangs() -> None:
    """Who sends more than may wait is closed with 4429, although nobody could join a group yet."""
    before = channel_layers.set("default", Hanging())
    try:
        socket = Socket()
        connection = Connection(blueprint_of(Plain, Consumer), scope(), socket.receive, socket.send)
        task = asyncio.ensure_future(connection.run())
        socket.connect()
        for number in range(5):
            socket.say({"action": "x", "id": number})
        await until(lambda: socket.codes == [4429], 2)
        await asyncio.wait_for(task, 10)
    finally:
        channel_layers.backends.pop("default")
        if before is not None:
            channel_layers.set("default", before)
