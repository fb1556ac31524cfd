"""The outbox under any use: what it sends is what was put, in its order, and it never makes anybody wait for ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Generator, MutableMapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sockets import Socket, settle
from wsdrf.connection.outbox import Outbox

STEPS = st.lists(st.sampled_from(["put", "block", "read", "turn", "forget", "close", "abandon"]), max_size=30)


def outbox(socket: Socket, timeout: float = 5, max_bytes: int = 1000) -> tuple[Outbox, list[str]]:
    stuck: list[str] = []
    return Outbox(socket.send, timeout=timeout, max_bytes=max_bytes, on_stuck=lambda: stuck.append("stuck")), stuck


def is_idle(box: Outbox) -> bool:
    """Tell whether nothing is left to send."""
    return box.writer is None or box.writer.done()


@given(STEPS)
def test_order_is_kept_and_nothing_follows_a_close(steps: list[str]) -> None:
    """What is sent is a part of what was put, in its order; a close frame is the last, and draining always ends."""

    async def use() -> tuple[list[str], list[str]]:
        socket = Socket()
        box, _ = outbox(socket)
        put = []
        for number, step in enumerate(steps):
            if step == "put":
                box.put(str(number))
                put.append(str(number))
            elif step == "block":
                socket.reads.clear()
            elif step == "read":
                socket.reads.set()
            elif step == "turn":
                await settle()
            elif step == "close":
                box.close(4000, "")
            else:
                getattr(box, step)()
        socket.reads.set()
        await asyncio.wait_for(box.drained(), 2)
        await settle()
        return [message.get("text", "close") for message in socket.sent], put

    sent, put = asyncio.run(use())
    frames = [one for one in sent if one != "close"]
    assert sorted(frames, key=int) == frames
    assert set(frames) <= set(put)
    assert "close" not in sent[:-1]
    if not {"forget", "abandon", "close"} & set(steps):
        assert put == frames


@pytest.mark.parametrize("reason", ["", "Bye.", "x" * 123, "x" * 124, "é" * 62, "x" + "☃" * 60, "\ud800", "x" * 10_000])
async def test_a_reason_fits_into_its_frame(reason: str) -> None:
    """However long a reason is, what is sent of it is its beginning, and fits into a control frame."""
    socket = Socket()
    box, _ = outbox(socket)

    box.close(4000, reason)
    assert box.writer is not None
    await box.writer

    sent = socket.sent[-1]["reason"]
    assert len(sent.encode()) <= 123
    assert reason.replace("\ud800", "?").startswith(sent)
    assert len(reason.encode(errors="replace")) - 3 <= len(sent.encode()) or len(sent.encode()) > 119


async def test_a_frame_that_is_taken_at_once_needs_no_task() -> None:
    """Sending to a client that reads makes no task, and is over when put returns."""
    socket = Socket()
    box, _ = outbox(socket)
    before = len(asyncio.all_tasks())

    box.put("a")

    assert ["a"] == [message["text"] for message in socket.sent]
    assert before == len(asyncio.all_tasks())
    assert is_idle(box)


async def test_a_send_that_never_returns_is_given_up() -> None:
    """A client that takes nothing for ``timeout`` seconds is stuck: told once, and nothing more is sent."""
    socket = Socket()
    box, stuck = outbox(socket, timeout=0.05)
    socket.reads.clear()
    box.put("a")
    box.put("b")

    await asyncio.wait_for(box.drained(), 2)

    assert ["stuck"] == stuck
    socket.reads.set()
    box.put("c")
    await settle()
    assert [] == socket.sent


async def test_unsent_bytes_are_counted_in_utf8() -> None:
    """More than ``max_bytes`` of UTF-8 that wait to be sent are too many, whatever the characters."""
    for frame, fits in (("x" * 10, 10), ("é" * 10, 5), ("\U0001f600" * 10, 2)):
        socket = Socket()
        box, stuck = outbox(socket, max_bytes=100)
        socket.reads.clear()
        box.put("first: it is with the server, and no longer waits")
        for _ in range(fits):
            box.put(frame)
        assert [] == stuck
        box.put(frame)
        assert ["stuck"] == stuck
        socket.reads.set()
        await box.drained()


async def test_abandoned_before_the_writer_began() -> None:
    """An outbox that is abandoned in the same turn as its first unsent frame is drained at once."""
    socket = Socket()
    box, stuck = outbox(socket)
    socket.reads.clear()
    box.put("a")
    box.abandon()

    await asyncio.wait_for(box.drained(), 1)

    assert is_idle(box)
    assert [] == stuck


@pytest.mark.parametrize("error", [OSError("gone"), RuntimeError("closed"), asyncio.CancelledError()])
async def test_a_server_that_raises_costs_the_sender_nothing(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    """Putting never raises: a server that says that the client has gone, or anything else, ends the sending."""
    caplog.set_level(logging.INFO, "wsdrf")
    socket = Socket()
    box, stuck = outbox(socket)
    socket.failure = error

    box.put("a")
    socket.failure = None
    box.put("b")

    assert [] == socket.sent
    assert [] == stuck
    assert [] == [record for record in caplog.records if record.levelno > logging.INFO or record.exc_info]
    assert isinstance(error, OSError) == (not caplog.records)


async def test_a_server_that_raises_late_ends_the_sending() -> None:
    """An error that comes while a frame is on its way ends the sending, and what waits is dropped."""
    socket = Socket()
    box, stuck = outbox(socket)
    socket.reads.clear()

    async def send(message: object) -> None:
        await socket.reads.wait()
        raise OSError("gone")

    box._send = send
    box.put("a")
    box.put("b")
    socket.reads.set()
    await asyncio.wait_for(box.drained(), 1)

    assert is_idle(box)
    assert [] == stuck


class Waiting:
    """An awaitable that is no coroutine, as compiled servers give; it has as many steps as it is told."""

    def __init__(self, steps: int, trail: list[str]) -> None:
        self.steps, self.trail = steps, trail

    def __await__(self) -> Generator[None, None, None]:
        self.trail.append("begun")
        try:
            for _ in range(self.steps):
                yield
        except GeneratorExit:
            self.trail.append("dropped")
            raise
        self.trail.append("ended")


@pytest.mark.parametrize("steps", range(3))
async def test_what_a_server_gives_need_be_no_coroutine(steps: int) -> None:
    """Whatever can be awaited is: at once where it does not wait, else by a task, and the next frame comes after it."""
    trail: list[str] = []
    box = Outbox(lambda message: Waiting(steps, trail), timeout=5, max_bytes=1000, on_stuck=lambda: None)

    box.put("one")
    assert (["begun"] if steps else ["begun", "ended"]) == trail
    assert is_idle(box) == (not steps)
    box.put("two")
    await box.drained()

    assert ["begun", "ended"] * 2 == trail


async def test_a_close_frame_may_be_sent_from_a_callback() -> None:
    """A timer closes the connection with its code, although a callback is no task and some servers need one."""
    taken: list[int] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        assert asyncio.current_task() is not None
        await asyncio.sleep(0)
        taken.append(message["code"])

    box = Outbox(send, timeout=5, max_bytes=1000, on_stuck=lambda: None)
    done = asyncio.Event()
    asyncio.get_running_loop().call_soon(lambda: (box.close(4408, ""), done.set()))

    await done.wait()
    await box.drained()

    assert [4408] == taken
