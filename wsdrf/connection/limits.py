"""How much a client may send, how fast, and how often it may be wrong."""

from __future__ import annotations

from math import ceil
from typing import Final

from wsdrf.access.throttling import Bucket
from wsdrf.envelope import Failure
from wsdrf.exceptions import Busy, Throttled
from wsdrf.options import Options, Rate

FRAMES_IN_A_ROW: Final = 32
"""Frames that one connection may have answered before others have a turn of the event loop."""

MALFORMED: Final = frozenset({"parse_error", "invalid", "unknown_action"})
"""Codes of failures that are a mistake in the frame, where others are a refusal."""


class Limits:
    """The bounds of one connection's frames, each counted before the frame is parsed."""

    __slots__ = ("_error_rate", "_errors", "_max_size", "_rate", "_refused", "_refused_at_most", "unasked")

    def __init__(self, options: Options) -> None:
        self._max_size = options.max_message_size
        self._rate = _bucket(options.message_rate)
        #: A frame of so many bytes, or less, need not be judged.
        self.unasked: int = -1 if self._rate else options.max_message_size
        self._errors: Bucket | None = None  # made with the first: most clients make none
        self._error_rate = options.max_errors
        self._refused = 0
        self._refused_at_most = options.message_rate.count if options.message_rate else 0

    def admit(self, size: int) -> int | Failure | None:
        """Judge a frame of ``size`` bytes: ``None`` to read it, a failure to answer unread, or a code to close with.

        Who goes on after being throttled has as many refusals as its bucket has calls, and is then closed.
        """
        if size > self._max_size:
            return 4413
        wait = self._rate.take() if self._rate else 0
        if not wait:
            self._refused = 0
            return None
        self._refused += 1
        return 4429 if self._refused > self._refused_at_most else Throttled(ceil(wait)).failure

    def fail(self, failure: Failure) -> int | None:
        """Count a failure of the client's; give a code to close with where there were too many."""
        if failure.status_code >= 500 and failure.code != Busy.code:
            return None
        if self._errors is None:
            self._errors = _bucket(self._error_rate)
        if self._errors and self._errors.take():
            return 4400 if failure.code in MALFORMED else 4429
        return None


def octets(frame: str | bytes) -> int:
    """Give the bytes that a frame has on the wire."""
    return len(frame.encode("utf-8", "surrogatepass") if isinstance(frame, str) else frame)


def _bucket(rate: Rate | None) -> Bucket | None:
    return None if rate is None else Bucket(rate.count, rate.period_seconds)
