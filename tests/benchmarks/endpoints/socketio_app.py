"""The endpoint on python-socketio, spoken to by websocket alone; an event in, an event out, checked by hand."""

from __future__ import annotations

import json
from typing import Any

import socketio

from endpoints.common import PAYLOAD, USER, Endpoint, checked

server = socketio.AsyncServer(async_mode="asgi", transports=["websocket"])


@server.event
async def connect(sid: str, environ: Any) -> None:
    """Remember who it is."""
    await server.save_session(sid, {"user": USER})


@server.event
async def chat(sid: str, payload: Any) -> None:
    """Answer one call."""
    if (await server.get_session(sid))["user"].is_authenticated:
        await server.emit("chat.reply", checked({"payload": payload}), to=sid)


ENDPOINTS = {
    ("python-socketio", "chat"): Endpoint(
        socketio.ASGIApp(server),
        frame="42" + json.dumps(["chat", PAYLOAD]),
        path="/socket.io/",
        query="EIO=4&transport=websocket",
        opening=("40",),
        ready="40{",
        ping="2",
        pong="3",
    )
}
