"""What a client has asked for and is not answered yet, in its order and within bounds."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

Entry = TypeVar("Entry")


class Inbox(Generic[Entry]):
    """A queue that counts its entries and their bytes, and says when either is too many."""

    __slots__ = ("_bytes", "_entries", "_max_bytes", "_max_entries")

    def __init__(self, *, max_entries: int, max_bytes: int) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: deque[tuple[Entry, int]] | tuple[()] = ()  # an empty deque has room for 64, in each connection
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, entry: Entry, size: int) -> bool:
        """Take ``entry`` of ``size`` bytes. Gives False, and takes nothing, where there is no room."""
        if len(self._entries) >= self._max_entries or self._bytes + size > self._max_bytes:
            return False
        if not self._entries:
            self._entries = deque()
        self._entries.append((entry, size))
        self._bytes += size
        return True

    def take(self) -> Entry:
        """Give the oldest entry. Raises ``IndexError`` where there is none."""
        if not self._entries:
            raise IndexError("The inbox is empty.")
        entry, size = self._entries.popleft()
        self._bytes -= size
        return entry

    def clear(self) -> None:
        """Forget everything."""
        self._entries = ()
        self._bytes = 0
