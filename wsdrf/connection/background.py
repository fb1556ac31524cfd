"""The streams and concurrent actions of one connection: bounded, owned, and ended with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any

from wsdrf.access.current import current
from wsdrf.dispatch import cancel
from wsdrf.envelope import CallId
from wsdrf.exceptions import Busy


class Background:
    """What runs beside the calls of one connection, each in a context of its own."""

    __slots__ = ("_by_id", "_cancelled", "_context", "_counts", "_limits", "_on_error", "_tasks")

    def __init__(
        self, context: Context, on_error: Callable[[Exception], None], *, max_streams: int, max_concurrent: int
    ) -> None:
        self._context = context
        self._on_error = on_error
        self._limits = {True: max_streams, False: max_concurrent}
        self._counts = {True: 0, False: 0}
        self._tasks: set[asyncio.Task[None]] = set()
        self._by_id: dict[CallId, asyncio.Task[None]] = {}
        self._cancelled: set[asyncio.Task[None]] = set()

    @property
    def tasks(self) -> frozenset[asyncio.Task[None]]:
        """Give what runs now."""
        return frozenset(self._tasks)

    def start(
        self, call_id: CallId, work: Callable[[], Coroutine[Any, Any, None]], *, is_stream: bool
    ) -> asyncio.Task[None]:
        """Run what ``work`` makes, to be cancelled under ``call_id``; give its task.

        Raises ``Busy`` where as many run as may, or where that id is taken by one that runs.
        """
        if self._counts[is_stream] >= self._limits[is_stream] or (call_id is not None and call_id in self._by_id):
            raise Busy
        context = self._context.copy()
        context.run(current.set, current.get())
        task = context.run(asyncio.get_running_loop().create_task, work())
        self._counts[is_stream] += 1
        self._tasks.add(task)
        if call_id is not None:
            self._by_id[call_id] = task
        task.add_done_callback(lambda done: self._forget(done, call_id, is_stream))
        return task

    def runs(self, call_id: CallId) -> bool:
        """Tell whether something runs under ``call_id``."""
        return call_id in self._by_id

    def cancel(self, call_id: CallId, then: Callable[[], None]) -> None:
        """Cancel what runs under ``call_id``, and call ``then`` once it has ended by that. Nothing there: nothing."""
        task = self._by_id.get(call_id)
        if task is None:
            return
        if task not in self._cancelled:
            self._cancelled.add(task)
            task.add_done_callback(lambda done: then() if done.cancelled() else None)
        cancel(task)

    def _forget(self, task: asyncio.Task[None], call_id: CallId, is_stream: bool) -> None:
        self._tasks.discard(task)
        self._cancelled.discard(task)
        self._counts[is_stream] -= 1
        if call_id is not None:
            self._by_id.pop(call_id, None)
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._on_error(error)
