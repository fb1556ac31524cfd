"""Bring Django signals to their receivers, in order, beside all connections."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextvars import Context
from functools import cache, partial
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

from django.dispatch import Signal

from wsdrf.connection.pool import Pool, carry_over

logger: logging.Logger = logging.getLogger("wsdrf.connection")

MOST_WAITING: Final = 1000
"""Signals that may wait for slow receivers. What comes then is dropped: no connection waits, and no memory grows."""

AT_ONCE: Final = 50
"""Signals that one visit to the thread brings, at most."""

Delivery: TypeAlias = Callable[[], object]


class Courier:
    """What waits to be told in one event loop.

    All signals of a process share one thread, apart from the pool of guards and handlers, which slow receivers would
    otherwise keep busy. Receivers that are ``async def`` run on the event loop meanwhile.
    """

    __slots__ = ("_dropped", "_task", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[Delivery] = deque()
        self._task: asyncio.Task[None] | None = None
        self._dropped = 0

    def take(self, delivery: Delivery) -> None:
        """Take ``delivery`` for its turn, or drop it where too many wait. Never waits."""
        if len(self._waiting) >= MOST_WAITING:
            if not self._dropped:
                logger.warning("Receivers of signals are too slow, so signals are dropped")
            self._dropped += 1
            return
        self._waiting.append(delivery)
        if self._task is None or self._task.done():
            context = Context()  # nothing of the connection that happened to come first
            carry_over(context)
            self._task = context.run(asyncio.get_running_loop().create_task, self._deliver())

    async def delivered(self) -> None:
        """Wait until everything has been delivered."""
        while self._task is not None and not self._task.done():
            await asyncio.wait({self._task})

    async def _deliver(self) -> None:
        try:
            while self._waiting:
                some = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
                await _thread().run(_bring, some)
        finally:
            self._task = None  # it knows its loop, which would never be forgotten
            if self._dropped:
                logger.warning("Signals were dropped", extra={"dropped": self._dropped})
                self._dropped = 0


@cache
def _thread() -> Pool:
    return Pool(1)


def _bring(deliveries: list[Delivery]) -> None:
    for delivery in deliveries:
        try:
            Context().run(delivery)  # afresh for each: what a receiver leaves there reaches nobody
        except BaseException:  # Django has logged what is an Exception; a receiver that was cancelled is none
            logger.exception("A signal was not delivered")


_couriers: WeakKeyDictionary[asyncio.AbstractEventLoop, Courier] = WeakKeyDictionary()


def post(signal: Signal, sender: type, **facts: Any) -> None:
    """Send ``signal`` to those who listen, later; never wait, never raise."""
    if not signal.has_listeners(sender):
        return
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # the loop has been closed over something that had not ended: nobody is there to bring it
        return
    _couriers.setdefault(loop, Courier()).take(partial(signal.send_robust, sender, **facts))


async def signals_delivered() -> None:
    """Wait until the signals that have been sent in this event loop have reached their receivers."""
    courier = _couriers.get(asyncio.get_running_loop())
    if courier is not None:
        await courier.delivered()
