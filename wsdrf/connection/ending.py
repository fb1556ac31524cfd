"""Do what has to be done at the end, all of it, whatever fails or is cancelled on the way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from wsdrf.dispatch import Deadline
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
        with Deadline(GRACE):
            await doing
    except OSError:
        return  # the client has gone, and the server says so
    except (Exception, asyncio.CancelledError):  # nobody cancels what is seen through: it is the doing's own
        logger.exception("The end of a connection was not clean", extra={"step": what})


async def last_word(send: Callable[[Any], Awaitable[None]], code: int) -> None:
    """Send a close frame to a client that does not read; that it does not go out within ``LAST_WORD`` is no failure."""
    try:
        with Deadline(LAST_WORD):
            await send({"type": "websocket.close", "code": code, "reason": ""})
    except TimedOut:
        return


async def hear_out(receive: Callable[[], Awaitable[Any]]) -> None:
    """Drop what the client still sends until it has heard that it is closed, for ``GRACE`` seconds at most.

    A server that cannot hand on a frame does not see the client's answer to the close frame behind it either, and
    would keep the socket for as long as the client does.
    """
    try:
        with Deadline(GRACE):
            while (await receive())["type"] != "websocket.disconnect":
                pass
    except (TimedOut, OSError):
        return
