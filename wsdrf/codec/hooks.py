"""Make hooks from shapes: the frame that reading and writing share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from wsdrf.codec.wrong import Hook
from wsdrf.schema import Record, Reference, Shape, describe


class HookMaker(ABC):
    """Makes the hook of a shape, and of each record and named alias only once, so that they may contain themselves."""

    def __init__(self) -> None:
        self._named: dict[Any, Hook | None] = {}

    def make(self, shape: Shape) -> Hook:
        """Make the hook of ``shape``."""
        if isinstance(shape, Record):
            return self._once(shape.type, lambda: self.record(shape))
        if isinstance(shape, Reference):
            target = describe(shape.type, camelize=shape.camelize)
            if isinstance(target, Record):
                return self.make(target)
            return self._once(shape.type, lambda: self.make(target))
        return self.plain(shape)

    @abstractmethod
    def record(self, shape: Record) -> Hook:
        """Make the hook of a record."""

    @abstractmethod
    def plain(self, shape: Any) -> Hook:
        """Make the hook of any other shape."""

    def _once(self, tp: Any, make: Callable[[], Hook]) -> Hook:
        if tp not in self._named:
            self._named[tp] = None
            self._named[tp] = make()
        if (hook := self._named[tp]) is not None:
            return hook
        # The type contains itself: its hook is found when it is needed.
        named = self._named
        return lambda *given: named[tp](*given)  # type: ignore[misc]  # noqa: PLW0108 - made by then, not yet now
