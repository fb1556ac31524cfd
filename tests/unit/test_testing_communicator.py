"""What a test sends, calls and receives through a communicator, and what it is told where that does not come."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from attrs import frozen
from django.test import override_settings

from tests.unit.testing_sites import client
from wsdrf.messages import message
from wsdrf.testing import Answer


@message("chat.note")
class Note:
    sent_at: datetime


@message("chat.say")
class Say:
    text: str


@message("chat.said")
class Said:
    author: str
    text: str


async def test_call_gives_its_own_answer_and_keeps_the_rest():
    """``call`` picks the frame with its id; what came before it is still received, in order."""
    async with client() as communicator:
        answer = await communicator.call("chat.say", {"text": "hi"})

        assert Answer("chat.said", {"author": "ann", "text": "hi"}, answer.id, answer.frame) == answer
        assert (False, None, None) == (answer.is_error, answer.code, answer.status_code)
        assert {"action": "chat.news", "payload": {"n": 1}} == await communicator.receive_json()


async def test_calls_at_once_get_each_its_own_answer():
    """Calls that overlap do not take each other's answers."""
    async with client() as communicator:
        texts = [str(number) for number in range(20)]
        answers = await asyncio.gather(*(communicator.call("chat.say", Say(text=text)) for text in texts))

        assert texts == [answer.payload["text"] for answer in answers]


async def test_call_without_a_payload_sends_none():
    """A payload that is not given is no key of the frame; one that is ``None`` is null."""
    async with client() as communicator:
        await communicator.send_message({"action": "echo"})
        assert {"action": "echo"} == (await communicator.receive_json())["payload"]
        await communicator.send_message({"action": "echo", "payload": None})
        assert {"action": "echo", "payload": None} == (await communicator.receive_json())["payload"]

        for payload in ([], [None]):
            with pytest.raises(AssertionError, match="an answer to 'echo'"):
                await communicator.call("echo", *payload, timeout=0.01)
        absent, null = [echo["payload"] for echo in await communicator.receive_all_json()]
        assert (False, None) == ("payload" in absent, null["payload"])


async def test_an_error_is_an_answer():
    """A refused call is answered, with its code and status, and raises nothing."""
    async with client() as communicator:
        answer = await communicator.call("chat.fail")

        assert answer.is_error
        assert ("permission_denied", 403) == (answer.code, answer.status_code)


async def test_stream_gives_each_item_until_it_is_complete():
    """``stream`` yields every item and ends; the frame ``complete`` is not an item."""
    async with client() as communicator:
        assert [0, 1, 2] == [item.payload async for item in communicator.stream("chat.count", 3)]
        assert [] == [item async for item in communicator.stream("chat.count", 0)]


async def test_stream_ends_with_an_error():
    """A stream that fails yields the error last."""
    async with client() as communicator:
        items = [item async for item in communicator.stream("chat.halves")]

        assert [None, "permission_denied"] == [item.code for item in items]


async def test_leaving_a_stream_cancels_it():
    """Who closes a stream early sends ``cancel`` with the id of the call."""
    async with client() as communicator:
        stream = communicator.stream("chat.count", 3)
        first = await anext(stream)
        await stream.aclose()
        frames = await communicator.receive_all_json()

        assert {"action": "chat.cancelled", "payload": first.id} == frames[-1]


async def test_messages_travel_as_their_action():
    """An instance is sent as a call of its action, and received as the class that bears the frame's action."""
    async with client() as communicator:
        await communicator.send_message(Say(text="hi"), id="mine")

        assert Said(author="ann", text="hi") == await communicator.receive_message(Said)
        assert [{"action": "chat.news", "payload": {"n": 1}}] == await communicator.receive_all_json()


@pytest.mark.parametrize(
    ("project", "own", "name"), [(True, None, "sentAt"), (True, False, "sent_at"), (False, True, "sentAt")]
)
async def test_names_are_camelized_as_by_the_consumer(project, own, name):
    """Field names travel as the consumer's option says, by default the project's; other values as in its codec."""
    note = Note(sent_at=datetime(2026, 1, 2, tzinfo=timezone.utc))
    with override_settings(WSDRF={"CAMELIZE": project}):
        async with client(camelize=own) as communicator:
            await communicator.send_message(note)
            echoed = (await communicator.receive_json())["payload"]
            assert {name: "2026-01-02T00:00:00Z"} == echoed["payload"]
            await communicator.send_message({"action": "chat.raw", "payload": json.dumps(echoed)})
            assert note == await communicator.receive_message(Note)


async def test_payload_may_hold_values():
    """A payload is written like JSON, with messages and values in it as the consumer reads them."""
    async with client() as communicator:
        await communicator.send_json({"action": "echo", "payload": [Say(text="a"), {"b": Decimal("1.50")}, 2**70]})

        echoed = (await communicator.receive_json())["payload"]
        assert [{"text": "a"}, {"b": "1.50"}, 2**70] == echoed["payload"]


async def test_message_without_an_action_is_refused():
    """What is neither a dict nor a message cannot be sent, and the error names the cure."""

    @frozen
    class Plain:
        text: str = ""

    async with client() as communicator:
        with pytest.raises(TypeError, match="@message"):
            await communicator.send_message(Plain())


async def test_payload_that_does_not_fit_fails_the_test():
    """A frame of the right action and the wrong fields is a failure that names the class and each field."""
    async with client() as communicator:
        await communicator.send_message(
            {"action": "chat.raw", "payload": '{"action": "chat.said", "payload": {"author": 1}}'}
        )

        with pytest.raises(AssertionError, match=r"is no Said: payload.author: .*; payload.text: "):
            await communicator.receive_message(Said)


async def test_frames_are_received_raw():
    """Text and binary frames can be sent and taken as they are."""
    async with client() as communicator:
        await communicator.send_bytes(b'{"action": "chat.binary"}')
        await communicator.send_text('{"action":  "chat.raw", "payload": "no json"}')

        assert "no json" == await communicator.receive_text()
        assert b"\x00\xff" == await communicator.receive_bytes()


@pytest.mark.parametrize("text", ["no json", '{"action": NaN}'])
async def test_frame_that_is_no_json_fails_the_test(text):
    """What is no JSON cannot be received as JSON, NaN included."""
    async with client() as communicator:
        await communicator.send_message({"action": "chat.raw", "payload": text})

        with pytest.raises(AssertionError, match="no JSON"):
            await communicator.receive_json()


async def test_wait_says_what_came_instead():
    """A wait for what does not come ends, and names what came, how long it waited, and the connection's state."""
    async with client() as communicator:
        await communicator.send_message({"action": "chat.count", "payload": 7})

        with pytest.raises(AssertionError) as caught:
            await communicator.receive_message(Said, timeout=0.4)

    assert "Expected a frame 'chat.said': 8 other(s) came: " in str(caught.value)
    assert '{"action": "chat.number", "payload": 6}' in str(caught.value)
    assert '"payload": 2}' not in str(caught.value)
    assert "within 0.4 s; the connection is open." in str(caught.value)


async def test_nothing_received_fails_for_a_frame():
    """``assert_nothing_received`` shows the frame that came."""
    communicator = client()
    await communicator.connect()

    with pytest.raises(AssertionError, match=r"1 other\(s\) came: .*authentication"):
        await communicator.assert_nothing_received()
    await communicator.disconnect()


async def test_all_frames_are_received_until_the_close():
    """``receive_all_json`` gives every frame, also those before a close, and does not wait for more after it."""
    async with client() as communicator:
        await communicator.send_message({"action": "chat.count", "payload": 2})
        await communicator.send_message({"action": "chat.quit", "payload": 1000})

        frames = await communicator.receive_all_json(timeout=60)

    assert ["chat.number", "chat.number", "complete"] == [received["action"] for received in frames]


async def test_flood_does_not_hold_the_test():
    """``receive_all_json`` gives up on an application that never stops."""

    async def flood(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            await send({"type": "websocket.send", "text": "1"})
            await asyncio.sleep(0)

    communicator = client(flood, timeout=0.5)
    await communicator.connect()

    with pytest.raises(AssertionError, match=r"not stopped coming for 0.5 s"):
        await communicator.receive_all_json()
    await communicator.disconnect()
