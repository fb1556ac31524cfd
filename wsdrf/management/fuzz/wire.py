"""One connection to a real server, with the few words of a test's client that a machine uses."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, Final

from wsdrf.testing.frames import Received
from wsdrf.testing.server import ABNORMAL, Close, Response

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")


class Wire:
    """A connection to ``url``; ``changed`` is called when something has come, or when it has ended.

    ``closed`` and ``response`` are as those of a client in tests, and ``received`` the frames that nobody has taken.
    """

    def __init__(self, url: str, changed: Callable[[], None]) -> None:
        self.url = url
        self.closed: Close | None = None
        self.response: Response | None = None
        self.received: deque[Received] = deque()
        self._changed = changed
        self._connection: Any = None
        self._reading: asyncio.Task[None] | None = None
        self._has_left = False

    async def connect(self, headers: dict[str, str], subprotocols: Sequence[str], timeout: float) -> None:
        """Open it. What is refused is told by ``closed``; raises ``OSError`` where no server answers in time."""
        client: Any = import_module("websockets.asyncio.client")
        refusals: Any = import_module("websockets.exceptions")
        options: dict[str, Any] = {"open_timeout": timeout, "close_timeout": timeout, "ping_interval": None}
        connecting = client.connect(
            self.url,
            additional_headers=headers,
            subprotocols=list(subprotocols) or None,
            compression=None,
            logger=_silent(),
            max_size=None,
            **options,
            **_direct(self.url),
        )
        try:
            self._connection = await connecting
        except refusals.InvalidStatus as refused:
            self.response = Response(refused.response.status_code)
            self.closed = Close(refused.response.status_code)
        except (refusals.InvalidHandshake, EOFError) as error:  # whatever answers there speaks another language
            raise ConnectionError(str(error)) from error
        else:
            self.response = Response(101)
            self._reading = asyncio.create_task(self._read())

    async def send_text(self, text: str) -> None:
        """Send a text frame; one that finds the connection closed is lost, as it is for every client."""
        await self._send(text)

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary frame."""
        await self._send(data)

    async def send_json(self, data: Any) -> None:
        """Send ``data`` as JSON."""
        await self._send(json.dumps(data))

    async def disconnect(self, timeout: float | None = None) -> None:
        """Close, and wait until that is done; ``websockets`` itself waits no longer than the time it was given."""
        if self._reading is not None:
            self._has_left = True
            await self._connection.close()
            await self._reading

    async def _send(self, frame: str | bytes) -> None:
        closed: Any = import_module("websockets.exceptions").ConnectionClosed
        with suppress(closed):
            await self._connection.send(frame)

    async def _read(self) -> None:
        closed: Any = import_module("websockets.exceptions").ConnectionClosed
        with suppress(closed):
            async for frame in self._connection:
                self.received.append(Received.of({"text" if isinstance(frame, str) else "bytes": frame}))
                self._changed()
        code = self._connection.close_code or ABNORMAL
        self.closed = Close(code, self._connection.close_reason or "", by_client=self._has_left)
        self._changed()


def _silent() -> logging.Logger:
    """Give a logger that says nothing: ``websockets`` logs headers, and with them tokens."""
    logger = logging.getLogger("wsdrf.management.wire")
    logger.disabled = True
    return logger


def _direct(url: str) -> dict[str, Any]:
    """Use no proxy on the way to one's own machine, where ``websockets`` knows of proxies."""
    version: str = import_module("websockets.version").version
    is_near = url.partition("://")[2].startswith(LOOPBACK)
    return {"proxy": None} if is_near and int(version.partition(".")[0]) >= 15 else {}
