"""The hub alone: one channel of the layer for all members of a loop, and nothing left once they have gone."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws.living import fresh_layer
from tests.unit.sockets import FailingLayer, settle
from wsdrf.connection.hub import Hub, deliver_locally, hub_of, send_parcel
from wsdrf.connection.parcel import Parcel
from wsdrf.exceptions import ConfigurationError

GROUPS = ["a", "b", "wsdrf.user.1", "wsdrf.all"]


class Member:
    def __init__(self, id: str) -> None:
        self.id = id
        self.got: list[str] = []
        self.resyncs = 0

    def deliver(self, parcel: Parcel) -> None:
        self.got.append(parcel.frame)

    def resync(self) -> None:
        self.resyncs += 1


async def send(hub: Hub, layer: FailingLayer, parcel: Parcel) -> None:
    if any(group.startswith("wsdrf.") for group in parcel.groups):
        hub.deliver(parcel)  # as ``deliver_locally`` does: a layer in memory has nobody else to tell
    for group in dict.fromkeys(parcel.groups):
        if not group.startswith("wsdrf."):
            await layer.group_send(group, parcel.message())


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["join", "leave", "cancelled join", "cancelled leave", "send"]),
        st.integers(0, 2),
        st.lists(st.sampled_from(GROUPS), min_size=1, max_size=3),
    ),
    max_size=20,
)


@given(STEPS)
def test_the_layer_knows_what_the_members_want(steps: list[tuple[str, int, list[str]]]) -> None:
    """The layer has one channel, in exactly the groups that have members; each parcel is delivered to those, once."""

    async def use(layer: FailingLayer) -> None:
        hub = Hub(layer)
        members = [Member(str(number)) for number in range(3)]
        wanted: dict[str, set[int]] = {group: set() for group in GROUPS}
        expected: list[list[str]] = [[], [], []]
        for at, (what, who, groups) in enumerate(steps):
            if what == "send":
                parcel = Parcel(tuple(groups), str(at))
                await send(hub, layer, parcel)
                await settle(8)
                for number in range(3):
                    if any(number in wanted[group] for group in groups):
                        expected[number].append(str(at))
                continue
            task = asyncio.ensure_future(
                hub.join(groups, members[who]) if "join" in what else hub.leave(groups, members[who])
            )
            await asyncio.sleep(0)
            if what.startswith("cancelled"):
                task.cancel()
            await asyncio.wait({task})
            await settle(8)
            for group in groups:
                (wanted[group].add if "join" in what else wanted[group].discard)(who)
            of_layer = {group for group, those in wanted.items() if those and not group.startswith("wsdrf.")}
            assert of_layer == set(layer.groups)
            assert len({channel for channels in layer.groups.values() for channel in channels}) == bool(of_layer)
        assert expected == [member.got for member in members]
        for number in range(3):
            await hub.leave(GROUPS, members[number])
        await settle()
        assert {} == layer.groups
        assert 1 == len(asyncio.all_tasks())

    with fresh_layer() as layer:
        asyncio.run(use(layer))


async def test_who_joins_while_the_layer_is_slow() -> None:
    """Joining and leaving one group at once, with a layer that takes its time, ends as the last of them wanted it."""
    for last in ("join", "leave"):
        with fresh_layer() as layer:
            layer.slow["a"] = asyncio.Event()
            hub, one, other = Hub(layer), Member("1"), Member("2")
            tasks = [asyncio.ensure_future(hub.join(["a"], one))]
            await settle(3)
            tasks.append(asyncio.ensure_future(hub.leave(["a"], one)))
            if last == "join":
                await settle(3)
                tasks.append(asyncio.ensure_future(hub.join(["a"], other)))
            await settle(3)
            layer.slow.pop("a").set()
            await asyncio.wait_for(asyncio.gather(*tasks), 2)
            await settle()
            assert ({"a"} if last == "join" else set()) == set(layer.groups)
            await hub.leave(["a"], other)
            await settle()
            assert {} == layer.groups
            assert 1 == len(asyncio.all_tasks())


async def test_each_loop_and_layer_has_its_hub() -> None:
    """A loop has one hub for each layer, and a new one where the layer was replaced."""
    with fresh_layer():
        first = hub_of("default")
        assert first is hub_of("default")
        assert first is not await asyncio.to_thread(lambda: asyncio.run(_hub()))
    with fresh_layer():
        assert first is not hub_of("default")


async def _hub() -> Hub:
    return hub_of("default")


async def test_without_a_layer() -> None:
    """Sending without a layer says what is missing; wsdrf's own groups work within the process all the same."""
    member = Member("1")
    with pytest.raises(ConfigurationError, match="CHANNEL_LAYERS has no 'missing'"):
        await send_parcel("missing", Parcel(("a",), "x"))
    hub = hub_of("missing")
    await hub.join(["wsdrf.all"], member)

    await asyncio.to_thread(deliver_locally, Parcel(("wsdrf.all",), "x"))
    await settle()

    assert ["x"] == member.got
    await hub.leave(["wsdrf.all"], member)


async def test_members_hear_that_something_may_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the layer has failed, each member is told once that parcels may have been lost."""
    monkeypatch.setattr("wsdrf.connection.hub.FIRST_DELAY", 0.01)
    with fresh_layer() as layer:
        hub, member = Hub(layer), Member("1")
        await hub.join(["a", "b"], member)
        layer.fail(["receive"])
        await asyncio.sleep(0.03)
        layer.recover()
        await asyncio.sleep(0.1)
        await layer.group_send("a", Parcel(("a",), "x").message())
        await settle()

        assert ["x"] == member.got
        assert member.resyncs >= 1
        await hub.leave(["a", "b"], member)
        await settle()
        assert 1 == len(asyncio.all_tasks())
