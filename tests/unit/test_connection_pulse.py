"""A hub on a layer that fails in every way, silently too: what was lost is told of, and what was left is left."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.sockets import until
from wsdrf.connection import hub as hubs
from wsdrf.connection import layer as layers
from wsdrf.connection import pulse as pulses
from wsdrf.connection.hub import CONTROL, Hub
from wsdrf.connection.parcel import Parcel

EVERY = 0.004
WELL, FAILING, DEAF, HANGING = "well", "failing", "deaf", "hanging"
GROUPS = ["a", "b", "wsdrf.user.1"]


class Wire:
    """A layer whose server is elsewhere.

    ``state``: ``failing`` raises, ``deaf`` takes everything and does nothing, as a socket whose other end has gone
    does, ``hanging`` does not answer. Receiving says nothing of any of it, as with pub/sub.
    """

    def __init__(self) -> None:
        self.state = WELL
        self.groups: defaultdict[str, set[str]] = defaultdict(set)
        self.calls = 0
        self._queues: defaultdict[str, asyncio.Queue[Any]] = defaultdict(asyncio.Queue)

    async def new_channel(self, prefix: str = "specific.") -> str:
        await self._pass()
        return f"channel.{len(self._queues)}"

    async def receive(self, channel: str) -> Any:
        return await self._queues[channel].get()

    async def group_add(self, group: str, channel: str) -> None:
        if await self._pass():
            self.groups[group].add(channel)

    async def group_discard(self, group: str, channel: str) -> None:
        if await self._pass():
            self.groups[group].discard(channel)

    async def group_send(self, group: str, message: Any) -> None:
        if await self._pass():
            for channel in self.groups[group]:
                self._queues[channel].put_nowait(message)

    async def _pass(self) -> bool:
        self.calls += 1
        await asyncio.sleep(0)
        if self.state == FAILING:
            raise ConnectionError("The layer is down.")
        if self.state == HANGING:
            await asyncio.Event().wait()
        return self.state == WELL

    def known(self) -> set[str]:
        """Give the groups that have members, but for the hub's pulse."""
        return {group for group, those in self.groups.items() if those and not group.startswith("wsdrf-pulse")}


class Member:
    def __init__(self, id: str) -> None:
        self.id = id
        self.heard: list[str] = []  # frames, and "resync"

    def deliver(self, parcel: Parcel) -> None:
        self.heard.append(parcel.frame)

    def resync(self) -> None:
        self.heard.append("resync")


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Make the hub's seconds milliseconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pulses, "EVERY", EVERY)
        patch.setattr(hubs, "FIRST_DELAY", EVERY)
        patch.setattr(hubs, "LONGEST_DELAY", 2 * EVERY)
        patch.setattr(layers, "ANSWER_WITHIN", 0.05)
        yield


def of_layer(group: str) -> str:
    return CONTROL if group.startswith("wsdrf.") else group


async def nothing_left(wire: Wire) -> None:
    """Wait until the layer knows of no group, and no task of the hub runs."""
    await until(lambda: not any(wire.groups.values()) and 1 == len(asyncio.all_tasks()))


STEP = st.one_of(
    st.tuples(st.sampled_from(["join", "leave"]), st.integers(0, 1), st.sampled_from(GROUPS)),
    st.tuples(st.just("send"), st.just(0), st.sampled_from(GROUPS)),
    st.tuples(st.sampled_from([WELL, FAILING, DEAF, "forget"]), st.just(0), st.just("")),
)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=12))
def test_whatever_is_not_delivered_is_told_of(steps: list[tuple[str, int, str]]) -> None:
    """However the layer fails, each parcel for a member is delivered or a resync follows; what was left is left."""

    async def use() -> None:
        wire = Wire()
        hub, members = Hub(wire), [Member("0"), Member("1")]
        wanted: dict[str, set[int]] = {group: set() for group in GROUPS}
        sent: list[tuple[int, str, int, str]] = []  # to whom, in which group, how much they had heard, what
        for at, (what, who, group) in enumerate(steps):
            if what == "join":
                await hub.join([group], members[who])
                wanted[group].add(who)
            elif what == "leave":
                await hub.leave([group], members[who])
                wanted[group].discard(who)
                sent = [one for one in sent if (who, group) != one[:2]]
            elif what == "send":
                sent += [(one, group, len(members[one].heard), str(at)) for one in wanted[group]]
                if wire.state != FAILING:  # who sends would hear of that
                    await wire.group_send(of_layer(group), Parcel((group,), str(at)).message())
            elif what == "forget":
                wire.groups.clear()
            else:
                wire.state = what
            await asyncio.sleep(3 * EVERY)
        wire.state = WELL

        expected = {of_layer(group) for group, those in wanted.items() if those}
        await until(lambda: wire.known() == expected)
        for who, _, before, frame in sent:
            await until(lambda: bool({frame, "resync"} & {*members[who].heard[before:]}))  # noqa: B023 - awaited here
        await everybody_hears(wire, [(group, members[one]) for group, those in wanted.items() for one in those])
        for member in members:
            await hub.leave(GROUPS, member)
        await nothing_left(wire)

    asyncio.run(use())


async def everybody_hears(wire: Wire, pairs: list[tuple[str, Member]]) -> None:
    """Send to each group until its member has heard of it."""
    for group, member in pairs:
        frame = f"to {group}"
        for _ in range(1000):
            if frame in member.heard:
                break
            await wire.group_send(of_layer(group), Parcel((group,), frame).message())
            await asyncio.sleep(EVERY)
        assert frame in member.heard


async def test_a_layer_that_is_well_says_nothing() -> None:
    """While every pulse comes back nobody is told of a loss, and no group is joined twice."""
    wire, member = Wire(), Member("0")
    hub = Hub(wire)
    await hub.join(["a"], member)
    await until(lambda: wire.calls > 60)

    assert {"a"} == wire.known()
    assert [] == member.heard
    await hub.leave(["a"], member)
    await nothing_left(wire)


async def test_one_loss_is_told_of_once() -> None:
    """After a time in which all was lost in silence, a member hears of it once, and only when all is well again."""
    wire, member = Wire(), Member("0")
    hub = Hub(wire)
    await hub.join(["a", "b"], member)
    await asyncio.sleep(5 * EVERY)
    wire.state = DEAF
    await asyncio.sleep(10 * EVERY)
    assert [] == member.heard
    wire.state = WELL
    await until(lambda: bool(member.heard))
    await asyncio.sleep(20 * EVERY)

    assert ["resync"] == member.heard
    await hub.leave(["a", "b"], member)
    await nothing_left(wire)


async def test_a_layer_that_hangs_keeps_nobody_waiting() -> None:
    """The first to join a layer that does not answer waits a while, the others do not; all are told once it answers."""
    wire, members = Wire(), [Member(str(number)) for number in range(20)]
    hub = Hub(wire)
    wire.state = HANGING
    loop = asyncio.get_running_loop()
    started = loop.time()
    await asyncio.gather(*(hub.join([f"a{member.id}"], member) for member in members))
    assert loop.time() - started < 10 * layers.ANSWER_WITHIN, "not one after the other"
    await hub.leave(["a0"], members[0])
    wire.state = WELL

    await until(lambda: all("resync" in member.heard for member in members[1:]))
    assert {f"a{number}" for number in range(1, 20)} == wire.known()
    for member in members:
        await hub.leave([f"a{member.id}"], member)
    await nothing_left(wire)


@pytest.mark.parametrize("state", [FAILING, DEAF, HANGING])
async def test_who_has_left_in_vain_is_left_again(state: str) -> None:
    """Where the layer never got to know that the last member left, it is told again, and the hub ends only then."""
    wire, member = Wire(), Member("0")
    hub = Hub(wire)
    await hub.join(["a"], member)
    await asyncio.sleep(3 * EVERY)
    wire.state = state
    await hub.leave(["a"], member)
    await asyncio.sleep(5 * EVERY)
    assert {"a"} == wire.known()
    wire.state = WELL

    await nothing_left(wire)
    assert [] == member.heard


async def test_a_hub_without_members_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that nobody is in any more leaves a layer that never comes back alone, after a while."""
    monkeypatch.setattr(hubs, "FAREWELL", 0.05)
    for state in (FAILING, DEAF, HANGING):
        wire, member = Wire(), Member("0")
        hub = Hub(wire)
        await hub.join(["a"], member)
        wire.state = state
        await hub.leave(["a"], member)
        await until(lambda: 1 == len(asyncio.all_tasks()))
