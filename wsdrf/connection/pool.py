"""Run work that may block on a bounded pool of threads, with Django's connection hygiene."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import Context, ContextVar
from functools import cache, partial
from threading import Lock
from typing import Any, ParamSpec, TypeVar, cast

from asgiref.sync import SyncToAsync
from django.db import close_old_connections

Args = ParamSpec("Args")
Result = TypeVar("Result")

_thread_sensitive: ContextVar[bool] = ContextVar("wsdrf_thread_sensitive", default=False)


@contextmanager
def thread_sensitive() -> Generator[None, None, None]:
    """Send all blocking work of connections started within to the thread that asgiref keeps for sensitive code.

    Tests inside ``django.test.TestCase`` need it: their transaction belongs to one thread.
    """
    token = _thread_sensitive.set(True)
    try:
        yield
    finally:
        _thread_sensitive.reset(token)


def carry_over(context: Context) -> None:
    """Have blocking work within ``context`` go to the thread that it goes to here."""
    context.run(_thread_sensitive.set, _thread_sensitive.get())


class Pool:
    """A bounded pool of threads; a thread keeps no database connection longer than Django's own requests do."""

    __slots__ = ("_pooled", "_sensitive", "threads")

    def __init__(self, threads: int) -> None:
        self.threads: int = threads
        executor = ThreadPoolExecutor(threads, thread_name_prefix="wsdrf")
        self._pooled = SyncToAsync(_hygienic, thread_sensitive=False, executor=executor)
        self._sensitive = SyncToAsync(_plain, thread_sensitive=True)

    async def run(self, work: Callable[Args, Result], *args: Args.args, **kwargs: Args.kwargs) -> Result:
        """Run ``work`` in a thread and give its result or its exception.

        Context variables are those of the caller; changes made by ``work`` come back to it. A cancelled caller does
        not stop a thread that has begun.
        """
        hop: Any = self._sensitive if _thread_sensitive.get() else self._pooled
        result: Result = await hop(work, *args, **kwargs)
        return result


class Lane:
    """The blocking work of one connection.

    A thread cannot be stopped: who is cancelled waits no longer, and what the thread still does is remembered here.
    """

    __slots__ = ("_pool", "left")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        #: The threads that were left behind, and the tasks that did so.
        self.left: dict[asyncio.Event, asyncio.Task[Any] | None] = {}

    async def run(self, work: Callable[Args, Result], *args: Args.args, **kwargs: Args.kwargs) -> Result:
        """Do what ``Pool.run`` does."""
        job = _Job(partial(work, *args, **kwargs), self._forget)
        try:
            return cast(Result, await self._pool.run(job))
        except asyncio.CancelledError:
            left = job.leave()
            if left is not None:
                self.left[left] = asyncio.current_task()
            raise

    async def settled(self) -> None:
        """Wait for the threads that the running task has left behind."""
        if self.left:
            own = asyncio.current_task()
            for event in [event for event, task in self.left.items() if task is own]:
                await event.wait()

    async def ended(self) -> None:
        """Wait for all threads that were left behind."""
        for event in list(self.left):
            await event.wait()

    def _forget(self, event: asyncio.Event) -> None:
        self.left.pop(event, None)
        event.set()


class _Job:
    """Work for a thread that may be left alone, before it begins or in the middle."""

    __slots__ = ("_is_running", "_left", "_lock", "_loop", "_then", "_work")

    def __init__(self, work: Callable[[], Any], then: Callable[[asyncio.Event], None]) -> None:
        self._work = work
        self._then = then
        self._loop = asyncio.get_running_loop()
        self._lock = Lock()
        self._left: asyncio.Event | None = None
        self._is_running = False

    def __call__(self) -> Any:
        with self._lock:
            if self._left is not None:
                return None
            self._is_running = True
        try:
            return self._work()
        finally:
            self._end()

    def _end(self) -> None:
        with self._lock:
            self._is_running = False
            if self._left is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._then, self._left)

    def leave(self) -> asyncio.Event | None:
        """Never begin; give ``None``. Where it has begun, give the event that tells of its end."""
        with self._lock:
            self._left = asyncio.Event()
            return self._left if self._is_running else None


@cache
def pool_of(threads: int) -> Pool:
    """Give the one pool of this process with that many threads."""
    return Pool(threads)


def _plain(work: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
    return work(*args, **kwargs)


def _hygienic(work: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
    close_old_connections()
    try:
        return work(*args, **kwargs)
    finally:
        close_old_connections()
