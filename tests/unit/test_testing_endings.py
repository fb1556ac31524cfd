"""How a communicator's connection begins and ends: refusals, crashes, silence, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import logging

import pytest

from tests.unit.testing_sites import (
    FORBIDDEN,
    OK,
    admit_and_refuse,
    chat,
    client,
    crash,
    deny,
    hang,
    hang_at_the_end,
    leave_at_once,
    refuse,
)
from wsdrf.exceptions import NotConnected


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
