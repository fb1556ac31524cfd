"""Remember for a while what was told to wsdrf's own groups, for a connection that joins them a moment too late."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import inf
from time import monotonic
from typing import Final

from wsdrf.connection.parcel import Parcel

REMEMBERED: Final = 1024
"""Notices that are kept; who asks for one that may have been dropped is told that nobody knows."""

LOGOUT_MARGIN: Final = 5.0
"""Seconds for which a session that ends may still be read: Django tells of a logout before it deletes the session."""


class Journal:
    """The latest notices of one hub.

    A connection is told what befalls its credentials as a member of groups, which are known only once it has been
    authenticated. What came between the two is found here.
    """

    __slots__ = ("_notices", "_since")

    def __init__(self) -> None:
        self._notices: deque[tuple[float, Parcel]] = deque(maxlen=REMEMBERED)
        self._since = inf

    def begin(self) -> None:
        """Be complete from now on: the hub hears of everything."""
        self._since = monotonic()

    def keep(self, notice: Parcel) -> None:
        """Remember ``notice``."""
        if len(self._notices) == REMEMBERED:
            self._since = max(self._since, self._notices[0][0])
        self._notices.append((monotonic(), notice))

    def after(self, moment: float, groups: Iterable[str]) -> list[Parcel] | None:
        """Give the notices for ``groups`` since ``moment``; ``None`` where there may have been others."""
        if moment < self._since:
            return None
        wanted = set(groups)
        return [
            notice
            for at, notice in self._notices
            if at >= moment - _margin(notice) and not wanted.isdisjoint(notice.groups)
        ]


def _margin(notice: Parcel) -> float:
    return LOGOUT_MARGIN if isinstance(notice.payload, dict) and notice.payload.get("kind") == "end" else 0.0
