"""Clients leave a few at a time when the process is told to end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.test import override_settings

from wsdrf.connection.shutdown import Shutdown, turn_away


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """Be the server, which hears of the signal in its own handler."""
    numbers: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: numbers.append(number))
    yield numbers
    signal.signal(signal.SIGTERM, before)


async def stay(shutdown: Shutdown, seconds: float | None, codes: list[int], *, heeds: bool = True) -> None:
    left = asyncio.Event()

    def close(code: int) -> None:
        codes.append(code)
        if heeds:
            left.set()

    shutdown.include(close, seconds)
    try:
        await left.wait()
    finally:
        shutdown.exclude(close)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_server_hears_of_the_signal_when_all_have_left(heard: list[int]) -> None:
    """A signal closes every connection with 4503 in its time, and then reaches the server's own handler once."""
    shutdown, codes = Shutdown(), list[int]()
    tasks = [asyncio.create_task(stay(shutdown, 0.2, codes)) for _ in range(10)]
    await settled()

    signal.raise_signal(signal.SIGTERM)

    assert [] == heard
    await asyncio.gather(*tasks)
    await settled()
    assert ([4503] * 10, [signal.SIGTERM]) == (codes, heard)
    assert shutdown.has_begun


async def test_a_second_signal_reaches_the_server_at_once(heard: list[int]) -> None:
    """Who asks twice is heard, and the clients' leaving goes on."""
    shutdown, codes = Shutdown(), list[int]()
    task = asyncio.create_task(stay(shutdown, 0.2, codes))
    await settled()

    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)

    assert [signal.SIGTERM] == heard
    await task
    await settled()
    assert [signal.SIGTERM] * 2 == heard


async def test_nobody_is_waited_for_in_vain(heard: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that does not end holds the server up for a margin beyond its time, and no longer."""
    monkeypatch.setattr("wsdrf.connection.shutdown.MARGIN", 0.05)
    shutdown, codes = Shutdown(), list[int]()
    task = asyncio.create_task(stay(shutdown, 0.05, codes, heeds=False))
    await settled()

    signal.raise_signal(signal.SIGTERM)
    await asyncio.sleep(0.5)

    assert ([4503], [signal.SIGTERM]) == (codes, heard)
    task.cancel()


async def test_without_anybody_to_wait_for_nothing_is_delayed(heard: list[int]) -> None:
    """Once the last connection has left, or where those that are open do not take part, the server hears at once."""
    shutdown, codes = Shutdown(), list[int]()
    gone = asyncio.create_task(stay(shutdown, 1.0, codes))
    here = asyncio.create_task(stay(shutdown, None, codes))
    await settled()
    gone.cancel()
    await settled()

    signal.raise_signal(signal.SIGTERM)

    assert [signal.SIGTERM] == heard
    assert [] == codes
    here.cancel()


async def test_a_reload_while_developing_is_not_delayed(heard: list[int]) -> None:
    """With DEBUG the server keeps its own handler."""
    with override_settings(DEBUG=True):
        task = asyncio.create_task(stay(Shutdown(), 1.0, []))
        await settled()

    signal.raise_signal(signal.SIGTERM)

    assert [signal.SIGTERM] == heard
    task.cancel()


async def test_a_server_beside_the_main_thread_is_left_alone(heard: list[int]) -> None:
    """Signals are the main thread's: a server in another one opens its connections without touching them."""
    before = signal.getsignal(signal.SIGTERM)

    def enter(shutdown: Shutdown) -> None:
        def close(code: int) -> None:
            raise AssertionError(code)

        shutdown.include(close, 1.0)
        shutdown.exclude(close)

    await asyncio.to_thread(partial(enter, Shutdown()))

    assert before == signal.getsignal(signal.SIGTERM)


async def test_a_newcomer_is_turned_away() -> None:
    """Who connects while the process ends is accepted, so that the code arrives, and closed with 4503."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await turn_away({"type": "websocket", "headers": [], "subprotocols": []}, receive, send)

    assert ["websocket.accept", "websocket.close"] == [message["type"] for message in sent]
    assert 4503 == sent[1]["code"]
