"""Measure one contender in this process: CPU time of a message, in microseconds, all threads counted.

``python message.py CONTENDER COUNT`` prints the figure. ``run.py`` starts it, once for each round.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="benchmark",
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
    LOGGING_CONFIG=None,
)
django.setup()

from contenders import CONTENDERS, USER  # noqa: E402 - settings come first

FRAME = json.dumps({"action": "chat", "payload": {"text": "Hello, world!", "room": 7, "tags": ["a", "bc"]}})
WARM_UP = 500


async def talk(application: Any, count: int) -> float:
    """Send ``count`` messages, each after the answer to the one before; give the seconds of CPU time."""
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    answered = asyncio.Event()
    replies = 0

    async def send(event: dict[str, Any]) -> None:
        nonlocal replies
        if event["type"] == "websocket.send" and '"chat.reply"' in event["text"]:
            replies += 1
        answered.set()

    scope = {"type": "websocket", "path": "/", "headers": [(b"host", b"localhost")], "user": USER, "subprotocols": []}
    running = asyncio.create_task(application(scope, incoming.get, send))
    incoming.put_nowait({"type": "websocket.connect"})
    await answered.wait()
    await asyncio.sleep(0.05)
    started = 0.0
    for number in range(WARM_UP + count):
        if number == WARM_UP:
            started = time.process_time()
        answered.clear()
        incoming.put_nowait({"type": "websocket.receive", "text": FRAME})
        await answered.wait()
    spent = time.process_time() - started
    incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
    await asyncio.gather(running, return_exceptions=True)
    if replies != WARM_UP + count:
        raise SystemExit(f"only {replies} of {WARM_UP + count} messages were answered")
    return spent


if __name__ == "__main__":
    name, count = sys.argv[1], int(sys.argv[2])
    print(asyncio.run(talk(CONTENDERS[name], count)) / count * 1e6)
