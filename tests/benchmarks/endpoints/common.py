"""What the endpoints share: the work, the user who is signed in, and how to speak to each of them."""

from __future__ import annotations

import json
from typing import Any

from attrs import frozen

PAYLOAD = {"text": "Hello, world!", "room": 7, "tags": ["a", "bc"]}
FRAME = json.dumps({"action": "chat", "payload": PAYLOAD})
SAY = json.dumps({"action": "say", "payload": PAYLOAD})


class User:
    """Somebody who is signed in, without a database."""

    pk = id = 1
    username = "ann"
    is_authenticated = True
    is_active = True
    is_anonymous = False


USER = User()


@frozen
class Endpoint:
    """An application, and how it is spoken to.

    ``opening`` are frames that a client sends first; ``ready`` is found in the frame that says that calls are answered,
    and empty where accepting says it; ``answer`` is found in the answer to ``frame``; ``say`` has all members told. A
    server that sends ``ping`` closes the connections that do not send ``pong``.
    """

    application: Any
    frame: str = FRAME
    path: str = "/"
    query: str = ""
    opening: tuple[str, ...] = ()
    ready: str = ""
    answer: str = '"chat.reply"'
    say: str = SAY
    said: str = '"chat.said"'
    ping: str = ""
    pong: str = ""


def checked(content: dict[str, Any]) -> dict[str, Any]:
    """Check a payload by hand, as strictly as a person would."""
    payload = content["payload"]
    text, room, tags = payload["text"], payload["room"], payload["tags"]
    if not isinstance(text, str) or type(room) is not int or not isinstance(tags, list):
        raise TypeError
    if not all(isinstance(tag, str) for tag in tags):
        raise TypeError
    return {"text": text, "room": room, "tags": tags, "n": len(text)}


def signed_in(application: Any) -> Any:
    """Give the user to whoever connects, as an authentication middleware would, without a database."""

    async def sign_in(scope: Any, receive: Any, send: Any) -> None:
        await application({**scope, "user": USER}, receive, send)

    return sign_in
