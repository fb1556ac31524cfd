"""Draining: clients are asked to leave a few at a time."""

from __future__ import annotations

import asyncio
from io import StringIO
from socket import gethostname
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import BaseChannelLayer
from django.core.management import CommandError, call_command
from django.test import override_settings
from rest_framework.permissions import AllowAny

from wsdrf import Consumer
from wsdrf.testing import WebsocketCommunicator


class Hearing(BaseChannelLayer):
    """A layer that is not in memory."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        pass


class Broken(Hearing):
    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        raise ConnectionError("nobody is there")


class Waiting(Consumer):
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]


async def drained(*arguments: str) -> None:
    await sync_to_async(call_command)("wsdrf_drain", *arguments, stdout=StringIO(), stderr=StringIO())


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


def said_by_drain(layers: dict[str, Any]) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    with override_settings(CHANNEL_LAYERS=layers):
        call_command("wsdrf_drain", "--host", "web-3", stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.mark.parametrize("layers", [{}, {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}])
def test_a_layer_that_no_server_hears_is_told(layers: dict[str, Any]) -> None:
    """Where no layer crosses processes, the command says that no server has heard of it, and promises nothing."""
    out, err = said_by_drain(layers)

    assert "no server hears of this" in err
    assert "" == out


def test_the_host_is_named() -> None:
    """With a layer of another kind, the command says whose connections are closed, and nothing else."""
    out, err = said_by_drain({"default": {"BACKEND": f"{__name__}.Hearing"}})

    assert ("Connections of web-3 are closed with 4503 within 30 seconds.\n", "") == (out, err)


def test_a_layer_that_fails_is_told_in_a_sentence() -> None:
    """A layer that fails ends the command with its reason, and no traceback."""
    with pytest.raises(CommandError, match=r"not all servers have heard of this: nobody is there"):
        said_by_drain({"default": {"BACKEND": f"{__name__}.Broken"}})
