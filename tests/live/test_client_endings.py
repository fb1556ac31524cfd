"""Generated clients and a server of few words: each close code, silence, and aborting, in Python and in Node."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.live.client import until
from tests.live.generated import python_client, typescript_client
from tests.live.test_typescript_client import talk
from wsdrf.clients.runtime.closing import RETRIES, Retry

pytestmark = [pytest.mark.live, pytest.mark.timeout(100)]

CODES = sorted({*RETRIES, 1001, 1011, 4499, 4599, 4900})
REFUSAL = '{"action":"error","payload":{"status_code":429,"code":"throttled","detail":"Slowly.","retry_after":2}}'
WELCOME = '{"action":"authentication","payload":{"status_code":200,"status_text":"OK","data":{"detail":"OK"}}}'
COMES_BACK = {code for code in CODES if RETRIES.get(code) is Retry.BACK_OFF} | {1001, 1011, 4599, 4900}


@define
class Curt:
    """A server that lets everybody in; the last part of the path is what it does then."""

    url: str = ""
    visits: Counter[str] = field(factory=Counter)
    heard: list[tuple[str, Any]] = field(factory=list)

    async def serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        word = connection.request.path.rstrip("/").rpartition("/")[2]
        self.visits[word] += 1
        await connection.send(WELCOME)
        if word == "cross":
            await connection.send(REFUSAL)
        if word.isdecimal():
            await connection.close(int(word), "So it is.")
        try:
            async for text in connection:
                self.heard.append((word, json.loads(text)))
                if word == "alive" and json.loads(text)["action"] == "ping":
                    await connection.send('{"action":"pong","payload":null}')
        except ConnectionClosed:
            pass


@pytest.fixture
async def curt() -> AsyncIterator[Curt]:
    curt = Curt()
    async with serve(curt.serve, "127.0.0.1", 0, ping_interval=None) as server:
        curt.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield curt


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory, require: Callable[[str, str], str]) -> Path:
    """Give the compiled module of the live project's client."""
    return typescript_client(tmp_path_factory.mktemp("endings"), require)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give the Python client of the live project."""
    return python_client(tmp_path_factory.mktemp("endings"), "curt_client")


def client_of(made: Any, curt: Curt, word: str, **more: Any) -> Any:
    options = {"backoff": 0.02, "max_backoff": 0.1, "websocket": {"proxy": None}} | more
    return made.DoorClient(curt.url, {"key": word}, token="x", options=made.Options(**options))


async def test_python_obeys_the_table_of_close_codes(made: Any, curt: Curt) -> None:
    """Let in and then closed with each code: the client is back again and again, or never."""
    closings: list[tuple[int, bool]] = []
    async with AsyncExitStack() as open_clients:
        for code in CODES:
            client = client_of(made, curt, str(code))
            client.on("close", lambda closing, code=code: closings.append((code, closing.is_final)))
            open_clients.push_async_callback(client.close)
            await client.connect()
        await until(lambda: all(curt.visits[str(code)] >= 4 for code in COMES_BACK))
        final = {code for code, is_final in closings if is_final}

    assert COMES_BACK == {int(word) for word, times in curt.visits.items() if times > 1}
    assert set(CODES) - COMES_BACK == final


async def test_typescript_obeys_the_table_of_close_codes(module: Path, curt: Curt) -> None:
    """Let in and then closed with each code: the client is back again and again, or never."""
    async with talk(module, "endings", curt.url, codes=CODES) as node:
        await until(lambda: all(curt.visits[str(code)] >= 4 for code in COMES_BACK))
        node.go_on()
        final = await node.said()

    assert COMES_BACK == {int(word) for word, times in curt.visits.items() if times > 1}
    assert sorted(set(CODES) - COMES_BACK) == final


async def test_python_notices_silence(made: Any, curt: Curt) -> None:
    """A server that answers pings keeps its client; one that does not is left for a new connection."""
    alive, mute = (client_of(made, curt, word, heartbeat=0.2) for word in ("alive", "mute"))
    async with alive, mute:
        await until(lambda: curt.visits["mute"] >= 2 and len([1 for word, _ in curt.heard if word == "alive"]) >= 3)

    assert 1 == curt.visits["alive"]
    assert {"ping"} == {frame["action"] for _, frame in curt.heard}


async def test_typescript_notices_silence(module: Path, curt: Curt) -> None:
    """A server that answers pings keeps its client; one that does not is left for a new connection."""
    async with talk(module, "silence", curt.url) as node:
        await until(lambda: curt.visits["mute"] >= 2 and len([1 for word, _ in curt.heard if word == "alive"]) >= 3)
        node.go_on()

        assert ["mute"] == await node.said()

    assert 1 == curt.visits["alive"]
    assert {"ping"} == {frame["action"] for _, frame in curt.heard}


async def test_typescript_can_be_aborted(module: Path, curt: Curt) -> None:
    """A call, a stream, and a connection on its way reject with the signal's reason; an aborted stream is cancelled."""
    async with talk(module, "aborted", curt.url) as node:
        assert ["Reason", "Reason", "Reason", "Reason"] == await node.said()
        await until(lambda: any(frame["action"] == "cancel" for _, frame in curt.heard))

    [stream] = [frame for _, frame in curt.heard if frame["action"] == "stream"]
    assert [stream["id"]] == [frame["id"] for _, frame in curt.heard if frame["action"] == "cancel"]


async def test_python_tells_of_an_error_without_an_id(made: Any, curt: Curt) -> None:
    """What the server refused without saying which is an event, and fails no call."""
    errors: list[Any] = []
    client = client_of(made, curt, "cross")
    client.on("error", errors.append)
    async with client:
        await until(lambda: errors)

    assert [("throttled", 429, 2)] == [(one.code, one.status_code, one.retry_after) for one in errors]


async def test_typescript_tells_of_an_error_without_an_id(module: Path, curt: Curt) -> None:
    """What the server refused without saying which is an event, and fails no call."""
    async with talk(module, "cross", curt.url) as node:
        assert ["CallError", "throttled", 429, 2] == await node.said()
