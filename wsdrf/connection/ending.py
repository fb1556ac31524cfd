"""Do what has to be done at the end, all of it, whatever fails or is cancelled on the way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final
from weakref import proxy

from wsdrf.deadline import within
from wsdrf.exceptions import TimedOut

logger: logging.Logger = logging.getLogger("wsdrf.connection")

GRACE: Final = 5.0
"""Seconds that the end of a connection gives to each thing that has to end with it."""

LAST_WORD: Final = 1.0
"""Seconds that the close frame of a client that does not read may take."""


async def see_through(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` to its end even while this is being cancelled; the cancellation follows afterwards.

    ``work`` has to bound itself in time.
    """
    task = asyncio.get_running_loop().create_task(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError


async def attempt(what: str, doing: Awaitable[None]) -> None:
    """Await ``doing``, for ``GRACE`` seconds at most; log what it raises, so that others get their turn."""
    try:
        await within(GRACE, doing)
    except OSError:
        return  # the client has gone, and the server says so
    except (Exception, asyncio.CancelledError):  # nobody cancels what is seen through: it is the doing's own
        logger.exception("The end of a connection was not clean", extra={"step": what})


async def last_word(send: Callable[[Any], Awaitable[None]], code: int) -> None:
    """Send a close frame to a client that does not read; that it does not go out within ``LAST_WORD`` is no failure."""
    try:
        await within(LAST_WORD, send({"type": "websocket.close", "code": code, "reason": ""}))
    except TimedOut:
        return


def let_go(connection: Any) -> None:
    """Make ``connection``, which is over, hold nothing that holds it in turn.

    It is then freed with the last reference to its consumer, and no garbage collector has to look for it: thousands
    that come and go would have it stop the event loop for as long as it takes to look at everything that Django loads.
    """
    itself, consumer = proxy(connection), proxy(connection.consumer)
    request = getattr(connection.consumer, "request", None)
    desk, caller, dispatcher = connection._desk, connection.caller, connection._dispatcher
    desk._owner = connection.membership._owner = connection._watch._owner = dispatcher._link = itself
    connection.consumer = caller.consumer = dispatcher._consumer = consumer
    connection._outbox._on_stuck = _nothing
    connection._outbox.writer = connection._reader = connection.record = desk._background = desk._turn = (
        desk._worker
    ) = None
    desk._ending.clear()
    if request is not None:
        request.parser_context["view"].consumer = consumer


def _nothing() -> None:
    """Do nothing."""


async def hear_out(receive: Callable[[], Awaitable[Any]]) -> None:
    """Drop what the client still sends until it has heard that it is closed, for ``GRACE`` seconds at most.

    A server that cannot hand on a frame does not see the client's answer to the close frame behind it either, and
    would keep the socket for as long as the client does.
    """

    async def last_frames() -> None:
        while (await receive())["type"] != "websocket.disconnect":
            pass

    try:
        await within(GRACE, last_frames())
    except (TimedOut, OSError):
        return
