"""The desk alone: entries in their order, one at a time, each in a fresh context."""

from __future__ import annotations

import asyncio
import gc
from contextvars import ContextVar
from typing import Any

import pytest

from tests.unit.sockets import Socket, settle
from wsdrf.connection.desk import Desk
from wsdrf.connection.outbox import Outbox
from wsdrf.connection.pool import Lane, pool_of
from wsdrf.envelope import Call
from wsdrf.options import Options

variable: ContextVar[str] = ContextVar("variable", default="untouched")


class Owner:
    """Answer a call with its action; ``wait`` and ``fail`` do as they are called."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.errors: list[Exception] = []
        self.tasks: list[Any] = []
        self.cancelled = 0

    def begin(self, entry: Any) -> Any:
        return entry if isinstance(entry, str) else self.answer(entry)

    async def answer(self, entry: Any) -> str | None:
        self.tasks.append(asyncio.current_task())
        if entry.action == "wait":
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if entry.action == "fail":
            raise ValueError(entry.action)
        if entry.action == "stray":
            future = asyncio.get_running_loop().create_future()
            future.cancel()
            await future
        if entry.action == "suicide":
            running().cancel()
        if entry.action == "leak":
            variable.set("leaked")
        return f'"{entry.action} {variable.get()}"'

    def failed_with(self, error: Exception) -> None:
        self.errors.append(error)


def desk(**options: int) -> tuple[Desk, Owner, Socket]:
    owner, socket = Owner(), Socket()
    outbox = Outbox(socket.send, timeout=5, max_bytes=1000, on_stuck=lambda: None)
    return Desk(owner, outbox, Lane(pool_of(1)), Options(**options)), owner, socket


async def test_entries_wait_until_it_opens() -> None:
    """Entries are answered in their order, frames among them, and not before the desk is open."""
    it, _, socket = desk()
    it.put(Call("a"), 1)
    it.put('"ready"', 1)
    it.put(Call("b"), 1)
    await settle()
    assert [] == socket.sent

    async def nothing() -> None: ...

    it.open()
    it.start(nothing)
    await settle()
    assert ["a untouched", "ready", "b untouched"] == socket.frames
    assert it.is_idle


async def test_one_task_answers_each_in_a_context_of_its_own() -> None:
    """A worker answers call after call; what one leaves in its context is not there for the next."""
    it, owner, socket = desk()
    it.open()
    for action in ("a", "b", "leak", "c"):
        it.put(Call(action), 1)
    await settle()
    for action in ("leak", "d"):
        assert it.answer(Call(action), running())

    assert ["a untouched", "b untouched", "leak leaked", "c untouched", "leak leaked", "d untouched"] == socket.frames
    assert 1 == len(set(owner.tasks))
    assert running() not in owner.tasks
    await it.stop()


async def test_what_needs_not_wait_is_answered_at_once() -> None:
    """With an idle worker a call is answered before ``answer`` returns, in the worker's name; errors go to the owner."""
    it, owner, socket = desk()
    it.open()
    it.put(Call("a"), 1)
    await settle()
    for action in ("b", "fail", "c"):
        assert it.answer(Call(action), running())

    assert ["a untouched", "b untouched", "c untouched"] == socket.frames
    assert ["ValueError"] == [type(error).__name__ for error in owner.errors]
    assert it.is_idle
    assert asyncio.current_task() is running()
    await it.stop()


async def test_what_waits_is_finished_by_the_worker() -> None:
    """A call that has to wait lets its caller go on; those behind it wait for their turn, in their order."""
    it, owner, socket = desk()
    it.open()
    it.put(Call("a"), 1)
    await settle()
    assert it.answer(Call("wait"), running())
    for action in ("b", "c"):
        assert not it.answer(Call(action), running())
        assert it.put(Call(action), 1)
    await settle()
    assert ["a untouched"] == socket.frames
    assert not it.is_idle

    owner.gate.set()
    await settle()
    assert ["a untouched", "wait untouched", "b untouched", "c untouched"] == socket.frames
    assert 1 == len(set(owner.tasks))
    await it.stop()


@pytest.mark.parametrize("turns", range(4))
async def test_a_call_that_was_begun_at_once_is_cancelled_too(turns: int) -> None:
    """However soon after its first step the desk is shut, the call hears of it, once, and nothing is sent."""
    it, owner, socket = desk()
    it.open()
    it.put(Call("a"), 1)
    await settle()
    assert it.answer(Call("wait"), running())
    await settle(turns)
    it.shut()
    await it.stop()
    assert 1 == owner.cancelled
    assert [] == owner.errors
    assert ["a untouched"] == socket.frames


async def test_a_worker_that_was_cancelled_by_its_call_is_replaced() -> None:
    """A handler that cancels its own task, and does not heed it, ends no other call."""
    it, owner, socket = desk()
    it.open()
    for action in ("a", "suicide", "b", "c"):
        it.put(Call(action), 1)
    await settle()
    for action in ("suicide", "d", "e"):
        assert it.answer(Call(action), running()) or it.put(Call(action), 1)
        await settle()

    assert [f"{one} untouched" for one in ("a", "suicide", "b", "c", "suicide", "d", "e")] == socket.frames
    assert [] == owner.errors
    await it.stop()


async def test_what_never_began_is_dropped(recwarn: pytest.WarningsRecorder) -> None:
    """Work whose worker is cancelled before it takes a step is never begun, and no coroutine is left unawaited."""
    it, _, _ = desk()
    begun = []

    async def work() -> None:
        begun.append(True)

    it.start(work)
    await it.stop()
    gc.collect()
    assert [] == begun
    assert [] == [str(one.message) for one in recwarn]


def running() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task


async def test_what_nobody_answers_is_told_and_the_next_has_its_turn() -> None:
    """An error from where none should come goes to the owner, a stray cancellation too; the desk goes on."""
    it, owner, socket = desk()
    it.open()
    for action in ("fail", "stray", "a"):
        it.put(Call(action), 1)
    await settle()
    assert [ValueError, RuntimeError] == [type(error) for error in owner.errors]
    assert ["a untouched"] == socket.frames


async def test_a_shut_desk_cancels_once_and_answers_nothing() -> None:
    """Shutting cancels what is at work, once; stopping waits for it; what waited is forgotten."""
    it, owner, socket = desk()
    it.open()
    it.put(Call("wait"), 1)
    it.put(Call("a"), 1)
    await settle()
    it.shut()
    it.shut()
    await it.stop()
    await settle()
    assert 1 == owner.cancelled
    assert [] == socket.sent
    assert [] == owner.errors


async def test_a_full_desk_says_so() -> None:
    """An entry without room is not taken."""
    it, _, _ = desk(max_queued_messages=1)
    assert it.put(Call("a"), 1)
    assert not it.put(Call("b"), 1)
