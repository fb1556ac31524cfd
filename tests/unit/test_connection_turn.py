"""A turn: every step in one context, and in the name of the worker that will take the rest."""

from __future__ import annotations

import asyncio
from contextvars import Context, ContextVar, copy_context
from typing import Any

import pytest

from wsdrf.connection.turn import OVER, Turn, first_step

variable: ContextVar[str] = ContextVar("variable", default="untouched")


def running() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task


async def taken(coroutine: Any, context: Context) -> tuple[asyncio.Task[Any], bool]:
    """Take the first step here, and let another task take the rest."""
    ready = asyncio.Event()

    async def work() -> None:
        await ready.wait()
        if waiting is not OVER:
            await Turn(coroutine, context, waiting).finish()

    worker = asyncio.create_task(work())
    await asyncio.sleep(0)
    waiting = first_step(coroutine, context, worker, running())
    ready.set()
    await worker
    return worker, waiting is OVER


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

    me, context = running(), copy_context()
    worker, is_over = await taken(work(), context)

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

    await taken(work(), copy_context())

    assert ["timeout"] == log


async def test_a_failure_in_the_first_step_goes_up_and_leaves_the_task_as_it_was() -> None:
    """An exception is raised where the step was taken, and that task is the current one again."""

    async def fail() -> None:
        raise KeyError("x")

    me = running()
    worker = asyncio.create_task(asyncio.sleep(0))
    with pytest.raises(KeyError):
        first_step(fail(), copy_context(), worker, me)
    assert me is running()
    await worker


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

    worker = asyncio.create_task(asyncio.sleep(0))
    coroutine, context = work(), copy_context()
    turn = Turn(coroutine, context, first_step(coroutine, context, worker, running()))
    with pytest.raises(asyncio.CancelledError):
        await turn.finish(asyncio.CancelledError())
    assert ["cleaned"] == log
    await worker
