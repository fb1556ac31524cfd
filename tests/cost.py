"""Count what fixed conversations cost: Python steps of wsdrf's own code, and memory that it holds.

Times differ from one machine and moment to the next; these figures do not. ``tests/cost.json`` has them, and
``test_cost.py`` holds the code to them. ``python -m tests.cost`` prints them as they are now, from the root of the
checkout, and ``python -m tests.cost --update`` writes them down: do so when a change is worth what it costs, or saves.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import platform
import sys
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FIGURES = Path(__file__).with_name("cost.json")
PYTHON = ".".join(platform.python_version_tuple()[:2])
MESSAGES = 50
MEMBERS = 20
CONNECTIONS = 100
ACTIONS = 50
FRAME = json.dumps({"action": "chat", "payload": {"text": "Hello, world!", "room": 7, "tags": ["a", "bc"]}})


class Socket:
    """One connection to an application, spoken to from this process, without a timer or a task of its own."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def enter(self) -> None:
        """Connect, and wait until it is said that calls are answered."""
        scope = {"type": "websocket", "path": "/", "headers": [(b"host", b"localhost")], "subprotocols": []}
        self.running = asyncio.create_task(self.application(scope, self.incoming.get, self.outgoing.put))
        self.incoming.put_nowait({"type": "websocket.connect"})
        await self.hear("authentication")

    async def hear(self, action: str) -> None:
        """Wait for a frame of that action."""
        while True:
            event = await self.outgoing.get()
            if "text" in event and json.loads(event["text"])["action"] == action:
                return

    async def call(self, frame: str, answer: str) -> None:
        """Send a frame, and wait for its answer."""
        self.incoming.put_nowait({"type": "websocket.receive", "text": frame})
        await self.hear(answer)

    async def leave(self) -> None:
        """Disconnect."""
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await self.running


class Counter:
    """How many functions wsdrf's code entered and called, built-in ones too."""

    def __init__(self, folder: str) -> None:
        self.own = (folder, "<cattrs generated", "<attrs generated")
        self.steps = 0

    def note(self, frame: Any, event: str, argument: Any) -> None:
        """Be the profile function of the thread. Source: ``sys.setprofile``."""
        if event == "c_call":
            self.steps += frame.f_code.co_filename.startswith(self.own)
        elif event == "call":
            caller = frame.f_back
            self.steps += frame.f_code.co_filename.startswith(self.own) or (
                caller is not None and caller.f_code.co_filename.startswith(self.own)
            )

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count while this lasts."""
        sys.setprofile(self.note)
        try:
            yield
        finally:
            sys.setprofile(None)


def declare() -> tuple[Any, Callable[[int], Any]]:
    """Give a consumer to talk to, and what makes one of so many actions."""
    from rest_framework.authentication import BaseAuthentication
    from rest_framework.permissions import IsAuthenticated

    from wsdrf import Consumer, message, on, requires

    class User:
        pk = 1
        is_authenticated = is_active = True

    class SignedIn(BaseAuthentication):
        def authenticate(self, request: Any) -> tuple[Any, None]:
            return User(), None

    @message("chat")
    class Chat:
        text: str
        room: int
        tags: list[str]

    @message("chat.reply")
    class Reply:
        text: str
        room: int
        tags: list[str]
        n: int

    class Room(Consumer):
        authentication_classes = [SignedIn]
        permission_classes = [IsAuthenticated]

        async def build_groups(self) -> Iterable[str]:
            return ["room"]

        @on("chat")
        @requires(IsAuthenticated)
        async def chat(self, payload: Chat) -> Reply:
            return Reply(text=payload.text, room=payload.room, tags=payload.tags, n=len(payload.text))

        @on("say")
        async def say(self, payload: Chat) -> None:
            await self.broadcast(payload)

    def build(count: int) -> Any:
        def handler(number: int) -> Any:
            async def handle(self: Any, payload: Chat) -> Reply: ...

            handle.__name__ = handle.__qualname__ = f"handle_{number}"
            return on(f"chat.{number}")(requires(IsAuthenticated)(handle))

        body: dict[str, Any] = {f"handle_{number}": handler(number) for number in range(count)}
        return type(Consumer)("Large", (Consumer,), body | {"Chat": Chat, "Reply": Reply}).as_asgi()

    return Room.as_asgi(), build


async def count_steps(application: Any, counter: Counter) -> dict[str, float]:
    """Count the steps of a connection, of a message, and of a broadcast's delivery."""
    figures = {}
    first = Socket(application)
    await first.enter()
    for _ in range(5):
        await first.call(FRAME, "chat.reply")
    counter.steps = 0
    with counter.counting():
        for _ in range(MESSAGES):
            await first.call(FRAME, "chat.reply")
    figures["steps of a message"] = counter.steps / MESSAGES
    counter.steps = 0
    with counter.counting():
        members = [Socket(application) for _ in range(MEMBERS)]
        for member in members:
            await member.enter()
    figures["steps of a connection"] = counter.steps / MEMBERS
    counter.steps = 0
    with counter.counting():
        await first.call(FRAME.replace('"chat"', '"say"'), "chat")
        for member in members:
            await member.hear("chat")
    figures["steps of a broadcast to 20 members"] = counter.steps
    for socket in (first, *members):
        await socket.leave()
    return figures


async def weigh(application: Any, folder: str) -> float:
    """Give the bytes that wsdrf's code holds for one idle connection."""
    sockets = [Socket(application) for _ in range(2 * CONNECTIONS)]
    for socket in sockets[:CONNECTIONS]:
        await socket.enter()
    gc.collect()
    tracemalloc.start()
    for socket in sockets[CONNECTIONS:]:
        await socket.enter()
    gc.collect()
    filters = [tracemalloc.Filter(True, f"{folder}/*")]
    held = sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces(filters).traces)
    tracemalloc.stop()
    for socket in sockets:
        await socket.leave()
    return held / CONNECTIONS


def measure() -> dict[str, float]:
    """Count everything."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    import wsdrf

    folder = str(Path(wsdrf.__file__).parent)
    counter = Counter(folder)
    application, build = declare()
    figures = asyncio.run(count_steps(application, counter))
    figures["bytes of an idle connection"] = asyncio.run(weigh(application, folder))
    build(1)
    for count in (ACTIONS, 2 * ACTIONS):
        counter.steps = 0
        with counter.counting():
            build(count)
        figures[f"steps to build {count} actions"] = counter.steps
    return figures


def main() -> None:
    """Print the figures, or write them down."""
    figures = measure()
    if "--update" in sys.argv[1:]:
        committed = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
        FIGURES.write_text(json.dumps(committed | {PYTHON: figures}, indent=2) + "\n")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
