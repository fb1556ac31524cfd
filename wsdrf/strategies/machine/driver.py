"""Run coroutines from synchronous code, on an event loop that keeps its tasks from one to the next."""

from __future__ import annotations

import asyncio
import os
import selectors
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from contextvars import Context
from functools import partial
from time import monotonic, process_time
from typing import Any, Final, TypeVar

from asgiref.sync import AsyncToSync, SyncToAsync
from attrs import frozen
from typing_extensions import TypeVarTuple, Unpack, override

from wsdrf.connection.pool import thread_sensitive

Args = TypeVarTuple("Args")
Result = TypeVar("Result")

SLICE: Final = 0.02
"""Seconds between two looks at work that goes on outside of the event loop."""

LOOK_AFTER: Final = 0.05
"""Seconds after which is looked at what has come so far, where there is no rest."""

_AT_REST: Final = 2
"""How often in a row nothing must be left to do: what a thread has just finished may show at the second look only."""


class Driver:
    """An event loop for a test that is synchronous itself: connections live from one ``run`` to the next.

    The loop runs in the thread that calls ``run``, and makes way there for what has to be done in threads: database
    work happens in the test's own thread and transaction, and outside of a running loop, as Django wants it.
    ``after_work`` is called after each piece of that work, within it.
    """

    def __init__(self, after_work: Callable[[], None]) -> None:
        self._selector = _Selector()
        self._loop = _Loop(self._selector)
        self._others = set(threading.enumerate())
        self._executor: Any = _CallingThread(self._loop, after_work)
        # asgiref looks here for the executor of a loop's thread-sensitive work, whatever the task's context.
        executors: dict[Any, Any] = AsyncToSync.loop_thread_executors
        executors[self._loop] = self._executor
        self._before = vars(SyncToAsync.threadlocal).copy()
        SyncToAsync.threadlocal.main_event_loop = self._loop  # async_to_sync() in this thread runs on it, too
        SyncToAsync.threadlocal.main_event_loop_pid = os.getpid()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run ``work`` to its end, and give its result or raise its exception."""
        self._loop.take_back()
        with thread_sensitive():
            task = self._loop.create_task(work)
        task.add_done_callback(lambda _: self._loop.stop())
        try:
            while not task.done():
                self._loop.run_forever()
                self._executor.work()
        except BaseException:
            task.cancel()
            raise
        return task.result()

    def time(self) -> float:
        """Give the seconds of the loop's clock."""
        return self._loop.time()

    async def quiet(self, patience: float) -> float | None:
        """Wait until nothing happens any more by itself, or ``patience`` seconds.

        Give the seconds until the next timer; ``None`` where there is none.
        """
        deadline = monotonic() + patience
        rest: float | None = None
        for _ in range(_AT_REST):
            rest = await self._selector.rest(lambda: self._loop.jobs > 0, deadline)
        return rest

    async def until(self, is_so: Callable[[], bool], patience: float) -> bool:
        """Wait until it ``is_so``, and all is quiet; tell whether it is so.

        Gives up after ``patience`` seconds, and at once where nothing is left that could make it so.
        """
        deadline = self.time() + patience
        while True:
            rest = await self.quiet(min(patience, LOOK_AFTER))
            left = deadline - self.time()
            if is_so() or left <= 0:
                return is_so()
            is_hopeless = rest is None or rest > left
            if is_hopeless and not self._waits_for_others():
                return False
            await asyncio.sleep(min(left, SLICE, *([] if rest is None else [rest])))

    def tasks(self) -> set[asyncio.Task[Any]]:
        """Give the tasks of the loop that have not ended, the running one aside."""
        return {task for task in asyncio.all_tasks(self._loop) if task is not asyncio.current_task()}

    def end(self) -> None:
        """Cancel what still runs, and end the loop."""
        try:
            self.run(self._cancel_all())
        finally:
            self._loop.take_back()
            self._loop.close()
            AsyncToSync.loop_thread_executors.pop(self._loop, None)
            vars(SyncToAsync.threadlocal).clear()
            vars(SyncToAsync.threadlocal).update(self._before)

    async def _cancel_all(self) -> None:
        tasks = self.tasks()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1)
        await self._loop.shutdown_asyncgens()

    def _waits_for_others(self) -> bool:
        """Tell whether a socket, or a thread that is not known of, might still bring something."""
        threads = set(threading.enumerate()) - self._others
        return self._loop.jobs > 0 or self._selector.has_sockets or bool(threads)


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that knows how much work it has given to threads, and can be lent to another thread.

    Its clock stands still while the machine does something else: no wait ends too early because others are busy.
    """

    def __init__(self, selector: _Selector) -> None:
        self.jobs = 0
        self._waits = selector
        self._own_thread = threading.current_thread()
        self._borrower: threading.Thread | None = None
        self._is_wanted_back = False
        super().__init__(selector)
        selector.own = len(selector.get_map())

    @override
    def time(self) -> float:
        return process_time() + self._waits.waited

    @property
    def is_lent(self) -> bool:
        """Tell whether another thread runs the loop."""
        return self._borrower is not None

    @override
    def call_soon_threadsafe(
        self, callback: Callable[[Unpack[Args]], object], *args: Unpack[Args], context: Context | None = None
    ) -> asyncio.Handle:
        handle = super().call_soon_threadsafe(callback, *args, context=context)
        # async_to_sync() in our own thread blocks it until the loop has run its task, so somebody else has to.
        task_maker: Any = self.create_task
        is_waited_for = callback == task_maker and threading.current_thread() is self._own_thread
        if is_waited_for and not self.is_lent and not self.is_running():
            self._borrower = threading.Thread(target=self._run_for_others, name="wsdrf-machine", daemon=True)
            self._borrower.start()
        return handle

    def take_back(self) -> None:
        """Have no other thread run the loop."""
        if self._borrower is not None:
            self._is_wanted_back = True
            super().call_soon_threadsafe(self.stop)
            self._borrower.join()
            self._borrower, self._is_wanted_back = None, False

    def _run_for_others(self) -> None:
        # Again after a stop that was meant for a run before: whoever waits for the loop would wait for ever.
        while not self._is_wanted_back:
            self.run_forever()

    @override
    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Args]], Result], *args: Unpack[Args]
    ) -> asyncio.Future[Result]:
        future = super().run_in_executor(executor, func, *args)
        self.jobs += 1
        future.add_done_callback(self._done)
        return future

    def _done(self, _: Any) -> None:
        self.jobs -= 1


class _Selector(selectors.DefaultSelector):
    """Tell when the loop has nothing left to do: it is asked to wait then. ``waited`` are the seconds that it has."""

    def __init__(self) -> None:
        super().__init__()
        self.own = 0
        self.waited = 0.0
        self._question: _Question | None = None

    @property
    def has_sockets(self) -> bool:
        """Tell whether the loop listens to anything but itself."""
        return len(self.get_map()) > self.own

    async def rest(self, is_busy: Callable[[], bool], deadline: float) -> float | None:
        """Wait until the loop would wait, and not ``is_busy``; give for how long it would.

        At ``deadline``, by ``time.monotonic()``, give 0 if it goes on.
        """
        question = self._question = _Question(asyncio.get_running_loop().create_future(), is_busy, deadline)
        return await question.answer

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        question = self._question
        if question is None:
            return self._select(timeout)
        is_late = monotonic() >= question.deadline
        would_wait = timeout is None or timeout > 0
        if not is_late and not would_wait:
            return self._select(timeout)
        if not is_late and question.is_busy():
            return self._select(SLICE if timeout is None else min(SLICE, timeout))
        events = self._select(0)
        if is_late or not events:
            self._question = None
            if not question.answer.done():
                question.answer.set_result(timeout if would_wait and not events else 0)
        return events

    def _select(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return super().select(0)
        began = monotonic()
        events = super().select(timeout)
        passed = monotonic() - began
        self.waited += passed if timeout is None else min(passed, timeout)
        return events


@frozen
class _Question:
    """Who waits for the loop to have nothing to do."""

    answer: asyncio.Future[float | None]
    is_busy: Callable[[], bool]
    deadline: float


class _CallingThread(Executor):
    """Have work done by the thread that is in ``Driver.run``, while the loop makes way."""

    def __init__(self, loop: _Loop, after: Callable[[], None]) -> None:
        self._loop = loop
        self._after = after
        self._queue: deque[_Work] = deque()

    @override
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        work = _Work(partial(fn, *args, **kwargs), self._after)
        self._queue.append(work)
        if not self._loop.is_lent:
            self._loop.stop()
        return work.future

    def work(self) -> None:
        """Do what there is to do."""
        while self._queue:
            self._queue.popleft().do()
            self._loop.take_back()


class _Work:
    """One piece of work for a thread."""

    def __init__(self, function: Callable[[], Any], after: Callable[[], None]) -> None:
        self.future: Future[Any] = Future()
        self._function = function
        self._after = after

    def do(self) -> None:
        """Do it, unless it was cancelled; what goes wrong is for who asked for it."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self._function()
            self._after()
        except Exception as error:  # noqa: BLE001 - it belongs to the code that waits in the event loop
            self.future.set_exception(error)
        except BaseException:
            self.future.set_exception(RuntimeError("The thread that did this work was interrupted."))
            raise
        else:
            self.future.set_result(result)
