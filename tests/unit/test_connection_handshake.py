"""Answering a handshake: in the way that each server and client can read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sockets import Socket, scope
from wsdrf.access.authentication import AuthenticationResult
from wsdrf.connection.handshake import accept, close_code, payload_of, refuse

REFUSED = AuthenticationResult(
    False, 401, "Unauthorized", {"detail": "No."}, code="not_authenticated", challenge="Token \u20ac", retry_after=7
)


@given(st.integers(-1000, 10_000))
def test_close_codes_can_be_sent_by_every_server(status: int) -> None:
    """An error status is 4000 less than its close code; anything else is 4500; all are within 3000 to 4999."""
    code = close_code(status)
    assert 3000 <= code <= 4999
    assert (code == 4000 + status) if 400 <= status < 600 else (code == 4500)


@pytest.mark.parametrize(("offered", "chosen"), [([], None), (["chat"], None), (["chat", "wsdrf"], "wsdrf")])
async def test_the_subprotocol_is_accepted_where_it_is_offered(offered: list[str], chosen: str | None) -> None:
    """``wsdrf`` is chosen iff the client offers it."""
    socket = Socket()
    await accept(socket.send, scope(subprotocols=offered))
    assert [{"type": "websocket.accept", "subprotocol": chosen}] == socket.sent


@pytest.mark.parametrize("extensions", [None, {}, {"other": {}}])
async def test_a_server_that_can_only_close_is_closed(extensions: Any) -> None:
    """Without the denial extension a refusal is a close before the accept, which servers answer with 403."""
    socket = Socket()
    await refuse(socket.send, scope(extensions=extensions), REFUSED)
    assert ["websocket.close"] == [message["type"] for message in socket.sent]


async def test_a_refusal_over_http_is_what_rest_would_say() -> None:
    """With the extension a refusal has REST's status, body, challenge and ``Retry-After``, whatever their characters."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await refuse(send, scope(extensions={"websocket.http.response": {}}), REFUSED)

    start, body = sent
    headers = dict(start["headers"])
    assert 401 == start["status"]
    assert {"detail": "No."} == json.loads(body["body"])
    assert str(len(body["body"])).encode() == headers[b"content-length"]
    assert (b"Token ?", b"7") == (headers[b"www-authenticate"], headers[b"retry-after"])


def test_the_authentication_frame_says_what_rest_says() -> None:
    """Status, reason and data, and nothing else."""
    assert {"status_code": 401, "status_text": "Unauthorized", "data": {"detail": "No."}} == payload_of(REFUSED)
