"""Talk to the demo's room in a process that has the demo's settings; print which messages its frames were.

A frame that is no message of the document, or more than one, is an error.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import django
from django.contrib.auth import get_user_model
from django.core.asgi import get_asgi_application
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from wsdrf.asyncapi import Sender, describe_project, frame_schema, messages_of
from wsdrf.connection.mounts import application_of_project, mounts
from wsdrf.strategies import calls, invalid_calls
from wsdrf.testing import WebsocketCommunicator

EXAMPLES = 40
CHANNEL = "RoomConsumer"


def main() -> None:
    """Hold conversations with valid and invalid calls, as a moderator of the room."""
    django.setup()
    get_asgi_application()
    user = get_user_model().objects.get(username="alice")
    application = application_of_project()
    (mount,) = mounts(application)
    document = describe_project()
    schemas = {
        sender: {
            name: Draft7Validator(frame_schema(document, CHANNEL, name))
            for name in messages_of(document, CHANNEL, sender)
        }
        for sender in Sender
    }
    seen: set[str] = set()

    def read(sender: Sender, frame: Any) -> list[str]:
        return [name for name, validator in schemas[sender].items() if validator.is_valid(frame)]

    async def converse(frames: list[Any]) -> list[Any]:
        communicator = WebsocketCommunicator(application, "/ws/rooms/1/", [(b"host", b"localhost")])
        communicator.force_authenticate(user)
        async with communicator:
            for frame in [*frames, {"action": "nothing.such", "id": "the last"}]:
                await communicator.send_json(frame)
            received = [await communicator.receive_json()]
            while received[-1].get("id") != "the last":
                received.append(await communicator.receive_json())
            return [*received, *await communicator.receive_all_json(0.01)]

    wrong = invalid_calls(mount.consumer_class).map(lambda call: call.frame)

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
    @given(st.lists(calls(mount.consumer_class), max_size=5), st.lists(wrong, max_size=2))
    def hold(right: list[Any], wrong: list[Any]) -> None:
        for frame in right:
            assert [frame["action"]] == read(Sender.CLIENT, frame), frame
        for frame in asyncio.run(converse([*right, *wrong])):
            (name,) = read(Sender.SERVER, frame)
            seen.add(name)

    hold()
    print(json.dumps(sorted(seen)))


if __name__ == "__main__":
    main()
