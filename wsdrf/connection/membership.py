"""The groups of one connection."""

from __future__ import annotations

from collections.abc import Iterable

from wsdrf.connection.hub import Hub, Member, hub_of
from wsdrf.connection.names import check_group
from wsdrf.exceptions import Busy


class Membership:
    """Which groups a connection is in; counted, bounded, and left when it ends."""

    __slots__ = ("_alias", "_hub", "_limit", "_member", "groups")

    def __init__(self, member: Member, alias: str, limit: int) -> None:
        self._member = member
        self._alias = alias
        self._limit = limit
        self._hub: Hub | None = None
        self.groups: dict[str, None] = {}

    async def join(self, group: str) -> None:
        """Join ``group``. Raises ``ValueError`` for a bad name, ``Busy`` for one group too many."""
        check_group(group)
        if group in self.groups:
            return
        if len(self.groups) >= self._limit:
            raise Busy
        if self._hub is None:
            self._hub = hub_of(self._alias)
        self.groups[group] = None  # before the hub hears of it: who is cancelled in between leaves it all the same
        await self._hub.join(group, self._member)

    async def leave(self, group: str) -> None:
        """Leave ``group``; one that was never joined is no error."""
        if group in self.groups and self._hub is not None:
            await self._hub.leave(group, self._member)
            del self.groups[group]

    async def leave_all(self) -> None:
        """Leave every group."""
        for group in list(self.groups):
            await self.leave(group)

    async def change(self, groups: Iterable[str]) -> None:
        """Be in exactly ``groups``."""
        wanted = dict.fromkeys(groups)
        for group in [group for group in self.groups if group not in wanted]:
            await self.leave(group)
        for group in wanted:
            await self.join(group)
