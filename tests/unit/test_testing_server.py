"""The in-process server: it refuses what real servers refuse, and tells the application what they tell."""

from __future__ import annotations

import contextvars

import pytest

from wsdrf.connection.pool import pool_of
from wsdrf.testing import WebsocketCommunicator

ACCEPT = {"type": "websocket.accept"}
CLOSE = {"type": "websocket.close", "code": 4000}
SEND = {"type": "websocket.send", "text": "1"}
START = {"type": "websocket.http.response.start", "status": 403, "headers": []}
BODY = {"type": "websocket.http.response.body", "body": b""}

mark = contextvars.ContextVar("mark", default="clean")


def sending(*events):
    """Make an application that sends ``events``, whatever they are, and waits for the disconnect."""

    async def application(scope, receive, send):
        await receive()
        for event in events:
            await send(event)
        await receive()

    return application


@pytest.mark.parametrize(
    ("events", "complaint"),
    [
        ([SEND], "'websocket.send' before it had answered the handshake"),
        ([BODY], "'websocket.http.response.body' before"),
        ([{"type": "websocket.unheard"}], "'websocket.unheard' before"),
        ([ACCEPT, ACCEPT], "'websocket.accept' on an open connection"),
        ([ACCEPT, START], "'websocket.http.response.start' on an open connection"),
        ([ACCEPT, CLOSE, SEND], "'websocket.send' after it had closed"),
        ([CLOSE, ACCEPT], "'websocket.accept' after it had closed"),
        ([START, ACCEPT], "'websocket.accept' in the middle of a denial"),
        ([START, BODY, BODY], "'websocket.http.response.body' after it had closed"),
        ([{**ACCEPT, "subprotocol": "b"}], "'b', which the client did not offer"),
        ([ACCEPT, {"type": "websocket.send"}], "either text or bytes"),
        ([ACCEPT, {**SEND, "bytes": b"1"}], "either text or bytes"),
    ],
)
async def test_what_no_server_takes_is_an_error(events, complaint):
    """An application that sends out of turn, or something malformed, gets an error that names it."""
    communicator = WebsocketCommunicator(sending(*events), "/", subprotocols=["a"])

    async def connect_and_leave():
        await communicator.connect()
        await communicator.disconnect()

    with pytest.raises(RuntimeError, match=complaint):
        await connect_and_leave()


@pytest.mark.parametrize("event", [{"text": b"1"}, {"bytes": "1"}, {"text": 1}])
async def test_frame_of_another_type_is_an_error(event):
    """Text is a ``str``, bytes are ``bytes``: the other way round, no server would send it."""
    communicator = WebsocketCommunicator(sending(ACCEPT, {"type": "websocket.send", **event}), "/")
    await communicator.connect()

    with pytest.raises(TypeError, match="holds a str"):
        await communicator.disconnect()


@pytest.mark.parametrize(
    ("events", "code"),
    [([ACCEPT, {**CLOSE, "reason": "over"}], 4000), ([CLOSE], 4000), ([START, BODY], 1006)],
)
async def test_application_hears_of_its_own_close(events, code):
    """After a close, a refusal or a denial the application receives the disconnect, as often as it asks."""
    heard = []

    async def application(scope, receive, send):
        await receive()
        for event in events:
            await send(event)
        heard.extend([await receive(), await receive()])

    communicator = WebsocketCommunicator(application, "/")
    await communicator.connect()
    await communicator.disconnect()

    assert [("websocket.disconnect", code)] * 2 == [(event["type"], event["code"]) for event in heard]


async def test_application_hears_of_the_client():
    """A client that leaves is heard with its code and reason, and sending to it is an ``OSError``."""
    heard = []

    async def application(scope, receive, send):
        await receive()
        await send(ACCEPT)
        heard.append(await receive())
        try:
            await send(SEND)
        except OSError as error:
            heard.append(error)
            raise

    communicator = WebsocketCommunicator(application, "/")
    await communicator.connect()
    await communicator.disconnect(4001, "bye")

    assert {"type": "websocket.disconnect", "code": 4001, "reason": "bye"} == heard[0]
    assert "disconnected" in str(heard[1])


async def test_application_that_returns_drops_the_connection():
    """A connection whose application just returns ends as a dropped one does."""

    async def application(scope, receive, send):
        await receive()
        await send(ACCEPT)

    communicator = WebsocketCommunicator(application, "/")
    await communicator.connect()

    await communicator.assert_closed(1006)


async def test_context_of_the_test_does_not_leak():
    """The application starts with empty context variables, as behind a server."""
    seen = []

    async def application(scope, receive, send):
        seen.append(mark.get())
        await receive()
        await send(CLOSE)

    mark.set("dirty")
    await WebsocketCommunicator(application, "/").connect()

    assert ["clean"] == seen


async def test_blocking_work_runs_in_the_sensitive_thread():
    """What the pool runs for a tested connection runs in the thread that Django's own async ORM uses."""
    import threading

    from asgiref.sync import sync_to_async

    seen = []

    async def application(scope, receive, send):
        await receive()
        seen.append(await pool_of(1).run(threading.get_ident))
        await send(CLOSE)

    await WebsocketCommunicator(application, "/").connect()

    assert [await sync_to_async(threading.get_ident)()] == seen
