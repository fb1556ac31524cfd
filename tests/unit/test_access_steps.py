"""Steps that block run in a thread, and what they yield is awaited between them."""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.access_site import sync
from wsdrf.access.steps import Steps, drive


class Hops:
    """Run blocking work in a thread, and count how often."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.count += 1
        return await asyncio.to_thread(work, *args, **kwargs)


async def give(value: Any) -> Any:
    await asyncio.sleep(0)
    assert threading.current_thread() is loop_thread[0]
    if isinstance(value, Exception):
        raise value
    return value


loop_thread: list[threading.Thread] = []


async def driven(steps: Steps[Any]) -> tuple[Any, int]:
    loop_thread[:] = [threading.current_thread()]
    hops = Hops()
    return await drive(steps, hops), hops.count


@given(st.lists(st.integers()))
def test_one_hop_more_for_each_await(values):
    """Steps get back what they yielded, and cost one hop, and one more for each thing awaited."""

    def steps() -> Steps[list[Any]]:
        got = []
        for value in values:
            assert threading.current_thread() is not loop_thread[0]
            got.append((yield give(value)))
        return got

    assert (values, len(values) + 1) == sync(driven)(steps())


async def test_exceptions_belong_to_the_steps():
    """An exception of what was awaited is raised where it was yielded; the steps may go on."""

    def steps() -> Steps[str]:
        try:
            yield give(KeyError("x"))
        except KeyError as error:
            return f"caught {error}"
        return "nothing"

    assert ("caught 'x'", 2) == await driven(steps())


@pytest.mark.parametrize("error", [ValueError("x"), StopIteration("x")])
async def test_exceptions_of_the_steps(error):
    """What the steps themselves raise comes out, wherever it was raised."""

    def first() -> Steps[None]:
        raise ValueError("x")
        yield give(1)

    def later() -> Steps[None]:
        yield give(error)

    with pytest.raises(ValueError, match="x"):
        await driven(first())
    with pytest.raises((ValueError, RuntimeError)):
        await driven(later())


async def test_nothing_to_await():
    """Steps that yield nothing are one hop."""

    def steps() -> Steps[int]:
        return 7
        yield give(1)

    assert (7, 1) == await driven(steps())


async def test_cancelled_while_awaiting():
    """Whoever is cancelled stops what the steps await."""
    stopped = asyncio.Event()

    async def forever() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    def steps() -> Steps[None]:
        yield forever()

    task = asyncio.ensure_future(driven(steps()))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stopped.is_set()


async def cancelled_in_a_thread(answer: Any) -> None:
    """Cancel who asks while the thread runs that then yields ``answer``."""
    has_begun, may_end, has_ended = threading.Event(), threading.Event(), threading.Event()

    def steps() -> Steps[None]:
        has_begun.set()
        may_end.wait(5)
        yield answer

    async def hop(work: Callable[..., Any], *args: Any) -> Any:
        def whole() -> None:
            work(*args)
            has_ended.set()

        await asyncio.to_thread(whole)

    task = asyncio.create_task(drive(steps(), hop))
    await asyncio.to_thread(has_begun.wait, 5)
    task.cancel()
    await asyncio.wait({task})
    may_end.set()

    assert task.cancelled()
    assert await asyncio.to_thread(has_ended.wait, 5)


async def test_cancelled_while_the_thread_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the thread hands back for nobody is closed: of a coroutine, Python would say that it was never awaited."""
    failed: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", failed.append)
    answer = give(1)

    await cancelled_in_a_thread(answer)
    assert inspect.CORO_CLOSED == inspect.getcoroutinestate(answer)
    await cancelled_in_a_thread(asyncio.get_running_loop().create_future())  # which cannot be closed
    assert [] == failed
