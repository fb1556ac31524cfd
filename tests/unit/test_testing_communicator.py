"""The communicator: what a test sends, calls and receives, and what it is told where that does not come."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from attrs import frozen
from django.test import override_settings

from wsdrf.exceptions import NotConnected
from wsdrf.messages import message
from wsdrf.testing import Answer, WebsocketCommunicator


@message("chat.note")
class Note:
    sent_at: datetime


OK = {"status_code": 200, "status_text": "OK", "data": {"detail": "OK"}}
FORBIDDEN = {"status_code": 403, "status_text": "Forbidden", "data": {"detail": "No."}}
ERROR = {"status_code": 403, "code": "permission_denied", "detail": "No.", "errors": []}


@message("chat.say")
class Say:
    text: str


@message("chat.said")
class Said:
    author: str
    text: str


def frame(action, payload, call=None):
    identity = {} if call is None else {"id": call}
    return {"type": "websocket.send", "text": json.dumps({"action": action, "payload": payload, **identity})}


def count(numbers, call):
    return [frame("chat.number", number, call) for number in range(numbers)] + [frame("complete", None, call)]


# What chat answers to each action: given the payload and the id of the call, the events that it sends.
ANSWERS = {
    "chat.say": lambda said, call: [frame("chat.news", {"n": 1}), frame("chat.said", {"author": "ann", **said}, call)],
    "chat.count": count,
    "chat.halves": lambda _, call: [frame("chat.number", 1, call), frame("error", ERROR, call)],
    "chat.fail": lambda _, call: [frame("error", ERROR, call)],
    "chat.quit": lambda code, _: [{"type": "websocket.close", "code": code}],
    "chat.raw": lambda text, _: [{"type": "websocket.send", "text": text}],
    "chat.binary": lambda *_: [{"type": "websocket.send", "bytes": b"\x00\xff"}],
    "chat.crash": lambda *_: 1 / 0,
    "authenticate": lambda *_: [frame("authentication", FORBIDDEN)],
    "cancel": lambda _, call: [frame("chat.cancelled", call)],
}


async def chat(scope, receive, send):
    """Speak the frames of wsdrf, and give back what it does not know as the payload of ``echo``."""
    await receive()
    await send({"type": "websocket.accept"})
    await send(frame("authentication", OK))
    while (event := await receive())["type"] == "websocket.receive":
        call = json.loads(event.get("text") or event["bytes"])
        answer = ANSWERS.get(call["action"], lambda *_, call=call: [frame("echo", call)])
        for sent in answer(call.get("payload"), call.get("id")):
            await send(sent)


async def refuse(scope, receive, send):
    await receive()
    await send({"type": "websocket.close", "code": 4403})


async def deny(scope, receive, send):
    await receive()
    if "websocket.http.response" not in scope["extensions"]:
        await send({"type": "websocket.close", "code": 4401})
        return
    headers = [(b"WWW-Authenticate", b"Token"), (b"vary", b"cookie"), (b"Vary", b"origin")]
    await send({"type": "websocket.http.response.start", "status": 401, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": b'{"detail"', "more_body": True})
    await send({"type": "websocket.http.response.body", "body": b':"No."}'})


async def admit_and_refuse(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send(frame("authentication", FORBIDDEN))
    await send({"type": "websocket.close", "code": 4403, "reason": "forbidden"})


async def hang(scope, receive, send):
    await asyncio.Event().wait()


async def hang_at_the_end(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await asyncio.Event().wait()


async def crash(scope, receive, send):
    raise ZeroDivisionError("division by zero")


async def leave_at_once(scope, receive, send):
    await receive()


def client(application=chat, **options) -> WebsocketCommunicator:
    return WebsocketCommunicator(application, "/ws/", **options)


async def test_connect_gives_the_chosen_subprotocol():
    """``connect`` gives ``True`` and the subprotocol that the application chose."""

    async def choose(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept", "subprotocol": scope["subprotocols"][1], "headers": [(b"X-A", b"1")]})
        await receive()

    communicator = client(choose, subprotocols=["a", "b"])

    assert (True, "b") == await communicator.connect()
    assert (101, {"x-a": "1"}) == (communicator.response.status, communicator.response.headers)
    await communicator.disconnect()


async def test_connect_gives_the_code_of_a_refusal():
    """A close before the handshake is answered is a refusal: its code, and 403 in HTTP."""
    communicator = client(refuse)

    assert (False, 4403) == await communicator.connect()
    assert 403 == communicator.response.status
    await communicator.assert_closed(4403)
    await communicator.disconnect()


async def test_denial_response_is_seen_whole():
    """A denial over HTTP shows its status, its headers, repeated ones joined, and its whole body."""
    communicator = client(deny)

    assert (False, 401) == await communicator.connect()
    assert 401 == communicator.response.status
    assert {"www-authenticate": "Token", "vary": "cookie, origin"} == communicator.response.headers
    assert {"detail": "No."} == communicator.response.json()
    await communicator.disconnect()


async def test_denial_response_can_be_switched_off():
    """Without the extension an application sees a server that can only close."""
    communicator = client(deny, denial_response=False)

    assert (False, 4401) == await communicator.connect()


async def test_async_with_has_waited_for_authentication():
    """``async with`` takes the authentication frame, which ``wait_for_auth`` gives once."""
    async with client() as communicator:
        await communicator.assert_nothing_received()
        assert OK == await communicator.wait_for_auth()
        await communicator.send_message({"action": "authenticate", "token": "stale"})
        assert FORBIDDEN == await communicator.wait_for_auth()


async def test_async_with_lets_the_test_look_at_a_refusal():
    """A refused client is no error of ``async with``, and is one of the assertion that it was let in."""
    async with client(admit_and_refuse) as communicator:
        with pytest.raises(AssertionError, match=r"status 200, and was answered .*Forbidden"):
            await communicator.assert_authenticated_status_ok()
        await communicator.assert_closed(4403)
        assert "forbidden" == communicator.closed.reason

    async with client(refuse) as communicator:
        await communicator.assert_closed(4403)


async def test_async_with_leaves_nothing_behind_where_no_authentication_comes():
    """Where the frame does not come, ``async with`` says so and ends the application."""
    communicator = client(hang_at_the_end, timeout=0.3)

    with pytest.raises(AssertionError, match=r"Expected an authentication frame: no other frame came within 0.3 s"):
        await communicator.__aenter__()

    assert communicator.closed is not None


async def test_async_with_need_not_wait_for_authentication():
    """``expect_authentication=False`` is for applications that send no such frame."""

    async def quiet(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        await receive()

    async with client(quiet, expect_authentication=False) as communicator:
        assert communicator.closed is None


async def test_authenticated_client_is_asserted():
    """The assertion holds for status 200, after ``async with`` and after ``connect``."""
    async with client() as communicator:
        await communicator.assert_authenticated_status_ok()

    communicator = client()
    await communicator.connect()
    await communicator.assert_authenticated_status_ok()
    await communicator.disconnect()


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


async def test_wait_ends_with_the_connection():
    """A wait for a frame does not outlast the connection, and says how that ended."""
    async with client() as communicator:
        await communicator.send_message({"action": "chat.quit", "payload": 4429})

        with pytest.raises(AssertionError, match="no other frame came; closed by the application with 4429"):
            await communicator.receive_json(timeout=60)


async def test_closed_with_another_code_fails():
    """``assert_closed`` accepts any code or exactly the given one."""
    async with client() as communicator:
        await communicator.send_message({"action": "chat.quit", "payload": 4429})
        await communicator.assert_closed()
        await communicator.assert_closed(4429)

        with pytest.raises(AssertionError, match=r"closed with 4403: .* with 4429"):
            await communicator.assert_closed(4403)


async def test_open_connection_is_not_closed():
    """``assert_closed`` fails where the application does not close; the client's own close does not count."""
    communicator = client()
    await communicator.connect()
    with pytest.raises(AssertionError, match="the connection is open"):
        await communicator.assert_closed(timeout=0.05)
    await communicator.disconnect()

    with pytest.raises(AssertionError, match="by the client"):
        await communicator.assert_closed()


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


async def test_crash_is_raised_where_the_test_waits():
    """An exception of the application comes out of the wait, once, with its own type."""
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        async with client() as communicator:
            await communicator.call("chat.crash")


async def test_crash_is_raised_where_nobody_waited():
    """An exception that no wait has seen comes out of ``disconnect`` and of ``async with``."""
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        async with client() as communicator:
            await communicator.send_message({"action": "chat.crash"})


async def test_crash_in_the_handshake_is_raised():
    """An application that raises before it answers raises out of ``connect``."""
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        await client(crash).connect()


async def test_crash_does_not_hide_behind_a_failure_of_the_test():
    """Where the test fails and the application too, the second exception has the first as its context."""

    async def fail():
        async with client() as communicator:
            await communicator.send_message({"action": "chat.crash"})
            raise LookupError("the test's own")

    with pytest.raises(ZeroDivisionError) as caught:
        await fail()

    assert isinstance(caught.value.__context__, LookupError)


async def test_silent_handshake_ends():
    """``connect`` gives up on an application that does not answer, and ``disconnect`` ends it."""
    communicator = client(hang, timeout=0.3)

    with pytest.raises(AssertionError, match=r"not answered: no other frame came within 0.3 s"):
        await communicator.connect()
    with pytest.raises(AssertionError, match=r"still ran 0.3 s after"):
        await communicator.disconnect()


async def test_application_without_an_answer_is_named():
    """An application that returns without answering the handshake is said to."""
    with pytest.raises(AssertionError, match="returned without an answer to the handshake"):
        await client(leave_at_once).connect()


async def test_application_that_outlives_its_client_fails():
    """An application that does not return after the disconnect is cancelled and named."""
    communicator = client(hang_at_the_end, timeout=0.3)
    await communicator.connect()

    with pytest.raises(AssertionError, match=r"websocket\.disconnect"):
        await communicator.disconnect()


async def test_closed_connection_takes_nothing():
    """Sending needs an open connection, and the error says why there is none."""
    communicator = client()
    with pytest.raises(NotConnected, match=r"connect\(\) first"):
        await communicator.send_text("{}")
    with pytest.raises(NotConnected, match=r"connect\(\) first"):
        await communicator.receive_json()
    await communicator.connect()
    await communicator.disconnect(4000)

    with pytest.raises(NotConnected, match="by the client with 4000"):
        await communicator.send_text("{}")


async def test_disconnect_without_a_connection_does_nothing():
    """A communicator that never connected may be disconnected, and one that has, twice."""
    communicator = client()
    await communicator.disconnect()
    await communicator.connect()
    await communicator.disconnect()
    await communicator.disconnect()

    assert communicator.closed.by_client


async def test_communicator_connects_again():
    """After a disconnect the same client may come back; frames of the first connection are gone."""
    communicator = client()
    await communicator.connect()
    await communicator.disconnect()

    async with communicator:
        assert "chat.said" == (await communicator.call("chat.say", {"text": "again"})).action


async def test_open_connection_cannot_be_changed():
    """Who the client is, is settled when it connects: later changes are refused with the cure."""
    async with client() as communicator:
        for change in (communicator.credentials, communicator.force_authenticate):
            with pytest.raises(RuntimeError, match="Call it before"):
                change()
        with pytest.raises(RuntimeError, match="Call it before"):
            await communicator.connect()


def test_another_event_loop_is_named():
    """A connection that is used in another event loop than its own is told to stay in one."""
    communicator = client()
    asyncio.run(communicator.connect())

    with pytest.raises(RuntimeError, match="async def"):
        asyncio.run(communicator.receive_json())


async def test_nothing_is_left_to_the_garbage_collector(caplog):
    """Connections that ended, by whatever way, leave no task and no word in asyncio's log."""
    with caplog.at_level(logging.ERROR, "asyncio"):
        for application in (chat, refuse, deny, admit_and_refuse):
            async with client(application):
                pass
        await asyncio.sleep(0)
        gc.collect()

    assert {asyncio.current_task()} == asyncio.all_tasks()
    assert [] == caplog.records
