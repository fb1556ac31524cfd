"""Where a connection is in its life."""

from __future__ import annotations

from enum import Enum


class State(Enum):
    """A connection goes from top to bottom, and leaves out AUTHENTICATING where the handshake says who it is.

    No handler runs unless it is READY.
    """

    CONNECTING = "connecting"
    AUTHENTICATING = "authenticating"
    ENTERING = "entering"
    READY = "ready"
    CLOSING = "closing"
    CLOSED = "closed"

    def __init__(self, name: str) -> None:
        #: Whether nothing more is read or sent; asked for each frame, so it is no property.
        self.is_over: bool = name in {"closing", "closed"}
