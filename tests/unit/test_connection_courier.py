"""Signals reach their receivers in order, beside everything else, and a receiver harms nobody but itself."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

import pytest
from django.dispatch import Signal
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sockets import until
from wsdrf.connection.courier import AT_ONCE, MOST_WAITING, post, signals_delivered

MARK: ContextVar[str] = ContextVar("mark", default="nothing")


class Sender:
    """Stands for a consumer."""


@contextmanager
def heard_by(signal: Signal, *receivers: Callable[..., Any]) -> Iterator[None]:
    """Have ``receivers`` listen while this lasts."""
    for receiver in receivers:
        signal.connect(receiver, weak=False)
    try:
        yield
    finally:
        for receiver in receivers:
            signal.disconnect(receiver)


@given(st.lists(st.tuples(st.sampled_from([0, 1]), st.booleans()), max_size=3 * AT_ONCE))
def test_signals_arrive_in_order(sent: list[tuple[int, bool]]) -> None:
    """Whatever is sent when, each receiver gets each of its signals once, in the order in which they were sent."""
    signals = [Signal(), Signal()]
    plain: list[tuple[int, int]] = []
    asynchronous: list[tuple[int, int]] = []

    def receive(signal: Signal, number: int, **_: Any) -> None:
        plain.append((signals.index(signal), number))

    async def areceive(signal: Signal, number: int, **_: Any) -> None:
        asynchronous.append((signals.index(signal), number))

    async def run() -> None:
        for number, (which, pauses) in enumerate(sent):
            post(signals[which], Sender, number=number)
            if pauses:
                await asyncio.sleep(0)
        await signals_delivered()

    with ExitStack() as stack:
        for signal in signals:
            stack.enter_context(heard_by(signal, receive, areceive))
        asyncio.run(run())

    expected = [(which, number) for number, (which, _) in enumerate(sent)]
    assert expected == plain == asynchronous


async def test_plain_receivers_have_a_thread_and_others_the_loop() -> None:
    """A ``def`` receiver may block: it never runs on the event loop, where an ``async def`` one does."""
    signal, threads = Signal(), {}

    def receive(**_: Any) -> None:
        threads["plain"] = threading.get_ident()

    async def areceive(**_: Any) -> None:
        threads["async"] = threading.get_ident()

    with heard_by(signal, receive, areceive):
        post(signal, Sender)
        await signals_delivered()

    assert threading.get_ident() == threads["async"] != threads["plain"]


async def test_a_slow_receiver_keeps_nobody_waiting(caplog: pytest.LogCaptureFixture) -> None:
    """While a receiver blocks, sending takes no time and a bounded store; what comes on top is dropped and logged."""
    signal, gate, got = Signal(), threading.Event(), []

    def receive(number: int, **_: Any) -> None:
        gate.wait(5)
        got.append(number)

    with heard_by(signal, receive):
        post(signal, Sender, number=0)
        await asyncio.sleep(0)  # the first is on its way
        for number in range(1, MOST_WAITING + 8):
            post(signal, Sender, number=number)
        gate.set()
        await signals_delivered()

    assert list(range(MOST_WAITING + 1)) == got
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert ["Receivers of signals are too slow, so signals are dropped", "Signals were dropped"] == [
        record.message for record in warnings
    ]
    assert 7 == vars(warnings[-1])["dropped"]


async def test_a_failing_receiver_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """What a receiver raises is logged; others get the signal, and the next one arrives everywhere."""
    signal, got = Signal(), []

    def fail(number: int, **_: Any) -> None:
        raise (ValueError, SystemExit)[number]

    async def stray(**_: Any) -> None:
        raise asyncio.CancelledError

    def receive(number: int, **_: Any) -> None:
        got.append(number)

    with heard_by(signal, receive, fail, stray):
        for number in (0, 1):
            post(signal, Sender, number=number)
        await signals_delivered()
        assert [0, 1] == got
        with heard_by(signal, receive):
            post(signal, Sender, number=0)
            await signals_delivered()

    assert [0, 1, 0] == got
    assert {"ERROR"} == {record.levelname for record in caplog.records}


async def test_receivers_start_afresh() -> None:
    """A receiver sees no context variable of the connection, nor of another receiver's past."""
    signal, seen = Signal(), []

    def receive(**_: Any) -> None:
        seen.append(MARK.get())
        MARK.set("left behind")

    MARK.set("the connection's")
    with heard_by(signal, receive):
        for _ in range(3):
            post(signal, Sender)
        await signals_delivered()

    assert ["nothing"] * 3 == seen
    assert "the connection's" == MARK.get()


async def test_only_who_listens_to_the_sender_is_told() -> None:
    """A receiver of another consumer's signals hears nothing, and no signal waits for it."""
    signal, got = Signal(), []

    def receive(**_: Any) -> None:
        got.append(1)

    signal.connect(receive, sender=int)
    post(signal, Sender)
    assert 1 == len(asyncio.all_tasks())
    post(signal, int)
    await signals_delivered()

    assert [1] == got


def test_without_a_loop_nothing_is_sent_and_nothing_raised() -> None:
    """Once the event loop has gone nobody is there to tell, and that is no error."""
    signal, got = Signal(), []
    with heard_by(signal, lambda **_: got.append(1)):
        post(signal, Sender)
    assert [] == got


def test_a_loop_that_has_ended_is_forgotten() -> None:
    """What brought the signals of an event loop does not keep that loop."""
    signal = Signal()
    loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []

    async def run() -> None:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        post(signal, Sender)
        await signals_delivered()

    with heard_by(signal, lambda **_: None):
        asyncio.run(run())
        asyncio.run(run())  # asgiref's thread remembers the last loop that it worked for
    gc.collect()

    assert loops[0]() is None


async def test_what_was_cancelled_begins_again() -> None:
    """Where the task that brings signals was cancelled, as at a server's end, later signals still arrive."""
    signal, got = Signal(), []
    with heard_by(signal, lambda number, **_: got.append(number)):
        post(signal, Sender, number=0)
        (task,) = asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]  # there is one
        task.cancel()
        await until(task.done)
        post(signal, Sender, number=1)
        await signals_delivered()
    assert [0, 1] == got
