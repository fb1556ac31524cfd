"""Calls and their answers on a real server: the frames, their order, and what breaks no connection."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.live.client import (
    SECONDS,
    by_cookie,
    by_header,
    entered,
    frame,
    handshake,
    raw,
    text_of,
    until,
)
from tests.live.servers import People, Server

pytestmark = pytest.mark.live


async def test_the_frames_of_the_reference(server: Server, people: People, key: str) -> None:
    """A reply, a completion, a pong and every kind of error frame look as the reference says, ids kept."""
    async with entered(server, f"/ws/door/{key}/", by_cookie(people.alice)) as client:
        assert {"action": "noted", "payload": {"n": 3, "together": 1}, "id": "a"} == await client.call(
            "note", {"n": 3}, "a"
        )
        assert {"action": "complete", "payload": None, "id": 2} == await client.call("spread", {"times": 0}, 2)
        await client.send("ping")
        assert {"action": "pong", "payload": None} == await client.receive()
        assert {"action": "pong", "payload": None, "id": 5} == await client.call("ping", id=5)

        assert (404, "unknown_action") == error_of(await client.call("nothing"))
        assert (403, "permission_denied") == error_of(await client.call("admin", {"n": "hidden"}))
        assert (500, "error") == error_of(await client.call("break"))
        invalid = await client.call("note", {"n": -1, "extra": 1}, "z")

    assert "z" == invalid["id"]
    assert (400, "invalid") == error_of(invalid)
    assert {("payload", "n"): "too_small", ("payload", "extra"): "unknown"} == {
        tuple(one["loc"]): one["code"] for one in invalid["payload"]["errors"]
    }


async def test_a_binary_frame_is_read_as_text(server: Server, people: People, key: str) -> None:
    """JSON in a binary frame is a call like any other, and is answered in text."""
    async with entered(server, f"/ws/door/{key}/", by_cookie(people.alice)) as client:
        await client.connection.send(text_of("note", {"n": 1, "text": "grüße"}, 1).encode())

        assert {"action": "noted", "payload": {"n": 1, "together": 1}, "id": 1} == await client.receive()


MALFORMED: dict[str, str | bytes] = {
    "broken": '{"action": "note"',
    "bare word": "note",
    "list": "[]",
    "null": "null",
    "number": "1",
    "no action": "{}",
    "action a list": '{"action": []}',
    "action null": '{"action": null}',
    "id a list": '{"action": "note", "id": []}',
    "twice": '{"action": "note", "action": "wait"}',
    "NaN": '{"action": "note", "payload": NaN}',
    "infinity": '{"action": "note", "payload": 1e999}',
    "huge number": '{"action": "note", "payload": ' + "9" * 5000 + "}",
    "beyond 64 bits": '{"action": "note", "payload": 18446744073709551616}',
    "surrogate": '{"action": "note", "payload": "\\ud800"}',
    "byte order mark": "\ufeff{}",
    "binary garbage": bytes(range(256)),
    "brackets": "[" * 60_000,
    "nested objects": '{"a":' * 10_000,
    "payload a list": '{"action": "note", "payload": []}',
    "payload text": '{"action": "note", "payload": "text"}',
}


async def test_a_malformed_frame_is_answered(server: Server, people: People, key: str) -> None:
    """Each malformed frame is answered by one small error frame, no handler runs, and the connection goes on."""
    answers: dict[str, dict[str, Any]] = {}
    async with entered(server, f"/ws/door/{key}/", by_cookie(people.alice)) as client:
        for name, malformed in MALFORMED.items():
            await client.connection.send(malformed)
            answers[name] = await client.receive()
        assert [] == server.events(key, "ran")
        assert "noted" == (await client.call("note"))["action"]

    assert dict.fromkeys(MALFORMED, ("error", 400)) == {
        name: (answer["action"], answer["payload"].get("status_code")) for name, answer in answers.items()
    }
    assert 1024 > max(len(json.dumps(answer)) for answer in answers.values())


async def test_an_empty_frame_is_answered(server: Server, people: People, key: str) -> None:
    """A frame without a single byte, of text or binary, is answered like any other malformed one."""
    async with entered(server, f"/ws/door/{key}/", by_cookie(people.alice)) as client:
        for empty in ("", b""):
            await client.connection.send(empty)
            assert (400, "parse_error") == error_of(await client.receive())
        assert "noted" == (await client.call("note"))["action"]


@pytest.mark.parametrize("size", [65_537, 100_000, 1_000_000])
async def test_a_frame_too_big_closes(server: Server, people: People, key: str, size: int) -> None:
    """A frame larger than max_message_size closes the connection with 4413, unparsed."""
    async with entered(server, f"/ws/door/{key}/", by_cookie(people.alice)) as client:
        await client.connection.send("[" * size)

        assert 4413 == await client.close_code()


async def test_a_message_in_fragments_is_one_call(server: Server, people: People, key: str) -> None:
    """A message that comes in many fragments is put together and answered once; together they must not be too big."""
    async with entered(server, f"/ws/door/{key}/", by_cookie(people.alice)) as client:
        await client.connection.send(list(text_of("note", {"n": 4}, 1)))
        assert {"n": 4, "together": 1} == (await client.receive())["payload"]

        await client.connection.send(["x" * 1000] * 66)
        assert 4413 == await client.close_code()


async def test_too_many_errors_close(server: Server, people: People, key: str) -> None:
    """Who sends malformed frames without end is answered a hundred times, and then closed with 4400."""
    async with entered(server, f"/ws/door/{key}/", by_cookie(people.alice)) as client:
        for _ in range(100):
            await client.connection.send("[]")
            assert (400, "invalid") == error_of(await client.receive())
        for _ in range(20):
            await client.connection.send("[]")

        assert 4400 == await client.close_code()


async def test_calls_are_answered_in_their_order(server: Server, people: People, key: str) -> None:
    """Two hundred calls sent without waiting are answered in their order, and no two handlers run at once."""
    async with entered(server, f"/ws/door/{key}/", by_cookie(people.alice)) as client:
        for n in range(200):
            await client.send("note", {"n": n}, n)
        answers = [await client.receive() for _ in range(200)]

    assert list(range(200)) == [answer["id"] for answer in answers]
    assert [{"n": n, "together": 1} for n in range(200)] == [answer["payload"] for answer in answers]


async def test_calls_in_one_segment_with_the_handshake_wait(server: Server, people: People, key: str) -> None:
    """Calls that come before the connection is accepted wait until it is, where the server hands them on at all."""
    calls = b"".join(frame(text_of("note", {"n": n}, n)) for n in range(20))
    async with raw(server, handshake(server, f"/ws/door/{key}/", by_header(people.alice)) + calls) as client:
        status, _ = await client.head()
        if not server.kind.takes_early_frames:
            assert 400 == status
            await nothing_ran_for(server, people, key)
            return
        assert 101 == status
        await client.write(frame(text_of("note", id="last")))
        answers = [json.loads((await client.frame())[1])]
        while answers[-1].get("id") != "last":
            answers.append(json.loads((await client.frame())[1]))

    assert "authentication" == answers[0]["action"]
    assert [1] * (len(answers) - 1) == [answer["payload"]["together"] for answer in answers[1:]]
    expected = [*range(20), "last"]
    assert expected[-len(answers) + 1 :] == [answer["id"] for answer in answers[1:]]


async def nothing_ran_for(server: Server, people: People, key: str) -> None:
    """Prove to the server's end that no handler ran, and that ``disconnected`` was told to whom ``connected`` was.

    hypercorn has started the application before it refuses the frames. It lets it believe that it has accepted, hands
    nothing on, and tells it of no end but its own.
    """
    async with entered(server, f"/ws/door/{key}-later/", by_header(people.bob)) as later:
        assert "noted" == (await later.call("note"))["action"]
    server.process.terminate()
    await until(lambda: server.process.poll() is not None)

    assert [] == server.events(key, "ran")
    assert len(server.events(key, "connected")) == len(server.events(key, "disconnected"))


async def test_a_slow_handler_keeps_nobody_else_waiting(server: Server, people: People, key: str) -> None:
    """While one connection's handler waits, another connection is answered, and its own ping is."""
    path = f"/ws/door/{key}/"
    async with (
        entered(server, path, by_cookie(people.alice)) as waiting,
        entered(server, path, by_cookie(people.bob)) as other,
    ):
        await waiting.send("wait")
        await until(lambda: server.events(key, "waiting"))
        assert "noted" == (await asyncio.wait_for(other.call("note"), SECONDS))["action"]
        assert "pong" == (await waiting.call("ping"))["action"]

        assert [] == server.events(key, "cancelled")


def error_of(answer: dict[str, Any]) -> tuple[int, str]:
    assert "error" == answer["action"], answer
    return answer["payload"]["status_code"], answer["payload"]["code"]
