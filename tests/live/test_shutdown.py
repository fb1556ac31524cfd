"""A server that is told to end, while clients are connected and handlers run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest

import wsdrf
from tests.live.client import Client, by_cookie, connected, entered, until
from tests.live.servers import People, Server

pytestmark = pytest.mark.live

DRAIN_TIMEOUT = 5
SPREAD = 0.5
"""Seconds between the first and the last of nine clients who leave within five: less is one in some ten million."""


async def test_a_server_ends_in_order(server: Server, people: People, key: str) -> None:
    """On SIGTERM clients leave a few at a time with 4503, handlers are cancelled, and the process ends soon, cleanly."""
    before = server.mark()
    path = f"/ws/door/{key}/"
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(entered(server, path, by_cookie(people.alice))) for _ in range(9)]
        await clients[0].send("wait")
        await until(lambda: server.events(key, "waiting"))
        started = monotonic()
        server.process.terminate()
        left = await asyncio.gather(*map(departure, clients))
        await until(lambda: server.process.poll() is not None)

    assert {4503} == {code for code, _ in left}
    assert monotonic() - started < DRAIN_TIMEOUT + 8
    moments = sorted(moment for _, moment in left)
    assert moments[-1] - moments[0] > SPREAD
    # daphne and hypercorn print tracebacks of their own here.
    expected = ("asked to leave", "'levelname': 'DEBUG'")
    lines = [line for line in server.output(before).splitlines() if not any(one in line for one in expected)]
    output = "\n".join(lines)
    assert "'name': 'wsdrf" not in output
    assert str(Path(wsdrf.__file__).parent) not in output
    assert "Traceback" not in output or not server.kind.name.startswith("uvicorn")
    assert 1 == len(server.events(key, "cancelled"))
    assert [[]] * 9 == [one["groups"] for one in server.events(key, "disconnected")]


@pytest.mark.parametrize("server", ["uvicorn", "uvicorn-uvloop", "daphne"], indirect=True)
async def test_who_comes_while_a_server_ends_is_sent_away(server: Server, people: People, key: str) -> None:
    """Between the signal and the end of the process, a newcomer is closed with 4503 and told nothing else."""
    path = f"/ws/door/{key}/"
    async with told_to_end(server, people, path):
        async with connected(server, path, by_cookie(people.bob)) as late:
            assert [] == await late.rest()
            assert 4503 == late.connection.close_code
        await until(lambda: server.process.poll() is not None)


@pytest.mark.parametrize("server", ["uvicorn", "uvicorn-uvloop", "daphne"], indirect=True)
async def test_a_second_signal_ends_a_server_at_once(server: Server, people: People, key: str) -> None:
    """Who asks twice does not wait for anybody to leave."""
    async with told_to_end(server, people, f"/ws/door/{key}/"):
        started = monotonic()
        server.process.terminate()
        await until(lambda: server.process.poll() is not None)

    assert monotonic() - started < DRAIN_TIMEOUT


@asynccontextmanager
async def told_to_end(server: Server, people: People, path: str) -> AsyncIterator[None]:
    """Have nine clients connected, and the server asking them to leave."""
    async with AsyncExitStack() as stack:
        for _ in range(9):
            await stack.enter_async_context(entered(server, path, by_cookie(people.alice)))
        server.process.terminate()
        await until(lambda: "asked to leave" in server.output())
        yield


async def departure(client: Client) -> tuple[int | None, float]:
    code = await client.close_code()
    return code, monotonic()
