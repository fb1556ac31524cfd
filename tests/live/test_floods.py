"""Floods on a real server: who sends more than is answered is closed, and nobody else has to wait for it."""

from __future__ import annotations

import asyncio
from statistics import median
from time import monotonic

import pytest

from tests.live.client import Client, by_cookie, by_header, entered, frame, handshake, raw, text_of, until
from tests.live.servers import People, Server

pytestmark = pytest.mark.live

CALLS = frame(text_of("wait")) + frame(text_of("note", {"n": 1, "text": "x" * 150})) * 10_000
PINGS = frame(text_of("ping")) * 10_000
GARBAGE = frame("[" * 200) * 10_000

FLOODS = {"calls": (CALLS, 4429), "garbage": (GARBAGE, 4400), "pings": (PINGS, None)}


@pytest.mark.parametrize("server", ["uvicorn", "daphne"], indirect=True)
@pytest.mark.parametrize("flood", FLOODS)
async def test_a_flood_harms_nobody_else(server: Server, people: People, key: str, flood: str) -> None:
    """Ten thousand frames at once end their connection, fill no memory, and others are answered in 100 ms meanwhile."""
    data, code = FLOODS[flood]
    waits = []
    resident = server.resident_bytes
    request = handshake(server, f"/ws/door/{key}/", by_header(people.bob))
    async with (
        entered(server, f"/ws/door/{key}-other/", by_cookie(people.alice)) as other,
        raw(server, request) as flooder,
    ):
        usual = await pace(other)
        await flooder.head()
        await flooder.frame()
        flooding = asyncio.create_task(flooder.write(data))
        reading = asyncio.create_task(flooder.rest(at_most=10_000))
        while not reading.done() or len(waits) < 20:
            sent = monotonic()
            await other.call("note")
            waits.append(monotonic() - sent)
        await flooding
        ended = await reading

    assert code == ended.close_code
    assert median(waits) < max(0.1, 20 * usual)  # a machine that is slow by itself is no harm done
    assert server.resident_bytes - resident < 40 * 1024 * 1024
    if flood == "calls":
        await until(lambda: server.events(key, "disconnected"))
        assert [] == server.events(key, "ran")
        assert len(server.events(key, "waiting")) == len(server.events(key, "cancelled"))
    if flood == "pings":
        assert ["pong"] * 10_000 == [one["action"] for one in ended.frames]


async def pace(client: Client) -> float:
    """Give how long a call usually takes here, in seconds."""
    waits = []
    for _ in range(20):
        sent = monotonic()
        await client.call("note")
        waits.append(monotonic() - sent)
    return median(waits)
