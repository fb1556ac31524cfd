"""Send frames in order, never making the sender wait, and notice a client that does not read."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from types import CoroutineType
from typing import Any, Final, TypeAlias

from wsdrf.deadline import Deadline
from wsdrf.exceptions import TimedOut
from wsdrf.stepping import rest

logger: logging.Logger = logging.getLogger("wsdrf.connection")

MAX_REASON: Final = 123
"""Bytes of a close frame's reason at most. Source: RFC 6455, sections 5.5 and 5.5.1."""

Message: TypeAlias = MutableMapping[str, Any]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Receive: TypeAlias = Callable[[], Awaitable[Message]]


class Outbox:
    """What waits to be sent to one client.

    A frame goes out within ``put`` when the server takes it at once, which is the rule. Only what the server does not
    take is queued, for a task that lives as long as the queue.
    """

    __slots__ = (
        "_closed",
        "_max_bytes",
        "_on_stuck",
        "_queue",
        "_send",
        "_timeout",
        "_unsent",
        "has_closed",
        "writer",
    )

    def __init__(self, send: Send, *, timeout: float, max_bytes: int, on_stuck: Callable[[], None]) -> None:
        self._send = send
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._on_stuck = on_stuck
        self._queue: deque[tuple[Message, int]] | tuple[()] = ()  # an empty deque has room for 64, in each connection
        self._unsent = 0
        #: Sends what the server did not take at once; ``None`` where nothing waits.
        self.writer: asyncio.Task[None] | None = None
        self._closed = False
        self.has_closed: bool = False

    def put(self, frame: str) -> None:
        """Send a text frame, or queue it. Never waits, never raises."""
        if self._closed:
            return
        message: Message = {"type": "websocket.send", "text": frame}
        if self.writer is not None:
            self._wait(message, len(frame) if frame.isascii() else len(frame.encode("utf-8", "replace")))
            return
        try:
            sending: Any = self._send(message)
            if type(sending) is not CoroutineType:
                sending = sending.__await__()
            waiting = sending.send(None)
        except StopIteration:  # the server took it
            return
        except (Exception, asyncio.CancelledError) as error:  # nothing was awaited, so it is the server's own affair
            self._gone(error)
            return
        unsent = self._write(rest(waiting, sending.send, sending.throw))
        self.writer = asyncio.get_running_loop().create_task(unsent)

    def close(self, code: int, reason: str) -> None:
        """Send a close frame after all that was put before, and take nothing more."""
        if self._closed:
            return
        self._closed = self.has_closed = True
        self._wait({"type": "websocket.close", "code": code, "reason": _cut(reason)}, 0)
        if self.writer is None:
            # Never within this call: a server may wait for the client's close frame, and count the time by its task.
            self.writer = asyncio.get_running_loop().create_task(self._write(None))

    def forget(self) -> None:
        """Drop what waits; the frame that the server has begun to take goes on."""
        self._queue = ()
        self._unsent = 0

    def abandon(self) -> None:
        """Take nothing more, and drop what is unsent: nobody is there to read it."""
        self._closed = True
        self.forget()
        if self.writer is not None:
            self.writer.cancel()

    async def drained(self, timeout: float | None = None) -> None:
        """Wait until everything is sent, or given up; after ``timeout`` seconds, abandon what is left."""
        while self.writer is not None and not self.writer.done():  # one cancelled before it began is done, and stays
            _, unfinished = await asyncio.wait({self.writer}, timeout=timeout)
            if unfinished:
                self.abandon()

    def _wait(self, message: Message, size: int) -> None:
        if not self._queue:
            self._queue = deque()
        self._queue.append((message, size))
        self._unsent += size
        if self._unsent > self._max_bytes:
            self._stuck()

    async def _write(self, sending: Awaitable[None] | None) -> None:
        try:
            sending = sending or self._next()
            while sending is not None:
                with Deadline(self._timeout):
                    await sending
                sending = self._next()
        except TimedOut:
            self._stuck()
        except Exception as error:
            self._gone(error)
        finally:
            self.writer = None

    def _next(self) -> Awaitable[None] | None:
        if not self._queue:
            return None
        message, size = self._queue.popleft()
        self._unsent -= size
        return self._send(message)

    def _stuck(self) -> None:
        if not self._closed:
            self.abandon()
            self._on_stuck()

    def _gone(self, error: BaseException) -> None:
        # Some servers raise when the client has gone; the reader hears of it too, so there is nothing more to do.
        self._closed = True
        self._queue = ()
        if not isinstance(error, OSError):
            # Some raise errors of their own when the client has gone, which any client can bring about.
            logger.info("The server did not take a frame", extra={"error": type(error).__qualname__})


def _cut(reason: str) -> str:
    # With a reason that is too long, or no UTF-8, servers lose the code too, and the client is told 1006.
    return reason.encode(errors="replace")[:MAX_REASON].decode(errors="ignore")
