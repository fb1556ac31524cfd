"""Seconds for what waits: they end it, whoever else may, and cost nothing where nothing waits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsdrf.deadline import Deadline, within
from wsdrf.exceptions import TimedOut


async def test_a_deadline_turns_a_cancellation_into_a_timeout() -> None:
    """What takes too long raises ``TimedOut``, and the task goes on as if it had never been cancelled."""
    for _ in range(2):
        with pytest.raises(TimedOut), Deadline(0.001):
            await asyncio.sleep(10)
    await asyncio.sleep(0)


async def test_a_deadline_that_is_not_heeded_leaves_no_trace() -> None:
    """Work that swallows its cancellation keeps its result, and the next deadline works."""
    with Deadline(0.001):
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            result = "stubborn"
    assert "stubborn" == result
    with pytest.raises(TimedOut), Deadline(0.001):
        await asyncio.sleep(10)


async def test_a_cancellation_from_outside_stays_one() -> None:
    """Who is cancelled inside a deadline is cancelled, at the very moment that it expires too."""

    async def work(seconds: float | None) -> None:
        with Deadline(seconds):
            await asyncio.sleep(10)

    for seconds in (None, 10, 0.01):
        task = asyncio.ensure_future(work(seconds))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.01, task.cancel)
        with pytest.raises((asyncio.CancelledError, TimedOut)):
            await task


async def test_the_inner_deadline_and_the_outer() -> None:
    """Each deadline answers for itself."""
    with Deadline(10):
        with pytest.raises(TimedOut), Deadline(0.001):
            await asyncio.sleep(10)
        await asyncio.sleep(0)
    with pytest.raises(TimedOut), Deadline(0.001), Deadline(10):
        await asyncio.sleep(10)


async def timers() -> int:
    """Count the timers that the loop holds, cancelled ones too."""
    return len(asyncio.get_running_loop()._scheduled)  # type: ignore[attr-defined]


async def waiting(turns: int, seconds: float, outcome: Any) -> Any:
    for _ in range(turns):
        await asyncio.sleep(0)
    if seconds:
        await asyncio.sleep(seconds)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


@given(st.integers(0, 3), st.sampled_from([0, 0.05]), st.sampled_from([1, None, ValueError("x")]))
def test_what_is_awaited_within_seconds_is_what_it_is(turns: int, seconds: float, outcome: Any) -> None:
    """However often it waits, its result or its exception comes through; only the seconds that it takes may end it."""

    async def use() -> None:
        before = await timers()
        try:
            result: Any = await within(0.001, waiting(turns, seconds, outcome))
        except (TimedOut, ValueError) as error:
            result = error
        if seconds:
            assert isinstance(result, TimedOut)
        else:
            assert outcome is result
        if not turns and not seconds:
            assert before == await timers()

    asyncio.run(use())


async def test_a_future_may_be_awaited_within_seconds() -> None:
    """Whatever can be awaited can be: a future and a task, done or not."""
    loop = asyncio.get_running_loop()
    done, open_ = loop.create_future(), loop.create_future()
    done.set_result("done")
    assert "done" == await within(1, done)
    assert "task" == await within(1, loop.create_task(waiting(2, 0, "task")))
    with pytest.raises(TimedOut):
        await within(0.001, open_)


async def test_a_cancellation_reaches_what_is_awaited() -> None:
    """Who is cancelled meanwhile is cancelled, and what was awaited hears of it, once."""
    heard: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            heard.append("cancelled")
            raise

    task = asyncio.ensure_future(within(10, work()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ["cancelled"] == heard
