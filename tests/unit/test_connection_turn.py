"""A turn: every step in one context, and in the name of the worker that will take the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar, copy_context
from typing import Any

import pytest

from tests.unit.sockets import Socket, settle
from wsdrf.connection.desk import Desk
from wsdrf.connection.outbox import Outbox
from wsdrf.connection.pool import Lane, pool_of
from wsdrf.connection.turn import Turn
from wsdrf.dispatch import cancel
from wsdrf.envelope import Call
from wsdrf.options import Options

variable: ContextVar[str] = ContextVar("variable", default="untouched")
Work = Callable[[], Coroutine[Any, Any, None]]


def running() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task


class Owner:
    """Do as it is told for every entry but the first."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.errors: list[Exception] = []
        self.workers: list[Any] = []

    def begin(self, entry: Any) -> Any:
        if not self.workers:
            self.workers.append(running())
            return None
        return self.work()

    def failed_with(self, error: Exception) -> None:
        self.errors.append(error)


async def answered(work: Work, seconds: float = 0) -> tuple[asyncio.Task[Any], Owner, bool]:
    """Have a desk whose worker waits do ``work``. Gives the worker, the owner, and whether the first step was all."""
    owner, socket = Owner(work), Socket()
    desk = Desk(owner, Outbox(socket.send, timeout=5, max_bytes=1, on_stuck=list), Lane(pool_of(1)), Options())
    desk.open()
    desk.put(Call("first"), 1)
    await settle()
    assert desk.answer(Call("second"), running())
    is_over = desk.is_idle
    await asyncio.sleep(seconds)
    await settle()
    assert desk.is_idle
    await desk.stop()
    return owner.workers[0], owner, is_over


@pytest.mark.parametrize("pauses", range(4))
async def test_every_step_is_the_workers(pauses: int) -> None:
    """Whoever takes a step, the current task is the worker, and what was set in the context is there in the next."""
    seen: list[tuple[Any, str]] = []
    outside = variable.set("outside")

    async def work() -> None:
        seen.append((running(), variable.get()))
        variable.set("inside")
        for _ in range(pauses):
            await asyncio.sleep(0)
            seen.append((running(), variable.get()))

    me = running()
    worker, _, is_over = await answered(work)

    assert (pauses == 0) == is_over
    assert [(worker, "outside"), *[(worker, "inside")] * pauses] == seen
    assert "outside" == variable.get()
    assert me is running()
    variable.reset(outside)


async def test_a_timeout_that_begins_in_the_first_step_ends_a_later_one() -> None:
    """What has looked for its task in the first step cancels the one that takes the others."""
    log: list[str] = []

    async def work() -> None:
        try:
            await asyncio.wait_for(asyncio.Event().wait(), 0.01)
        except asyncio.TimeoutError:
            log.append("timeout")

    await answered(work, seconds=0.05)

    assert ["timeout"] == log


@pytest.mark.parametrize("kind", [KeyError, StopAsyncIteration, asyncio.CancelledError])
async def test_a_failure_in_the_first_step_is_the_owners_and_leaves_the_task_as_it_was(kind: type[Exception]) -> None:
    """The owner hears of an exception in the first step; the task that took the step is the current one again."""

    async def fail() -> None:
        raise kind

    me = running()
    _, owner, _ = await answered(fail)
    assert [RuntimeError if kind is asyncio.CancelledError else kind] == [type(error) for error in owner.errors]
    assert me is running()


async def test_a_cancellation_of_the_worker_in_its_first_step_stays_with_the_worker() -> None:
    """Where a call cancels its own task and lets that out, the task that took the step goes on, and nobody is blamed."""

    async def end() -> None:
        cancel(running())
        raise asyncio.CancelledError

    me = running()
    worker, owner, _ = await answered(end)
    assert [] == owner.errors
    assert worker.done()
    assert me is running()


async def test_an_error_is_raised_where_the_turn_waits() -> None:
    """A turn that was begun hears of the error with which it is finished; its own cleaning up goes on."""
    log: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            log.append("cleaned")
            raise

    coroutine, context = work(), copy_context()
    turn = Turn(coroutine, context, context.run(coroutine.send, None))
    with pytest.raises(asyncio.CancelledError):
        await turn.finish(asyncio.CancelledError())
    assert ["cleaned"] == log


@pytest.mark.parametrize("pauses", range(3))
async def test_a_turn_gives_what_its_coroutine_gives(pauses: int) -> None:
    """The result comes through, however many steps it took, and whether the first had been taken or not."""

    async def work() -> int:
        for _ in range(pauses):
            await asyncio.sleep(0)
        return pauses

    assert pauses == await Turn(work(), copy_context()).finish()
    if pauses:
        coroutine, context = work(), copy_context()
        assert pauses == await Turn(coroutine, context, context.run(coroutine.send, None)).finish()
