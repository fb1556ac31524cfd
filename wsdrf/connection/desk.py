"""Answer what came in, one thing after the other, and let streams and concurrent actions run beside."""

from __future__ import annotations

import asyncio
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import copy_context
from typing import Any, Protocol, TypeAlias

from wsdrf.access.current import current
from wsdrf.connection.background import Background
from wsdrf.connection.ending import GRACE
from wsdrf.connection.inbox import Inbox
from wsdrf.connection.outbox import Outbox
from wsdrf.connection.parcel import Parcel
from wsdrf.connection.pool import Lane
from wsdrf.connection.turn import Turn
from wsdrf.dispatch import Answer, cancel, is_cancelled, unless_cancelled
from wsdrf.envelope import Call
from wsdrf.options import Options

Entry: TypeAlias = Call | Parcel | str
"""A call, an event that a method receives, or a frame that is an answer already and waits for its turn."""


class Owner(Protocol):
    """What a desk needs of its connection."""

    def begin(self, entry: Entry) -> Answer:
        """Answer ``entry``: give the frame, ``None`` for no answer, or what has to be awaited for it."""
        ...

    def failed_with(self, error: Exception) -> None:
        """End the connection: ``error`` came from where none should."""


class Desk:
    """What one connection is at work on.

    One task, the worker, answers entry after entry, each in a context of its own. User code of one connection never
    runs concurrently with itself, except in the background.
    """

    __slots__ = (
        "_background",
        "_context",
        "_ending",
        "_free",
        "_inbox",
        "_is_open",
        "_lane",
        "_options",
        "_outbox",
        "_owner",
        "_parked",
        "_turn",
        "_worker",
        "beneath",
    )

    def __init__(self, owner: Owner, outbox: Outbox, lane: Lane, options: Options) -> None:
        self._owner = owner
        self._outbox = outbox
        self._lane = lane
        self._options = options
        self._context = copy_context()
        self._context.run(current.set, None)
        self._inbox: Inbox[Entry] = Inbox(max_entries=options.max_queued_messages, max_bytes=options.max_queued_bytes)
        self._worker: asyncio.Task[None] | None = None
        self._parked: asyncio.Future[None] | None = None  # what an idle worker waits for
        self._free: asyncio.Task[None] | None = None  # the worker, where an entry can be begun at once
        self._turn: Turn | None = None  # what it goes on with
        self._ending: set[asyncio.Task[None]] = set()
        self._is_open = False
        #: The task in which the worker takes a step right now, by hand.
        self.beneath: asyncio.Task[Any] | None = None
        self._background: Background | None = None  # most connections never need one

    @property
    def background(self) -> Background:
        """What runs beside the calls."""
        if self._background is None:
            self._background = Background(
                self._context,
                self._owner.failed_with,
                max_streams=self._options.max_streams,
                max_concurrent=self._options.max_concurrent_actions,
            )
        return self._background

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

    def answer(self, entry: Entry, reader: asyncio.Task[Any]) -> bool:
        """Answer ``entry`` at once, within the task ``reader``. Do nothing, and give False, where others come first.

        The first step is taken as if the worker did: what looks for its task there, as ``asyncio.timeout`` does, finds
        the one that will take the other steps.
        Source: asyncio's support for tasks of one's own, ``docs.python.org/3/library/asyncio-extending.html``.
        """
        worker, parked = self._free, self._parked
        if worker is None or parked is None or parked.done() or self.beneath is not None:
            return False
        context, loop, self.beneath = self._context.copy(), worker.get_loop(), reader
        _leave_task(loop, reader)
        _enter_task(loop, worker)
        try:
            frame = context.run(self._owner.begin, entry)
            if not isinstance(frame, str) and frame is not None:
                self._turn, frame = Turn(frame, context, context.run(frame.send, None)), None
        except StopIteration as stop:  # it did not wait
            frame = stop.value
        except (Exception, asyncio.CancelledError) as error:  # whatever it is, the connection has to hear of it
            frame = None
            with suppress(asyncio.CancelledError):  # the worker is to end, and will
                self._owner.failed_with(unless_cancelled(error))
        finally:
            _leave_task(loop, worker)
            _enter_task(loop, reader)
            self.beneath = None
        if frame is not None:
            self._outbox.put(frame)
        if self._outbox.writer is not None and self._turn is None and self._is_open:
            self._turn = Turn(self._settle(), context)  # who does not read is not answered either
        if self._turn is not None or self._inbox.entries:
            self._wake()
        return True

    def goes_first(self, call: Call) -> bool:
        """Tell whether ``call`` does not wait for its turn: a ping, or a cancel of what has begun."""
        beside = self._background
        return self._is_open and (call.action == "ping" or (beside is not None and beside.runs(call.id)))

    def open(self) -> None:
        """Answer from now on, what has come before first."""
        self._is_open = True

    def shut(self) -> None:
        """Answer nothing more, and cancel what is at work, unless it is that which asks."""
        self._is_open, self._free = False, None
        self._inbox.clear()
        self._cancel()

    def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run ``work`` in the worker, before everything that waits."""
        self._turn = Turn(work(), self._context.copy())
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
        own, beside = asyncio.current_task(), () if self._background is None else self._background.tasks
        return {task for task in (*beside, self._worker) if task is not None and task is not own}

    def _cancel(self) -> None:
        for task in self._others() - self._ending:  # once: a second time would break into its cleaning up
            cancel(task)
            self._ending.add(task)

    def _wake(self) -> None:
        if self._worker is None:
            self._worker = self._context.copy().run(asyncio.get_running_loop().create_task, self._run())
        elif self._parked is not None and not self._parked.done():
            self._free = None
            self._parked.set_result(None)

    async def _run(self) -> None:
        stays = False  # who only listens needs no worker
        error: asyncio.CancelledError | None = None
        try:
            while True:
                if self._turn is not None:
                    turn, self._turn = self._turn, None
                    await self._finish(turn, error)
                elif error is not None or not self._is_open or is_cancelled():
                    return
                elif self._inbox:
                    stays = True
                    await self._finish(Turn(self._begin(self._inbox.take()), self._context.copy()))
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
        self._free = self._worker
        try:
            await self._parked
        except asyncio.CancelledError as error:  # the turn that was handed over meanwhile is to hear of it
            return error
        finally:
            self._parked = self._free = None
        return None

    async def _begin(self, entry: Entry) -> str | None:
        frame = self._owner.begin(entry)
        return frame if isinstance(frame, str) or frame is None else await frame

    async def _finish(self, turn: Turn, error: BaseException | None = None) -> None:
        try:
            frame = await turn.finish(error)
            if frame is not None:
                self._outbox.put(frame)
            await self._settle()
        except (Exception, asyncio.CancelledError) as failure:  # as above
            self._owner.failed_with(unless_cancelled(failure))

    async def _settle(self) -> None:
        if self._outbox.writer is not None:
            await self._outbox.drained()
        if self._lane.left:
            await self._lane.settled()
