"""The groups of one connection, alone."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pytest

from tests.laws.living import Happened, Living, Shouted, fresh_layer
from tests.unit.sockets import Socket, settle
from wsdrf import Consumer
from wsdrf.connection.blueprint import Blueprint, blueprint_of
from wsdrf.connection.membership import Membership
from wsdrf.connection.outbox import Outbox
from wsdrf.connection.parcel import NOTICE, Parcel, read_parcel
from wsdrf.exceptions import Busy, NotConnected


class Owner:
    def __init__(self) -> None:
        self.queued: list[Parcel] = []
        self.heeded: list[Any] = []

    def queue(self, entry: Parcel, size: int) -> None:
        assert size == len(entry.frame)
        self.queued.append(entry)

    def heed(self, notice: Any) -> None:
        self.heeded.append(notice)


class Few(Living):
    max_queued_messages = 2


class Small(Living):
    max_message_size = 100
    max_queued_bytes = 150


def membership(consumer: type[Living] = Living) -> tuple[Membership, Owner, Socket, Blueprint]:
    owner, socket, blueprint = Owner(), Socket(), blueprint_of(consumer, Consumer)
    outbox = Outbox(socket.send, timeout=5, max_bytes=1000, on_stuck=lambda: None)
    return Membership(owner, blueprint, outbox), owner, socket, blueprint


async def test_what_comes_early_waits_for_the_door() -> None:
    """Before it is open everything waits, in order, but a notice to the connection; then each goes its own way."""
    with fresh_layer():
        one, owner, socket, blueprint = membership()
        plain, event = blueprint.parcel(["a"], Shouted(text="x")), blueprint.event("a", Happened(text="y"))
        one.deliver(plain)
        one.deliver(event)
        one.deliver(Parcel(("wsdrf.all",), "", event=NOTICE, payload={"kind": "recheck"}))
        assert ([], [], [{"kind": "recheck"}]) == (socket.sent, owner.queued, owner.heeded)

        one.open()
        one.deliver(blueprint.event("a", Shouted(text="z")))

        assert ["x", "z"] == [frame["payload"]["text"] for frame in socket.frames]
        assert [event] == owner.queued


async def test_what_waits_for_the_door_is_bounded() -> None:
    """As much waits as calls may wait; of the rest the client is told once, after what was kept."""
    with fresh_layer():
        one, owner, socket, blueprint = membership(Few)
        one.open()
        await one.join("a")
        for _ in range(2):
            one.hold()
            for text in ("x", "y", "z", "z"):
                one.deliver(blueprint.event("a", Shouted(text=text)))
            one.deliver(Parcel(("wsdrf.all",), "", event=NOTICE, payload={"kind": "recheck"}))
            one.open()
        one.hold()
        one.deliver(blueprint.event("a", Shouted(text="x")))
        one.open()

        told = [frame["payload"] and frame["payload"]["text"] for frame in socket.frames]
        assert ["x", "y", None, "x", "y", None, "x"] == told
        assert ["wsdrf.resync"] * 2 == [frame["action"] for frame in socket.frames if frame["payload"] is None]
        assert 2 == len(owner.heeded)
        await one.end()


async def test_what_waits_for_the_door_is_bounded_in_bytes() -> None:
    """A few large events are as many as a lot of small ones."""
    with fresh_layer():
        one, _, socket, blueprint = membership(Small)
        one.open()
        await one.join("a")
        event = blueprint.event("a", Shouted(text="x" * 50))
        one.hold()
        one.deliver(event)
        one.deliver(event)
        one.open()

        assert ["life.shouted", "wsdrf.resync"] == [frame["action"] for frame in socket.frames]
        await one.end()


async def test_groups_change_and_end() -> None:
    """``change`` leaves what is not wanted and joins what is; wsdrf's own groups do not count; ``end`` is for good."""
    with fresh_layer() as layer:
        one, _, _, _ = membership()
        assert [] == await one.own(["wsdrf.all", "wsdrf.user"], monotonic())
        await one.change(["a", "b"])
        await one.change(["b", "c", "d"])
        assert {"b", "c", "d"} == set(one.groups)
        assert {"b", "c", "d"} == set(layer.groups)  # wsdrf's own are known to the hubs of this process alone
        with pytest.raises(Busy):
            await one.join("e")
        await one.join("b")
        await one.leave("nothing")

        await one.end()
        assert [] == await one.own(["wsdrf.all"], monotonic())

        with pytest.raises(NotConnected):
            await one.join("a")
        await settle()
        assert (set(), {}) == (set(one.groups), layer.groups)


async def test_a_client_is_told_that_messages_may_be_lost() -> None:
    """``resync`` sends a frame to a client that is in and has groups, and to nobody else."""
    with fresh_layer():
        one, _, socket, _ = membership()
        one.resync()
        await one.join("a")
        one.resync()
        assert [] == socket.sent
        one.open()
        one.resync()
        assert ["wsdrf.resync"] == [frame["action"] for frame in socket.frames]
        await one.end()


async def test_a_broadcast_names_whom_to_leave_out() -> None:
    """``exclude_self`` puts the connection's own id on the parcel, and its groups with it."""
    with fresh_layer() as layer:
        one, _, _, _ = membership()
        for group in ("a", "b"):
            await layer.group_add(group, "specific.x!y")
        await one.broadcast(Shouted(text="x"), ["a", "b"], exclude_self=True)
        await one.broadcast(Shouted(text="y"), ["a"], exclude_self=False)
        parcels = [read_parcel(await layer.receive("specific.x!y")) for _ in range(3)]
        assert [(("a", "b"), one.id), (("a", "b"), one.id), (("a",), None)] == [
            (parcel.groups, parcel.excluded) for parcel in parcels if parcel is not None
        ]
        assert parcels[0] == parcels[1]
