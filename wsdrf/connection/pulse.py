"""What a hub sends to itself, again and again, to hear whether the channel layer still delivers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

from wsdrf.connection.layer import timely
from wsdrf.connection.parcel import Parcel

logger: logging.Logger = logging.getLogger("wsdrf.connection")

PULSE: Final = "wsdrf:pulse"
"""The event of a parcel that is for the hub which has sent it."""

EVERY: Final = 0.8
"""Seconds between two pulses: less than the second that channels_redis waits before it subscribes again."""

PATIENCE: Final = 3
"""Pulses that may be on their way, before the layer is taken to have forgotten the groups."""


class Pulse:
    """Numbered parcels to a group that has one member, the hub's own channel.

    A layer need not say that it has lost something: pub/sub subscribes again in silence, and a Redis that was emptied
    has no groups any more. A number that is missing tells of it, and so does it when none comes.
    """

    def __init__(self, layer: Any, on_silence: Callable[[], None]) -> None:
        self.group: str = f"wsdrf-pulse.{uuid4().hex}"
        self.sent: int = 0
        self._layer = layer
        self._on_silence = on_silence
        self._heard = 0  # up to which number nothing is missing, or known to be
        self._asked = 0  # the last number sent when silence was reported

    async def beat(self) -> None:
        """Send for ever. A pulse that cannot be sent is one that is missed."""
        while True:
            if self.sent - max(self._heard, self._asked) >= PATIENCE:
                self._asked = self.sent
                self._on_silence()
            self.sent += 1
            parcel = Parcel((self.group,), str(self.sent), event=PULSE)
            try:
                await timely(self._layer.group_send(self.group, parcel.message()))
            except Exception:
                logger.debug("The channel layer took no pulse", exc_info=True)
            await asyncio.sleep(EVERY)

    def hear(self, parcel: Parcel) -> tuple[int, bool]:
        """Take a pulse that has come back: give its number, and tell whether one before it is missing."""
        number = int(parcel.frame) if parcel.frame.isdecimal() else 0
        is_missing = number > self._heard + 1
        self._heard = max(number, self._heard)
        return number, is_missing

    def forgive(self) -> None:
        """Take what is missing by now to be known."""
        self._heard = self.sent
