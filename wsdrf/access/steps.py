"""Run blocking steps in a thread and await what they hand back, in as few hops as there are awaits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any, Protocol, TypeVar

from attrs import frozen

Result = TypeVar("Result")

Steps = Generator[Awaitable[Any], Any, Result]
"""Blocking code as a generator: what it yields is awaited on the event loop, and sent back to it."""


class Run(Protocol):
    """Run a blocking callable in a thread."""

    async def __call__(self, work: Callable[..., Any], *args: Any) -> Any:
        """Give the result of ``work``, or raise its exception."""


async def here(work: Callable[..., Any], *args: Any) -> Any:
    """Run ``work`` where it is: a ``Run`` for what does not block."""
    return work(*args)


@frozen
class _Pause:
    awaitable: Awaitable[Any]

    def __del__(self) -> None:
        # Who asked may have been cancelled while the thread ran: a coroutine that nobody awaits any more is closed.
        close = getattr(self.awaitable, "close", None)
        if close is not None:
            close()


@frozen
class _Done:
    value: Any


async def drive(steps: Steps[Result], run: Run) -> Result:
    """Run ``steps`` to their end, by ``run``: one hop to a thread, one more after each awaitable that they yield."""
    outcome = await run(_advance, steps.send, None)
    while isinstance(outcome, _Pause):
        try:
            value = await outcome.awaitable
        except Exception as error:  # belongs to the steps: they decide what it means
            outcome = await run(_advance, steps.throw, error)
        else:
            outcome = await run(_advance, steps.send, value)
    result: Result = outcome.value
    return result


def _advance(advance: Callable[[Any], Awaitable[Any]], argument: Any) -> _Pause | _Done:
    # StopIteration cannot cross a future, so the end travels as a value.
    try:
        return _Pause(advance(argument))
    except StopIteration as stop:
        return _Done(stop.value)
