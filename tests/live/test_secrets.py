"""Nothing that a client keeps secret gets out of a real server, by its log or by any frame."""

from __future__ import annotations

import json

import pytest

from tests.live.client import (
    by_bad_header,
    by_bad_subprotocol,
    by_cookie,
    by_header,
    by_subprotocol,
    connected,
    encoded,
    entered,
    frame,
    handshake,
    raw,
    text_of,
    until,
)
from tests.live.servers import People, Server

pytestmark = pytest.mark.live

CANARY = "canary-5f1d0c"
"""A value of the client's own, that no log and no error frame may repeat."""

PAYLOADS = ({"text": CANARY}, {"n": CANARY}, {"extra": CANARY}, [CANARY], CANARY)


async def test_no_secret_gets_out(server: Server, people: People, key: str) -> None:
    """No token, cookie or payload stands in the server's output, in any log record, or in a frame sent to a client."""
    frames = []
    path = f"/ws/door/{key}/"
    alice = people.alice
    for credentials in (by_cookie, by_header, by_subprotocol):
        async with entered(server, path, credentials(alice)) as client:
            frames += [await client.call("note", payload) for payload in PAYLOADS]
            frames.append(await client.call(CANARY, CANARY))
            frames.append(await client.call("admin", {"n": CANARY}))
            frames.append(await client.call("break", CANARY))
            await client.connection.send(f'{{"action": "{CANARY}')
            frames.append(await client.receive())
            await client.connection.send(f'{{"action": "authenticate", "token": "{alice.token[::-1]}"}}')
            frames += await client.rest()
    for bad in (by_bad_header, by_bad_subprotocol):
        async with connected(server, path, bad(alice)) as client:
            frames += await client.rest()
    async with connected(server, f"/ws/lobby/{key}/") as client:
        await client.connection.send(json.dumps({"action": "authenticate", "token": alice.token}))
        frames.append(await client.receive())
    await until(lambda: 4 == len(server.events(key, "disconnected")))

    secrets = {
        token
        for secret in (alice.token, alice.session, alice.token[::-1])
        for token in (secret, encoded(secret), secret.swapcase())
    }
    sent = json.dumps(frames)
    # Nothing that any test of this run has sent: its credentials are the same for all of them.
    logged = server.output()
    assert [] == [secret for secret in (*secrets, CANARY) if secret in sent]
    assert [] == [secret for secret in (*secrets, CANARY) if secret in logged]
    # What would have been seen is seen: the path, the fault of the project's code.
    assert key in logged
    assert "A fault of the project's own code." in logged


async def test_a_fault_says_nothing_of_its_cause(server: Server, people: People, key: str) -> None:
    """What a handler raised stands in the log, with its traceback, and not a word of it in the frame."""
    before = server.mark()
    async with entered(server, f"/ws/door/{key}/", by_cookie(people.alice)) as client:
        answer = await client.call("break", id=1)

    detail = "A server error occurred."
    assert {"status_code": 500, "code": "error", "detail": detail} == answer["payload"]
    await until(lambda: "Traceback" in server.output(before))


async def test_a_client_that_breaks_rules_is_no_error_of_the_log(server: Server, people: People, key: str) -> None:
    """Malformed frames, refusals, floods and broken sockets leave no traceback, warning or error behind."""
    before = server.mark()
    for sent in (frame("["), frame("x" * 70_000), frame(text_of("note")) * 1000, frame("[]") * 200, b"\xff" * 100):
        async with raw(server, handshake(server, f"/ws/door/{key}/", by_header(people.alice))) as client:
            await client.head()
            await client.frame()  # who is not in yet has not connected, and is not told of as disconnected
            await client.write(sent)
            await client.write(frame(text_of("admin", id="end")))
            await client.rest(at_most=2)
    await until(lambda: 5 == len(server.events(key, "disconnected")))

    records = [line for line in server.output(before).splitlines() if "'levelname': " in line]
    loud = [line for line in records if "'levelname': 'DEBUG'" not in line and "'levelname': 'INFO'" not in line]
    assert [] == [line for line in loud if "'name': 'wsdrf" in line]
    assert "Traceback" not in server.output(before)
