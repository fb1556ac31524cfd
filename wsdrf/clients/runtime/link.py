"""One connection: it is opened, let in, read to its end, and kept from going silent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final, cast

from attrs import define, field
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from .closing import Closing, retry_of
from .options import Handshake, Options

PING: Final = '{"action":"ping"}'
BROKEN: Final = 1006
"""What the network is said to close with when it says nothing."""

CLOSE_SECONDS: Final = 2
"""How long to wait for the server's half of a goodbye; a server that is dead has none."""


def closing_of(code: int, detail: str) -> Closing:
    """Say how a connection ended."""
    return Closing(code, detail, retry_of(code))


@define(eq=False)
class Link:
    """A connection on its way or open. ``receive`` gets each frame, ``let_in`` is called once the server agrees."""

    handshake: Handshake
    options: Options
    receive: Callable[[dict[str, Any]], None]
    let_in: Callable[[], None]
    first_frames: list[str] = field(factory=list[str], repr=False)
    greets: bool = True
    is_open: bool = False
    _detail: str = ""
    _socket: ClientConnection | None = None

    async def live(self) -> Closing:
        """Open the connection, read it to its end, and say how it ended."""
        subprotocols = self.handshake.subprotocols
        settings: dict[str, Any] = {"ping_interval": None, "close_timeout": CLOSE_SECONDS, **self.options.websocket}
        try:
            async with connect(
                self.handshake.url,
                additional_headers=self.handshake.headers,
                subprotocols=None if subprotocols is None else [Subprotocol(one) for one in subprotocols],
                open_timeout=self.options.open_timeout,
                **settings,
            ) as self._socket:
                return await self._converse(self._socket)
        except InvalidStatus as refused:
            status = refused.response.status_code
            return closing_of(4000 + status if status >= 400 else BROKEN, f"The handshake was refused with {status}.")
        except (OSError, InvalidHandshake, EOFError, asyncio.TimeoutError) as error:
            return closing_of(BROKEN, f"{type(error).__name__}: {error}")

    async def send(self, frame: str) -> None:
        """Send a frame; where the connection has just ended, ``live`` says so."""
        if self._socket is not None:
            try:
                await self._socket.send(frame)
            except ConnectionClosed:
                self.is_open = False

    async def _converse(self, socket: ClientConnection) -> Closing:
        for frame in self.first_frames:
            await self.send(frame)
        if not self.greets:
            self._enter()
        try:
            return await self._read(socket)
        except ConnectionClosed:
            code = BROKEN if socket.close_code is None else socket.close_code
            return closing_of(code, self._detail or socket.close_reason or "")
        finally:
            self.is_open = False

    async def _read(self, socket: ClientConnection) -> Closing:
        has_pinged = False
        while True:
            try:
                seconds = self.options.heartbeat if self.is_open else self.options.open_timeout
                data = await asyncio.wait_for(socket.recv(), seconds)
            except asyncio.TimeoutError:
                if has_pinged or not self.is_open:
                    return closing_of(BROKEN, "The server does not answer.")
                has_pinged = True
                await self.send(PING)
                continue
            has_pinged = False
            frame: Any = json.loads(data)
            if isinstance(frame, dict):
                self._take(cast("dict[str, Any]", frame))

    def _take(self, frame: dict[str, Any]) -> None:
        if frame.get("action") == "authentication":
            payload: dict[str, Any] = frame.get("payload") or {}
            if payload.get("status_code") != 200:
                refusal: dict[str, Any] = payload.get("data") or {}
                self._detail = str(refusal.get("detail", ""))
                return
            self._enter()
        self.receive(frame)

    def _enter(self) -> None:
        if not self.is_open:
            self.is_open = True
            self.let_in()
