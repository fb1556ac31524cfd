"""Count connections and calls for Prometheus. No label has a value that a client can make up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from wsdrf.envelope import CLOSE_CODES
from wsdrf.observing import CallRecord, ConnectionRecord, Observer

COUNTED_CODES: Final = frozenset({*range(1000, 1016), *map(int, CLOSE_CODES)})  # RFC 6455 section 7.4, and wsdrf's own
"""Close codes that are counted by themselves; a client can send any."""

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds; 30 is what a handler may take where nothing else is said."""

OTHER: Final = "other"


class Prometheus(Observer):
    """Count what becomes of connections and calls, in ``registry``. ``buckets`` are in seconds.

    Raises ``ValueError`` where ``registry`` has such metrics already: one observer serves the whole process.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY, buckets: Sequence[float] = BUCKETS) -> None:
        self._open = Gauge(
            "wsdrf_connections",
            "Connections that are open.",
            ["consumer"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._refusals = Counter(
            "wsdrf_refusals", "Connections that were refused.", ["consumer", "status"], registry=registry
        )
        self._closes = Counter(
            "wsdrf_closes", "Connections that have ended.", ["consumer", "close_code"], registry=registry
        )
        self._calls = Counter(
            "wsdrf_calls", "Calls that have ended.", ["consumer", "action", "status"], registry=registry
        )
        self._seconds = Histogram(
            "wsdrf_call_duration_seconds",
            "How long calls took.",
            ["consumer", "action"],
            registry=registry,
            buckets=buckets,
        )
        self._items = Counter(
            "wsdrf_stream_items", "Items that streams have sent.", ["consumer", "action"], registry=registry
        )

    def connected(self, connection: ConnectionRecord) -> None:
        """Count one more that is open."""
        self._open.labels(connection.consumer).inc()

    def refused(self, connection: ConnectionRecord) -> None:
        """Count it under its status."""
        self._refusals.labels(connection.consumer, _status(connection.status_code)).inc()

    def handled(self, call: CallRecord) -> None:
        """Count it under its status, and how long it took."""
        consumer = call.connection.consumer
        self._calls.labels(consumer, call.action, _status(call.status_code)).inc()
        self._seconds.labels(consumer, call.action).observe(call.duration)
        if call.items is not None:
            self._items.labels(consumer, call.action).inc(call.items)

    def disconnected(self, connection: ConnectionRecord) -> None:
        """Count one less that is open, and its close code."""
        code = connection.close_code
        self._open.labels(connection.consumer).dec()
        self._closes.labels(connection.consumer, str(code) if code in COUNTED_CODES else OTHER).inc()


def _status(status_code: int) -> str:
    return str(status_code) if 100 <= status_code < 600 else OTHER
