"""What becomes of connections and calls on a real server reaches traces, metrics and receivers, once, without a secret."""

from __future__ import annotations

import asyncio
import urllib.request
from secrets import token_hex
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.live.client import by_bad_header, by_cookie, by_header, connected, encoded, entered, until
from tests.live.servers import People, Server

pytestmark = pytest.mark.live

CANARY = "canary-9b07e1"
CONSUMER = "tests.live.app.consumers.Seen"

Metrics = dict[tuple[str, ...], float]


async def metrics(server: Server) -> Metrics:
    """Give the samples of the observed consumer, under their names and the values of their labels."""
    answer = await asyncio.to_thread(
        lambda: urllib.request.urlopen(f"{server.origin}/metrics/", timeout=10).read().decode()
    )
    assert CANARY not in answer
    return {
        (sample.name, *(value for name, value in sorted(sample.labels.items()) if name != "consumer")): sample.value
        for family in text_string_to_metric_families(answer)
        for sample in family.samples
        if sample.labels.get("consumer") == CONSUMER
    }


def spans_of(server: Server, trace: str) -> list[dict[str, Any]]:
    lines = [line for line in server.witnessed() if line.get("trace") == trace]
    return sorted(lines, key=lambda line: (line["name"], line["status_code"]))


def refusals(server: Server) -> list[int]:
    return [line["status_code"] for line in server.witnessed() if line["event"] == "refused"]


async def test_each_thing_is_told_once(server: Server, people: People, key: str) -> None:
    """Every way in which a call or a connection ends is one span, one signal, one count, and they agree."""
    before, refused = await metrics(server), len(refusals(server))
    trace = token_hex(16)
    headers = [*by_header(people.alice), ("traceparent", f"00-{trace}-00f067aa0ba902b7-01"), ("X-Canary", CANARY)]
    async with entered(server, f"/ws/seen/{key}/", headers) as client:
        assert trace == (await client.call("trace"))["payload"]
        await client.call("note", {"text": CANARY})
        await client.call("note", {"n": CANARY})
        await client.call("admin", {"n": 1})
        await client.call("break")
        await client.call(CANARY, CANARY)
        await client.send("stream", {"items": 2, "size": 9}, "two")
        assert ["item", "item", "complete"] == [(await client.receive())["action"] for _ in range(3)]
        await client.send("stream", {"items": 9, "pause": 60}, "many")
        await client.receive()
        await client.send("cancel", id="many")
        assert "complete" == (await client.receive())["action"]
        await client.send("wait")
        await until(lambda: server.events(key, "waiting"))
    async with connected(server, f"/ws/seen/{key}/", by_bad_header(people.alice)) as client:
        assert 4401 == await client.close_code()

    await until(lambda: 9 == len(spans_of(server, trace)))
    found = spans_of(server, trace)
    assert [
        ("admin", 403, "permission_denied"),
        ("break", 500, "error"),
        ("note", 200, "ok"),
        ("note", 400, "invalid"),
        ("stream", 200, "ok"),
        ("stream", 499, "cancelled"),
        ("trace", 200, "ok"),
        ("wait", 499, "cancelled"),
        ("wsdrf.unknown", 404, "unknown_action"),
    ] == [(span["name"], span["status_code"], span["code"]) for span in found]
    assert {"00f067aa0ba902b7"} == {span["parent"] for span in found}
    (identity,) = {span["key"] for span in found}
    await until(lambda: server.events(identity, "async disconnected"))
    check_signals(server, identity, found)
    await until(lambda: len(refusals(server)) > refused)
    assert [401] == refusals(server)[refused:]
    grown = {name: value - before.get(name, 0) for name, value in (await metrics(server)).items()}
    check_growth(grown, found)
    check_secrets(server, people)


def check_signals(server: Server, identity: str, spans: list[dict[str, Any]]) -> None:
    """Assert that both receivers of each signal got what the spans say, in order, each in its place."""
    told = server.events(identity)
    events = [line["event"] for line in told if line["event"] != "span"]
    for prefix in ("", "async "):
        own = [name for name in events if name.startswith("async ") == bool(prefix)]
        assert [f"{prefix}connected", *[f"{prefix}handled"] * 9, f"{prefix}disconnected"] == own
    handled = [line for line in told if line["event"] == "handled"]
    assert sorted((line["action"], line["status_code"], line.get("items")) for line in handled if line["items"]) == [
        ("stream", 200, 2),
        ("stream", 499, 1),
    ]
    assert sorted((span["name"], span["code"]) for span in spans) == sorted(
        (line["action"], line["code"]) for line in handled
    )
    (user,) = {str(line["user_pk"]) for line in told if "user_pk" in line}
    assert {user} == {span["id"] for span in spans}
    threads = {line["thread"] for line in told if line["event"] in {"connected", "handled", "disconnected"}}
    assert threads.isdisjoint(line["thread"] for line in told if line["event"].startswith("async "))


def check_growth(grown: Metrics, spans: list[dict[str, Any]]) -> None:
    """Assert that the counters have grown by what the spans say."""
    calls = [(span["name"], str(span["status_code"])) for span in spans]
    assert {("wsdrf_calls_total", *call): calls.count(call) for call in calls} == {
        name: value for name, value in grown.items() if name[0] == "wsdrf_calls_total" and value
    }
    assert 0 == grown["wsdrf_connections",]
    assert 1 == grown["wsdrf_refusals_total", "401"]
    assert 1 == sum(value for name, value in grown.items() if name[0] == "wsdrf_closes_total")
    assert 3 == grown["wsdrf_stream_items_total", "stream"]
    assert 2 == grown["wsdrf_call_duration_seconds_count", "stream"]
    assert grown["wsdrf_call_duration_seconds_sum", "wait"] > 0


def check_secrets(server: Server, people: People) -> None:
    """Assert that nothing that was told holds what a client has said or keeps secret."""
    written = (server.folder / "witness.log").read_text() + server.output()
    secrets = {CANARY, people.alice.token, encoded(people.alice.token), people.alice.session, people.alice.token[::-1]}
    assert [] == [secret for secret in secrets if secret in written]


async def test_a_cut_connection_is_told(server: Server, people: People, key: str) -> None:
    """A client that is gone without a word leaves its calls and its connection told, all the same."""
    trace = token_hex(16)
    headers = [*by_cookie(people.bob), ("traceparent", f"00-{trace}-00f067aa0ba902b7-01")]
    async with entered(server, f"/ws/seen/{key}/", headers) as client:
        await client.send("wait")
        await until(lambda: server.events(key, "waiting"))
        client.connection.transport.abort()
    await until(lambda: 1 == len(spans_of(server, trace)))
    (span,) = spans_of(server, trace)
    assert ("wait", 499) == (span["name"], span["status_code"])
    await until(lambda: server.events(span["key"], "disconnected"))
    assert 1 == len(server.events(span["key"], "handled")) == len(server.events(span["key"], "disconnected"))
