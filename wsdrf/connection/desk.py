"""Answer what came in, one thing after the other, and let streams and concurrent actions run beside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import Any, Protocol, TypeAlias

from wsdrf.access.caller import current_view
from wsdrf.connection.background import Background
from wsdrf.connection.ending import GRACE
from wsdrf.connection.inbox import Inbox
from wsdrf.connection.outbox import Outbox
from wsdrf.connection.parcel import Parcel
from wsdrf.dispatch import cancel, unless_cancelled
from wsdrf.envelope import Call
from wsdrf.options import Options

Entry: TypeAlias = Call | Parcel | str
"""A call, an event that a method receives, or a frame that is an answer already and waits for its turn."""


class Owner(Protocol):
    """What a desk needs of its connection."""

    async def answer(self, entry: Call | Parcel) -> str | None:
        """Give the frame that answers ``entry``."""

    async def settled(self) -> None:
        """Wait until nothing runs any more of what this task has answered."""

    def failed_with(self, error: Exception) -> None:
        """End the connection: ``error`` came from where none should."""


class Desk:
    """What one connection is at work on.

    The worker is a task that lives as long as there is something to answer: an idle connection has none. User code
    of one connection never runs concurrently with itself, except in the background.
    """

    __slots__ = ("_context", "_ending", "_inbox", "_is_open", "_outbox", "_owner", "_worker", "background")

    def __init__(self, owner: Owner, outbox: Outbox, options: Options) -> None:
        self._owner = owner
        self._outbox = outbox
        self._context = copy_context()
        self._inbox: Inbox[Entry] = Inbox(max_entries=options.max_queued_messages, max_bytes=options.max_queued_bytes)
        self._worker: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._is_open = False
        self.background = Background(
            self._context,
            owner.failed_with,
            max_streams=options.max_streams,
            max_concurrent=options.max_concurrent_actions,
        )

    @property
    def is_idle(self) -> bool:
        """Tell whether no worker runs."""
        return self._worker is None

    def put(self, entry: Entry, size: int) -> bool:
        """Take ``entry`` of ``size`` bytes for its turn. Gives False where there is no room."""
        taken = self._inbox.put(entry, size)
        if taken and self._worker is None and self._is_open:
            self.start(self._work)
        return taken

    def open(self) -> None:
        """Answer from now on, what has come before first."""
        self._is_open = True

    def shut(self) -> None:
        """Answer nothing more, and cancel what is at work, unless it is that which asks."""
        self._is_open = False
        self._inbox.clear()
        self._cancel()

    def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run ``work`` as the worker, before everything that waits."""
        # A context of its own: what an action leaves there must not reach the next one.
        self._worker = self._context.run(asyncio.get_running_loop().create_task, self._run(work))

    async def stop(self) -> None:
        """Shut, cancel what is at work, and wait for it, a while."""
        self.shut()
        if tasks := self._others():
            await asyncio.wait(tasks, timeout=GRACE)

    def _others(self) -> set[asyncio.Task[None]]:
        own = asyncio.current_task()
        return {task for task in (*self.background.tasks, self._worker) if task is not None and task is not own}

    def _cancel(self) -> None:
        for task in self._others() - self._ending:  # once: a second time would break into its cleaning up
            cancel(task)
            self._ending.add(task)

    async def _run(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except (Exception, asyncio.CancelledError) as error:  # whatever it is, the connection has to hear of it
            self._owner.failed_with(unless_cancelled(error))
        finally:
            self._worker = None
        if self._inbox and self._is_open:
            self.start(self._work)

    async def _work(self) -> None:
        current_view.set(None)
        clean = copy_context()
        while self._inbox and self._is_open:
            entry = self._inbox.take()
            frame = entry if isinstance(entry, str) else await self._owner.answer(entry)
            if frame is not None:
                self._outbox.put(frame)
            if self._outbox.is_waiting:
                await self._outbox.drained()
            await self._owner.settled()
            current_view.set(None)
            if copy_context() != clean:
                return  # the action changed its context: the next one gets a new task, with a fresh copy
