"""Each call has a span: in the client's trace, the current one for the call's code, and without a word of the client's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import baggage, trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from rest_framework.permissions import AllowAny, BasePermission

from tests.laws.living import Anybody, fresh_layer
from tests.unit.sockets import Socket, scope, settle, until
from wsdrf import Consumer, on, requires
from wsdrf.connection.blueprint import blueprint_of
from wsdrf.connection.connection import Connection
from wsdrf.telemetry.spans import OpenTelemetry

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = f"00-{TRACE}-{PARENT}-01".encode()

exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))


def current() -> str:
    """Name the span that this code runs in."""
    return f"{trace.get_current_span().get_span_context().span_id:016x}"


class Noting(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        view.consumer.seen.append(current())
        return True


class Traced(Consumer):
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    throttle_classes: list[Any] = []
    authenticator_class = Anybody
    observers = [OpenTelemetry(provider)]
    witness: Any

    @on("quick")
    @requires(Noting)
    async def quick(self, payload: int) -> None:
        self.seen.append(current())
        await asyncio.sleep(0)
        self.seen.append(current())
        if payload:
            raise ValueError("secret")

    @on("blocking")
    def blocking(self) -> None:
        self.seen.append(current())

    @on("beside", concurrent=True)
    async def beside(self) -> None:
        await asyncio.sleep(0)
        self.seen.append(current())

    @on("stream")
    async def stream(self) -> AsyncIterator[int]:
        self.seen.append(current())
        yield 1
        self.seen.append(current())
        yield 2


class Deaf(Traced):
    observers = [OpenTelemetry(provider, follows_headers=False)]


@pytest.fixture(autouse=True)
def layer() -> Iterator[None]:
    with fresh_layer():
        yield


async def spans_of(
    *calls: tuple[str, Any], headers: Any = (), consumer: type[Traced] = Traced
) -> tuple[list[ReadableSpan], list[str], Connection]:
    """Give the spans that the calls have made, in the order in which they ended, and what the code saw as current."""
    exporter.clear()
    socket = Socket()
    connection = Connection(blueprint_of(consumer, Consumer), scope(headers=headers), socket.receive, socket.send)
    connection.consumer.seen = seen = []
    connection.consumer.witness = type("Nothing", (), {"hooks": {}})
    socket.connect()
    task = asyncio.create_task(connection.run())
    await settle()
    for action, payload in calls:
        socket.say({"action": action, "id": 1} | ({} if payload is None else {"payload": payload}))
        before = len(exporter.get_finished_spans())
        await until(lambda before=before: len(exporter.get_finished_spans()) > before)  # type: ignore[misc]
    socket.leave()
    await task
    return list(exporter.get_finished_spans()), seen, connection


def id_of(span: ReadableSpan) -> str:
    return f"{span.get_span_context().span_id:016x}"


async def test_the_code_of_a_call_runs_in_its_span() -> None:
    """Guards and handlers, whether they wait, block, stream or run beside others, see the span of their own call."""
    calls = [("quick", 0), ("blocking", None), ("beside", None), ("stream", None)]
    spans, seen, _ = await spans_of(*calls)

    quick, blocking, beside, stream = map(id_of, spans)
    assert [quick, quick, quick, blocking, beside, stream, stream] == seen
    assert 4 == len(set(seen))
    assert "0000000000000000" == current()


async def test_a_span_says_what_became_of_the_call() -> None:
    """A span is named after the action and has the facts; a failure of the server's is an error, a refusal is none."""
    spans, _, connection = await spans_of(("quick", 0), ("quick", 1), ("quick", "no"), ("stream", None), ("evil\n", 1))

    assert ["quick", "quick", "quick", "stream", "wsdrf.unknown"] == [span.name for span in spans]
    assert {SpanKind.SERVER} == {span.kind for span in spans}
    unset, error = StatusCode.UNSET, StatusCode.ERROR
    assert [unset, error, unset, unset, unset] == [span.status.status_code for span in spans]
    facts = [dict(span.attributes or {}) for span in spans]
    identity = {"wsdrf.consumer": f"{__name__}.Traced", "wsdrf.connection_id": connection.membership.id}
    ok = {"wsdrf.status_code": 200, "wsdrf.code": "ok"}
    assert {"wsdrf.action": "quick", **identity, **ok} == facts[0]
    assert (500, "error") == (facts[1]["wsdrf.status_code"], facts[1]["wsdrf.code"])
    assert (400, "invalid") == (facts[2]["wsdrf.status_code"], facts[2]["wsdrf.code"])
    assert {"wsdrf.action": "stream", "wsdrf.items": 2, **identity, **ok} == facts[3]
    assert (404, "wsdrf.unknown") == (facts[4]["wsdrf.status_code"], facts[4]["wsdrf.action"])
    assert "secret" not in "".join(span.to_json() for span in spans)


async def test_the_user_is_named_by_the_primary_key() -> None:
    """A span of somebody's call has their primary key."""

    class Known(Traced):
        async def connected(self) -> None:
            self.user = type("User", (), {"pk": 7})

    ((span, *_), *_) = await spans_of(("quick", 0), consumer=Known)
    assert "7" == (span.attributes or {})["user.id"]


async def test_the_trace_is_the_handshakes() -> None:
    """Every call of a connection continues the trace that its handshake named, unless the project says not to."""
    headers = [(b"traceparent", HEADER), (b"baggage", b"user=canary")]
    spans, _, _ = await spans_of(("quick", 0), ("stream", None), headers=headers)
    for span in spans:
        assert span.parent is not None
        assert (TRACE, PARENT) == (f"{span.get_span_context().trace_id:032x}", f"{span.parent.span_id:016x}")
        assert span.parent.is_remote

    ((span,), *_) = await spans_of(("quick", 0), headers=headers, consumer=Deaf)
    assert span.parent is None
    assert TRACE != f"{span.get_span_context().trace_id:032x}"


async def test_nothing_but_the_trace_is_taken_from_the_headers() -> None:
    """Baggage that a client sends does not reach the handler, from where it would travel on to other services."""

    class Careful(Traced):
        @on("baggage")
        async def baggage(self) -> None:
            self.seen.append(str(dict(baggage.get_all())))

    headers = [(b"traceparent", HEADER), (b"baggage", b"user=canary")]
    _, seen, _ = await spans_of(("baggage", None), headers=headers, consumer=Careful)
    assert ["{}"] == seen


@given(st.binary(max_size=80), st.binary(max_size=40))
def test_whatever_the_headers_are_the_call_has_a_span(traceparent: bytes, tracestate: bytes) -> None:
    """Headers that are malformed, or of a client with bad intent, cost a trace of its own at most."""
    headers = [(b"traceparent", traceparent), (b"tracestate", tracestate)]
    (spans, *_) = asyncio.run(spans_of(("quick", 0), headers=headers))
    assert ["quick"] == [span.name for span in spans]


async def test_what_is_current_already_is_the_parent() -> None:
    """Where another instrumentation has made a span around the connection, calls are its children."""
    with provider.get_tracer("server").start_as_current_span("GET /ws/") as around:
        (spans, *_) = await spans_of(("quick", 0), headers=[(b"traceparent", HEADER)])
    assert spans[0].parent is not None
    assert around.get_span_context().span_id == spans[0].parent.span_id


async def test_without_an_sdk_calls_are_answered() -> None:
    """Where only the API is installed, nothing is recorded and nothing fails."""

    class Plain(Traced):
        observers = ["wsdrf.telemetry.spans.OpenTelemetry"]

    socket = Socket()
    connection = Connection(blueprint_of(Plain, Consumer), scope(), socket.receive, socket.send)
    connection.consumer.seen = seen = []
    connection.consumer.witness = type("Nothing", (), {"hooks": {}})
    socket.connect()
    task = asyncio.create_task(connection.run())
    socket.say({"action": "quick", "payload": 0, "id": 1})
    await until(lambda: {"complete"} <= {frame["action"] for frame in socket.frames})
    socket.leave()
    await task
    assert ["0000000000000000"] * 3 == seen
