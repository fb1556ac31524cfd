"""What is left of a connection that is over: nothing, at once."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import ref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny, IsAuthenticated

from tests.laws.living import Living, Witness, fresh_layer
from tests.unit.sockets import Socket, scope, settle
from wsdrf import Authenticator, Consumer
from wsdrf.connection.blueprint import blueprint_of
from wsdrf.connection.connection import Connection

made: list[ref[Any]] = []


class Watched(Living):
    """A consumer that is known to be there as long as it is."""

    def __init__(self) -> None:
        made.append(ref(self))
        self.witness = Witness()


class Anonymous(Watched):
    """The same, authenticated by DRF."""

    authenticator_class = Authenticator


class User:
    pk = 1
    is_authenticated = True


class SignedIn(BaseAuthentication):
    def authenticate(self, request: Any) -> tuple[Any, Any]:
        return User(), None


class Known(Anonymous):
    authentication_classes = [SignedIn]
    permission_classes = [IsAuthenticated]


@contextmanager
def uncollected() -> Iterator[None]:
    """Have nothing freed but what nobody refers to."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


CALLS = st.sampled_from([("quick", 1), ("quick", [None]), ("move", "a"), ("move", "b"), ("ping", None)])


@pytest.mark.parametrize("kind", [Watched, Anonymous, Known])
@settings(max_examples=15)  # each has an event loop of its own
@given(calls=st.lists(CALLS, max_size=5))
def test_a_connection_that_is_over_is_freed_at_once(kind: type[Consumer], calls: list[tuple[str, Any]]) -> None:
    """Whose calls were answered leaves nothing that a garbage collector would have to find."""

    async def use() -> None:
        socket = Socket()
        connection = Connection(blueprint_of(kind, Consumer), scope(), socket.receive, socket.send)
        alive = ref(connection)
        task = asyncio.ensure_future(connection.run())
        del connection
        socket.connect()
        await settle()
        for number, (action, payload) in enumerate(calls):
            socket.say({"action": action, "payload": payload, "id": number})
        await settle()
        socket.leave()
        await asyncio.wait_for(task, 5)
        del task
        await settle()
        assert None is alive()

    made.clear()
    with uncollected(), fresh_layer():
        asyncio.run(use())
        assert [None] == [one() for one in made]


async def test_a_consumer_that_somebody_keeps_still_works() -> None:
    """Who holds on to a consumer may ask it for what it knows, and tells nobody anything."""
    kept: list[Any] = []

    class Kept(Known):
        permission_classes = [AllowAny]

        async def disconnected(self, code: int) -> None:
            kept.append(self)

    with fresh_layer():
        socket = Socket()
        task = asyncio.ensure_future(
            Connection(blueprint_of(Kept, Consumer), scope(), socket.receive, socket.send).run()
        )
        socket.connect()
        await settle(50)
        socket.leave()
        await asyncio.wait_for(task, 5)
        del task
        (consumer,) = kept
        sent = len(socket.sent)

        await consumer.close()
        await consumer.check_permissions()
        assert (1, frozenset(), 1) == (consumer.user.pk, consumer.groups, consumer.request.user.pk)
        assert sent == len(socket.sent)
