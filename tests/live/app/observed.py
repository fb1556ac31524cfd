"""Who observes what happens on the live tests' connections; each thing that is told becomes a line of the witness."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from tests.live.app.witness import witness
from wsdrf import signals
from wsdrf.telemetry.spans import OpenTelemetry


class WitnessExporter(SpanExporter):
    """Write each span down under its connection."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        for span in spans:
            facts = dict(span.attributes or {})
            key = str(facts.pop("wsdrf.connection_id"))
            trace, parent = f"{span.get_span_context().trace_id:032x}", span.parent
            facts = {name.rpartition(".")[2]: value for name, value in facts.items()}
            witness("span", key, name=span.name, trace=trace, parent=parent and f"{parent.span_id:016x}", **facts)
        return SpanExportResult.SUCCESS


_provider = TracerProvider()
_provider.add_span_processor(SimpleSpanProcessor(WitnessExporter()))
spans = OpenTelemetry(_provider)


def listen(sender: type) -> None:
    """Write each signal of the consumer ``sender`` down, whether its receiver is ``def`` or ``async def``."""
    for name in ("connected", "refused", "handled", "disconnected"):
        receive, areceive = _receivers(name)
        signal = getattr(signals, name)
        signal.connect(receive, sender=sender, weak=False)
        signal.connect(areceive, sender=sender, weak=False)


def _receivers(name: str) -> tuple[Any, Any]:
    def receive(signal: Any, sender: Any, connection_id: str, **facts: Any) -> None:
        witness(name, connection_id, thread=threading.current_thread().name, **facts)

    async def areceive(signal: Any, sender: Any, connection_id: str, **facts: Any) -> None:
        witness(f"async {name}", connection_id, thread=threading.current_thread().name, **facts)

    return receive, areceive
