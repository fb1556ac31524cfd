"""ASGI applications for the tests of the testing tools: one that speaks wsdrf's frames, and some that misbehave."""

from __future__ import annotations

import asyncio
import json

from wsdrf.testing import WebsocketCommunicator

OK = {"status_code": 200, "status_text": "OK", "data": {"detail": "OK"}}
FORBIDDEN = {"status_code": 403, "status_text": "Forbidden", "data": {"detail": "No."}}
ERROR = {"status_code": 403, "code": "permission_denied", "detail": "No.", "errors": []}


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
