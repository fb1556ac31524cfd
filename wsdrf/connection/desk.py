"""Answer what came in, one thing after the other, and let streams and concurrent actions run beside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import copy_context
from typing import Any, Protocol, TypeAlias

from wsdrf.access.caller import current_view
from wsdrf.connection.background import Background
from wsdrf.connection.ending import GRACE
from wsdrf.connection.inbox import Inbox
from wsdrf.connection.outbox import Outbox
from wsdrf.connection.parcel import Parcel
from wsdrf.connection.pool import Lane
from wsdrf.connection.turn import OVER, Turn, first_step
from wsdrf.dispatch import cancel, is_cancelled, unless_cancelled
from wsdrf.envelope import Call
from wsdrf.options import Options

Entry: TypeAlias = Call | Parcel | str
"""A call, an event that a method receives, or a frame that is an answer already and waits for its turn."""


class Owner(Protocol):
    """What a desk needs of its connection."""

    def answer(self, entry: Call | Parcel) -> Awaitable[str | None]:
        """Give, when it is awaited, the frame that answers ``entry``."""
        ...

    def failed_with(self, error: Exception) -> None:
        """End the connection: ``error`` came from where none should."""


class Desk:
    """What one connection is at work on.

    One task, the worker, answers entry after entry, each in a context of its own. User code of one connection never
    runs concurrently with itself, except in the background.
    """

    __slots__ = (
        "_context",
        "_ending",
        "_inbox",
        "_is_open",
        "_lane",
        "_outbox",
        "_owner",
        "_parked",
        "_turn",
        "_worker",
        "background",
        "beneath",
    )

    def __init__(self, owner: Owner, outbox: Outbox, lane: Lane, options: Options) -> None:
        self._owner = owner
        self._outbox = outbox
        self._lane = lane
        self._context = copy_context()
        self._context.run(current_view.set, None)
        self._inbox: Inbox[Entry] = Inbox(max_entries=options.max_queued_messages, max_bytes=options.max_queued_bytes)
        self._worker: asyncio.Task[None] | None = None
        self._parked: asyncio.Future[None] | None = None  # what an idle worker waits for
        self._turn: Turn | None = None  # what it goes on with
        self._ending: set[asyncio.Task[None]] = set()
        self._is_open = False
        #: The task in which the worker takes a step right now, by hand.
        self.beneath: asyncio.Task[Any] | None = None
        self.background: Background = Background(
            self._context,
            owner.failed_with,
            max_streams=options.max_streams,
            max_concurrent=options.max_concurrent_actions,
        )

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing is being answered."""
        return self._worker is None or (self._is_parked and self.beneath is None)

    def put(self, entry: Entry, size: int) -> bool:
        """Take ``entry`` of ``size`` bytes for its turn. Gives False where there is no room."""
        taken = self._inbox.put(entry, size)
        if taken and self._is_open and self.is_idle:
            self._wake()
        return taken

    def answer(self, entry: Entry, size: int, current: asyncio.Task[Any]) -> bool:
        """Do what ``put`` does; where nothing comes before ``entry``, begin at once, within the task ``current``."""
        worker, parked = self._worker, self._parked
        is_free = parked is not None and self._is_open and self.beneath is None and not parked.done()
        if worker is None or not is_free or self._inbox.entries:
            return self.put(entry, size)
        coroutine, context = self._serve(entry), self._context.copy()
        self.beneath = current
        try:
            waiting = first_step(coroutine, context, worker, current)
        finally:
            self.beneath = None
        if waiting is not OVER:
            self._turn = Turn(coroutine, context, waiting)
        if self._turn is not None or self._inbox.entries:
            self._wake()
        return True

    def goes_first(self, call: Call) -> bool:
        """Tell whether ``call`` does not wait for its turn: a ping, or a cancel of what has begun."""
        return self._is_open and (call.action == "ping" or self.background.runs(call.id))

    def open(self) -> None:
        """Answer from now on, what has come before first."""
        self._is_open = True

    def shut(self) -> None:
        """Answer nothing more, and cancel what is at work, unless it is that which asks."""
        self._is_open = False
        self._inbox.clear()
        self._cancel()

    def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run ``work`` in the worker, before everything that waits."""
        self._turn = Turn(self._do(work), self._context.copy())
        self._wake()

    async def stop(self) -> None:
        """Shut, cancel what is at work, and wait for it, a while."""
        self.shut()
        if tasks := self._others():
            await asyncio.wait(tasks, timeout=GRACE)
        if self._turn is not None:  # its worker was cancelled before it began
            self._turn.drop()

    @property
    def _is_parked(self) -> bool:
        return self._parked is not None and not self._parked.done()

    def _others(self) -> set[asyncio.Task[None]]:
        own = asyncio.current_task()
        return {task for task in (*self.background.tasks, self._worker) if task is not None and task is not own}

    def _cancel(self) -> None:
        for task in self._others() - self._ending:  # once: a second time would break into its cleaning up
            cancel(task)
            self._ending.add(task)

    def _wake(self) -> None:
        if self._worker is None:
            self._worker = self._context.copy().run(asyncio.get_running_loop().create_task, self._run())
        elif self._parked is not None and not self._parked.done():
            self._parked.set_result(None)

    async def _run(self) -> None:
        stays = False  # who only listens needs no worker
        error: asyncio.CancelledError | None = None
        try:
            while True:
                if self._turn is not None:
                    turn, self._turn = self._turn, None
                    await turn.finish(error)
                elif error is not None or not self._is_open or is_cancelled():
                    return
                elif self._inbox:
                    stays = True
                    await Turn(self._serve(self._inbox.take()), self._context.copy()).finish()
                elif stays:
                    error = await self._park()
                else:
                    return
        finally:
            self._worker = None
            if self._inbox and self._is_open:
                self._wake()

    async def _park(self) -> asyncio.CancelledError | None:
        self._parked = asyncio.get_running_loop().create_future()
        try:
            await self._parked
        except asyncio.CancelledError as error:  # the turn that was handed over meanwhile is to hear of it
            return error
        finally:
            self._parked = None
        return None

    async def _serve(self, entry: Entry) -> None:
        try:
            frame = entry if isinstance(entry, str) else await self._owner.answer(entry)
            if frame is not None:
                self._outbox.put(frame)
            if self._outbox.writer is not None:
                await self._outbox.drained()
            if self._lane.left:
                await self._lane.settled()
        except (Exception, asyncio.CancelledError) as error:  # whatever it is, the connection has to hear of it
            self._owner.failed_with(unless_cancelled(error))

    async def _do(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except (Exception, asyncio.CancelledError) as error:  # as above
            self._owner.failed_with(unless_cancelled(error))
