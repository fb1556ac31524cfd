"""The endpoint on Litestar, with msgspec's structs and no permissions."""

from __future__ import annotations

from typing import Literal

import msgspec
from litestar import Litestar, WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect

from endpoints.common import Endpoint


class Payload(msgspec.Struct, forbid_unknown_fields=True):
    text: str
    room: int
    tags: list[str]


class ReplyPayload(Payload):
    n: int


class Call(msgspec.Struct):
    action: Literal["chat"]
    payload: Payload


class Reply(msgspec.Struct):
    action: str
    payload: ReplyPayload


decode = msgspec.json.Decoder(Call).decode
encode = msgspec.json.Encoder().encode


@websocket("/")
async def chat(socket: WebSocket) -> None:
    """Answer until the client leaves."""
    await socket.accept()
    try:
        while True:
            payload = decode(await socket.receive_data(mode="text")).payload
            reply = ReplyPayload(text=payload.text, room=payload.room, tags=payload.tags, n=len(payload.text))
            await socket.send_data(encode(Reply("chat.reply", reply)).decode(), mode="text")
    except WebSocketDisconnect:
        pass


ENDPOINTS = {("Litestar, msgspec", "chat"): Endpoint(Litestar([chat]))}
