"""Steps of a coroutine that are taken by hand: by whoever takes them, it does what it would have done when awaited."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from wsdrf.stepping import rest


async def work(log: list[str]) -> str:
    log.append("first")
    try:
        for name in ("second", "third"):
            await asyncio.sleep(0)
            log.append(name)
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        log.append("cancelled")
        await asyncio.sleep(0)
        raise
    except ValueError:
        log.append("told")
    return "result"


async def finished(coroutine: Any) -> Any:
    return await rest(coroutine.send(None), coroutine.send, coroutine.throw)


async def test_the_rest_gives_the_result() -> None:
    """A coroutine goes on from where its first step has left it, and its result is given."""

    async def doubled(number: int) -> int:
        await asyncio.sleep(0)
        return await asyncio.wait_for(asyncio.sleep(0, number), 1) * 2

    assert 42 == await finished(doubled(21))


async def test_the_rest_gives_the_exception() -> None:
    """What the coroutine raises later goes up."""

    async def failing() -> None:
        await asyncio.sleep(0)
        raise KeyError("x")

    with pytest.raises(KeyError):
        await finished(failing())


async def test_a_cancellation_reaches_the_coroutine() -> None:
    """Whoever is cancelled while awaiting the rest has the coroutine clean up, as if it were awaited itself."""
    log: list[str] = []
    task = asyncio.create_task(finished(work(log)))
    for _ in range(4):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ["first", "second", "third", "cancelled"] == log


async def test_an_awaited_failure_reaches_the_coroutine() -> None:
    """An exception of what the coroutine waits for is raised in there, and may be caught there."""
    log: list[str] = []
    future = asyncio.get_running_loop().create_future()

    async def waiting() -> str:
        try:
            await future
        except ValueError:
            log.append("told")
        return "result"

    asyncio.get_running_loop().call_soon(future.set_exception, ValueError("no"))
    assert "result" == await finished(waiting())
    assert ["told"] == log
