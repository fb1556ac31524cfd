"""What the test reads of a frame: its data, and the answer that it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from wsdrf.envelope import ABSENT, CallId


@frozen
class Received:
    """One frame from the application: ``raw`` as it came, ``data`` its JSON data, or ``ABSENT`` where it is no JSON."""

    raw: str | bytes
    data: Any = field(repr=False)

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Received:
        """Read a ``websocket.send`` event, which holds either text or bytes."""
        text, data = event.get("text"), event.get("bytes")
        if (text is None) == (data is None):
            raise RuntimeError("A websocket.send event needs either text or bytes, and not both.")
        if isinstance(text, str):
            return cls(text, _parse(text))
        if isinstance(data, bytes):
            return cls(data, _parse(data))
        kind = type(data if text is None else text).__name__
        raise TypeError(f"A websocket.send event holds a str as text or bytes as bytes, and not {kind}.")

    @property
    def action(self) -> Any:
        """Give the frame's action, or ``None`` where it is no frame of wsdrf's."""
        return self.data.get("action") if isinstance(self.data, dict) else None

    @property
    def id(self) -> Any:
        """Give the id of the call that the frame answers, or ``None``."""
        return self.data.get("id") if isinstance(self.data, dict) else None


@frozen
class Answer:
    """What the application answered to a call: a reply, ``complete`` or ``error``.

    ``frame`` is the whole frame as it came.
    """

    action: str
    payload: Any
    id: CallId
    frame: Mapping[str, Any] = field(repr=False, eq=False)

    @classmethod
    def of(cls, received: Received) -> Answer:
        """Read the answer off a frame that bears an action."""
        frame: Mapping[str, Any] = received.data
        return cls(frame["action"], frame.get("payload"), frame.get("id"), frame)

    @property
    def is_error(self) -> bool:
        """Tell whether the call was refused or failed."""
        return self.action == "error"

    @property
    def is_complete(self) -> bool:
        """Tell whether the call was done without a reply, or the stream is over."""
        return self.action == "complete"

    @property
    def code(self) -> str | None:
        """Give the error's code, such as ``"permission_denied"``; ``None`` where the call was done."""
        return self.payload["code"] if self.is_error else None

    @property
    def status_code(self) -> int | None:
        """Give the error's HTTP status; ``None`` where the call was done."""
        return self.payload["status_code"] if self.is_error else None


def _parse(raw: str | bytes) -> Any:
    try:
        return json.loads(raw, parse_constant=_refuse)
    except ValueError:
        return ABSENT


def _refuse(constant: str) -> None:
    raise ValueError(constant)
