"""What one server process tells the others through the channel layer: one event type, whose body is a string."""

from __future__ import annotations

import json
from typing import Any, Final
from uuid import uuid4

from attrs import field, frozen

EVENT_TYPE: Final = "wsdrf.event"
"""The only type of a layer's message that wsdrf sends, and the only one that it reads."""


NOTICE: Final = "wsdrf:notice"
"""The event of a parcel that is for connections themselves, never for their clients."""


@frozen
class Parcel:
    """A frame on its way to the members of ``groups``, encoded once for all of them.

    ``excluded`` is the connection that does not get it. ``event`` names the class of a published event, and
    ``payload`` is its plain data, for those who receive it in a method; both are ``None`` for a broadcast.
    """

    groups: tuple[str, ...]
    frame: str
    excluded: str | None = None
    event: str | None = None
    payload: Any = None
    id: str = field(factory=lambda: uuid4().hex)

    def message(self) -> dict[str, str]:
        """Give the layer's message. Its body is text: what the codec wrote cannot break a layer's own encoding."""
        parts = [self.id, self.groups, self.frame, self.excluded, self.event, self.payload]
        return {"type": EVENT_TYPE, "body": json.dumps(parts, separators=(",", ":"))}


def event_name(message: type) -> str:
    """Name a class of events, alike in every process."""
    return f"{message.__module__}:{message.__qualname__}"


def read_parcel(message: Any) -> Parcel | None:
    """Read a layer's message; give ``None`` for anything that wsdrf did not write."""
    if not isinstance(message, dict) or message.get("type") != EVENT_TYPE:
        return None
    try:
        id, groups, frame, excluded, event, payload = json.loads(message["body"])
        str.encode(frame)  # half a character would make each member's server fail
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    texts = (id, frame, *(groups if isinstance(groups, list) else (None,)))
    optional = (excluded, event)
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(x, (str, type(None))) for x in optional):
        return None
    return Parcel(tuple(groups), frame, excluded, event, payload, id)
