"""Draining: clients are asked to leave a few at a time."""

from __future__ import annotations

import asyncio
from io import StringIO
from socket import gethostname
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command
from rest_framework.permissions import AllowAny

from wsdrf import Consumer
from wsdrf.testing import WebsocketCommunicator


class Waiting(Consumer):
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]


async def drained(*arguments: str) -> None:
    await sync_to_async(call_command)("wsdrf_drain", *arguments, stdout=StringIO())


async def entered(application: Any) -> WebsocketCommunicator:
    client = WebsocketCommunicator(application, "/")
    await client.connect()
    await client.wait_for_auth()
    return client


async def left_after(client: WebsocketCommunicator) -> float:
    started = asyncio.get_running_loop().time()
    await client.assert_closed(4503)
    return asyncio.get_running_loop().time() - started


async def test_connections_leave_one_after_the_other() -> None:
    """Every connection is closed with 4503 within the time, and not all of them at once."""
    application = Waiting.as_asgi()
    clients = [await entered(application) for _ in range(20)]

    await drained("--seconds", "0.5")
    waits = await asyncio.gather(*map(left_after, clients))

    assert max(waits) - min(waits) > 0.1


async def test_a_host_is_drained_alone() -> None:
    """With --host, connections of another machine stay, and those of that one leave."""
    client = await entered(Waiting.as_asgi())

    await drained("--seconds", "0", "--host", f"not-{gethostname()}")
    await client.assert_nothing_received()
    await drained("--seconds", "0", "--host", gethostname())

    await client.assert_closed(4503)


@pytest.mark.parametrize("seconds", ["-1", "nan", "inf"])
def test_a_time_that_is_none_is_refused(seconds: str) -> None:
    """A time that is negative or no number is refused with its reason."""
    with pytest.raises(CommandError, match="0 or more"):
        call_command("wsdrf_drain", f"--seconds={seconds}")
