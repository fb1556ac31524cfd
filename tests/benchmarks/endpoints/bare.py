"""The endpoint with nothing but ASGI and ``json``; and the harness alone, which answers without looking."""

from __future__ import annotations

import json
from typing import Any

from endpoints.common import PAYLOAD, Endpoint, checked, signed_in

STATIC = json.dumps({"action": "chat.reply", "payload": {**PAYLOAD, "n": len(PAYLOAD["text"])}})


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """Answer with ASGI."""
    user = scope["user"]
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        content = json.loads(event["text"])
        if content["action"] == "chat" and user.is_authenticated:
            answer = {"action": "chat.reply", "payload": checked(content)}
            await send({"type": "websocket.send", "text": json.dumps(answer)})


async def floor(scope: Any, receive: Any, send: Any) -> None:
    """Answer the same to everything: what is left is the price of measuring."""
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": STATIC})


ENDPOINTS = {
    ("bare ASGI, json", "chat"): Endpoint(signed_in(bare)),
    ("harness alone", "chat"): Endpoint(floor),
}
