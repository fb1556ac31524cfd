"""The outbox alone: its order, its close frame, and its end."""

from __future__ import annotations

import asyncio
from typing import Any

from wsdrf.connection.outbox import Outbox


class Server:
    """A server that takes a frame at once while ``reads``, and counts its time by the task that sends, as some do."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.reads = asyncio.Event()
        self.reads.set()

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.close":
            assert asyncio.current_task() is not None
            await asyncio.sleep(0)
        if not self.reads.is_set():
            await self.reads.wait()
        self.taken.append(message.get("text", message.get("code")))


def outbox(server: Server, timeout: float = 5) -> tuple[Outbox, list[str]]:
    stuck: list[str] = []
    return Outbox(server.send, timeout=timeout, max_bytes=100, on_stuck=lambda: stuck.append("stuck")), stuck


async def test_frames_go_out_at_once_and_in_order() -> None:
    """A frame that the server takes has gone when put returns; others follow it in their order, the close frame last."""
    server = Server()
    box, stuck = outbox(server)

    box.put("a")
    assert ["a"] == server.taken

    server.reads.clear()
    box.put("b")
    box.put("c")
    box.close(4401, "")
    box.put("d")
    server.reads.set()
    await box.drained()

    assert ["a", "b", "c", 4401] == server.taken
    assert [] == stuck


async def test_a_close_frame_may_be_sent_from_a_callback() -> None:
    """A timer closes the connection with its code, although a callback is no task and some servers need one."""
    server = Server()
    box, _ = outbox(server)
    done = asyncio.Event()
    asyncio.get_running_loop().call_soon(lambda: (box.close(4408, ""), done.set()))

    await done.wait()
    await box.drained()

    assert [4408] == server.taken


async def test_an_outbox_abandoned_before_it_began_is_drained() -> None:
    """A client that leaves in the moment when it is sent a close frame leaves nobody waiting."""
    server = Server()
    box, _ = outbox(server)

    box.close(4401, "")
    box.abandon()
    await asyncio.wait_for(box.drained(), 5)

    assert [] == server.taken
    assert not box.is_waiting


async def test_a_client_that_does_not_read_is_noticed() -> None:
    """A frame that is not taken in time, or too many bytes behind it, are a stuck client."""
    slow = Server()
    slow.reads.clear()
    late, late_stuck = outbox(slow, timeout=0.01)
    full, full_stuck = outbox(slow)

    late.put("x")
    await late.drained()
    full.put("x")
    full.put("y" * 101)
    await full.drained()

    assert (["stuck"], ["stuck"]) == (late_stuck, full_stuck)
