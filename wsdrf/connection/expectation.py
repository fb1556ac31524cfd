"""Let a handler wait for an event, while the method that receives it waits for its turn behind that handler."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Generator
from typing import Any, Generic, TypeVar

from wsdrf.access.caller import Caller
from wsdrf.access.current import current
from wsdrf.connection.parcel import Parcel
from wsdrf.dispatch import Hearing
from wsdrf.envelope import ABSENT
from wsdrf.exceptions import CredentialsLost

logger: logging.Logger = logging.getLogger("wsdrf.connection")

EventT = TypeVar("EventT")


class Expectation(Generic[EventT]):
    """The next events of one class, from the moment it was made: ``await`` gives one, and again the one after it."""

    __slots__ = ("__weakref__", "_arrived", "_caller", "_hearing", "_parcels", "event")

    def __init__(self, event: str, hearing: Hearing, caller: Caller, most: int) -> None:
        self.event: str = event
        self._hearing = hearing
        self._caller = caller
        self._parcels: deque[Parcel] = deque(maxlen=most)  # a handler that does not ask must not grow for ever
        self._arrived = asyncio.Event()

    def __await__(self) -> Generator[Any, None, EventT]:
        return self._next().__await__()

    def offer(self, parcel: Parcel) -> None:
        """Take an event of the class; never wait, never raise."""
        self._parcels.append(parcel)
        self._arrived.set()

    async def _next(self) -> EventT:
        while True:
            while not self._parcels:
                self._arrived.clear()
                await self._arrived.wait()
            event: EventT = await self._read(self._parcels.popleft())
            if event is not ABSENT:
                return event

    async def _read(self, parcel: Parcel) -> Any:
        # In the handler's own task: guards are user code, which never runs beside a handler.
        call = current.get()
        try:
            event = self._hearing.structure(parcel.payload)
            return event if await self._caller.may_hear(self._hearing.guard, parcel.payload) else ABSENT
        except CredentialsLost:
            raise
        except Exception:  # an edge for a project's guards, as for the method that receives: the next may fare better
            logger.exception("An event was not delivered", extra={"handler": self._hearing.reception.handler})
            return ABSENT
        finally:
            current.set(call)
