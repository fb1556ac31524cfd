"""What a client raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from .closing import Closing


@frozen
class FieldError:
    """One thing that is wrong with a payload: ``loc`` is the path to it, from the frame's root."""

    loc: tuple[str | int, ...]
    code: str
    detail: str


class CallError(Exception):
    """The server refused a call, or failed at it.

    ``code`` is stable and made for programs, ``detail`` made for people. ``errors`` name the fields at fault, and
    ``retry_after`` is in seconds.
    """

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self.code: str = str(payload.get("code", "error"))
        self.status_code: int = int(payload.get("status_code", 500))
        self.detail: Any = payload.get("detail", "")
        self.errors: tuple[FieldError, ...] = tuple(
            FieldError(tuple(one["loc"]), one["code"], one["detail"]) for one in payload.get("errors") or ()
        )
        self.retry_after: float | None = payload.get("retry_after")
        super().__init__(f"{self.status_code} {self.code}: {self.detail}")


class Disconnected(ConnectionError):
    """There is no connection: ``closing`` says why. Whether the server has done a call that was sent is not known."""

    def __init__(self, closing: Closing) -> None:
        self.closing = closing
        super().__init__(f"{closing.code} {closing.detail}".strip())


class QueueFull(Exception):
    """Too many calls wait for a connection, or too many items of a stream for their reader."""
