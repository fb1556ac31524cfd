"""One connection: streams, actions beside others, bounds, contexts, and the door."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import pytest
from django.utils import timezone, translation
from hypothesis import settings
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import IsAuthenticated

from tests.laws.living import Life, Living, Shouted, fresh_layer, nothing_left
from tests.unit.sockets import FailingLayer, Socket, scope, settle, until
from wsdrf import Consumer, FirstMessage, on
from wsdrf.connection.blueprint import blueprint_of
from wsdrf.connection.connection import Connection
from wsdrf.connection.state import State

PROFILE_IS_THOROUGH = settings().max_examples >= 1000
variable: ContextVar[str] = ContextVar("variable", default="untouched")


async def started(consumer: type[Living] = Living, **hooks: str) -> Life:
    life = Life(consumer, **hooks)
    life.begin()
    await until(lambda: life.is_ready)
    return life


async def ended(*lives: Life, layer: FailingLayer) -> None:
    for life in lives:
        life.socket.reads.set()
        life.witness.gate.set()
        life.socket.leave()
        await life.end()
        life.check_over()
    await nothing_left(layer)


async def opened(life: Life) -> None:
    """Let everything go on that waits for the gate now, and nothing that comes to it later."""
    life.witness.gate.set()
    await settle()
    life.witness.gate.clear()


def of(life: Life, number: int) -> list[Any]:
    """Give the answers of one call: the payload of each item, and how it ended."""
    frames = [frame for frame in life.socket.frames if frame.get("id") == number]
    return [
        frame["payload"].get("code")
        if frame["action"] == "error"
        else frame["action"]
        if frame["action"] == "complete"
        else frame["payload"]
        for frame in frames
    ]


# -- streams -------------------------------------------------------------------------------------------------------------


async def test_a_stream_sends_its_items_and_then_completes() -> None:
    """A frame an item under the call's id and action, and ``complete`` after the last; an empty one just completes."""
    with fresh_layer() as layer:
        life = await started()
        life.witness.gate.set()
        life.call("stream", 4)
        life.call("stream", 0)
        await settle()

        assert [0, 1, 2, 3, "complete"] == of(life, 1)
        assert ["complete"] == of(life, 2)
        assert "stream" == next(frame["action"] for frame in life.socket.frames if frame.get("id") == 1)
        await ended(life, layer=layer)


async def test_a_stream_does_not_hold_up_other_calls() -> None:
    """While a stream waits, calls are answered, and its items go on under its id."""
    with fresh_layer() as layer:
        life = await started()
        life.call("stream", 4)
        life.call("quick", "x")
        await settle()
        assert [[0, 1], [{"got": "x"}]] == [of(life, 1), of(life, 2)]
        await opened(life)
        assert [0, 1, 2, 3, "complete"] == of(life, 1)
        await ended(life, layer=layer)


@pytest.mark.parametrize("times", [1, 3])
async def test_cancel_ends_a_stream_with_one_complete(times: int) -> None:
    """``cancel`` closes the generator and answers ``complete``, once, however often it is sent; then the id is free."""
    with fresh_layer() as layer:
        life = await started()
        life.call("stream", 5)
        await settle()
        for _ in range(times):
            life.socket.say({"action": "cancel", "id": 1})
        await settle()
        life.socket.say({"action": "cancel", "id": 1})
        life.socket.say({"action": "cancel", "id": 99})
        life.socket.say({"action": "cancel"})
        await settle()

        assert [0, 1, "complete"] == of(life, 1)
        assert 0 == life.witness.open_streams
        await ended(life, layer=layer)


async def test_cancel_after_the_end_of_a_slow_client_changes_nothing() -> None:
    """A ``cancel`` that comes when ``complete`` waits to be sent does not make a second one."""
    with fresh_layer() as layer:
        life = await started()
        life.socket.reads.clear()
        life.call("stream", 0)
        life.call("beside", "x")
        life.witness.gate.set()
        await settle()
        for number in (1, 2):
            life.socket.say({"action": "cancel", "id": number})
        await settle()
        life.socket.reads.set()
        await settle()

        assert [["complete"], ["x"]] == [of(life, 1), of(life, 2)]
        await ended(life, layer=layer)


async def test_an_error_inside_a_stream_is_answered_under_its_id() -> None:
    """What a generator raises between two items ends the stream with an error frame."""
    with fresh_layer() as layer:
        life = await started()
        life.witness.gate.set()
        life.call("stream", 3)
        await settle()
        assert [0, 1, 2, "error"] == of(life, 1)
        await ended(life, layer=layer)


async def test_streams_and_concurrent_actions_are_bounded() -> None:
    """Beyond ``max_streams`` or ``max_concurrent_actions``, or under an id in use, the answer is ``busy``."""
    with fresh_layer() as layer:
        life = await started()
        for action, payload in (
            ("stream", 5),
            ("stream", 5),
            ("stream", 5),
            ("beside", "a"),
            ("beside", "b"),
            ("beside", "c"),
        ):
            life.call(action, payload)
        await settle()
        assert [["busy"], ["busy"]] == [of(life, 3), of(life, 6)]
        life.socket.say({"action": "cancel", "id": 1})
        await settle()
        life.socket.say({"action": "stream", "payload": 1, "id": 2})
        life.call("stream", 1)
        await opened(life)

        assert [0, 1, "complete"] == of(life, 1)
        assert [0, 1, 2, 3, 4, "complete"] == [one for one in of(life, 2) if one != "busy"]
        assert 1 == of(life, 2).count("busy")
        life.socket.sent = [one for one in life.socket.sent if '"busy"' not in one.get("text", "")]  # an id used twice
        assert [0, "complete"] == of(life, 7)
        assert [["a"], ["b"]] == [of(life, 4), of(life, 5)]
        await ended(life, layer=layer)


class Streams(Living):
    max_streams = 16

    @on("forever")
    async def forever(self) -> AsyncIterator[int]:
        try:
            while True:
                yield 1
                await asyncio.sleep(0)
        finally:
            self.witness.began["forever closed"] += 1

    @on("items", timeout=0.03)
    async def items(self, payload: list[float]) -> AsyncIterator[float]:
        try:
            for seconds in payload:
                await asyncio.sleep(seconds)
                yield seconds
        finally:
            self.witness.began["items closed"] += 1

    @on("bad")
    async def bad(self) -> AsyncIterator[object]:
        yield object()

    @on("gaps")
    async def gaps(self) -> AsyncIterator[int | None]:
        yield 1
        yield None
        yield 2

    @on("ask.again")
    async def ask_again(self) -> AsyncIterator[str]:
        await asyncio.sleep(0)
        await self.check_permissions()
        yield "may"


async def test_the_end_of_a_connection_closes_its_generators() -> None:
    """A disconnect runs the ``finally`` of every generator, wherever it waits."""
    for stall in (False, True):
        with fresh_layer() as layer:
            life = await started(Streams)
            life.call("forever")
            await settle()
            if stall:
                life.socket.reads.clear()
                await settle()
            life.socket.leave()
            await life.end()
            assert 1 == life.witness.began["forever closed"]
            life.check_over()
            await nothing_left(layer)


async def test_the_timeout_of_a_stream_is_for_each_item() -> None:
    """A stream may last; an item that takes longer than ``timeout`` ends it with ``timeout``."""
    with fresh_layer() as layer:
        life = await started(Streams)
        life.call("items", [0.015, 0.015, 0.015, 0.0])
        life.call("items", [0.0, 5.0])
        await until(lambda: len(life.terminals()) == 2)
        assert [[0.015, 0.015, 0.015, 0.0, "complete"], [0.0, "timeout"]] == [of(life, 1), of(life, 2)]
        assert 2 == life.witness.began["items closed"]
        await ended(life, layer=layer)


async def test_odd_items_of_a_stream() -> None:
    """``None`` is no item; what cannot be sent is an error; guards can be asked again inside."""
    with fresh_layer() as layer:
        life = await started(Streams)
        life.call("gaps")
        life.call("bad")
        life.call("ask.again")
        await settle()
        await until(lambda: len(life.terminals()) == 3)
        assert [[1, 2, "complete"], ["error"], ["may", "complete"]] == [of(life, n) for n in (1, 2, 3)]
        await ended(life, layer=layer)


async def test_a_stream_waits_for_a_client_that_does_not_read() -> None:
    """A generator is not asked for the next item while the last one is not sent."""
    with fresh_layer() as layer:

        class Counting(Living):
            send_timeout = 5

            @on("count")
            async def count(self) -> AsyncIterator[int]:
                for number in range(1000):
                    self.witness.began["items"] += 1
                    yield number

        life = await started(Counting)
        life.socket.reads.clear()
        life.call("count")
        await settle(100)
        assert 1 == life.witness.began["items"]
        life.socket.reads.set()
        await until(lambda: len(life.terminals()) == 1)
        assert [*range(1000), "complete"] == of(life, 1)
        await ended(life, layer=layer)


# -- one after the other -------------------------------------------------------------------------------------------------


async def test_a_handler_that_takes_too_long_is_answered() -> None:
    """``timeout`` answers 504 ``timeout``, and the next call works."""
    with fresh_layer() as layer:
        life = await started()
        life.call("late")
        life.call("quick", 1)
        await until(lambda: len(life.terminals()) == 2)
        error = life.terminals()[0][1]["payload"]
        assert (504, "timeout") == (error["status_code"], error["code"])
        assert [{"got": 1}] == of(life, 2)
        await ended(life, layer=layer)


async def test_an_idle_connection_has_no_task_but_its_worker() -> None:
    """Who only listens has no task besides the server's; who calls keeps one worker, and nothing else is left."""
    with fresh_layer() as layer:
        before = asyncio.all_tasks()
        life = await started()
        await settle()
        tasks = asyncio.all_tasks() - before
        workers = [task for task in tasks if "Desk._run" in repr(task)]
        assert [] == workers
        life.witness.gate.set()
        for _ in range(3):
            for action, payload in (("quick", 1), ("stream", 3), ("beside", "x")):
                life.call(action, payload)
            await settle()
            assert [True] == ["Desk._run" in repr(task) for task in asyncio.all_tasks() - before - tasks]
        await ended(life, layer=layer)


class Leaky(Living):
    """A consumer whose actions leave things behind in their context."""

    seen: list[tuple[str, str, str]] = []

    def look(self) -> list[str]:
        return [variable.get(), translation.get_language(), timezone.get_current_timezone_name()]

    def change(self) -> None:
        variable.set("changed")
        translation.activate("fr")
        timezone.activate("Asia/Tokyo")

    @on("look")
    async def look_here(self) -> list[str]:
        return self.look()

    @on("look.thread")
    def look_in_thread(self) -> list[str]:
        return self.look()

    @on("change")
    async def change_here(self) -> list[str]:
        self.change()
        return self.look()

    @on("change.thread")
    def change_in_thread(self) -> list[str]:
        self.change()
        return self.look()

    @on("change.stream")
    async def change_in_stream(self) -> AsyncIterator[list[str]]:
        self.change()
        yield self.look()

    @on("change.beside", concurrent=True)
    async def change_beside(self) -> list[str]:
        self.change()
        return self.look()

    async def connected(self) -> None:
        await super().connected()
        self.change()


async def test_nothing_leaks_from_action_to_action() -> None:
    """Context variables, translation and time zone start afresh for each action and each connection, threads included."""
    with fresh_layer() as layer:
        clean = ["untouched", "en-us", "UTC"]
        lives = [await started(Leaky), await started(Leaky)]
        for change in ("change", "change.thread", "change.stream", "change.beside"):
            for life in lives:
                changed = life.call(change)
                looks = [life.call(look) for look in ("look", "look.thread", "look")]
                await until(lambda life=life: len(life.terminals()) == len(life.calls))
                assert ["changed", "fr", "Asia/Tokyo"] == of(life, changed)[0]
                assert [[clean]] * 3 == [of(life, look) for look in looks]
        await ended(*lives, layer=layer)


# -- bounds --------------------------------------------------------------------------------------------------------------


def bounded(**options: Any) -> type[Living]:
    return type("Bounded", (Living,), {"max_errors": None, **options})


async def closing(life: Life, layer: FailingLayer) -> int:
    await life.end()
    life.check_over()
    await nothing_left(layer)
    assert 1 == len(life.socket.codes)
    return life.socket.codes[0]


@pytest.mark.parametrize("char", ["x", "é", "€", "\U0001f600"])
async def test_size_is_measured_in_utf8(char: str) -> None:
    """A frame of exactly ``max_message_size`` bytes of UTF-8 is read, and one of a byte more closes with 4413."""
    consumer = bounded(max_message_size=200)
    for extra, as_bytes in ((0, False), (1, False), (0, True), (1, True)):
        with fresh_layer() as layer:
            life = await started(consumer)
            frame = f'{{"action":"quick","id":1,"payload":"{char}"}}'
            frame += " " * (200 - len(frame.encode()) + extra)
            message: dict[str, Any] = {"bytes": frame.encode()} if as_bytes else {"text": frame, "bytes": None}
            life.calls[1] = "quick"
            life.socket.incoming.put_nowait({"type": "websocket.receive", **message})
            await settle()
            if extra:
                assert 4413 == await closing(life, layer)
            else:
                assert [{"got": char}] == of(life, 1)
                await ended(life, layer=layer)


@pytest.mark.parametrize("options", [{"max_queued_messages": 5}, {"max_queued_bytes": 300, "max_message_size": 300}])
async def test_too_many_waiting_calls_close(options: dict[str, int]) -> None:
    """Calls beyond what may wait close with 4429, while a handler runs; none of them is begun."""
    with fresh_layer() as layer:
        life = await started(bounded(**options))
        life.call("slow")
        await settle()
        for _ in range(5):
            life.call("quick", "x" * 10)
        await settle()
        assert life.is_ready
        life.call("quick", "x" * 10)
        assert 4429 == await closing(life, layer)
        assert 0 == life.witness.began["quick"]


async def test_a_rate_is_told_before_it_closes() -> None:
    """``message_rate`` answers ``throttled`` without reading the frame, in its turn, and then closes with 4429."""
    with fresh_layer() as layer:
        life = await started(bounded(message_rate="3/m"))
        for text in ('{"action":"ping"}', '{"action":"ping"}', '{"action":"ping"}', "{", "{", "{"):
            life.socket.say(text)
        await settle()
        assert [*["pong"] * 3, *["error"] * 3] == [frame["action"] for frame in life.socket.frames[1:]]
        assert {"throttled"} == {frame["payload"]["code"] for frame in life.socket.frames[4:]}
        assert all(frame["payload"]["retry_after"] >= 1 for frame in life.socket.frames[4:])
        life.socket.say("{")
        assert 4429 == await closing(life, layer)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", 4400),
        ('{"action":7}', 4400),
        ('{"action":"nothing"}', 4400),
        ('{"action":"quick"}', 4400),
        ('{"action":"fail","payload":"deny"}', 4429),
    ],
)
async def test_errors_use_up_a_budget(text: str, code: int) -> None:
    """``max_errors`` mistakes are answered; one more closes, with 4400 where it is malformed and else with 4429."""
    with fresh_layer() as layer:
        life = await started(bounded(max_errors="3/m"))
        for _ in range(3):
            life.socket.say(text)
        await settle()
        assert ["error"] * 3 == [frame["action"] for frame in life.socket.frames[1:]]
        life.socket.say(text)
        assert code == await closing(life, layer)


async def test_a_malformed_frame_is_answered_in_its_turn() -> None:
    """The error of a malformed frame comes after the answers of the calls before it."""
    with fresh_layer() as layer:
        life = await started()
        life.call("slow")
        life.socket.say("{")
        await settle()
        assert 1 == len(life.socket.frames)
        await opened(life)
        assert ["complete", "error"] == [frame["action"] for frame in life.socket.frames[1:]]
        await ended(life, layer=layer)


async def test_a_client_that_does_not_read_is_closed_and_costs_others_nothing() -> None:
    """A send that never returns loses its groups and is closed with 4408; other members get everything at once."""
    with fresh_layer() as layer:
        stuck, other = await started(bounded(send_timeout=0.1)), await started()
        stuck.socket.reads.clear()
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(20):
            await Living.apublish("lobby", Shouted(text=str(number)))
        await settle()
        assert 20 == sum(frame["action"] == "life.shouted" for frame in other.socket.frames)
        assert loop.time() - began < 0.1

        await until(lambda: not stuck.connection.membership.groups)
        assert 0.05 < loop.time() - began < 0.5
        stuck.socket.reads.set()
        assert 4408 == (await closing_of_one(stuck))
        await ended(other, layer=layer)


async def closing_of_one(life: Life) -> int:
    await life.end()
    life.check_over()
    return life.socket.codes[0]


async def test_too_many_unsent_bytes_lose_the_groups_at_once() -> None:
    """More than ``max_unsent_bytes`` that wait to be sent end the connection with 4408 without waiting any longer."""
    with fresh_layer() as layer:
        life = await started(bounded(max_unsent_bytes=1000, send_timeout=60))
        life.socket.reads.clear()
        for _ in range(10):
            await Living.apublish("lobby", Shouted(text="\u00e9" * 100))
        await settle()
        assert not life.connection.membership.groups
        assert {} == layer.groups
        life.socket.reads.set()
        assert 4408 == await closing(life, layer)


async def test_a_client_that_reads_slowly_does_not_hold_its_end() -> None:
    """What is unsent when a connection is closed is given ``send_timeout`` seconds as a whole."""
    with fresh_layer() as layer:
        life = await started(bounded(send_timeout=0.1))
        socket = life.socket

        async def drip(message: Any) -> None:
            await asyncio.sleep(0.08)
            socket.sent.append(message)

        life.connection._outbox._send = drip
        for _ in range(50):
            life.connection._outbox.put("{}")
        loop = asyncio.get_running_loop()
        began = loop.time()
        life.connection.close(4000)
        socket.leave()
        await life.end()
        assert loop.time() - began < 1
        await nothing_left(layer)


# -- the door ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hooks", "code", "connected"),
    [
        ({"authenticate": "refuse"}, 4403, 0),
        ({"authenticate": "raise"}, 4500, 0),
        ({"build_groups": "raise"}, 4500, 0),
        ({"build_groups": "deny"}, 4403, 0),
        ({"build_groups": "stray"}, 4500, 0),
        ({"connected": "raise"}, 4500, 1),
        ({"connected": "deny"}, 4403, 1),
        ({"connected": "stray"}, 4500, 1),
    ],
)
async def test_a_hook_that_fails_keeps_the_door_shut(hooks: dict[str, str], code: int, connected: int) -> None:
    """A hook that raises closes with what DRF answers or with 4500; ``disconnected`` follows iff ``connected`` began."""
    with fresh_layer() as layer:
        life = Life(**hooks)
        life.begin()
        life.call("quick", 1)
        assert code == await closing(life, layer)
        assert (connected, 0) == (life.witness.began["disconnected"], life.witness.began["quick"])


async def test_too_many_groups_of_its_own_are_busy() -> None:
    """``build_groups`` that names more than ``max_groups`` closes with 4503, and all are left."""

    class Crowded(Living):
        async def build_groups(self) -> list[str]:
            return ["a", "b", "c", "d"]

    with fresh_layer() as layer:
        life = Life(Crowded)
        life.begin()
        assert 4503 == await closing(life, layer)


async def test_calls_that_come_early_wait() -> None:
    """What a server delivers before the client is let in is answered afterwards, in its order."""
    with fresh_layer() as layer:
        life = Life(connected="wait")
        life.begin()
        life.call("quick", 1)
        life.socket.say({"action": "ping"})
        life.call("quick", 2)
        await settle()
        assert ["authentication"] == [frame["action"] for frame in life.socket.frames]
        await opened(life)
        assert ["authentication", "quick", "pong", "quick"] == [frame["action"] for frame in life.socket.frames]
        await ended(life, layer=layer)


async def test_a_first_message_that_is_no_login_is_refused() -> None:
    """Where a token may come by message, any other first message ends in the refusal, and so does silence."""

    class Late(Consumer):
        authentication_classes = [SessionAuthentication]
        permission_classes = [IsAuthenticated]
        credential_carriers = [FirstMessage()]
        authentication_timeout = 0.05

    for text in ('{"action":"quick"}', "{", '{"action":"ping"}', None):
        with fresh_layer() as layer:
            socket = Socket()
            connection = Connection(blueprint_of(Late, Consumer), scope(), socket.receive, socket.send)
            socket.connect()
            task = asyncio.ensure_future(connection.run())
            await until(lambda socket=socket: bool(socket.sent))
            if text is not None:
                socket.say(text)
            await asyncio.wait_for(task, 5)
            assert [4408 if text is None else 4403] == socket.codes
            assert State.CLOSED is connection.state
            await nothing_left(layer)


# -- nothing is left -----------------------------------------------------------------------------------------------------


def test_cycles_leave_nothing_behind() -> None:
    """Thousands of clients that connect, speak and abort leave no task, no group, no member and no connection object."""
    cycles = 5000 if PROFILE_IS_THOROUGH else 500

    async def cycle(number: int) -> None:
        life = Life()
        life.begin()
        for action, payload in (("quick", 1), ("stream", 5), ("move", "a"), ("beside", "x"), ("slow", None)):
            life.call(action, payload)
        await settle(number % 25)
        if number % 3 == 0:
            life.task.cancel()
        elif number % 3 == 1:
            life.socket.leave()
        else:
            life.connection.close(4000)
        await life.end()

    def alive() -> int:
        gc.collect()
        return sum(type(one) in {Connection, Life} for one in gc.get_objects())

    async def live(layer: FailingLayer) -> None:
        before = alive()
        for first in range(0, cycles, 50):
            await asyncio.gather(*(cycle(number) for number in range(first, first + 50)))
        await nothing_left(layer)
        assert before == alive()

    with fresh_layer() as layer:
        asyncio.run(live(layer))


def test_no_error_is_logged_for_what_a_client_does(caplog: pytest.LogCaptureFixture) -> None:
    """A client's mistakes are no errors in the log."""
    caplog.set_level(logging.INFO, "wsdrf")

    async def live(layer: FailingLayer) -> None:
        logging.disable(logging.NOTSET)
        life = await started()
        for text in (
            "{",
            "[]",
            '{"action":"nothing"}',
            '{"action":"quick"}',
            json.dumps({"action": "fail", "payload": 7}),
        ):
            life.socket.say(text)
        await settle()
        await ended(life, layer=layer)

    with fresh_layer() as layer:
        asyncio.run(live(layer))
    assert [] == caplog.records
