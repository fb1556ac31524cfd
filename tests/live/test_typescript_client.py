"""The generated TypeScript client, in Node, against real servers."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.live.client import until
from tests.live.generated import PERSON, Mortal, in_project, typescript_client
from tests.live.servers import Fleet, People, Server
from tests.typescript.compiler import HERE

pytestmark = [
    pytest.mark.live,
    pytest.mark.parametrize("server", ["uvicorn", "daphne"], indirect=True),
    pytest.mark.timeout(240),
]
SECONDS = 60


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory, require: Callable[[str, str], str]) -> Path:
    """Give the compiled module of the live project's client."""
    return typescript_client(tmp_path_factory.mktemp("typescript"), require)


class Talk:
    """A scenario that runs in Node."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def said(self) -> Any:
        """Give the next line that it says."""
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), SECONDS)
        assert line, "Node ended"
        return json.loads(line)

    def go_on(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(b"go\n")


@asynccontextmanager
async def talk(module: Path, scenario: str, url: str, **given: Any) -> AsyncIterator[Talk]:
    """Run a scenario of ``talk.mjs``."""
    process = await asyncio.create_subprocess_exec(
        "node",
        str(HERE / "talk.mjs"),
        str(module),
        scenario,
        json.dumps({"url": url, **given}),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Talk(process)
        assert 0 == await asyncio.wait_for(process.wait(), SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
def url(server: Server) -> str:
    return f"ws://127.0.0.1:{server.port}"


async def test_calls_streams_and_events(module: Path, url: str, server: Server, people: People, key: str) -> None:
    """Replies by both carriers, each its own call's; streams to the end and cancelled; errors; timeouts; events."""
    async with talk(module, "talk", url, key=key, token=people.alice.token) as node:
        for _ in ("subprotocol", "message"):
            assert [{"n": 7, "together": 1}, "alice", None] == await node.said()
        assert list(range(20)) == await node.said()
        assert list(range(5)) == await node.said()
        assert "alice" == await node.said()
        errors = [[["payload", "n"], "too_small"]]
        assert {"name": "CallError", "code": "invalid", "statusCode": 400, "errors": errors} == await node.said()
        assert ["TimedOut", "TimeoutError"] == [await node.said(), await node.said()]
        assert ["all"] == await node.said()
        assert "Disconnected" == await node.said()

    await until(lambda: len(server.events(key, "streamed")) == 2)
    whole, cancelled = (one["items"] for one in server.events(key, "streamed"))
    assert 5 == whole
    assert cancelled < 100_000


async def test_a_closed_client_leaves_no_timer(module: Path, url: str, people: People, key: str) -> None:
    """Neither the heartbeat nor the next attempt keeps a program alive whose clients are closed."""
    async with talk(module, "quiet", url, key=key, token=people.alice.token) as node:
        assert "quiet" == await node.said()


async def test_a_refusal_is_final(module: Path, url: str, people: People, key: str) -> None:
    """A wrong token is asked for once more, and not shown again."""
    async with talk(module, "refused", url, key=key, token=people.alice.token[::-1]) as node:
        said = await node.said()

    assert ("Disconnected", "Disconnected", 2, 1) == (said["name"], said["call"], said["asked"], said["closings"])
    assert (4401, "after login", True) == tuple(said["closing"][name] for name in ("code", "retry", "isFinal"))


async def test_a_token_that_ended_is_asked_anew(module: Path, url: str, server: Server, key: str) -> None:
    """The server closes with 4401; the function is asked again, and the client is back by itself."""
    name, tokens = f"node-{key}", [f"{key}-1", f"{key}-2"]
    in_project(server.folder, PERSON, name, tokens[0])
    async with talk(module, "anew", url, key=key, tokens=tokens) as node:
        assert name == await node.said()
        await asyncio.to_thread(in_project, server.folder, PERSON, name, tokens[1])
        node.go_on()

        assert [name, [[4401, False]], tokens] == await node.said()


def jwt(seconds: float) -> str:
    """Give what looks like a JWT, short enough for a key of Django REST framework's."""
    claims = json.dumps({"exp": int(time.time() + seconds)}).encode()
    return f"n.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.s"


async def test_a_token_is_renewed_in_place(module: Path, url: str, server: Server, key: str) -> None:
    """Before it expires the function is asked again, and the connection stays as it is."""
    name, tokens = f"kept-{key}", [jwt(8), jwt(4000)]
    in_project(server.folder, PERSON, name, tokens[0])
    async with talk(module, "renewed", url, key=key, tokens=tokens) as node:
        assert "asked" == await node.said()
        await asyncio.to_thread(in_project, server.folder, PERSON, name, tokens[1])
        node.go_on()

        assert [name, []] == await node.said()


@pytest.fixture
def mortal(fleet: Fleet, server: Server, tmp_path: Path) -> Iterator[Mortal]:
    mortal = Mortal(fleet, server, tmp_path)
    yield mortal
    mortal.kill()


async def test_a_killed_server_is_found_again(module: Path, mortal: Mortal, people: People, key: str) -> None:
    """What was under way fails; what is called meanwhile waits and is done; too much is refused at once."""
    url = f"ws://127.0.0.1:{mortal.port}"
    async with talk(module, "killed", url, key=key, token=people.alice.token) as node:
        assert "ready" == await node.said()
        await asyncio.sleep(0.2)
        await asyncio.to_thread(mortal.kill)
        assert ["Disconnected", "QueueFull"] == await node.said()
        await asyncio.to_thread(mortal.start)

        assert [0, 1] == await node.said()
        assert ["open", "close", "resync"] == await node.said()
