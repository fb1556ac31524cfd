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

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more is read or sent."""
        return self in (State.CLOSING, State.CLOSED)
