"""What is answered in its turn: a coroutine in a context of its own, stepped in the name of the worker's task."""

from __future__ import annotations

import asyncio
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, Final

from wsdrf.stepping import rest

OVER: Final = object()
"""In place of what a coroutine waits for: it does not wait, since it is over, or has not begun."""


def first_step(
    coroutine: Coroutine[Any, Any, None], context: Context, worker: asyncio.Task[Any], current: asyncio.Task[Any]
) -> Any:
    """Take the first step here and now, in ``current``, as if ``worker`` did; give what it waits for, or ``OVER``.

    What looks for its task there, as ``asyncio.timeout`` does, finds the one that will take the other steps.
    Source: asyncio's support for tasks of one's own, ``docs.python.org/3/library/asyncio-extending.html``.
    """
    loop = worker.get_loop()
    _leave_task(loop, current)
    _enter_task(loop, worker)
    try:
        return context.run(coroutine.send, None)
    except StopIteration:
        return OVER
    finally:
        _leave_task(loop, worker)
        _enter_task(loop, current)


class Turn:
    """One coroutine, whose every step runs in one context: what it leaves there does not reach the next one.

    ``waiting`` is what its first step gave, where that has been taken.
    """

    __slots__ = ("_context", "_coroutine", "_waiting")

    def __init__(self, coroutine: Coroutine[Any, Any, None], context: Context, waiting: Any = OVER) -> None:
        self._coroutine = coroutine
        self._context = context
        self._waiting = waiting

    async def finish(self, error: BaseException | None = None) -> None:
        """Take the steps that are left; raise ``error`` first where the coroutine waits."""
        try:
            if self._waiting is OVER:
                self._waiting = self._send(None)
            elif error is not None:
                self._waiting = self._throw(error)
        except StopIteration:
            return
        await rest(self._waiting, self._send, self._throw)

    def drop(self) -> None:
        """Never take a step, where none has been taken."""
        self._coroutine.close()

    def _send(self, value: Any) -> Any:
        return self._context.run(self._coroutine.send, value)

    def _throw(self, error: BaseException) -> Any:
        return self._context.run(self._coroutine.throw, error)
