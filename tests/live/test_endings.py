"""How a connection ends on a real server: running handlers are cancelled, and disconnected() is called, once."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from time import monotonic

import pytest

from tests.live.client import by_cookie, by_header, entered, frame, handshake, raw, text_of, until
from tests.live.servers import People, Server

pytestmark = pytest.mark.live


async def test_a_client_that_leaves_ends_its_handler(server: Server, people: People, key: str) -> None:
    """When the client closes, its running handler is cancelled within a second, and disconnected() is called once."""
    async with entered(server, f"/ws/door/{key}/", by_cookie(people.alice)) as client:
        await client.send("wait")
        await until(lambda: server.events(key, "waiting"))
        left = monotonic()
        await client.connection.close(4321)
        await until(lambda: server.events(key, "disconnected"))

    assert monotonic() - left < 1
    await nothing_more_happens(server, key)
    *before, end = server.events(key)
    assert ["connected", "waiting", "cancelled"] == [one["event"] for one in before]
    # hypercorn says 1006 of every close of the client's.
    assert end == {"event": "disconnected", "key": key, "code": end["code"], "groups": []}
    assert end["code"] in {4321, 1006}


async def test_a_client_that_vanishes_ends_its_handler(server: Server, people: People, key: str) -> None:
    """When the client's socket is cut off without a word, its handler is cancelled within a second all the same."""
    async with raw(server, handshake(server, f"/ws/door/{key}/", by_header(people.alice))) as client:
        await client.head()
        await client.write(frame(text_of("wait")))
        await until(lambda: server.events(key, "waiting"))
        left = monotonic()
        client.writer.transport.abort()
        await until(lambda: server.events(key, "disconnected"))

    assert monotonic() - left < 1
    assert ["connected", "waiting", "cancelled", "disconnected"] == [one["event"] for one in server.events(key)]
    assert server.events(key)[-1]["code"] in {1005, 1006}


async def test_a_stream_ends_with_its_client(server: Server, people: People, key: str) -> None:
    """A stream that would never end is cleaned up when its client leaves."""
    async with entered(server, f"/ws/door/{key}/", by_cookie(people.alice)) as client:
        await client.send("stream", {"items": 10**9, "pause": 0.01}, 1)
        await client.receive()
    await until(lambda: server.events(key, "disconnected"))

    assert ["connected", "streamed", "disconnected"] == [one["event"] for one in server.events(key)]


async def test_a_close_of_the_server_ends_with_its_code(server: Server, people: People, key: str) -> None:
    """When wsdrf closes, running handlers are cancelled and disconnected() is told the code that was sent."""
    async with entered(server, f"/ws/door/{key}/", by_cookie(people.alice)) as client:
        await client.send("wait")
        await until(lambda: server.events(key, "waiting"))
        await client.connection.send("x" * 100_000)
        assert 4413 == await client.close_code()
    await until(lambda: server.events(key, "disconnected"))

    assert ["connected", "waiting", "cancelled", "disconnected"] == [one["event"] for one in server.events(key)]
    assert 4413 == server.events(key)[-1]["code"]


@pytest.mark.parametrize("reason", ["Bye.", "é" * 1000])
async def test_a_close_of_a_handler_ends_with_its_code(server: Server, people: People, key: str, reason: str) -> None:
    """However long the reason is, every server sends the code, and none more of the reason than fits."""
    async with entered(server, f"/ws/door/{key}/", by_cookie(people.alice)) as client:
        await client.send("part", reason)
        assert 4000 == await client.close_code()
        assert reason.startswith(client.connection.close_reason or "")


async def test_many_clients_that_vanish_leave_nothing(server: Server, people: People, key: str) -> None:
    """Forty clients that are cut off at whatever moment each leave as they came: nobody stays connected."""
    async with AsyncExitStack() as stack:
        for number in range(40):
            request = handshake(server, f"/ws/door/{key}/", by_header(people.alice))
            client = await stack.enter_async_context(raw(server, request))
            if number % 2:
                await client.head()
                await client.write(frame(text_of("note")) * (number % 5) + frame(text_of("wait")))
    await until(lambda: server.events(key, "disconnected"))
    await until(lambda: nobody_is_left(server, key))

    assert all([] == one["groups"] for one in server.events(key, "disconnected"))


def nobody_is_left(server: Server, key: str) -> bool:
    """Tell whether as many have left as came, of those who have come so far, and no handler waits."""
    seen = Counter(one["event"] for one in server.events(key))
    return (seen["connected"], seen["waiting"]) == (seen["disconnected"], seen["cancelled"])


@pytest.mark.parametrize("server", ["uvicorn", "daphne"], indirect=True)
async def test_five_thousand_clients_that_abort_leave_nothing(server: Server, people: People, key: str) -> None:
    """Connect, speak, abort, five thousand times: no memory, task, group, connection or database connection is left."""
    await abort(server, people, f"{key}-warm", 500)
    async with entered(server, f"/ws/door/{key}-watch/", by_cookie(people.bob)) as watcher:
        before, resident = (await watcher.call("remains"))["payload"], server.resident_bytes
        await abort(server, people, key, 5000)
        await asyncio.sleep(1)  # the last ones say so a little before they have left
        after = (await watcher.call("remains"))["payload"]

    assert {"connections": 1, "groups": 1} == {name: after[name] for name in ("connections", "groups")}
    assert before["tasks"] >= after["tasks"]
    assert server.resident_bytes - resident < 10 * 1024 * 1024
    assert [] == server.open_files("live.sqlite3")


async def abort(server: Server, people: People, key: str, count: int) -> None:
    """Be ``count`` clients, some at a time, who speak and hang up without a word; wait until all have left."""
    at_once = asyncio.Semaphore(16)
    request = handshake(server, f"/ws/door/{key}/", by_header(people.alice))

    async def one(number: int) -> None:
        async with at_once, raw(server, request) as client:
            await client.head()
            await client.frame()  # it is let in
            await client.write(frame(text_of("note")) * (number % 3) + frame(text_of("wait")))

    await asyncio.gather(*map(one, range(count)))
    await until(lambda: count == len(server.events(key, "disconnected")))


async def nothing_more_happens(server: Server, key: str) -> None:
    """Let the server have three turns: what a connection still did would be seen by then."""
    for number in range(3):
        count = len(server.events(key))
        async with raw(server, handshake(server, f"/ws/gate/{key}-{number}/")) as client:
            await asyncio.wait_for(client.ended(), 10)
        assert count == len(server.events(key))
