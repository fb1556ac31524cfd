"""A handler that waits for an event, while the method that receives it waits behind that handler."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from typing import Any
from weakref import ref

import pytest
from rest_framework.permissions import AllowAny, BasePermission

from wsdrf import Consumer, message, on, receives, requires
from wsdrf.testing import WebsocketCommunicator


@message("scan.done")
class ScanDone:
    name: str
    secret: bool = False


@message("scan.other")
class Other:
    name: str


EXPECTED: list[ref[Any]] = []


class IsForAll(BasePermission):
    """Says no to secrets, and fails at a word."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if request.data["name"] == "break":
            raise RuntimeError("broken guard")
        return not request.data["secret"]


class ScanConsumer(Consumer):
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    seen: list[str]

    async def connected(self) -> None:
        self.seen = []

    async def build_groups(self) -> list[str]:
        return ["scans"]

    async def tell(self, *names: str) -> None:
        for name in names:
            await self.apublish("scans", ScanDone(name=name.strip("!"), secret=name.startswith("!")))

    @on("scan")
    async def scan(self, payload: list[str]) -> list[str]:
        done = self.expect(ScanDone)
        EXPECTED.append(ref(done))
        await self.tell(*payload)
        heard = [(await done).name for name in payload if not name.startswith(("!", "break"))]
        return [*heard, *(f"seen {name}" for name in self.seen)]

    @on("scan.together", concurrent=True)
    async def together(self) -> str:
        return (await self.expect(ScanDone)).name

    @on("scan.stream")
    async def stream(self) -> AsyncIterator[str]:
        done = self.expect(ScanDone)
        await self.tell("one", "two")
        yield (await done).name
        yield (await done).name

    @on("scan.late", timeout=0.2)
    async def late(self) -> str:
        done = self.expect(ScanDone)
        EXPECTED.append(ref(done))
        return (await done).name

    @on("scan.wrong")
    async def wrong(self) -> str:
        try:
            self.expect(Other)
        except TypeError as error:
            return str(error)
        return ""

    @on("scan.seen")
    async def all_seen(self) -> list[str]:
        return self.seen

    @receives(ScanDone)
    @requires(IsForAll)
    async def done(self, event: ScanDone) -> None:
        self.seen.append(event.name)


@pytest.fixture
async def client() -> AsyncIterator[WebsocketCommunicator]:
    async with WebsocketCommunicator(ScanConsumer.as_asgi(), "/") as client:
        yield client


async def test_a_handler_gets_an_event_of_its_own_group(client: WebsocketCommunicator) -> None:
    """Each event comes in order to the handler that waits, before the method, which gets them when its turn comes."""
    answer = await client.call("scan", ["one", "two"])

    assert ["one", "two"] == answer.payload
    assert ["one", "two"] == (await client.call("scan.seen")).payload


async def test_guards_decide_what_a_handler_gets(client: WebsocketCommunicator) -> None:
    """An event that the method's guards refuse, or fail at, is passed over."""
    answer = await client.call("scan", ["!no", "break", "yes"])

    assert ["yes"] == answer.payload


async def test_streams_and_concurrent_actions_wait_too(client: WebsocketCommunicator) -> None:
    """A stream gets the events that it waits for, and so does an action that runs beside."""
    await client.send_json({"action": "scan.together", "id": "beside"})
    await client.call("scan.seen")

    items = [item.payload async for item in client.stream("scan.stream") if not item.is_complete]

    assert ["one", "two"] == items
    assert [{"action": "scan.together", "payload": "one", "id": "beside"}] == await client.receive_all_json()


async def test_the_wait_ends_with_the_handlers_time(client: WebsocketCommunicator) -> None:
    """A handler that waits in vain is answered with a timeout, and its connection goes on."""
    answer = await client.call("scan.late")

    assert "timeout" == answer.payload["code"]
    assert ["one"] == (await client.call("scan", ["one"])).payload


async def test_only_what_is_received_can_be_waited_for(client: WebsocketCommunicator) -> None:
    """A class that no method receives is an error that says what to add."""
    answer = await client.call("scan.wrong")

    assert "Other is received by no method. Add one with @receives to wait for it." == answer.payload


async def test_what_nobody_waits_for_is_forgotten(client: WebsocketCommunicator) -> None:
    """What a handler has waited for ends with it: when it returns, and when its time is over."""
    before = len(EXPECTED)
    await client.call("scan", ["one"])
    await client.call("scan.late")
    gc.collect()

    assert [None, None] == [reference() for reference in EXPECTED[before:]]
