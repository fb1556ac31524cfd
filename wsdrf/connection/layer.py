"""The channel layer that a project has configured, where it may be waited for, and how long it may take."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, Final, TypeVar

from channels.layers import get_channel_layer

from wsdrf.deadline import within
from wsdrf.exceptions import ConfigurationError

ANSWER_WITHIN: Final = 5.0
"""Seconds after which a layer that does not answer has failed: a Redis that hangs closes no connection."""

T = TypeVar("T")


def require_layer(alias: str) -> Any:
    """Give the channel layer ``alias``. Raises ``ConfigurationError`` where ``CHANNEL_LAYERS`` has none."""
    layer = get_channel_layer(alias)
    if layer is None:
        raise ConfigurationError(
            f"Groups need a channel layer, and CHANNEL_LAYERS has no {alias!r}. Add one to the settings, "
            f'such as {{"default": {{"BACKEND": "channels.layers.InMemoryChannelLayer"}}}} for a single process.'
        )
    return layer


def require_no_loop(call: str, instead: str) -> None:
    """Raise ``RuntimeError`` in asynchronous code, which ``call`` would hold up."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError(f"{call} is for synchronous code, and would hold up the event loop. Await {instead} instead.")


async def timely(work: Awaitable[T]) -> T:
    """Wait for what a layer does. Raises ``TimedOut`` where it takes too long."""
    return await within(ANSWER_WITHIN, work)  # asyncio.wait_for may lose a cancellation, before Python 3.12
