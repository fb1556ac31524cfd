"""What runs beside the calls of a connection, alone: bounded, owned, and cancelled once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar, copy_context
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sockets import settle
from wsdrf.connection.background import Background
from wsdrf.exceptions import Busy

variable: ContextVar[int] = ContextVar("variable", default=0)


def background(errors: list[Exception]) -> Background:
    return Background(copy_context(), errors.append, max_streams=2, max_concurrent=1)


def work(gate: asyncio.Event, error: Exception | None = None) -> Callable[[], Coroutine[Any, Any, None]]:
    async def run() -> None:
        variable.set(variable.get() + 1)
        assert 1 == variable.get()
        await gate.wait()
        if error is not None:
            raise error

    return run


STEPS = st.lists(
    st.tuples(st.sampled_from(["start", "cancel", "turn", "open"]), st.integers(0, 3), st.booleans()), max_size=25
)


@given(STEPS)
def test_counts_and_ids_come_back(steps: list[tuple[str, int, bool]]) -> None:
    """Never more run than may, no id runs twice, each cancelled one is told of once, and in the end nothing runs."""

    async def use() -> None:
        errors: list[Exception] = []
        told: list[int] = []
        beside, gate = background(errors), asyncio.Event()
        running: dict[int, bool] = {}
        for what, number, is_stream in steps:
            if what == "start":
                full = sum(kind == is_stream for kind in running.values()) >= (2 if is_stream else 1)
                if full or number in running:
                    with pytest.raises(Busy):
                        beside.start(number, work(gate), is_stream=is_stream)
                else:
                    beside.start(number, work(gate), is_stream=is_stream)
                    running[number] = is_stream
            elif what == "cancel":
                before = len(told)
                beside.cancel(number, lambda number=number: told.append(number))
                beside.cancel(number, lambda number=number: told.append(number))
                await settle(4)
                assert len(told) - before == (1 if running.pop(number, None) is not None else 0)
            elif what == "open":
                gate.set()
                await settle(4)
                gate.clear()
                running.clear()
            else:
                await settle(2)
            assert len(running) == len(beside.tasks)
        gate.set()
        await settle()
        assert not beside.tasks
        assert [] == errors

    asyncio.run(use())


async def test_calls_without_an_id_are_counted_too() -> None:
    """What has no id is bounded as well, and cannot be cancelled."""
    beside, gate = background([]), asyncio.Event()
    beside.start(None, work(gate), is_stream=True)
    beside.start(None, work(gate), is_stream=True)
    with pytest.raises(Busy):
        beside.start(None, work(gate), is_stream=True)
    beside.cancel(None, lambda: pytest.fail("nothing was cancelled"))
    await settle()
    assert 2 == len(beside.tasks)
    gate.set()
    await settle()
    assert not beside.tasks


async def test_an_error_that_nobody_answered_is_told() -> None:
    """What work raises, which its own edge should have answered, goes to the owner."""
    errors: list[Exception] = []
    beside, gate = background(errors), asyncio.Event()
    gate.set()
    error = ValueError("unanswered")
    beside.start(1, work(gate, error), is_stream=True)
    await settle()
    assert [error] == errors
