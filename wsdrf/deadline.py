"""Give what waits so many seconds, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextvars import Context
from types import TracebackType
from typing import Any, Final, TypeVar

from wsdrf.exceptions import TimedOut
from wsdrf.stepping import rest

T = TypeVar("T")

_NOBODYS: Final = Context()
"""For timers: one that is cancelled stays with its loop for a while, and its context with all that is in there."""


class Deadline:
    """Cancel what runs inside after ``seconds``, and raise ``TimedOut`` in its place. ``None``: never."""

    __slots__ = ("_expired", "_handle", "_seconds", "_task")

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._expired = False
        self._handle: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[Any] | None = None

    def __enter__(self) -> None:
        if self._seconds is not None:
            self._task = asyncio.current_task()
            self._handle = asyncio.get_running_loop().call_later(self._seconds, self._expire, context=_NOBODYS)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._handle is not None:
            self._handle.cancel()
        if not self._expired:
            return
        uncancel = getattr(self._task, "uncancel", None)  # Python 3.11 counts: somebody else may have cancelled too
        others = uncancel() if uncancel is not None else 0  # counted down even where the work did not heed it
        if isinstance(error, asyncio.CancelledError) and not others:
            raise TimedOut from None

    def _expire(self) -> None:
        self._expired = True
        if self._task is not None:
            self._task.cancel()


async def within(seconds: float | None, work: Awaitable[T]) -> T:
    """Await ``work`` and give its result. Raises ``TimedOut`` after ``seconds``, which count from when it first waits.

    Most of what might wait does not, and then costs no timer.
    """
    steps: Any = work if hasattr(work, "send") else work.__await__()
    try:
        waiting = steps.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    with Deadline(seconds):
        return await rest(waiting, steps.send, steps.throw)  # type: ignore[no-any-return]  # a generator's result
