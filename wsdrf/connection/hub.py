"""One channel of the layer for each server process and event loop, which delivers to its local members."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Iterable
from contextvars import Context
from typing import Any, Final, Protocol
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer

from wsdrf.connection.parcel import Parcel, read_parcel
from wsdrf.exceptions import ConfigurationError

logger = logging.getLogger("wsdrf.connection")

FIRST_DELAY: Final = 0.1
LONGEST_DELAY: Final = 5.0
"""Seconds to wait before a layer that failed is tried again: doubled from the first to the longest, with jitter."""

REMEMBERED: Final = 1024
"""Parcels whose ids are remembered, so that one that comes by two groups is delivered once."""


class Member(Protocol):
    """A connection, as its hub sees it."""

    id: str

    def deliver(self, parcel: Parcel) -> None:
        """Take a parcel at once: never wait, never raise."""


class Hub:
    """The groups of one event loop's connections.

    The layer knows one channel that is a member of each group that has a local member; who these are is known here
    alone. A layer that fails ends no connection: it is tried again, and the groups are joined again.
    """

    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self._members: dict[str, dict[str, Member]] = {}
        self._joined: set[str] = set()
        self._lock = asyncio.Lock()
        self._channel: str | None = None
        self._listener: asyncio.Task[None] | None = None
        self._seen: deque[str] = deque(maxlen=REMEMBERED)

    async def join(self, group: str, member: Member) -> None:
        """Make ``member`` one of ``group``; it gets every parcel that is sent from now on."""
        self._members.setdefault(group, {})[member.id] = member
        await self._settle(group)

    async def leave(self, groups: Iterable[str], member: Member) -> None:
        """Let ``member`` be one of ``groups`` no more; it gets nothing from the moment of the call."""
        empty = []
        for group in groups:
            members = self._members.get(group, {})
            members.pop(member.id, None)
            if not members:
                self._members.pop(group, None)
                empty.append(group)
        for group in empty:
            await self._settle(group)

    async def _settle(self, group: str) -> None:
        # What is wanted may have changed while we waited for the lock, so it is read again inside.
        async with self._lock:
            try:
                if group in self._members and group not in self._joined:
                    await self._layer.group_add(group, await self._open())
                    self._joined.add(group)
                elif group not in self._members and group in self._joined:
                    self._joined.discard(group)
                    await self._layer.group_discard(group, await self._open())
            except Exception:
                logger.warning("The channel layer failed; it will be tried again", exc_info=True)
                self._listen()
            if not self._members and not self._joined:
                self._stop()

    async def _open(self) -> str:
        if self._channel is None:
            self._channel = await self._layer.new_channel()
        self._listen()
        return self._channel

    def _listen(self) -> None:
        if self._listener is None or self._listener.done():
            # An empty context: the hub outlives whichever connection happened to come first.
            self._listener = Context().run(asyncio.get_running_loop().create_task, self._run())

    def _stop(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            self._listener = self._channel = None

    async def _run(self) -> None:
        delay = FIRST_DELAY
        while True:
            try:
                await self._rejoin()
                parcel = read_parcel(await self._layer.receive(await self._open()))
                delay = FIRST_DELAY
            except Exception:
                logger.warning("The channel layer failed; it will be tried again", exc_info=True)
                self._joined.clear()
                await asyncio.sleep(delay * random.uniform(0.5, 1))  # noqa: S311 - jitter keeps no secret
                delay = min(2 * delay, LONGEST_DELAY)
            else:
                self._deliver(parcel)

    async def _rejoin(self) -> None:
        if self._joined.issuperset(self._members):
            return
        async with self._lock:
            for group in set(self._members) - self._joined:
                await self._layer.group_add(group, await self._open())
                self._joined.add(group)

    def _deliver(self, parcel: Parcel | None) -> None:
        if parcel is None:
            logger.debug("Dropped a message of the channel layer that is none of wsdrf's")
            return
        if len(parcel.groups) > 1:
            if parcel.id in self._seen:
                return
            self._seen.append(parcel.id)
        recipients = {member.id: member for group in parcel.groups for member in self._members.get(group, {}).values()}
        recipients.pop(parcel.excluded or "", None)
        for member in recipients.values():
            member.deliver(parcel)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, tuple[Any, Hub]]] = WeakKeyDictionary()


def hub_of(alias: str) -> Hub:
    """Give the hub of the running event loop for the channel layer ``alias``.

    Raises ``ConfigurationError`` where ``CHANNEL_LAYERS`` has no such layer.
    """
    hubs = _hubs.setdefault(asyncio.get_running_loop(), {})
    layer = _layer(alias)
    known = hubs.get(alias)
    if known is None or known[0] is not layer:  # another layer after a change of settings, as in tests
        known = hubs[alias] = (layer, Hub(layer))
    return known[1]


async def send_parcel(alias: str, parcel: Parcel) -> None:
    """Send ``parcel`` to each of its groups, in every process.

    Raises ``ConfigurationError`` without a layer, and what the layer raises: nobody may have got it.
    """
    layer = _layer(alias)
    message = parcel.message()
    for group in parcel.groups:
        await layer.group_send(group, message)
    await asyncio.sleep(0)  # an in-memory layer never waits: a loop of sends would overflow it unread


def _layer(alias: str) -> Any:
    layer = get_channel_layer(alias)
    if layer is None:
        raise ConfigurationError(
            f"Groups need a channel layer, and CHANNEL_LAYERS has no {alias!r}. Add one to the settings, "
            f'such as {{"default": {{"BACKEND": "channels.layers.InMemoryChannelLayer"}}}} for a single process.'
        )
    return layer
