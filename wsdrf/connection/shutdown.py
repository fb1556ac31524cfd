"""Let clients leave a few at a time when the server process is told to end."""

from __future__ import annotations

import asyncio
import logging
import random
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, TypeAlias

from attrs import define, field
from django.conf import settings

from wsdrf.access.carriers import Scope
from wsdrf.connection.handshake import accept
from wsdrf.connection.outbox import Send

logger: logging.Logger = logging.getLogger("wsdrf.connection")

MARGIN: Final = 1.0
"""Seconds beyond ``drain_timeout`` after which the server ends, whoever has not left."""

Close: TypeAlias = Callable[[int], None]


@define(eq=False)
class Shutdown:
    """The end of one server process, seen from its event loop.

    Servers end their connections all at once, each with a code of its own, and some with none; an application hears
    of it when it is too late. So the signal that ends a server is kept from it until the clients have left.
    """

    _open: dict[Close, float] = field(factory=dict[Close, float], init=False)
    _previous: Callable[[int, FrameType | None], Any] | None = field(default=None, init=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, init=False)
    _task: asyncio.Task[None] | None = field(default=None, init=False)
    _left: asyncio.Event | None = field(default=None, init=False)

    @property
    def has_begun(self) -> bool:
        """Tell whether the process is about to end: nobody is let in any more."""
        return self._task is not None

    def include(self, close: Close, seconds: float | None) -> None:
        """Call ``close`` within ``seconds`` from when the process is told to end; never, where they are ``None``."""
        if seconds is not None:
            self._listen()
            self._open[close] = seconds

    def exclude(self, close: Close) -> None:
        """Do not call ``close`` any more."""
        self._open.pop(close, None)
        if self._left is not None and not self._open:
            self._left.set()

    def _listen(self) -> None:
        # Only now, because servers set their own handlers after they have loaded the application.
        if self._previous is not None or threading.current_thread() is not threading.main_thread():
            return
        handler = signal.getsignal(signal.SIGTERM)
        if callable(handler) and not settings.DEBUG:  # a reload while somebody develops is not to wait
            self._previous, self._loop = handler, asyncio.get_running_loop()
            signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        # The server's own handler is back from here on: a second signal ends it at once.
        signal.signal(signal.SIGTERM, self._previous)
        loop = self._loop
        if loop is None or loop.is_closed() or not self._open:
            self._hand_on()
        else:
            loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._drain())

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        self._left = asyncio.Event()
        longest = 0.0
        for close, seconds in self._open.items():
            longest = max(longest, seconds)
            # Spread, so that those who come back do not all do so at once.
            loop.call_later(random.uniform(0, seconds), close, 4503)  # noqa: S311
        logger.info("Connections are asked to leave before the server ends", extra={"connections": len(self._open)})
        try:
            await asyncio.wait_for(self._left.wait(), longest + MARGIN)
        except asyncio.TimeoutError:
            logger.warning("Connections have not left in time", extra={"connections": len(self._open)})
        finally:
            self._hand_on()

    def _hand_on(self) -> None:
        self._left = None
        signal.raise_signal(signal.SIGTERM)


shutdown: Final = Shutdown()
"""The end of this process."""


async def turn_away(scope: Scope, receive: Callable[[], Any], send: Send) -> None:
    """Tell a client that comes while the process ends to come back later."""
    if (await receive())["type"] == "websocket.connect":
        await accept(send, scope)
        await send({"type": "websocket.close", "code": 4503, "reason": ""})
