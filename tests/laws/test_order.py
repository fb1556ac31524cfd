"""Calls of one connection are answered in order, one at a time, whatever kind they are; nothing else waits for them."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws.living import Life, Living, Shouted, fresh_layer, nothing_left
from tests.unit.sockets import settle, until
from wsdrf import on
from wsdrf.connection.state import State


class Busybody(Living):
    """``Living`` with handlers that take their time on the loop and in threads."""

    @on("nap")
    async def nap(self, payload: int) -> int:
        with self.witness.alone(self, "nap", State.READY):
            for _ in range(payload):
                await asyncio.sleep(0)
        return payload

    @on("thread")
    def in_thread(self, payload: float) -> float:
        with self.witness.alone(self, "thread", State.READY):
            time.sleep(payload / 1000)
        return payload

    @on("thread.late", timeout=0.005)
    def late_in_thread(self, payload: float) -> float:
        with self.witness.alone(self, "thread.late", State.READY):
            time.sleep(payload / 1000)
        return payload

    @on("deaf", timeout=0.005)
    async def deaf(self) -> str:
        with self.witness.alone(self, "deaf", State.READY):
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                await asyncio.sleep(0)
        return "deaf"


CALLS = st.lists(
    st.one_of(
        st.tuples(st.just("nap"), st.integers(0, 3)),
        st.tuples(st.just("thread"), st.sampled_from([0.0, 2.0])),
        st.tuples(st.just("thread.late"), st.sampled_from([0.0, 15.0])),
        st.sampled_from(
            [
                ("late", None),
                ("deaf", None),
                ("fail", "deny"),
                ("fail", "stray"),
                ("fail", 7),
                ("nothing.such", None),
                ("quick", "x"),
                ("move", "a"),
                ("stream", 1),
                ("beside", "x"),
            ]
        ),
    ),
    max_size=12,
)


@settings(max_examples=max(20, settings().max_examples // 4))
@given(CALLS, st.sets(st.integers(0, 12)))
def test_answers_come_in_the_order_of_the_calls(calls: list[tuple[str, Any]], pauses: set[int]) -> None:
    """Each call with an id is answered once, in order, by handlers that never overlap, on the loop or in a thread."""

    async def live(layer: Any) -> None:
        life = Life(Busybody)
        life.witness.gate.set()
        life.begin()
        for number, (action, payload) in enumerate(calls):
            life.call(action, payload)
            if number in pauses:
                await settle(3)
        await until(lambda: len(life.terminals()) >= len(calls))
        life.check()
        life.check_answered()
        life.socket.leave()
        await life.end()
        life.check_over()
        await nothing_left(layer)

    with fresh_layer() as layer:
        asyncio.run(live(layer))


async def started(life: Life) -> Life:
    life.begin()
    await until(lambda: life.is_ready)
    return life


async def test_a_broadcast_and_a_disconnect_do_not_wait_behind_a_handler() -> None:
    """While a handler runs, on the loop or in a thread, broadcasts arrive and a disconnect is heard at once."""
    for action, payload in (("slow", None), ("thread", 300.0)):
        with fresh_layer() as layer:
            life = await started(Life(Busybody))
            life.call(action, payload)
            await until(lambda life=life, action=action: life.witness.began[action] == 1)
            await Living.apublish("lobby", Shouted(text="now"))
            await settle()
            assert "life.shouted" == life.socket.frames[-1]["action"]

            life.socket.leave()
            await settle()

            assert {} == layer.groups
            await life.end()
            life.check_over()
            await nothing_left(layer)


async def test_a_thread_that_outlives_its_timeout_holds_only_the_next_call() -> None:
    """A ``def`` handler that takes too long is answered ``timeout`` in time; the next call begins once it has returned."""
    with fresh_layer() as layer:
        life = await started(Life(Busybody))
        life.call("thread.late", 100.0)
        life.call("quick", "next")
        loop = asyncio.get_running_loop()
        began = loop.time()

        await until(lambda: len(life.terminals()) == 1)
        answered = loop.time() - began
        await until(lambda: len(life.terminals()) == 2)

        assert answered < 0.09
        assert loop.time() - began >= 0.09
        assert ["timeout", "next"] == [
            frame["payload"].get("code", frame["payload"].get("got")) for _, frame in life.terminals()
        ]
        life.check()
        life.socket.leave()
        await life.end()
        life.check_over()
        await nothing_left(layer)


async def test_disconnected_waits_for_a_running_thread() -> None:
    """``disconnected`` does not begin while a ``def`` handler of the same connection still runs."""
    with fresh_layer() as layer:
        life = await started(Life(Busybody))
        life.call("thread", 80.0)
        await until(lambda: life.witness.began["thread"] == 1)

        life.socket.leave()
        await life.end()

        life.check_over()
        await nothing_left(layer)


async def test_a_cancelled_handler_that_cleans_up_is_cancelled_once() -> None:
    """A handler that is cancelled at the end of its connection may await what it has to do before it goes."""
    cleaned = []

    class Cleaning(Living):
        @on("clean")
        async def clean(self) -> None:
            try:
                await asyncio.sleep(10)
            finally:
                await asyncio.sleep(0.02)
                cleaned.append(self.scope["path"])

    for end in ("leave", "close"):
        with fresh_layer() as layer:
            life = await started(Life(Cleaning))
            life.call("clean")
            await settle()
            if end == "leave":
                life.socket.leave()
            else:
                life.connection.close(4000)
            await life.end()
            life.check_over()
            await nothing_left(layer)
    assert ["/ws/", "/ws/"] == cleaned


async def test_no_handler_begins_once_the_connection_closes() -> None:
    """Calls that wait when their connection is closed are never begun, however it is closed."""
    for end in ("quit", "leave", "close"):
        with fresh_layer() as layer:
            life = await started(Life())
            if end == "quit":
                life.call("quit")
            for _ in range(5):
                life.call("quick", 1)
            if end == "leave":
                life.socket.leave()
            elif end == "close":
                life.connection.close(4000)
            await life.end()
            life.check_over()
            assert end == "leave" or life.witness.began["quick"] == 0
            await nothing_left(layer)
