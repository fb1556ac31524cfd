"""Count what a caller does: DRF's throttles, shared with REST, and exact buckets of one connection."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from time import monotonic
from typing import Any

from rest_framework.exceptions import Throttled
from rest_framework.request import Request


class Bucket:
    """A token bucket: ``count`` calls at once, refilled evenly over ``period`` seconds. In memory, and exact."""

    __slots__ = ("_count", "_debt", "_period", "_updated")

    def __init__(self, count: int, period: float) -> None:
        self._count = count
        self._period = period
        self._debt = 0.0  # tokens taken and not yet refilled, times the period: a sum without fractions stays exact
        self._updated = monotonic()

    def take(self) -> float:
        """Take one token; give 0, or the seconds to wait until there will be one."""
        now = monotonic()
        self._debt = max(0.0, self._debt - (now - self._updated) * self._count)
        self._updated = now
        missing = self._debt + self._period - self._count * self._period
        if missing > 0:
            return missing / self._count
        self._debt += self._period
        return 0


def check_throttles(throttles: Iterable[Any], request: Request, view: Any) -> None:
    """Ask every one of DRF's ``throttles``, even after one has refused, as ``APIView.check_throttles`` does.

    Raises DRF's ``Throttled`` with the longest wait.
    """
    refusing = [throttle for throttle in throttles if not throttle.allow_request(request, view)]
    if refusing:
        waits = [wait for wait in (throttle.wait() for throttle in refusing) if wait is not None]
        raise Throttled(max(waits, default=None))


def check_buckets(buckets: Iterable[Bucket]) -> None:
    """Take a token of each bucket. Raises DRF's ``Throttled`` with the longest wait."""
    wait = max((bucket.take() for bucket in buckets), default=0)
    if wait:
        raise Throttled(ceil(wait))
