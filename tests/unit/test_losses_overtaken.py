"""Losses, looks and renewals that overtake each other, and what was already on its way: nobody gets what is not theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextvars import Context
from threading import Semaphore
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from rest_framework.permissions import IsAuthenticated

from tests.laws.identity_losses import AUTHENTICATION, LOSSES, SOON, Listening, News, SlowToken, ended, hears, visit
from tests.unit.access_site import variant
from tests.unit.sockets import Socket, until
from wsdrf import on
from wsdrf.connection.hub import hub_of
from wsdrf.connection.revocation import recheck, user_group
from wsdrf.testing import WebsocketCommunicator

pytestmark = pytest.mark.django_db(transaction=True)


# -- what was on its way -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "kind"), [("logout", "session"), ("token deleted", "token")])
async def test_what_was_on_its_way(name, kind):
    """What still waited to be sent, to a client that reads slowly, is not sent after the loss; the reason is."""
    ann, server = await visit(kind), Socket()
    communicator = ann.socket()
    server.connect()
    task = asyncio.create_task(communicator.application(communicator.scope, server.receive, server.send))
    await until(lambda: len(server.frames) == 1)
    server.reads.clear()
    for text in "abc":  # the server has begun to take the first
        await Listening.apublish("news", News(text=text))
    await sync_to_async(LOSSES[name].told)(ann)
    await until(lambda: "news" not in hub_of("default")._members, SOON)
    server.reads.set()
    await until(task.done, SOON)
    assert [200, "a", ann.status] == [
        one["payload"].get("status_code") or one["payload"]["text"] for one in server.frames
    ]
    assert [4000 + ann.status] == server.codes


# -- a renewal that overtakes a look -----------------------------------------------------------------------------------


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[SlowToken]]:
    """Let looks at the old token be slow, once something is open."""
    for name, value in {"known": {"old", "new"}, "began": Semaphore(0), "gate": Semaphore(0)}.items():
        monkeypatch.setattr(SlowToken, name, value)
    yield SlowToken
    SlowToken.is_slow = False
    SlowToken.gate.release(9)


def by_slow_token() -> WebsocketCommunicator:
    application = variant(Listening, authentication_classes=[SlowToken]).as_asgi()

    async def pooled(scope: Any, receive: Any, send: Any) -> None:
        # In a context of its own: a test's connections have one thread for everything, and here a look keeps one busy.
        await Context().run(asyncio.ensure_future, application(scope, receive, send))

    return WebsocketCommunicator(pooled, "/", token="old", timeout=SOON)


async def begin_look(slow: type[SlowToken]) -> None:
    slow.is_slow = True
    await sync_to_async(recheck)(user_group(1), "user")
    assert await asyncio.to_thread(slow.began.acquire, timeout=SOON)


@pytest.mark.parametrize("is_lost", [False, True])
async def test_a_renewal_overtakes_a_look(is_lost, slow):
    """A look at credentials that are renewed meanwhile neither brings the old ones back nor ends the connection."""
    async with by_slow_token() as socket:
        slow.known.difference_update({"old"} if is_lost else ())
        await begin_look(slow)
        await socket.send_json({"action": "authenticate", "token": "new", "id": 1})
        assert 200 == (await socket.receive_json())["payload"]["status_code"]
        slow.gate.release()
        await hears(socket, "looked at")
        slow.known.discard("old")
        await sync_to_async(recheck)(user_group(1), "user")
        await hears(socket, "looked at again")
        assert "ann" == (await socket.call("who")).payload


async def test_a_loss_during_a_look(slow):
    """A loss that is told of while a look goes on, which cannot see it, is seen by the next, and no call passes before."""
    async with by_slow_token() as socket:
        await begin_look(slow)
        slow.known.discard("old")
        await sync_to_async(recheck)(user_group(1), "user")
        slow.gate.release()
        assert await asyncio.to_thread(slow.began.acquire, timeout=SOON)  # the next look has begun
        await socket.send_json({"action": "who", "id": 1})
        await Listening.apublish("news", News(text="after"))
        await socket.assert_nothing_received(0.1)
        slow.gate.release(2)
        await ended(socket, 401)


async def test_what_waits_behind_a_refusal():
    """What a client has sent behind a renewal that is refused never runs, however quick its guards are."""
    ann, ran = await visit("token"), []

    class Quick(Listening):
        authentication_classes = [AUTHENTICATION["token"]]
        permission_classes = [IsAuthenticated]

        @on("run")
        async def run(self) -> None:
            ran.append(self.user.username)

    async with WebsocketCommunicator(Quick.as_asgi(), "/", token=ann.text, timeout=SOON) as socket:
        for frame in ({"action": "run"}, {"action": "authenticate", "token": "rubbish"}, {"action": "run"}):
            await socket.send_json(frame)
        await ended(socket, 401)
    assert ["ann"] == ran
