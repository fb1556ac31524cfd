"""What the tests of a connection talk through: a server's side of a socket, and a channel layer that can fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

from channels.layers import InMemoryChannelLayer

Message = MutableMapping[str, Any]


class Socket:
    """One connection as its server sees it. ``reads`` tells whether the client takes what is sent.

    ``late`` is what the application sent after it had closed the connection, or had heard that the client has gone.
    """

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[Message] = []
        self.late: list[Message] = []
        self.is_over = False
        self.is_lazy = False  # whether it waits a turn of the loop each time
        self.reads = asyncio.Event()
        self.reads.set()
        self.failure: BaseException | None = None

    async def receive(self) -> Message:
        if self.is_lazy:
            await asyncio.sleep(0)
        message = await self.incoming.get()
        self.is_over = self.is_over or message["type"] == "websocket.disconnect"
        return message

    async def send(self, message: Message) -> None:
        if self.is_over:
            self.late.append(message)
        if self.failure is not None:
            raise self.failure
        if self.is_lazy:
            await asyncio.sleep(0)
        if not self.reads.is_set():
            await self.reads.wait()
        self.sent.append(message)
        if message["type"] == "websocket.close":
            self.is_over = True
            self.leave(message.get("code", 1000))

    def connect(self) -> None:
        self.incoming.put_nowait({"type": "websocket.connect"})

    def say(self, data: Any) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        self.incoming.put_nowait({"type": "websocket.receive", "text": text})

    def leave(self, code: int | None = 1000) -> None:
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": code})

    @property
    def frames(self) -> list[Any]:
        return [json.loads(message["text"]) for message in self.sent if message["type"] == "websocket.send"]

    @property
    def codes(self) -> list[int]:
        return [message["code"] for message in self.sent if message["type"] == "websocket.close"]


def scope(path: str = "/ws/", **more: Any) -> dict[str, Any]:
    """Give the scope of a handshake without anything but its path."""
    return {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
        "subprotocols": [],
        "client": ("127.0.0.1", 1234),
        "server": ("testserver", 80),
        "scheme": "ws",
        **more,
    }


class FailingLayer(InMemoryChannelLayer):
    """An in-memory layer whose methods named in ``failing`` raise, and which can drop every membership."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.failing: set[str] = set()
        self.calls: list[tuple[str, str]] = []
        self.slow: dict[str, asyncio.Event] = {}  # groups whose joining waits

    def fail(
        self, methods: Iterable[str] = ("group_add", "group_discard", "group_send", "receive", "new_channel")
    ) -> None:
        """Fail from now on; who waits in ``receive`` fails at once."""
        self.failing = set(methods)
        if "receive" in self.failing:
            for queue in self.channels.values():
                queue.put_nowait((float("inf"), ConnectionError("The layer is down.")))

    def recover(self, *, forgetting: bool = True) -> None:
        """Work again; the groups may be lost, as after the restart of a layer's server."""
        self.failing = set()
        if forgetting:
            self.groups = {}

    async def new_channel(self, prefix: str = "specific.") -> str:
        self._note("new_channel", "")
        return await super().new_channel(prefix)

    async def receive(self, channel: str) -> Any:
        self._note("receive", channel)
        message = await super().receive(channel)
        if isinstance(message, Exception):
            raise message
        return message

    async def group_add(self, group: str, channel: str) -> None:
        self._note("group_add", group)
        if group in self.slow:
            await self.slow[group].wait()
        await super().group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        self._note("group_discard", group)
        await super().group_discard(group, channel)

    async def group_send(self, group: str, message: Any) -> None:
        self._note("group_send", group)
        await super().group_send(group, message)

    def _note(self, method: str, name: str) -> None:
        self.calls.append((method, name))
        if method in self.failing:
            raise ConnectionError("The layer is down.")


async def settle(turns: int = 20) -> None:
    """Let everything that can run, run."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def until(is_so: Callable[[], bool], timeout: float = 5) -> None:
    """Wait until ``is_so()``. Raises ``AssertionError`` after ``timeout`` seconds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    while not is_so():
        assert loop.time() < deadline, "waited in vain"
        await asyncio.sleep(0.0005)
