"""The groups of one connection, and what reaches it through them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol
from weakref import WeakSet

from wsdrf.access.caller import Caller
from wsdrf.connection.blueprint import Blueprint
from wsdrf.connection.expectation import Expectation
from wsdrf.connection.hub import CONTROL, hub_of, send_parcel
from wsdrf.connection.inbox import Inbox
from wsdrf.connection.layer import require_layer
from wsdrf.connection.names import check_group
from wsdrf.connection.outbox import Outbox
from wsdrf.connection.parcel import NOTICE, Parcel, event_name
from wsdrf.envelope import ABSENT
from wsdrf.exceptions import Busy, NotConnected


class Owner(Protocol):
    """What a membership needs of its connection."""

    def queue(self, entry: Parcel, size: int) -> None:
        """Take an event for its turn."""

    def heed(self, notice: Any) -> None:
        """Hear what was sent to the connection itself, not to its client."""


class Membership:
    """Which groups a connection is in: counted, bounded, and left when it ends."""

    __slots__ = (
        "_blueprint",
        "_expected",
        "_has_lost",
        "_held",
        "_holds",
        "_hub",
        "_is_over",
        "_outbox",
        "_own",
        "_owner",
        "groups",
        "id",
    )

    def __init__(self, owner: Owner, blueprint: Blueprint, outbox: Outbox) -> None:
        self.groups: dict[str, None] = {}
        self._blueprint = blueprint
        self._outbox = outbox
        self._owner = owner
        self._own: frozenset[str] = frozenset()
        self._hub = hub_of(blueprint.layer_alias)
        self.id: str = self._hub.new_id()
        self._expected: WeakSet[Expectation[Any]] | None = None  # those that a handler still holds on to
        self._held: Inbox[Parcel] | None = None  # what was kept back
        self._has_lost = False  # more came than may be kept back
        self._holds = 1  # until the client has been told that it is in
        self._is_over = False

    @property
    def may_wait(self) -> bool:
        """Tell whether joining wsdrf's own groups asks a layer that may take its time: reading must not wait for it."""
        return self._hub._is_shared and CONTROL not in self._hub._fresh

    async def join(self, group: str) -> None:
        """Join ``group``. Raises ``ValueError`` for a bad name, ``Busy`` for one group too many."""
        check_group(group)
        if group in self.groups:
            return
        if self._is_over:
            raise NotConnected("The connection has ended: it joins no group any more.")
        if len(self.groups) >= self._blueprint.options.max_groups:
            raise Busy
        require_layer(self._blueprint.layer_alias)
        self.groups[group] = None  # before the hub hears of it: who is cancelled in between leaves it all the same
        await self._hub.join([group], self)

    async def leave(self, group: str) -> None:
        """Leave ``group``; one that was never joined is no error."""
        await self._leave([group])

    async def change(self, groups: Any) -> None:
        """Be in exactly ``groups``. Raises ``TypeError`` for what is no collection of names."""
        if isinstance(groups, (str, bytes)) or not isinstance(groups, Iterable):
            raise TypeError(f"build_groups() returned {groups!r}. It must return a list of groups, as in [...].")
        wanted = dict.fromkeys(groups)
        await self._leave([group for group in self.groups if group not in wanted])
        for group in wanted:
            await self.join(group)

    async def own(self, groups: Iterable[str], since: float) -> list[Parcel] | None:
        """Be in exactly ``groups`` of wsdrf's own, which do not count.

        Gives what those that are new were told ``since`` a moment of ``time.monotonic``; ``None`` where nobody knows.
        """
        wanted, before = frozenset() if self._is_over else frozenset(groups), self._own
        self._own = wanted
        await self._hub.join(wanted - before, self)
        await self._hub.leave(before - wanted, self)
        return self._hub.missed(since, wanted - before) if wanted - before else []

    async def end(self) -> None:
        """Leave every group, for good."""
        self._is_over = True
        left, self.groups, self._own = (*self.groups, *self._own), {}, frozenset()
        await self._hub.leave(left, self)

    def expect(self, message: type, caller: Caller) -> Expectation[Any]:
        """Let a handler wait for events of the class ``message``. Raises ``TypeError`` where no method receives it."""
        event = event_name(message)
        hearing = self._blueprint.hearings.get(event)
        if hearing is None:
            raise TypeError(f"{message.__qualname__} is received by no method. Add one with @receives to wait for it.")
        expectation: Expectation[Any] = Expectation(event, hearing, caller, self._blueprint.options.max_queued_messages)
        self._expected = WeakSet() if self._expected is None else self._expected
        self._expected.add(expectation)
        return expectation

    def resync(self) -> None:
        """Tell the client that messages of its groups may have been lost, and have its credentials looked at."""
        self._owner.heed({"kind": "missed"})
        if not self._holds:
            self._tell_of_loss()

    async def broadcast(self, message: Any, groups: Iterable[str], *, exclude_self: bool) -> None:
        """Send a message to every member of ``groups``. Raises what the layer raises."""
        parcel = self._blueprint.parcel(tuple(groups), message, self.id if exclude_self else None)
        await send_parcel(self._blueprint.layer_alias, parcel)

    async def _leave(self, groups: Iterable[str]) -> None:
        left = [group for group in groups if self.groups.pop(group, ABSENT) is not ABSENT]
        if left:
            await self._hub.leave(left, self)

    def deliver(self, parcel: Parcel) -> None:
        """Take what was sent to a group: a frame goes out at once, an event that is received waits for its turn."""
        if parcel.event == NOTICE:
            self._owner.heed(parcel.payload)
        elif self._holds:
            self._keep(parcel)
        elif parcel.event in self._blueprint.hearings:
            for expectation in self._expected or ():
                if expectation.event == parcel.event:
                    expectation.offer(parcel)
            self._owner.queue(parcel, len(parcel.frame))
        else:
            self._outbox.put(parcel.frame)

    def hold(self) -> None:
        """Keep back what comes, until ``open`` has been called as often: nobody knows yet whether it may be seen.

        As much is kept as may wait for its turn; of more the client is told, as of what a layer has lost.
        """
        self._holds += 1

    def open(self) -> None:
        """Deliver from now on, what was kept back first: the client has been told that it is in, or still is."""
        self._holds -= 1
        if self._holds or self._is_over:
            return
        held, self._held = self._held, None
        while held:
            self.deliver(held.take())
        if self._has_lost:
            self._has_lost = False
            self._tell_of_loss()

    def _keep(self, parcel: Parcel) -> None:
        options = self._blueprint.options
        if self._held is None:
            self._held = Inbox(max_entries=options.max_queued_messages, max_bytes=options.max_queued_bytes)
        if not self._held.put(parcel, len(parcel.frame)):
            self._has_lost = True

    def _tell_of_loss(self) -> None:
        if self.groups:
            self._outbox.put(self._blueprint.codec.encode_frame("wsdrf.resync", None))
