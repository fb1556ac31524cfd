"""Measure one contender in this process: CPU time of a message, in microseconds, all threads counted.

``python message.py CONTENDER COUNT`` prints the figure. ``run.py`` starts it, once for each round.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import django
from django.conf import settings

FOLDER = tempfile.TemporaryDirectory()  # removed with the process

settings.configure(
    SECRET_KEY="benchmark",
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.sessions",
        "rest_framework.authtoken",
    ],
    # A file, because the threads that authenticate have a connection each. Rows of the cheapest database there is.
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path(FOLDER.name) / "bench.sqlite3"}},
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
    LOGGING_CONFIG=None,
)
django.setup()

from contenders import CONTENDERS, FRESHNESS, USER  # noqa: E402 - settings come first
from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402

FRAME = json.dumps({"action": "chat", "payload": {"text": "Hello, world!", "room": 7, "tags": ["a", "bc"]}})
WARM_UP = 500


def log_in(kind: str) -> tuple[bytes, bytes]:
    """Make somebody in the database, and give the header by which a server knows them."""
    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create(username="ann")
    if kind == "token":
        return b"authorization", f"Token {Token.objects.create(user=user).key}".encode()
    client = Client()
    client.force_login(user)
    return b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode()


async def talk(application: Any, count: int, *headers: tuple[bytes, bytes]) -> float:
    """Send ``count`` messages, each after the answer to the one before; give the seconds of CPU time."""
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    answered = asyncio.Event()
    replies = 0

    async def send(event: dict[str, Any]) -> None:
        nonlocal replies
        if event["type"] == "websocket.send" and '"chat.reply"' in event["text"]:
            replies += 1
        answered.set()

    headers = ((b"host", b"localhost"), *headers)
    scope = {"type": "websocket", "path": "/", "headers": headers, "user": USER, "subprotocols": []}
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
    if name in FRESHNESS:
        kind, application = FRESHNESS[name]
        spent = asyncio.run(talk(application, count, log_in(kind)))
    else:
        spent = asyncio.run(talk(CONTENDERS[name], count))
    print(spent / count * 1e6)
