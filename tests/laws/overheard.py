"""A consumer behind somebody who listens: whatever it sends is held against the AsyncAPI document that it has."""

from __future__ import annotations

import json
from typing import Any

from channels.routing import URLRouter
from django.urls import path
from jsonschema import Draft7Validator

from wsdrf import Consumer
from wsdrf.asyncapi import Sender, describe_mounts, frame_schema, messages_of
from wsdrf.connection.mounts import mounts

PATH = "/heard/"


class Overheard:
    """An ASGI application with one consumer at ``route``. ``count`` is how many frames were heard, ``odd`` which were wrong."""

    def __init__(self, consumer: type[Consumer], route: str = PATH) -> None:
        self._application = URLRouter([path(route.lstrip("/"), consumer.as_asgi())])
        (mount,) = mounts(self._application)
        document = describe_mounts([mount])
        self._messages = {
            sender: [
                Draft7Validator(frame_schema(document, mount.name, name))
                for name in messages_of(document, mount.name, sender)
            ]
            for sender in Sender
        }
        self.count = 0
        self.odd: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def overhear(event: Any) -> None:
            if event["type"] == "websocket.send":
                self._hear(json.loads(event["text"]))
            await send(event)

        await self._application(scope, receive, overhear)

    def _hear(self, frame: Any) -> None:
        self.count += 1
        if sum(message.is_valid(frame) for message in self._messages[Sender.SERVER]) != 1:
            self.odd.append(frame)
