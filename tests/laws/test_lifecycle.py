"""Whatever happens on a connection, in whatever order, the laws of its life hold, and it leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from channels.layers import get_channel_layer
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.laws.living import Happened, Life, Living, fresh_layer, nothing_left
from tests.unit.sockets import settle
from wsdrf.connection.state import State

HOOKS = st.fixed_dictionaries(
    {},
    optional={
        "authenticate": st.sampled_from(["raise", "refuse", "wait"]),
        "build_groups": st.sampled_from(["raise", "deny", "wait", "stray"]),
        "connected": st.sampled_from(["raise", "deny", "wait", "stray"]),
        "disconnected": st.sampled_from(["raise", "deny", "stray"]),
    },
)
MOSTLY_GOOD = st.one_of(st.just({}), st.just({}), HOOKS)
CALLS = st.sampled_from(
    [
        ("quick", [1, {"a": None}]),
        ("slow", None),
        ("late", None),
        ("fail", "deny"),
        ("fail", "stray"),
        ("fail", "other"),
        ("fail", 7),
        ("move", "a"),
        ("move", "b"),
        ("move", "c"),
        ("move", "not a name"),
        ("move", "wsdrf.x"),
        ("shout", "hello"),
        ("stream", 0),
        ("stream", 3),
        ("stream", 5),
        ("beside", "x"),
        ("beside", "fail"),
        ("nothing.such", None),
    ]
)
MALFORMED = st.sampled_from(["", "{", "[]", '"x"', '{"action": 7}', '{"id": "x"}', "\ud800", "[" * 100])
WHICH = st.integers(0, 1)


class Lives(RuleBasedStateMachine):
    """Two connections of one loop. Each rule does one thing, and lets everything run that can."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.unhandled: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda _, context: self.unhandled.append(context))
        self.layer_context = fresh_layer()
        self.layer = self.layer_context.__enter__()
        self.lives: list[Life] = []
        self.past: list[Life] = []

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def turn(self, turns: int = 30) -> None:
        self.run(settle(turns))

    async def made(self, hooks: dict[str, str]) -> Life:
        life = Life(**hooks)
        life.begin()
        await settle()
        return life

    @initialize(one=MOSTLY_GOOD, other=MOSTLY_GOOD)
    def connect(self, one: dict[str, str], other: dict[str, str]) -> None:
        self.lives = [self.run(self.made(one)), self.run(self.made(other))]

    @rule(which=WHICH, calls=st.lists(CALLS, min_size=1, max_size=4))
    def calls(self, which: int, calls: list[tuple[str, Any]]) -> None:
        for action, payload in calls:
            self.lives[which].call(action, payload)
        self.turn()

    @rule(which=WHICH, text=MALFORMED)
    def malformed(self, which: int, text: str) -> None:
        self.lives[which].socket.say(text)
        self.turn()

    @rule(which=WHICH, at=st.integers(1, 10))
    def cancel(self, which: int, at: int) -> None:
        self.lives[which].socket.say({"action": "cancel", "id": at})
        self.lives[which].socket.say({"action": "cancel", "id": at})
        self.turn()

    @rule(which=WHICH, token=st.sampled_from(["good", "good", "bad"]))
    def authenticate(self, which: int, token: str) -> None:
        self.lives[which].socket.say({"action": "authenticate", "token": token})
        self.turn()

    @rule(which=WHICH)
    def ping(self, which: int) -> None:
        life = self.lives[which]
        before = sum(frame["action"] == "pong" for frame in life.socket.frames)
        reads = life.is_ready and life.socket.reads.is_set()
        life.socket.say({"action": "ping"})
        self.turn()
        if reads and life.is_ready:
            assert before + 1 == sum(frame["action"] == "pong" for frame in life.socket.frames)

    @rule(which=WHICH)
    def release(self, which: int) -> None:
        self.run(self.opened(self.lives[which]))

    async def opened(self, life: Life) -> None:
        life.witness.gate.set()
        await settle()
        life.witness.gate.clear()
        await settle()

    @rule(group=st.sampled_from(["lobby", "a", "b"]), text=st.sampled_from(["", "news", "fail", "stray"]))
    def publish(self, group: str, text: str) -> None:
        self.run(Living.apublish(group, Happened(text=text)))
        self.turn()

    @rule(group=st.sampled_from(["lobby", "a"]), junk=st.sampled_from([{}, {"type": "close"}, {"type": "wsdrf.event"}]))
    def junk_on_the_layer(self, group: str, junk: dict[str, Any]) -> None:
        layer = get_channel_layer()
        self.run(layer.group_send(group, junk))
        self.turn()

    @rule(which=WHICH)
    def stop_reading(self, which: int) -> None:
        self.lives[which].socket.reads.clear()

    @rule(which=WHICH)
    def read_again(self, which: int) -> None:
        self.lives[which].socket.reads.set()
        self.turn()

    @rule(seconds=st.sampled_from([0.0, 0.02]))
    def wait(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))

    @rule(which=WHICH, code=st.sampled_from([1000, 1006, None, 4999]))
    def leave(self, which: int, code: int | None) -> None:
        self.lives[which].socket.leave(code)
        self.turn()

    @rule(which=WHICH)
    def quit(self, which: int) -> None:
        self.lives[which].call("quit")
        self.turn()

    @rule(which=WHICH)
    def close_from_outside(self, which: int) -> None:
        self.run(self.closed(self.lives[which]))
        self.turn()

    async def closed(self, life: Life) -> None:
        life.connection.close(4009)
        life.connection.close(4010)

    @rule(which=WHICH, turns=st.integers(0, 5))
    def kill(self, which: int, turns: int) -> None:
        task = self.lives[which].task
        self.turn(turns)
        if task is not None:
            task.cancel()
        self.turn()

    @precondition(lambda self: any(life.connection.state is State.CLOSED for life in self.lives))
    @rule(which=WHICH, hooks=MOSTLY_GOOD)
    def connect_again(self, which: int, hooks: dict[str, str]) -> None:
        life = self.lives[which]
        if life.connection.state is State.CLOSED:
            self.past.append(life)
            self.lives[which] = self.run(self.made(hooks))

    @invariant()
    def laws_hold(self) -> None:
        for life in self.lives:
            life.check()

    def teardown(self) -> None:
        try:
            self.run(self.finished())
            assert [] == self.unhandled
        finally:
            self.loop.close()
            self.layer_context.__exit__(None, None, None)

    async def finished(self) -> None:
        for life in self.lives:
            life.socket.reads.set()
            life.witness.gate.set()
        await asyncio.sleep(0.05 if any("late" in life.calls.values() for life in self.lives) else 0)
        for life in self.lives:
            late = sum(action == "late" for action in life.calls.values())
            await asyncio.sleep(0.015 * late)
            await settle(60)
            if life.is_ready:
                life.check_answered()
            life.socket.leave()
        for life in self.lives + self.past:
            await life.end()
            life.check_over()
        await nothing_left(self.layer)


Lives.TestCase.settings = settings(stateful_step_count=25, deadline=None)
TestLives = Lives.TestCase


async def trail(life: Life) -> None:
    """Do a little of everything with one connection, from its handshake to its end."""
    life.begin()
    for action, payload in (
        ("quick", 1),
        ("stream", 5),
        ("beside", "x"),
        ("move", "a"),
        ("shout", "hello"),
        ("slow", None),
    ):
        life.call(action, payload)
        await settle(5)
    life.socket.say({"action": "cancel", "id": 2})
    await settle(5)
    await Living.apublish("a", Happened(text="news"))
    await settle()
    life.witness.gate.set()
    await settle()
    life.call("stream", 5)
    life.call("slow")
    life.witness.gate.clear()
    await settle()
    life.socket.leave()
    await life.end()


class Interrupting:
    """Drive a coroutine, and throw ``CancelledError`` into it in place of its ``at``-th wait."""

    def __init__(self, work: Coroutine[Any, Any, Any], at: int) -> None:
        self.work = work
        self.at = at
        self.waits = 0
        self.was_thrown = False

    def __await__(self) -> Any:
        advance, argument = self.work.send, None
        while True:
            try:
                waiting = advance(argument)
            except StopIteration as stop:
                return stop.value
            self.waits += 1
            if self.waits == self.at:
                self.was_thrown = True
                if waiting is not None:
                    waiting._asyncio_future_blocking = False
                    waiting.cancel()
                advance, argument = self.work.throw, asyncio.CancelledError()
                continue
            try:
                argument = yield waiting
            except BaseException as error:  # noqa: BLE001 - goes on to the coroutine, which is what is driven
                advance, argument = self.work.throw, error
            else:
                advance = self.work.send


async def interrupted(at: int, *, is_lazy: bool) -> bool:
    """Live with a cancellation at the ``at``-th wait of the connection's own task; tell whether there was one."""
    life = Life()
    life.socket.is_lazy = is_lazy
    driven = Interrupting(life.connection.run(), at)

    async def run() -> None:
        await driven

    def begin() -> None:
        life.socket.connect()
        life.task = asyncio.get_running_loop().create_task(run())

    life.begin = begin  # type: ignore[method-assign]  # the same, with the interruption between
    await trail(life)
    life.check_over()
    return driven.was_thrown


@pytest.mark.parametrize("is_lazy", [False, True])
def test_cancellation_at_any_wait_leaves_nothing_behind(is_lazy: bool) -> None:
    """A cancellation at the k-th wait of a connection, for each k, ends it as any other end does."""
    for at in range(1, 1000):
        with fresh_layer() as layer:

            async def live(at: int = at, layer: Any = layer) -> bool:
                was_thrown = await interrupted(at, is_lazy=is_lazy)
                await nothing_left(layer)
                return was_thrown

            if not asyncio.run(live()):
                break
    assert 5 < at < 999


@pytest.mark.parametrize("turns", range(1, 40))
def test_cancellation_in_any_turn_leaves_nothing_behind(turns: int) -> None:
    """A connection whose task is cancelled after so many turns of the loop ends as any other does."""

    async def live(layer: Any) -> None:
        life = Life()
        life.begin()
        for action, payload in (
            ("quick", 1),
            ("stream", 5),
            ("move", "a"),
            ("beside", "x"),
            ("shout", "x"),
            ("slow", None),
        ):
            life.call(action, payload)
        await settle(turns)
        assert life.task is not None
        life.task.cancel()
        await life.end()
        life.check_over()
        await nothing_left(layer)

    with fresh_layer() as layer:
        asyncio.run(live(layer))
