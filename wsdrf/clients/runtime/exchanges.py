"""Calls that are under way: what answers them is found by their id."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from typing import Any, Final

from attrs import define, field

from .errors import CallError, QueueFull
from .face import Operation

COMPLETE: Final = object()
"""What stands at the end of an exchange."""


@define(eq=False)
class Exchange:
    """One call: its frame, whether it was sent, and what came for it, in order."""

    id: int
    action: str
    operation: Operation
    frame: str = field(repr=False)
    is_sent: bool = False
    _is_full: bool = False
    _found: asyncio.Queue[Any] = field(factory=asyncio.Queue[Any], repr=False)

    def fail(self, error: Exception) -> None:
        """End with ``error``, once what came before is read."""
        self._found.put_nowait(error)

    def put(self, item: Any, bound: int) -> None:
        """Take what came; beyond ``bound`` items, the exchange fails."""
        if self._is_full:
            return
        self._is_full = self._found.qsize() >= bound
        self._found.put_nowait(QueueFull("The stream is read too slowly.") if self._is_full else item)

    async def next(self) -> Any:
        """Give the next reply, or ``COMPLETE``. Raises what ended the exchange."""
        item = await self._found.get()
        if isinstance(item, Exception):
            raise item
        return item

    def answer(self, frame: dict[str, Any], bound: int) -> None:
        """Take a frame of the server that has the call's id."""
        action, payload = frame.get("action"), frame.get("payload")
        if action == "error":
            self.put(CallError(payload or {}), bound)
        elif action in {"complete", "authentication"}:
            self.put(COMPLETE, bound)
        else:
            self.put(self._read(str(action), payload), bound)

    def _read(self, action: str, payload: Any) -> Any:
        form = self.operation.replies.get(action)
        if form is None:
            return ValueError(f"The server answered with {action!r}, which this client does not know: make it anew.")
        try:
            return form.read(payload)
        except (TypeError, ValueError, ArithmeticError) as error:
            return ValueError(f"The payload of {action!r} is not what this client knows: {error} Make it anew.")


@define
class Exchanges:
    """All calls that are under way, in their order."""

    _open: dict[int, Exchange] = field(factory=dict[int, Exchange])
    _ids: Iterator[int] = field(factory=lambda: itertools.count(1))

    def begin(self, action: str, operation: Operation, fields: dict[str, Any]) -> Exchange:
        """Begin a call, with what its frame has beside action and id. Raises ``ValueError`` for what is no JSON."""
        id = next(self._ids)
        exchange = self._open[id] = Exchange(id, action, operation, write({"action": action, **fields, "id": id}))
        return exchange

    def find(self, id: object) -> Exchange | None:
        """Give the call with that id."""
        return self._open.get(id) if isinstance(id, int) else None

    def end(self, exchange: Exchange) -> None:
        """Forget a call."""
        self._open.pop(exchange.id, None)

    def unsent(self) -> list[Exchange]:
        """Give the calls that wait for a connection."""
        return [one for one in self._open.values() if not one.is_sent]

    def fail(self, error: Exception, *, only_sent: bool) -> None:
        """Fail the calls, those that were not sent included unless ``only_sent``."""
        for exchange in list(self._open.values()):
            if exchange.is_sent or not only_sent:
                self.end(exchange)
                exchange.fail(error)


def write(frame: dict[str, Any]) -> str:
    """Write a frame. Raises ``ValueError`` for a number that is not finite."""
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
