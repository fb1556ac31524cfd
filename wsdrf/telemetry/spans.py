"""Give each call a span of OpenTelemetry, which is the current one where the call's code runs."""

from __future__ import annotations

from typing import Final

from opentelemetry import context, propagate, trace
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider

from wsdrf.observing import CallRecord, ConnectionRecord, Observer


class OpenTelemetry(Observer):
    """Make a span for each call, with the provider that is set for the process, or with ``provider``.

    Its parent is the span that is current where the connection is served, if another instrumentation has made one;
    else the one that the handshake's headers name, unless ``follows_headers`` is false. Of these headers the trace is
    taken alone: what else a client sends along, such as baggage, goes no further.
    """

    def __init__(self, provider: TracerProvider | None = None, *, follows_headers: bool = True) -> None:
        self._tracer = trace.get_tracer("wsdrf", tracer_provider=provider)
        self._follows_headers = follows_headers

    def begun(self, call: CallRecord) -> None:
        """Start the span."""
        connection = call.connection
        attributes = {
            "wsdrf.action": call.action,
            "wsdrf.consumer": connection.consumer,
            "wsdrf.connection_id": connection.id,
        }
        if connection.user_pk is not None:
            attributes["user.id"] = str(connection.user_pk)
        call.notes[self] = self._tracer.start_span(
            call.action, self._parent(connection), SpanKind.SERVER, attributes=attributes
        )

    def enter(self, call: CallRecord) -> None:
        """Make the span the current one."""
        span: Span | None = call.notes.get(self)
        if span is not None:
            context.attach(trace.set_span_in_context(span))  # for good: the context ends with the call

    def handled(self, call: CallRecord) -> None:
        """End the span; a failure of the server's is an error, a refusal is none."""
        span: Span | None = call.notes.pop(self, None)
        if span is None:
            return
        span.set_attributes({"wsdrf.status_code": call.status_code, "wsdrf.code": call.code})
        if call.items is not None:
            span.set_attribute("wsdrf.items", call.items)
        if call.status_code >= 500:
            span.set_status(Status(StatusCode.ERROR, call.code))
        span.end()

    def _parent(self, connection: ConnectionRecord) -> Context | None:
        if trace.get_current_span().get_span_context().is_valid:
            return None  # what is current is the parent
        parent: Context | None = connection.notes.get(self)
        if parent is None:
            named = propagate.extract(connection, Context(), _HEADERS) if self._follows_headers else Context()
            parent = trace.set_span_in_context(trace.get_current_span(named), Context())
            connection.notes[self] = parent
        return parent


class _Headers(Getter[ConnectionRecord]):
    def get(self, carrier: ConnectionRecord, key: str) -> list[str] | None:
        value = carrier.header(key)
        return None if value is None else [value]

    def keys(self, carrier: ConnectionRecord) -> list[str]:
        return []  # a propagator that asks for all of them is told none


_HEADERS: Final = _Headers()
