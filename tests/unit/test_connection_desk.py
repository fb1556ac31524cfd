"""The desk alone: entries in their order, one at a time, each in a fresh context."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any

from tests.unit.sockets import Socket, settle
from wsdrf.connection.desk import Desk
from wsdrf.connection.outbox import Outbox
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
        if entry.action == "leak":
            variable.set("leaked")
        return f'"{entry.action} {variable.get()}"'

    async def settled(self) -> None: ...

    def failed_with(self, error: Exception) -> None:
        self.errors.append(error)


def desk(**options: int) -> tuple[Desk, Owner, Socket]:
    owner, socket = Owner(), Socket()
    outbox = Outbox(socket.send, timeout=5, max_bytes=1000, on_stuck=lambda: None)
    return Desk(owner, outbox, Options(**options)), owner, socket


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


async def test_one_task_answers_as_long_as_contexts_stay_clean() -> None:
    """A worker answers call after call; only one that has changed its context costs a new task."""
    it, owner, socket = desk()
    it.open()
    for action in ("a", "b", "leak", "c", "d"):
        it.put(Call(action), 1)
    await settle()

    assert ["a untouched", "b untouched", "leak leaked", "c untouched", "d untouched"] == socket.frames
    assert owner.tasks[0] is owner.tasks[1] is owner.tasks[2]
    assert owner.tasks[2] is not owner.tasks[3]
    assert owner.tasks[3] is owner.tasks[4]


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
