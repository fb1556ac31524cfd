"""Hear what becomes of connections and calls: what an observer subclasses, and what it is told.

``wsdrf.telemetry.spans`` has the observer for OpenTelemetry, ``wsdrf.telemetry.metrics`` the one for Prometheus. Each
needs its library, and nothing else in wsdrf does.
"""

from __future__ import annotations

from wsdrf.observing import CallRecord, ConnectionRecord, Observer

__all__ = ["CallRecord", "ConnectionRecord", "Observer"]
