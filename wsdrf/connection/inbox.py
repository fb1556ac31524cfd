"""What a client has asked for and is not answered yet, in its order and within bounds."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

Entry = TypeVar("Entry")


class Inbox(Generic[Entry]):
    """A queue that counts its entries and their bytes, and says when either is too many."""

    __slots__ = ("_bytes", "_max_bytes", "_max_entries", "entries")

    def __init__(self, *, max_entries: int, max_bytes: int) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        #: What waits; only to be looked at.
        self.entries: deque[tuple[Entry, int]] | tuple[()] = ()  # an empty deque has room for 64, in each connection
        self._bytes = 0

    def __len__(self) -> int:
        return len(self.entries)

    def put(self, entry: Entry, size: int) -> bool:
        """Take ``entry`` of ``size`` bytes. Gives False, and takes nothing, where there is no room."""
        if len(self.entries) >= self._max_entries or self._bytes + size > self._max_bytes:
            return False
        if not self.entries:
            self.entries = deque()
        self.entries.append((entry, size))
        self._bytes += size
        return True

    def take(self) -> Entry:
        """Give the oldest entry. Raises ``IndexError`` where there is none."""
        if not self.entries:
            raise IndexError("The inbox is empty.")
        entry, size = self.entries.popleft()
        self._bytes -= size
        return entry

    def clear(self) -> None:
        """Forget everything."""
        self.entries = ()
        self._bytes = 0
