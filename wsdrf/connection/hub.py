"""One channel of the layer for each server process and event loop, which delivers to its local members."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Iterable
from contextvars import Context
from typing import Any, Final, Protocol
from uuid import uuid4
from weakref import WeakKeyDictionary

from channels.layers import InMemoryChannelLayer, get_channel_layer

from wsdrf.connection.journal import Journal
from wsdrf.connection.layer import require_layer, timely
from wsdrf.connection.names import OWN
from wsdrf.connection.parcel import NOTICE, Parcel, read_parcel
from wsdrf.connection.pulse import PULSE, Pulse

logger: logging.Logger = logging.getLogger("wsdrf.connection")

CONTROL: Final = f"{OWN}control"
"""The group of the layer that every hub is in. Hubs alone know wsdrf's own groups, and share this one for them all."""

FIRST_DELAY: Final = 0.1
LONGEST_DELAY: Final = 5.0
"""Seconds to wait before a layer that failed is tried again: doubled from the first to the longest, with jitter."""

REFRESH_AFTER: Final = 3600.0
"""Seconds after which memberships are renewed; a layer lets them expire (channels_redis: after a day)."""

FAREWELL: Final = 60.0
"""Seconds for which a hub without members tries to leave the groups of a layer that fails."""

REMEMBERED: Final = 1024
"""Parcels whose ids are remembered, so that one that comes by two groups is delivered once."""


class Member(Protocol):
    """A connection, as its hub sees it."""

    id: str

    def deliver(self, parcel: Parcel) -> None:
        """Take a parcel at once: never wait, never raise."""

    def resync(self) -> None:
        """Hear that parcels may have been lost."""


class Hub:
    """The groups of one event loop's connections.

    The layer knows one channel that is a member of each group that has a local member; who these are is known here
    alone. A layer that fails ends no connection: it is tried again, and the groups are joined again.
    """

    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self._id, self._count = uuid4().hex, 0
        self._members: dict[str, dict[str, Member]] = {}
        self._own = 0  # how many of wsdrf's own groups have members
        self._joined: set[str] = set()  # what the layer may know of
        self._fresh: set[str] = set()  # what it certainly does
        self._lock = asyncio.Lock()
        self._channel: str | None = None
        self._listener: asyncio.Task[None] | None = None
        self._mender: asyncio.Task[None] | None = None
        self._may_have_lost = False  # parcels, while the layer failed
        self._refresher: asyncio.TimerHandle | None = None
        self._seen: deque[str] = deque(maxlen=REMEMBERED)
        self._journal = Journal()
        # What is in memory knows this process alone, whose hubs tell each other of wsdrf's own groups without it.
        self._is_shared = layer is not None and not isinstance(layer, InMemoryChannelLayer)
        if not self._is_shared:
            self._journal.begin()
        self._pulse = Pulse(layer, self._on_silence)
        self._beat: asyncio.Task[None] | None = None
        self._left: dict[str, int] = {}  # groups that were left, and the last pulse that was sent before
        self._empty_since = 0.0

    def new_id(self) -> str:
        """Make a name for a member that no other has, in whatever process."""
        self._count += 1
        return f"{self._id}.{self._count}"

    async def join(self, groups: Iterable[str], member: Member) -> None:
        """Make ``member`` one of ``groups``; it gets every parcel that is sent once this has returned."""
        unsettled = set()
        for group in groups:
            members = self._members.get(group)
            if members is None:
                members = self._members[group] = {}
                self._own += group.startswith(OWN)
            members[member.id] = member
            unsettled.add(_of_layer(group))
        for group in unsettled - self._fresh:
            if self._wants(group):
                await self._settle(group)

    async def leave(self, groups: Iterable[str], member: Member) -> None:
        """Let ``member`` be one of ``groups`` no more; it gets nothing from the moment of the call."""
        unsettled: dict[str, None] = {}
        for group in groups:
            members = self._members.get(group)
            if members is not None and members.pop(member.id, None) is not None and not members:
                del self._members[group]
                self._own -= group.startswith(OWN)
                if _of_layer(group) in self._joined:
                    unsettled[_of_layer(group)] = None
        if not self._members:
            self._empty_since = time.monotonic()
            if self._channel is not None:
                unsettled[self._pulse.group] = None  # the last one
        try:
            for group in unsettled:
                await self._settle(group)
        except asyncio.CancelledError:
            self._mend()  # the rest is not forgotten
            raise

    def deliver(self, parcel: Parcel) -> None:
        """Give ``parcel`` to each local member of its groups, once."""
        if len(parcel.groups) > 1 or parcel.event == NOTICE:
            if parcel.id in self._seen:
                return
            self._seen.append(parcel.id)
        if parcel.event == NOTICE:
            self._journal.keep(parcel)
        recipients = {member.id: member for group in parcel.groups for member in self._members.get(group, {}).values()}
        recipients.pop(parcel.excluded or "", None)
        for member in recipients.values():
            member.deliver(parcel)

    def missed(self, since: float, groups: Iterable[str]) -> list[Parcel] | None:
        """Give the notices for ``groups`` since a moment of ``time.monotonic``; ``None`` where that is not known."""
        is_complete = CONTROL in self._fresh or not self._is_shared
        return self._journal.after(since, groups) if is_complete else None

    def _wants(self, group: str) -> bool:
        if group == self._pulse.group:
            return self._beat is not None and bool(self._members or self._left)
        return self._is_shared and self._own > 0 if group == CONTROL else group in self._members

    def _wanted(self) -> set[str]:
        return {group for group in (*map(_of_layer, self._members), self._pulse.group) if self._wants(group)}

    def _is_over(self) -> bool:
        # Nobody is here, and the layer knows it, or has had its time.
        is_known = not (self._joined or self._left)
        return not self._members and (is_known or time.monotonic() > self._empty_since + FAREWELL)

    async def _settle(self, group: str) -> None:
        # What is wanted may have changed while we waited for the lock, so it is read again inside.
        if self._layer is None or self._is_mending():
            return
        async with self._lock:
            if self._is_mending():
                return
            try:
                if self._wants(group) and group not in self._fresh:
                    await self._add(group)
                elif not self._wants(group) and group in self._joined:
                    await self._discard(group)
            except Exception as error:
                logger.warning("The channel layer failed; it will be tried again: %r", error, exc_info=True)
                self._mend(tell=self._wants(group))
            if self._is_over():
                self._stop()

    async def _add(self, group: str) -> None:
        channel = await self._open()
        self._joined.add(group)
        self._left.pop(group, None)
        await timely(self._layer.group_add(group, channel))
        self._fresh.add(group)
        if group == CONTROL:
            self._journal.begin()

    async def _discard(self, group: str) -> None:
        self._fresh.discard(group)
        await timely(self._layer.group_discard(group, await self._open()))
        self._joined.discard(group)
        if group != self._pulse.group and self._beat is not None:
            self._left[group] = self._pulse.sent

    async def _open(self) -> str:
        channel = self._channel
        if channel is None:
            channel = self._channel = str(await timely(self._layer.new_channel()))
            self._listener = _task(self._listen(channel))
            self._refresher = asyncio.get_running_loop().call_later(REFRESH_AFTER, self._refresh)
            if self._is_shared:
                self._beat = _task(self._live())
        return channel

    def _stop(self) -> None:
        for running in (self._listener, self._mender, self._refresher, self._beat):
            if running is not None and running is not asyncio.current_task():
                running.cancel()
        self._listener = self._mender = self._refresher = self._channel = self._beat = None
        self._joined.clear()
        self._fresh.clear()
        self._left.clear()

    def _refresh(self) -> None:
        self._fresh.clear()
        self._mend()
        self._refresher = asyncio.get_running_loop().call_later(REFRESH_AFTER, self._refresh)

    async def _listen(self, channel: str) -> None:
        delay = FIRST_DELAY
        while True:
            try:
                message = await self._layer.receive(channel)
            except Exception as error:
                is_first = delay == FIRST_DELAY  # with each traceback, a layer that stays away would fill the log
                logger.warning("The channel layer failed; it will be tried again: %r", error, exc_info=is_first)
                self._fresh.clear()
                await asyncio.sleep(_jittered(delay))
                delay = min(2 * delay, LONGEST_DELAY)
                self._fresh.clear()  # what was joined meanwhile may be forgotten again
                self._mend(tell=True)
                continue
            delay = FIRST_DELAY
            parcel = read_parcel(message)
            if parcel is None:
                logger.debug("Dropped a message of the channel layer that is none of wsdrf's")
            elif parcel.event == PULSE:
                self._hear(parcel)
            else:
                self.deliver(parcel)

    async def _live(self) -> None:
        self._pulse.forgive()
        await self._settle(self._pulse.group)
        if self._beat is asyncio.current_task():  # and nobody has left meanwhile
            await self._pulse.beat()

    def _hear(self, pulse: Parcel) -> None:
        number, is_missing = self._pulse.hear(pulse)
        if is_missing:
            logger.warning("The channel layer has lost messages; clients are told")
            self._fresh.clear()
            self._mend(tell=True)
        elif self._left:
            self._left = {group: last for group, last in self._left.items() if last >= number}
        if not self._members and not self._left:
            self._mend()

    def _on_silence(self) -> None:
        logger.warning("The channel layer delivers nothing; its groups will be joined again")
        self._fresh.clear()
        self._mend()

    def _mend(self, *, tell: bool = False) -> None:
        if tell:
            self._doubt()
        if self._mender is None or self._mender.done():
            self._mender = _task(self._rejoin())

    def _is_mending(self) -> bool:
        # Nobody waits for a layer that is known to fail: the mender joins and leaves for all, and tells them.
        return self._may_have_lost and self._mender is not None and not self._mender.done()

    def _doubt(self) -> None:
        self._may_have_lost = True
        self._joined |= self._left.keys()  # the layer may not have heard of it: they are left once more
        self._left.clear()

    async def _rejoin(self) -> None:
        await self._settle_all()
        if self._is_over():
            self._stop()
        if self._may_have_lost:
            self._may_have_lost = False
            if not self._left:
                self._pulse.forgive()
            members = {member.id: member for those in self._members.values() for member in those.values()}
            for member in members.values():
                member.resync()

    async def _settle_all(self) -> None:
        delay = FIRST_DELAY
        while not self._is_over() and (self._wanted() - self._fresh or self._joined - self._wanted()):
            try:
                async with self._lock:
                    for group in self._joined - self._wanted():
                        await self._add(group)  # a layer that failed halfway lets only a member leave
                        await self._discard(group)
                    for group in self._wanted() - self._fresh:
                        if self._wants(group):
                            await self._add(group)
            except Exception as error:
                logger.warning("The channel layer still fails; it will be tried again: %r", error)
                self._doubt()
                await asyncio.sleep(_jittered(delay))
                delay = min(2 * delay, LONGEST_DELAY)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Hub]] = WeakKeyDictionary()


def hub_of(alias: str) -> Hub:
    """Give the hub of the running event loop for the channel layer ``alias``, which need not be configured."""
    hubs = _hubs.setdefault(asyncio.get_running_loop(), {})
    layer = get_channel_layer(alias)
    hub = hubs.get(alias)
    if hub is None or hub._layer is not layer:  # another layer after a change of settings, as in tests
        hub = hubs[alias] = Hub(layer)
    return hub


async def send_parcel(alias: str, parcel: Parcel) -> None:
    """Send ``parcel`` to each of its groups, in every process.

    Raises ``ConfigurationError`` without a layer, and what the layer raises: nobody may have got it.
    """
    layer = require_layer(alias)
    message = parcel.message()
    for group in dict.fromkeys(map(_of_layer, parcel.groups)):
        await layer.group_send(group, message)
    await asyncio.sleep(0)  # an in-memory layer never waits: a loop of sends would overflow it unread


def deliver_locally(parcel: Parcel) -> None:
    """Give ``parcel`` to the members in this process, from whatever thread."""
    for loop, hubs in list(_hubs.items()):
        if not loop.is_closed():
            for hub in list(hubs.values()):
                loop.call_soon_threadsafe(hub.deliver, parcel)


def _of_layer(group: str) -> str:
    return CONTROL if group.startswith(OWN) else group


def _jittered(delay: float) -> float:
    return delay * random.uniform(0.5, 1)  # noqa: S311 - jitter keeps no secret


def _task(work: Any) -> asyncio.Task[None]:
    # An empty context: the hub outlives whichever connection happened to come first.
    task: asyncio.Task[None] = Context().run(asyncio.get_running_loop().create_task, work)
    return task
