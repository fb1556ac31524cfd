"""A connection to an application without a server: what it costs is stated with every figure it takes part in."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from endpoints.common import Endpoint

PARTS = 20
"""Each measurement is made in so many parts, of which the median counts: others work on the machine, too."""
UPGRADE = ((b"host", b"localhost"), (b"connection", b"Upgrade"), (b"upgrade", b"websocket"))


class Socket:
    """One connection, spoken to from this process. ``heard`` is called with each frame that is waited for."""

    def __init__(self, endpoint: Endpoint, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        self.endpoint = endpoint
        self.headers = [*UPGRADE, *headers]
        self.loop = asyncio.get_running_loop()
        self.incoming: deque[dict[str, Any]] = deque()
        self.reader: asyncio.Future[None] | None = None
        self.wanted = endpoint.ready
        self.entered = self.loop.create_future()
        self.heard: Callable[[], None] = self.enter_done
        self.closing = False

    async def receive(self) -> dict[str, Any]:
        """Be the server's ``receive``."""
        while not self.incoming:
            self.reader = self.loop.create_future()
            await self.reader
        return self.incoming.popleft()

    async def take(self, event: dict[str, Any]) -> None:
        """Be the server's ``send``."""
        if event["type"] == "websocket.send":
            text = event["text"]
            if self.wanted and self.wanted in text:
                self.heard()
        elif event["type"] == "websocket.accept":
            if not self.wanted:
                self.heard()
        elif event["type"] == "websocket.close" and not self.closing:
            self.entered.done() or self.entered.set_exception(RuntimeError(f"closed: {event}"))

    def put(self, event: dict[str, Any]) -> None:
        """Let the application receive an event."""
        self.incoming.append(event)
        reader = self.reader
        if reader is not None and not reader.done():
            reader.set_result(None)

    def say(self, frame: str) -> None:
        """Send a text frame."""
        self.put({"type": "websocket.receive", "text": frame})

    def enter_done(self) -> None:
        """Note that calls are answered from now on."""
        self.entered.done() or self.entered.set_result(None)

    async def enter(self) -> None:
        """Connect, and wait until calls are answered."""
        endpoint = self.endpoint
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": endpoint.path,
            "raw_path": endpoint.path.encode(),
            "root_path": "",
            "query_string": endpoint.query.encode(),
            "headers": self.headers,
            "client": ("127.0.0.1", 50000),
            "server": ("localhost", 80),
            "subprotocols": [],
            "state": {},
            "extensions": {},
        }
        self.put({"type": "websocket.connect"})
        for frame in endpoint.opening:
            self.say(frame)
        self.running = asyncio.create_task(endpoint.application(scope, self.receive, self.take))
        await self.entered
        self.wanted = endpoint.answer

    async def leave(self) -> None:
        """Disconnect, and wait until the application is done."""
        self.closing = True
        self.put({"type": "websocket.disconnect", "code": 1000})
        await asyncio.gather(self.running, return_exceptions=True)


class Conversation:
    """Calls on one connection, each a turn of the event loop after the answer to the one before."""

    def __init__(self, socket: Socket, frame: str, clock: Callable[[], float]) -> None:
        self.socket, self.frame, self.clock = socket, frame, clock
        self.part = self.answers = 0
        self.marks: list[float] = []

    async def hold(self, count: int) -> list[float]:
        """Make ``count`` calls; give the seconds by the clock of one call, for each of ``PARTS`` parts."""
        self.part = max(1, count // PARTS)
        self.left = self.part * (count // self.part)
        self.answers, self.marks = 0, []
        self.done = self.socket.loop.create_future()
        self.socket.heard = self.next
        self.marks.append(self.clock())
        self.socket.say(self.frame)
        await asyncio.wait_for(self.done, 120)
        return [(after - before) / self.part for before, after in zip(self.marks, self.marks[1:], strict=False)]

    def next(self) -> None:
        """Note an answer, and have the next call made."""
        self.answers += 1
        if self.answers % self.part == 0:
            self.marks.append(self.clock())
        if self.answers < self.left:
            self.socket.loop.call_soon(self.socket.say, self.frame)
        else:
            self.done.set_result(None)


async def talk(endpoint: Endpoint, seconds: float, headers: Sequence[tuple[bytes, bytes]] = ()) -> float:
    """Make calls for about so long, one after the other; give the CPU time of one, in microseconds.

    The time is that of the whole process, all threads counted.
    """
    socket = Socket(endpoint, headers)
    await socket.enter()
    conversation = Conversation(socket, endpoint.frame, time.process_time)
    await conversation.hold(200)
    pace = statistics.median(await conversation.hold(200))
    parts = await conversation.hold(max(200, int(seconds / pace)))
    await socket.leave()
    return statistics.median(parts) * 1e6
