"""The journal of a hub: what was told to a group before somebody joined it."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sockets import until
from wsdrf.connection import journal as page
from wsdrf.connection.hub import Hub
from wsdrf.connection.journal import Journal
from wsdrf.connection.parcel import NOTICE, Parcel

GROUPS = ("a", "b", "c")
steps = st.lists(
    st.tuples(st.floats(0, 4), st.sampled_from(["begin", *GROUPS, "a b"]), st.sampled_from(["recheck", "end"])),
    max_size=30,
)


def told(groups: str, kind: str = "recheck") -> Parcel:
    return Parcel(tuple(groups.split()), "", event=NOTICE, payload={"kind": kind})


class Clock:
    """Time that a test moves, while it is entered."""

    def __init__(self) -> None:
        self.now = 100.0

    def __enter__(self) -> None:
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr(page, "monotonic", lambda: self.now)

    def __exit__(self, *error: object) -> None:
        self._patch.undo()


@given(steps, st.floats(0, 60), st.sets(st.sampled_from(GROUPS)))
def test_everything_since_a_moment_or_nobody_knows(steps: Any, back: float, groups: set[str]) -> None:
    """A journal that was complete since then gives what came for the groups, a logout for a while longer, in order."""
    journal = Journal()
    clock = Clock()
    since: float | None = None
    came = []
    with clock:
        for wait, what, kind in steps:
            clock.now += wait
            if what == "begin":
                since = clock.now
                journal.begin()
            else:
                notice = told(what, kind)
                came.append((clock.now + (page.LOGOUT_MARGIN if kind == "end" else 0), notice))
                journal.keep(notice)
        moment = clock.now - back
        found = journal.after(moment, groups)

    if since is None or moment < since:
        assert found is None
    else:
        assert [notice for until, notice in came if until >= moment and groups & set(notice.groups)] == found


def test_what_was_dropped_is_not_known() -> None:
    """A journal holds so many notices; who asks for a time before the oldest of them is told that nobody knows."""
    journal, clock = Journal(), Clock()
    with clock:
        journal.begin()
        for _ in range(page.REMEMBERED):
            clock.now += 1
            journal.keep(told("a"))
        assert page.REMEMBERED == len(journal.after(100, ["a"]) or ())
        journal.keep(told("a"))
        assert journal.after(100, ["a"]) is None
        assert page.REMEMBERED == len(journal.after(101.5, ["a"]) or ())


class RemoteLayer:
    """A layer that other processes use too: an in-memory one that does not say so."""

    def __init__(self) -> None:
        self._layer = InMemoryChannelLayer()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)


class Somebody:
    """A member that takes what comes."""

    id = "somebody"

    def __init__(self) -> None:
        self.taken: list[Parcel] = []

    def deliver(self, parcel: Parcel) -> None:
        self.taken.append(parcel)

    def resync(self) -> None:
        raise AssertionError("Nothing was lost.")


async def test_a_layer_of_many_processes_is_heard_from_its_first_member_on() -> None:
    """Until a hub listens to the layer nobody knows what was told; from then on it does, until its last member leaves."""
    hub, member = Hub(RemoteLayer()), Somebody()
    before = monotonic()
    await hub.join(["wsdrf.x"], member)
    after = monotonic()
    notice = told("wsdrf.y")
    hub.deliver(notice)
    hub.deliver(notice)

    assert hub.missed(before, ["wsdrf.y"]) is None
    assert [notice] == hub.missed(after, ["wsdrf.y"])
    assert [] == hub.missed(after, ["wsdrf.x"])
    await hub.leave(["wsdrf.x"], member)
    assert hub.missed(after, ["wsdrf.y"]) is None
    assert [] == member.taken
    await until(lambda: 1 == len(asyncio.all_tasks()))  # and then it has ended


async def test_memory_needs_no_layer_to_be_told() -> None:
    """What is in memory knows of everything from the beginning: this process tells its own hubs."""
    for layer in (None, InMemoryChannelLayer()):
        hub, notice, since = Hub(layer), told("wsdrf.y"), monotonic()
        hub.deliver(notice)
        assert [notice] == hub.missed(since, ["wsdrf.y"])
