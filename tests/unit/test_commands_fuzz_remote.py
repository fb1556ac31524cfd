"""``wsdrf_fuzz --url``: what a server does wrong is found from outside, without a look into it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import attrs
import pytest
from websockets.asyncio.server import serve

from tests.unit import fuzz_site
from tests.unit.test_commands_fuzz import Done, found, fuzz
from wsdrf.codec import Codec
from wsdrf.exceptions import Refusal
from wsdrf.options import Options

__all__ = ["fuzz"]

pytestmark = pytest.mark.django_db

CODEC = Codec()
LIMIT = attrs.fields(Options).max_message_size.default
LET_IN = {"action": "authentication", "payload": {"status_code": 200, "status_text": "OK", "data": {}}}
REFUSED = {"action": "authentication", "payload": {"status_code": 403, "status_text": "Forbidden", "data": {}}}

Script = Callable[[Any], AsyncIterator[dict[str, Any]]]


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.ASGI_APPLICATION = f"{fuzz_site.__name__}.application"


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give the URL of a server that does to its clients what the test's ``request.param`` says."""
    handle, options = request.param
    started: list[Any] = []
    is_up = threading.Event()

    async def run() -> None:
        end = asyncio.Event()
        async with serve(handle, "127.0.0.1", 0, **options) as one:
            started.extend((asyncio.get_running_loop(), end, one.sockets[0].getsockname()[1]))
            is_up.set()
            await end.wait()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    assert is_up.wait(10)
    loop, end, port = started
    yield f"ws://127.0.0.1:{port}/faulty/"
    loop.call_soon_threadsafe(end.set)
    thread.join(10)


def talks(answer: Callable[[dict[str, Any]], list[dict[str, Any]]], first: Any = LET_IN) -> Any:
    """Make what lets everybody in, and gives to each call what ``answer`` says; other frames get their due."""

    async def handle(connection: Any) -> None:
        await connection.send(json.dumps(first))
        if first is REFUSED:
            await connection.close(4403)
        async for frame in connection:
            if len(frame if isinstance(frame, bytes) else frame.encode()) > LIMIT:
                await connection.close(4413)
                return
            for said in _answers(frame, answer):
                if "close" in said:
                    await connection.close(said["close"])
                else:
                    await connection.send(json.dumps(said))

    return handle


def _answers(frame: Any, answer: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    try:
        read = CODEC.decode(frame)  # strictly, as wsdrf does: what is no call to it has no id either
    except Refusal as refusal:
        return [error(400, refusal.code) | identity(getattr(refusal, "id", None))]
    if read.action == "ping":
        return [{"action": "pong", "payload": None} | identity(read.id)]
    if read.action == "cancel":
        return []
    if read.action != "count":
        return [error(404, "unknown_action") | identity(read.id)]
    return [said if "close" in said else said | identity(read.id) for said in answer(json.loads(frame))]


def identity(call_id: Any) -> dict[str, Any]:
    return {} if call_id is None else {"id": call_id}


def error(status: int, code: str, **more: Any) -> dict[str, Any]:
    return {"action": "error", "payload": {"status_code": status, "code": code, "detail": "", **more}}


def is_valid(call: dict[str, Any]) -> bool:
    payload = call.get("payload")
    to = payload.get("to") if isinstance(payload, dict) and len(payload) == 1 else None
    return isinstance(to, int) and not isinstance(to, bool) and 0 <= to <= 20


COUNTED = {"action": "count", "payload": 4}
SAID_NOTHING = error(400, "invalid", errors=[{"loc": ["payload", "other"], "code": "unknown", "detail": ""}])


async def closes_with_4500(connection: Any) -> None:
    await connection.close(4500)


async def says_nothing(connection: Any) -> None:
    await connection.wait_closed()


def denies(status: HTTPStatus) -> dict[str, Any]:
    return {"process_request": lambda connection, request: connection.respond(status, "no")}


WRONG = {
    "WrongRefusal done": talks(lambda call: [COUNTED]),
    "WrongRefusal unsaid": talks(lambda call: [COUNTED] if is_valid(call) else [SAID_NOTHING]),
    "AnsweredTwice": talks(lambda call: [COUNTED, COUNTED] if is_valid(call) else [error(403, "permission_denied")]),
    "WrongFrame": talks(lambda call: [{"action": "count", "payload": "four"}]),
    "InternalError": talks(lambda call: [error(500, "error")]),
    "Unanswered": talks(lambda call: []),
    "ClosedUnexpectedly": talks(lambda call: [{"close": 4403}]),
    "InternalError close": closes_with_4500,
    "Unanswered connect": says_nothing,
}
CASES = [(name, (handle, {})) for name, handle in WRONG.items()]
CASES.append(("InternalError denied", (says_nothing, denies(HTTPStatus.INTERNAL_SERVER_ERROR))))


@pytest.mark.parametrize(("finding", "server"), CASES, ids=[name for name, _ in CASES], indirect=["server"])
def test_what_is_wrong_is_found(fuzz: Callable[..., Done], tmp_path: Path, finding: str, server: str) -> None:
    """Whatever a client can see; the conversation is saved with its address, and is Python."""
    done = fuzz("--url", server, "--noinput", "--time", "60", "--patience", "0.3", "--shrink", "0.5", "--seed", "1")

    assert 1 == done.code, done
    assert f"\n{finding.partition(' ')[0]}: " in done.output
    saved = json.loads(found(tmp_path).read_text("utf-8"))
    assert server == saved["place"]["url"]
    names: dict[str, Any] = {}
    exec(saved["test"], names)
    assert callable(names["test_faulty"])


RIGHT = [
    (talks(lambda call: [error(403, "permission_denied")]), {}),
    (talks(lambda call: [], REFUSED), {}),
    (says_nothing, denies(HTTPStatus.FORBIDDEN)),
]


@pytest.mark.parametrize("server", RIGHT, ids=["refuses calls", "refuses", "denies"], indirect=True)
def test_guards_are_not_known_outside(fuzz: Callable[..., Done], server: str) -> None:
    """Whom a server refuses, and from what, is its own business."""
    done = fuzz("--url", server, "--noinput", "--time", "20", "--examples", "3", "--seed", "1")

    assert (0, "") == (done.code, done.errors), done


@pytest.mark.parametrize("server", [(talks(lambda call: [{"close": 4403}]), {})], indirect=True)
def test_a_close_code_may_be_meant(fuzz: Callable[..., Done], server: str) -> None:
    """With --closes, a connection that ends so has not failed."""
    done = fuzz("--url", server, "--noinput", "--time", "20", "--examples", "3", "--closes", "4403")

    assert (0, "") == (done.code, done.errors), done


@pytest.mark.parametrize("server", [(talks(lambda call: [error(500, "error")]), {})], indirect=True)
def test_a_failure_of_a_server_is_replayed(fuzz: Callable[..., Done], tmp_path: Path, server: str) -> None:
    """With the address that was saved, or another one."""
    fuzz("--url", server, "--noinput", "--time", "60", "--shrink", "0.5", "--seed", "1")
    file = str(found(tmp_path))

    assert (1, "It still fails.") == (
        fuzz("--replay", file, "--noinput").code,
        fuzz("--replay", file, "--noinput").errors,
    )
    elsewhere = fuzz("--replay", file, "--noinput", "--url", "ws://127.0.0.1:1/faulty/")
    assert (2, True) == (elsewhere.code, "Nobody answers at ws://127.0.0.1:1/faulty/" in elsewhere.errors)
