"""Run work that may block on a bounded pool of threads, with Django's connection hygiene."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, ParamSpec, TypeVar

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


class Pool:
    """A bounded pool of threads; a thread keeps no database connection longer than Django's own requests do."""

    __slots__ = ("_pooled", "_sensitive", "threads")

    def __init__(self, threads: int) -> None:
        self.threads = threads
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
