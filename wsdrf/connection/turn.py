"""What is answered in its turn: a coroutine, each of whose steps runs in a context of its own."""

from __future__ import annotations

from collections.abc import Coroutine
from contextvars import Context
from typing import Any, Final

from wsdrf.stepping import rest

UNBEGUN: Final = object()
"""In place of what a coroutine that has not begun waits for."""


class Turn:
    """One coroutine, whose every step runs in one context: what it leaves there does not reach the next one.

    ``waiting`` is what its first step gave, where that has been taken.
    """

    __slots__ = ("_context", "_coroutine", "_waiting")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], context: Context, waiting: Any = UNBEGUN) -> None:
        self._coroutine = coroutine
        self._context = context
        self._waiting = waiting

    async def finish(self, error: BaseException | None = None) -> Any:
        """Take the steps that are left, and give the result; raise ``error`` first where the coroutine waits."""
        try:
            if self._waiting is UNBEGUN:
                self._waiting = self._send(None)
            elif error is not None:
                self._waiting = self._throw(error)
        except StopIteration as stop:
            return stop.value
        return await rest(self._waiting, self._send, self._throw)

    def drop(self) -> None:
        """Never take a step, where none has been taken."""
        self._coroutine.close()

    def _send(self, value: Any) -> Any:
        return self._context.run(self._coroutine.send, value)

    def _throw(self, error: BaseException) -> Any:
        return self._context.run(self._coroutine.throw, error)
