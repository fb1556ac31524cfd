"""The law of the document: every frame of every conversation is exactly one message of its channel."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from tests.browser.server import CHAT, environment, manage
from tests.laws import asyncapi_zoo
from tests.laws.asyncapi_mutants import CORPUS, mutants
from tests.laws.asyncapi_zoo import Camel, Echo, Talk
from tests.laws.serializer_zoo import SERIALIZERS
from tests.laws.strategies_zoo import TYPES
from wsdrf.asyncapi import Sender, describe_mounts, frame_schema, messages_of
from wsdrf.connection.mounts import mounts
from wsdrf.strategies import InvalidCall, calls, invalid_calls
from wsdrf.testing import WebsocketCommunicator

ROOT = CHAT.parents[1]
# As in test_strategies: what no JSON Schema can say of a value.
BEYOND_JSON_SCHEMA = {"form", "duplicate", "inexact", "pattern", "too_small", "too_large", "too_short", "too_long"}
PATHS = {"Echo": "/echo/", "Camel": "/camel/", "tests.laws.asyncapi_zoo.Talk": "/talk/hall/7/"}
CONSUMERS = {"Echo": Echo, "Camel": Camel, "tests.laws.asyncapi_zoo.Talk": Talk}
every_consumer = pytest.mark.parametrize("channel", CONSUMERS)


@frozen
class Reader:
    """Tells which messages of a channel a frame can be, by the document alone."""

    validators: dict[Sender, dict[str, Draft7Validator]]

    @classmethod
    def of(cls, document: dict[str, Any], channel: str) -> Reader:
        return cls(
            {
                sender: {
                    name: Draft7Validator(frame_schema(document, channel, name))
                    for name in messages_of(document, channel, sender)
                }
                for sender in Sender
            }
        )

    def read(self, sender: Sender, frame: Any) -> list[str]:
        return [name for name, validator in self.validators[sender].items() if validator.is_valid(frame)]


@cache
def document() -> dict[str, Any]:
    return describe_mounts(mounts(asyncapi_zoo.application))


@cache
def reader(channel: str) -> Reader:
    return Reader.of(document(), channel)


async def converse(path: str, frames: list[Any]) -> list[Any]:
    """Send ``frames``, and give everything that comes back."""
    communicator = WebsocketCommunicator(asyncapi_zoo.application, path, expect_authentication=False)
    async with communicator:
        # A ping is answered at once, a call of what does not exist when its turn has come.
        for frame in [*frames, {"action": "ping"}, {"action": "nothing.such", "id": "the last"}]:
            await communicator.send_json(frame)
        received = [await communicator.receive_json()]
        while received[-1].get("id") != "the last":
            received.append(await communicator.receive_json())
        return [*received, *await communicator.receive_all_json(0.005)]


def test_zoo_has_a_schema_for_each_message() -> None:
    """Each message's schema is one that Draft 7 allows, and every message of a channel is sent by somebody."""
    for name, channel in document()["channels"].items():
        sent = [key for sender in Sender for key in messages_of(document(), name, sender)]
        for key in sent:
            Draft7Validator.check_schema(frame_schema(document(), name, key))

        assert sorted(channel["messages"]) == sorted(sent)


def test_conversations_have_every_message() -> None:
    """There is a conversation in which each message of a consumer occurs, but for that of a channel layer's failure."""
    frames = [
        {"action": "talk.say", "payload": {"text": "hello"}},
        {"action": "talk.say", "payload": {"text": "hello", "times": 0}, "id": 1},
        {"action": "talk.lines", "payload": {"lines": ["a"]}, "id": 2},
        {"action": "talk.fail", "payload": 1, "id": 3},
        {"action": "talk.leave", "payload": "bob", "id": 4},
        {"action": "talk.beside", "id": 5},
    ]

    received = asyncio.run(converse("/aside/", frames))

    of_talk = Reader.of(talk(), "Talk")
    assert set(of_talk.validators[Sender.SERVER]) == {
        *(name for frame in received for name in of_talk.read(Sender.SERVER, frame)),
        "talk.fail.sent",
        "wsdrf.resync",
    }


@every_consumer
@settings(max_examples=max(25, settings().max_examples // 2))
@given(data=st.data())
def test_every_frame_of_a_conversation_is_one_message(channel: str, data: st.DataObject) -> None:
    """What a client may call is one message of the document, and so is each frame that the server sends for it."""
    frames = data.draw(st.lists(calls(CONSUMERS[channel]), max_size=4))

    received = asyncio.run(converse(PATHS[channel], frames))

    assert [[frame["action"]] for frame in frames] == [reader(channel).read(Sender.CLIENT, frame) for frame in frames]
    for frame in received:
        (name,) = reader(channel).read(Sender.SERVER, frame)
        assert frame["action"] == name.removesuffix(".sent")


@pytest.mark.parametrize("channel", ["Echo", "Camel"])
@pytest.mark.parametrize("index", range(len(TYPES)), ids=list(TYPES))
@settings(max_examples=max(4, settings().max_examples // 20))
@given(data=st.data())
def test_every_type_is_one_message_there_and_back(index: int, channel: str, data: st.DataObject) -> None:
    """A value of any type is one message when it is sent and when it comes back, in camelCase too."""
    action = f"zoo.{index}"
    frames = data.draw(st.lists(calls(CONSUMERS[channel], action), min_size=1, max_size=3))

    received = asyncio.run(converse(PATHS[channel], frames))

    assert [[action]] * len(frames) == [reader(channel).read(Sender.CLIENT, frame) for frame in frames]
    found = [reader(channel).read(Sender.SERVER, frame) for frame in received if frame["action"] == action]
    assert [[f"{action}.sent"]] * len(frames) == found


@pytest.mark.parametrize("index", range(len(SERIALIZERS)))
@given(data=st.data())
def test_what_a_serializer_takes_as_it_is_is_one_message(index: int, data: st.DataObject) -> None:
    """A call with the data of a serializer, none of it converted, is one message of the document."""
    frame = {"action": f"zoo.{index}", "payload": data.draw(SERIALIZERS[index].right)}

    assert [f"zoo.{index}"] == reader("Forms").read(Sender.CLIENT, frame)


@every_consumer
@given(data=st.data())
def test_an_invalid_call_is_no_message(channel: str, data: st.DataObject) -> None:
    """What the server refuses as invalid is no message of the document, as far as JSON Schema can tell."""
    invalid: InvalidCall = data.draw(invalid_calls(CONSUMERS[channel]))

    if invalid.violation not in BEYOND_JSON_SCHEMA:
        assert [] == reader(channel).read(Sender.CLIENT, invalid.frame)


@every_consumer
@settings(max_examples=max(20, settings().max_examples // 4))
@given(data=st.data())
def test_what_answers_an_invalid_call_is_one_message(channel: str, data: st.DataObject) -> None:
    """A refusal is an error of the document, whatever is wrong with the call."""
    invalid: InvalidCall = data.draw(invalid_calls(CONSUMERS[channel]))

    received = asyncio.run(converse(PATHS[channel], [invalid.frame, {"action": 7}, ["no"], {"action": "nothing.such"}]))

    for frame in received:
        assert [frame["action"]] == reader(channel).read(Sender.SERVER, frame)
    assert {"authentication", "error", "pong"} <= {frame["action"] for frame in received}


def test_the_demo_says_what_its_document_says(tmp_path: Path) -> None:
    """In conversations with the demo's room, with its database, each frame is one message of its document."""
    manage(tmp_path, "demo", "--no-serve")

    done = subprocess.run(
        [sys.executable, "-m", "tests.laws.asyncapi_demo"],
        cwd=CHAT,
        env=environment(tmp_path) | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(CHAT), *filter(None, sys.path)])},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )

    assert 0 == done.returncode, done.stderr
    assert {"chat.said", "complete", "error", "room.members.sent"} <= set(json.loads(done.stdout))


@cache
def talk() -> dict[str, Any]:
    """Describe one consumer."""
    return describe_mounts([mount for mount in mounts(asyncapi_zoo.application) if mount.path == "/aside/"])


def wrong(document: dict[str, Any]) -> Iterator[str]:
    """Find frames of which the document says something else than it should."""
    try:
        reader = Reader.of(document, "Talk")
    except KeyError as error:
        yield f"{error} is referred to, and not there"
        return
    for sender, frames in CORPUS.items():
        for frame, expected in frames:
            if ([] if expected is None else [expected]) != reader.read(sender, frame):
                yield f"{sender.value}: {frame}"


def test_corpus_is_what_the_document_says() -> None:
    """Frames at every edge of a consumer are the message that they should be, or none."""
    assert [] == list(wrong(talk()))


def test_breaking_the_document_is_caught() -> None:
    """Whatever is taken from a document's schemas, or made stricter, shows in a frame: no word of it is idle."""
    found = list(mutants(talk(), "Talk"))

    assert 200 < len(found)
    assert [] == [mutant.place for mutant in found if next(wrong(mutant.document), None) is None]
