"""The endpoint on FastAPI, with strict pydantic models and no permissions."""

from __future__ import annotations

from typing import Literal

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict

from endpoints.common import Endpoint


class Payload(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    text: str
    room: int
    tags: list[str]


class ReplyPayload(Payload):
    n: int


class Call(BaseModel):
    action: Literal["chat"]
    payload: Payload


class Reply(BaseModel):
    action: Literal["chat.reply"] = "chat.reply"
    payload: ReplyPayload


app = FastAPI()


@app.websocket("/")
async def chat(websocket: WebSocket) -> None:
    """Answer until the client leaves."""
    await websocket.accept()
    try:
        while True:
            payload = Call.model_validate_json(await websocket.receive_text()).payload
            reply = ReplyPayload(text=payload.text, room=payload.room, tags=payload.tags, n=len(payload.text))
            await websocket.send_text(Reply(payload=reply).model_dump_json())
    except WebSocketDisconnect:
        pass


ENDPOINTS = {("FastAPI, pydantic", "chat"): Endpoint(app)}
