"""Count a user's connections in all server processes together, in Django's cache."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from attrs import field, frozen
from django.core.cache import cache

LEASE: Final = 300
"""Seconds that a place is kept without being renewed, so that a process that was killed gives its places back."""


@frozen
class Slot:
    """One of a user's places, held by one connection."""

    key: str
    holder: str = field(factory=lambda: uuid4().hex)

    def renew(self) -> bool:
        """Keep the place for another lease; gives False where it was lost, and somebody else has it. May block."""
        holder = cache.get(self.key)
        if holder is None:  # the lease is over: by add, because somebody else may take it at this moment
            return cache.add(self.key, self.holder, LEASE)
        return holder == self.holder and cache.touch(self.key, LEASE)

    def release(self) -> None:
        """Give the place back. May block."""
        if cache.get(self.key) == self.holder:
            cache.delete(self.key)


def claim(user: Any, limit: int) -> Slot | None:
    """Take one of the ``limit`` places of ``user``, or give ``None`` where all are taken. May block.

    A place is taken by ``cache.add``, which is atomic in every shared cache: no two connections get the same one.
    """
    for number in range(limit):
        slot = Slot(f"wsdrf:connection:{user.__class__.__qualname__}:{user.pk}:{number}")
        if cache.add(slot.key, slot.holder, LEASE):
            return slot
    return None


def identity(user: Any) -> tuple[type, Any] | None:
    """Tell whose connections are counted together; ``None`` for who is not logged in."""
    if user is None or not getattr(user, "is_authenticated", False):
        return None
    return user.__class__, user.pk
