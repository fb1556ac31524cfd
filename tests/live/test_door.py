"""Who comes in on a real server, and how the others are told that they do not."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from websockets.exceptions import InvalidStatus

from tests.live.client import (
    Headers,
    by_bad_header,
    by_cookie,
    by_header,
    by_subprotocol,
    connected,
    entered,
    handshake,
    nobody,
    raw,
)
from tests.live.servers import People, Person, Server

pytestmark = pytest.mark.live

Credentials = Callable[[Person], Headers]


@pytest.mark.parametrize("credentials", [by_cookie, by_header, by_subprotocol])
async def test_the_handshake_lets_in(server: Server, people: People, key: str, credentials: Credentials) -> None:
    """A session cookie, an Authorization header and a token among the subprotocols each let their user in."""
    async with entered(server, f"/ws/door/{key}/", credentials(people.alice)) as client:
        answer = await client.call("whoami", id=7)

    assert {"action": "whoami", "payload": "alice", "id": 7} == answer


async def test_a_token_is_not_echoed_as_subprotocol(server: Server, people: People, key: str) -> None:
    """Of the subprotocols offered, the server selects wsdrf and never the one with the token."""
    async with entered(server, f"/ws/door/{key}/", by_subprotocol(people.alice)) as client:
        assert "wsdrf" == client.connection.subprotocol


async def test_the_first_message_lets_in(server: Server, people: People, key: str) -> None:
    """A token in the first frame lets its user in, and the answer says so."""
    async with connected(server, f"/ws/lobby/{key}/") as client:
        await client.connection.send(json.dumps({"action": "authenticate", "token": people.bob.token}))
        welcome = await client.receive()
        answer = await client.call("whoami", id="who")

    expected = {"status_code": 200, "status_text": "OK", "data": {"detail": "OK"}}
    assert {"action": "authentication", "payload": expected} == welcome
    assert {"action": "whoami", "payload": "bob", "id": "who"} == answer


REFUSALS = {
    "nobody": ("/ws/door/{key}/", nobody, 401, "Authentication credentials were not provided."),
    "wrong token": ("/ws/door/{key}/", by_bad_header, 401, "Invalid token."),
    "no right": ("/ws/staff/{key}/", by_header, 403, "You do not have permission to perform this action."),
    "no such object": ("/ws/club/9/{key}/", by_header, 404, "No Group matches the given query."),
    "not that object": ("/ws/club/2/{key}/", by_header, 403, "You do not have permission to perform this action."),
    "silence": ("/ws/lobby/{key}/", nobody, 408, "Authentication took too long."),
}


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_refusal_is_told_and_closes_with_its_status(
    server: Server, people: People, key: str, refusal: str
) -> None:
    """Who is refused reads DRF's status and detail in a frame, and then the close code that says the same."""
    path, credentials, status, detail = REFUSALS[refusal]
    async with connected(server, path.format(key=key), credentials(people.alice)) as client:
        frames = await client.rest()

    assert [("authentication", status, {"detail": detail})] == [
        (one["action"], one["payload"]["status_code"], one["payload"]["data"]) for one in frames
    ]
    assert 4000 + status == client.connection.close_code
    assert [] == server.events(key)


async def test_the_object_of_the_url_lets_in(server: Server, people: People, key: str) -> None:
    """Who may see the object that the URL names is let in."""
    async with entered(server, f"/ws/club/1/{key}/", by_cookie(people.alice)) as client:
        assert "alice" == (await client.call("whoami"))["payload"]


async def test_a_denied_handshake_has_the_response_of_rest(server: Server, key: str) -> None:
    """With denial="handshake" the refusal is REST's HTTP response, or a bare 403 where the server knows no other."""
    with pytest.raises(InvalidStatus) as refused:
        async with connected(server, f"/ws/gate/{key}/"):
            pass
    response = refused.value.response

    if server.kind.has_denial:
        assert (401, "Token") == (response.status_code, response.headers["WWW-Authenticate"])
        assert {"detail": "Authentication credentials were not provided."} == json.loads(response.body)
    else:
        assert 403 == response.status_code


async def test_a_denied_handshake_without_challenge_is_403(server: Server, key: str) -> None:
    """Where DRF answers 403 to who is nobody, as with sessions first, so does the handshake."""
    async with raw(server, handshake(server, f"/ws/counter/{key}/")) as client:
        ended = await client.ended()

    assert 403 == ended.status
    assert "www-authenticate" not in ended.head.lower()
