"""A method that receives an event and does not say what it sends: all who read consumers take it to pass that on."""

from __future__ import annotations

from typing import Any

import pytest
from channels.routing import URLRouter
from django.urls import path
from rest_framework.permissions import AllowAny

from wsdrf import Consumer, message, on, receives, requires
from wsdrf.asyncapi import describe_mounts
from wsdrf.clients.plan import plan_clients
from wsdrf.codec import Codec
from wsdrf.connection.mounts import mounts
from wsdrf.strategies.machine.declared import Declared


@message("passed.renamed")
class Renamed:
    name: str


@message("passed.told")
class Told:
    name: str


@requires(AllowAny)
class Silent(Consumer):
    @on("passed.ask")
    async def ask(self) -> None: ...

    @receives(Renamed)
    async def renamed(self, event: Renamed):
        return event


class Telling(Silent):
    async def renamed(self, event: Renamed) -> Told:
        return Told(name=event.name)


class Keeping(Silent):
    async def renamed(self, event: Renamed) -> None: ...


CASES = [(Silent, {"passed.renamed"}), (Telling, {"passed.told"}), (Keeping, set())]


@pytest.mark.parametrize(("consumer", "expected"), CASES)
def test_document_clients_and_machines_know_the_same_events(consumer: Any, expected: set[str]) -> None:
    """The AsyncAPI document sends it, typed clients hear it, and a state machine takes it for no wrong frame."""
    found = mounts(URLRouter([path("ws/", consumer.as_asgi())]))
    operations = describe_mounts(found)["operations"].values()
    described = {one["title"] for one in operations if one["action"] == "send" and one["title"].startswith("passed.")}
    (portal,) = plan_clients(found)
    declared = Declared(consumer, Codec())
    frames = ({"action": action, "payload": {"name": "x"}} for action in ("passed.renamed", "passed.told"))
    right = {frame["action"] for frame in frames if declared.wrong_event(frame, ()) is None}

    assert [expected] * 3 == [described, {one.action for one in portal.happenings}, right]
